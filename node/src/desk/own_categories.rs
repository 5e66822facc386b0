//! The institution's own tree of categories, for its admin: what each stands for nationally, one by
//! one or as a table, and the editions that it has had.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use lapor_protocol::kinds::Category;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, FormWithFiles, LocalPath};
use lapor_web::people::actor_named;
use lapor_web::{Path, Query};
use serde::Deserialize;

use super::case_page::CasePath;
use super::identity::names;
use super::{ACCOUNT, Answer, Officer, along, arrangements, shared};
use crate::api::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::StaffRole;
use crate::taxonomy::editions::{WrongLine, WrongTable, read_table, write_table};
use crate::taxonomy::{LOCAL_CHARS, LocalCategory, MOST, NewLocalCategory};

pub const PATH: &str = "/meja/kategori";
pub const REMOVE: &str = "/meja/kategori/hapus";
pub const TABLE: &str = "/meja/kategori.csv";
pub const UPLOAD: &str = "/meja/kategori/tabel";
pub const RESTORE: &str = "/meja/kategori/pulihkan";
pub const OF_CASE: &str = "/meja/kasus/{id}/kategori";
const FILE: &str = "berkas";
/// Bytes of a table and the form around it, at most.
const BYTES: u64 = 2 * 1024 * 1024;
/// Lines of a table that are said to be wrong.
const SAID: usize = 20;
/// Editions that are listed.
const LISTED: usize = 20;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct EditionQuery {
    /// Number of an edition; the one in force without it.
    edisi: Option<i64>,
}

#[derive(Template)]
#[template(path = "desk/own-categories.html")]
struct OwnCategories<'a> {
    v: Voice,
    form: &'a Form,
    roots: Vec<(&'a str, Vec<Mapped<'a>>)>,
    national: Vec<Choice>,
    edition: i64,
    has_edition: bool,
    changed_at: Option<String>,
    editions: Vec<Kept>,
    wrong: Vec<String>,
    most_chars: usize,
    here: &'static str,
    remove_at: &'static str,
    upload_at: &'static str,
    table_at: &'static str,
    restore_at: &'static str,
    /// What it leads back to, by name and address.
    back: (String, String),
}

/// A local category of the page.
struct Mapped<'a> {
    one: &'a LocalCategory,
    name: &'a str,
    national: String,
}

/// An edition that was in force.
struct Kept {
    number: i64,
    at: i64,
    by: String,
    table_at: String,
    in_force: bool,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    page(&node, &officer, &Form::empty(), Vec::new()).await
}

/// Maps a category, or maps it anew.
pub async fn map(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let v = officer.visit.v;
    let local = form.required(&v, "lokal");
    let national = form.required(&v, "nasional");
    form.at_most(&v, "lokal", LOCAL_CHARS);
    if let (Ok(category), true) = (Category::try_from(national), form.is_fine()) {
        let new = NewLocalCategory { local, category };
        match node.map_category(&new, &officer.actor()).await {
            Ok(()) => return Ok(back(&officer, &Flash::done(text_id("own-category-mapped")))),
            Err(NodeError::Invalid(_)) => form.complain("nasional", v.say("filing-no-category")),
            Err(error) => return Err(problem(&error)),
        }
    }
    page(&node, &officer, &form, Vec::new()).await
}

pub async fn remove(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let actor = officer.actor();
    match node.unmap_category(form.text("lokal"), &actor).await {
        Ok(()) | Err(NodeError::NotFound { .. }) => {
            Ok(back(&officer, &Flash::done(text_id("own-category-gone"))))
        }
        Err(error) => Err(problem(&error)),
    }
}

/// Puts a whole tree in the place of the one that there is; a table with anything wrong in it
/// changes nothing.
pub async fn upload(
    State(node): State<Arc<Node>>,
    officer: Officer,
    request: Request,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let v = officer.visit.v;
    let mut parts = FormWithFiles::open(request, BYTES)?;
    let bytes = parts.bytes_of(FILE).await?;
    let mut form = parts.form();
    let Ok(text) = String::from_utf8(bytes) else {
        form.complain(FILE, v.say("own-category-not-utf8"));
        return page(&node, &officer, &form, Vec::new()).await;
    };
    if text.trim().is_empty() {
        form.complain(FILE, v.say("own-category-no-table"));
        return page(&node, &officer, &form, Vec::new()).await;
    }
    let known = node.categories().await.map_err(|error| problem(&error))?;
    let tree = match read_table(&text, &known) {
        Ok(tree) => tree,
        Err(WrongTable::Long) => {
            form.complain(FILE, v.with("most", MOST).say("own-category-too-long"));
            return page(&node, &officer, &form, Vec::new()).await;
        }
        Err(WrongTable::Lines(wrong)) => {
            let said = v.with("n", wrong.len()).say("own-category-table-wrong");
            form.complain(FILE, said);
            let lines = wrong.iter().take(SAID);
            let lines = lines.map(|(line, why)| wrong_words(&v, *line, why));
            return page(&node, &officer, &form, lines.collect()).await;
        }
    };
    match node.replace_local_categories(&tree, &officer.actor()).await {
        Ok(()) => Ok(back(
            &officer,
            &Flash::done(text_id("own-category-replaced")),
        )),
        Err(NodeError::Invalid(_)) => {
            form.complain(FILE, v.with("most", MOST).say("own-category-too-long"));
            page(&node, &officer, &form, Vec::new()).await
        }
        Err(error) => Err(problem(&error)),
    }
}

