//! A report that somebody brings to the counter, writes in a letter or tells on the telephone: an
//! officer types it in on their behalf, and prints ticket and key for them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::kinds::{Category, ProgrammeRef};
use lapor_protocol::limits::{TEXT_CHARS, TITLE_CHARS};
use lapor_protocol::region::RegionCode;
use lapor_web::intake::channel_words;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Form};

use super::counter::CHANNELS;
use super::question::CLASSES;
use super::slip::{self, Slip};
use super::{Answer, Officer, ROOT, case_page, registers, shared, upload};
use crate::api::problem;
use crate::attach::{self, Attached, Held, Sender};
use crate::casework::{NewReport, OnDesk, Once, Reporter};
use crate::error::NodeError;
use crate::hints::Sketch;
use crate::institutions::{self, WHOM};
use crate::node::Node;
use crate::portal::filing::{self, REGIONS};
use crate::portal::streets::{self, Streets};
use crate::portal::{classification_name, home_region, name_of, state_words};
use crate::publishing::ProgrammeFilter;
use crate::reporters::{FilingTerms, Notify, is_dialled, is_mailed};
use crate::staff::StaffRole;
use crate::taxonomy::local_name;

pub const PATH: &str = "/meja/baru";
/// Characters of a name, a telephone number or an address.
const CONTACT: usize = 200;
/// Whether the reporter is told of what happens by e-mail.
const NEWS: &str = "kabari";
/// Programmes that are offered, of the institution's own and of all.
const PROGRAMMES: u32 = 100;
/// Says that what is alike has been looked at.
const NEW_ANYWAY: &str = "tetap";

#[derive(Template)]
#[template(path = "desk/walk-in.html")]
struct WalkInPage<'a> {
    v: Voice,
    form: &'a Form,
    streets: Option<Streets>,
    here: &'static str,
    channels: Vec<Choice>,
    classes: Vec<Choice>,
    categories: Vec<Choice>,
    programmes: Vec<Choice>,
    /// Whether letters are sent.
    mail: bool,
    institutions: Vec<String>,
    institution_choices: Vec<Choice>,
    alike: &'a [Alike],
    apart: bool,
    regions_at: &'static str,
    held: &'a [Held],
    most_files: usize,
    file_bytes: u64,
    upload_at: &'static str,
    /// Where many reports are filed at once.
    many_at: &'static str,
}

/// A case that the report may repeat.
struct Alike {
    title: String,
    about: String,
    at: String,
}

pub async fn ask(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let form = Form::of([
        ("kunci", Once::fresh_key()),
        ("saluran", CHANNELS[0].0.to_owned()),
        ("jenis", CLASSES[0].1.to_owned()),
        ("wilayah", home_region(&node).unwrap_or_default()),
        // Whoever leaves an address expects to hear; without one it means nothing.
        (NEWS, "1".to_owned()),
    ]);
    let empty = Attached::default();
    page(&node, &officer, &form, &empty, &[]).await
}

