//! Why what members have brought back does not get its places: by kind, with what is missing or
//! does not fit. Nothing of it is in the record then.

use lapor_protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What keeps the record from being whole again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Stuck {
    /// Members were told of messages that nobody but their authors has.
    #[error(
        "{messages} messages of which members were told are with their authors only, the first {of_kind} {first}"
    )]
    Withheld {
        messages: usize,
        /// The kind of the first of them.
        of_kind: String,
        /// Its envelope id.
        first: String,
    },
    #[error("two messages of {author} follow one")]
    Forked {
        #[schema(value_type = String)]
        author: InstanceId,
    },
    /// Messages do not continue what is here; the place is that of one of them.
    #[error(
        "{messages} messages do not continue what is here, one of them {epoch}.{seq} of {author}"
    )]
    Apart {
        messages: usize,
        epoch: u32,
        seq: u64,
        #[schema(value_type = String)]
        author: InstanceId,
    },
    /// Messages lead to something else than what members were told; the place is that of the first.
    #[error(
        "{messages} messages do not fit what members were told, the first {epoch}.{seq} of {author}"
    )]
    Unfit {
        messages: usize,
        epoch: u32,
        seq: u64,
        #[schema(value_type = String)]
        author: InstanceId,
    },
    /// Nothing leads to an item that members hold.
    #[error("no message leads to item {item} of stream {}", .whose.as_deref().unwrap_or("public"))]
    Short {
        item: u64,
        /// Whose inbox it is; `None` of the public stream.
        whose: Option<String>,
    },
    /// The directory counts more messages of an author than have come.
    #[error(
        "messages of {author} behind {epoch}.{seq} are not here, and the directory counts more"
    )]
    Behind {
        #[schema(value_type = String)]
        author: InstanceId,
        epoch: u32,
        seq: u64,
    },
}

impl Stuck {
    /// Of what was noted; `None` where a program of before noted it in its own words.
    pub(crate) fn noted(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_kept_by_kind_and_said_as_it_always_was() {
        let author: InstanceId = "kota-bandung".parse().unwrap();
        for (stuck, said) in [
            (
                Stuck::Withheld {
                    messages: 2,
                    of_kind: "case.noted".to_owned(),
                    first: "0a1b".to_owned(),
                },
                "2 messages of which members were told are with their authors only, the first \
                 case.noted 0a1b",
            ),
            (
                Stuck::Forked {
                    author: author.clone(),
                },
                "two messages of kota-bandung follow one",
            ),
            (
                Stuck::Unfit {
                    messages: 1,
                    epoch: 1,
                    seq: 7,
                    author: author.clone(),
                },
                "1 messages do not fit what members were told, the first 1.7 of kota-bandung",
            ),
            (
                Stuck::Short {
                    item: 9,
                    whose: None,
                },
                "no message leads to item 9 of stream public",
            ),
            (
                Stuck::Behind {
                    author,
                    epoch: 2,
                    seq: 3,
                },
                "messages of kota-bandung behind 2.3 are not here, and the directory counts more",
            ),
        ] {
            assert_eq!(stuck.to_string(), said);
            let kept = serde_json::to_string(&stuck).unwrap();
            assert_eq!(Stuck::noted(&kept), Some(stuck));
            assert_eq!(Stuck::noted(said), None);
        }
    }
}
