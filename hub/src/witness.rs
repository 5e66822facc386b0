//! Members as witnesses: with every request they show what the hub has signed.
//! A hub that was restored from a backup learns from them that it has lost what
//! it signed for; it then takes nothing more in, so that nobody gets another
//! order of what is lost.
//!
//! Only what verifies under the hub's own key counts: nobody can invent a head.

mod lack;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use lapor_migrations::{Db, Tx};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::problem::Code;
use lapor_protocol::seen;
use lapor_protocol::wire::SEEN_HEADER;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;

use lack::look;
pub use lack::{Conflict, Lack, Part};

use crate::error::{HubError, Refusal};
use crate::ground::Ground;
use crate::restored;
use crate::right::Right;
use crate::store;

/// Seconds after which a member may ask again.
const RETRY_AFTER_SECONDS: u32 = 60;
/// Members whose last header is remembered.
const REMEMBERED: usize = 10_000;

/// What the hub was shown and does not hold any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Loss {
    /// Unix ms.
    pub at: i64,
    #[schema(value_type = String)]
    pub shown_by: InstanceId,
    pub what: String,
    /// The same in parts; `None` where an older program noted it.
    #[serde(default)]
    pub lack: Option<Lack>,
}

/// What a member has shown to this process last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    header: Option<Digest>,
    /// Unix ms; when it showed it first.
    pub at: i64,
    /// What of it this hub does not hold.
    pub lacks: Vec<Lack>,
    /// Whether the hub holds nothing like some of it and knows no key that could have signed it:
    /// a backup from before a change of keys looks so, and an invention too.
    pub unread: bool,
}

impl Heard {
    /// Whether it holds anything that the hub has signed; a new member holds nothing.
    pub fn shows(&self) -> bool {
        self.header.is_some()
    }
}

/// What members have shown, and whether it was all there.
pub struct Witness {
    right: Arc<Right>,
    known: Mutex<HashMap<InstanceId, Heard>>,
    loss: Mutex<Option<Loss>>,
    /// Whose streams go on from what this hub has not: what they show is no loss of others.
    apart: Mutex<BTreeSet<InstanceId>>,
    /// Unix ms until which a hub that was restored gives nothing a place; 0 once that is over.
    listens_until: AtomicI64,
    /// Only one task notes a loss or puts back what was lost.
    pub(crate) settling: tokio::sync::Mutex<()>,
    /// What had come back when it did not fit: how much, and of how many all.
    tried: Mutex<Option<(u64, usize)>>,
    /// Counts what was shown anew, for whoever looks on.
    changes: watch::Sender<u64>,
}

impl Witness {
    /// As a former process of this hub left it.
    pub async fn of(ground: &Ground, right: Arc<Right>) -> Result<Self, HubError> {
        let db = &ground.db;
        let witness = Self {
            right,
            known: Mutex::default(),
            loss: Mutex::default(),
            apart: Mutex::default(),
            listens_until: AtomicI64::new(0),
            settling: tokio::sync::Mutex::default(),
            tried: Mutex::default(),
            changes: watch::Sender::new(0),
        };
        let mut tx = db.write().await?;
        if restored::listens(&mut tx).await? {
            let now = ground.clock.now_ms();
            let until = latest(ground, now);
            witness.listens_until.store(until, Ordering::SeqCst);
            if until <= now {
                restored::has_listened(&mut tx, now).await?;
            }
        }
        tx.commit().await?;
        if let Some(loss) = loss(db).await? {
            tracing::error!(what = loss.what, shown_by = %loss.shown_by, "the hub is still recovering");
            *witness.lock_loss() = Some(loss);
        }
        *witness.lock_apart() = apart(db).await?;
        Ok(witness)
    }

    /// Refuses whatever the hub would take in while its record is not whole.
    pub(crate) fn refuse_if_recovering(&self) -> Result<(), HubError> {
        match *self.lock_loss() {
            Some(_) => Err(recovering()),
            None => Ok(()),
        }
    }

    /// Refuses what would get a place, while members may show that it had been another's.
    pub(crate) fn refuse_while_listening(&self, ground: &Ground) -> Result<(), HubError> {
        if self.listens(ground) {
            return Err(recovering());
        }
        Ok(())
    }

