//! Requests that may come twice: a phone or an application that does not know
//! whether its request arrived sends it again under the same key, and gets the
//! first answer.
//!
//! An answer may hold what is told once, so it is kept sealed under the key,
//! and of the key there is only a hash. A database that is stolen opens none.

use lapor_migrations::Tx;
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_protocol::seal::{ContentKey, Context, Sealed, open_words, seal_words};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::chance::{SystemEntropy, new_case_id, new_message_id, random};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::answers::AnswerRow;

/// How long an answer is kept: a report queued on a phone may wait for days.
const KEPT_MS: i64 = 7 * 86_400_000;
/// How long a request may take whose answer is begun.
const LONGEST_MS: i64 = 120_000;
const KIND: &str = "answer";
/// The scope of acts that were said on a channel: whoever looks at the message forgets the answer,
/// however long the node was off before.
pub(crate) const CHANNELS: &str = "saluran";

/// A caller and the key that they gave to a request.
pub struct Once {
    scope: String,
    key: Zeroizing<String>,
    /// What makes two requests the same, where the request itself does not: files
    /// that are sent twice get two names.
    fingerprint: Option<[u8; 32]>,
}

/// A request under a key, by what is stored of it.
pub(crate) struct Asked {
    scope: String,
    hash: [u8; 32],
    request: [u8; 32],
    sealing: ContentKey,
}

/// An answer as it is stored; the ids are what the seal is bound to.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: MessageId,
    case: CaseId,
    sealed: Sealed,
}

impl Once {
    /// A key for a form, so that it acts once however often it is sent.
    pub fn fresh_key() -> String {
        hex::encode(random::<16>())
    }

    /// `scope` says who calls, as in the audit log. A key has 16 to 128 visible
    /// characters, for instance a UUID made on the phone.
    pub fn new(scope: &str, key: &str) -> Result<Self, NodeError> {
        let shape = (16..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        if !shape {
            let problem =
                "the idempotency key has 16 to 128 visible ASCII characters, such as a random UUID";
            return Err(NodeError::Invalid(problem.into()));
        }
        Ok(Self {
            scope: scope.to_owned(),
            key: Zeroizing::new(key.to_owned()),
            fingerprint: None,
        })
    }

    /// Requests for which this is the same are the same, whatever else differs: of a form its words
    /// and what is in its files.
    pub fn told_by(self, request: &impl Serialize) -> Result<Self, NodeError> {
        let told = serde_json::to_vec(request).map_err(NodeError::damaged)?;
        Ok(Self {
            fingerprint: Some(Sha256::digest(told).into()),
            ..self
        })
    }

    /// What was answered under this key, to whatever request.
    pub(crate) async fn answered<T: DeserializeOwned>(
        &self,
        node: &Node,
    ) -> Result<Option<T>, NodeError> {
        let asked = self.asking(&())?;
        let row = asked.kept(node).await?;
        row.map(|row| asked.opened(node, &row)).transpose()
    }

    /// Whether anything was answered under this key.
    pub(crate) async fn is_known(&self, node: &Node) -> Result<bool, NodeError> {
        Ok(self.asking(&())?.kept(node).await?.is_some())
    }

    /// Forgets what was answered under this key: nobody will ask for it again.
    pub(crate) async fn forget(&self, tx: &mut Tx) -> Result<(), NodeError> {
        let asked = self.asking(&())?;
        Ok(store::answers::forget(tx, &asked.scope, &asked.hash).await?)
    }

    /// The key as it was given, for what is told apart by it alone.
    pub fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn asking(&self, request: &impl Serialize) -> Result<Asked, NodeError> {
        let text = Zeroizing::new(match self.fingerprint {
            Some(fingerprint) => fingerprint.to_vec(),
            None => serde_json::to_vec(request).map_err(NodeError::damaged)?,
        });
        let derived = |purpose: &str, more: &[u8]| -> [u8; 32] {
            let mut hash = Sha256::new();
            for part in [
                b"lapor once".as_slice(),
                purpose.as_bytes(),
                self.scope.as_bytes(),
            ] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
            hash.update((self.key.len() as u64).to_be_bytes());
            hash.update(self.key.as_bytes());
            hash.update(more);
            hash.finalize().into()
        };
        Ok(Asked {
            scope: self.scope.clone(),
            hash: derived("hash", b""),
            request: derived("request", &text),
            sealing: ContentKey::from_bytes(&derived("seal", b"")).map_err(NodeError::damaged)?,
        })
    }
}

impl Asked {
    /// The first answer under this key, if there is one.
    pub(crate) async fn answered<T: DeserializeOwned>(
        &self,
        node: &Node,
    ) -> Result<Option<T>, NodeError> {
        let Some(row) = self.kept(node).await? else {
            return Ok(None);
        };
        if row.request != self.request {
            return Err(NodeError::KeyReused);
        }
        self.opened(node, &row).map(Some)
    }