pub async fn file(
    State(node): State<Arc<Node>>,
    officer: Officer,
    request: Request,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let (v, actor) = (officer.visit.v, officer.actor());
    let (mut form, attached) = attach::read(&node, &v, Sender::Staff, request).await?;
    let once = Once::new(&actor, form.text("kunci")).map_err(|error| problem(&error))?;
    // Files that were used before may have been used by this very form.
    let sent = once.is_known(&node).await.map_err(|e| problem(&e))?;
    attached.miss_unless(sent, &v, &mut form);
    let programme = filing::programme(&node, &v, &mut form).await?;
    let Some(mut report) = read(&node, &v, &mut form, programme) else {
        return page(&node, &officer, &form, &attached, &[]).await;
    };
    if !sent && !form.is_ticked(NEW_ANYWAY) {
        let alike = alike(&node, &officer, &report).await?;
        if !alike.is_empty() {
            return page(&node, &officer, &form, &attached, &alike).await;
        }
    }
    let once = once.told_by(&(&report, attached.fingerprints()));
    let once = once.map_err(|error| problem(&error))?;
    report.attachments = attached.uploads();
    let (title, kind) = (report.title.clone(), kind(&v, &report));
    let mailable = report
        .reporter
        .as_ref()
        .is_some_and(|told| told.email.is_some());
    let notify = if mailable && form.is_ticked(NEWS) {
        Notify::Email
    } else {
        Notify::Off
    };
    let account = &officer.session.account;
    let terms = FilingTerms {
        actor: Some(&actor),
        notify,
        once: Some(&once),
        desk: Some(OnDesk {
            unit: account.unit.clone(),
            officer: Some(account.id.to_string()),
        }),
        ..FilingTerms::default()
    };
    match node.file_for_reporter(report, terms).await {
        Ok(filed) => {
            attach::forget(&node, &attached).await;
            let slip = Slip {
                case: filed.filed.case,
                ticket: filed.filed.ticket,
                key: filed.key,
                recoverable: filed.recoverable,
                title,
                kind,
                news: notify == Notify::Email && node.sends_letters(),
                replaces: None,
            };
            slip::show(&node, &officer.visit, slip).await
        }
        Err(NodeError::Invalid(_)) => {
            form.complain("judul", v.say("form-unusable"));
            page(&node, &officer, &form, &attached, &[]).await
        }
        Err(NodeError::NotFound { what: "upload", .. }) => {
            form.complain(attach::FILES, v.say("files-failed"));
            page(&node, &officer, &form, &attached, &[]).await
        }
        Err(NodeError::UploadHeld) => {
            form.complain(attach::FILES, v.say("file-kept-elsewhere"));
            page(&node, &officer, &form, &attached, &[]).await
        }
        Err(NodeError::KeyReused) => {
            // What was sent first has been filed; this would be another report.
            form.put("kunci", Once::fresh_key());
            form.complain("judul", v.say("walk-in-sent-before"));
            page(&node, &officer, &form, &attached, &[]).await
        }
        Err(error) => Err(problem(&error)),
    }
}

/// The region of the institution, with which the form is filled.
fn home(node: &Node) -> Option<RegionCode> {
    let directory = node.directory();
    let entry = directory.latest().instance(node.instance().ok()?)?;
    entry.region.clone()
}

fn read(
    node: &Node,
    v: &Voice,
    form: &mut Form,
    programme: Option<ProgrammeRef>,
) -> Option<NewReport> {
    let title = form.required(v, "judul");
    let content = form.required(v, "uraian");
    form.at_most(v, "judul", TITLE_CHARS);
    form.at_most(v, "uraian", TEXT_CHARS);
    let channel = form.required(v, "saluran");
    let channel = CHANNELS.iter().find(|(name, ..)| *name == channel);
    let class = form.required(v, "jenis");
    let class = CLASSES.iter().find(|(_, name)| *name == class);
    for (field, found) in [("saluran", channel.is_some()), ("jenis", class.is_some())] {
        if !found {
            form.complain(field, v.say("form-required"));
        }
    }
    let region = shared::region(v, form, home(node).as_ref());
    let coordinates = filing::coordinates(v, form);
    let region = filing::agreed(v, form, region, coordinates);
    let unknown = text_id("filing-no-institution");
    let suggested = WHOM.read(v, form, &institutions::all(node), unknown);
    let excluded = filing::excluded(
        node,
        v,
        form,
        suggested.as_ref(),
        text_id("walk-in-excludes-us"),
    );
    filing::ask_openness(v, form, &excluded);
    let chosen = form.text("kategori").to_owned();
    let local_category = local_name(&chosen).map(str::to_owned);
    let category = Category::try_from(chosen).ok();
    let category = category.filter(|_| local_category.is_none());
    let day: Option<chrono::NaiveDate> = form.parsed("tanggal", v.say("form-day-unusable"));
    if day.is_some_and(|day| day > node.today()) {
        form.complain("tanggal", v.say("filing-date-ahead"));
    }
    let mut told =
        |name: &'static str| Some(form.at_most(v, name, CONTACT)).filter(|text| !text.is_empty());
    let (email, phone) = (told("surel"), told("telepon"));
    let reporter = Reporter {
        name: told("nama"),
        email: email.clone(),
        phone: phone.clone(),
        address: told("alamat"),
    };
    if email.is_some_and(|email| !is_mailed(&email)) {
        form.complain("surel", v.say("filing-email-unusable"));
    }
    if phone.is_some_and(|phone| !is_dialled(&phone)) {
        form.complain("telepon", v.say("filing-phone-unusable"));
    }
    let place = Some(form.at_most(v, "lokasi", TITLE_CHARS)).filter(|text| !text.is_empty());
    let (Some((_, channel, _)), Some((class, _)), true) = (channel, class, form.is_fine()) else {
        return None;
    };
    Some(NewReport {
        classification: *class,
        title,
        content,
        category,
        region,
        place,
        coordinates,
        incident_date: day.map(|day| day.to_string()),
        anonymous: form.is_ticked("anonim"),
        secret: filing::is_secret(form),
        channel: (*channel).to_owned(),
        excluded,
        suggested,
        programme,
        attachments: Vec::new(),
        reporter: (reporter != Reporter::default()).then_some(reporter),
        own_number: None,
        local_category,
    })
}

