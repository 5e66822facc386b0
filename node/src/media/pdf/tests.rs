//! Documents made here, object by object.

use super::packed::packed;
use super::*;
use crate::media::Door;
use crate::media::picture::tests::{photo, segment};

const NAME: &[u8] = b"Ibu Canary";
const PACKET: &[u8] =
    b"<?xpacket begin='' id='W5M0'?><x:xmpmeta>Ibu Canary</x:xmpmeta><?xpacket end='w'?>";

fn object(number: u32, value: &[u8]) -> Vec<u8> {
    [format!("{number} 0 obj\n").as_bytes(), value, b"\nendobj\n"].concat()
}

fn stream(number: u32, entries: &str, held: &[u8]) -> Vec<u8> {
    let entries = format!("<< {entries} /Length {} >>\nstream\n", held.len());
    object(number, &[entries.as_bytes(), held, b"\nendstream"].concat())
}

fn document(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    [
        &b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"[..],
        &object(1, b"<< /Type /Catalog /Pages 2 0 R >>"),
        &stream(9, "", b"BT (jalan berlubang) Tj ET"),
        &objects.concat(),
        format!("xref\n0 1\ntrailer\n<< /Root 1 0 R {trailer} >>\nstartxref\n9\n%%EOF\n")
            .as_bytes(),
    ]
    .concat()
}

fn cleaned(before: &[u8]) -> Vec<u8> {
    cleaned_within(before, MOST_UNPACKED_TOGETHER)
}

fn cleaned_within(before: &[u8], room: usize) -> Vec<u8> {
    let mut after = before.to_vec();
    clean(&mut after, room);
    assert_eq!(after.len(), before.len());
    after
}

fn has(file: &[u8], wanted: &[u8]) -> bool {
    find(file, wanted).is_some()
}

/// What the only packed stream of a document holds.
fn only_packed(file: &[u8]) -> Vec<u8> {
    let mut objects = Objects::of(file);
    while let Some(object) = objects.next(file) {
        if let Some(stream) = object.stream
            && entry(file, &object.value, b"/Filter").is_some()
        {
            let (content, whole) = unpacked(&file[stream], 1 << 20);
            assert!(whole);
            return content;
        }
    }
    panic!("no stream is packed")
}

#[test]
fn who_made_it_goes_and_nothing_moves() {
    let info = b"<< /Author (Ibu \\(RT 3\\) (ketua) Canary\\\\) /Title 6 0 R\n\
        /Creator <FEFF00430061006E> % (catatan)\n\
        /Trapped /False /CreationDate (D:20261101) /Keywords [(rumah) <4B6F7461>] >>";
    let before = document(
        &[
            object(6, b"(Laporan gang Canary)"),
            object(5, info),
            object(7, b"(kalimat lain)"),
        ],
        "/Info 5 0 R",
    );
    let after = cleaned(&before);
    for gone in [
        &b"RT 3"[..],
        b"ketua",
        b"Canary",
        b"FEFF",
        b"2026",
        b"rumah",
        b"4B6F7461",
    ] {
        assert!(has(&before, gone) && !has(&after, gone));
    }
    for kept in [
        &b"/Author () "[..],
        b"/Creator <> ",
        b"/Trapped /False",
        b"(kalimat lain)",
        b"(jalan berlubang)",
        b"/Info 5 0 R",
    ] {
        assert!(has(&after, kept), "{}", String::from_utf8_lossy(kept));
    }
    assert_eq!(cleaned(&after), after);
}

#[test]
fn former_versions_and_a_dictionary_in_the_trailer_are_cleaned_too() {
    let first = document(&[object(5, b"<</Author(Ibu Canary)>>")], "/Info 5 0 R");
    let second = document(&[object(8, b"<</Author(Ibu Canary)>>")], "/Info 8 0 R");
    let third = document(&[], "/Info << /Author (Ibu Canary) >>");
    let before = [first, second, third].concat();
    assert!(!has(&cleaned(&before), NAME));
}

