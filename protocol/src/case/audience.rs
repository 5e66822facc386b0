//! To whom a message of a case goes, and who gets only the fact of it.

use serde::{Deserialize, Serialize};

use super::{Case, Effect};
use crate::directory::DirectoryAt;
use crate::ids::InstanceId;
use crate::kinds::Body;
use crate::message::Message;

/// Why an item comes without its envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// The recipient wrote it and holds the bytes.
    Own,
    /// The recipient is a party but may not read it; it never affects the fold.
    NotEntitled,
    /// The recipient wrote it and is no party: it learns the ruling and nothing else.
    RulingOnly,
}

/// How a message is shared with one who gets an item for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Whole,
    /// Whole, to a former party, and without what it missed since it left.
    Alone,
    Without(Withheld),
}

impl Share {
    /// Why the item comes without its envelope, if it does.
    pub fn withheld(self) -> Option<Withheld> {
        match self {
            Self::Whole | Self::Alone => None,
            Self::Without(why) => Some(why),
        }
    }

    /// Whether the item goes on with the recipient's copy of the case, which
    /// then has all that came before it.
    pub fn continues(self) -> bool {
        !matches!(self, Self::Alone | Self::Without(Withheld::RulingOnly))
    }
}

/// Everyone who gets an item for this message: the parties before and after
/// it, and its author; of an erasure also everyone who ever was a party. A
/// duplicate concerns its author alone: the parties have had the first, and a
/// duplicate has no place in the case.
pub fn audience(
    message: &Message,
    effect: Effect,
    before: Option<&Case>,
    after: Option<&Case>,
    world: DirectoryAt<'_>,
) -> Vec<(InstanceId, Share)> {
    if effect == Effect::Duplicate {
        let party = before.is_some_and(|case| case.is_party(&message.header.author, world));
        let why = if party {
            Withheld::Own
        } else {
            Withheld::RulingOnly
        };
        return vec![(message.header.author.clone(), Share::Without(why))];
    }
    let mut recipients = before.map(|case| case.parties(world)).unwrap_or_default();
    if let Some(after) = after {
        recipients.extend(after.parties(world));
    }
    let author = &message.header.author;
    let known = before.or(after);
    let author_is_party = recipients.contains(author);
    let mut former = known
        .filter(|_| reaches_former(message, effect))
        .map(|case| case.ever_party.clone())
        .unwrap_or_default();
    former.retain(|instance| instance != author && !recipients.contains(instance));
    let mut out: Vec<_> = recipients
        .into_iter()
        .map(|recipient| {
            // A party that this message brings in reads it in its new role.
            let case = after
                .filter(|after| after.is_party(&recipient, world))
                .or(known);
            let share = case.map_or(Share::Without(Withheld::RulingOnly), |case| {
                entitlement(message, effect, &recipient, case, world)
            });
            (recipient, share)
        })
        .collect();
    out.extend(former.into_iter().map(|instance| (instance, Share::Alone)));
    if !author_is_party {
        out.push((author.clone(), Share::Without(Withheld::RulingOnly)));
    }
    out
}

/// Whether this message goes to everyone who ever was a party of its case:
/// whoever has had the words must hear that they are to be forgotten.
pub fn reaches_former(message: &Message, effect: Effect) -> bool {
    effect == Effect::Applied && matches!(message.body, Ok(Body::CaseRedacted(_)))
}

/// What one party of a case gets of one of its messages.
pub fn entitlement(
    message: &Message,
    effect: Effect,
    recipient: &InstanceId,
    case: &Case,
    world: DirectoryAt<'_>,
) -> Share {
    let author = &message.header.author;
    if author == recipient {
        return Share::Without(Withheld::Own);
    }
    let entitled = match &message.body {
        Ok(Body::IdentityRequested(_)) => *recipient == case.origin,
        Ok(Body::IdentityDisclosed(answer)) => answer.requester == *recipient,
        Ok(Body::IdentityRefused(answer)) => answer.requester == *recipient,
        Ok(Body::CaseNoted(_)) => case.is_desk_side(recipient, world),
        Ok(_) => true,
        // What cannot be read cannot be told apart from a note or an identity.
        Err(_) => false,
    };
    // Words of someone who has no role here are evidence at the hub, not mail for the parties.
    let stranger = effect != Effect::Applied && !case.ever_party.contains(author);
    if entitled && !stranger {
        Share::Whole
    } else {
        Share::Without(Withheld::NotEntitled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_withheld_says_why() {
        for why in [Withheld::Own, Withheld::NotEntitled, Withheld::RulingOnly] {
            assert_eq!(Share::Without(why).withheld(), Some(why));
        }
        for share in [Share::Whole, Share::Alone] {
            assert_eq!(share.withheld(), None);
        }
    }
}
