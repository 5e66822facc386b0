//! What `/metrics` reads when it is asked: queue, connections, streams, disk,
//! certificates. The counters beside it are kept where things happen.

use lapor_web::monitor::{Figures, float, free_disk_bytes, seconds};

use super::{casework, course, folders, instances, standing};
use crate::alarms::Severity;
use crate::app::Hub;
use crate::error::HubError;
use crate::store::alarms::deliveries::Counted;
use crate::trials::Standing;
use crate::upkeep::{self, Outcome};
use crate::{keys, store, watch};

pub async fn measure(hub: &Hub, figures: &mut Figures) -> Result<(), HubError> {
    let ground = &hub.ground;
    figures.build_info("lapor_hub_build_info", env!("CARGO_PKG_VERSION"));
    at_work(hub, figures);
    let settings = hub.settings();
    let folders = folders(settings);
    let free = free_disk_bytes(folders.iter().map(std::path::PathBuf::as_path));
    figures.gauge_if_known(
        "lapor_hub_free_disk_bytes",
        "Bytes free where the hub writes, on the fullest file system.",
        free.map(float),
    );
    let issuer = ground.certifier().issuer.not_after_ms();
    let ends = [
        keys::credential_ends(settings).map(|at| (vec![("of", "hub")], seconds(at))),
        Some((vec![("of", "issuer")], seconds(issuer))),
    ];
    figures.gauges(
        "lapor_hub_certificate_expiry_timestamp_seconds",
        "When the hub's own certificate and its issuer's end (Unix).",
        ends.into_iter().flatten(),
    );
    let mut tx = ground.db.read().await?;
    let blobs = store::blobs::room_used_by_all(&mut tx, false).await?;
    let pictures = store::blobs::room_used_by_all(&mut tx, true).await?;
    let ordered = store::state::moment(&mut tx).await?.number;
    let counted = casework::read(&mut tx, hub.now_ms()).await?;
    let open = store::alarms::live::count(&mut tx).await?;
    let letters = store::alarms::deliveries::count(&mut tx).await?;
    let backup = upkeep::last_backup(&mut tx).await?;
    let size = upkeep::last_size(&mut tx).await?;
    let trials = Standing::read(&mut tx, hub.now_ms()).await?;
    tx.rollback().await?;
    casework::measure(figures, &ground.directory.current(), &counted, ordered);
    alarms(figures, &open, letters);
    figures.gauge_if_known(
        "lapor_hub_last_backup_timestamp_seconds",
        "When the hub was last backed up (Unix).",
        backup.map(seconds),
    );
    figures.gauge_if_known(
        "lapor_hub_last_backup_bytes",
        "Size of that backup.",
        size.map(float),
    );
    figures.gauge_if_known(
        "lapor_hub_last_trial_restore_timestamp_seconds",
        "When a backup of the hub was last restored on trial and held in all (Unix).",
        trials.sound.map(seconds),
    );
    figures.gauge_if_known(
        "lapor_hub_trial_restore_failed",
        "1 while the last backup that was restored on trial did not hold; nothing before the first trial.",
        trials
            .outcome()
            .map(|last| float(u64::from(last == Outcome::Failed))),
    );
    figures.gauge(
        "lapor_hub_blob_bytes",
        "Bytes of attachments for which room is taken.",
        float(blobs),
    );
    figures.gauge(
        "lapor_hub_picture_bytes",
        "Bytes of pictures of programmes for which room is taken.",
        float(pictures),
    );
    figures.gauge(
        "lapor_hub_ordered_messages",
        "Messages that the hub has ordered since it was made.",
        float(ordered as u64),
    );
    let picture = watch::look(hub).await?;
    instances::measure(figures, &picture);
    standing::measure(hub, figures, &picture).await?;
    course::measure(hub, figures).await
}

fn alarms(figures: &mut Figures, open: &[(String, i64, i64)], letters: Counted) {
    let of = |severity: Severity| {
        let code = store::code_of(&severity);
        let found = open.iter().find(|(known, ..)| *known == code);
        found.map_or((0, 0), |(_, count, seen)| (*count, *seen))
    };
    let rows = [
        ("warning", of(Severity::Warning)),
        ("critical", of(Severity::Critical)),
    ];
    figures.gauges(
        "lapor_hub_acknowledged_alarms",
        "Of those, the ones that somebody has acknowledged.",
        rows.map(|(severity, (_, seen))| (vec![("severity", severity)], float(seen as u64))),
    );
    figures.gauges(
        "lapor_hub_open_alarms",
        "Alarms that are open or acknowledged, by severity.",
        rows.map(|(severity, (count, _))| (vec![("severity", severity)], float(count as u64))),
    );
    let rows = [("waiting", letters.waiting), ("dead", letters.dead)];
    figures.gauges(
        "lapor_hub_alarm_deliveries",
        "Letters and webhooks about alarms that wait, and those that were given up.",
        rows.map(|(state, count)| (vec![("state", state)], float(count as u64))),
    );
}

fn at_work(hub: &Hub, figures: &mut Figures) {
    let directory = hub.ground.directory.current();
    figures.gauge(
        "lapor_hub_directory_version",
        "Version of the directory that is in force.",
        float(directory.version()),
    );
    figures.gauge(
        "lapor_hub_sequencer_queue_batches",
        "Batches that wait to be ordered.",
        float(hub.sequencer.waiting() as u64),
    );
    let fenced = hub.sequencer.ended().borrow().is_some();
    figures.gauge(
        "lapor_hub_sequencer_fenced",
        "1 when this process may order no more: another has taken over, or the database went back.",
        float(u64::from(fenced)),
    );
    figures.gauge(
        "lapor_hub_replicas",
        "Processes of this hub that are at work on its database, this one included.",
        float(hub.replicas.count() as u64),
    );
    figures.gauge(
        "lapor_hub_leads",
        "1 where this process does what one of them has to do: alarms, history, casework, trials.",
        float(u64::from(hub.replicas.leads())),
    );
    figures.gauge(
        "lapor_hub_recovering",
        "1 when members have shown that the hub has lost what it signed.",
        float(u64::from(hub.witness.known_loss().is_some())),
    );
    let now = hub.now_ms();
    let maintenance = directory.maintenance(now);
    figures.gauge(
        "lapor_hub_maintenance",
        "1 while the hub takes nothing in because of a maintenance that it has announced.",
        float(u64::from(
            maintenance.is_some_and(|notice| notice.is_on(now)),
        )),
    );
    figures.gauge(
        "lapor_hub_open_connections",
        "Open connections of institutions.",
        float(hub.connections.total() as u64),
    );
    figures.gauge(
        "lapor_hub_long_polls",
        "Requests that wait for something to happen.",
        float(hub.waiting() as u64),
    );
}
