//! Keys of applications: which there are, what each may do, since when, until when and when it was
//! used; making one, shown once, and ending one. Keys that open identities are made at the machine.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::region::RegionCode;
use lapor_web::bearer::check_name;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};

use super::{ACCOUNT, Answer, Officer};
use crate::api::{self, problem};
use crate::error::NodeError;
use crate::node::Node;
use crate::regions::national;
use crate::staff::{StaffRole, Unit, UnitId};
use crate::tokens::{self, Bounds, NewToken, Rights, Role, Scope, Scopes, TokenEntry};

pub const PATH: &str = "/meja/kunci-api";
pub const REVOKE: &str = "/meja/kunci-api/cabut";
const NAME: &str = "nama";
const SCOPE: &str = "cakupan";
const DAYS: &str = "berlaku";
const UNIT: &str = "unit";
const REGIONS: &str = "wilayah";
/// Characters of the regions that are typed, and what parts them.
const REGION_CHARS: usize = 400;
const BETWEEN: char = ';';
const NAME_CHARS: usize = 60;
const DAY_MS: i64 = 86_400_000;
/// For how many days a key can be good; 0 is without end.
const TERMS: [(i64, TextId); 4] = [
    (30, text_id("key-days-30")),
    (90, text_id("key-days-90")),
    (365, text_id("key-days-365")),
    (0, text_id("key-days-none")),
];
const TERM: &str = "365";

#[derive(Template)]
#[template(path = "desk/api-keys.html")]
struct KeysPage<'a> {
    v: Voice,
    form: &'a Form,
    keys: Vec<Line>,
    /// Each scope with whether it is ticked.
    scopes: Vec<(Choice, bool)>,
    /// Each open unit with whether it is ticked.
    units: Vec<(Choice, bool)>,
    terms: Vec<Choice>,
    most: usize,
    region_chars: usize,
    here: &'static str,
    revoke_at: &'static str,
    docs_at: &'static str,
}

#[derive(Template)]
#[template(path = "desk/api-key.html")]
struct KeyPage<'a> {
    v: Voice,
    name: &'a str,
    secret: &'a str,
    list_at: &'static str,
    docs_at: &'static str,
}

struct Line {
    key: TokenEntry,
    may: Vec<String>,
    /// What of it the role of its owner does not allow now.
    withheld: Vec<String>,
    /// To what it is bounded, in words.
    within: Vec<String>,
    tone: &'static str,
    state: String,
    can_be_revoked: bool,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    page(&node, &officer, &Form::of([(DAYS, TERM)])).await
}

/// Makes a key and shows it, this once.
pub async fn make(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let v = officer.visit.v;
    let name = form.required(&v, NAME);
    if check_name(&name).is_err() {
        form.complain(NAME, v.say("key-name-unusable"));
    }
    let Ok(scopes) = Scopes::new(offered().filter(|scope| is_ticked(&form, *scope))) else {
        form.complain(SCOPE, v.say("key-scope-missing"));
        return page(&node, &officer, &form).await;
    };
    let bounds = bounds(&v, &mut form);
    let days = form.text(DAYS);
    let term = TERMS.iter().find(|(term, _)| term.to_string() == days);
    if term.is_none() {
        form.complain(DAYS, v.say("form-required"));
    }
    let (Some((days, _)), Some(bounds), true) = (term, bounds, form.is_fine()) else {
        return page(&node, &officer, &form).await;
    };
    let now = node.clock().now_ms();
    let new = NewToken {
        name: &name,
        rights: Rights::Scopes(scopes),
        bounds,
        expires_at: (*days > 0).then(|| now + days * DAY_MS),
        owner: Some(&officer.session.account.id),
    };
    match tokens::create_for(node.db(), new, &officer.actor(), now).await {
        Ok(secret) => {
            let page = KeyPage {
                v,
                name: &name,
                secret: &secret,
                list_at: PATH,
                docs_at: api::DOCS,
            };
            let shell = officer.visit.shell(v.say("key-made"));
            shell.within(ACCOUNT).show(&page)
        }
        // A unit was closed while the page lay open.
        Err(NodeError::Invalid(problem)) if problem.starts_with(UNIT) => {
            form.complain(UNIT, v.say("key-unit-closed"));
            page(&node, &officer, &form).await
        }
        Err(NodeError::Invalid(_)) => {
            form.complain(NAME, v.say("key-name-taken"));
            page(&node, &officer, &form).await
        }
        Err(error) => Err(problem(&error)),
    }
}

