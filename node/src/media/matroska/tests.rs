//! Films made here, as a disk and as a recorder keeps them.

use super::*;

const PLACE: &[u8] = b"-06.2088+106.8456/";

fn element(id: &[u8], inside: &[u8]) -> Vec<u8> {
    let size = (inside.len() as u32 | 1 << 28).to_be_bytes();
    [id, &size, inside].concat()
}

fn tags() -> Vec<u8> {
    let place = [
        element(&[0x45, 0xA3], b"LOCATION"),
        element(&[0x44, 0x87], PLACE),
    ];
    let simple = element(&[0x67, 0xC8], &place.concat());
    element(&[0x12, 0x54, 0xC3, 0x67], &element(&[0x73, 0x73], &simple))
}

fn chapters() -> Vec<u8> {
    let words = element(&[0x85], b"gang Canary");
    element(&[0x10, 0x43, 0xA7, 0x70], &element(&[0x80], &words))
}

fn track(kind: u8) -> Vec<u8> {
    numbered(1, kind)
}

fn numbered(number: u8, kind: u8) -> Vec<u8> {
    let parts = [
        element(&[0xD7], &[number]),
        element(&[0x83], &[kind]),
        element(&[0x86], b"V_VP9"),
        element(&[0x53, 0x6E], b"rumah Ibu Canary"),
        element(&[0x25, 0x86, 0x88], b"kamera Ibu Canary"),
    ];
    element(&[0xAE], &parts.concat())
}

/// A film as it is written to a disk, with sizes, or as a recorder writes it.
fn film(sized: bool, track: &[u8]) -> Vec<u8> {
    let info = [
        element(&[0xBF], &[1, 2, 3, 4]),
        element(&[0x7B, 0xA9], b"di depan rumah"),
        element(&[0x4D, 0x80], b"perekam"),
        element(&[0x57, 0x41], b"telepon Canary"),
    ];
    let record = [&[0x82, 0, 0, 0][..], PLACE].concat();
    let block = [
        element(&[0xA3], &[&[0x81, 0, 0, 0][..], &[9; 300]].concat()),
        element(&[0xA3], &record),
        element(&[0xA0], &element(&[0xA1], &record)),
    ]
    .concat();
    let cluster = if sized {
        element(&[0x1F, 0x43, 0xB6, 0x75], &block)
    } else {
        [&[0x1F, 0x43, 0xB6, 0x75, 0xFF][..], &block].concat()
    };
    let inside = [
        element(&[0x15, 0x49, 0xA9, 0x66], &info.concat()),
        element(&[0x16, 0x54, 0xAE, 0x6B], track),
        cluster.clone(),
        cluster,
        chapters(),
        tags(),
    ]
    .concat();
    let segment = if sized {
        element(&[0x18, 0x53, 0x80, 0x67], &inside)
    } else {
        [&[0x18, 0x53, 0x80, 0x67, 1][..], &[0xFF; 7], &inside].concat()
    };
    let head = element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"webm"));
    [head, segment].concat()
}

fn blanked(file: &[u8]) -> Result<Vec<u8>, Failed> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film");
    std::fs::write(&path, file).unwrap();
    blank(&path)?;
    Ok(std::fs::read(&path).unwrap())
}

fn has(file: &[u8], wanted: &[u8]) -> bool {
    file.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn what_is_said_beside_picture_and_sound_goes_and_nothing_moves() {
    for sized in [true, false] {
        for silent in [0x03, 0x10, 0x11, 0x12, 0x20, 0x21] {
            let before = film(sized, &[track(1), numbered(2, silent)].concat());
            let after = blanked(&before).unwrap();
            assert_eq!(after.len(), before.len());
            for gone in [
                PLACE,
                b"LOCATION",
                b"di depan rumah",
                b"rumah Ibu Canary",
                b"kamera Ibu Canary",
                b"gang Canary",
                b"perekam",
                b"telepon Canary",
            ] {
                assert!(has(&before, gone) && !has(&after, gone), "{sized}");
            }
            for kept in [
                &b"webm"[..],
                b"V_VP9",
                &[9; 300],
                &[0x4D, 0x80],
                &[0x57, 0x41],
            ] {
                assert!(has(&after, kept));
            }
            assert_eq!(blanked(&after).unwrap(), after, "it reads as a film still");
        }
    }
}

#[test]
fn a_recording_that_broke_off_is_kept_and_cleaned() {
    for sized in [true, false] {
        let tracks = [track(1), numbered(2, 0x21)].concat();
        let whole = film(sized, &tracks);
        let first_picture = whole.windows(300).position(|w| w == [9; 300]).unwrap();
        for end in first_picture..whole.len() {
            let after = blanked(&whole[..end]).unwrap();
            assert_eq!(after.len(), end);
            for gone in [&PLACE[..6], b"di depan", b"rumah Ibu", b"gang Can"] {
                assert!(!has(&after, gone), "{sized} {end}");
            }
            assert_eq!(blanked(&after).unwrap(), after, "it reads as a film still");
        }
    }
}

#[test]
fn what_is_no_film_is_refused() {
    let whole = film(true, &track(1));
    let endless = [&[0x1A, 0x45, 0xDF, 0xA3, 0xFF][..], b"webm"].concat();
    let nested = (0..=DEEPEST).fold(Vec::new(), |inner, _| {
        element(&[0x18, 0x53, 0x80, 0x67], &inner)
    });
    let mut headless = whole.clone();
    headless[0] = 0x1B;
    let head = element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"webm"));
    let lying = {
        let tracks = element(&[0x16, 0x54, 0xAE, 0x6B], &[0xAE, 0x88, 0x83, 0x81]);
        let inside = [tracks, track(1)].concat();
        [&head[..], &element(&[0x18, 0x53, 0x80, 0x67], &inside)].concat()
    };
    let silent = film(true, &track(0x11));
    let deep = [&head[..], &nested].concat();
    for file in [
        endless,
        nested,
        deep,
        headless,
        lying,
        silent,
        head.clone(),
        [&head[..], b"bukan film"].concat(),
        whole[..whole.len() / 20].to_vec(),
        vec![0; 40],
        vec![0x1A],
    ] {
        let refused = blanked(&file);
        assert!(matches!(
            refused,
            Err(Failed::Refused(Refused::DamagedFilm))
        ));
    }
}

#[test]
fn no_changed_byte_makes_it_longer_or_ends_the_program() {
    let whole = film(true, &track(1));
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0xA5;
        if let Ok(after) = blanked(&changed) {
            assert_eq!(after.len(), whole.len());
        }
    }
}
