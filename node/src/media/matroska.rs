//! WebM videos without what they say beside picture and sound: tags (where a place stands),
//! attached files, titles and dates become void elements where they stand, so that nothing else
//! moves (RFC 8794, RFC 9559). Nothing is decoded.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::clean::{Failed, Refused, in_place, zeros};

/// Elements that are looked at, at most; a recorder that names no sizes writes 100 a second.
const MOST_ELEMENTS: usize = 1_000_000;
/// How deep a segment, its tracks and one of them are nested.
const DEEPEST: usize = 4;
/// The longest head: an id of 4 bytes, a size of 8.
const HEAD_BYTES: u64 = 12;

const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1F43_B675;
/// `Info`, `Tracks`, `TrackEntry`.
const ENTERED: [u32; 3] = [0x1549_A966, 0x1654_AE6B, 0xAE];
/// `Tags`, `Attachments`; of `Info` title, date and names of files; of a track its name; a checksum,
/// which would not hold any more; and what was void before, which may be full.
const VOIDED: [u32; 10] = [
    0x1254_C367,
    0x1941_A469,
    0x7BA9,
    0x4461,
    0x7384,
    0x003C_83AB,
    0x003E_83BB,
    0x536E,
    0xBF,
    VOID as u32,
];
const VOID: u8 = 0xEC;
const TRACK_TYPE: u32 = 0x83;
/// The type of a track that is neither seen nor heard, such as a record of positions.
const METADATA: u8 = 0x21;

struct Walk<'a> {
    file: &'a mut File,
    seen: usize,
}

/// An element: where it begins, where what it holds begins, and where it ends if it says so.
struct Element {
    id: u32,
    start: u64,
    inside: u64,
    end: Option<u64>,
}

/// Blanks the metadata of a film.
pub(super) fn blank(path: &Path) -> Result<(), Failed> {
    in_place(path, |file, length| {
        Walk { file, seen: 0 }.level(0, length, 0)
    })
}

impl Walk<'_> {
    fn level(&mut self, mut at: u64, end: u64, depth: usize) -> Result<(), Failed> {
        while at < end {
            let element = self.element(at, end)?;
            at = match (element.id, element.end) {
                // Ends with the next element that stands in no cluster.
                (CLUSTER, None) => element.inside,
                (SEGMENT, ends) => {
                    let ends = ends.unwrap_or(end);
                    self.deeper(&element, ends, depth)?;
                    ends
                }
                (_, None) => return Err(Refused::DamagedFilm.into()),
                (id, Some(ends)) => {
                    if ENTERED.contains(&id) {
                        self.deeper(&element, ends, depth)?;
                    } else if VOIDED.contains(&id) {
                        self.void(&element, ends)?;
                    } else if id == TRACK_TYPE {
                        self.is_seen_or_heard(&element, ends)?;
                    }
                    ends
                }
            };
        }
        Ok(())
    }

    fn deeper(&mut self, element: &Element, ends: u64, depth: usize) -> Result<(), Failed> {
        if depth >= DEEPEST {
            return Err(Refused::DamagedFilm.into());
        }
        self.level(element.inside, ends, depth + 1)
    }

    fn element(&mut self, start: u64, end: u64) -> Result<Element, Failed> {
        self.seen += 1;
        if self.seen > MOST_ELEMENTS {
            return Err(Refused::DamagedFilm.into());
        }
        self.file.seek(SeekFrom::Start(start))?;
        let mut head = Vec::new();
        let room = HEAD_BYTES.min(end - start);
        (&mut self.file).take(room).read_to_end(&mut head)?;
        let read = read_head(&head).ok_or(Refused::DamagedFilm)?;
        let inside = start + read.length;
        let ends = match read.size {
            None => None,
            Some(size) => {
                let ends = inside.checked_add(size).filter(|ends| *ends <= end);
                Some(ends.ok_or(Refused::DamagedFilm)?)
            }
        };
        Ok(Element {
            id: read.id,
            start,
            inside,
            end: ends,
        })
    }

    /// A record of positions is refused: its samples stand among the others.
    fn is_seen_or_heard(&mut self, element: &Element, ends: u64) -> Result<(), Failed> {
        let mut value = Vec::new();
        self.file.seek(SeekFrom::Start(element.inside))?;
        let length = (ends - element.inside).min(8);
        (&mut self.file).take(length).read_to_end(&mut value)?;
        if value.last() == Some(&METADATA) {
            return Err(Refused::TracedFilm.into());
        }
        Ok(())
    }

    /// Makes an element a void one of the same length.
    fn void(&mut self, element: &Element, ends: u64) -> Result<(), Failed> {
        // The size gets the rest of the head, as far as a size may be long.
        let bytes = (element.inside - element.start - 1).min(8);
        let held = ends - element.start - 1 - bytes;
        let size = held | 1 << (7 * bytes);
        self.file.seek(SeekFrom::Start(element.start))?;
        self.file.write_all(&[VOID])?;
        self.file
            .write_all(&size.to_be_bytes()[8 - bytes as usize..])?;
        Ok(zeros(self.file, held)?)
    }
}

