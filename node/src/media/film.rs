//! Videos without what they say about the place they were taken at: boxes of
//! user data and metadata are blanked where they stand, so that nothing else
//! moves (ISO/IEC 14496-12). Nothing is decoded.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::clean::{Failed, Refused, in_place, zeros};

/// Boxes that are looked at, at most; a film of a phone has some hundred.
const MOST_BOXES: usize = 20_000;
/// How deep `moov`, `trak`, `mdia` and what they hold are nested.
const DEEPEST: usize = 6;
/// How far into a box its handler and the kind of its samples are read.
const PEEKED: u64 = 4096;

/// A box of user data, of metadata, of another maker's.
const BLANKED: [&[u8; 4]; 6] = [b"udta", b"meta", b"uuid", b"XMP_", b"gps ", b"Xtra"];
const ENTERED: [&[u8; 4]; 3] = [b"moov", b"trak", b"moof"];
/// Samples that are a record of positions.
const TRACES: [&[u8; 4]; 2] = [b"gpmd", b"camm"];

struct Walk<'a> {
    file: &'a mut File,
    seen: usize,
}

/// A box: where it begins, where what it holds begins, where it ends.
struct Part {
    kind: [u8; 4],
    start: u64,
    inside: u64,
    end: u64,
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
            let part = self.part(at, end)?;
            at = part.end;
            if BLANKED.contains(&&part.kind) {
                self.free(&part)?;
            } else if ENTERED.contains(&&part.kind) {
                if part.kind == *b"trak" && self.tells_metadata(&part)? {
                    self.free(&part)?;
                } else if depth < DEEPEST {
                    self.level(part.inside, part.end, depth + 1)?;
                } else {
                    return Err(Refused::DamagedFilm.into());
                }
            }
        }
        Ok(())
    }

    fn part(&mut self, start: u64, end: u64) -> Result<Part, Failed> {
        self.seen += 1;
        if self.seen > MOST_BOXES || end - start < 8 {
            return Err(Refused::DamagedFilm.into());
        }
        let mut head = [0; 8];
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut head)?;
        let [a, b, c, d, kind @ ..] = head;
        let (size, inside) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (end - start, start + 8),
            1 => {
                if end - start < 16 {
                    return Err(Refused::DamagedFilm.into());
                }
                let mut long = [0; 8];
                self.file.read_exact(&mut long)?;
                (u64::from_be_bytes(long), start + 16)
            }
            size => (size.into(), start + 8),
        };
        let ends = start
            .checked_add(size)
            .filter(|ends| *ends <= end && *ends >= inside);
        let end = ends.ok_or(Refused::DamagedFilm)?;
        Ok(Part {
            kind,
            start,
            inside,
            end,
        })
    }

    /// Whether a track holds metadata and no picture and no sound. One that is
    /// a record of positions is refused: its samples stand among the others.
    fn tells_metadata(&mut self, track: &Part) -> Result<bool, Failed> {
        let mut at = track.inside;
        while at < track.end {
            let part = self.part(at, track.end)?;
            at = part.end;
            if part.kind != *b"mdia" {
                continue;
            }
            self.file.seek(SeekFrom::Start(part.inside))?;
            let mut text = Vec::new();
            (&mut self.file)
                .take(PEEKED.min(part.end - part.inside))
                .read_to_end(&mut text)?;
            if TRACES.iter().any(|trace| find(&text, &trace[..]).is_some()) {
                return Err(Refused::TracedFilm.into());
            }
            // `hdlr`, version and flags, a field that is zero, then who handles it.
            let handler = find(&text, b"hdlr").and_then(|at| text.get(at + 12..at + 16));
            return Ok(handler == Some(b"meta"));
        }
        Ok(false)
    }

    /// Makes a box free space.
    fn free(&mut self, part: &Part) -> Result<(), Failed> {
        self.file.seek(SeekFrom::Start(part.start + 4))?;
        self.file.write_all(b"free")?;
        self.file.seek(SeekFrom::Start(part.inside))?;
        Ok(zeros(self.file, part.end - part.inside)?)
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: [u8; 4], inside: &[u8]) -> Vec<u8> {
        let mut out = ((inside.len() + 8) as u32).to_be_bytes().to_vec();
        out.extend(kind);
        out.extend(inside);
        out
    }

    fn track(handler: [u8; 4], samples: [u8; 4]) -> Vec<u8> {
        let head = [&[0; 8][..], &handler, &[0; 12]].concat();
        let entries = [
            &[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 16][..],
            &samples,
            &[0; 8],
        ]
        .concat();
        let table = part(*b"minf", &part(*b"stbl", &part(*b"stsd", &entries)));
        let media = [part(*b"hdlr", &head), table].concat();
        part(
            *b"trak",
            &[
                part(*b"tkhd", &[1; 20]),
                part(*b"mdia", &media),
                part(*b"udta", b"kota"),
            ]
            .concat(),
        )
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
    fn a_track_of_metadata_goes_and_one_of_positions_is_refused() {
        let live = blanked(&film(&[
            track(*b"vide", *b"avc1"),
            track(*b"meta", *b"mebx"),
        ]))
        .unwrap();
        assert!(find(&live, b"mebx").is_none() && find(&live, b"avc1").is_some());
        let traced = blanked(&film(&[
            track(*b"vide", *b"avc1"),
            track(*b"meta", *b"gpmd"),
        ]));
        assert!(matches!(traced, Err(Failed::Refused(Refused::TracedFilm))));
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
}
