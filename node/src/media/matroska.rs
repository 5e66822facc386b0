//! WebM videos without what they say beside picture and sound: tags (where a place stands),
//! attached files, chapters, titles and dates become void elements where they stand, so that
//! nothing else moves (RFC 8794, RFC 9559), and so do tracks that are neither seen nor heard, with
//! their blocks. Nothing is decoded.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::clean::{Failed, Refused, in_place, zeros};

/// Elements that are looked at, at most; a recorder that names no sizes writes 100 a second.
const MOST_ELEMENTS: usize = 1_000_000;
/// What a film takes while it is cleaned, at most: the numbers of tracks that are not shown.
pub(super) const MEMORY: u64 = 16 << 20;
/// How deep a segment, its tracks and one of them are nested.
const DEEPEST: usize = 4;
/// The longest head: an id of 4 bytes, a size of 8.
const HEAD_BYTES: u64 = 12;

const HEADER: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1F43_B675;
const TRACK: u32 = 0xAE;
/// `Info`, `Tracks`.
const ENTERED: [u32; 2] = [0x1549_A966, 0x1654_AE6B];
/// `Tags`, `Attachments`, `Chapters`; of `Info` title, date and names of files; of a track its name
/// and its codec's; a checksum, which would not hold any more; and what was void before, which may
/// be full.
const VOIDED: [u32; 12] = [
    0x1254_C367,
    0x1941_A469,
    0x1043_A770,
    0x7BA9,
    0x4461,
    0x7384,
    0x003C_83AB,
    0x003E_83BB,
    0x536E,
    0x0025_8688,
    0xBF,
    VOID as u32,
];
/// Which programs wrote it; no film may lack them.
const EMPTIED: [u32; 2] = [0x4D80, 0x5741];
const VOID: u8 = 0xEC;
const TRACK_NUMBER: u32 = 0xD7;
const TRACK_TYPE: u32 = 0x83;
/// Types of tracks that are seen or heard.
const SHOWN: [u64; 2] = [1, 2];
/// `SimpleBlock`, `EncryptedBlock`, and a `Block` in its `BlockGroup`.
const BLOCKS: [u32; 2] = [0xA3, 0xAF];
const BLOCK: u32 = 0xA1;
const BLOCK_GROUP: u32 = 0xA0;

struct Walk<'a> {
    file: &'a mut File,
    length: u64,
    seen: usize,
    /// Whether a track is seen or heard.
    shown: bool,
    /// Tracks that are neither.
    silent: BTreeSet<u64>,
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
        let mut walk = Walk {
            file,
            length,
            seen: 0,
            shown: false,
            silent: BTreeSet::new(),
        };
        if walk.element(0, length)?.id != HEADER {
            return Err(Refused::DamagedFilm.into());
        }
        walk.level(0, length, 0)?;
        if !walk.shown {
            return Err(Refused::DamagedFilm.into());
        }
        // Their blocks may stand before anything says whose they are.
        if !walk.silent.is_empty() {
            walk.seen = 0;
            walk.level(0, length, 0)?;
        }
        Ok(())
    })
}

