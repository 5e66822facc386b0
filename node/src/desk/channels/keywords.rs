//! The words in front of a report that say what it is about: which there are, what each says, how
//! often it was used; adding, changing and ending one. Those of the configuration are read only.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use lapor_protocol::calendar::{day_at, end_of, last_day};
use lapor_protocol::kinds::Category;
use lapor_web::Query;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form};
use serde::Deserialize;

use super::super::shared;
use super::{ACCOUNT, Answer, Officer, StaffRole, Tab, back, tabs};
use crate::api::problem;
use crate::channels::{Keyword, KeywordError, KeywordLine, NewKeyword};
use crate::institutions::{self, WHOM};
use crate::node::Node;
use crate::portal::{filing, name_of};
use crate::regions::national;
use crate::taxonomy::{local_name, local_value};

pub const PATH: &str = "/meja/saluran/kata-kunci";
pub const END: &str = "/meja/saluran/kata-kunci/akhiri";
const WORD: &str = "kata";
const CAMPAIGN: &str = "kampanye";
const CATEGORY: &str = "kategori";
const REGION: &str = "wilayah";
const UNTIL: &str = "sampai";
/// Set where a word that stands is changed.
const KNOWN: &str = "ubah";
const WORD_CHARS: usize = 20;
const CAMPAIGN_CHARS: usize = 80;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct WordQuery {
    /// A word that is to be changed.
    kata: String,
}

#[derive(Template)]
#[template(path = "desk/channel-keywords.html")]
struct WordsPage<'a> {
    v: Voice,
    tabs: Vec<Tab>,
    form: &'a Form,
    lines: Vec<Line>,
    may: bool,
    /// The word that is changed.
    changed: Option<String>,
    categories: Vec<Choice>,
    institutions: Vec<String>,
    institution_choices: Vec<Choice>,
    regions_at: &'static str,
    here: &'static str,
    end_at: &'static str,
    word_chars: usize,
    campaign_chars: usize,
}

/// A word of the table.
struct Line {
    word: String,
    campaign: String,
    /// What it says of a report.
    says: Vec<String>,
    state: String,
    tone: &'static str,
    lately: String,
    ever: String,
    change_at: Option<String>,
    in_force: bool,
}

pub async fn list(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(query): Query<WordQuery>,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let v = officer.visit.v;
    let table = table(&node).await?;
    let wanted = query.kata.to_uppercase();
    let known = table
        .iter()
        .find(|line| !line.configured && line.keyword.word == wanted);
    let form = match known.filter(|_| officer.role.administers()) {
        Some(line) => filled(&node, &v, line).await?,
        None => Form::empty(),
    };
    page(&node, &officer, &form, &table).await
}

/// Adds a word, or changes one.
pub async fn keep(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let v = officer.visit.v;
    let table = table(&node).await?;
    let Some(new) = read(&node, &v, &mut form, &table) else {
        return page(&node, &officer, &form, &table).await;
    };
    let complaint = match node.put_keyword(&new, &officer.actor()).await {
        Ok(()) => {
            let flash = Flash::done(text_id("keyword-kept")).with("word", &new.keyword.word);
            return Ok(back(&officer, PATH, &flash));
        }
        Err(KeywordError::Word) => text_id("keyword-unusable"),
        Err(KeywordError::Configured) => text_id("keyword-is-configured"),
        Err(KeywordError::Known) => text_id("keyword-known"),
        Err(KeywordError::Category) => {
            form.complain(CATEGORY, v.say("filing-no-category"));
            return page(&node, &officer, &form, &table).await;
        }
        Err(KeywordError::Node(error)) => return Err(problem(&error)),
    };
    form.complain(WORD, v.say(complaint));
    page(&node, &officer, &form, &table).await
}

pub async fn end(State(node): State<Arc<Node>>, officer: Officer, form: Form) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let done = node.end_keyword(form.text(WORD), &officer.actor()).await;
    Ok(back(
        &officer,
        PATH,
        &super::said(done, text_id("keyword-ended"))?,
    ))
}

async fn table(node: &Node) -> Answer<Vec<KeywordLine>> {
    let table = node.keyword_table().await;
    table.map_err(|error| problem(&error))
}

