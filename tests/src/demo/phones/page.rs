//! The page *Telepon*: a tab for each channel, with what was said there as the stand-ins saw it and a
//! field in which anybody goes on.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use chrono_tz::Asia::Jakarta;
use lapor_web::ApiProblem;
use lapor_web::clock::SystemClock;
use lapor_web::language::{TextId, Texts, Voice, text_id};
use lapor_web::page::{self, Area, Facts, Field, Form, Site, Visit};
use lapor_web::{entrance, serving};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Held;
use super::bubbles::{Bubble, By};
use super::lines::Line;

/// How long a page waits for an answer before it is shown without.
const PATIENCE: Duration = Duration::from_secs(3);
/// What a conversation shows.
const BUBBLES: usize = 40;
/// Signs of a message.
const SIGNS: usize = 1000;
/// What somebody wrote last, on the page.
const LATEST: &str = "terbaru";
/// What is sent: words, a place or a picture.
const WHAT: &str = "isi";
/// Words that answer nothing.
const ANEW: &str = "baru";

fluent_templates::static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "id",
        customise: |bundle| { lapor_web::language::prepare(bundle); },
    };
}

static AREAS: &[Area] = &[Area {
    root: "/",
    name: text_id("phones-name"),
    links: &[],
    for_members: false,
}];

#[derive(Template)]
#[template(path = "phones.html")]
struct Page<'a> {
    v: Voice,
    form: &'a Form,
    tabs: Vec<Tab>,
    line: Line,
    name: &'static str,
    about: String,
    /// What stands between the node and the provider, where it is one of two.
    via: Option<String>,
    bubbles: Vec<Shown>,
    /// Whether there is something that can be answered.
    answers: bool,
    field: Field<'a>,
    /// Portals and desks where reports and answers are seen: address and name.
    ways: Vec<(String, String)>,
}

struct Tab {
    to: String,
    name: &'static str,
    current: bool,
}

struct Shown {
    own: bool,
    /// Where the page begins after somebody wrote.
    latest: bool,
    by: String,
    at: Option<i64>,
    text: String,
}

/// Opens the page at a free port; says where it is.
pub async fn open(held: Arc<Held>) -> anyhow::Result<(String, JoinHandle<()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let router = router(held);
    let task = tokio::spawn(async move {
        // It ends with the demo alone.
        serving::serve(listener, router, CancellationToken::new())
            .await
            .ok();
    });
    Ok((format!("http://{address}/"), task))
}

fn router(held: Arc<Held>) -> Router {
    let facts = || Facts {
        institution: "LAPOR!".into(),
        zone: Jakarta,
        contact: None,
        national: None,
    };
    let texts: Texts = &TEXTS;
    let site = Arc::new(Site::new(texts, AREAS, Arc::new(SystemClock), facts));
    let routes = Router::new()
        .route("/", get(show))
        .route("/{line}", get(show_line).post(write));
    let pages = entrance::answer_missing(page::pages(routes, &site));
    entrance::stand_before(page::receive(pages, &site)).with_state(held)
}

async fn show(State(held): State<Arc<Held>>, visit: Visit) -> Result<Response, ApiProblem> {
    shown(&held, &visit, Line::Sms, &Form::empty())
}

async fn show_line(
    State(held): State<Arc<Held>>,
    Path(line): Path<String>,
    visit: Visit,
) -> Result<Response, ApiProblem> {
    let line = Line::read(&line).ok_or_else(ApiProblem::not_found)?;
    shown(&held, &visit, line, &Form::empty())
}

