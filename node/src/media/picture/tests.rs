//! Pictures made here, with a place in every corner that can hold one.

use super::*;

const PLACE: &[u8] = b"GPS -6.2088 106.8456";

fn holds(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|window| window == text)
}

pub(in crate::media) fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
    let length = (contents.len() as u16 + 2).to_be_bytes();
    [&[0xff, marker][..], &length, contents].concat()
}

fn exif_with_place(orientation: u16) -> Vec<u8> {
    [&only_orientation(orientation)[..], PLACE].concat()
}

/// A frame of so many pixels whose scan holds stuffing and a restart.
pub(in crate::media) fn photo(width: u16, height: u16, extra: &[Vec<u8>]) -> Vec<u8> {
    let frame = [
        &[8][..],
        &height.to_be_bytes(),
        &width.to_be_bytes(),
        &[1, 1, 0x11, 0],
    ]
    .concat();
    let scan = [
        segment(0xda, &[1, 1, 0, 0, 63, 0]),
        vec![1, 0xff, 0, 2, 0xff, 0xd0, 3],
    ]
    .concat();
    [
        vec![0xff, 0xd8],
        segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0"),
        extra.concat(),
        segment(0xc0, &frame),
        scan,
        vec![0xff, 0xd9],
    ]
    .concat()
}

#[test]
fn a_photo_loses_its_place_and_keeps_its_pixels_profile_and_upright_side() {
    let exif = [b"Exif\0\0".to_vec(), exif_with_place(6)].concat();
    let extra = [
        segment(0xe1, &exif),
        segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", PLACE].concat()),
        segment(
            0xe2,
            &[b"ICC_PROFILE\0\x01\x01", &b"profil warna"[..]].concat(),
        ),
        segment(0xe2, &[b"MPF\0", PLACE].concat()),
        segment(0xed, PLACE),
        segment(0xfe, PLACE),
    ];
    let behind = photo(8, 8, &[segment(0xfe, PLACE)]);
    let file = [photo(640, 480, &extra), behind].concat();
    let cleaned = jpeg(file.into()).unwrap();
    assert!(!holds(&cleaned, PLACE));
    assert!(holds(&cleaned, b"profil warna") && holds(&cleaned, b"JFIF"));
    assert!(cleaned.ends_with(&[1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff, 0xd9]));
    let again = Jpeg::from_bytes(cleaned).unwrap();
    assert_eq!(again.dimensions(), Some((640, 480)));
    assert_eq!(again.exif().as_deref().and_then(orientation), Some(6));
}

#[test]
fn a_photo_is_blanked_where_it_stands() {
    let extra = [
        segment(0xe1, &[b"Exif\0\0".to_vec(), exif_with_place(6)].concat()),
        segment(0xe2, b"ICC_PROFILE\0\x01\x01profil warna"),
        segment(0xfe, PLACE),
    ];
    let before = [
        photo(640, 480, &extra),
        photo(8, 8, &[segment(0xfe, PLACE)]),
    ]
    .concat();
    let mut after = before.clone();
    assert!(blank_jpeg(&mut after) && !holds(&after, PLACE) && holds(&after, b"profil warna"));
    let picture = jpeg(after.clone().into()).unwrap();
    assert_eq!(picture, jpeg(photo(640, 480, &extra[1..2]).into()).unwrap());
    assert!(!blank_jpeg(&mut after), "nothing is left to blank");
    for end in 0..before.len() {
        blank_jpeg(&mut before[..end].to_vec());
    }
}

#[test]
fn a_photo_without_metadata_stays_as_it_is() {
    let plain = photo(640, 480, &[]);
    assert_eq!(jpeg(plain.clone().into()).unwrap(), plain);
}

