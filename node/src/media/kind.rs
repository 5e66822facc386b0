//! What a file is, by its first bytes, and which kinds a door lets in.

use super::Refused;

/// Bytes from the beginning that tell what a file is.
pub(super) const HEAD_BYTES: usize = 8 * 1024;

/// Through which door a file comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The public's: pictures, PDF and video.
    Public,
    /// The institution's own people and programs: documents of an office and
    /// plain text as well.
    Staff,
}

impl Door {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Staff => "staff",
        }
    }
}

/// How a kind of file is freed of metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cleaning {
    Jpeg,
    Png,
    WebP,
    /// MP4, QuickTime and 3GPP: boxes (ISO/IEC 14496-12).
    Boxes,
    /// WebM: elements (RFC 9559).
    Elements,
    /// PDF: objects (ISO 32000-2).
    Objects,
    /// Goes as it is: it holds no such words, or whoever sends it is told.
    None,
}

/// Media type, cleaning, and whether the public may send it.
const KINDS: &[(&str, Cleaning, bool)] = &[
    ("image/jpeg", Cleaning::Jpeg, true),
    ("image/png", Cleaning::Png, true),
    ("image/webp", Cleaning::WebP, true),
    ("application/pdf", Cleaning::Objects, true),
    ("video/mp4", Cleaning::Boxes, true),
    ("video/quicktime", Cleaning::Boxes, true),
    ("video/webm", Cleaning::Elements, true),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Cleaning::None,
        false,
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Cleaning::None,
        false,
    ),
    (
        "application/vnd.oasis.opendocument.text",
        Cleaning::None,
        false,
    ),
    (
        "application/vnd.oasis.opendocument.spreadsheet",
        Cleaning::None,
        false,
    ),
    ("text/plain", Cleaning::None, false),
];

/// What a file is, if this door lets it in. Text has no signature: it is what
/// reads as UTF-8 without control characters.
pub(super) fn told(head: &[u8], door: Door) -> Result<(&'static str, Cleaning), Refused> {
    let found = infer::get(head).map(|kind| kind.mime_type());
    let found = match found {
        // The same boxes under another brand.
        Some("video/x-m4v" | "video/3gpp") => Some("video/mp4"),
        Some("image/heif" | "image/avif") => return Err(Refused::Heif),
        None if reads_as_text(head) => Some("text/plain"),
        found => found,
    };
    KINDS
        .iter()
        .find(|(media_type, _, public)| {
            Some(*media_type) == found && (*public || door == Door::Staff)
        })
        .map(|(media_type, cleaning, _)| (*media_type, *cleaning))
        .ok_or(Refused::Kind { found, door })
}

fn reads_as_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character may be cut at the end of what was read.
        Err(cut) if cut.error_len().is_none() => {
            std::str::from_utf8(&head[..cut.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty()
        && text
            .chars()
            .all(|c| !c.is_control() || "\n\r\t".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        let cases: [(&[u8], &str); 5] = [
            (b"\xff\xd8\xff\xe0\x00\x10JFIF\0", "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
            (b"%PDF-1.7\n", "application/pdf"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4"),
        ];
        for (head, expected) in cases {
            assert_eq!(told(head, Door::Public).unwrap().0, expected);
        }
    }

    #[test]
    fn the_public_sends_pictures_pdf_and_video_only() {
        for head in [
            &b"#!/bin/sh\nrm"[..],
            b"catatan rapat",
            b"MZ\x90\0",
            b"<html><script>",
            b"<svg",
        ] {
            let refused = told(head, Door::Public);
            assert!(matches!(refused, Err(Refused::Kind { .. })), "{refused:?}");
        }
        assert_eq!(
            told("catatan rapat — é".as_bytes(), Door::Staff).unwrap().0,
            "text/plain"
        );
        assert!(told(b"MZ\x90\0\x03", Door::Staff).is_err());
        assert!(told(b"\x7fELF\x02\x01\x01", Door::Staff).is_err());
    }

    #[test]
    fn text_that_ends_in_the_middle_of_a_character_is_text() {
        let cut = &"jalan é".as_bytes()[..7];
        assert!(reads_as_text(cut));
        assert!(!reads_as_text(b"jalan \xff rusak"));
        assert!(!reads_as_text(b"nul \0"));
    }
}