/// Puts the tree of an earlier edition in force again.
pub async fn restore(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let number: i64 = form.text("edisi").parse().unwrap_or_default();
    let flash = match node.restore_local_edition(number, &officer.actor()).await {
        Ok(()) => Flash::done(text_id("own-category-restored")),
        Err(NodeError::NotFound { .. }) => Flash::warning(text_id("own-category-no-edition")),
        Err(error) => return Err(problem(&error)),
    };
    Ok(back(&officer, &flash))
}

/// The tree for a spreadsheet, as it is or as it was in an edition.
pub async fn table(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(query): Query<EditionQuery>,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let tree = match query.edisi {
        Some(number) => node.local_edition(number).await,
        None => node.local_categories().await.map(|all| all.pairs()),
    };
    let text = tree.and_then(|tree| write_table(&tree));
    let text = text.map_err(|error| problem(&error))?;
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"kategori.csv\""),
        ),
    ];
    Ok((headers, text).into_response())
}

/// Notes which category of the own tree a case has.
pub async fn localise(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let local = Some(form.text("lokal")).filter(|local| !local.is_empty());
    let actor = officer.actor();
    let noted = node.localise(&officer.sight, path.id, local, &actor);
    let flash = match noted.await {
        Ok(()) => Flash::done(text_id("case-localised")),
        Err(NodeError::NotFound { .. }) => Flash::warning(text_id("form-category-gone")),
        Err(NodeError::Invalid(_)) => Flash::warning(text_id("case-not-localised")),
        Err(error) => return Err(problem(&error)),
    };
    let to = along::back_to(path.id, &form);
    Ok(officer.visit.go_saying(&to, &flash))
}

fn back(officer: &Officer, flash: &Flash) -> Response {
    officer.visit.go_saying(&LocalPath::own(PATH), flash)
}

fn wrong_words(v: &Voice, line: u64, why: &WrongLine) -> String {
    let said = v.with("line", line);
    match why {
        WrongLine::Columns => said.say("own-category-wrong-columns"),
        WrongLine::Unclosed => said.say("own-category-wrong-quote"),
        WrongLine::Name => said
            .with("most", LOCAL_CHARS)
            .say("own-category-wrong-name"),
        WrongLine::Unknown(category) => said
            .with("category", category)
            .say("own-category-wrong-national"),
        WrongLine::Twice(local) => said.with("category", local).say("own-category-twice"),
    }
}

/// What is told above the list of reports: own categories that nobody can choose any more.
pub async fn told(node: &Node, officer: &Officer) -> Answer<Option<(String, &'static str)>> {
    let tree = node.local_categories().await;
    let lost = tree.map_err(|error| problem(&error))?.lost();
    let said = officer.visit.v.with("n", lost).say("own-categories-lost");
    Ok((lost > 0).then_some((said, PATH)))
}

async fn page(node: &Node, officer: &Officer, form: &Form, wrong: Vec<String>) -> Answer<Response> {
    let (v, failed) = (officer.visit.v, |error: NodeError| problem(&error));
    let all = node.local_categories().await.map_err(failed)?;
    let editions = node.local_editions().await.map_err(failed)?;
    let names = names(node).await?;
    let roots = all.roots().into_iter().map(|(root, below)| {
        let mapped = below.into_iter().map(|one| Mapped {
            name: one.levels().1.unwrap_or(root),
            national: shared::category_name(one.category.as_str()),
            one,
        });
        (root, mapped.collect())
    });
    let kept = editions.iter().take(LISTED).map(|edition| Kept {
        number: edition.number,
        at: edition.at,
        by: actor_named(&v, &names, &edition.actor),
        table_at: format!("{TABLE}?edisi={}", edition.number),
        in_force: edition.number == all.edition,
    });
    let page = OwnCategories {
        v,
        form,
        roots: roots.collect(),
        national: shared::national_categories(node, &v).await?,
        edition: all.edition,
        has_edition: all.edition > 0,
        changed_at: all.changed_at.map(|at| v.moment(at)),
        editions: kept.collect(),
        wrong,
        most_chars: LOCAL_CHARS,
        here: PATH,
        remove_at: REMOVE,
        upload_at: UPLOAD,
        table_at: TABLE,
        restore_at: RESTORE,
        back: arrangements::back_from(node, &officer.visit, PATH).await?,
    };
    let shell = officer.visit.shell(v.say("own-categories-title"));
    shell.within(ACCOUNT).status(form.status()).show(&page)
}
