//! Pictures without their metadata: place, device, author, thumbnail, comments.
//! What a viewer needs stays: the pixels, the colour profile, and which side is up.

use std::io::Cursor;
use std::ops::Range;
use std::path::Path;

use img_parts::jpeg::{Jpeg, markers};
use img_parts::png::Png;
use img_parts::webp::WebP;
use img_parts::{Bytes, ImageEXIF as _};

use super::clean::{Failed, Refused};

/// Bytes of a picture, at most; it stands in memory while it is cleaned.
pub(super) const MOST_BYTES: u64 = 40 << 20;
/// Segments or chunks of a picture, at most: each takes memory of its own, and a sound one of the largest has
/// some thousands.
const MOST_PARTS: usize = 20_000;
/// What they take, at most.
const PARTS_BYTES: u64 = 16 << 20;
/// What a viewer may be asked to unpack, at most.
pub(super) const MOST_PIXELS: u64 = 120_000_000;

/// Chunks of a PNG that a viewer needs (W3C PNG, third edition, chapter 11).
const PNG_CHUNKS: [&[u8; 4]; 15] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP",
    b"sBIT", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];
const WEBP_CHUNKS: [&[u8; 4]; 7] = [
    b"VP8 ", b"VP8L", b"VP8X", b"ICCP", b"ANIM", b"ANMF", b"ALPH",
];
/// Bits of the first byte of VP8X that promise EXIF and XMP.
const WEBP_METADATA: u8 = 0b0000_1100;

/// Types of a field of EXIF that are numbers (TIFF 6.0, section 2).
const BYTE: u16 = 1;
const SHORT: u16 = 3;
const LONG: u16 = 4;

type Cleaned = Result<Bytes, Refused>;

/// What a picture of so many bytes takes while it is cleaned, at most: as it was read, as it is put together,
/// and as it is written. A larger one than may be is not read.
pub(super) fn memory(bytes: u64) -> u64 {
    3 * bytes.min(MOST_BYTES) + PARTS_BYTES
}

/// Writes the cleaned picture in place of the file.
pub(super) fn rewrite(path: &Path, clean: fn(Bytes) -> Cleaned) -> Result<(), Failed> {
    if std::fs::metadata(path)?.len() > MOST_BYTES {
        return Err(Refused::LargePicture.into());
    }
    let cleaned = clean(std::fs::read(path)?.into())?;
    std::fs::write(path, &cleaned)?;
    std::fs::File::open(path)?.sync_all()?;
    Ok(())
}

pub(super) fn jpeg(file: Bytes) -> Cleaned {
    has_few_parts(&file, 2, behind_segment)?;
    let mut picture = Jpeg::from_bytes(file).map_err(|_| Refused::DamagedPicture)?;
    let (width, height) = picture.dimensions().ok_or(Refused::DamagedPicture)?;
    bounded(width.into(), height.into())?;
    let upright = picture.exif().as_deref().and_then(orientation);
    picture
        .segments_mut()
        .retain(|segment| shows(segment.marker(), segment.contents()));
    if let Some(orientation) = upright {
        picture.set_exif(Some(only_orientation(orientation)));
    }
    let cleaned = picture.encoder().bytes();
    // Behind the end phones append further pictures with metadata of their own.
    let end = jpeg_end(&cleaned).ok_or(Refused::DamagedPicture)?;
    Ok(cleaned.slice(..end))
}

pub(super) fn png(file: Bytes) -> Cleaned {
    has_few_parts(&file, 8, behind_chunk)?;
    let mut picture = Png::from_bytes(file).map_err(|_| Refused::DamagedPicture)?;
    let (width, height) = picture.dimensions().ok_or(Refused::DamagedPicture)?;
    bounded(width, height)?;
    let upright = picture.exif().as_deref().and_then(orientation);
    picture
        .chunks_mut()
        .retain(|chunk| PNG_CHUNKS.contains(&&chunk.kind()));
    if let Some(orientation) = upright {
        picture.set_exif(Some(only_orientation(orientation)));
    }
    Ok(picture.encoder().bytes())
}