    /// Whether this hub was restored and gives nothing a place yet.
    pub(crate) fn listens(&self, ground: &Ground) -> bool {
        let now = ground.clock.now_ms();
        // Also where the clock was set back meanwhile, it waits for no longer than that.
        let latest = latest(ground, now);
        let until = self.listens_until.fetch_min(latest, Ordering::SeqCst);
        let listens = until.min(latest) > now && !self.has_heard_all(ground);
        if until > 0 && !listens {
            self.listens_until.store(0, Ordering::SeqCst);
        }
        listens
    }

    /// The restore is over.
    pub(crate) fn stop_listening(&self) {
        self.listens_until.store(0, Ordering::SeqCst);
    }

    fn has_heard_all(&self, ground: &Ground) -> bool {
        let heard = self.lock();
        let directory = ground.directory.current();
        let mut active = directory.latest().instances().filter(|of| of.is_active());
        active.all(|of| heard.get(&of.id).is_some_and(|heard| !heard.unread))
    }

    /// What this hub has lost, once a member has shown it.
    pub(crate) fn known_loss(&self) -> Option<Loss> {
        self.lock_loss().clone()
    }

    /// What was lost is back: everybody is heard anew.
    pub(crate) fn forget_loss(&self, apart: BTreeSet<InstanceId>) {
        *self.lock_apart() = apart;
        self.set_tried(None);
        self.stop_listening();
        *self.lock_loss() = None;
        self.lock().clear();
        self.stir();
    }

    /// As [`Self::forget_loss`], by what is stored.
    pub(crate) async fn forget_what_is_back(&self, db: &Db) -> Result<(), HubError> {
        let apart = apart(db).await?;
        self.forget_loss(apart);
        Ok(())
    }

    /// Notes which members alone are refused from now on.
    pub(crate) async fn set_apart_in(
        &self,
        tx: &mut Tx,
        apart: &BTreeSet<InstanceId>,
    ) -> Result<(), HubError> {
        let text = serde_json::to_string(apart).map_err(HubError::damaged)?;
        Ok(store::state::write(tx, store::state::APART, &text).await?)
    }

