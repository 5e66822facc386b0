//! Rules: what raises an alarm, where, after how long, and who is told.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::directory::Directory;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::people::Member;
use lapor_web::{ApiProblem, Path};

use super::ending::{self, Ending, REASON, REASON_CHARACTERS};
use super::words::{rule as named, span, told, tone};
use super::{ActPath, OnePath, Tab, acts, demand, refused, tabs};
use crate::alarms::acts::{self as deeds, ActError, Recipient};
use crate::alarms::{self, Condition, Rule, Scope, Severity, fresh_id};
use crate::audit::By;
use crate::console::approvals::failed;
use crate::console::federation::{kinds, provinces};
use crate::console::words::{colour, condition, severity, state_words};
use crate::console::{ALARMS, Answer, Console};
use crate::deeds::Deed;
use crate::store::code_of;
use crate::watch;

pub const PATH: &str = "/konsol/alarm/aturan";
pub const NEW: &str = "/konsol/alarm/aturan/baru";
pub const ONE: &str = "/konsol/alarm/aturan/{id}";
pub const ACT: &str = "/konsol/alarm/aturan/{id}/{act}";
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// How long a rule may wait, and how long it may be between two letters, at most.
pub const LONGEST_MS: i64 = 90 * 24 * HOUR_MS;

#[derive(Template)]
#[template(path = "console/alarms/rules.html")]
struct RulesPage {
    v: Voice,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    new_at: &'static str,
    acts: bool,
}

struct Line {
    at: String,
    name: String,
    colour: &'static str,
    least: String,
    tone: &'static str,
    severity: String,
    stands: String,
    repeat: String,
    told: String,
    enabled: bool,
}

#[derive(Template)]
#[template(path = "console/alarms/rule.html")]
struct RulePage<'a> {
    v: Voice,
    tabs: Vec<Tab>,
    form: &'a Form,
    title: String,
    here: String,
    conditions: Vec<Choice>,
    levels: Vec<Choice>,
    scopes: Vec<Choice>,
    kinds: Vec<Choice>,
    provinces: Vec<Choice>,
    severities: Vec<Choice>,
    recipients: Vec<Offered>,
    /// What is said of the reason, where one may be needed.
    reason_hint: Option<String>,
}

struct Offered {
    id: String,
    name: String,
    ticked: bool,
}

pub async fn list(State(console): State<Arc<Console>>, member: Member) -> Answer<Response> {
    let v = member.visit.v;
    let (rules, recipients) = read(&console).await?;
    let directory = console.hub.ground.directory.current();
    let page = RulesPage {
        v,
        tabs: tabs(&v, PATH),
        lines: rules
            .iter()
            .map(|rule| line(&v, &directory, rule, &recipients))
            .collect(),
        new_at: NEW,
        acts: acts(&member),
    };
    let title = v.say("alarms-rules");
    member.visit.shell(title).wide().within(ALARMS).show(&page)
}

pub async fn ask(State(console): State<Arc<Console>>, member: Member) -> Answer<Response> {
    demand(&member)?;
    let form = Form::of([
        ("tingkat", "merah"),
        ("lingkup", "all"),
        ("bobot", "warning"),
        ("menit", "0"),
        ("jam", "24"),
        ("semua", "1"),
    ]);
    page(&console, &member, &form, NEW.to_owned()).await
}

pub async fn create(
    State(console): State<Arc<Console>>,
    member: Member,
    form: Form,
) -> Answer<Response> {
    demand(&member)?;
    save(&console, &member, form, None).await
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    demand(&member)?;
    let rule = find(&console, &path.id).await?;
    let here = format!("{PATH}/{}", rule.id);
    page(&console, &member, &filled(&rule), here).await
}

pub async fn change(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    form: Form,
) -> Answer<Response> {
    demand(&member)?;
    let rule = find(&console, &path.id).await?;
    save(&console, &member, form, Some(rule)).await
}

/// Asks why a rule is switched off.
pub async fn ask_end(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<ActPath>,
) -> Answer<Response> {
    demand(&member)?;
    let ending = ending(&console, &member, &path).await?;
    ending::page(&console, &member, &Form::empty(), ending)
}

/// Switches a rule on or off.
pub async fn act(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<ActPath>,
    form: Form,
) -> Answer<Response> {
    demand(&member)?;
    if path.act != "aktif" {
        let ending = ending(&console, &member, &path).await?;
        return ending::send(&console, &member, form, ending).await;
    }
    let done = deeds::enable_rule(&console.hub, &member.actor(), &path.id).await;
    done.map_err(|error| refused(&error))?;
    let said = Flash::done(text_id("rule-enabled"));
    Ok(member.visit.go_saying(&LocalPath::own(PATH), &said))
}

