//! The audit log as a page, for those who may read it.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use lapor_protocol::calendar::{begin_of, end_of};

use super::audit_words::{acted, acts, asked_by, by, of_account, who};
use super::refused::refusal;
use super::{Answer, Member, Office};
use crate::language::{TextId, Voice};
use crate::page::{Choice, Field, Form, LocalPath};
use crate::{ApiProblem, Query};

/// Entries of a page.
const PAGE: u32 = 50;
/// Characters of a subject, at most.
const SUBJECT: usize = 64;
const ACTOR: &str = "pelaku";
const ACTION: &str = "tindakan";
const BEFORE: &str = "sebelum";
const FROM: &str = "dari";
const THROUGH: &str = "sampai";

/// Which entries; an empty text means any. An actor that ends with a colon means all that begin so.
#[derive(Debug, Clone, Copy)]
pub struct AuditAsked<'a> {
    /// Only entries before this one.
    pub before: Option<i64>,
    /// Only entries since this moment, and before that one, both in Unix ms.
    pub from: Option<i64>,
    pub until: Option<i64>,
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
    /// Why, where entries say so.
    why: Option<String>,
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
    let days = [FROM, THROUGH].map(|name| field(name).parse::<NaiveDate>().ok());
    let [from, through] = days;
    let asked = AuditAsked {
        before: before(field(BEFORE))?,
        from: from.map(|day| begin_of(v.zone(), day)),
        until: through.map(|day| end_of(v.zone(), day)),
        actor: field(ACTOR),
        action: field(ACTION),
        subject: &meant,
        limit: PAGE,
    };
    let entries = office.audit(&asked).await?;
    let subjects = office.subjects(&v, &entries).await?;
    let accounts = office.accounts().list().await;
    let names: BTreeMap<String, String> = accounts
        .map_err(|error| refusal(&error))?
        .into_iter()
        .map(|account| (account.actor(), account.name))
        .collect();
    let told = office.told(&v, &names, &entries).await?;
    let full = entries.len() == PAGE as usize;
    let last = entries.last().filter(|_| full).map(|entry| entry.number);
    let fields = [
        (ACTOR, asked.actor),
        (ACTION, asked.action),
        (words.audit_subject_field, field(words.audit_subject_field)),
        (FROM, field(FROM)),
        (THROUGH, field(THROUGH)),
    ];
    let mut form = Form::of(fields);
    for (name, day) in [(FROM, from), (THROUGH, through)] {
        if day.is_none() && !field(name).is_empty() {
            form.complain(name, v.say("audit-day-unusable"));
        }
    }
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
                who: who(&v, &names, &entry.actor),
                what: acted(&v, O::ACTS, &entry.action),
                why: why::<O>(&v, &names, &told, &entry),
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
        first: asked.before.map(|_| address(O::PLACES.audit, fields, None)),
        next: last.map(|number| address(O::PLACES.audit, fields, Some(number))),
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

/// A page with the same filters, behind an entry or at the beginning.
fn address(here: &str, fields: [(&str, &str); 5], before: Option<i64>) -> String {
    let before = before.map_or_else(String::new, |number| number.to_string());
    let before = [(BEFORE, before.as_str())];
    LocalPath::asking(here, before.into_iter().chain(fields)).to_string()
}

/// What an entry says besides, as people read it.
fn why<O: Office>(
    v: &Voice,
    names: &BTreeMap<String, String>,
    told: &BTreeMap<i64, String>,
    entry: &AuditLine,
) -> Option<String> {
    let (action, detail) = (entry.action.as_str(), entry.detail.as_str());
    if !O::SAYS_WHY || detail.is_empty() {
        return None;
    }
    if action.starts_with("account.") {
        return of_account(v, names, O::ROLES, (action, detail));
    }
    let said = told.get(&entry.number).cloned();
    Some(said.unwrap_or_else(|| asked_by(v, names, detail, str::to_owned)))
}