pub async fn revoke(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let now = node.clock().now_ms();
    let actor = officer.actor();
    let flash = match tokens::revoke(node.db(), form.text(NAME), &actor, now).await {
        Ok(()) => Flash::done(text_id("key-revoked")),
        Err(NodeError::NotFound { .. }) => Flash::warning(text_id("key-not-there")),
        Err(error) => return Err(problem(&error)),
    };
    Ok(officer.visit.go_saying(&LocalPath::own(PATH), &flash))
}

async fn page(node: &Node, officer: &Officer, form: &Form) -> Answer<Response> {
    let v = officer.visit.v;
    let keys = tokens::list(node.db()).await;
    let mut keys = keys.map_err(|error| problem(&error))?;
    let units = node.units().await.map_err(|error| problem(&error))?;
    let now = node.clock().now_ms();
    // What opens something stands first; of each kind the newest.
    keys.reverse();
    keys.sort_by_key(|key| !key.is_good(now));
    let scopes = offered().map(|scope| {
        let choice = Choice::new(scope.as_str(), v.say(scope_words(scope))).hint(scope.as_str());
        (choice, is_ticked(form, scope))
    });
    let page = KeysPage {
        v,
        form,
        keys: keys
            .into_iter()
            .map(|key| line(&v, key, &units, now))
            .collect(),
        scopes: scopes.collect(),
        units: open_units(&units, form),
        terms: TERMS
            .map(|(days, words)| Choice::new(days.to_string(), v.say(words)))
            .to_vec(),
        most: NAME_CHARS,
        region_chars: REGION_CHARS,
        here: PATH,
        revoke_at: REVOKE,
        docs_at: api::DOCS,
    };
    let shell = officer.visit.shell(v.say("keys-title"));
    shell
        .wide()
        .within(ACCOUNT)
        .status(form.status())
        .show(&page)
}

/// Whoever opens identities is known by an account or made known by the operator.
fn offered() -> impl Iterator<Item = Scope> {
    Scope::ALL
        .into_iter()
        .filter(|scope| *scope != Scope::Identity)
}

fn is_ticked(form: &Form, scope: Scope) -> bool {
    form.all(SCOPE).any(|ticked| ticked == scope.as_str())
}

/// The units that were ticked, and the regions that were typed; each wrong one is complained about.
fn bounds(v: &Voice, form: &mut Form) -> Option<Bounds> {
    let typed = form.at_most(v, REGIONS, REGION_CHARS);
    let (mut regions, mut unknown) = (Vec::new(), Vec::new());
    let parts = typed.split(BETWEEN).map(str::trim);
    for part in parts.filter(|part| !part.is_empty()) {
        match national().said(part) {
            Some(code) if national().region(&code).is_some() => regions.push(code),
            _ => unknown.push(part),
        }
    }
    if !unknown.is_empty() {
        let unknown = unknown.join("; ");
        form.complain(
            REGIONS,
            v.with("regions", unknown).say("key-region-unknown"),
        );
        return None;
    }
    let regions = regions.iter().map(RegionCode::as_str);
    let read = Bounds::read(form.all(UNIT), regions);
    if read.is_err() {
        form.complain(UNIT, v.say("key-unit-closed"));
    }
    read.ok()
}