async fn ending(console: &Console, member: &Member, path: &ActPath) -> Answer<Ending> {
    let rule = find(console, &path.id).await?;
    if path.act != "nonaktif" {
        return Err(ApiProblem::not_found());
    }
    Ok(Ending {
        name: named(
            &member.visit.v,
            &console.hub.ground.directory.current(),
            &rule,
        ),
        here: format!("{PATH}/{}/nonaktif", rule.id),
        deed: Deed::DisableRule { rule: rule.id },
        title: text_id("switch-off"),
        about: text_id("rule-disable-about"),
        done: text_id("rule-disabled"),
        back: PATH,
    })
}

/// All rules, and all who can be told.
pub async fn read(console: &Console) -> Answer<(Vec<Rule>, Vec<Recipient>)> {
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let rules = alarms::rules(&mut tx).await?;
        let recipients = deeds::recipients(&mut tx).await?;
        tx.rollback().await?;
        Ok((rules, recipients))
    };
    read.await.map_err(|error| failed(&error))
}

/// One of them, by its id.
pub async fn find(console: &Console, id: &str) -> Answer<Rule> {
    let rules = read(console).await?.0;
    let found = rules.into_iter().find(|rule| rule.id == id);
    found.ok_or_else(ApiProblem::not_found)
}

/// Saves what was filled in: a new rule, or the one that was there before. What narrows it is an act
/// of its own, with a reason.
async fn save(
    console: &Console,
    member: &Member,
    mut form: Form,
    before: Option<Rule>,
) -> Answer<Response> {
    let v = member.visit.v;
    let recipients = read(console).await?.1;
    let (id, enabled, here) = match before {
        Some(rule) => {
            let here = format!("{PATH}/{}", rule.id);
            (rule.id, rule.enabled, here)
        }
        None => (fresh_id(), true, NEW.to_owned()),
    };
    let rule = filled_in(console, &v, &mut form, (id, enabled), &recipients);
    form.at_most(&v, REASON, REASON_CHARACTERS);
    let Some(rule) = rule.filter(|_| form.is_fine()) else {
        return page(console, member, &form, here).await;
    };
    let (reason, done) = (form.text(REASON), Flash::done(text_id("rule-saved")));
    let actor = member.actor();
    let by = By {
        reason,
        ..By::actor(&actor)
    };
    let said = match deeds::put_rule(&console.hub, &by, &rule).await {
        Ok(()) => done,
        Err(ActError::Narrows) if reason.is_empty() => {
            form.complain(REASON, v.say("rule-narrows"));
            return page(console, member, &form, here).await;
        }
        Err(ActError::Narrows) => {
            let rule = Box::new(rule);
            let second_person = console.settings.second_person;
            let asked = (Deed::NarrowRule { rule }, reason, second_person);
            ending::ask(console, member, asked, done).await?
        }
        Err(error) => return Err(refused(&error)),
    };
    Ok(member.visit.go_saying(&LocalPath::own(PATH), &said))
}

/// A form as a rule; `None` where something is wrong with it.
fn filled_in(
    console: &Console,
    v: &Voice,
    form: &mut Form,
    (id, enabled): (String, bool),
    recipients: &[Recipient],
) -> Option<Rule> {
    form.required(v, "kondisi");
    let condition = form.parsed::<Condition>("kondisi", v.say("rule-unknown"));
    let least = match form.text("tingkat") {
        "kuning" => watch::State::Yellow,
        _ => watch::State::Red,
    };
    let scope = scope(console, v, form, condition);
    let severity = match form.text("bobot") {
        "critical" => Severity::Critical,
        _ => Severity::Warning,
    };
    let stands_ms = length(v, form, "menit", MINUTE_MS);
    let repeat_ms = length(v, form, "jam", HOUR_MS);
    let everybody = form.is_ticked("semua");
    let chosen = recipients
        .iter()
        .filter(|one| form.all("penerima").any(|id| id == one.id));
    let recipients = chosen.map(|one| one.id.clone()).collect();
    if !form.is_fine() {
        return None;
    }
    Some(Rule {
        id,
        condition: condition?,
        least,
        scope: scope?,
        severity,
        stands_ms: stands_ms?,
        repeat_ms: repeat_ms?,
        everybody,
        recipients,
        enabled,
    })
}

fn scope(
    console: &Console,
    v: &Voice,
    form: &mut Form,
    condition: Option<Condition>,
) -> Option<Scope> {
    let kind = form.text("lingkup").to_owned();
    if condition.is_some_and(Condition::is_own) && kind != "all" {
        form.complain("lingkup", v.say("rule-own-scope"));
        return None;
    }
    let field = match kind.as_str() {
        "all" => return Some(Scope::All),
        "kind" => "jenis",
        "province" => "provinsi",
        _ => "instansi",
    };
    let to = form.required(v, field);
    let scope = Scope::of(&kind, &to).filter(|scope| is_known(console, scope));
    if scope.is_none() {
        form.complain(field, v.say("silence-unknown"));
    }
    scope
}

