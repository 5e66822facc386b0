//! The page *Telepon*: a column for each channel, with what was said there as the stand-ins saw it and
//! a field in which anybody goes on.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use chrono_tz::Asia::Jakarta;
use lapor_web::ApiProblem;
use lapor_web::clock::SystemClock;
use lapor_web::language::{Texts, Voice, text_id};
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
/// What a column shows.
const BUBBLES: usize = 40;
/// Signs of a message.
const SIGNS: usize = 1000;
/// What is sent: words, a place or a picture.
const WHAT: &str = "isi";

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
}];

#[derive(Template)]
#[template(path = "phones.html")]
struct Page<'a> {
    v: Voice,
    form: &'a Form,
    columns: Vec<Column<'a>>,
}

struct Column<'a> {
    id: &'static str,
    name: &'static str,
    about: String,
    bubbles: Vec<Shown>,
    field: Field<'a>,
    shares: bool,
}

struct Shown {
    own: bool,
    by: String,
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
        .route("/{line}", post(write));
    let pages = entrance::answer_missing(page::pages(routes, &site));
    entrance::stand_before(page::receive(pages, &site)).with_state(held)
}

async fn show(State(held): State<Arc<Held>>, visit: Visit) -> Result<Response, ApiProblem> {
    shown(&held, &visit, &Form::empty())
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
        return shown(&held, &visit, &form);
    }
    // What comes later is there when the page is loaded again.
    let _ = tokio::time::timeout(PATIENCE, held.bubbles.answer(line, after, "")).await;
    Ok(Redirect::to(&format!("/#{line}")).into_response())
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
    let written = held.writes(line, By::Citizen, &text).await;
    written.context("pesan tidak diterima")
}

fn shown(held: &Held, visit: &Visit, form: &Form) -> Result<Response, ApiProblem> {
    let v = visit.v;
    let columns = Line::ALL
        .into_iter()
        .map(|line| column(held, &v, line, form));
    let page = Page {
        v,
        form,
        columns: columns.collect(),
    };
    let shell = visit.shell(v.say("phones-title")).wide();
    shell.status(form.status()).show(&page)
}

fn column<'a>(held: &Held, v: &Voice, line: Line, form: &'a Form) -> Column<'a> {
    let (name, about) = line.words();
    let label = v.with("line", name).say("phones-write");
    let bubbles = held.bubbles.latest(line, BUBBLES);
    Column {
        id: line.as_str(),
        name,
        about: v.say(about),
        bubbles: bubbles
            .into_iter()
            .map(|bubble| bubble_of(v, bubble))
            .collect(),
        field: form
            .field(line.field(), label)
            .required()
            .rows(2)
            .most(SIGNS),
        shares: line.shares(),
    }
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
        own: bubble.by == By::Citizen,
        by: v.say(by),
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
    async fn the_page_has_a_column_for_each_channel_and_keeps_what_was_not_taken() {
        lapor_certs::tls::install_default_provider();
        let (folder, _) = Folder::open(None).unwrap();
        let letters = Letters::listen(folder.letters(), 0).await.unwrap();
        let phones = Phones::open(&folder, &letters).await.unwrap();
        phones
            .held
            .bubbles
            .add(Line::X, By::Other, "Betul <b>sekali</b>");
        let client = api::client().unwrap();
        let page = client
            .get(&phones.page)
            .header(ACCEPT_LANGUAGE, "id")
            .send();
        let page = page.await.unwrap().text().await.unwrap();
        for line in Line::ALL {
            assert!(page.contains(&format!("<section id=\"{line}\"")), "{line}");
            assert!(
                page.contains(&format!("name=\"{}\"", line.field())),
                "{line}"
            );
        }
        assert!(page.contains("Orang lain") && page.contains("Betul &#60;b&#62;"));

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
        let (status, _) = writes("faks", "isi=tulisan").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}
