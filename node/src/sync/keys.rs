//! Content keys on their way: wraps for those who become parties, and asking
//! for the keys that this node lacks.

use std::collections::BTreeSet;

use http::Method;
use lapor_migrations::Tx;
use lapor_protocol::case::Case;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::seal::{ContentKey, Subject, Wrap, wrap};
use lapor_protocol::wire::{CaseKeys, PREFIX};

use super::settle::{ticket_of, unwrap};
use super::{Call, Link, LinkError};
use crate::casework::read_message;
use crate::chance::SystemEntropy;
use crate::error::NodeError;
use crate::store;

/// Cases looked at in one step.
const STEP: i64 = 50;

impl Link {
    /// A wrap of a key for the recipient's current sealing key. `None` where
    /// the key is not held, or the recipient has no key yet.
    pub(super) async fn wrap(
        &self,
        tx: &mut Tx,
        subject: &str,
        recipient: &InstanceId,
    ) -> Result<Option<Wrap>, NodeError> {
        let Some(held) = store::secrets::content_key(tx, subject).await? else {
            return Ok(None);
        };
        let key = store::read(ContentKey::from_bytes(&held))?;
        let directory = self.node.directory();
        let sealing = directory
            .latest()
            .instance(recipient)
            .and_then(|entry| entry.sealing_key());
        let Some(sealing) = sealing else {
            return Ok(None);
        };
        let subject: Subject = store::read(subject.parse())?;
        store::read(wrap(
            &key,
            subject,
            recipient,
            &sealing.jwk,
            &mut SystemEntropy,
        ))
        .map(Some)
    }

    /// Gives the keys of cases filed here to parties whose sealing key is new:
    /// they have just joined, or rotated, or lost theirs.
    pub(super) async fn wrap_for(&self, changed: &BTreeSet<InstanceId>) -> Result<(), LinkError> {
        let me = self.node.instance()?.clone();
        let directory = self.node.directory();
        let mut after = String::new();
        loop {
            let mut tx = self.node.read_tx().await?;
            let page = store::cases::of_origin(&mut tx, me.as_str(), &after, STEP).await?;
            drop(tx);
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after.clone_from(last);
            for (id, fold) in page.into_iter().filter_map(|(id, fold)| Some((id, fold?))) {
                let case: Case = store::read(serde_json::from_str(&fold))?;
                let parties = case.parties(directory.latest());
                let due = parties.intersection(changed).filter(|party| **party != me);
                self.put_keys(store::case_id(&id)?, due).await?;
            }
        }
    }

    /// Asks for the keys of cases whose words this node cannot read. Returns
    /// how many came.
    pub async fn exchange_keys(&self) -> Result<usize, LinkError> {
        let mut tx = self.node.read_tx().await?;
        let lacking = store::cases::without_key(&mut tx, STEP).await?;
        drop(tx);
        let mut count = 0;
        for (id, fold) in lacking {
            let case: Case = store::read(serde_json::from_str(&fold))?;
            let path = format!("{PREFIX}/cases/{id}/keys");
            let keys: CaseKeys = self
                .transport
                .call(Call::new(Method::GET, path))
                .await?
                .json()?;
            let found = unwrap(
                &self.node,
                &keys.wraps,
                Subject::Case(case.id),
                &case.commitment,
            )?;
            if let Some(key) = found {
                self.keep_key(case.id, &key).await?;
                count += 1;
            }
        }
        Ok(count)
    }

    async fn put_keys(
        &self,
        case: CaseId,
        recipients: impl Iterator<Item = &InstanceId>,
    ) -> Result<(), LinkError> {
        let subject = Subject::Case(case).to_string();
        let mut tx = self.node.read_tx().await?;
        let mut wraps = Vec::new();
        for recipient in recipients {
            wraps.extend(self.wrap(&mut tx, &subject, recipient).await?);
        }
        drop(tx);
        if wraps.is_empty() {
            return Ok(());
        }
        let keys = CaseKeys {
            case,
            wraps,
            missing: Vec::new(),
        };
        let body = serde_json::to_vec(&keys).map_err(NodeError::damaged)?;
        let path = format!("{PREFIX}/cases/{case}/keys");
        self.transport
            .call(Call::new(Method::PUT, path).body("application/json", body))
            .await
            .map(drop)
    }

    /// Keeps a key that came late, and the ticket that it opens.
    async fn keep_key(&self, case: CaseId, key: &ContentKey) -> Result<(), NodeError> {
        let id = case.to_string();
        let mut tx = self.node.write_tx().await?;
        store::secrets::add_content_key(
            &mut tx,
            &Subject::Case(case).to_string(),
            &id,
            key.as_bytes(),
        )
        .await?;
        let history = store::inbox::history(&mut tx, &id).await?;
        let filing = history
            .into_iter()
            .find_map(|(_, foreign, own, _)| foreign.or(own));
        if let (Some(line), Some(mut row)) = (filing, store::cases::case(&mut tx, &id).await?)
            && let Some(ticket) = ticket_of(&mut tx, &read_message(&line)?, case).await?
        {
            row.ticket.get_or_insert(ticket);
            store::cases::put(&mut tx, &[row]).await?;
        }
        Ok(tx.commit().await?)
    }
}
