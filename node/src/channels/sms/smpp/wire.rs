//! Commands on the line, one at a time. One that cannot be taken apart spoils none behind it: its
//! head is read, so that it can be answered, and its bytes are kept.

use std::io;

use bytes::BytesMut;
use rusmpp::Command;
use rusmpp::tokio_codec::CommandCodec;
use tokio_util::codec::{Decoder, Encoder};

const HEAD: usize = 16;
/// Bytes of a command: a text of 64 KiB and what stands around it.
const LONGEST: usize = 66 * 1024;

/// What came over the line.
pub enum Received {
    Command(Box<Command>),
    Unreadable {
        command_id: u32,
        sequence: u32,
        /// All of it.
        pdu: Vec<u8>,
    },
}

#[derive(Default)]
pub struct Wire;

impl Decoder for Wire {
    type Item = Received;
    type Error = io::Error;

    fn decode(&mut self, from: &mut BytesMut) -> io::Result<Option<Received>> {
        if from.len() < HEAD {
            return Ok(None);
        }
        let field = |at: usize| {
            let bytes = [from[at], from[at + 1], from[at + 2], from[at + 3]];
            u32::from_be_bytes(bytes)
        };
        let (length, command_id, sequence) = (field(0) as usize, field(4), field(12));
        if !(HEAD..=LONGEST).contains(&length) {
            let problem = format!("a command of {length} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        if from.len() < length {
            from.reserve(length - from.len());
            return Ok(None);
        }
        let mut pdu = from.split_to(length);
        let whole = pdu.to_vec();
        let read = CommandCodec::new()
            .with_max_length(LONGEST)
            .decode(&mut pdu);
        Ok(Some(match read {
            Ok(Some(command)) => Received::Command(Box::new(command)),
            _ => Received::Unreadable {
                command_id,
                sequence,
                pdu: whole,
            },
        }))
    }
}

impl Encoder<Command> for Wire {
    type Error = io::Error;

    fn encode(&mut self, command: Command, to: &mut BytesMut) -> io::Result<()> {
        let written = CommandCodec::new().encode(command, to);
        written.map_err(io::Error::other)
    }
}