/// Whether there is what a rule would look at.
pub fn is_known(console: &Console, scope: &Scope) -> bool {
    let directory = console.hub.ground.directory.current();
    match scope {
        Scope::Province(code) => provinces().iter().any(|(known, _)| known == code),
        Scope::Instance(id) => directory.latest().instance(id).is_some(),
        Scope::All | Scope::Kind(_) => true,
    }
}

fn length(v: &Voice, form: &mut Form, field: &'static str, unit: i64) -> Option<i64> {
    let wrong = v.with("most", LONGEST_MS / unit).say("rule-length-wrong");
    form.required(v, field);
    let value = form.parsed::<i64>(field, wrong.clone())?;
    if !(0..=LONGEST_MS / unit).contains(&value) {
        form.complain(field, wrong);
        return None;
    }
    Some(value * unit)
}

/// A rule as its form shows it.
fn filled(rule: &Rule) -> Form {
    let (scope, to) = rule.scope.columns();
    let field = match scope {
        "kind" => "jenis",
        "province" => "provinsi",
        _ => "instansi",
    };
    let mut fields = vec![
        ("kondisi", rule.condition.to_string()),
        ("tingkat", colour(rule.least).to_owned()),
        ("lingkup", scope.to_owned()),
        (field, to),
        ("bobot", code_of(&rule.severity)),
        ("menit", (rule.stands_ms / MINUTE_MS).to_string()),
        ("jam", (rule.repeat_ms / HOUR_MS).to_string()),
    ];
    if rule.everybody {
        fields.push(("semua", "1".to_owned()));
    }
    let chosen = rule.recipients.iter();
    fields.extend(chosen.map(|id| ("penerima", id.clone())));
    Form::of(fields)
}

async fn page(console: &Console, member: &Member, form: &Form, here: String) -> Answer<Response> {
    let v = member.visit.v;
    let recipients = read(console).await?.1;
    let choice = |(value, name): (&str, String)| Choice::new(value, name);
    let ticked = |one: Recipient| Offered {
        ticked: form.all("penerima").any(|id| id == one.id),
        id: one.id,
        name: format!("{} ({})", one.name, one.address),
    };
    let page = RulePage {
        v,
        tabs: tabs(&v, PATH),
        form,
        title: v.say(if here == NEW {
            text_id("rule-new")
        } else {
            text_id("rule-change")
        }),
        reason_hint: (here != NEW).then(|| {
            v.say(if console.settings.second_person {
                text_id("rule-reason-two")
            } else {
                text_id("rule-reason-hint")
            })
        }),
        here,
        conditions: Condition::all()
            .map(|one| Choice::new(one.to_string(), v.say(condition(one))))
            .collect(),
        levels: [watch::State::Yellow, watch::State::Red]
            .map(|state| Choice::new(colour(state), v.say(state_words(state))))
            .into(),
        scopes: vec![
            Choice::new("all", v.say("scope-all")),
            Choice::new("kind", v.say("scope-kind")),
            Choice::new("province", v.say("scope-one-province")),
            Choice::new("instance", v.say("scope-instance")),
        ],
        kinds: kinds(&v).into_iter().map(choice).collect(),
        provinces: provinces()
            .into_iter()
            .map(|(code, name)| Choice::new(code, name))
            .collect(),
        severities: [Severity::Warning, Severity::Critical]
            .map(|one| Choice::new(code_of(&one), v.say(severity(one))))
            .into(),
        recipients: recipients.into_iter().map(ticked).collect(),
    };
    let shell = member.visit.shell(page.title.as_str());
    shell.within(ALARMS).status(form.status()).show(&page)
}

fn line(v: &Voice, directory: &Directory, rule: &Rule, recipients: &[Recipient]) -> Line {
    let chosen = recipients
        .iter()
        .filter(|one| rule.recipients.contains(&one.id));
    let chosen: Vec<String> = chosen.map(|one| one.name.clone()).collect();
    Line {
        at: format!("{PATH}/{}", rule.id),
        name: named(v, directory, rule),
        colour: colour(rule.least),
        least: v.say(state_words(rule.least)),
        tone: tone(rule.severity),
        severity: v.say(severity(rule.severity)),
        stands: span(v, rule.stands_ms, text_id("rule-at-once")),
        repeat: span(v, rule.repeat_ms, text_id("rule-once")),
        told: told(v, rule, &chosen),
        enabled: rule.enabled,
    }
}
