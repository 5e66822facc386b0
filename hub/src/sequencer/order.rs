//! Gives one message its place: ruled by the functions of the protocol,
//! folded, and told to whom it concerns. All in memory; what it needs has been
//! fetched before.

use std::collections::BTreeSet;
use std::sync::Arc;

use lapor_protocol::case::{Case, Effect, Ruling, Share, Withheld, audience, entitlement, rule};
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId};
use lapor_protocol::kinds::{Body, Scope};
use lapor_protocol::message::Attachment;
use lapor_protocol::public::{needs_programme, rule_public};
use lapor_protocol::seal::Subject;

use super::verify::Incoming;
use super::working::{Told, Working};
use crate::casefile::{CaseFile, Entry, Past, holders, settle};
use crate::directory::Amendment;
use crate::epochs::replace_key;
use crate::error::HubError;
use crate::pictures;
use crate::store::blobs::{Announced, Owner};
use crate::store::envelopes::NewEnvelope;
use crate::store::rulings::NewRuling;
use crate::store::wraps::NewWrap;
use crate::streams::StreamKey;

impl Working {
    /// Orders a message that continues its author's chain.
    pub fn order(&mut self, incoming: &Incoming) -> Result<(), HubError> {
        self.number += 1;
        let header = &incoming.message.header;
        match header.case {
            Some(case) => self.order_in_case(incoming, case)?,
            None => self.order_outside(incoming)?,
        }
        self.seen
            .entry((header.author.clone(), header.id))
            .or_insert(incoming.id);
        self.rows.envelopes.push(NewEnvelope {
            number: self.number,
            id: incoming.id,
            author: header.author.clone(),
            epoch: header.epoch,
            seq: header.seq,
            message_id: header.id,
            case: header.case,
            kind: header.kind.clone(),
            kept: incoming.kept.clone(),
            trace: incoming.trace.clone().map(String::from),
            accepted_at: self.ordered_at,
        });
        Ok(())
    }

    fn order_in_case(&mut self, incoming: &Incoming, case: CaseId) -> Result<(), HubError> {
        let directory = Arc::clone(&self.directory);
        let world = directory.latest();
        let message = &incoming.message;
        let first = self.first(incoming);
        let other = message.body.as_ref().ok().and_then(Body::other_case);
        let ruling = rule(
            message,
            first.is_some(),
            self.case(case),
            other.and_then(|other| self.case(other)),
            world,
        );
        let outside = self.case(case).is_none() && !ruling.applied();
        if outside || ruling.effect == Effect::Duplicate {
            let recipients = audience(message, ruling.effect, self.case(case), None, world);
            self.rule_unplaced(incoming, ruling);
            let mut told = self.told(incoming, ruling);
            told.first = first.filter(|_| ruling.effect == Effect::Duplicate);
            for (recipient, share) in recipients {
                self.tell(StreamKey::Inbox(recipient), &told, share);
            }
            return Ok(());
        }
        self.enter(incoming, 0, case, ruling, world)?;
        if let Some(other) = other.filter(|_| ruling.applied()) {
            self.enter(incoming, 1, other, ruling, world)?;
        }
        self.keep_beside(incoming, ruling, world);
        Ok(())
    }

    /// Puts a ruled message into one case and tells those whom it concerns;
    /// whoever becomes a party hears first what came before, a former one not
    /// what it missed.
    fn enter(
        &mut self,
        incoming: &Incoming,
        leg: i64,
        case: CaseId,
        ruling: Ruling,
        world: DirectoryAt<'_>,
    ) -> Result<(), HubError> {
        let message = &incoming.message;
        let file = self.cases.remove(&case);
        let case_seq = file.as_ref().map_or(1, |file| file.last() + 1);
        let entry = Entry {
            case,
            case_seq,
            message,
            ruling,
            ordered_at: self.ordered_at,
            world,
        };
        let outcome = settle(entry, file.as_ref().map(|file| &file.case))?;
        let mut told = self.told(incoming, ruling);
        told.case = Some(case);
        told.case_seq = Some(case_seq);
        for (recipient, share) in &outcome.recipients {
            if let Some(file) = &file
                && share.continues()
            {
                let shown = outcome.after.as_ref().unwrap_or(&file.case);
                self.catch_up(recipient, file, shown, world);
            }
            self.tell(StreamKey::Inbox(recipient.clone()), &told, *share);
        }
        self.rows.rulings.push(NewRuling {
            leg,
            case: Some(case),
            case_seq: Some(case_seq),
            ..self.ruling(ruling)
        });
        let past = Past {
            number: self.number,
            id: incoming.id,
            message: Arc::clone(message),
            ruling,
            directory: world.version(),
            ordered_at: self.ordered_at,
        };
        let holders = holders(&outcome.recipients);
        let file = CaseFile::extended(file, past, outcome.after, holders);
        let file = file.ok_or_else(|| HubError::damaged("a refused message opened a case"))?;
        self.cases.insert(case, file);
        Ok(())
    }

    /// Tells a party what of a case it has not been sent.
    fn catch_up(
        &mut self,
        recipient: &InstanceId,
        file: &CaseFile,
        shown: &Case,
        world: DirectoryAt<'_>,
    ) {
        let sent = file.sent.get(recipient).copied().unwrap_or(0);
        for (past, case_seq) in file.past.iter().zip(1..).skip(sent as usize) {
            let (message, effect) = (&past.message, past.ruling.effect);
            let share = entitlement(message, effect, recipient, shown, world);
            let told = Told::past(shown.id, case_seq, past);
            self.tell(StreamKey::Inbox(recipient.clone()), &told, share);
        }
    }