#[test]
fn packets_of_metadata_become_spaces() {
    let plain = stream(5, "/Type /Metadata /Subtype /XML", PACKET);
    let other = stream(6, "/Type /Private", &[b"awal ", PACKET, b" akhir"].concat());
    let told_later = object(
        7,
        &[
            b"<< /Type /Metadata /Length 8 0 R >>\nstream\r\n",
            PACKET,
            b"\r\nendstream",
        ]
        .concat(),
    );
    let after = cleaned(&document(&[plain, other, told_later], ""));
    assert!(!has(&after, NAME) && !has(&after, b"xpacket"));
    assert!(has(&after, b"awal  ") && has(&after, b"  akhir\nendstream"));
    assert!(has(&after, b" \r\nendstream"));
}

#[test]
fn packed_metadata_unpacks_still_and_says_nothing() {
    let held = packed(PACKET, 120).unwrap();
    for filter in ["/FlateDecode", "[ /FlateDecode ]"] {
        let entries = format!("/Type /Metadata /Filter {filter}");
        let before = document(&[stream(5, &entries, &held)], "");
        assert!(has(&only_packed(&before), NAME));
        let after = only_packed(&cleaned(&before));
        assert!(after.iter().all(|byte| *byte == b' '));
    }
    let unknown = stream(5, "/Type /Metadata /Filter /LZWDecode", PACKET);
    assert!(!has(&cleaned(&document(&[unknown], "")), NAME));
}

/// A document whose objects 4 to 6 are packed; 5 is about the document.
fn with_held(entries: &str, packing: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let held = b"4 0 5 20 6 84 <</Type /Pages    >><</Title (Laporan) /Author (Ibu Canary) \
        /Producer 6 0 R >>      (Ibu Canary, pencetak)";
    let entries = format!("/Type /ObjStm /N 3 /First 14 {entries}");
    let info = "/Type /XRef /Root 1 0 R /Info 5 0 R";
    document(
        &[stream(3, &entries, &packing(held)), stream(2, info, b"0")],
        "",
    )
}

#[test]
fn what_stands_in_a_stream_of_objects_is_blanked_in_it() {
    let before = with_held("/Filter /FlateDecode", |held| packed(held, 200).unwrap());
    assert!(has(&only_packed(&before), NAME));
    let after = cleaned(&before);
    let held = only_packed(&after);
    assert!(!has(&held, NAME) && !has(&held, b"Laporan"));
    assert!(held.starts_with(b"4 0 5 20 6 84 <</Type /Pages    >><</Title ()"));
    assert!(has(&after, b"/Info 5 0 R"));
    let plain = with_held("", <[u8]>::to_vec);
    assert!(has(&plain, NAME) && !has(&cleaned(&plain), NAME));
}

#[test]
fn what_cannot_be_blanked_is_not_found_any_more() {
    let unknown = with_held("/Filter /LZWDecode", <[u8]>::to_vec);
    let predicted = "/Filter /FlateDecode /DecodeParms << /Predictor 12 >>";
    let predicted = with_held(predicted, |held| packed(held, 200).unwrap());
    let damaged = with_held("/Filter /FlateDecode", <[u8]>::to_vec);
    for before in [unknown, predicted, damaged] {
        let after = cleaned(&before);
        assert!(has(&after, b"/Inf0 5 0 R") && !has(&after, b"/Info"));
    }
}

/// A stream of one object, as it is not packed.
fn holding(stream_number: u32, number: u32, value: &[u8]) -> Vec<u8> {
    let head = format!("{number} 0 ");
    let entries = format!("/Type /ObjStm /N 1 /First {}", head.len());
    stream(stream_number, &entries, &[head.as_bytes(), value].concat())
}

