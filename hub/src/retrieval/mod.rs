//! `POST /recovery`: what members bring back to a hub that has lost what it
//! signed for.
//!
//! Nothing is kept on anybody's word. A member shows what the hub has signed,
//! and brings what leads there from its end on: each line must be the very one
//! whose hash the line before named, down to what the hub holds. What was
//! brought gets its place in the record all at once, by the sequencer.

mod wanted;

use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::delivery::{Cursor, Item};
use lapor_protocol::directory::{Directory, DirectoryError};
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::{Digest, EnvelopeId, InstanceId};
use lapor_protocol::keys::Verifier;
use lapor_protocol::limits::WRAPS;
use lapor_protocol::message::Message;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::{Receipt, Stream};
use lapor_protocol::recovery::{RecoveryAnswer, RecoveryLine, Wanted};
use lapor_protocol::wire::read_object;
use serde_json::value::RawValue;

use crate::app::Hub;
use crate::error::{HubError, Refusal};
use crate::sequencer::split;
use crate::store;
use crate::store::retrieved::{Brought, Place};
use crate::streams::StreamKey;
use crate::witness::{Conflict, Part};
use wanted::{Claims, Next};

/// One request in the transaction that takes it in.
struct Taking<'a> {
    peer: &'a InstanceId,
    directory: Arc<Directory>,
    claims: Claims,
    version: Next,
    inbox: Next,
    public: Next,
    chain: Next,
    brought: Brought,
}

/// Takes in what a member brings, and says what is wanted of it next. `shown`
/// is what it shows in `Lapor-Seen`.
pub async fn accept(
    hub: &Hub,
    peer: &InstanceId,
    shown: &[Envelope],
    body: &[u8],
) -> Result<RecoveryAnswer, HubError> {
    let lines = if body.is_empty() {
        Vec::new()
    } else {
        split(body)?
    };
    let ground = &hub.ground;
    let mut tx = ground.db.write().await?;
    let lost = store::state::read(&mut tx, store::state::LOSS).await?;
    if lost.is_none() {
        return Err(Code::NotFound.into());
    }
    let directory = ground.directory.refresh(&mut tx).await?;
    let mut taking = Taking::begin(&mut tx, peer, directory, shown).await?;
    for range in lines {
        let line = read_object(&body[range]).map_err(|error| malformed(error.to_string()))?;
        taking.take(&mut tx, &line).await?;
        if matches!(taking.version, Next::Conflict(_)) {
            break;
        }
    }
    if taking.brought.versions > 0 && !matches!(taking.version, Next::Conflict(_)) {
        // What is shown may be signed by a key of theirs.
        taking.look(&mut tx, shown).await?;
    }
    let answer = taking.answer();
    taking.brought.whole = i64::from(answer.whole);
    let conflict = taking.conflict();
    let noted = conflict.as_ref().map(serde_json::to_string).transpose();
    taking.brought.conflict = noted.map_err(HubError::damaged)?;
    store::retrieved::note_member(&mut tx, &taking.brought).await?;
    tx.commit().await?;
    ground.directory.adopt(&taking.directory);
    hub.witness.stir();
    match conflict {
        // The rest of what it holds is wanted all the same.
        Some(what) if !taking.wants() => {
            Err(HubError::refused(Code::ForkDetected, what.to_string()))
        }
        _ => Ok(answer),
    }
}

impl<'a> Taking<'a> {
    async fn begin(
        tx: &mut Tx,
        peer: &'a InstanceId,
        directory: Arc<Directory>,
        shown: &[Envelope],
    ) -> Result<Self, HubError> {
        let mut taking = Self {
            peer,
            directory,
            claims: Claims::default(),
            version: Next::Nothing,
            inbox: Next::Nothing,
            public: Next::Nothing,
            chain: Next::Nothing,
            brought: Brought {
                member: peer.to_string(),
                ..Brought::default()
            },
        };
        taking.look(tx, shown).await?;
        Ok(taking)
    }

    /// Where what this member shows begins to be missing.
    async fn look(&mut self, tx: &mut Tx, shown: &[Envelope]) -> Result<(), HubError> {
        self.claims = Claims::of(&self.directory, self.peer, shown);
        if let Some((version, id)) = self.claims.directory {
            self.version = wanted::of_directory(tx, &self.directory, version, id).await?;
        }
        if !matches!(self.version, Next::Nothing) {
            return Ok(());
        }
        let own = StreamKey::Inbox(self.peer.clone());
        if let Some(end) = self.claims.inbox {
            self.inbox = wanted::of_stream(tx, &own, end).await?;
        }
        if let Some(end) = self.claims.public {
            self.public = wanted::of_stream(tx, &StreamKey::Public, end).await?;
        }
        if let Some(end) = self.claims.chain {
            self.chain = wanted::of_chain(tx, &self.directory, self.peer, end).await?;
        }
        Ok(())
    }

