//! The rules of what stands outside cases: programmes, taxonomy, calendar on
//! the public stream, and key announcements in an author's own chain.

use crate::case::rules::{inapplicable, require, unauthorised};
use crate::case::{Effect, Reason, Ruling, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::Position;
use crate::keys::Verifier;
use crate::kinds::{Body, BodyError, KeyAnnounced};
use crate::message::{Header, Message};

/// The ruling of a message that is about no case. `published` says whether
/// the author has published the programme that the message names.
pub fn rule_public(
    message: &Message,
    seen: bool,
    published: bool,
    world: DirectoryAt<'_>,
) -> Ruling {
    let header = &message.header;
    match &message.body {
        Err(BodyError::Kind(_)) => Ruling {
            effect: Effect::Malformed,
            reason: Some(Reason::KindUnknown),
        },
        Ok(_) if seen => Ruling {
            effect: Effect::Duplicate,
            reason: None,
        },
        Ok(Body::ProgrammePublished(_)) => Ruling::APPLIED,
        Ok(Body::ProgrammeProgressed(_)) => {
            require(published, inapplicable(Reason::NotPublished)).into()
        }
        Ok(Body::TaxonomyUpdated(_) | Body::CalendarUpdated(_)) => {
            let desk = world.desk().is_some_and(|desk| desk.id == header.author);
            require(desk, unauthorised(Reason::NotDesk)).into()
        }
        Ok(Body::KeyAnnounced(announced)) => judge_key(announced, header, world).into(),
        // A kind about a case has no place here.
        Err(_) | Ok(_) => Ruling {
            effect: Effect::Malformed,
            reason: Some(Reason::BodyInvalid),
        },
    }
}

/// The slug of the programme that a message needs to be published already.
pub fn needs_programme(body: &Body) -> Option<&str> {
    match body {
        Body::ProgrammeProgressed(progress) => Some(&progress.slug),
        _ => None,
    }
}

fn judge_key(announced: &KeyAnnounced, header: &Header, world: DirectoryAt<'_>) -> Verdict {
    let entry = world.instance(&header.author);
    let identity = entry
        .and_then(|entry| entry.identity.as_ref())
        .and_then(|jwk| Verifier::from_jwk(jwk).ok())
        .ok_or(unauthorised(Reason::KeyNotCertified))?;
    let certified = announced.key.check(&identity, &header.author).is_ok();
    require(certified, unauthorised(Reason::KeyNotCertified))?;
    let next = Position {
        epoch: header.epoch,
        seq: header.seq + 1,
    };
    let fresh = announced.key.valid_from == next && announced.key.valid_to.is_none();
    require(fresh, inapplicable(Reason::KeyPosition))?;
    let taken = entry.is_some_and(|entry| entry.has_key(&announced.key.jwk.kid));
    require(!taken, inapplicable(Reason::KeyTaken))
}