#[test]
fn a_text_before_what_refers_to_it_goes_though_the_rest_fills_more_than_half_of_the_room() {
    let taken = photo(640, 480, &[segment(0xfe, &[b'x'; 3000])]);
    let taken = packed(&taken, 400).unwrap();
    let picture = unpacked(&taken, 1 << 20).0.len();
    let entries = "/Subtype /Image /Filter [ /FlateDecode /DCTDecode ]";
    let text = [b"(", NAME, &[b' '; 300], b")"].concat();
    let before = document(
        &[
            holding(3, 6, &text),
            stream(4, entries, &taken),
            holding(7, 5, b"<< /Author 6 0 R >>"),
            stream(2, "/Type /XRef /Root 1 0 R /Info 5 0 R", b"0"),
        ],
        "",
    );
    assert!(has(&before, NAME));
    // Once all of it has been read, the text could not be read again.
    let after = cleaned_within(&before, picture + text.len() + 100);
    assert!(!has(&after, NAME));
    assert!(has(&after, b"/Info 5 0 R"));
}

#[test]
fn a_text_that_cannot_be_blanked_is_not_found_any_more() {
    let info = object(5, b"<< /Author 6 0 R >>");
    let unknown = "/Type /ObjStm /N 1 /First 4 /Filter /LZWDecode";
    let elsewhere = stream(3, unknown, b"6 0 (Ibu Canary)");
    let many: Vec<String> = (10..2000).map(|id| format!("/K{id} {id} 0 R ")).collect();
    let many = object(5, format!("<< {}>>", many.concat()).as_bytes());
    let texts = (10..2000).map(|id| object(id, b"(Ibu Canary)"));
    let many: Vec<_> = std::iter::once(many).chain(texts).collect();
    for before in [
        document(&[info.clone(), elsewhere], "/Info 5 0 R"),
        document(&[info], "/Info 5 0 R"),
        document(&many, "/Info 5 0 R"),
    ] {
        assert!(has(&cleaned(&before), b"/Inf0 5 0 R"));
    }
    let direct = document(
        &[holding(3, 6, b"(Ibu Canary)")],
        "/Info << /Author 6 0 R >>",
    );
    assert!(!has(&cleaned(&direct), NAME));
}

#[test]
fn pictures_lose_their_place() {
    let place = segment(0xe1, b"Exif\0\0GPS -6.2088 106.8456");
    let taken = photo(640, 480, &[place, segment(0xfe, NAME)]);
    let plain = stream(5, "/Subtype /Image /Filter /DCTDecode", &taken);
    let after = cleaned(&document(&[plain], ""));
    assert!(!has(&after, b"GPS") && !has(&after, NAME));
    assert!(has(&after, &taken[taken.len() - 12..]));

    let held = packed(&taken, 400).unwrap();
    let entries = "/Subtype /Image /Filter [ /FlateDecode /DCTDecode ]";
    let after = only_packed(&cleaned(&document(&[stream(5, entries, &held)], "")));
    assert!(!has(&after, b"GPS") && !has(&after, NAME));
    assert!(has(&after, &taken[taken.len() - 12..]));
}

#[test]
fn one_that_is_encrypted_or_signed_stays_as_it_was_sent() {
    let info = object(5, b"<< /Author (Ibu Canary) >>");
    let signature = object(6, b"<< /V << /Type /Sig /ByteRange [0 9 20 30] >> >>");
    let signed = document(&[info.clone(), signature], "/Info 5 0 R");
    let encrypted = document(&[info], "/Info 5 0 R /Encrypt 7 0 R");
    for sent in [signed, encrypted] {
        assert_eq!(cleaned(&sent), sent);
    }
}

#[test]
fn an_upload_of_a_document_is_cleaned() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("surat");
    let sent = document(&[object(5, b"<< /Author (Ibu Canary) >>")], "/Info 5 0 R");
    std::fs::write(&path, &sent).unwrap();
    let told = crate::media::clean::clean(&path, Door::Public).unwrap();
    assert_eq!(told, ("application/pdf", sent.len() as u64));
    assert!(!has(&std::fs::read(&path).unwrap(), NAME));
}

