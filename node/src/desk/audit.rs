//! The audit log as a page, for the institution's admin.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::Query;
use lapor_web::language::Voice;
use lapor_web::page::Form;
use serde::Deserialize;

use super::refused::refusal;
use super::{Answer, Officer, account};
use crate::api::problem;
use crate::audit::{AuditEntry, AuditQuery};
use crate::node::Node;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/audit";
/// Entries of a page.
const PAGE: u32 = 50;

#[derive(Default, Deserialize)]
pub struct LogQuery {
    #[serde(default)]
    pelaku: String,
    #[serde(default)]
    tindakan: String,
    #[serde(default)]
    berkas: String,
    sebelum: Option<i64>,
}

#[derive(Template)]
#[template(path = "desk/audit.html")]
struct AuditPage<'a> {
    v: Voice,
    form: &'a Form,
    lines: Vec<Line>,
    here: &'static str,
    first: Option<String>,
    next: Option<String>,
}

struct Line {
    entry: AuditEntry,
    /// The person's name, where an account of this node did it.
    who: String,
}

pub async fn read(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(query): Query<LogQuery>,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let asked = AuditQuery {
        before: query.sebelum,
        actor: query.pelaku.trim(),
        action: query.tindakan.trim(),
        case: query.berkas.trim(),
        limit: PAGE,
    };
    let entries = node.audit_log(&asked).await;
    let entries = entries.map_err(|error| problem(&error))?;
    let accounts = node.accounts().list().await;
    let names: BTreeMap<String, String> = accounts
        .map_err(|error| refusal(&error))?
        .into_iter()
        .map(|account| (account.actor(), account.name))
        .collect();
    let full = entries.len() == PAGE as usize;
    let last = entries.last().filter(|_| full).map(|entry| entry.number);
    let form = Form::of([
        ("pelaku", asked.actor),
        ("tindakan", asked.action),
        ("berkas", asked.case),
    ]);
    let page = AuditPage {
        v: officer.visit.v,
        form: &form,
        lines: entries
            .into_iter()
            .map(|entry| Line {
                who: names.get(&entry.actor).cloned().unwrap_or_default(),
                entry,
            })
            .collect(),
        here: PATH,
        first: query.sebelum.map(|_| PATH.to_owned()),
        next: last.map(|number| following(&asked, number)),
    };
    let title = officer.visit.v.say("audit-title");
    officer
        .visit
        .shell(title)
        .wide()
        .within(account::PATH)
        .show(&page)
}

/// The page behind this one, with the same filters.
fn following(asked: &AuditQuery<'_>, before: i64) -> String {
    let fields = [
        ("pelaku", asked.actor),
        ("tindakan", asked.action),
        ("berkas", asked.case),
    ];
    let mut path = format!("{PATH}?sebelum={before}");
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".:_-".contains(c);
        // What has other characters matches nothing anyway.
        let value: String = value.chars().filter(|c| plain(*c)).collect();
        path.extend(["&", name, "=", &value]);
    }
    path
}
