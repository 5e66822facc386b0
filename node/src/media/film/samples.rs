//! Where the samples of a track stand: chunks of so many samples, each sample of
//! a size of its own (ISO/IEC 14496-12, 8.7).

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use super::{Part, Walk};
use crate::media::clean::{Failed, Refused};

/// Bytes of one table, at most; two hundred records a second for an hour are 3 MB.
const MOST_TABLE: u64 = 4 << 20;
/// Chunks of all such tracks together, at most.
const MOST_CHUNKS: usize = 2 << 20;

/// From this chunk on, counted from one, each has so many samples.
struct Run {
    first: u32,
    samples: u32,
}

enum Sizes {
    Same { bytes: u32, count: u32 },
    Each(Vec<u32>),
}

impl Walk<'_> {
    /// Where the samples of a track stand, chunk by chunk.
    ///
    /// # Errors
    /// [`Refused::TracedFilm`] where the tables do not tell.
    pub(super) fn samples(&mut self, track: &Part) -> Result<Vec<Range<u64>>, Failed> {
        let Some(tables) = self.below(track, &[b"mdia", b"minf", b"stbl"])? else {
            return Ok(Vec::new());
        };
        let chunks = match self.table(&tables, *b"stco")? {
            Some(narrow) => narrow_offsets(&narrow),
            None => wide_offsets(&self.table(&tables, *b"co64")?.unwrap_or_default()),
        };
        let runs = self.table(&tables, *b"stsc")?.unwrap_or_default();
        let sizes = self.table(&tables, *b"stsz")?;
        let sizes = sizes.map_or(Sizes::Each(Vec::new()), |table| read_sizes(&table));
        let spans = spans(&chunks, &read_runs(&runs), &sizes);
        let spans = spans.filter(|new| self.found.samples.len() + new.len() <= MOST_CHUNKS);
        spans.ok_or_else(|| Refused::TracedFilm.into())
    }

    /// What a table holds behind its version and flags.
    fn table(&mut self, tables: &Part, kind: [u8; 4]) -> Result<Option<Vec<u8>>, Failed> {
        let Some(part) = self.within(tables, kind)? else {
            return Ok(None);
        };
        let length = part.end - part.inside;
        if length > MOST_TABLE {
            return Err(Refused::TracedFilm.into());
        }
        let mut bytes = Vec::new();
        self.file
            .seek(SeekFrom::Start(part.inside + 4.min(length)))?;
        (&mut self.file)
            .take(length.saturating_sub(4))
            .read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}

fn number(table: &[u8], at: usize) -> u32 {
    let four = table.get(at..).and_then(|rest| rest.first_chunk());
    four.copied().map_or(0, u32::from_be_bytes)
}

/// Entries of so many bytes, behind their count.
fn entries<const BYTES: usize>(table: &[u8], count_at: usize) -> &[[u8; BYTES]] {
    let (entries, _) = table.get(count_at + 4..).unwrap_or_default().as_chunks();
    &entries[..entries.len().min(number(table, count_at) as usize)]
}

fn narrow_offsets(table: &[u8]) -> Vec<u64> {
    let offsets = entries(table, 0).iter().copied();
    offsets.map(u32::from_be_bytes).map(u64::from).collect()
}

fn wide_offsets(table: &[u8]) -> Vec<u64> {
    let offsets = entries(table, 0).iter().copied();
    offsets.map(u64::from_be_bytes).collect()
}

fn read_runs(table: &[u8]) -> Vec<Run> {
    let read = |run: &[u8; 12]| Run {
        first: number(run, 0),
        samples: number(run, 4),
    };
    entries(table, 0).iter().map(read).collect()
}

fn read_sizes(table: &[u8]) -> Sizes {
    match number(table, 0) {
        0 => {
            let sizes = entries(table, 4).iter().copied();
            Sizes::Each(sizes.map(u32::from_be_bytes).collect())
        }
        bytes => Sizes::Same {
            bytes,
            count: number(table, 4),
        },
    }
}

/// `None` where a chunk has samples that no table knows.
fn spans(chunks: &[u64], runs: &[Run], sizes: &Sizes) -> Option<Vec<Range<u64>>> {
    let mut spans = Vec::with_capacity(chunks.len());
    let mut run = 0;
    let mut sample = 0;
    for (index, start) in chunks.iter().enumerate() {
        let is_next = |next: &Run| next.first as usize <= index + 1;
        while runs.get(run + 1).is_some_and(is_next) {
            run += 1;
        }
        let samples = runs.get(run)?.samples as usize;
        let end = start.checked_add(sizes.of(sample, samples)?)?;
        spans.push(*start..end);
        sample += samples;
    }
    Some(spans)
}

impl Sizes {
    /// Bytes of so many samples, from this one on.
    fn of(&self, first: usize, samples: usize) -> Option<u64> {
        match self {
            Self::Same { bytes, count } => {
                let left = (*count as usize).checked_sub(first)?;
                Some(u64::from(*bytes) * samples.min(left) as u64)
            }
            Self::Each(sizes) => {
                let sizes = sizes.get(first..).filter(|left| !left.is_empty())?;
                let sizes = &sizes[..samples.min(sizes.len())];
                Some(sizes.iter().copied().map(u64::from).sum())
            }
        }
    }
}