pub(super) fn webp(file: Bytes) -> Cleaned {
    has_few_parts(&file, 12, behind_riff)?;
    let mut picture = WebP::from_bytes(file).map_err(|_| Refused::DamagedPicture)?;
    let (width, height) = picture.dimensions().ok_or(Refused::DamagedPicture)?;
    bounded(width, height)?;
    let upright = picture.exif().as_deref().and_then(orientation);
    picture
        .chunks_mut()
        .retain(|chunk| WEBP_CHUNKS.contains(&&chunk.id()));
    if let Some(orientation) = upright {
        picture.set_exif(Some(only_orientation(orientation)));
        return Ok(picture.encoder().bytes());
    }
    let mut cleaned = picture.encoder().bytes().to_vec();
    // RIFF, size, WEBP, then the first chunk: its name, its size, its flags.
    if cleaned.get(12..16) == Some(b"VP8X") {
        let flags = cleaned.get_mut(20).ok_or(Refused::DamagedPicture)?;
        *flags &= !WEBP_METADATA;
    }
    Ok(cleaned.into())
}

/// Counts the parts of a picture before memory is taken for each; `behind` tells where a part ends that begins
/// at a place, or that there is none.
fn has_few_parts(
    file: &[u8],
    first: usize,
    behind: fn(&[u8], usize) -> Option<usize>,
) -> Result<(), Refused> {
    let mut at = first;
    for _ in 0..=MOST_PARTS {
        match behind(file, at) {
            Some(next) => at = next,
            None => return Ok(()),
        }
    }
    Err(Refused::DamagedPicture)
}

/// Where a segment before the first scan of a JPEG ends, and what precedes it.
fn behind_segment(file: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += file
            .get(at..)?
            .iter()
            .position(|byte| *byte == markers::P)?;
        at += file[at..].iter().position(|byte| *byte != markers::P)?;
        let marker = file[at];
        at += 1;
        match marker {
            markers::EOI | markers::SOS => return None,
            markers::SOF0..=markers::SOF15 | markers::DQT..=markers::COM => {
                let length = *file.get(at..)?.first_chunk()?;
                return Some(at + usize::from(u16::from_be_bytes(length)));
            }
            _ => {}
        }
    }
}

/// Where a chunk of a PNG ends: its length, its name, what it holds, a checksum.
fn behind_chunk(file: &[u8], at: usize) -> Option<usize> {
    let [a, b, c, d, name @ ..] = *file.get(at..)?.first_chunk::<8>()?;
    let length = u32::from_be_bytes([a, b, c, d]);
    (name != *b"IEND").then_some(at.saturating_add(length as usize + 12))
}

/// Where a chunk of a WebP ends: its name, its length, what it holds, filled up to an even length. Of one that
/// holds others the first of these is the next.
fn behind_riff(file: &[u8], at: usize) -> Option<usize> {
    let [name @ .., a, b, c, d] = *file.get(at..)?.first_chunk::<8>()?;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    Some(match &name {
        b"RIFF" | b"LIST" => at + 12,
        b"seqt" => at + 8,
        _ => at.saturating_add(8 + length + length % 2),
    })
}

fn bounded(width: u32, height: u32) -> Result<(), Refused> {
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Refused::LargePicture);
    }
    Ok(())
}