    async fn take(&mut self, tx: &mut Tx, line: &RecoveryLine<'_>) -> Result<(), HubError> {
        let beside_item = line.stream.is_some() || line.envelope.is_some();
        match (line.directory, line.receipt, line.own, line.item) {
            (Some(raw), None, None, None) if !beside_item && line.wraps.is_empty() => {
                self.take_version(tx, raw).await
            }
            (None, Some(raw), None, None) if !beside_item && line.wraps.is_empty() => {
                self.take_receipt(tx, raw).await
            }
            (None, None, Some(raw), None) if !beside_item && line.wraps.len() <= WRAPS => {
                self.take_own(tx, raw, line).await
            }
            (None, None, None, Some(raw)) if line.wraps.is_empty() => {
                self.take_item(tx, raw, line).await
            }
            _ => Err(malformed(
                "a line is a version, a receipt, an own message or an item",
            )),
        }
    }

    /// The version after the last one that the hub holds.
    async fn take_version(&mut self, tx: &mut Tx, raw: &RawValue) -> Result<(), HubError> {
        let envelope = read(raw)?;
        let mut directory = Directory::clone(&self.directory);
        let stated = match directory.apply(&envelope) {
            Ok(stated) => stated,
            // Signed by the hub, behind another one than the one that is here.
            Err(DirectoryError::Previous(number)) => {
                self.version = Next::Conflict(wanted::version(number, envelope.id()));
                return Ok(());
            }
            Err(error) => return Err(unfit(&error)),
        };
        store::directory::insert(tx, stated.version, raw.get()).await?;
        self.directory = Arc::new(directory);
        self.brought.versions += 1;
        Ok(())
    }

    async fn take_receipt(&mut self, tx: &mut Tx, raw: &RawValue) -> Result<(), HubError> {
        let envelope = read(raw)?;
        let key = self.directory.any_hub_key(&envelope.kid);
        let key = key.ok_or(Code::KeyUnknown)?;
        let receipt = Receipt::open(&envelope, key)
            .map_err(|error| HubError::refused(Code::SignatureInvalid, error.to_string()))?;
        if receipt.author != *self.peer {
            return Err(Code::AuthorMismatch.into());
        }
        Ok(store::retrieved::add_receipt(tx, &receipt, raw.get()).await?)
    }

    /// The message of the caller's chain that is wanted.
    async fn take_own(
        &mut self,
        tx: &mut Tx,
        raw: &RawValue,
        line: &RecoveryLine<'_>,
    ) -> Result<(), HubError> {
        if matches!(self.chain, Next::Done) {
            return Ok(());
        }
        let want = self.wanted(self.chain)?;
        let envelope = read(raw)?;
        if envelope.id() != want.id {
            return Err(other(want));
        }
        let place = judge(&self.directory, &envelope)?;
        let wraps = serde_json::to_string(&line.wraps).map_err(HubError::damaged)?;
        store::retrieved::add_envelope(tx, &place, raw.get(), Some(&wraps)).await?;
        self.brought.messages += 1;
        let end = (want.epoch, want.number, want.id);
        let next = wanted::of_chain(tx, &self.directory, self.peer, end).await?;
        self.chain = next.advanced();
        Ok(())
    }

    /// The item that is wanted, and its message.
    async fn take_item(
        &mut self,
        tx: &mut Tx,
        raw: &RawValue,
        line: &RecoveryLine<'_>,
    ) -> Result<(), HubError> {
        let (to, next) = match line.stream {
            Some(Stream::Inbox) => (StreamKey::Inbox(self.peer.clone()), self.inbox),
            Some(Stream::Public) => (StreamKey::Public, self.public),
            None => return Err(malformed("an item without its stream")),
        };
        if matches!(next, Next::Done) {
            return Ok(());
        }
        let want = self.wanted(next)?;
        let text = raw.get();
        if Digest::of(text.as_bytes()) != want.id {
            return Err(other(want));
        }
        let item: Item = serde_json::from_str(text).map_err(|e| malformed(e.to_string()))?;
        let at = Cursor {
            depoch: item.depoch,
            dseq: item.dseq,
            hash: want.id,
        };
        let is_bare = matches!(to, StreamKey::Public) && line.envelope.is_none();
        if is_bare && !self.takes_part() && !has_message(tx, item.envelope_id).await? {
            // Others would wait for a message that it keeps to itself, and of whom such an item is stands
            // nowhere.
            self.public = Next::Done;
            return Ok(());
        }
        store::retrieved::add_item(tx, &to, at, text).await?;
        if let Some(raw) = line.envelope {
            let envelope = read(raw)?;
            if envelope.id() != item.envelope_id {
                return Err(malformed("an item with another message"));
            }
            let place = judge(&self.directory, &envelope)?;
            store::retrieved::add_envelope(tx, &place, raw.get(), None).await?;
        }
        self.brought.items += 1;
        let next = wanted::of_stream(tx, &to, at).await?.advanced();
        match to {
            StreamKey::Public => self.public = next,
            StreamKey::Inbox(_) => self.inbox = next,
        }
        Ok(())
    }