async fn write(
    State(held): State<Arc<Held>>,
    Path(line): Path<String>,
    visit: Visit,
    mut form: Form,
) -> Result<Response, ApiProblem> {
    let line = Line::read(&line).ok_or_else(ApiProblem::not_found)?;
    let after = held.bubbles.count();
    if let Err(why) = sent(&held, &visit.v, line, &mut form).await {
        let why = format!("{why:#}");
        form.complain(
            line.field(),
            visit.v.with("why", why).say("phones-unreached"),
        );
    }
    if !form.is_fine() {
        return shown(&held, &visit, line, &form);
    }
    // What comes later is there when the page is loaded again.
    let _ = tokio::time::timeout(PATIENCE, held.bubbles.answer(line, after, "")).await;
    Ok(Redirect::to(&format!("/{line}#{LATEST}")).into_response())
}

/// Sends what somebody chose, unless the form says that it cannot be.
async fn sent(held: &Held, v: &Voice, line: Line, form: &mut Form) -> anyhow::Result<()> {
    match form.text(WHAT) {
        "lokasi" if line.shares() => return held.shares_place(line).await,
        "gambar" if line.shares() => return held.sends_picture(line).await,
        _ => {}
    }
    form.required(v, line.field());
    let text = form.at_most(v, line.field(), SIGNS);
    if !form.is_fine() {
        return Ok(());
    }
    let written = if line.begins() && form.text(WHAT) == ANEW {
        held.begins_letter(&text)
    } else {
        held.writes(line, By::Citizen, &text).await
    };
    written.context("pesan tidak diterima")
}

fn shown(held: &Held, visit: &Visit, line: Line, form: &Form) -> Result<Response, ApiProblem> {
    let v = visit.v;
    let (name, about) = line.words();
    let label = v.with("line", name).say("phones-write");
    let page = Page {
        v,
        form,
        tabs: Line::ALL.map(|other| tab(other, line)).into(),
        line,
        name,
        about: v.say(about),
        via: (line == Line::Sms).then(|| v.say(via(held))),
        bubbles: bubbles(held, &v, line),
        answers: held.mail.can_answer(),
        field: form
            .field(line.field(), label)
            .required()
            .rows(2)
            .most(SIGNS),
        ways: ways(held, &v),
    };
    let shell = visit.shell(v.say("phones-title"));
    shell.status(form.status()).show(&page)
}

fn tab(line: Line, current: Line) -> Tab {
    Tab {
        to: format!("/{line}"),
        name: line.words().0,
        current: line == current,
    }
}

fn via(held: &Held) -> TextId {
    match held.network.via() {
        "kannel" => text_id("phones-kannel"),
        _ => text_id("phones-stand-in"),
    }
}

/// Where the two nodes are that talk, once they serve.
fn ways(held: &Held, v: &Voice) -> Vec<(String, String)> {
    let Ok(doors) = held.doors() else {
        return Vec::new();
    };
    [
        (doors.desk, "", text_id("phones-portal-desk")),
        (doors.desk, "meja", text_id("phones-desk-desk")),
        (doors.city.address, "", text_id("phones-portal-city")),
        (doors.city.address, "meja", text_id("phones-desk-city")),
    ]
    .map(|(address, path, name)| (format!("http://{address}/{path}"), v.say(name)))
    .into()
}

/// The latest of a channel; the page begins at what somebody wrote last.
fn bubbles(held: &Held, v: &Voice, line: Line) -> Vec<Shown> {
    let bubbles = held.bubbles.latest(line, BUBBLES);
    let mut shown: Vec<Shown> = bubbles
        .into_iter()
        .map(|bubble| bubble_of(v, bubble))
        .collect();
    if let Some(latest) = shown.iter_mut().rfind(|shown| shown.own) {
        latest.latest = true;
    }
    shown
}

fn bubble_of(v: &Voice, bubble: Bubble) -> Shown {
    let by = match bubble.by {
        By::Citizen => text_id("phones-citizen"),
        By::Other => text_id("phones-other"),
        By::City => text_id("phones-officer"),
        By::Institution => text_id("phones-institution"),
        By::Privately => text_id("phones-privately"),
    };
    Shown {
        own: matches!(bubble.by, By::Citizen | By::City),
        latest: false,
        by: v.say(by),
        at: bubble.at,
        text: bubble.text,
    }
}

