//! Pictures of an own programme at the desk: one is added with the words that stand for it, and
//! those that are there get other words, another place, or go. All of it is one publication.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::ids::MessageId;
use lapor_protocol::kinds::ProgrammePublished;
use lapor_protocol::limits::{ALT_CHARS, PICTURE_BYTES, PICTURES};
use lapor_protocol::problem::Code;
use lapor_web::Path;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};

use super::programmes::{self, SlugPath};
use super::{Answer, Officer};
use crate::api::problem;
use crate::attach::{self, FILES, Held, Sender};
use crate::casework::Coordinates;
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::programmes::{Seen, path, seen};
use crate::publishing::{AtHub, NewPicture, NewProgramme, PictureCopy, Programme};
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/program/{slug}/gambar";
/// What stands in the form once for each picture that is there.
const SHOWN: &str = "gambar";
const WORDS: &str = "keterangan";
const POSITION: &str = "urutan";
const DROPPED: &str = "hapus";
/// The words of a new picture.
const NEW_WORDS: &str = "teks";

/// The part of a programme's page where its pictures are looked after.
#[derive(Template)]
#[template(path = "desk/pictures.html")]
pub struct Section {
    v: Voice,
    form: Form,
    rows: Vec<Row>,
    held: Option<Held>,
    send_at: String,
    full: bool,
    most: usize,
    bytes: u64,
    kib: u64,
    alt_chars: usize,
}