    /// Wraps, attachments and erasure that come with a message of a case.
    fn keep_beside(&mut self, incoming: &Incoming, ruling: Ruling, world: DirectoryAt<'_>) {
        let (header, Ok(body)) = (&incoming.message.header, &incoming.message.body) else {
            return;
        };
        let Some(words_case) = body.words_case(header) else {
            return;
        };
        let forgotten = |case: Option<&Case>| case.is_none_or(|c| c.redacted);
        if !forgotten(self.case(words_case)) {
            let announced = |a: &Attachment| Announced {
                sha256: a.sha256,
                number: self.number,
                of: Owner::Case(words_case),
                author: header.author.clone(),
                size: a.size,
            };
            let blobs: Vec<_> = incoming.attachments.iter().map(announced).collect();
            self.rows.blobs.extend(blobs);
        }
        if !ruling.applied() {
            return;
        }
        if let (Body::CaseRedacted(_), Some(case)) = (body, header.case) {
            self.rows.redacted.push(case);
        }
        let (subject, case) = match body {
            Body::IdentityDisclosed(_) => (Subject::Identity(header.id), words_case),
            Body::CaseLinked(link) => (Subject::Case(link.target_case), link.target_case),
            _ => (Subject::Case(words_case), words_case),
        };
        if forgotten(self.case(case)) {
            return;
        }
        let parties = match body {
            Body::IdentityDisclosed(answer) => BTreeSet::from([answer.requester.clone()]),
            _ => self
                .case(case)
                .map(|c| c.parties(world))
                .unwrap_or_default(),
        };
        let wanted = incoming.wraps.iter();
        let wanted = wanted.filter(|wrap| {
            let recipient = world.instance(&wrap.recipient);
            parties.contains(&wrap.recipient) && recipient.is_some_and(|entry| wrap.may_open(entry))
        });
        let wraps: Vec<_> = wanted
            .map(|wrap| NewWrap {
                subject,
                author: header.author.clone(),
                case,
                number: Some(self.number),
                wrap: wrap.clone(),
            })
            .collect();
        self.rows.wraps.extend(wraps);
    }

    /// A message that is about no case.
    fn order_outside(&mut self, incoming: &Incoming) -> Result<(), HubError> {
        let directory = Arc::clone(&self.directory);
        let message = &incoming.message;
        let author = &message.header.author;
        let first = self.first(incoming);
        let slug = message.body.as_ref().ok().and_then(needs_programme);
        let published =
            slug.is_some_and(|slug| self.programmes.contains(&(author.clone(), slug.to_owned())));
        let ruling = rule_public(message, first.is_some(), published, directory.latest());
        self.rule_unplaced(incoming, ruling);
        let mut told = self.told(incoming, ruling);
        told.first = first.filter(|_| ruling.effect == Effect::Duplicate);
        let own = StreamKey::Inbox(author.clone());
        match &message.body {
            Ok(body) if ruling.applied() => {
                if body.scope() == Scope::Public {
                    self.tell(StreamKey::Public, &told, Share::Whole);
                }
                self.tell(own, &told, Share::Without(Withheld::Own));
                self.take_effect(incoming, body)
            }
            _ => {
                self.tell(own, &told, Share::Without(Withheld::RulingOnly));
                Ok(())
            }
        }
    }

    /// What an applied message outside cases changes at the hub.
    fn take_effect(&mut self, incoming: &Incoming, body: &Body) -> Result<(), HubError> {
        let header = &incoming.message.header;
        let mut amendment = Amendment::default();
        match body {
            Body::ProgrammePublished(programme) => {
                let key = (header.author.clone(), programme.slug.clone());
                self.programmes.insert(key.clone());
                self.rows.programmes.push((key, self.number));
                let pictures = pictures::announced(self.number, &header.author, programme);
                self.rows.blobs.extend(pictures);
                return Ok(());
            }
            Body::TaxonomyUpdated(update) => amendment.taxonomy = Some(update.edition.clone()),
            Body::CalendarUpdated(update) => amendment.calendar = Some(update.edition.clone()),
            Body::KeyAnnounced(announced) => {
                let entry = self.directory.latest().instance(&header.author).cloned();
                let mut entry =
                    entry.ok_or_else(|| HubError::damaged("an author is not in the directory"))?;
                replace_key(&mut entry, &announced.key, header.position());
                amendment.entries.push(entry);
            }
            _ => return Ok(()),
        }
        self.publish(amendment)
    }

    fn rule_unplaced(&mut self, incoming: &Incoming, ruling: Ruling) {
        let duplicate = ruling.effect == Effect::Duplicate;
        let row = NewRuling {
            case: incoming.message.header.case,
            first: self.first(incoming).filter(|_| duplicate),
            ..self.ruling(ruling)
        };
        self.rows.rulings.push(row);
    }

    fn ruling(&self, ruling: Ruling) -> NewRuling {
        NewRuling {
            number: self.number,
            leg: 0,
            case: None,
            case_seq: None,
            ruling,
            first: None,
            directory: self.directory.version(),
            ordered_at: self.ordered_at,
        }
    }

    fn told<'a>(&self, incoming: &'a Incoming, ruling: Ruling) -> Told<'a> {
        Told {
            number: self.number,
            case: incoming.message.header.case,
            case_seq: None,
            kind: &incoming.message.header.kind,
            id: incoming.id,
            ruling,
            first: None,
            directory: self.directory.version(),
            ordered_at: self.ordered_at,
        }
    }

    /// The envelope in which this message came first, if it came before.
    fn first(&self, incoming: &Incoming) -> Option<EnvelopeId> {
        let header = &incoming.message.header;
        self.seen.get(&(header.author.clone(), header.id)).copied()
    }
}