/// Which side is up, 2 to 8, where it is not the first (EXIF 2.32, tag 0x0112). Nothing but the first
/// directory is read, once: directories may refer to thousands of others in the same bytes.
fn orientation(exif: &[u8]) -> Option<u16> {
    let is_big = match exif.get(..2)? {
        b"MM" => true,
        b"II" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = *exif.get(at..)?.first_chunk()?;
        Some(if is_big {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    };
    let long = |at: usize| {
        let bytes = *exif.get(at..)?.first_chunk()?;
        Some(if is_big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    };
    let directory = long(4).filter(|_| short(2) == Some(42))? as usize;
    // Each field has a tag, a type, a count and, where that is short, its value.
    let fields = (0..usize::from(short(directory)?)).map(|index| directory + 2 + index * 12);
    let field = fields
        .take_while(|field| *field < exif.len())
        .find(|field| short(*field) == Some(exif::Tag::Orientation.number()))?;
    let value = match short(field + 2)? {
        BYTE => u32::from(*exif.get(field + 8)?),
        SHORT => u32::from(short(field + 8)?),
        LONG => long(field + 8)?,
        _ => return None,
    };
    (2..=8).contains(&value).then_some(value as u16)
}

/// A TIFF directory with nothing but the orientation.
fn only_orientation(orientation: u16) -> Bytes {
    let field = exif::Field {
        tag: exif::Tag::Orientation,
        ifd_num: exif::In::PRIMARY,
        value: exif::Value::Short(vec![orientation]),
    };
    let mut out = Cursor::new(Vec::new());
    let mut writer = exif::experimental::Writer::new();
    writer.push_field(&field);
    // Writing one short field into memory cannot fail.
    let _ = writer.write(&mut out, false);
    out.into_inner().into()
}

/// Whether a viewer needs a segment of a JPEG.
fn shows(marker: u8, contents: &[u8]) -> bool {
    match marker {
        // JFIF, and Adobe's transform of colours.
        markers::APP0 | markers::APP14 => true,
        markers::APP2 => contents.starts_with(b"ICC_PROFILE\0"),
        markers::APP1..=markers::APP15 | markers::COM => false,
        _ => true,
    }
}

/// Where the first picture of a file ends.
fn jpeg_end(file: &[u8]) -> Option<usize> {
    let mut steps = Steps::default();
    loop {
        if let Step::End(end) = steps.next(file)? {
            return Some(end);
        }
    }
}

/// Blanks a JPEG where it stands, as far as it can be read, and says whether there was something to
/// blank. A viewer passes over a segment of zeros.
pub(super) fn blank_jpeg(file: &mut [u8]) -> bool {
    let mut changed = false;
    let mut steps = Steps::default();
    let begins = file.starts_with(&[markers::P, markers::SOI]);
    while begins && let Some(step) = steps.next(file) {
        let (gone, is_end) = match step {
            Step::Segment(marker, contents) if shows(marker, &file[contents.clone()]) => continue,
            Step::Segment(_, contents) => (contents, false),
            Step::End(end) => (end..file.len(), true),
        };
        changed |= file[gone.clone()].iter().any(|byte| *byte != 0);
        file[gone].fill(0);
        if is_end {
            break;
        }
    }
    changed
}

/// What a JPEG is made of (ITU T.81, annex B).
enum Step {
    /// Its marker, and where its contents stand.
    Segment(u8, Range<usize>),
    End(usize),
}

/// Where the reading of a JPEG is.
struct Steps {
    at: usize,
    scanning: bool,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            at: 2,
            scanning: false,
        }
    }
}

impl Steps {
    fn next(&mut self, file: &[u8]) -> Option<Step> {
        loop {
            if self.scanning {
                self.at += file
                    .get(self.at..)?
                    .iter()
                    .position(|byte| *byte == markers::P)?;
            }
            let marker = *file.get(self.at + 1)?;
            match marker {
                markers::EOI => return Some(Step::End(self.at + 2)),
                // A fill byte, stuffing, or a restart in the midst of a scan.
                markers::P => self.at += 1,
                markers::Z | markers::RST0..=markers::RST7 if self.scanning => self.at += 2,
                _ => {
                    let length = file.get(self.at + 2..self.at + 4)?;
                    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                    let contents = self.at + 4..self.at + 2 + length;
                    self.at += 2 + length;
                    self.scanning = self.scanning || marker == markers::SOS;
                    file.get(contents.clone())?;
                    return Some(Step::Segment(marker, contents));
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
