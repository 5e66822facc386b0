//! The header that stands before some texts (3GPP TS 23.040, 9.2.3.24): of which message it is a
//! part, and whether it is for a program of the telephone and nobody's words.

/// Elements of a reference of one byte, and of two.
const REFERENCE: u8 = 0x00;
const LONG_REFERENCE: u8 = 0x08;
/// Elements that name a program.
const PORT: u8 = 0x04;
const LONG_PORT: u8 = 0x05;

/// What a header says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Reference, number of parts, and which of them it is.
    pub part: Option<(u16, u8, u8)>,
    pub is_for_a_program: bool,
}

impl Header {
    /// Reads it, and what stands behind it. A length that leads beyond the end leaves nothing.
    pub fn read(payload: &[u8]) -> (Self, &[u8]) {
        let mut header = Self::default();
        let Some((length, behind)) = payload.split_first() else {
            return (header, payload);
        };
        let (mut elements, text) = behind.split_at(behind.len().min(usize::from(*length)));
        while let [kind, length, rest @ ..] = elements {
            let (value, others) = rest.split_at(rest.len().min(usize::from(*length)));
            match (*kind, value) {
                (REFERENCE, [reference, total, place]) => {
                    header.part = Some((u16::from(*reference), *total, *place));
                }
                (LONG_REFERENCE, [high, low, total, place]) => {
                    header.part = Some((u16::from_be_bytes([*high, *low]), *total, *place));
                }
                (PORT | LONG_PORT, _) => header.is_for_a_program = true,
                _ => {}
            }
            elements = others;
        }
        (header, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_which_part_a_text_is() {
        let part = |part| Header {
            part,
            is_for_a_program: false,
        };
        let program = Header {
            part: Some((7, 3, 1)),
            is_for_a_program: true,
        };
        for (payload, header, text) in [
            (
                &b"\x05\x00\x03\xcc\x02\x01ab"[..],
                part(Some((0xcc, 2, 1))),
                &b"ab"[..],
            ),
            (
                b"\x06\x08\x04\x12\x34\x03\x02c",
                part(Some((0x1234, 3, 2))),
                b"c",
            ),
            (
                b"\x0b\x05\x04\x23\xf4\x00\x00\x00\x03\x07\x03\x01BEGIN",
                program,
                b"BEGIN",
            ),
            (b"\x03\x24\x01\x01kata", part(None), b"kata"),
            (b"\x00kata", part(None), b"kata"),
            (b"\xff\x00\x03\x01", part(None), b""),
            (b"", part(None), b""),
        ] {
            assert_eq!(Header::read(payload), (header, text), "{payload:?}");
        }
    }
}