impl Walk<'_> {
    fn level(&mut self, mut at: u64, end: u64, depth: usize) -> Result<(), Failed> {
        while let Some(element) = self.next(at, end)? {
            at = match (element.id, element.end) {
                // Ends with the next element that stands in no cluster.
                (CLUSTER, None) => element.inside,
                (SEGMENT, ends) => {
                    let ends = ends.unwrap_or(end);
                    self.deeper(&element, ends, depth)?;
                    ends
                }
                (_, None) => return Err(Refused::DamagedFilm.into()),
                (_, Some(ends)) => {
                    self.sized(&element, ends, depth)?;
                    ends
                }
            };
        }
        Ok(())
    }

    fn sized(&mut self, element: &Element, ends: u64, depth: usize) -> Result<(), Failed> {
        match element.id {
            TRACK if self.is_silent(element, ends)? => self.void(element, ends),
            id if VOIDED.contains(&id) => self.void(element, ends),
            id if EMPTIED.contains(&id) => self.empty(element, ends),
            CLUSTER if self.silent.is_empty() => Ok(()),
            TRACK | CLUSTER => self.deeper(element, ends, depth),
            id if ENTERED.contains(&id) => self.deeper(element, ends, depth),
            _ if self.is_of_silent(element, ends)? => self.void(element, ends),
            _ => Ok(()),
        }
    }

    fn deeper(&mut self, element: &Element, ends: u64, depth: usize) -> Result<(), Failed> {
        if depth >= DEEPEST {
            return Err(Refused::DamagedFilm.into());
        }
        self.level(element.inside, ends, depth + 1)
    }

    /// The element that stands here; none at the end, nor where a recording broke off within a head.
    fn next(&mut self, at: u64, end: u64) -> Result<Option<Element>, Failed> {
        if at >= end {
            return Ok(None);
        }
        if end == self.length && end - at < HEAD_BYTES {
            let left = self.bytes(at, end - at)?;
            let longer = [&left[..], &[0xFF; HEAD_BYTES as usize]].concat();
            if read_head(&left).is_none() && read_head(&longer).is_some() {
                return Ok(None);
            }
        }
        self.element(at, end).map(Some)
    }

    fn element(&mut self, start: u64, end: u64) -> Result<Element, Failed> {
        self.seen += 1;
        if self.seen > MOST_ELEMENTS {
            return Err(Refused::DamagedFilm.into());
        }
        let head = self.bytes(start, HEAD_BYTES.min(end - start))?;
        let read = read_head(&head).ok_or(Refused::DamagedFilm)?;
        let inside = start + read.length;
        let ends = match read.size {
            None => None,
            Some(size) => {
                let ends = inside.checked_add(size).filter(|ends| *ends <= end);
                // A recording that broke off lacks the ends of what it was in the midst of.
                let cut = (end == self.length && read.id != HEADER).then_some(end);
                Some(ends.or(cut).ok_or(Refused::DamagedFilm)?)
            }
        };
        Ok(Element {
            id: read.id,
            start,
            inside,
            end: ends,
        })
    }

    fn bytes(&mut self, at: u64, count: u64) -> Result<Vec<u8>, Failed> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(at))?;
        (&mut self.file).take(count).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The beginning of what the first element of this id holds.
    fn beginning(&mut self, holder: &Element, ends: u64, id: u32) -> Result<Vec<u8>, Failed> {
        let mut at = holder.inside;
        while let Some(element) = self.next(at, ends)? {
            at = element.end.ok_or(Refused::DamagedFilm)?;
            if element.id == id {
                return self.bytes(element.inside, (at - element.inside).min(8));
            }
        }
        Ok(Vec::new())
    }

    /// Whether a track is neither seen nor heard, such as a record of positions.
    fn is_silent(&mut self, track: &Element, ends: u64) -> Result<bool, Failed> {
        let kind = number(&self.beginning(track, ends, TRACK_TYPE)?);
        if SHOWN.contains(&kind) {
            self.shown = true;
            return Ok(false);
        }
        let track = number(&self.beginning(track, ends, TRACK_NUMBER)?);
        self.silent.insert(track);
        Ok(true)
    }

    /// Whether an element is a block of a track that is neither seen nor heard.
    fn is_of_silent(&mut self, element: &Element, ends: u64) -> Result<bool, Failed> {
        let block = match element.id {
            _ if self.silent.is_empty() => return Ok(false),
            id if BLOCKS.contains(&id) => {
                self.bytes(element.inside, (ends - element.inside).min(8))?
            }
            BLOCK_GROUP => self.beginning(element, ends, BLOCK)?,
            _ => return Ok(false),
        };
        Ok(read_size(&block).is_some_and(|(track, _)| self.silent.contains(&track)))
    }

    /// Makes what an element holds an empty text.
    fn empty(&mut self, element: &Element, ends: u64) -> Result<(), Failed> {
        self.file.seek(SeekFrom::Start(element.inside))?;
        Ok(zeros(self.file, ends - element.inside)?)
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
    let (size, size_length) = read_size(&bytes[id_length..])?;
    let most = (1 << (7 * size_length)) - 1;
    Some(Head {
        id: number(id_bytes) as u32,
        size: (size != most).then_some(size),
        length: (id_length + size_length) as u64,
    })
}

/// A number that says how long it is, and its length.
fn read_size(bytes: &[u8]) -> Option<(u64, usize)> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    let marked = bytes.get(..length).filter(|_| length <= 8)?;
    let most = (1 << (7 * length)) - 1;
    Some((number(marked) & most, length))
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
