//! What is open, by rule; somebody says that they have seen it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::Query;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::Member;
use serde::Deserialize;

use super::words::{Shown, rule, shown, tone};
use super::{Tab, acts, demand, names, refused, silences, tabs};
use crate::alarms::{AlarmState, acts as deeds, overview};
use crate::console::approvals::failed;
use crate::console::live;
use crate::console::words::severity;
use crate::console::{ALARMS, Answer, Console};

pub const ACKNOWLEDGE: &str = "/konsol/alarm/akui";
/// The note, and its characters at most.
const NOTE: &str = "catatan";
pub const NOTE_CHARACTERS: usize = 500;
/// The field of the moment until which the page shows what has opened.
const SEEN: &str = "saat";
/// Alarms of a rule among others, and alone; a form has at most 500 fields.
const SOME: usize = 10;
const MANY: usize = 400;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    /// Only the alarms of one rule.
    aturan: String,
    /// Which page of them; the first without it.
    halaman: usize,
}

#[derive(Template)]
#[template(path = "console/alarms/open.html")]
struct OpenPage {
    v: Voice,
    live_at: &'static str,
    tabs: Vec<Tab>,
    groups: Vec<Group>,
    waiting: usize,
    acknowledged: usize,
    act_at: &'static str,
    acts: bool,
    /// Back to all, where only one rule is shown.
    all_at: Option<&'static str>,
    most: usize,
}

struct Group {
    rule: String,
    title: String,
    severity: String,
    tone: &'static str,
    total: usize,
    waiting: usize,
    /// Unix ms; what opens later than the last of them is not acknowledged from this page.
    seen: i64,
    lines: Vec<Shown>,
    /// How many more there are, and where all of them are.
    more: usize,
    at: String,
    /// The first page of a rule alone, from another, and the one behind this.
    first: Option<String>,
    next: Option<String>,
    silence_at: String,
}

pub async fn list(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let v = member.visit.v;
    let names = names(&console).await?;
    let directory = console.hub.ground.directory.current();
    let groups = overview::open(&console.hub).await;
    let groups = groups.map_err(|error| failed(&error))?;
    let alone = !wanted.aturan.is_empty();
    let most = if alone { MANY } else { SOME };
    let before = if alone {
        wanted.halaman.saturating_sub(1).saturating_mul(MANY)
    } else {
        0
    };
    let mut page = OpenPage {
        v,
        live_at: live::PATH,
        tabs: tabs(&v, ALARMS),
        groups: Vec::new(),
        waiting: 0,
        acknowledged: 0,
        act_at: ACKNOWLEDGE,
        acts: acts(&member),
        all_at: alone.then_some(ALARMS),
        most: NOTE_CHARACTERS,
    };
    for group in groups {
        if alone && group.rule.id != wanted.aturan {
            continue;
        }
        let total = group.alarms.len();
        let open = |alarm: &&overview::Alarm| alarm.state == AlarmState::Open;
        let waiting = group.alarms.iter().filter(open).count();
        page.waiting += waiting;
        page.acknowledged += total - waiting;
        let seen = group.alarms.iter().map(|alarm| alarm.opened_at).max();
        let lines = group.alarms.into_iter().skip(before).take(most);
        let rule_at = |page: usize| {
            let page = page.to_string();
            let fields = [("aturan", group.rule.id.as_str()), ("halaman", &page)];
            LocalPath::asking(ALARMS, fields).to_string()
        };
        let behind = total.saturating_sub(before.saturating_add(most));
        page.groups.push(Group {
            title: rule(&v, &directory, &group.rule),
            severity: v.say(severity(group.rule.severity)),
            tone: tone(group.rule.severity),
            total,
            waiting,
            seen: seen.unwrap_or_default(),
            lines: lines
                .map(|alarm| shown(&v, &directory, &names, alarm))
                .collect(),
            more: if alone { 0 } else { behind },
            at: rule_at(1),
            first: (before > 0).then(|| rule_at(1)),
            next: (alone && behind > 0).then(|| rule_at(before / MANY + 2)),
            silence_at: silences::about("rule", &group.rule.id),
            rule: group.rule.id,
        });
    }
    let title = v.say("console-alarms");
    let shell = member.visit.shell(title).wide();
    shell.script("federation.js").show(&page)
}

/// Acknowledges what is ticked, or with `semua` all of a rule that were open when
/// the page was made.
pub async fn acknowledge(
    State(console): State<Arc<Console>>,
    member: Member,
    mut form: Form,
) -> Answer<Response> {
    demand(&member)?;
    let note = form.at_most(&member.visit.v, NOTE, NOTE_CHARACTERS);
    let back = LocalPath::own(ALARMS);
    if !form.is_fine() {
        let said = Flash::warning(text_id("alarm-note-long"));
        return Ok(member.visit.go_saying(&back, &said));
    }
    let ids: Vec<String> = if form.text("lingkup") == "semua" {
        let groups = overview::open(&console.hub).await;
        let groups = groups.map_err(|error| failed(&error))?.into_iter();
        let of = groups.filter(|group| group.rule.id == form.text("aturan"));
        // What nobody can have seen on the page is not acknowledged by it.
        let seen: i64 = form.text(SEEN).parse().unwrap_or(0);
        of.flat_map(|group| group.alarms)
            .filter(|alarm| alarm.opened_at <= seen)
            .map(|alarm| alarm.id)
            .collect()
    } else {
        form.all("alarm").map(ToOwned::to_owned).collect()
    };
    let done = deeds::acknowledge(&console.hub, &member.actor(), &ids, &note).await;
    let said = match done.map_err(|error| refused(&error))? {
        0 => Flash::warning(text_id("alarm-none-acknowledged")),
        n => Flash::done(text_id("alarm-acknowledged-done")).with("n", n.to_string()),
    };
    Ok(member.visit.go_saying(&back, &said))
}
