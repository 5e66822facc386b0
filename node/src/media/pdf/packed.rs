//! Streams of a PDF that are packed (zlib, RFC 1950 and 1951): unpacked within bounds, and packed
//! again to just as many bytes as before.

use std::io::{Read, Write};
use std::iter::repeat_n;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::DeflateEncoder;

/// Zlib, with the most thorough packing.
const HEAD: [u8; 2] = [0x78, 0xDA];
/// What a block that is not packed holds, at most, and its own head.
const BLOCK: usize = 65_535;
const BLOCK_HEAD: usize = 5;
const CHECKSUM: usize = 4;
static SPACES: [u8; BLOCK] = [b' '; BLOCK];

/// Unpacks to at most so many bytes, and says whether that was all; one byte more tells that it was
/// not.
pub(super) fn unpacked(packed: &[u8], most: usize) -> (Vec<u8>, bool) {
    let mut content = Vec::new();
    let unpacking = ZlibDecoder::new(packed);
    let read = unpacking.take(most as u64 + 1).read_to_end(&mut content);
    let whole = read.is_ok() && content.len() <= most;
    (content, whole)
}

/// Packs into the whole of a place, with spaces behind the content. Says whether it fits; where it does not,
/// the place stays as it is.
pub(super) fn pack(content: &[u8], place: &mut [u8]) -> bool {
    let Some(begun) = begun(content) else {
        return false;
    };
    let Some(room) = place.len().checked_sub(begun.len() + CHECKSUM) else {
        return false;
    };
    let count = room.div_ceil(BLOCK + BLOCK_HEAD).max(1);
    let Some(spaces) = room.checked_sub(count * BLOCK_HEAD) else {
        return false;
    };
    let sum = checksum(content.iter().chain(repeat_n(&b' ', spaces)));
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        place[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(&begun);
    let mut left = spaces;
    for block in 1..=count {
        let held = left.min(BLOCK);
        left -= held;
        let size = held as u16;
        put(&[u8::from(block == count)]);
        put(&size.to_le_bytes());
        put(&(!size).to_le_bytes());
        put(&SPACES[..held]);
    }
    put(&sum.to_be_bytes());
    true
}

/// The head and packed blocks, none of which is the last one.
fn begun(content: &[u8]) -> Option<Vec<u8>> {
    if content.is_empty() {
        return Some(HEAD.to_vec());
    }
    let mut packing = DeflateEncoder::new(HEAD.to_vec(), Compression::best());
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

/// What a place of so many bytes holds then; none if it does not fit.
#[cfg(test)]
pub(super) fn packed(content: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut place = vec![0; length];
    pack(content, &mut place).then_some(place)
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
