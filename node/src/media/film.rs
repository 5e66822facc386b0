//! Videos without what they say about the place they were taken at: boxes of
//! user data and metadata are blanked where they stand, so that nothing else
//! moves (ISO/IEC 14496-12), and so is every track that is neither seen nor
//! heard, with its samples. Nothing is decoded.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;

use super::clean::{Failed, Refused, in_place, zeros};

mod samples;

/// Boxes that are looked at, at most; a film of a phone has some hundred.
const MOST_BOXES: usize = 20_000;
/// What a film takes while it is cleaned, at most: the places of samples, which grow by doubling, and the tables
/// that tell them. One of a telephone takes next to nothing.
pub(super) const MEMORY: u64 = 112 << 20;
/// How deep `moov`, `trak`, `mdia` and what they hold are nested.
const DEEPEST: usize = 6;

/// A box of user data, of metadata, of another maker's, of events; and what was free before, which
/// may be full.
const BLANKED: [&[u8; 4]; 9] = [
    b"udta", b"meta", b"uuid", b"XMP_", b"gps ", b"Xtra", b"emsg", b"free", b"skip",
];
const ENTERED: [&[u8; 4]; 6] = [b"moov", b"trak", b"mdia", b"minf", b"moof", b"traf"];
/// Handlers of what is seen or heard. Others keep words, places or times.
const SHOWN: [&[u8; 4]; 4] = [b"vide", b"soun", b"auxv", b"pict"];

#[derive(Default)]
struct Found {
    boxes: usize,
    /// Where samples may stand, in the order of the file.
    media: Vec<Range<u64>>,
    /// Tracks that are neither seen nor heard, and where their samples stand.
    silent: BTreeSet<u32>,
    samples: Vec<Range<u64>>,
    /// Tracks that go on in fragments.
    fragmented: BTreeSet<u32>,
}

struct Walk<'a> {
    file: &'a mut File,
    found: Found,
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
        let found = Found::default();
        let mut walk = Walk { file, found };
        walk.level(0, length, 0)?;
        walk.silence()
    })
}

impl Walk<'_> {
    fn level(&mut self, mut at: u64, end: u64, depth: usize) -> Result<(), Failed> {
        while at < end {
            let part = self.part(at, end)?;
            at = part.end;
            match &part.kind {
                kind if BLANKED.contains(&kind) => self.free(&part)?,
                b"trak" if !self.is_shown(&part)? => self.hide(&part)?,
                kind if ENTERED.contains(&kind) => {
                    if depth >= DEEPEST {
                        return Err(Refused::DamagedFilm.into());
                    }
                    self.level(part.inside, part.end, depth + 1)?;
                }
                b"mdat" => self.found.media.push(part.inside..part.end),
                b"hdlr" => self.unname(&part)?,
                b"tfhd" => {
                    let track = self.number(&part, 4)?;
                    self.found.fragmented.insert(track);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn part(&mut self, start: u64, end: u64) -> Result<Part, Failed> {
        self.found.boxes += 1;
        if self.found.boxes > MOST_BOXES || end - start < 8 {
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

    /// The first box of this kind that a box holds.
    fn within(&mut self, holder: &Part, kind: [u8; 4]) -> Result<Option<Part>, Failed> {
        let mut at = holder.inside;
        while at < holder.end {
            let part = self.part(at, holder.end)?;
            at = part.end;
            if part.kind == kind {
                return Ok(Some(part));
            }
        }
        Ok(None)
    }

    /// The box at the end of a path of boxes.
    fn below(&mut self, holder: &Part, path: &[&[u8; 4]]) -> Result<Option<Part>, Failed> {
        let mut found = None;
        for kind in path {
            found = self.within(found.as_ref().unwrap_or(holder), **kind)?;
            if found.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Four bytes of what a box holds.
    fn four(&mut self, part: &Part, at: u64) -> Result<[u8; 4], Failed> {
        let mut four = [0; 4];
        if part.end - part.inside < at + 4 {
            return Err(Refused::DamagedFilm.into());
        }
        self.file.seek(SeekFrom::Start(part.inside + at))?;
        self.file.read_exact(&mut four)?;
        Ok(four)
    }

    fn number(&mut self, part: &Part, at: u64) -> Result<u32, Failed> {
        self.four(part, at).map(u32::from_be_bytes)
    }

    /// Whether a track is seen or heard.
    fn is_shown(&mut self, track: &Part) -> Result<bool, Failed> {
        let Some(handler) = self.below(track, &[b"mdia", b"hdlr"])? else {
            return Ok(false);
        };
        // Version and flags, a field that is zero, then who handles it.
        let handler = self.four(&handler, 8)?;
        Ok(SHOWN.contains(&&handler))
    }

    /// Takes a track away; its samples go when all places are known where samples stand.
    fn hide(&mut self, track: &Part) -> Result<(), Failed> {
        if let Some(head) = self.within(track, *b"tkhd")? {
            // Behind two times, which are longer in version 1.
            let at = if self.four(&head, 0)?[0] == 1 { 20 } else { 12 };
            let id = self.number(&head, at)?;
            self.found.silent.insert(id);
        }
        let samples = self.samples(track)?;
        self.found.samples.extend(samples);
        self.free(track)
    }

    /// Blanks the samples of tracks that are neither seen nor heard. Those of fragments stand
    /// among the others and are told by no table.
    fn silence(&mut self) -> Result<(), Failed> {
        let mut found = std::mem::take(&mut self.found);
        if !found.silent.is_disjoint(&found.fragmented) {
            return Err(Refused::TracedFilm.into());
        }
        found.samples.sort_by_key(|span| span.start);
        let mut reached = 0;
        for span in found.samples {
            let start = span.start.max(reached);
            if start >= span.end {
                continue;
            }
            let holder = found.media.partition_point(|media| media.end < span.end);
            if found
                .media
                .get(holder)
                .is_none_or(|media| media.start > start)
            {
                return Err(Refused::DamagedFilm.into());
            }
            self.file.seek(SeekFrom::Start(start))?;
            zeros(self.file, span.end - start)?;
            reached = span.end;
        }
        Ok(())
    }

    /// Takes the name of a handler away, which tells the device; it is the last field.
    fn unname(&mut self, part: &Part) -> Result<(), Failed> {
        let named = part.end.min(part.inside + 24);
        self.file.seek(SeekFrom::Start(named))?;
        Ok(zeros(self.file, part.end - named)?)
    }

    /// Makes a box free space.
    fn free(&mut self, part: &Part) -> Result<(), Failed> {
        self.file.seek(SeekFrom::Start(part.start + 4))?;
        self.file.write_all(b"free")?;
        self.file.seek(SeekFrom::Start(part.inside))?;
        Ok(zeros(self.file, part.end - part.inside)?)
    }
}

#[cfg(test)]
mod tests;