/// Numbers that look like chance and are the same at every run (SplitMix64).
fn chance(seed: &mut u64) -> usize {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (mixed ^ (mixed >> 27)) as usize
}

#[test]
fn no_change_makes_it_longer_or_ends_the_program() {
    let picture = photo(64, 48, &[segment(0xfe, NAME)]);
    let objects = [
        object(
            5,
            b"<< /Author (Ibu Canary) /Title 6 0 R /Kata [<< /Judul <4B> >>] >>",
        ),
        object(6, b"(judul)"),
        stream(7, "/Type /Metadata", PACKET),
        stream(8, "/Filter /DCTDecode", &picture),
        stream(10, "", PACKET),
        with_held("/Filter /FlateDecode", |held| packed(held, 200).unwrap()),
    ];
    let whole = document(&objects, "/Info 5 0 R");
    let signs = b"()<>[]/%\\ R0obj\0\xff";
    for mut seed in 0..2000 {
        let mut changed = whole.clone();
        for _ in 0..=chance(&mut seed) % 8 {
            let at = chance(&mut seed) % changed.len();
            match chance(&mut seed) % 4 {
                0 => changed[at] = signs[chance(&mut seed) % signs.len()],
                1 => changed[at] ^= chance(&mut seed) as u8,
                2 => changed.truncate(at + 1),
                _ => {
                    let end = changed.len().min(at + chance(&mut seed) % 60);
                    let again = changed[at..end].to_vec();
                    let to = chance(&mut seed) % changed.len();
                    changed.splice(to..to, again);
                }
            }
        }
        cleaned(&changed);
    }
}

#[test]
fn what_nests_or_repeats_without_end_is_read_once() {
    let nested = b"<< /Author [".repeat(100_000);
    let open = b"1 0 obj (".repeat(100_000);
    let begun = b"1 0 obj << >> stream\n".repeat(50_000);
    let told = b"trailer << /Info 1 0 R >>".repeat(50_000);
    let heads = b"5 0 ".repeat(100_000);
    let entries = format!("/Type /ObjStm /First {}", heads.len());
    let held = [&heads[..], &nested].concat();
    let heads = document(&[stream(4, &entries, &held)], "/Info 5 0 R");
    for file in [nested, open, begun, told, heads] {
        cleaned(&file);
    }
}

#[test]
fn however_many_stand_at_one_place_no_more_is_read_than_may_be_unpacked() {
    const READINGS: usize = 10;
    let zeros = "0".repeat(5000);
    let spaces = " ".repeat(5000);
    for value in [
        format!("<{zeros}"),
        format!("<{spaces}("),
        format!("{spaces}7"),
        format!("%{zeros}\n7"),
        format!("{spaces}endobj"),
        format!("({zeros}"),
        zeros.clone(),
    ] {
        let ids = 100..300;
        let heads: Vec<_> = ids.clone().map(|id| format!("{id} 0 ")).collect();
        let heads = heads.concat();
        let entries = format!("/Type /ObjStm /First {}", heads.len());
        let held = [heads.as_bytes(), value.as_bytes()].concat();
        let told = ids.map(|id| format!("trailer << /Info {id} 0 R >>\n").into_bytes());
        let objects: Vec<_> = std::iter::once(stream(3, &entries, &held))
            .chain(told)
            .collect();
        let mut file = document(&objects, "");
        let about = about(&file).unwrap();
        assert_eq!(about.len(), 200);
        let room = held.len() + READINGS * value.len() + 1;
        let mut document = Document::of(&mut file, about, room);
        document.each(Document::object);
        assert_eq!(document.room, 1, "{}", &value[..9]);
        assert_eq!(document.blanked.len(), READINGS);
        assert_eq!(document.kept.len(), 1);
        document.each(Document::forget);
        let forgotten = file.windows(5).filter(|name| *name == b"/Inf0").count();
        assert_eq!(forgotten, 200 - READINGS);
    }
}