    fn takes_part(&self) -> bool {
        self.directory.latest().is_active(self.peer)
    }

    /// What is wanted there; nothing else may come.
    fn wanted(&self, next: Next) -> Result<Wanted, HubError> {
        match next {
            Next::Wanted(wanted) => Ok(wanted),
            _ => Err(Refusal::of(Code::SequenceGap)
                .expecting(self.answer())
                .into()),
        }
    }

    /// Whether anything is wanted next.
    fn wants(&self) -> bool {
        let parts = [self.inbox, self.public, self.chain];
        let any = parts.iter().any(|next| matches!(next, Next::Wanted(_)));
        match self.version {
            Next::Nothing | Next::Done => any,
            Next::Wanted(_) => true,
            Next::Conflict(_) => false,
        }
    }

    fn answer(&self) -> RecoveryAnswer {
        let parts = [self.version, self.inbox, self.public, self.chain];
        let all = parts.iter().all(|next| next.is_whole());
        let whole = all && !self.claims.unread;
        RecoveryAnswer {
            directory: self.directory.version(),
            inbox: self.inbox.wanted(),
            public: self.public.wanted(),
            chain: self.chain.wanted(),
            whole,
        }
    }

    /// What of this member contradicts the record: the hub has given its place to something else.
    fn conflict(&self) -> Option<Conflict> {
        let parts = [
            (self.version, Part::Directory),
            (self.inbox, Part::Inbox),
            (self.public, Part::Public),
            (self.chain, Part::Chain),
        ];
        parts.into_iter().find_map(|(next, of)| match next {
            Next::Conflict(at) => Some(Conflict {
                of,
                epoch: if of == Part::Directory { 0 } else { at.epoch },
                number: at.number,
            }),
            _ => None,
        })
    }
}

/// Whether a message stands in the record, or was brought.
async fn has_message(tx: &mut Tx, id: EnvelopeId) -> Result<bool, HubError> {
    Ok(store::envelopes::is_here(tx, id).await? || store::retrieved::line(tx, id).await?.is_some())
}

/// Whether a message is its author's, by the key that was valid at its place.
fn judge(directory: &Directory, envelope: &Envelope) -> Result<Place, HubError> {
    let message = Message::parse(&envelope.payload)
        .map_err(|error| HubError::refused(Code::HeaderInvalid, error.to_string()))?;
    let header = &message.header;
    let entry = directory.latest().instance(&header.author);
    let key = entry.and_then(|entry| entry.signing_key(&envelope.kid, header.position()));
    let key = key.and_then(|key| Verifier::from_jwk(&key.jwk).ok());
    let key = key.ok_or(Code::KeyUnknown)?;
    let id = envelope
        .verified_id(MESSAGE_TYPE, &key)
        .map_err(|error| HubError::refused(Code::SignatureInvalid, error.to_string()))?;
    Ok(Place {
        id,
        author: header.author.clone(),
        epoch: header.epoch,
        seq: header.seq,
        prev: header.prev,
    })
}

fn read(raw: &RawValue) -> Result<Envelope, HubError> {
    Envelope::parse(raw.get().as_bytes()).map_err(|error| malformed(error.to_string()))
}

fn malformed(detail: impl Into<String>) -> HubError {
    HubError::refused(Code::MalformedBatch, detail)
}

/// A version that does not come next, or is not the hub's.
fn unfit(error: &DirectoryError) -> HubError {
    let code = match error {
        DirectoryError::Version { .. } => Code::SequenceGap,
        DirectoryError::Signer(_) => Code::KeyUnknown,
        _ => Code::SignatureInvalid,
    };
    HubError::refused(code, error.to_string())
}

/// A line that is not the one whose hash was named.
fn other(want: Wanted) -> HubError {
    Refusal::of(Code::PreviousMismatch).expecting(want).into()
}

#[cfg(test)]
mod tests {
    use lapor_protocol::keys::Signer;

    use super::*;

    #[test]
    fn a_message_is_taken_by_what_its_header_says_and_by_a_key_of_the_directory() {
        let [hub, author] = [[1; 32], [2; 32]].map(|seed| Signer::from_seed(&seed));
        let directory = Directory::trusting(vec![Verifier::from_jwk(&hub.public()).unwrap()]);
        let header = r#"{"author":"kota-bandung","created_at":1,"epoch":1,
            "id":"00000000-0000-7000-8000-000000000000","kind":"case.noted",
            "prev":"0000000000000000000000000000000000000000000000000000000000000000",
            "seq":1,"v":1,"body":{}}"#;
        for (payload, expected) in [("{}", Code::HeaderInvalid), (header, Code::KeyUnknown)] {
            let envelope = Envelope::sign(MESSAGE_TYPE, payload.into(), &author);
            let said = judge(&directory, &envelope).map(|place| place.id);
            assert_eq!(said.unwrap_err().code(), expected, "{payload}");
        }
    }
}
