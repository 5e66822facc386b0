//! Of what nobody is told for a while.

use std::ops::RangeInclusive;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::ids::InstanceId;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::people::{Member, actor_named};
use lapor_web::{Path, Query};
use serde::Deserialize;

use super::words::{quiet, rule};
use super::{OnePath, Tab, acts, demand, ending, names, refused, tabs};
use crate::alarms::{self, Quiet, Rule, Silence, acts as deeds};
use crate::console::approvals::failed;
use crate::console::federation::provinces;
use crate::console::{ALARMS, Answer, Console};
use crate::deeds::Deed;

pub const PATH: &str = "/konsol/alarm/senyap";
pub const END: &str = "/konsol/alarm/senyap/{id}/akhiri";
const HOUR_MS: i64 = 3_600_000;
/// Hours of a silence, at most: a month.
pub const LONGEST: i64 = 31 * 24;
/// Those that one can last.
pub const HOURS: RangeInclusive<i64> = 1..=LONGEST;
/// Hours for which one person may silence, where two must agree on more.
const ALONE: i64 = 24;
/// Characters of a reason, at most.
const REASON: usize = 500;

/// What somebody comes to silence.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Asked {
    lingkup: String,
    untuk: String,
}

#[derive(Template)]
#[template(path = "console/alarms/silences.html")]
struct SilencesPage<'a> {
    v: Voice,
    tabs: Vec<Tab>,
    form: &'a Form,
    lines: Vec<Line>,
    here: &'static str,
    acts: bool,
    /// Hours from which on a second person must agree.
    alone: Option<i64>,
    scopes: Vec<Choice>,
    rules: Vec<Choice>,
    provinces: Vec<Choice>,
}

struct Line {
    what: String,
    reason: String,
    who: String,
    made_at: i64,
    until_at: i64,
    end_at: String,
}

/// Where the form stands with what is to be silent.
pub fn about(scope: &str, to: &str) -> String {
    LocalPath::asking(PATH, [("lingkup", scope), ("untuk", to)]).to_string()
}

pub async fn list(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    let field = match asked.lingkup.as_str() {
        "rule" => "aturan",
        "province" => "provinsi",
        _ => "instansi",
    };
    let form = Form::of([
        ("lingkup", asked.lingkup.as_str()),
        (field, asked.untuk.as_str()),
        ("jam", "24"),
    ]);
    page(&console, &member, &form).await
}

pub async fn create(
    State(console): State<Arc<Console>>,
    member: Member,
    mut form: Form,
) -> Answer<Response> {
    demand(&member)?;
    let v = member.visit.v;
    let scope = form.required(&v, "lingkup");
    let field = match scope.as_str() {
        "rule" => "aturan",
        "province" => "provinsi",
        _ => "instansi",
    };
    let to = form.required(&v, field);
    let of = Quiet::of(&scope, &to);
    if !to.is_empty() && !exists(&console, of.as_ref()).await? {
        form.complain(field, v.say("silence-unknown"));
    }
    let wrong = v.with("most", LONGEST).say("silence-hours-wrong");
    let hours = form.parsed::<i64>("jam", wrong.clone());
    if hours.is_none_or(|hours| !HOURS.contains(&hours)) {
        form.complain("jam", wrong);
    }
    let reason = form.required(&v, "alasan");
    form.at_most(&v, "alasan", REASON);
    let (Some(of), Some(hours), true) = (of, hours, form.is_fine()) else {
        return page(&console, &member, &form).await;
    };
    let until = v.moment(v.now_ms() + hours * HOUR_MS);
    let second_person = needs_two(&console, &of, hours).await?;
    let asked = (
        Deed::Silence { quiet: of, hours },
        reason.as_str(),
        second_person,
    );
    let done = Flash::done(text_id("silence-made")).with("until", until);
    let said = ending::ask(&console, &member, asked, done).await?;
    Ok(member.visit.go_saying(&LocalPath::own(PATH), &said))
}

pub async fn end(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    demand(&member)?;
    let done = deeds::end_silence(&console.hub, &member.actor(), &path.id).await;
    done.map_err(|error| refused(&error))?;
    let said = Flash::done(text_id("silence-ended"));
    Ok(member.visit.go_saying(&LocalPath::own(PATH), &said))
}

async fn read(console: &Console) -> Answer<(Vec<Rule>, Vec<Silence>)> {
    let hub = &console.hub;
    let read = async {
        let mut tx = hub.ground.db.read().await?;
        let rules = alarms::rules(&mut tx).await?;
        let silences = alarms::silences(&mut tx, hub.now_ms()).await?;
        tx.rollback().await?;
        Ok((rules, silences))
    };
    read.await.map_err(|error| failed(&error))
}

/// Whether a second person must agree to this silence.
pub async fn needs_two(console: &Console, of: &Quiet, hours: i64) -> Answer<bool> {
    Ok(console.settings.second_person && (hours > ALONE || is_silent(console, of).await?))
}

/// Whether just this is silent already: one silence after another is a long one.
async fn is_silent(console: &Console, of: &Quiet) -> Answer<bool> {
    let silences = read(console).await?.1;
    Ok(silences.iter().any(|silence| silence.quiet == *of))
}

/// Whether there is what is to be silent.
pub async fn exists(console: &Console, of: Option<&Quiet>) -> Answer<bool> {
    let directory = console.hub.ground.directory.current();
    Ok(match of {
        None => false,
        Some(Quiet::Rule(id)) => read(console).await?.0.iter().any(|rule| rule.id == *id),
        Some(Quiet::Province(code)) => provinces().iter().any(|(known, _)| known == code),
        Some(Quiet::Instance(slug)) => slug
            .parse::<InstanceId>()
            .is_ok_and(|id| directory.latest().instance(&id).is_some()),
    })
}

async fn page(console: &Console, member: &Member, form: &Form) -> Answer<Response> {
    let v = member.visit.v;
    let (rules, silences) = read(console).await?;
    let names = names(console).await?;
    let directory = console.hub.ground.directory.current();
    let line = |silence: Silence| Line {
        what: quiet(&v, &directory, &rules, &silence.quiet),
        who: actor_named(&v, &names, &silence.made_by),
        reason: silence.reason,
        made_at: silence.made_at,
        until_at: silence.until_at,
        end_at: format!("{PATH}/{}/akhiri", silence.id),
    };
    let lines = silences.into_iter().map(line).collect();
    let page = SilencesPage {
        v,
        tabs: tabs(&v, PATH),
        form,
        lines,
        here: PATH,
        acts: acts(member),
        alone: console.settings.second_person.then_some(ALONE),
        scopes: vec![
            Choice::new("rule", v.say("silence-rule")),
            Choice::new("instance", v.say("silence-instance")),
            Choice::new("province", v.say("silence-province")),
        ],
        rules: rules
            .iter()
            .map(|one| Choice::new(one.id.as_str(), rule(&v, &directory, one)))
            .collect(),
        provinces: provinces()
            .into_iter()
            .map(|(code, name)| Choice::new(code, name))
            .collect(),
    };
    let shell = member.visit.shell(v.say("alarms-silences")).wide();
    shell.within(ALARMS).status(form.status()).show(&page)
}