/// Id, size (`None` if it is not said) and length of the head itself.
struct Head {
    id: u32,
    size: Option<u64>,
    length: u64,
}

fn read_head(bytes: &[u8]) -> Option<Head> {
    let id_length = bytes.first()?.leading_zeros() as usize + 1;
    let id_bytes = bytes.get(..id_length).filter(|_| id_length <= 4)?;
    let id = id_bytes
        .iter()
        .fold(0, |id, byte| id << 8 | u32::from(*byte));
    let rest = &bytes[id_length..];
    let size_length = rest.first()?.leading_zeros() as usize + 1;
    let size_bytes = rest.get(..size_length).filter(|_| size_length <= 8)?;
    let marked = size_bytes
        .iter()
        .fold(0, |size, byte| size << 8 | u64::from(*byte));
    let most = (1 << (7 * size_length)) - 1;
    let size = marked & most;
    Some(Head {
        id,
        size: (size != most).then_some(size),
        length: (id_length + size_length) as u64,
    })
}

#[cfg(test)]
mod tests {
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

    fn track(kind: u8) -> Vec<u8> {
        let parts = [
            element(&[0xD7], &[1]),
            element(&[0x83], &[kind]),
            element(&[0x86], b"V_VP9"),
            element(&[0x53, 0x6E], b"rumah Ibu Canary"),
        ];
        element(&[0xAE], &parts.concat())
    }

    /// A film as it is written to a disk, with sizes, or as a recorder writes it.
    fn film(sized: bool, track: &[u8]) -> Vec<u8> {
        let info = [
            element(&[0xBF], &[1, 2, 3, 4]),
            element(&[0x7B, 0xA9], b"di depan rumah"),
            element(&[0x4D, 0x80], b"muxer"),
        ];
        let block = element(&[0xA3], &[9; 300]);
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
            let before = film(sized, &track(1));
            let after = blanked(&before).unwrap();
            assert_eq!(after.len(), before.len());
            for gone in [PLACE, b"LOCATION", b"di depan rumah", b"rumah Ibu Canary"] {
                assert!(has(&before, gone) && !has(&after, gone), "{sized}");
            }
            for kept in [&b"webm"[..], b"V_VP9", b"muxer", &[9; 300]] {
                assert!(has(&after, kept));
            }
            assert_eq!(blanked(&after).unwrap(), after, "it reads as a film still");
        }
    }

    #[test]
    fn a_track_that_is_neither_seen_nor_heard_is_refused() {
        let traced = blanked(&film(true, &track(METADATA)));
        assert!(matches!(traced, Err(Failed::Refused(Refused::TracedFilm))));
    }

    #[test]
    fn elements_that_lie_about_their_size_are_refused() {
        let whole = film(true, &track(1));
        let cut = whole[..whole.len() - 3].to_vec();
        let endless = [&[0x1A, 0x45, 0xDF, 0xA3, 0xFF][..], b"webm"].concat();
        let nested = (0..=DEEPEST).fold(Vec::new(), |inner, _| {
            element(&[0x18, 0x53, 0x80, 0x67], &inner)
        });
        for file in [cut, endless, nested, vec![0; 40], vec![0x1A]] {
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
}
