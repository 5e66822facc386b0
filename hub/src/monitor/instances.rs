//! What the hub knows of each institution that has joined, as the console
//! shows it: how far behind it is, when it was last heard, what it said of its
//! own health, and its colour. The label is the slug, and there are as many as
//! active and suspended institutions.

use lapor_protocol::directory::Status;
use lapor_protocol::wire::Health;
use lapor_web::monitor::{Figures, float, seconds};

use crate::membership::status_text;
use crate::store::code_of;
use crate::watch::{Instance, Picture, State};

pub fn measure(figures: &mut Figures, picture: &Picture) {
    let joined = |of: &&Instance| matches!(of.status, Status::Active | Status::Suspended);
    let known: Vec<&Instance> = picture.instances.values().filter(joined).collect();
    let info = known.iter().map(|of| {
        let software = of.told.as_ref().map_or("", |told| &told.report.software);
        let labels = vec![
            ("instance", of.id.as_str()),
            ("status", status_text(of.status)),
            ("software", bounded(software)),
        ];
        (labels, 1.0)
    });
    figures.gauges(
        "lapor_hub_instance_info",
        "Institutions that have joined, their status and what they run; always 1.",
        info,
    );
    write(figures, &known, picture.at);
    told(figures, &known);
    judged(figures, &known);
}

/// The colours and their reasons.
fn judged(figures: &mut Figures, known: &[&Instance]) {
    let colour = |state: State| match state {
        State::Grey => 0.0,
        State::Green => 1.0,
        State::Yellow => 2.0,
        State::Red => 3.0,
    };
    let states = known
        .iter()
        .map(|of| (vec![("instance", of.id.as_str())], colour(of.health.state)));
    figures.gauges(
        "lapor_hub_instance_state",
        "The colour of the institution: 0 grey, 1 green, 2 yellow, 3 red.",
        states,
    );
    let findings: Vec<(&str, String, State)> = known
        .iter()
        .flat_map(|of| {
            let told = of.health.findings.iter();
            told.map(|finding| (of.id.as_str(), code_of(&finding.concern), finding.state))
        })
        .collect();
    let findings = findings.iter().map(|(id, concern, state)| {
        let labels = vec![("instance", *id), ("concern", concern.as_str())];
        (labels, colour(*state))
    });
    figures.gauges(
        "lapor_hub_instance_finding",
        "Why the institution is yellow (2) or red (3), by concern.",
        findings,
    );
}

fn write(figures: &mut Figures, known: &[&Instance], now_ms: i64) {
    let mut each = |name: &str, help: &str, value: &dyn Fn(&Instance) -> Option<f64>| {
        let rows = known
            .iter()
            .filter_map(|of| Some((vec![("instance", of.id.as_str())], value(of)?)));
        figures.gauges(name, help, rows);
    };
    let age = |since: Option<i64>| Some(since.map_or(0.0, |at| seconds(now_ms.saturating_sub(at))));
    each(
        "lapor_hub_instance_frozen",
        "1 when two messages have claimed one position of the institution's chain.",
        &|of| Some(float(u64::from(of.frozen))),
    );
    each(
        "lapor_hub_instance_twice",
        "1 when two copies of the institution's node talk to the hub.",
        &|of| Some(float(u64::from(of.twice))),
    );
    each(
        "lapor_hub_instance_lag_deliveries",
        "Deliveries that the institution has not acknowledged.",
        &|of| Some(float(of.undelivered)),
    );
    each(
        "lapor_hub_instance_unapplied_deliveries",
        "Deliveries that the institution has not applied or set aside.",
        &|of| Some(float(of.unapplied)),
    );
    each(
        "lapor_hub_instance_oldest_unapplied_seconds",
        "Age of the oldest of them.",
        &|of| age(of.oldest_unapplied),
    );
    each(
        "lapor_hub_instance_oldest_unsent_seconds",
        "Age of the oldest message that waits at the institution, as it says.",
        &|of| {
            of.told
                .as_ref()
                .map(|told| told.unsent_age(now_ms).map_or(0.0, seconds))
        },
    );
    each(
        "lapor_hub_instance_views_apart_seconds",
        "For how long what the institution says of the streams has differed from what the hub knows.",
        &|of| age(of.apart_since),
    );
    each(
        "lapor_hub_instance_clock_offset_seconds",
        "By how much the institution's clock was ahead at its last report.",
        &|of| of.told.as_ref().map(|told| seconds(told.clock_offset)),
    );
    each(
        "lapor_hub_instance_sent_messages",
        "Messages accepted from the institution since it joined.",
        &|of| Some(float(of.sent)),
    );
    each(
        "lapor_hub_instance_received_messages",
        "Messages put into the institution's stream since it joined.",
        &|of| Some(float(of.received)),
    );
    each(
        "lapor_hub_instance_last_contact_timestamp_seconds",
        "When the institution last asked anything of the hub (Unix).",
        &|of| of.last_contact.map(seconds),
    );
    each(
        "lapor_hub_instance_certificate_expiry_timestamp_seconds",
        "When the institution's certificate ends, as issued last, or as it says if that is sooner and was said a moment ago (Unix).",
        &|of| of.certificate_expires.map(seconds),
    );
    each(
        "lapor_hub_instance_open_connections",
        "Open connections of the institution.",
        &|of| Some(float(of.connections as u64)),
    );
}

/// What it said of itself last.
fn told(figures: &mut Figures, known: &[&Instance]) {
    let mut each = |name: &str, help: &str, value: fn(&Health) -> Option<f64>| {
        let rows = known.iter().filter_map(|of| {
            let told = of.told.as_ref()?;
            Some((vec![("instance", of.id.as_str())], value(&told.report)?))
        });
        figures.gauges(name, help, rows);
    };
    each(
        "lapor_hub_instance_directory_version",
        "Version of the directory that the institution has, as it says.",
        |health| Some(float(health.directory)),
    );
    each(
        "lapor_hub_instance_unsent_messages",
        "Messages that wait at the institution, as it says.",
        |health| Some(float(health.unsent)),
    );
    each(
        "lapor_hub_instance_quarantined_messages",
        "Messages set aside at the institution, as it says.",
        |health| Some(float(health.quarantined)),
    );
    each(
        "lapor_hub_instance_parked_messages",
        "Messages that need newer software at the institution, as it says.",
        |health| Some(float(health.parked)),
    );
    each(
        "lapor_hub_instance_free_disk_bytes",
        "Bytes free at the institution, as it says.",
        |health| health.free_disk_bytes.map(float),
    );
    each(
        "lapor_hub_instance_last_backup_timestamp_seconds",
        "When the institution last made a backup, as it says (Unix).",
        |health| health.last_backup.map(seconds),
    );
    each(
        "lapor_hub_instance_health_timestamp_seconds",
        "The institution's own clock when it last reported (Unix).",
        |health| Some(seconds(health.time)),
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