    async fn kept(&self, node: &Node) -> Result<Option<AnswerRow>, NodeError> {
        let mut tx = node.read_tx().await?;
        Ok(store::answers::kept(&mut tx, &self.scope, &self.hash).await?)
    }

    /// Begins to answer what is not answered in the transaction of its work: nobody else does it
    /// under this key meanwhile, nor after this node stopped in between. Or the first answer.
    ///
    /// # Errors
    /// [`NodeError::AnsweredMeanwhile`] while another does, [`NodeError::Unfinished`] where nobody
    /// knows whether it was done, [`NodeError::KeyReused`] for another request.
    pub(crate) async fn begin<T: DeserializeOwned>(
        &self,
        node: &Node,
    ) -> Result<Option<T>, NodeError> {
        if let Some(answer) = self.answered(node).await? {
            return Ok(Some(answer));
        }
        let begun = self.filled(node.clock().now_ms(), String::new());
        let mut tx = node.write_tx().await?;
        keep(&mut tx, &begun).await?;
        tx.commit().await?;
        Ok(None)
    }

    /// Keeps the answer to what was begun.
    pub(crate) async fn end(
        &self,
        node: &Node,
        answer: &(impl Serialize + Sync),
    ) -> Result<(), NodeError> {
        let now = node.clock().now_ms();
        let row = self.row(node, (new_message_id(now), new_case_id(now), now), answer)?;
        let mut tx = node.write_tx().await?;
        store::answers::end(&mut tx, &row).await?;
        Ok(tx.commit().await?)
    }

    /// Nothing was done of what was begun; it may be asked for again.
    pub(crate) async fn give_up(&self, node: &Node) -> Result<(), NodeError> {
        let mut tx = node.write_tx().await?;
        store::answers::forget(&mut tx, &self.scope, &self.hash).await?;
        Ok(tx.commit().await?)
    }

    fn filled(&self, at: i64, answer: String) -> AnswerRow {
        AnswerRow {
            scope: self.scope.clone(),
            hash: self.hash.to_vec(),
            request: self.request.to_vec(),
            answer,
            at,
        }
    }

    fn opened<T: DeserializeOwned>(&self, node: &Node, row: &AnswerRow) -> Result<T, NodeError> {
        if row.answer.is_empty() {
            let under_way = node.clock().now_ms() - row.at < LONGEST_MS;
            return Err(if under_way {
                NodeError::AnsweredMeanwhile
            } else {
                NodeError::Unfinished
            });
        }
        let kept: Kept = store::read(serde_json::from_str(&row.answer))?;
        let context = Context {
            kind: KIND,
            id: kept.id,
            case: kept.case,
            author: node.instance()?,
        };
        let words = store::read(open_words(&self.sealing, context, &kept.sealed))?;
        store::read(serde_json::from_slice(&words))
    }

    /// The answer as a row, to be stored in the transaction that it answers for.
    pub(crate) fn row(
        &self,
        node: &Node,
        (id, case, at): (MessageId, CaseId, i64),
        answer: &impl Serialize,
    ) -> Result<AnswerRow, NodeError> {
        let text = Zeroizing::new(serde_json::to_vec(answer).map_err(NodeError::damaged)?);
        let context = Context {
            kind: KIND,
            id,
            case,
            author: node.instance()?,
        };
        let sealed = seal_words(&self.sealing, context, &text, &mut SystemEntropy)
            .map_err(NodeError::damaged)?;
        let kept = serde_json::to_string(&Kept { id, case, sealed });
        Ok(self.filled(at, kept.map_err(NodeError::damaged)?))
    }
}

/// Stores an answer. One that another request under the same key has given
/// meanwhile undoes the whole work.
pub(crate) async fn keep(tx: &mut Tx, row: &AnswerRow) -> Result<(), NodeError> {
    if store::answers::keep(tx, row).await? {
        Ok(())
    } else {
        Err(NodeError::AnsweredMeanwhile)
    }
}

/// Forgets old answers.
pub(crate) async fn expire(node: &Node) -> Result<(), NodeError> {
    let mut tx = node.write_tx().await?;
    let before = node.clock().now_ms() - KEPT_MS;
    store::answers::expire(&mut tx, before, CHANNELS).await?;
    Ok(tx.commit().await?)
}