    /// Tells whoever looks on that something has changed.
    pub(crate) fn stir(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// What each member has shown to this process.
    pub fn heard(&self) -> HashMap<InstanceId, Heard> {
        self.lock().clone()
    }

    /// Whether any member shows what no known key could have signed.
    pub fn is_shown_unread(&self) -> bool {
        self.lock().values().any(|heard| heard.unread)
    }

    /// Told whenever a member shows something else than before.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Looks at what this member shows, and refuses everybody once a loss is known.
    pub async fn hear(
        &self,
        ground: &Ground,
        peer: &InstanceId,
        headers: &HeaderMap,
    ) -> Result<(), HubError> {
        let header = headers.get(SEEN_HEADER);
        let digest = header.map(|header| Digest::of(header.as_bytes()));
        let known = self.lock().get(peer).cloned();
        if let Some(known) = known.filter(|known| known.header == digest) {
            return self.refuse(peer, &known.lacks);
        }
        let shown = shown(headers)?;
        let (mut lacks, unread) = look(ground, &shown).await?;
        let apart = self.lock_apart().contains(peer);
        if !lacks.is_empty() && self.known_loss().is_none() && !apart {
            lacks = self.note(ground, peer, &shown).await?;
        }
        let heard = Heard {
            header: digest,
            at: ground.clock.now_ms(),
            lacks,
            unread,
        };
        let refused = self.refuse(peer, &heard.lacks);
        self.remember(peer, heard);
        refused
    }

    /// Refuses everybody while the record is not whole, and otherwise whoever holds what
    /// contradicts it.
    fn refuse(&self, peer: &InstanceId, lacks: &[Lack]) -> Result<(), HubError> {
        self.refuse_if_recovering()?;
        if !lacks.is_empty() && self.lock_apart().contains(peer) {
            return Err(recovering());
        }
        Ok(())
    }

    fn remember(&self, peer: &InstanceId, heard: Heard) {
        let mut known = self.lock();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(peer.clone(), heard);
        drop(known);
        self.stir();
    }

    /// Whoever was not waited for brings after all what it holds: that is a loss again, unless
    /// it is known to contradict the record. Returns whether it is one.
    pub(crate) async fn reopen(
        &self,
        ground: &Ground,
        peer: &InstanceId,
        shown: &[Envelope],
    ) -> Result<bool, HubError> {
        if !self.lock_apart().contains(peer) {
            return Ok(false);
        }
        let mut tx = ground.db.read().await?;
        let brought = store::retrieved::members(&mut tx).await?;
        tx.rollback().await?;
        let contradicts = brought.get(peer).is_some_and(|of| of.conflict.is_some());
        Ok(!contradicts && !self.note(ground, peer, shown).await?.is_empty())
    }

    /// Notes that this member shows what is lost, unless that has come back meanwhile. Returns
    /// what of it is not here.
    async fn note(
        &self,
        ground: &Ground,
        peer: &InstanceId,
        shown: &[Envelope],
    ) -> Result<Vec<Lack>, HubError> {
        let _alone = self.settling.lock().await;
        let (lacks, _) = look(ground, shown).await?;
        let Some(lack) = lacks.first().filter(|_| self.known_loss().is_none()) else {
            return Ok(lacks);
        };
        let loss = Loss {
            at: ground.clock.now_ms(),
            shown_by: peer.clone(),
            what: lack.to_string(),
            lack: Some(lack.clone()),
        };
        tracing::error!(what = loss.what, shown_by = %peer,
            "the hub has lost what it signed for: it was restored from a backup that is too old. It takes nothing new in before the members have brought that back");
        let text = serde_json::to_string(&loss).map_err(HubError::damaged)?;
        let mut tx = ground.db.write().await?;
        // Where another process of this hub was shown one, that process hears the members.
        self.right.check(&mut tx).await?;
        store::retrieved::forget_brought(&mut tx).await?;
        store::state::write(&mut tx, store::state::LOSS, &text).await?;
        self.right.be_alone_in(&mut tx).await?;
        tx.commit().await?;
        self.set_tried(None);
        *self.lock_loss() = Some(loss);
        Ok(lacks)
    }

    /// Which members alone are refused.
    pub(crate) fn apart(&self) -> BTreeSet<InstanceId> {
        self.lock_apart().clone()
    }

    /// What had come back when it was last tried in vain.
    pub(crate) fn tried(&self) -> Option<(u64, usize)> {
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_tried(&self, tried: Option<(u64, usize)>) {
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = tried;
    }

    fn lock_apart(&self) -> std::sync::MutexGuard<'_, BTreeSet<InstanceId>> {
        self.apart.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_loss(&self) -> std::sync::MutexGuard<'_, Option<Loss>> {
        self.loss.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<InstanceId, Heard>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until when a hub that was restored now listens, at most (Unix ms).
fn latest(ground: &Ground, now_ms: i64) -> i64 {
    let listens_ms = ground.settings.limits.listen_seconds.saturating_mul(1000);
    now_ms.saturating_add_unsigned(listens_ms)
}

/// What a request shows of what the hub has signed; no signature is checked yet.
pub(crate) fn shown(headers: &HeaderMap) -> Result<Vec<Envelope>, HubError> {
    let header = headers.get(SEEN_HEADER);
    let shown = header.map_or(Some(Vec::new()), |header| {
        header.to_str().ok().and_then(seen::read)
    });
    shown.ok_or_else(|| {
        let detail = "Lapor-Seen is not what the contract says";
        HubError::refused(Code::MalformedRequest, detail)
    })
}

async fn apart(db: &Db) -> Result<BTreeSet<InstanceId>, HubError> {
    let mut tx = db.read().await?;
    let text = store::state::read(&mut tx, store::state::APART).await?;
    let apart = text.map(|text| serde_json::from_str(&text).map_err(HubError::damaged));
    Ok(apart.transpose()?.unwrap_or_default())
}

/// The loss that is known of, if there is one.
pub async fn loss(db: &Db) -> Result<Option<Loss>, HubError> {
    let mut tx = db.read().await?;
    let text = store::state::read(&mut tx, store::state::LOSS).await?;
    let loss = text.map(|text| serde_json::from_str(&text).map_err(HubError::damaged));
    loss.transpose()
}

fn recovering() -> HubError {
    Refusal::of(Code::Recovering)
        .after_seconds(RETRY_AFTER_SECONDS)
        .into()
}
