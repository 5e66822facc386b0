//! Which certificates of an institution count. An operator voids them when one, or the issuer, may
//! be in other hands: from then on only those count that this hub has issued and written down
//! later, and only the identity key brings such a one. Of an institution of which none were voided
//! each counts that the handshake lets through, also one that a restored hub does not know.
//!
//! What stands in the database holds for all processes. In memory is only what saves the question,
//! and a renewal asks in its own transaction.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapor_migrations::{Db, Tx};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::problem::Code;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::error::HubError;
use crate::store::{joining, state};

/// Certificates of one institution that are remembered as good, and as void; it uses one at a time.
const REMEMBERED: usize = 64;

/// What has been voided, as this process knows it.
#[derive(Debug)]
pub struct Voided {
    known: Mutex<Known>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Known {
    bounds: Bounds,
    /// What the database has said of certificates of those who have a bound.
    met: HashMap<InstanceId, Met>,
}

/// Digests of certificates of one institution.
#[derive(Debug, Default)]
struct Met {
    good: HashSet<Digest>,
    /// Forgotten with each look.
    void: HashSet<Digest>,
}

/// Unix ms; certificates count that were written down later, 0 where none are void.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Bounds {
    /// Of everybody, whoever joins later included.
    all: i64,
    of: BTreeMap<InstanceId, i64>,
}

impl Bounds {
    async fn read(tx: &mut Tx) -> Result<Self, HubError> {
        let text = state::read(tx, state::VOIDED).await?;
        let bounds = text.map(|text| serde_json::from_str(&text).map_err(HubError::damaged));
        Ok(bounds.transpose()?.unwrap_or_default())
    }

    async fn write(&self, tx: &mut Tx) -> Result<(), HubError> {
        let text = serde_json::to_string(self).map_err(HubError::damaged)?;
        Ok(state::write(tx, state::VOIDED, &text).await?)
    }

    fn until(&self, instance: &InstanceId) -> i64 {
        self.all.max(self.of.get(instance).copied().unwrap_or(0))
    }
}

impl Voided {
    pub(crate) async fn load(tx: &mut Tx) -> Result<Self, HubError> {
        let bounds = Bounds::read(tx).await?;
        Ok(Self {
            known: Mutex::new(Known {
                bounds,
                met: HashMap::new(),
            }),
            changes: watch::Sender::new(0),
        })
    }

    /// Unix ms; until when the certificates of an institution are void, 0 if none are.
    pub(crate) fn until(&self, instance: &InstanceId) -> i64 {
        self.lock().bounds.until(instance)
    }

    /// Told whenever certificates of somebody are void that were not.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Whether a certificate (DER) counts; `Some` is its digest where only the database can say so.
    pub(crate) fn judge(
        &self,
        instance: &InstanceId,
        shown: Option<&[u8]>,
    ) -> Result<Option<Digest>, HubError> {
        let known = self.lock();
        let Some(shown) = shown.filter(|_| known.bounds.until(instance) > 0) else {
            return Ok(None);
        };
        let shown = Digest::of(shown);
        match known.met.get(instance) {
            Some(met) if met.void.contains(&shown) => Err(Code::CertificateUnknown.into()),
            Some(met) if met.good.contains(&shown) => Ok(None),
            _ => Ok(Some(shown)),
        }
    }

    /// Asks the database whether a certificate counts, and remembers the answer.
    pub(crate) async fn look_up(
        &self,
        db: &Db,
        instance: &InstanceId,
        shown: Digest,
    ) -> Result<(), HubError> {
        let mut tx = db.read().await?;
        let bounds = Bounds::read(&mut tx).await?;
        let counts = counts(&mut tx, instance, shown, bounds.until(instance)).await?;
        tx.rollback().await?;
        let mut known = self.lock();
        if known.bounds == bounds {
            let met = known.met.entry(instance.clone()).or_default();
            let remembered = if counts { &mut met.good } else { &mut met.void };
            if remembered.len() >= REMEMBERED {
                remembered.clear();
            }
            remembered.insert(shown);
        }
        drop(known);
        answer(counts)
    }

    /// Takes in what other processes have voided so far.
    pub(crate) async fn look_in(&self, tx: &mut Tx) -> Result<(), HubError> {
        let bounds = Bounds::read(tx).await?;
        let mut known = self.lock();
        let news = known.bounds != bounds;
        if news {
            known.bounds = bounds;
            known.met.clear();
        }
        for met in known.met.values_mut() {
            met.void.clear();
        }
        drop(known);
        if news {
            self.changes.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Voids all certificates that an institution has, whatever the clock says now.
pub(crate) async fn void(tx: &mut Tx, instance: &InstanceId, now_ms: i64) -> Result<(), HubError> {
    let mut bounds = Bounds::read(tx).await?;
    let latest = joining::latest_issued(tx).await?.unwrap_or(0);
    let until = now_ms.max(latest).max(bounds.until(instance));
    bounds.of.insert(instance.clone(), until);
    bounds.write(tx).await
}

/// The same of everybody; of whoever joins later only those count that are written down.
pub(crate) async fn void_all(tx: &mut Tx, now_ms: i64) -> Result<(), HubError> {
    let mut bounds = Bounds::read(tx).await?;
    let latest = joining::latest_issued(tx).await?.unwrap_or(0);
    let earlier = bounds.of.values().copied().max().unwrap_or(0);
    bounds.all = now_ms.max(latest).max(earlier).max(bounds.all);
    bounds.of.clear();
    bounds.write(tx).await
}

/// Refuses a certificate that does not count, in a transaction of the caller's.
pub(crate) async fn check(
    tx: &mut Tx,
    instance: &InstanceId,
    shown: Digest,
) -> Result<(), HubError> {
    let until = until(tx, instance).await?;
    answer(counts(tx, instance, shown, until).await?)
}

/// Unix ms; until when the certificates of an institution are void, 0 if none are.
pub(crate) async fn until(tx: &mut Tx, instance: &InstanceId) -> Result<i64, HubError> {
    Ok(Bounds::read(tx).await?.until(instance))
}

async fn counts(
    tx: &mut Tx,
    instance: &InstanceId,
    shown: Digest,
    until: i64,
) -> Result<bool, HubError> {
    if until == 0 {
        return Ok(true);
    }
    let issued_at = joining::issued_at(tx, instance, shown).await?;
    Ok(issued_at.is_some_and(|at| at > until))
}

fn answer(counts: bool) -> Result<(), HubError> {
    if counts {
        Ok(())
    } else {
        Err(Code::CertificateUnknown.into())
    }
}
