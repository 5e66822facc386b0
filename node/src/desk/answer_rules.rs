//! What the institution asks of those who answer, typed where `node.toml` is silent: which public
//! answers a superior signs before they are sent, and in which categories a proposal to close carries
//! evidence. Both hold at once, for the API too; only a person changes them, never a key.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use lapor_protocol::kinds::Category;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form};

use super::arrangements::page;
use super::arranging::{Input, back, may_type};
use super::{Answer, Officer};
use crate::api::problem;
use crate::in_force::{Approval, InForce};
use crate::node::Node;

pub const APPROVAL: &str = "/meja/pengaturan/persetujuan";
pub const EVIDENCE: &str = "/meja/pengaturan/bukti";

/// The fields: every answer, categories by name, one a line, and one more that is chosen.
const ALL: &str = "semua";
const APPROVED: &str = "kategori-atasan";
const PROVED: &str = "kategori-bukti";
const APPROVED_TOO: &str = "tambah-atasan";
const PROVED_TOO: &str = "tambah-bukti";
/// Characters of all names together, at most.
const NAMES_CHARS: usize = 8000;

pub async fn show_approval(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    back(&node, &officer, Input::Approval, None).await
}

pub async fn show_evidence(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    back(&node, &officer, Input::Evidence, None).await
}

/// Keeps which public answers a superior signs; nothing ticked and named is none.
pub async fn keep_approval(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    may_type(&node, &officer, Input::Approval)?;
    let categories = named(&node, &mut form, &officer.visit.v, [APPROVED, APPROVED_TOO]).await?;
    if !form.is_fine() {
        return page(&node, &officer, None, Some((Input::Approval, &form))).await;
    }
    let approval = Approval {
        all: form.is_ticked(ALL),
        categories,
    };
    let kept = node.keep_approval(approval, &officer.actor()).await;
    kept.map_err(|error| problem(&error))?;
    let done = Flash::done(text_id("arranging-kept"));
    back(&node, &officer, Input::Approval, Some(done)).await
}

/// Keeps in which categories a proposal to close carries evidence.
pub async fn keep_evidence(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    may_type(&node, &officer, Input::Evidence)?;
    let categories = named(&node, &mut form, &officer.visit.v, [PROVED, PROVED_TOO]).await?;
    if !form.is_fine() {
        return page(&node, &officer, None, Some((Input::Evidence, &form))).await;
    }
    let kept = node.keep_evidence(categories, &officer.actor()).await;
    kept.map_err(|error| problem(&error))?;
    let done = Flash::done(text_id("arranging-kept"));
    back(&node, &officer, Input::Evidence, Some(done)).await
}

/// What is kept of the rules of approval, as their form has it.
pub(super) fn approval_filled(in_force: &InForce) -> Form {
    let approval = in_force.typed().approval.clone().unwrap_or_default();
    let all = if approval.all { "1" } else { "" };
    Form::of([
        (ALL, all.to_owned()),
        (APPROVED, lines(&approval.categories)),
    ])
}

/// The same of evidence.
pub(super) fn evidence_filled(in_force: &InForce) -> Form {
    let categories = in_force.typed().evidence.as_deref().unwrap_or_default();
    Form::of([(PROVED, lines(categories))])
}

/// The categories of the names that were typed and of the one that was chosen, with a complaint about what is not the name of one.
async fn named(
    node: &Node,
    form: &mut Form,
    v: &Voice,
    [field, chosen]: [&'static str; 2],
) -> Answer<Vec<Category>> {
    let known = node.categories().await.map_err(|error| problem(&error))?;
    let typed = form.at_most(v, field, NAMES_CHARS);
    let chosen = form.text(chosen).to_owned();
    let mut categories: Vec<Category> = Vec::new();
    let names = typed.lines().chain([chosen.as_str()]).map(str::trim);
    for name in names.filter(|name| !name.is_empty()) {
        match known.called(name) {
            Some(category) if categories.contains(category) => {}
            Some(category) => categories.push(category.clone()),
            None => {
                let said = v.with("name", name).say("arranging-category-unknown");
                form.complain(field, said);
            }
        }
    }
    Ok(categories)
}

fn lines(categories: &[Category]) -> String {
    let names: Vec<&str> = categories.iter().map(Category::as_str).collect();
    names.join("\n")
}