/// The word that a form has, if it is one.
fn read(node: &Node, v: &Voice, form: &mut Form, table: &[KeywordLine]) -> Option<NewKeyword> {
    let word = form.required(v, WORD).to_uppercase();
    form.at_most(v, WORD, WORD_CHARS);
    let campaign = form.at_most(v, CAMPAIGN, CAMPAIGN_CHARS);
    let stands = table.iter().find(|line| line.keyword.word == word);
    let stands = stands.and_then(|line| line.keyword.region.clone());
    let region = shared::region(v, form, stands.as_ref());
    let unknown = text_id("filing-no-institution");
    let suggested = WHOM.read(v, form, &institutions::all(node), unknown);
    let until: Option<NaiveDate> = form.parsed(UNTIL, v.say("form-day-unusable"));
    if until.is_some_and(|day| day < day_at(v.zone(), v.now_ms())) {
        form.complain(UNTIL, v.say("keyword-over"));
    }
    let chosen = form.text(CATEGORY);
    let chosen = local_name(chosen).unwrap_or(chosen).to_owned();
    let category = Category::try_from(chosen.clone()).ok();
    if category.is_none() && !chosen.is_empty() {
        form.complain(CATEGORY, v.say("filing-no-category"));
    }
    form.is_fine().then(|| NewKeyword {
        keyword: Keyword {
            word,
            category,
            region,
            suggested,
        },
        campaign: Some(campaign).filter(|text| !text.is_empty()),
        until: until.map(|day| end_of(v.zone(), day)),
        known: form.is_ticked(KNOWN),
    })
}

/// A form that changes a word.
async fn filled(node: &Node, v: &Voice, line: &KeywordLine) -> Answer<Form> {
    let keyword = &line.keyword;
    let category = match &keyword.category {
        Some(category) => {
            let choices = shared::national_categories(node, v).await?;
            let name = category.as_str();
            let national = choices.iter().any(|choice| choice.value == name);
            Some(if national {
                name.to_owned()
            } else {
                local_value(name)
            })
        }
        None => None,
    };
    let region = keyword.region.as_ref();
    let until = line.until.filter(|until| *until > v.now_ms());
    let fields = [
        (KNOWN, Some("1".to_owned())),
        (WORD, Some(keyword.word.clone())),
        (CAMPAIGN, line.campaign.clone()),
        (CATEGORY, category),
        (
            REGION,
            region.and_then(|code| national().display_name(code)),
        ),
        (
            WHOM.typed,
            keyword.suggested.as_ref().map(|id| name_of(node, id)),
        ),
        (
            UNTIL,
            until.map(|until| last_day(v.zone(), until).to_string()),
        ),
    ];
    let fields = fields.into_iter();
    Ok(Form::of(
        fields.filter_map(|(name, value)| Some((name, value?))),
    ))
}

async fn page(
    node: &Node,
    officer: &Officer,
    form: &Form,
    table: &[KeywordLine],
) -> Answer<Response> {
    let v = officer.visit.v;
    let may = officer.role.administers();
    let page = WordsPage {
        v,
        tabs: tabs(&v, PATH),
        form,
        lines: table.iter().map(|one| line(node, &v, one, may)).collect(),
        may,
        changed: form
            .is_ticked(KNOWN)
            .then(|| form.text(WORD).to_uppercase()),
        categories: shared::categories(node, &v).await?,
        institutions: institutions::names(node),
        institution_choices: WHOM.choices(form, &institutions::all(node)),
        regions_at: filing::REGIONS,
        here: PATH,
        end_at: END,
        word_chars: WORD_CHARS,
        campaign_chars: CAMPAIGN_CHARS,
    };
    let shell = officer.visit.shell(v.say("channels-keywords"));
    let shell = shell.wide().within(ACCOUNT).status(form.status());
    shell.script("search.js").show(&page)
}

fn line(node: &Node, v: &Voice, one: &KeywordLine, may: bool) -> Line {
    let keyword = &one.keyword;
    let category = keyword.category.as_ref();
    let says = [
        category.map(|category| shared::category_name(category.as_str())),
        keyword
            .region
            .as_ref()
            .and_then(|code| national().display_name(code)),
        keyword.suggested.as_ref().map(|id| name_of(node, id)),
    ];
    let now = v.now_ms();
    let in_force = one.until.is_none_or(|until| until > now);
    let (tone, state) = match one.until {
        _ if one.configured => ("quiet", v.say("keyword-configured")),
        None => ("done", v.say("keyword-in-force")),
        Some(until) => {
            let day = v.day(last_day(v.zone(), until));
            let said = v.with("day", day);
            if in_force {
                ("done", said.say("keyword-until"))
            } else {
                ("quiet", said.say("keyword-has-ended"))
            }
        }
    };
    Line {
        word: keyword.word.to_uppercase(),
        campaign: one.campaign.clone().unwrap_or_default(),
        says: says.into_iter().flatten().collect(),
        state,
        tone,
        lately: v.number(one.lately),
        ever: v.number(one.ever),
        change_at: (may && !one.configured)
            .then(|| format!("{PATH}?{WORD}={}#isian", keyword.word)),
        in_force: in_force && !one.configured,
    }
}
