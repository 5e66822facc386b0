//! What the hub knows of each institution that has joined: how far behind it
//! is, when it was last heard, and what it said of its own health. The label
//! is the slug, and there are as many as active and suspended institutions.

use std::collections::{BTreeSet, HashMap};

use lapor_protocol::directory::{InstanceEntry, Status};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::wire::Health;
use lapor_web::monitor::{Figures, float, seconds};

use crate::app::Hub;
use crate::membership::status_text;
use crate::store::acks::Progress;
use crate::store::reports::Report;
use crate::streams::StreamKey;

/// An institution with what is known of it.
struct Known<'a> {
    entry: &'a InstanceEntry,
    lag: u64,
    last_contact: Option<i64>,
    health: Option<Health>,
}

pub fn measure(
    hub: &Hub,
    figures: &mut Figures,
    acks: &[Progress],
    reports: &[Report],
    frozen: &BTreeSet<InstanceId>,
) {
    let directory = hub.ground.directory.current();
    let joined =
        |entry: &&InstanceEntry| matches!(entry.status, Status::Active | Status::Suspended);
    let acks: HashMap<&InstanceId, &Progress> =
        acks.iter().map(|ack| (&ack.recipient, ack)).collect();
    let reports: HashMap<&InstanceId, &Report> = reports
        .iter()
        .map(|report| (&report.slug, report))
        .collect();
    let known: Vec<Known<'_>> = directory
        .latest()
        .instances()
        .filter(joined)
        .map(|entry| know(hub, entry, acks.get(&entry.id), reports.get(&entry.id)))
        .collect();
    let info = known.iter().map(|of| {
        let software = of.health.as_ref().map_or("", |health| &health.software);
        let labels = vec![
            ("instance", of.entry.id.as_str()),
            ("status", status_text(of.entry.status)),
            ("software", bounded(software)),
        ];
        (labels, 1.0)
    });
    figures.gauges(
        "lapor_hub_instance_info",
        "Institutions that have joined, their status and what they run; always 1.",
        info,
    );
    let frozen = known.iter().map(|of| {
        let labels = vec![("instance", of.entry.id.as_str())];
        (labels, float(u64::from(frozen.contains(&of.entry.id))))
    });
    figures.gauges(
        "lapor_hub_instance_frozen",
        "1 when two messages have claimed one position of the institution's chain.",
        frozen,
    );
    write(figures, &known);
}

fn know<'a>(
    hub: &Hub,
    entry: &'a InstanceEntry,
    ack: Option<&&Progress>,
    report: Option<&&Report>,
) -> Known<'a> {
    let head = hub.streams.head(&StreamKey::Inbox(entry.id.clone()));
    let accepted = ack.filter(|ack| ack.depoch == head.depoch);
    let accepted = accepted.map_or(0, |ack| ack.accepted);
    let contacts = [
        hub.contacts.last(&entry.id),
        ack.map(|ack| ack.received_at),
        report.map(|report| report.at),
    ];
    Known {
        entry,
        lag: head.dseq.saturating_sub(accepted),
        last_contact: contacts.into_iter().flatten().max(),
        health: report.and_then(|report| serde_json::from_str(&report.text).ok()),
    }
}

fn write(figures: &mut Figures, known: &[Known<'_>]) {
    let mut each = |name: &str, help: &str, value: &dyn Fn(&Known<'_>) -> Option<f64>| {
        let rows = known
            .iter()
            .filter_map(|of| Some((vec![("instance", of.entry.id.as_str())], value(of)?)));
        figures.gauges(name, help, rows);
    };
    let told = |value: fn(&Health) -> Option<f64>| {
        move |of: &Known<'_>| of.health.as_ref().and_then(value)
    };
    each(
        "lapor_hub_instance_lag_deliveries",
        "Deliveries that the institution has not acknowledged.",
        &|of| Some(float(of.lag)),
    );
    each(
        "lapor_hub_instance_last_contact_timestamp_seconds",
        "When the institution last asked anything of the hub (Unix).",
        &|of| of.last_contact.map(seconds),
    );
    each(
        "lapor_hub_instance_certificate_expiry_timestamp_seconds",
        "When the institution's certificate ends, as it says (Unix).",
        &told(|health| {
            (health.certificate_expires > 0).then(|| seconds(health.certificate_expires))
        }),
    );
    each(
        "lapor_hub_instance_unsent_messages",
        "Messages that wait at the institution, as it says.",
        &told(|health| Some(float(health.unsent))),
    );
    each(
        "lapor_hub_instance_quarantined_messages",
        "Messages set aside at the institution, as it says.",
        &told(|health| Some(float(health.quarantined))),
    );
    each(
        "lapor_hub_instance_parked_messages",
        "Messages that need newer software at the institution, as it says.",
        &told(|health| Some(float(health.parked))),
    );
    each(
        "lapor_hub_instance_free_disk_bytes",
        "Bytes free at the institution, as it says.",
        &told(|health| health.free_disk_bytes.map(float)),
    );
    each(
        "lapor_hub_instance_last_backup_timestamp_seconds",
        "When the institution last made a backup, as it says (Unix).",
        &told(|health| health.last_backup.map(seconds)),
    );
    each(
        "lapor_hub_instance_health_timestamp_seconds",
        "The institution's own clock when it last reported (Unix).",
        &told(|health| Some(seconds(health.time))),
    );
}

/// An institution names its software itself; what does not look like a name
/// and a version is not repeated.
fn bounded(software: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || " .-+~/".contains(c);
    if software.len() <= 40 && software.chars().all(plain) {
        software
    } else {
        "other"
    }
}
