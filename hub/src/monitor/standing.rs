//! What the console shows beside health and casework: decisions that wait, a
//! maintenance and who knows of it, a restore, editions, and who knows the next
//! key and root. Each is a few small reads, and none makes anything anew.

use std::collections::BTreeMap;

use lapor_protocol::directory::Status;
use lapor_web::monitor::{Figures, float, seconds};

use crate::app::Hub;
use crate::changeover::AuthorityStanding;
use crate::editions::{What, adoptions};
use crate::error::HubError;
use crate::rotation::SigningKeys;
use crate::watch::Picture;
use crate::{approvals, maintenance, restored};

pub async fn measure(hub: &Hub, figures: &mut Figures, picture: &Picture) -> Result<(), HubError> {
    let ground = &hub.ground;
    let mut tx = ground.db.read().await?;
    let undecided = approvals::undecided(&mut tx, picture, hub.now_ms()).await?;
    let keys = SigningKeys::read(ground, &mut tx).await?;
    let authority = AuthorityStanding::read(ground, &mut tx).await?;
    let held = adoptions(ground, &mut tx).await?;
    tx.rollback().await?;
    let waiting = [
        ("act", undecided.asked.count.unsigned_abs()),
        ("institution", undecided.joined),
    ];
    figures.gauges(
        "lapor_hub_waiting_decisions",
        "Acts and accounts that wait for a second person, and institutions that nobody has let in yet.",
        waiting.map(|(of, count)| (vec![("of", of)], float(count))),
    );
    figures.gauge_if_known(
        "lapor_hub_next_lapse_timestamp_seconds",
        "When the next act lapses that nobody has decided (Unix).",
        undecided.asked.lapses_at.map(seconds),
    );
    told(hub, figures, picture);
    editions(figures, &held, picture);
    known(figures, &keys, &authority);
    recovery(hub, figures).await
}

fn told(hub: &Hub, figures: &mut Figures, picture: &Picture) {
    let notice = maintenance::read(&hub.ground, picture);
    figures.gauge_if_known(
        "lapor_hub_maintenance_told_institutions",
        "Active institutions to which the maintenance that is announced has come; nothing without one.",
        notice.as_ref().map(|notice| float(notice.told as u64)),
    );
    figures.gauge_if_known(
        "lapor_hub_maintenance_untold_institutions",
        "Active institutions to which it has not come.",
        notice.map(|notice| float(notice.active.saturating_sub(notice.told) as u64)),
    );
}

fn editions(figures: &mut Figures, held: &BTreeMap<(What, String), usize>, picture: &Picture) {
    let rows = held.iter().map(|((what, edition), count)| {
        let labels = vec![("what", what.code()), ("edition", edition.as_str())];
        (labels, float(*count as u64))
    });
    figures.gauges(
        "lapor_hub_edition_institutions",
        "Active institutions that say they go by an edition; an empty name is the one that programs ship.",
        rows,
    );
    let instances = picture.instances.values();
    let active = instances.filter(|of| of.status == Status::Active).count();
    figures.gauge(
        "lapor_hub_active_institutions",
        "Institutions that take part.",
        float(active as u64),
    );
}

fn known(figures: &mut Figures, keys: &SigningKeys, authority: &AuthorityStanding) {
    figures.gauge(
        "lapor_hub_signing_key_unaware_institutions",
        "Active and suspended institutions that have not said that they know the signing key announced last.",
        float(keys.behind.len() as u64),
    );
    let roots: Vec<(String, usize, usize)> = authority
        .roots
        .iter()
        .map(|root| (root.pin.to_hex(), root.trusted_by, root.certified))
        .collect();
    figures.gauges(
        "lapor_hub_root_trusting_institutions",
        "Institutions that say they trust a root, by its SHA-256.",
        roots
            .iter()
            .map(|(pin, trusting, _)| (vec![("root", pin.as_str())], float(*trusting as u64))),
    );
    figures.gauges(
        "lapor_hub_root_certified_institutions",
        "Institutions that say their certificate stands below a root.",
        roots
            .iter()
            .map(|(pin, _, certified)| (vec![("root", pin.as_str())], float(*certified as u64))),
    );
    figures.gauge(
        "lapor_hub_authority_cut_off_institutions",
        "Institutions that the next step of a change of authority would cut off.",
        float(authority.cut_off.len() as u64),
    );
}

/// Of a restore that is not over, and of what is damaged.
async fn recovery(hub: &Hub, figures: &mut Figures) -> Result<(), HubError> {
    let recovery = restored::read(hub).await?;
    let open = recovery.restore.as_ref();
    let open = open.is_some_and(|restore| restore.closed_at.is_none());
    let members = recovery.members.len().saturating_sub(recovery.heard());
    let lost = recovery.loss.is_some();
    figures.gauge(
        "lapor_hub_damaged_messages",
        "Messages whose bytes the hub's disk has damaged, until their authors have sent them once more.",
        float(recovery.damaged.len() as u64),
    );
    let back = [
        (
            "lapor_hub_recovery_whole_institutions",
            "Members that have brought back all that they hold and the hub has lost; nothing without a loss.",
            recovery.whole() as u64,
        ),
        (
            "lapor_hub_recovery_back_records",
            "Messages, items and versions of the directory that members have brought back.",
            recovery.back(),
        ),
    ];
    for (name, help, value) in back {
        figures.gauge_if_known(name, help, lost.then(|| float(value)));
    }
    let rows = [
        (
            "lapor_hub_recovery_heard_institutions",
            "Members that have been heard since the hub was restored; nothing without a restore that is open.",
            recovery.heard() as u64,
        ),
        (
            "lapor_hub_recovery_unheard_institutions",
            "Members that have not been heard since.",
            members as u64,
        ),
        (
            "lapor_hub_recovery_lacking_institutions",
            "Members that hold what the restored hub has lost.",
            recovery.lacking() as u64,
        ),
        (
            "lapor_hub_recovery_came_messages",
            "Messages taken in since the restore.",
            recovery.came(),
        ),
    ];
    for (name, help, value) in rows {
        figures.gauge_if_known(name, help, open.then(|| float(value)));
    }
    Ok(())
}
