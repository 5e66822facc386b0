//! What members bring back to a hub that was restored from a backup too old,
//! with `POST /recovery`.
//!
//! Everything is brought from its end on: the hub names the hash of the one
//! thing that it wants next, so that each line is proved the moment it comes
//! and nothing else is ever kept.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::ids::Digest;
use crate::receipt::Stream;
use crate::seal::Wrap;

/// One line of `POST /recovery`: a version of the directory, a receipt, an own
/// message or an item of a stream, and what stands beside it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryLine<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<&'a RawValue>,
    /// A message of the caller's own chain.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub own: Option<&'a RawValue>,
    /// Beside an own message, for those whom it makes parties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wraps: Vec<Wrap>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub item: Option<&'a RawValue>,
    /// Beside an item: the stream in which it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
    /// Beside an item: its message, where the caller was sent it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<&'a RawValue>,
}

/// The one thing of a stream or a chain that the hub wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Generation of a stream, epoch of a chain.
    pub epoch: u32,
    /// `dseq` of an item, `seq` of a message.
    pub number: u64,
    /// SHA-256 of the item's bytes, envelope id of the message.
    pub id: Digest,
}

/// The answer to `POST /recovery`: what the hub wants next of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryAnswer {
    /// The latest version of the directory that the hub holds; nothing else is
    /// wanted before it holds the one that the caller has shown.
    pub directory: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox: Option<Wanted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<Wanted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Wanted>,
    /// Nothing is wanted of the caller any more: it waits until the others are heard.
    pub whole: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::read_object;

    #[test]
    fn what_is_wanted_is_told_as_the_contract_says() {
        let answer = RecoveryAnswer {
            directory: 17,
            inbox: Some(Wanted {
                epoch: 1,
                number: 4021,
                id: Digest::ZERO,
            }),
            public: None,
            chain: None,
            whole: false,
        };
        let text = serde_json::to_string(&answer).unwrap();
        let zeros = "0".repeat(64);
        let expected = format!(
            r#"{{"directory":17,"inbox":{{"epoch":1,"number":4021,"id":"{zeros}"}},"whole":false}}"#
        );
        assert_eq!(text, expected);
        assert_eq!(
            serde_json::from_str::<RecoveryAnswer>(&text).unwrap(),
            answer
        );
    }

    #[test]
    fn a_line_keeps_its_bytes_and_takes_no_other_member() {
        let text = br#"{"stream":"inbox","item":{"dseq": 2},"envelope":{"payload" : ""}}"#;
        let line: RecoveryLine<'_> = read_object(text).unwrap();
        assert_eq!(line.stream, Some(Stream::Inbox));
        assert_eq!(line.item.unwrap().get(), r#"{"dseq": 2}"#);
        assert_eq!(line.envelope.unwrap().get(), r#"{"payload" : ""}"#);
        for other in [&br#"{"item":{},"trace":"x"}"#[..], b"[]", b"{"] {
            assert!(read_object::<RecoveryLine<'_>>(other).is_err());
        }
    }
}
