//! Films made here, box by box.

use super::*;

fn part(kind: [u8; 4], inside: &[u8]) -> Vec<u8> {
    let mut out = ((inside.len() + 8) as u32).to_be_bytes().to_vec();
    out.extend(kind);
    out.extend(inside);
    out
}

/// A track without samples.
fn track(handler: [u8; 4], samples: [u8; 4]) -> Vec<u8> {
    kept_track(handler, samples, &[])
}

fn kept_track(handler: [u8; 4], samples: [u8; 4], tables: &[Vec<u8>]) -> Vec<u8> {
    let head = [&[0; 8][..], &handler, &[0; 12], b"GoPro MET\0"].concat();
    let entries = [
        &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 16][..],
        &samples,
        &[0; 8],
    ]
    .concat();
    let tables = [part(*b"stsd", &entries), tables.concat()].concat();
    let media = [
        part(*b"hdlr", &head),
        part(*b"minf", &part(*b"stbl", &tables)),
    ]
    .concat();
    let id = [&[0; 12][..], &7_u32.to_be_bytes(), &[0; 8]].concat();
    part(
        *b"trak",
        &[
            part(*b"tkhd", &id),
            part(*b"mdia", &media),
            part(*b"udta", b"kota"),
        ]
        .concat(),
    )
}

fn table(kind: [u8; 4], fields: &[u32]) -> Vec<u8> {
    let fields = [0].iter().chain(fields);
    let bytes: Vec<u8> = fields.flat_map(|field| field.to_be_bytes()).collect();
    part(kind, &bytes)
}

/// Two chunks of two records and of one; others stand before, between and behind them.
fn recorded(handler: [u8; 4], offsets: &[u8], sizes: &[u32]) -> Vec<u8> {
    let tables = [
        table(*b"stsc", &[2, 1, 2, 1, 2, 1, 1]),
        table(*b"stsz", sizes),
        offsets.to_vec(),
    ];
    let tracks = [
        track(*b"vide", *b"avc1"),
        kept_track(handler, *b"gpmd", &tables),
    ];
    let media = b"gambar lintang bujur gambar lintang gambar";
    let movie = part(*b"moov", &tracks.concat());
    [part(*b"ftyp", b"mp42"), part(*b"mdat", media), movie].concat()
}

fn blanked(file: &[u8]) -> Result<Vec<u8>, Failed> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film");
    std::fs::write(&path, file).unwrap();
    blank(&path)?;
    Ok(std::fs::read(&path).unwrap())
}

fn film(tracks: &[Vec<u8>]) -> Vec<u8> {
    let place = part(
        *b"udta",
        &part(*b"\xa9xyz", b"\0\x12\x15\xc7-06.2088+106.8456/"),
    );
    let movie = [part(*b"mvhd", &[2; 30]), tracks.concat(), place].concat();
    [
        part(*b"ftyp", b"mp42\0\0\0\0mp42isom"),
        part(*b"mdat", &[9; 500]),
        part(*b"moov", &movie),
    ]
    .concat()
}

#[test]
fn the_place_is_blanked_and_nothing_moves() {
    let before = film(&[track(*b"vide", *b"avc1"), track(*b"soun", *b"mp4a")]);
    let after = blanked(&before).unwrap();
    assert_eq!(after.len(), before.len());
    assert!(find(&before, b"-06.2088").is_some() && find(&before, b"kota").is_some());
    for gone in [&b"-06.2088"[..], b"kota", b"udta"] {
        assert!(find(&after, gone).is_none());
    }
    let samples = find(&before, &[9; 500]).unwrap();
    assert_eq!(after[..samples + 500], before[..samples + 500]);
    assert!(find(&after, b"avc1").is_some() && find(&after, b"mp4a").is_some());
}

#[test]
fn a_track_that_is_neither_seen_nor_heard_goes_with_its_samples() {
    let narrow = table(*b"stco", &[2, 27, 48]);
    let wide = table(*b"co64", &[2, 0, 27, 0, 48]);
    let each = &[0, 3, 7, 7, 7][..];
    let same = &[7, 3][..];
    for handler in [*b"meta", *b"text", *b"sbtl", *b"subt", *b"camm", *b"tmcd"] {
        for (offsets, sizes) in [(&narrow, each), (&wide, each), (&narrow, same)] {
            let before = recorded(handler, offsets, sizes);
            let after = blanked(&before).unwrap();
            assert_eq!(after.len(), before.len());
            for gone in [&b"lintang"[..], b"bujur", b"gpmd", b"GoPro"] {
                assert!(find(&before, gone).is_some() && find(&after, gone).is_none());
            }
            let left = [&b"gambar "[..], &[0; 14], b"gambar ", &[0; 7], b" gambar"];
            assert!(find(&after, &left.concat()).is_some() && find(&after, b"avc1").is_some());
        }
    }
}

#[test]
fn what_was_free_is_blanked_too() {
    let before = [film(&[]), part(*b"free", b"kota"), part(*b"skip", b"desa")].concat();
    let after = blanked(&before).unwrap();
    assert!(find(&after, b"kota").is_none() && find(&after, b"desa").is_none());
}

#[test]
fn samples_that_cannot_be_found_are_refused() {
    let each = &[0, 3, 7, 7, 7][..];
    let outside = recorded(*b"meta", &table(*b"stco", &[2, 27, 4000]), each);
    let head = recorded(*b"meta", &table(*b"stco", &[2, 0, 27]), each);
    for file in [outside, head] {
        let refused = blanked(&file);
        assert!(matches!(
            refused,
            Err(Failed::Refused(Refused::DamagedFilm))
        ));
    }
    let fragment = part(*b"traf", &table(*b"tfhd", &[7]));
    let offsets = table(*b"stco", &[2, 27, 48]);
    let fragmented = [
        recorded(*b"meta", &table(*b"stco", &[0]), each),
        part(*b"moof", &fragment),
    ];
    for file in [recorded(*b"meta", &offsets, &[0, 0]), fragmented.concat()] {
        let refused = blanked(&file);
        assert!(matches!(refused, Err(Failed::Refused(Refused::TracedFilm))));
    }
}

#[test]
fn no_changed_byte_makes_it_longer_or_ends_the_program() {
    let whole = recorded(*b"meta", &table(*b"stco", &[2, 27, 48]), &[0, 3, 7, 7, 7]);
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0xA5;
        if let Ok(after) = blanked(&changed) {
            assert_eq!(after.len(), whole.len());
        }
    }
}

#[test]
fn boxes_that_lie_about_their_size_are_refused() {
    let whole = film(&[track(*b"vide", *b"avc1")]);
    let mut beyond = whole.clone();
    let at = find(&beyond, b"moov").unwrap() - 4;
    beyond[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut tiny = whole.clone();
    tiny[at..at + 4].copy_from_slice(&4_u32.to_be_bytes());
    let many = [
        part(*b"ftyp", b"mp42"),
        part(*b"free", b"").repeat(MOST_BOXES),
    ]
    .concat();
    let deep = (0..DEEPEST + 2).fold(part(*b"trak", b""), |inner, _| part(*b"moov", &inner));
    for file in [beyond, tiny, many, deep, whole[..whole.len() - 3].to_vec()] {
        let refused = blanked(&file);
        assert!(matches!(
            refused,
            Err(Failed::Refused(Refused::DamagedFilm))
        ));
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}
