//! The audit log as a page, for those who may read it.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::audit_words::{acted, acts, by};
use super::refused::refusal;
use super::{Answer, Member, Office};
use crate::language::{TextId, Voice};
use crate::page::{Choice, Field, Form};
use crate::{ApiProblem, Query};

/// Entries of a page.
const PAGE: u32 = 50;
/// Characters of a subject, at most.
const SUBJECT: usize = 64;
const ACTOR: &str = "pelaku";
const ACTION: &str = "tindakan";
const BEFORE: &str = "sebelum";

/// Which entries; an empty text means any. An actor that ends with a colon means all that begin so.
#[derive(Debug, Clone, Copy)]
pub struct AuditAsked<'a> {
    /// Only entries before this one.
    pub before: Option<i64>,
    pub actor: &'a str,
    pub action: &'a str,
    /// What it concerned, such as a case.
    pub subject: &'a str,
    /// How many, at most.
    pub limit: u32,
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    pub number: i64,
    /// Unix ms.
    pub at: i64,
    pub actor: String,
    pub action: String,
    pub subject: Option<String>,
    pub detail: String,
}

#[derive(Template)]
#[template(path = "people/audit.html")]
struct AuditPage<'a> {
    v: Voice,
    form: &'a Form,
    actors: Vec<Choice>,
    acts: Vec<Choice>,
    subject: String,
    about: Field<'a>,
    lines: Vec<Named>,
    here: &'static str,
    first: Option<String>,
    next: Option<String>,
}

struct Named {
    entry: AuditLine,
    /// Who did it, by name where it was an account of this program.
    who: String,
    /// What was done, in words.
    what: String,
    /// What it concerned: what it is called, and its page.
    subject: Option<(String, String)>,
}

pub async fn read<O: Office>(
    State(office): State<Arc<O>>,
    member: Member,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Response> {
    member.requires(O::reads_audit)?;
    let (v, words) = (member.visit.v, O::WORDS);
    let field = |name: &str| query.get(name).map_or("", |value| value.trim());
    let meant = office
        .subject_meant(field(words.audit_subject_field))
        .await?;
    let asked = AuditAsked {
        before: before(field(BEFORE))?,
        actor: field(ACTOR),
        action: field(ACTION),
        subject: &meant,
        limit: PAGE,
    };
    let entries = office.audit(&asked).await?;
    let subjects = office.subjects(&entries).await?;
    let accounts = office.accounts().list().await;
    let names: BTreeMap<String, String> = accounts
        .map_err(|error| refusal(&error))?
        .into_iter()
        .map(|account| (account.actor(), account.name))
        .collect();
    let full = entries.len() == PAGE as usize;
    let last = entries.last().filter(|_| full).map(|entry| entry.number);
    let fields = [
        (ACTOR, asked.actor),
        (ACTION, asked.action),
        (words.audit_subject_field, field(words.audit_subject_field)),
    ];
    let form = Form::of(fields);
    let subject = v.say(words.audit_subject);
    let page = AuditPage {
        v,
        form: &form,
        actors: actors(&v, &names, O::ACTORS, asked.actor),
        acts: acts(&v, O::ACTS, asked.action),
        about: form
            .field(words.audit_subject_field, subject.as_str())
            .most(SUBJECT),
        subject,
        lines: entries
            .into_iter()
            .map(|entry| Named {
                who: names
                    .get(&entry.actor)
                    .cloned()
                    .unwrap_or_else(|| by(&v, &entry.actor)),
                what: acted(&v, O::ACTS, &entry.action),
                subject: entry.subject.as_ref().map(|id| {
                    subjects
                        .get(id)
                        .cloned()
                        .unwrap_or_else(|| (id.clone(), String::new()))
                }),
                entry,
            })
            .collect(),
        here: O::PLACES.audit,
        first: asked.before.map(|_| O::PLACES.audit.to_owned()),
        next: last.map(|number| following(O::PLACES.audit, fields, number)),
    };
    let title = v.say("audit-title");
    member
        .visit
        .shell(title)
        .wide()
        .within(O::PLACES.account)
        .show(&page)
}

/// The people of this program by name, then who else acts; and whoever else is asked for.
fn actors(
    v: &Voice,
    names: &BTreeMap<String, String>,
    others: &[(&str, TextId)],
    asked: &str,
) -> Vec<Choice> {
    let mut all: Vec<Choice> = names
        .iter()
        .map(|(id, name)| Choice::new(id.as_str(), name))
        .collect();
    all.sort_by_cached_key(|choice| choice.label.to_lowercase());
    let others = others.iter();
    all.extend(others.map(|(begin, words)| Choice::new(*begin, v.say(*words))));
    if !asked.is_empty() && all.iter().all(|choice| choice.value != asked) {
        all.push(Choice::new(asked, by(v, asked)));
    }
    all
}

fn before(text: &str) -> Answer<Option<i64>> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || ApiProblem::invalid().with_detail("sebelum: expected the number of an entry.");
    text.parse().map(Some).map_err(|_| wrong())
}

/// The page behind this one, with the same filters.
fn following(here: &str, fields: [(&str, &str); 3], before: i64) -> String {
    let mut path = format!("{here}?{BEFORE}={before}");
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
        let plain = |c: char| c.is_ascii_alphanumeric() || ".:_-".contains(c);
        // What has other characters matches nothing anyway.
        let value: String = value.chars().filter(|c| plain(*c)).collect();
        path.extend(["&", name, "=", &value]);
    }
    path
}