fn open_units(units: &[Unit], form: &Form) -> Vec<(Choice, bool)> {
    let open = units.iter().filter(|unit| unit.closed_at.is_none());
    let ticked = |unit: &Unit| form.all(UNIT).any(|id| id == unit.id.as_str());
    let choice = |unit: &Unit| Choice::new(unit.id.as_str(), unit.name.clone());
    open.map(|unit| (choice(unit), ticked(unit))).collect()
}

/// To what a key is bounded, in the words of people.
fn within(key: &TokenEntry, units: &[Unit]) -> Vec<String> {
    let name_of = |id: &UnitId| {
        let unit = units.iter().find(|unit| unit.id == *id);
        unit.map_or_else(|| id.to_string(), |unit| unit.name.clone())
    };
    let region_of = |code: &RegionCode| {
        let name = national().display_name(code);
        name.unwrap_or_else(|| code.to_string())
    };
    let names = key.units.iter().map(name_of);
    names.chain(key.regions.iter().map(region_of)).collect()
}

fn line(v: &Voice, key: TokenEntry, units: &[Unit], now: i64) -> Line {
    let may = match key.role {
        Some(role) => vec![v.say(role_words(role))],
        None => key
            .scopes
            .iter()
            .map(|scope| v.say(scope_words(*scope)))
            .collect(),
    };
    let withheld = key.withheld.iter();
    let withheld = withheld.map(|scope| v.say(scope_words(*scope)));
    let withheld = withheld.collect();
    let (tone, state) = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => ("quiet", v.with("date", v.date(at)).say("key-is-revoked")),
        (None, Some(at)) if at <= now => ("quiet", v.with("date", v.date(at)).say("key-has-ended")),
        (None, _) if key.owner_disabled => ("warm", v.say("key-owner-disabled")),
        (None, Some(at)) => ("done", v.with("date", v.date(at)).say("key-good-until")),
        (None, None) => ("done", v.say("key-good")),
    };
    Line {
        can_be_revoked: !key.is_over(now),
        within: within(&key, units),
        may,
        withheld,
        tone,
        state,
        key,
    }
}

fn role_words(role: Role) -> TextId {
    match role {
        Role::Admin => text_id("key-role-admin"),
        Role::Officer => text_id("key-role-officer"),
        Role::Reader => text_id("key-role-reader"),
        Role::Identity => text_id("key-role-identity"),
    }
}

fn scope_words(scope: Scope) -> TextId {
    match scope {
        Scope::CasesRead => text_id("scope-cases-read"),
        Scope::AttachmentsRead => text_id("scope-attachments-read"),
        Scope::CasesAct => text_id("scope-cases-act"),
        Scope::ReportsFile => text_id("scope-reports-file"),
        Scope::DeadlinesRead => text_id("scope-deadlines-read"),
        Scope::FiguresRead => text_id("scope-figures-read"),
        Scope::ReferenceRead => text_id("scope-reference-read"),
        Scope::ProgrammesWrite => text_id("scope-programmes-write"),
        Scope::RegistersWrite => text_id("scope-registers-write"),
        Scope::CategoriesWrite => text_id("scope-categories-write"),
        Scope::EditionsWrite => text_id("scope-editions-write"),
        Scope::Erasures => text_id("scope-erasures"),
        Scope::AuditRead => text_id("scope-audit-read"),
        Scope::StatusRead => text_id("scope-status-read"),
        Scope::Open311Write => text_id("scope-open311-write"),
        Scope::WebhooksWrite => text_id("scope-webhooks-write"),
        Scope::DraftsDecide => text_id("scope-drafts-decide"),
        Scope::StaffWrite => text_id("scope-staff-write"),
        Scope::SettingsWrite => text_id("scope-settings-write"),
        Scope::ChannelsRead => text_id("scope-channels-read"),
        Scope::ChannelsAct => text_id("scope-channels-act"),
        Scope::ChannelsWrite => text_id("scope-channels-write"),
        Scope::Identity => text_id("scope-identity"),
    }
}
