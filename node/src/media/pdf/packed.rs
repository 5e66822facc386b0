//! Streams of a PDF that are packed (zlib, RFC 1950 and 1951): unpacked within bounds, and packed
//! again to just as many bytes as before.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::DeflateEncoder;

/// Zlib, with the most thorough packing.
const HEAD: [u8; 2] = [0x78, 0xDA];
/// What a block that is not packed holds, at most, and its own head.
const BLOCK: usize = 65_535;
const BLOCK_HEAD: usize = 5;
const CHECKSUM: usize = 4;

/// Unpacks to at most so many bytes, and says whether that was all; one byte more tells that it was
/// not.
pub(super) fn unpacked(packed: &[u8], most: usize) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    let unpacking = ZlibDecoder::new(packed);
    let read = unpacking.take(most as u64 + 1).read_to_end(&mut content);
    let whole = read.is_ok() && content.len() <= most;
    (content, whole)
}

/// Packs to exactly so many bytes, with spaces behind the content; none if it does not fit.
pub(super) fn packed(content: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut out = HEAD.to_vec();
    if !content.is_empty() {
        out.extend(blocks(content)?);
    }
    let room = length.checked_sub(out.len() + CHECKSUM)?;
    let count = room.div_ceil(BLOCK + BLOCK_HEAD).max(1);
    let spaces = room.checked_sub(count * BLOCK_HEAD)?;
    let spaces = vec![b' '; spaces];
    for block in 0..count {
        let at = |block| spaces.len().min(block * BLOCK);
        let held = &spaces[at(block)..at(block + 1)];
        let size = held.len() as u16;
        out.push(u8::from(block + 1 == count));
        out.extend(size.to_le_bytes());
        out.extend((!size).to_le_bytes());
        out.extend(held);
    }
    let sum = checksum(content.iter().chain(&spaces));
    out.extend(sum.to_be_bytes());
    Some(out)
}

/// Packed blocks, none of which is the last one.
fn blocks(content: &[u8]) -> Option<Vec<u8>> {
    let mut packing = DeflateEncoder::new(Vec::new(), Compression::best());
    packing.write_all(content).ok()?;
    packing.flush().ok()?;
    let length = packing.get_ref().len();
    let mut out = packing.finish().ok()?;
    out.truncate(length);
    Some(out)
}

/// Adler-32.
fn checksum<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    let (low, high) = bytes.fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_has_the_length_that_is_asked_for() {
        let words = b"lintang dan bujur ".repeat(40);
        for content in [&b""[..], b"kota", &words] {
            for length in [90, 91, 120, 65_540, 65_551, 65_552, 65_560, 140_000] {
                let packed = packed(content, length).unwrap();
                assert_eq!(packed.len(), length);
                let (again, whole) = unpacked(&packed, 1 << 20);
                assert!(whole && again.starts_with(content));
                assert!(again[content.len()..].iter().all(|byte| *byte == b' '));
            }
            assert_eq!(packed(content, 10), None);
        }
    }

    #[test]
    fn more_than_is_allowed_and_what_is_damaged_is_no_whole() {
        let packed = packed(&[7; 5000], 400).unwrap();
        assert!(!unpacked(&packed, 4000).1);
        assert!(!unpacked(&packed[..20], 1 << 20).1);
        assert!(!unpacked(b"bukan", 1 << 20).1);
    }
}