#[cfg(test)]
mod tests {
    use lapor_web::language::proof;
    use reqwest::StatusCode;
    use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};

    use super::*;
    use crate::demo::api;
    use crate::demo::folder::Folder;
    use crate::demo::letters::Letters;
    use crate::demo::phones::Phones;

    const HOME: &str = env!("CARGO_MANIFEST_DIR");

    #[test]
    fn every_text_is_there_in_both_languages_and_none_is_left_over() {
        let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../web");
        assert_eq!(proof::differences(HOME), Vec::<String>::new());
        assert_eq!(proof::missing(&[HOME, shared]), Vec::<String>::new());
        assert_eq!(proof::unused(HOME), Vec::<String>::new());
    }

    #[tokio::test]
    async fn each_channel_has_a_page_with_times_and_keeps_what_was_not_taken() {
        lapor_certs::tls::install_default_provider();
        let (folder, _) = Folder::open(None).unwrap();
        let letters = Letters::listen(folder.letters(), 0).await.unwrap();
        let phones = Phones::open(&folder, &letters).await.unwrap();
        for (by, text) in [
            (By::Citizen, "Trotoar rusak"),
            (By::Other, "Betul <b>sekali</b>"),
            (By::Institution, "Terima kasih"),
        ] {
            phones.held.bubbles.add(Line::X, by, text);
        }
        let client = api::client().unwrap();
        let reads = async |line: &str| {
            let page = client.get(format!("{}{line}", phones.page));
            let page = page.header(ACCEPT_LANGUAGE, "id").send().await.unwrap();
            page.text().await.unwrap()
        };
        for line in Line::ALL {
            let page = reads(line.as_str()).await;
            let current = format!("href=\"/{line}\" aria-current=\"page\"");
            assert!(page.contains(&current), "{line}");
            let field = format!("name=\"{}\"", line.field());
            assert!(page.contains(&field), "{line}");
        }
        let page = reads("x").await;
        assert!(page.contains("Orang lain") && page.contains("Betul &#60;b&#62;"));
        assert_eq!(page.matches("<time datetime=").count(), 3);
        let latest = "<li class=\"card own\" id=\"terbaru\">";
        assert_eq!(
            page.matches(latest).count(),
            1,
            "the own message, not what came after"
        );
        assert!(!page.contains("/meja\""), "no node serves yet");
        assert!(reads("").await.contains("aria-current=\"page\">SMS 1708"));

        let (reply, anew) = (">Balas</button>", "value=\"baru\">Surat baru</button>");
        let page = reads("email").await;
        assert!(page.contains(anew) && !page.contains(reply), "{page}");
        let letter =
            "From: a@pusat.example\r\nTo: rina@warganet.example\r\nMessage-ID: <1@a>\r\n\r\nA";
        letters.fresh.add(letter.to_owned());
        assert_eq!(phones.held.mail.answers().len(), 1);
        let page = reads("email").await;
        assert!(page.contains(anew) && page.contains(reply), "{page}");
        assert!(!reads("sms").await.contains(anew));

        let writes = async |line: &str, body: &'static str| {
            let to = format!("{}{line}", phones.page);
            let form = client.post(to).header(ACCEPT_LANGUAGE, "id");
            let form = form.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = form.body(body).send().await.unwrap();
            (answer.status(), answer.text().await.unwrap())
        };
        let (status, page) = writes("sms", "pesan-sms=+&isi=tulisan").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("wajib diisi"), "{page}");
        // No node serves yet.
        let (status, page) = writes("sms", "pesan-sms=Jalan+rusak&isi=tulisan").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Jalan rusak</textarea>") && page.contains("Tidak terkirim"));
        let (status, page) = writes("email", "pesan-surel=Jalan+rusak&isi=baru").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Jalan rusak</textarea>") && page.contains("Tidak terkirim"));
        let (status, _) = writes("faks", "isi=tulisan").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}
