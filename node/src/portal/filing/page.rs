//! The form as a page, and the page between it and the filing: what is alike.

use std::sync::LazyLock;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Form, Visit, come_back, waiting};

use super::draft::{self, Found};
use super::suggest::Alike;
use super::{NEW_ANYWAY, PATH, STEP, sent_key, whom};
use crate::api::problem;
use crate::attach::{self, Attached, Held};
use crate::casework::Once;
use crate::institutions::{self, NONE_OF_THEM, WHOM};
use crate::node::Node;
use crate::portal::Answer;
use crate::portal::map::Pick;
use crate::portal::streets::{self, Streets};
use crate::portal::visitor::Holder;
use crate::regions;
use crate::reporters::CodeWays;
use crate::taxonomy::{Categories, LocalCategory};

/// How a region is typed, all of them.
static REGIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = regions::national();
    all.all()
        .filter_map(|region| all.display_name(&region.code))
        .collect()
});

/// What is different about a form that is shown again.
pub struct Again {
    pub status: StatusCode,
    /// Institutions, if they were asked for.
    pub hints: Option<Vec<Choice>>,
    /// Seconds until a report may be filed from here.
    pub wait_s: Option<u32>,
    /// Seconds until the same form may be sent again.
    pub retry_after_s: Option<u32>,
    /// The key belongs to another report.
    pub fresh_key: bool,
}

impl Default for Again {
    fn default() -> Self {
        Self {
            status: StatusCode::OK,
            hints: None,
            wait_s: None,
            retry_after_s: None,
            fresh_key: false,
        }
    }
}

impl Again {
    /// A form that cannot be taken as it is, or not yet.
    pub fn wrong(form: &Form, attached: &Attached) -> Self {
        let again = attached.again(form);
        Self {
            status: again.status,
            retry_after_s: again.retry_after_s,
            ..Self::default()
        }
    }
}

/// Who stands before the form.
pub struct Writer<'a> {
    node: &'a Node,
    visit: &'a Visit,
    /// The contact with which they have signed in as a citizen.
    account: Option<String>,
}

impl<'a> Writer<'a> {
    pub async fn known(
        node: &'a Node,
        visit: &'a Visit,
        known: Option<&Holder>,
    ) -> Answer<Writer<'a>> {
        let account = match known {
            Some(holder) => node.account_of(&holder.visitor).await,
            None => Ok(None),
        };
        Ok(Self {
            node,
            visit,
            account: account.map_err(|e| problem(&e))?,
        })
    }

    /// What the form says at first of keeping the report with the account.
    pub fn ticks_account(&self) -> &'static str {
        if self.account.is_some() { "1" } else { "" }
    }
}

/// A first level of the categories with those below it.
struct Group {
    name: String,
    /// The first level itself, where a report can be filed under it.
    all: Option<Choice>,
    below: Vec<Choice>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "independent parts of the page, each there or not"
)]
#[derive(Template)]
#[template(path = "portal/file.html")]
struct Filing<'a> {
    v: Voice,
    form: &'a Form,
    kinds: Vec<Choice>,
    regions: &'static [String],
    region_choices: Vec<Choice>,
    groups: Vec<Group>,
    institutions: Vec<String>,
    /// Institutions that the name which was typed may mean.
    institution_choices: Vec<Choice>,
    hints: &'a [Choice],
    asked: bool,
    held: &'a [Held],
    account: Option<&'a str>,
    programme: Option<String>,
    /// Whether letters are sent.
    mail: bool,
    ways: CodeWays,
    key: String,
    stamp: String,
    wait: Option<String>,
    more_places: bool,
    more_people: bool,
    title_chars: usize,
    content_chars: usize,
    line_chars: usize,
    file_bytes: u64,
    most_files: usize,
    file_at: &'static str,
    waiting_at: &'static str,
    upload_at: &'static str,
    map: Pick,
    streets: Option<Streets>,
    /// What is asked where region and coordinates lie apart.
    apart: bool,
    /// The form excludes this institution: where else it is taken in, if that is configured.
    elsewhere: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/compare.html")]
struct Compare<'a> {
    v: Voice,
    alike: Vec<Alike>,
    /// Everything that was sent, to be sent again.
    kept: Vec<(&'a str, String)>,
    new_anyway: &'static str,
    step: &'static str,
    file_at: &'static str,
}