/// A picture that is there, as the form has it.
struct Row {
    seen: Seen,
    words: String,
    position: usize,
    dropped: bool,
    /// How far it is on its way to everybody, and the tone of that.
    stands: Option<(TextId, &'static str)>,
}

/// The pictures of a programme as they are.
pub async fn section(node: &Node, v: Voice, slug: &str) -> Answer<Section> {
    again(node, v, slug, Form::empty(), None).await
}

pub async fn change(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(at): Path<SlugPath>,
    request: Request,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let v = officer.visit.v;
    let (mut form, mut attached) = attach::read(&node, &v, Sender::Staff, request).await?;
    // Read behind the file, which may take minutes on a slow line.
    let (base, published) = own(&node, &at.slug).await?;
    // The one chosen last; a form that is shown again has one before it.
    attached.miss_unless(false, &v, &mut form);
    let mut new = attached.held.pop();
    attach::forget(&node, &attached).await;
    if new.is_some() {
        form.required(&v, NEW_WORDS);
    }
    let alt = form.at_most(&v, NEW_WORDS, ALT_CHARS);
    let mut pictures = kept(&v, &mut form, &published);
    if let Some(held) = &new {
        pictures.push(NewPicture {
            upload: Some(held.upload.clone()),
            sha256: None,
            alt,
        });
    }
    if form.is_fine() {
        let told = node
            .publish_programme(with(published, pictures, base), &officer.actor())
            .await;
        let complaint = match told {
            Ok(_) => {
                let done = Flash::done(text_id("pictures-saved"));
                let back = LocalPath::own(&format!("{}/{}", programmes::PATH, at.slug));
                return Ok(officer.visit.go_saying(&back, &done));
            }
            Err(NodeError::ProgrammeChanged) => text_id("pictures-changed"),
            Err(NodeError::MediaType(_)) => text_id("picture-wrong-kind"),
            Err(NodeError::TooLarge(_)) => text_id("picture-too-large"),
            Err(NodeError::Invalid(_)) => text_id("picture-unusable"),
            Err(NodeError::UploadHeld) => text_id("file-kept-elsewhere"),
            Err(error) => return Err(problem(&error)),
        };
        let said = v.with("n", PICTURE_BYTES / 1024).say(complaint);
        form.complain(FILES, said);
        attached.held = new.take().into_iter().collect();
        attach::forget(&node, &attached).await;
    }
    let section = again(&node, v, &at.slug, form, new).await?;
    programmes::show_with(&node, &officer, &at.slug, section).await
}

/// What stays of the pictures that are there, with the words and in the order of the form. One
/// that somebody else has added meanwhile stays behind them.
fn kept(v: &Voice, form: &mut Form, published: &ProgrammePublished) -> Vec<NewPicture> {
    let mut rows: Vec<(usize, i8, NewPicture)> = Vec::new();
    let mut complaint = None;
    for (n, picture) in published.pictures.iter().enumerate() {
        let name = picture.sha256.to_hex();
        if form.all(DROPPED).any(|dropped| dropped == name) {
            continue;
        }
        let at = form.all(SHOWN).position(|shown| shown == name);
        let alt = at.and_then(|at| form.all(WORDS).nth(at)).map(str::trim);
        let alt = alt.unwrap_or(&picture.alt).to_owned();
        if alt.is_empty() || alt.chars().count() > ALT_CHARS {
            complaint = Some(v.with("most", ALT_CHARS).say("picture-words-unusable"));
        }
        let position = at.and_then(|at| form.all(POSITION).nth(at));
        let position = position.and_then(|text| text.parse().ok());
        let position: usize = position.unwrap_or(n + 1);
        // Who comes up stands before whom they meet there, who goes down behind.
        let side = match position.cmp(&(n + 1)) {
            std::cmp::Ordering::Less => -1,
            std::cmp::Ordering::Equal => 0,
            std::cmp::Ordering::Greater => 1,
        };
        let picture = NewPicture {
            upload: None,
            sha256: Some(picture.sha256),
            alt,
        };
        rows.push((position, side, picture));
    }
    if let Some(complaint) = complaint {
        form.complain(WORDS, complaint);
    }
    rows.sort_by_key(|(position, side, _)| (*position, *side));
    rows.into_iter().map(|(_, _, picture)| picture).collect()
}

fn with(
    published: ProgrammePublished,
    pictures: Vec<NewPicture>,
    base: Option<MessageId>,
) -> NewProgramme {
    NewProgramme {
        slug: published.slug,
        name: published.name,
        region: published.region,
        budget_idr: published.budget_idr,
        start: published.start,
        end: published.end,
        description: published.description,
        pictures: Some(pictures),
        coordinates: published.coordinates.and_then(Coordinates::of_message),
        base,
    }
}

/// An own programme as it is, and the message that says so.
async fn own(node: &Node, slug: &str) -> Answer<(Option<MessageId>, ProgrammePublished)> {
    let me = node.instance().map_err(|e| problem(&e))?;
    let view = node.programme(me, slug).await.map_err(|e| problem(&e))?;
    Ok((view.latest(), view.programme.published))
}

async fn again(
    node: &Node,
    v: Voice,
    slug: &str,
    form: Form,
    held: Option<Held>,
) -> Answer<Section> {
    let me = node.instance().map_err(|e| problem(&e))?;
    let view = node.programme(me, slug).await.map_err(|e| problem(&e))?;
    let at = path(me, slug);
    let rows: Vec<Row> = seen(&at, &view.programme)
        .into_iter()
        .zip(1..)
        .map(|(seen, n)| row(&form, &view.programme, seen, n))
        .collect();
    Ok(Section {
        v,
        full: rows.len() >= PICTURES,
        rows,
        held,
        send_at: format!("{}/{slug}/gambar", programmes::PATH),
        most: PICTURES,
        bytes: PICTURE_BYTES,
        kib: PICTURE_BYTES / 1024,
        alt_chars: ALT_CHARS,
        form,
    })
}

fn row(form: &Form, programme: &Programme, seen: Seen, n: usize) -> Row {
    let name: &str = &seen.sha256;
    let copies = &mut programme.pictures.iter();
    let copy = copies.find(|copy| copy.sha256.to_hex() == name);
    let at = form.all(SHOWN).position(|shown| shown == name);
    let typed = |field| at.and_then(|at| form.all(field).nth(at));
    Row {
        words: typed(WORDS).unwrap_or(&seen.alt).to_owned(),
        position: typed(POSITION)
            .and_then(|text| text.parse().ok())
            .unwrap_or(n),
        dropped: form.all(DROPPED).any(|dropped| dropped == name),
        stands: copy.and_then(stands),
        seen,
    }
}

/// Where an own picture stands, and what is to be done.
fn stands(copy: &PictureCopy) -> Option<(TextId, &'static str)> {
    let full = Code::PictureQuotaExceeded.as_str();
    Some(match copy.at_hub? {
        AtHub::There => (text_id("picture-at-hub"), "done"),
        AtHub::Waiting => (text_id("picture-waits"), "quiet"),
        AtHub::Refused if copy.reason.as_deref() == Some(full) => {
            (text_id("picture-hub-full"), "alert")
        }
        AtHub::Refused => (text_id("picture-hub-refuses"), "alert"),
    })
}

impl Section {
    /// With which the page is shown.
    pub fn status(&self) -> StatusCode {
        self.form.status()
    }
}