/// Open cases that the report may repeat, of those that this officer may see.
async fn alike(node: &Node, officer: &Officer, report: &NewReport) -> Answer<Vec<Alike>> {
    let v = officer.visit.v;
    let sketch = Sketch {
        title: report.title.clone(),
        content: report.content.clone(),
        region: report.region.clone(),
        coordinates: report.coordinates,
    };
    let found = node.likely_duplicates(&sketch).await;
    let mut alike = Vec::new();
    for one in found.map_err(|error| problem(&error))?.duplicates {
        if node.case_seen(&officer.sight, one.case).await.is_err() {
            continue;
        }
        let ticket = one.ticket.clone().unwrap_or_default();
        let state = v.say(state_words(one.state).0);
        alike.push(Alike {
            title: one.title,
            about: format!("{ticket} · {state} · {}", v.date(one.filed_at)),
            at: case_page::at(one.case),
        });
    }
    Ok(alike)
}

/// Programmes that a report may be about: the institution's own, then those of others.
async fn programmes(node: &Node) -> Answer<Vec<Choice>> {
    let me = node.instance().map_err(|error| problem(&error))?;
    let own = ProgrammeFilter {
        owner: Some(me.clone()),
        region: None,
        status: None,
    };
    let all = ProgrammeFilter {
        owner: None,
        ..own.clone()
    };
    let mut choices = Vec::new();
    for filter in [own, all] {
        let found = node.programmes(&filter, None, PROGRAMMES).await;
        let found = found.map_err(|error| problem(&error))?.programmes;
        let others = found
            .iter()
            .filter(|one| filter.owner.is_some() || one.owner != *me);
        choices.extend(others.map(|one| {
            let (name, owner) = (&one.published.name, name_of(node, &one.owner));
            let value = format!("{}/{}", one.owner, one.published.slug);
            Choice::new(value, format!("{name} ({owner})"))
        }));
    }
    Ok(choices)
}

/// The kind of a report and how it came in, in words.
fn kind(v: &Voice, report: &NewReport) -> String {
    let class = v.say(classification_name(report.classification));
    format!("{class} · {}", channel_words(v, &report.channel))
}

async fn page(
    node: &Node,
    officer: &Officer,
    form: &Form,
    attached: &Attached,
    alike: &[Alike],
) -> Answer<Response> {
    let v = officer.visit.v;
    let channels = CHANNELS.map(|(name, _, words)| Choice::new(name, v.say(words)));
    let page = WalkInPage {
        v,
        form,
        streets: Streets::of(node, v),
        here: PATH,
        channels: channels.to_vec(),
        classes: shared::classes(&v),
        categories: shared::categories(node, &v).await?,
        programmes: programmes(node).await?,
        mail: node.sends_letters(),
        institutions: institutions::names(node),
        institution_choices: WHOM.choices(form, &institutions::all(node)),
        alike,
        apart: form.is_ticked(filing::APART_PAIR),
        regions_at: REGIONS,
        held: &attached.held,
        most_files: attach::MOST,
        file_bytes: node.settings().api.upload_bytes,
        upload_at: upload::PATH,
        many_at: registers::PATH,
    };
    let shell = officer
        .visit
        .shell(v.say("walk-in-title"))
        .status(if alike.is_empty() {
            form.status()
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        })
        .within(ROOT);
    let shell = shell.scripts(node.tiles().map(|_| streets::SCRIPT));
    shell.script("report.js").script("search.js").show(&page)
}
