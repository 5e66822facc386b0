//! A report that somebody brings to the counter, writes in a letter or tells on the telephone: an
//! officer types it in on their behalf, and prints ticket and key for them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::kinds::Category;
use lapor_protocol::limits::{TEXT_CHARS, TITLE_CHARS};
use lapor_protocol::region::RegionCode;
use lapor_web::language::Voice;
use lapor_web::page::{Choice, Form};

use super::counter::CHANNELS;
use super::question::CLASSES;
use super::{Answer, Officer, ROOT, case_page, shared, upload};
use crate::api::problem;
use crate::attach::{self, Attached, Held, Sender};
use crate::casework::{NewReport, OnDesk, Once, Reporter};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::home_region;
use crate::reporters::{FiledForReporter, FilingTerms, Notify};
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/baru";
/// Characters of a name, a telephone number or an address.
const CONTACT: usize = 200;
#[derive(Template)]
#[template(path = "desk/walk-in.html")]
struct WalkInPage<'a> {
    v: Voice,
    form: &'a Form,
    here: &'static str,
    channels: Vec<Choice>,
    classes: Vec<Choice>,
    categories: Vec<Choice>,
    held: &'a [Held],
    most_files: usize,
    file_bytes: u64,
    upload_at: &'static str,
}

#[derive(Template)]
#[template(path = "desk/slip.html")]
struct SlipPage {
    v: Voice,
    institution: String,
    filed: FiledForReporter,
    title: String,
    at: i64,
    /// Where the reporter looks it up.
    track_at: String,
    case_at: String,
    again_at: &'static str,
}

pub async fn ask(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let form = Form::of([
        ("kunci", Once::fresh_key()),
        ("saluran", CHANNELS[0].0.to_owned()),
        ("jenis", CLASSES[0].1.to_owned()),
        ("wilayah", home_region(&node).unwrap_or_default()),
    ]);
    let empty = Attached::default();
    page(&node, &officer, &form, &empty, StatusCode::OK).await
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
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    // Files that were used before may have been used by this very form.
    let sent = once.is_known(&node).await.map_err(|e| problem(&e))?;
    attached.miss_unless(sent, &v, &mut form);
    let Some(mut report) = read(&v, &mut form, home(&node).as_ref()) else {
        return page(&node, &officer, &form, &attached, wrong).await;
    };
    let once = once.told_by(&(&report, attached.fingerprints()));
    let once = once.map_err(|error| problem(&error))?;
    report.attachments = attached.uploads();
    let title = report.title.clone();
    let account = &officer.session.account;
    let terms = FilingTerms {
        actor: Some(&actor),
        visitor: None,
        notify: Notify::Off,
        once: Some(&once),
        suspicion: None,
        desk: Some(OnDesk {
            unit: account.unit.clone(),
            officer: Some(account.name.clone()),
        }),
    };
    match node.file_for_reporter(report, terms).await {
        Ok(filed) => {
            attach::forget(&node, &attached).await;
            slip(&node, &officer, filed, title)
        }
        Err(NodeError::Invalid(_)) => {
            form.complain("judul", v.say("form-unusable"));
            page(&node, &officer, &form, &attached, wrong).await
        }
        Err(NodeError::NotFound { what: "upload", .. }) => {
            form.complain(attach::FILES, v.say("files-failed"));
            page(&node, &officer, &form, &attached, wrong).await
        }
        Err(NodeError::UploadHeld) => {
            form.complain(attach::FILES, v.say("file-kept-elsewhere"));
            page(&node, &officer, &form, &attached, wrong).await
        }
        Err(NodeError::KeyReused) => {
            // What was sent first has been filed; this would be another report.
            form.put("kunci", Once::fresh_key());
            form.complain("judul", v.say("walk-in-sent-before"));
            page(&node, &officer, &form, &attached, wrong).await
        }
        Err(error) => Err(problem(&error)),
    }
}

/// The one time that the key is shown; no redirect, because nothing keeps it.
fn slip(
    node: &Node,
    officer: &Officer,
    filed: FiledForReporter,
    title: String,
) -> Answer<Response> {
    let visit = &officer.visit;
    let site = node.settings().portal.public_url.as_ref();
    let page = SlipPage {
        v: visit.v,
        institution: visit.institution().to_owned(),
        at: visit.v.now_ms(),
        track_at: site.map_or_else(String::new, |site| format!("{site}/lacak")),
        case_at: case_page::at(filed.filed.case),
        again_at: PATH,
        title,
        filed,
    };
    visit
        .shell(visit.v.say("slip-title"))
        .within(ROOT)
        .show(&page)
}

/// The region of the institution, with which the form is filled.
fn home(node: &Node) -> Option<RegionCode> {
    let directory = node.directory();
    let entry = directory.latest().instance(node.instance().ok()?)?;
    entry.region.clone()
}

fn read(v: &Voice, form: &mut Form, home: Option<&RegionCode>) -> Option<NewReport> {
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
    let region = shared::region(v, form, home);
    let category = Some(form.text("kategori").to_owned()).filter(|name| !name.is_empty());
    let category = category.and_then(|name| Category::try_from(name).ok());
    let day: Option<chrono::NaiveDate> = form.parsed("tanggal", v.say("form-day-unusable"));
    let mut told =
        |name: &'static str| Some(form.at_most(v, name, CONTACT)).filter(|text| !text.is_empty());
    let reporter = Reporter {
        name: told("nama"),
        email: told("surel"),
        phone: told("telepon"),
        address: told("alamat"),
    };
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
        coordinates: None,
        incident_date: day.map(|day| day.to_string()),
        anonymous: form.is_ticked("anonim"),
        secret: form.is_ticked("rahasia"),
        channel: (*channel).to_owned(),
        excluded: Vec::new(),
        suggested: None,
        programme: None,
        attachments: Vec::new(),
        reporter: (reporter != Reporter::default()).then_some(reporter),
        own_number: None,
    })
}

async fn page(
    node: &Node,
    officer: &Officer,
    form: &Form,
    attached: &Attached,
    status: StatusCode,
) -> Answer<Response> {
    let v = officer.visit.v;
    let channels = CHANNELS.map(|(name, _, words)| Choice::new(name, v.say(words)));
    let page = WalkInPage {
        v,
        form,
        here: PATH,
        channels: channels.to_vec(),
        classes: shared::classes(&v),
        categories: shared::categories(node, &v).await?,
        held: &attached.held,
        most_files: attach::MOST,
        file_bytes: node.settings().api.upload_bytes,
        upload_at: upload::PATH,
    };
    let shell = officer
        .visit
        .shell(v.say("walk-in-title"))
        .status(status)
        .within(ROOT);
    shell.script("report.js").show(&page)
}
