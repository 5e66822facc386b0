//! Another authority: its root is trusted beside the former one, then it
//! certifies, and at last the former root is trusted no more. What is decided
//! stands in the database; the files of the authority follow it, again and
//! again, so that a crash between the two ends nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use lapor_certs::{CertificateFacts, RootPin, Vault, VaultError};
use lapor_migrations::Tx;
use lapor_protocol::directory::{Directory, Status};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::wire::{Health, Holds};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::audit::{self, By};
use crate::error::HubError;
use crate::ground::{Certifier, Ground};
use crate::keys;
use crate::membership::MembershipError;
use crate::rotation::{RotationError, members, reports};
use crate::settings::Settings;
use crate::store;
use crate::store::state::AUTHORITY;

/// The last change of the authority that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Changeover {
    #[schema(value_type = String)]
    pub next: RootPin,
    #[schema(value_type = String)]
    pub former: RootPin,
    /// Unix ms; since when both are trusted.
    pub announced_at: i64,
    /// Unix ms; since when the next one certifies.
    pub used_at: Option<i64>,
    /// Unix ms; when it ended: with the former root withdrawn, or with the next
    /// one where that had certified nothing.
    pub ended_at: Option<i64>,
}

impl Changeover {
    fn is_under_way(&self) -> bool {
        self.ended_at.is_none()
    }

    /// The root that leaves if the change ends now.
    pub fn leaving(&self) -> RootPin {
        if self.used_at.is_some() {
            self.former
        } else {
            self.next
        }
    }
}

/// One root that the federation trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Root {
    #[schema(value_type = String)]
    pub pin: RootPin,
    /// Unix ms.
    pub ends_at: i64,
    /// The issuer stands below it.
    pub certifies: bool,
    /// Members that say they trust it.
    pub trusted_by: usize,
    /// Members that say their certificate stands below it.
    pub certified: usize,
}

/// The authority, what changes in it, and whom the next step would cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuthorityStanding {
    pub roots: Vec<Root>,
    /// Unix ms.
    pub issuer_ends_at: i64,
    /// Unix ms; `None` if there is no certificate of the hub that can be read.
    pub hub_certificate_ends_at: Option<i64>,
    /// The private key of the current root lies on this machine.
    pub root_key_here: bool,
    pub changeover: Option<Changeover>,
    /// Active and suspended institutions.
    pub members: usize,
    /// Those that the next step would cut off.
    pub cut_off: Vec<CutOff>,
    /// Members that have not said which roots they trust: no report has come, or it does not say.
    pub silent: usize,
}

/// A member that the next step would cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CutOff {
    #[schema(value_type = String)]
    pub instance: InstanceId,
    pub name: String,
    /// It learns nothing while that lasts, and would be cut off when it ends.
    pub suspended: bool,
    /// It says what it trusts; of one that does not, nothing is known.
    pub said: bool,
    /// It says that it trusts the next root, with which it can come back by itself.
    pub trusts_next: bool,
    /// Unix ms; when it reported last.
    pub reported_at: Option<i64>,
}

impl AuthorityStanding {
    pub async fn read(ground: &Ground, tx: &mut Tx) -> Result<Self, HubError> {
        let (directory, certifier) = (ground.directory.current(), ground.certifier());
        Self::of(&ground.settings, &certifier, &directory, tx).await
    }

    /// The same for whoever has opened no hub, from what they have read of its files and its directory.
    pub async fn of(
        settings: &Settings,
        certifier: &Certifier,
        directory: &Directory,
        tx: &mut Tx,
    ) -> Result<Self, HubError> {
        let reports = reports(tx).await?;
        let changeover = read(tx).await?.filter(Changeover::is_under_way);
        let bundle = &certifier.bundle;
        let held = |id: &InstanceId| reports.get(id).and_then(|(said, _)| said.holds.as_ref());
        let counted = |has: &dyn Fn(&Holds) -> bool| {
            let all = members(directory).filter_map(|entry| held(&entry.id));
            all.filter(|holds| has(holds)).count()
        };
        let mut roots = Vec::new();
        for (root, pin) in bundle.roots().iter().zip(bundle.pins()) {
            let facts = CertificateFacts::of(root).map_err(HubError::damaged)?;
            roots.push(Root {
                pin,
                ends_at: facts.not_after_ms,
                certifies: certifier.issuer.root_pin() == pin,
                trusted_by: counted(&|holds| holds.roots.contains(&pin)),
                certified: counted(&|holds| holds.certified_by == Some(pin)),
            });
        }
        let silent = members(directory).filter(|entry| held(&entry.id).is_none());
        Ok(Self {
            roots,
            issuer_ends_at: certifier.issuer.not_after_ms(),
            hub_certificate_ends_at: keys::credential_ends(settings),
            root_key_here: Vault::at(&settings.storage.authority).holds_root_key(),
            members: members(directory).count(),
            silent: silent.count(),
            cut_off: changeover
                .as_ref()
                .map(|change| cut_off(directory, &reports, change))
                .unwrap_or_default(),
            changeover,
        })
    }
}

/// The change that was begun last.
async fn read(tx: &mut Tx) -> Result<Option<Changeover>, HubError> {
    let text = store::state::read(tx, AUTHORITY).await?;
    let read = text.map(|text| serde_json::from_str(&text).map_err(HubError::damaged));
    read.transpose()
}