#[test]
fn a_png_keeps_only_what_shows_it() {
    let chunk = |kind: &[u8; 4], contents: &[u8]| {
        img_parts::png::PngChunk::new(*kind, Bytes::copy_from_slice(contents))
    };
    let head = [
        &640_u32.to_be_bytes()[..],
        &480_u32.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    let empty = [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(b"IHDR", &head).encoder().bytes(),
        &chunk(b"IEND", b"").encoder().bytes(),
    ];
    let mut picture = Png::from_bytes(empty.concat().into()).unwrap();
    for (kind, contents) in [
        (b"tEXt", PLACE),
        (b"iTXt", PLACE),
        (b"zTXt", PLACE),
        (b"tIME", PLACE),
        (b"IDAT", &b"titik-titik"[..]),
        (b"pHYs", &b"ukuran"[..]),
    ] {
        let before_end = picture.chunks().len() - 1;
        picture
            .chunks_mut()
            .insert(before_end, chunk(kind, contents));
    }
    picture.set_exif(Some(exif_with_place(3).into()));
    let cleaned = png(picture.encoder().bytes()).unwrap();
    assert!(!holds(&cleaned, PLACE));
    assert!(holds(&cleaned, b"titik-titik") && holds(&cleaned, b"ukuran"));
    let again = Png::from_bytes(cleaned).unwrap();
    assert_eq!(again.exif().as_deref().and_then(orientation), Some(3));
}

#[test]
fn a_webp_promises_no_metadata_that_it_lost() {
    let chunk = |kind: &[u8; 4], contents: &[u8]| {
        let pad = vec![0; contents.len() % 2];
        [
            &kind[..],
            &(contents.len() as u32).to_le_bytes(),
            contents,
            &pad,
        ]
        .concat()
    };
    let extended = [&[0b0000_1100, 0, 0, 0][..], &[0x7f, 2, 0], &[0xdf, 1, 0]].concat();
    let inside = [
        b"WEBP".to_vec(),
        chunk(b"VP8X", &extended),
        chunk(b"VP8L", b"titik-titik."),
        chunk(b"EXIF", &exif_with_place(1)),
        chunk(b"XMP ", PLACE),
    ]
    .concat();
    let file = [&b"RIFF"[..], &(inside.len() as u32).to_le_bytes(), &inside].concat();
    let cleaned = webp(file.into()).unwrap();
    assert!(!holds(&cleaned, PLACE) && holds(&cleaned, b"titik-titik."));
    assert_eq!(cleaned[20] & WEBP_METADATA, 0);
    assert_eq!(
        WebP::from_bytes(cleaned).unwrap().dimensions(),
        Some((640, 480))
    );
}

#[test]
fn a_picture_of_far_too_many_parts_is_refused_before_any_is_kept() {
    let extended = [b"VP8X\x0a\0\0\0\0\0\0\0", &[63, 0, 0, 47, 0, 0][..]].concat();
    let some = 15_000;
    let many = MOST_PARTS + 2;
    for (count, refused) in [(some, None), (many, Some(Refused::DamagedPicture))] {
        let segments = vec![segment(0xdb, &[]); count];
        let read = jpeg(photo(64, 48, &segments).into());
        assert_eq!(read.err(), refused, "JPEG of {count}");
        let chunk = |kind: &[u8; 4], contents: &[u8]| {
            let contents = Bytes::copy_from_slice(contents);
            let chunk = img_parts::png::PngChunk::new(*kind, contents);
            chunk.encoder().bytes().to_vec()
        };
        let size = [64_u32, 48].map(u32::to_be_bytes).concat();
        let head = [&size[..], &[8, 2, 0, 0, 0]].concat();
        let file = [
            b"\x89PNG\r\n\x1a\n".to_vec(),
            chunk(b"IHDR", &head),
            chunk(b"IDAT", b"").repeat(count),
            chunk(b"IEND", b""),
        ];
        let read = png(file.concat().into());
        assert_eq!(read.err(), refused, "PNG of {count}");
        let chunks = b"ALPH\0\0\0\0".repeat(count);
        let inside = [b"WEBP", &extended[..], &chunks].concat();
        let length = (inside.len() as u32).to_le_bytes();
        let read = webp([b"RIFF", &length[..], &inside].concat().into());
        assert_eq!(read.err(), refused, "WebP of {count}");
    }
    let nested = [b"LIST\x04\0\0\0", &b"kata"[..]]
        .concat()
        .repeat(MOST_PARTS + 2);
    let inside = [b"WEBP", &extended[..], &nested].concat();
    let length = (inside.len() as u32).to_le_bytes();
    let read = webp([b"RIFF", &length[..], &inside].concat().into());
    assert_eq!(read.err(), Some(Refused::DamagedPicture));
}

#[test]
fn a_bomb_and_a_broken_picture_are_refused() {
    assert_eq!(
        jpeg(photo(60_000, 60_000, &[]).into()),
        Err(Refused::LargePicture)
    );
    let whole = photo(640, 480, &[]);
    for cut in [3, 30, whole.len() - 2] {
        let refused = jpeg(Bytes::copy_from_slice(&whole[..cut]));
        assert_eq!(refused, Err(Refused::DamagedPicture), "{cut}");
    }
    assert_eq!(
        png(Bytes::from_static(b"\x89PNG\r\n\x1a\nrusak")),
        Err(Refused::DamagedPicture)
    );
    assert_eq!(
        webp(Bytes::from_static(b"RIFF\x04\0\0\0WEBP")),
        Err(Refused::DamagedPicture)
    );
}

/// A TIFF directory with these fields: tag, type and value, in the order of bytes that is asked for.
fn directory(is_big: bool, fields: &[(u16, u16, u32)]) -> Vec<u8> {
    let short = |number: u16| {
        if is_big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let long = |number: u32| {
        if is_big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let mut out = Vec::from(if is_big { b"MM" } else { b"II" });
    out.extend(short(42));
    out.extend(long(8));
    out.extend(short(fields.len() as u16));
    for (tag, kind, value) in fields {
        out.extend(short(*tag));
        out.extend(short(*kind));
        out.extend(long(1));
        match *kind {
            SHORT => out.extend([short(*value as u16), [0; 2]].concat()),
            BYTE => out.extend([*value as u8, 0, 0, 0]),
            _ => out.extend(long(*value)),
        }
    }
    out.extend(long(0));
    out
}

#[test]
fn the_upright_side_is_read_from_the_first_directory_alone() {
    // The second field refers to a directory: to the one in which it stands.
    let around = (0x8769, LONG, 8);
    for is_big in [true, false] {
        for kind in [BYTE, SHORT, LONG] {
            for fields in [
                &[(0x0112, kind, 6)][..],
                &[(0x0112, kind, 6), around],
                &[(0x010f, SHORT, 3), around, (0x0112, kind, 6)],
            ] {
                assert_eq!(orientation(&directory(is_big, fields)), Some(6));
            }
        }
        for fields in [
            &[around][..],
            &[],
            &[(0x0112, SHORT, 1)],
            &[(0x0112, SHORT, 9)],
            &[(0x0112, 2, 6)],
        ] {
            assert_eq!(orientation(&directory(is_big, fields)), None);
        }
        let whole = directory(is_big, &[(0x0112, SHORT, 6)]);
        for end in 0..20 {
            assert_eq!(orientation(&whole[..end]), None);
        }
        let mut long = whole;
        long[8..10].fill(0xff);
        assert_eq!(orientation(&long), Some(6));
        long[4..8].fill(0xff);
        assert_eq!(orientation(&long), None);
    }
}