pub async fn show(
    writer: &Writer<'_>,
    form: &Form,
    attached: &Attached,
    again: Again,
) -> Answer<Response> {
    let (node, visit) = (writer.node, writer.visit);
    let v = visit.v;
    let categories = node.categories().await.map_err(|e| problem(&e))?;
    let local = node.local_categories().await.map_err(|e| problem(&e))?;
    let local = local.in_force();
    let own = local.roots().into_iter().map(own_group);
    let hints = again.hints.as_deref();
    let sent_key = sent_key(form).filter(|_| !again.fresh_key);
    let any = |fields: &[&str]| {
        let mut fields = fields.iter();
        fields.any(|field| !form.text(field).is_empty() || form.complaint(field).is_some())
    };
    let page = Filing {
        v,
        form,
        kinds: kinds(&v),
        regions: &REGIONS,
        region_choices: region_choices(form),
        groups: own.chain(groups(&categories, &v)).collect(),
        institutions: institutions::names(node),
        institution_choices: institution_choices(node, form, &v),
        hints: hints.unwrap_or_default(),
        asked: hints.is_some(),
        held: &attached.held,
        account: writer.account.as_deref(),
        programme: draft::named_programme(node, form)
            .await?
            .map(|(_, name)| name),
        mail: node.sends_letters(),
        ways: node.code_ways(),
        key: sent_key.map_or_else(Once::fresh_key, str::to_owned),
        stamp: node.form_stamp(),
        wait: again.wait_s.map(|seconds| waiting(&v, seconds.into())),
        more_places: any(&["lintang", "bujur"]),
        more_people: any(&["kecuali", "kecuali-terbuka"]),
        title_chars: draft::TITLE,
        content_chars: draft::CONTENT,
        line_chars: draft::LINE,
        file_bytes: node.settings().api.upload_bytes,
        most_files: attach::MOST,
        file_at: PATH,
        waiting_at: crate::portal::app::WAITING,
        upload_at: crate::portal::resume::PATH,
        map: Pick::on(visit),
        streets: Streets::of(node, v),
        apart: form.is_ticked(draft::APART_PAIR),
        elsewhere: whom::excludes_us(node, form).then(|| {
            let national = node.settings().portal.national_url.as_ref();
            national.map_or_else(String::new, ToString::to_string)
        }),
    };
    let shell = visit
        .shell(v.say("filing-title"))
        .script("report.js")
        .script("search.js")
        .scripts(node.tiles().map(|_| streets::SCRIPT));
    let shown = shell.listed().status(again.status).show(&page)?;
    Ok(come_back(shown, again.wait_s.or(again.retry_after_s)))
}

/// Asks whether one of these is what is being reported.
pub fn compare(
    visit: &Visit,
    form: &Form,
    attached: &Attached,
    alike: Vec<Alike>,
) -> Answer<Response> {
    let own = [attach::FILES, attach::TAKEN, STEP, NEW_ANYWAY];
    let fields = form.sent().filter(|(name, _)| !own.contains(name));
    let kept = fields.map(|(name, value)| (name, value.to_owned()));
    let taken = attached
        .held
        .iter()
        .map(|held| (attach::TAKEN, held.value()));
    let v = visit.v;
    let page = Compare {
        v,
        alike,
        kept: kept.chain(taken).collect(),
        new_anyway: NEW_ANYWAY,
        step: STEP,
        file_at: PATH,
    };
    visit.shell(v.say("compare-title")).show(&page)
}

fn kinds(v: &Voice) -> Vec<Choice> {
    [
        (
            "pengaduan",
            text_id("kind-complaint"),
            text_id("kind-complaint-about"),
        ),
        (
            "informasi",
            text_id("kind-information"),
            text_id("kind-information-about"),
        ),
        (
            "aspirasi",
            text_id("kind-aspiration"),
            text_id("kind-aspiration-about"),
        ),
    ]
    .map(|(value, name, about)| Choice::new(value, v.say(name)).hint(v.say(about)))
    .into()
}

fn region_choices(form: &Form) -> Vec<Choice> {
    let Found::Some(found) = draft::find_region(form) else {
        return Vec::new();
    };
    let all = regions::national();
    let named = found.into_iter().filter_map(|region| {
        let name = all.display_name(&region.code)?;
        Some(Choice::new(region.code.as_str(), name))
    });
    named.collect()
}

fn institution_choices(node: &Node, form: &Form, v: &Voice) -> Vec<Choice> {
    let mut choices = WHOM.choices(form, &institutions::all(node));
    if !choices.is_empty() {
        choices.push(Choice::new(NONE_OF_THEM, v.say("institution-none")));
    }
    choices
}

/// A first level of the institution's own tree, before those of all.
fn own_group((root, all): (&str, Vec<&LocalCategory>)) -> Group {
    let (own, below): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.levels().1.is_none());
    let choice = |one: &LocalCategory, name: &str| Choice::new(one.value(), name);
    Group {
        name: root.to_owned(),
        all: own.first().map(|one| choice(one, root)),
        below: below
            .iter()
            .map(|one| choice(one, one.levels().1.unwrap_or(root)))
            .collect(),
    }
}

fn groups(categories: &Categories, v: &Voice) -> Vec<Group> {
    let language = v.language();
    let roots = categories.roots.iter().map(|root| {
        let own = root.called(language).to_owned();
        Group {
            all: Some(Choice::new(
                root.category.as_str(),
                v.with("category", &own).say("category-all"),
            )),
            below: root
                .below
                .iter()
                .map(|one| Choice::new(one.category.as_str(), one.called(language)))
                .collect(),
            name: own,
        }
    });
    roots.collect()
}