/// Whom the next step of a change would cut off: before the next authority
/// certifies, who does not trust it; before the former root goes, whose
/// certificate stands below that.
fn cut_off(
    directory: &Directory,
    reports: &BTreeMap<InstanceId, (Health, i64)>,
    change: &Changeover,
) -> Vec<CutOff> {
    let safe = |holds: &Holds| match change.used_at {
        None => holds.roots.contains(&change.next),
        Some(_) => holds.certified_by == Some(change.next),
    };
    let all = members(directory).map(|entry| {
        let said = reports.get(&entry.id);
        let holds = said.and_then(|(health, _)| health.holds.as_ref());
        let lost = CutOff {
            instance: entry.id.clone(),
            name: entry.name.clone(),
            suspended: entry.status == Status::Suspended,
            said: holds.is_some(),
            trusts_next: holds.is_some_and(|holds| holds.roots.contains(&change.next)),
            reported_at: said.map(|(_, at)| *at),
        };
        (lost, holds.is_some_and(safe))
    });
    all.filter_map(|(lost, safe)| (!safe).then_some(lost))
        .collect()
}

/// Makes the next authority, if none waits; nobody trusts it before it is announced.
pub fn prepare(ground: &Ground) -> Result<RootPin, HubError> {
    let made = vault(ground).prepare_next(ground.clock.now_ms());
    made.map_err(HubError::damaged)
}

/// Has the authority that waits trusted beside the current one.
pub(crate) async fn announce_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    next: &RootPin,
) -> Result<Arc<Directory>, MembershipError> {
    let certifier = ground.certifier();
    let unfinished =
        |change: &Changeover| change.is_under_way() || certifier.bundle.contains(&change.leaving());
    if let Some(change) = read(tx).await?.filter(unfinished) {
        return Err(RotationError::UnderWay(change.next.to_hex()).into());
    }
    let waiting = vault(ground).next().map_err(HubError::damaged)?;
    if !waiting.is_some_and(|waiting| waiting.contains(next)) {
        return Err(RotationError::NotThis(next.to_hex()).into());
    }
    let change = Changeover {
        next: *next,
        former: certifier.issuer.root_pin(),
        announced_at: ground.clock.now_ms(),
        used_at: None,
        ended_at: None,
    };
    decide(ground, tx, by, "authority.announced", &change, next).await
}

/// Has it certify.
pub(crate) async fn use_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    next: &RootPin,
    even_so: bool,
) -> Result<Arc<Directory>, MembershipError> {
    let mut change = under_way(tx, next).await?;
    if change.used_at.is_some() || change.next != *next {
        return Err(RotationError::NotThis(next.to_hex()).into());
    }
    nobody_is_cut_off(ground, tx, &change, even_so).await?;
    change.used_at = Some(ground.clock.now_ms());
    decide(ground, tx, by, "authority.used", &change, next).await
}

/// Ends the change: the root that leaves is trusted no more.
pub(crate) async fn withdraw_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    root: &RootPin,
    even_so: bool,
) -> Result<Arc<Directory>, MembershipError> {
    let mut change = under_way(tx, root).await?;
    if change.leaving() != *root {
        return Err(RotationError::NotThis(root.to_hex()).into());
    }
    // Until the files have followed, everybody's certificate stands below it.
    if ground.certifier().issuer.root_pin() == *root {
        return Err(RotationError::NotThis(root.to_hex()).into());
    }
    // A root that never certified takes nobody with it.
    if change.used_at.is_some() {
        nobody_is_cut_off(ground, tx, &change, even_so).await?;
    }
    change.ended_at = Some(ground.clock.now_ms());
    decide(ground, tx, by, "authority.withdrawn", &change, root).await
}

async fn under_way(tx: &mut Tx, root: &RootPin) -> Result<Changeover, MembershipError> {
    let change = read(tx).await?.filter(Changeover::is_under_way);
    Ok(change.ok_or_else(|| RotationError::NotThis(root.to_hex()))?)
}

async fn nobody_is_cut_off(
    ground: &Ground,
    tx: &mut Tx,
    change: &Changeover,
    even_so: bool,
) -> Result<(), MembershipError> {
    let directory = ground.directory.refresh(tx).await?;
    let lost = cut_off(&directory, &reports(tx).await?, change);
    if even_so || lost.is_empty() {
        return Ok(());
    }
    let lost = lost.into_iter().map(|one| one.instance);
    Err(RotationError::Behind(lost.collect()).into())
}

async fn decide(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    action: &str,
    change: &Changeover,
    root: &RootPin,
) -> Result<Arc<Directory>, MembershipError> {
    let text = serde_json::to_string(change).map_err(HubError::damaged)?;
    store::state::write(tx, AUTHORITY, &text).await?;
    audit::note(tx, ground.clock.now_ms(), by, action, &root.to_hex()).await?;
    Ok(ground.directory.refresh(tx).await?)
}

/// What was decided last, if anything was.
pub(crate) async fn decided(ground: &Ground) -> Result<Option<Changeover>, HubError> {
    let mut tx = ground.db.read().await?;
    let change = read(&mut tx).await?;
    tx.rollback().await?;
    Ok(change)
}

/// Brings the files of the authority to what was decided, and takes them up; `false` while another
/// process is at them.
pub(crate) fn follow(ground: &Ground, change: &Changeover) -> Result<bool, HubError> {
    let vault = vault(ground);
    let done = match (change.used_at, change.ended_at) {
        (None, None) => vault.trust_next(&change.next),
        (Some(_), None) => vault.use_next(&change.next),
        (_, Some(_)) => vault.distrust(&change.leaving()),
    };
    if matches!(done, Err(VaultError::Busy(_))) {
        return Ok(false);
    }
    done.map_err(HubError::damaged)?;
    ground.reload_certifier()?;
    Ok(true)
}

fn vault(ground: &Ground) -> Vault {
    Vault::at(&ground.settings.storage.authority)
}
