//! What lies here as a register, of what whoever asks may see: numbers, what was reported and where each
//! case stands; no words of a *rahasia* case, and nobody's name. It is read in again as it went out.

use chrono::NaiveDate;
use lapor_protocol::ids::CaseId;
use lapor_web::intake::channel_words;
use lapor_web::language::{TextId, Voice, text_id};
use serde::Deserialize;

use super::{Answer, shared};
use crate::api::problem;
use crate::casework::{CaseFilter, CaseSummary, Reported, Sight};
use crate::node::Node;
use crate::portal::{classification_name, name_of, state_words};
use crate::regions;
use crate::registers::{Cell, Table};

pub const CSV: &str = "/meja/register.csv";
pub const XLSX: &str = "/meja/register.xlsx";
/// Lines of a register, at most.
const LINES: usize = 10_000;
/// Cases that are read at once.
const PAGE: u32 = 200;
const HEAD: [TextId; 16] = [
    text_id("register-field-number"),
    text_id("register-ticket"),
    text_id("register-filed-on"),
    text_id("register-field-channel"),
    text_id("register-field-title"),
    text_id("register-field-content"),
    text_id("register-field-class"),
    text_id("register-field-category"),
    text_id("register-field-region"),
    text_id("register-field-place"),
    text_id("register-field-day"),
    text_id("register-field-anonymous"),
    text_id("register-field-secret"),
    text_id("state-label"),
    text_id("register-custodian"),
    text_id("register-changed-on"),
];

/// The days on which cases were filed; those of all days without them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    dari: String,
    sampai: String,
}

impl Asked {
    pub fn filter(&self, node: &Node) -> CaseFilter {
        let day = |typed: &str| typed.parse::<NaiveDate>().ok();
        CaseFilter {
            filed_from: day(&self.dari).map(|day| node.span_of_days(day, day).0),
            filed_before: day(&self.sampai).map(|day| node.span_of_days(day, day).1),
            ..CaseFilter::default()
        }
    }
}

pub async fn table(node: &Node, v: &Voice, sight: &Sight, filter: &CaseFilter) -> Answer<Table> {
    let mut table = Table {
        head: HEAD.map(|id| v.say(id)).to_vec(),
        rows: Vec::new(),
    };
    let mut after = None;
    loop {
        let page = node.search(sight, "", filter, after.as_deref(), PAGE);
        let page = page.await.map_err(|error| problem(&error))?;
        let left = LINES - table.rows.len();
        let cases: Vec<&CaseSummary> = page.cases.iter().take(left).collect();
        let ids: Vec<CaseId> = cases.iter().map(|case| case.case).collect();
        let reported = node.reported(&ids).await.map_err(|error| problem(&error))?;
        let rows = cases
            .into_iter()
            .map(|case| row(node, v, case, reported.get(&case.case)));
        table.rows.extend(rows);
        after = page.next;
        if after.is_none() || table.rows.len() == LINES {
            return Ok(table);
        }
    }
}

fn row(node: &Node, v: &Voice, case: &CaseSummary, reported: Option<&Reported>) -> Vec<Cell> {
    let open = |text: Option<&String>| {
        let text = text.filter(|_| !case.secret);
        text.cloned().unwrap_or_default()
    };
    let truth = |is: bool| if is { v.say("yes") } else { v.say("no") };
    let national = case.category.as_ref().map(|one| one.as_str().to_owned());
    let category = case.local_category.clone().or(national);
    let region = case.region.as_ref();
    // What has none is known again by its case.
    let ticket = case.ticket.clone();
    let channel = reported.and_then(|one| one.channel.as_deref());
    let day = reported.and_then(|one| one.incident_date.as_deref());
    let day = day.and_then(|day| day.parse().ok());
    vec![
        case.own_number.clone().unwrap_or_default().into(),
        ticket.unwrap_or_else(|| case.case.to_string()).into(),
        Cell::Moment(v.local(case.filed_at)),
        channel
            .map(|channel| channel_words(v, channel))
            .unwrap_or_default()
            .into(),
        open(case.title.as_ref()).into(),
        open(reported.and_then(|one| one.content.as_ref())).into(),
        case.classification
            .map(|class| v.say(classification_name(class)))
            .unwrap_or_default()
            .into(),
        category
            .map(|one| shared::category_name(&one))
            .unwrap_or_default()
            .into(),
        region
            .and_then(|code| regions::national().display_name(code))
            .unwrap_or_default()
            .into(),
        open(case.place.as_ref()).into(),
        day.map_or_else(|| "".into(), Cell::Day),
        truth(case.anonymous).into(),
        truth(case.secret).into(),
        case.state
            .map(|state| v.say(state_words(state).0))
            .unwrap_or_default()
            .into(),
        case.custodian
            .as_ref()
            .map(|id| name_of(node, id))
            .unwrap_or_default()
            .into(),
        Cell::Moment(v.local(case.updated_at)),
    ]
}
