//! The reporter's conversation: opened with ticket and key, or by a citizen who
//! signed in. What the reporter sees, says and decides, and what is theirs.
//!
//! Everything is asked of the node as the reporter of one case; the pages judge
//! nothing but what was typed.

mod acts;
mod codes;
#[cfg(test)]
mod contact_tests;
mod data;
mod enter;
mod mine;
mod show;
mod speaker;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use lapor_protocol::ids::CaseId;

use crate::node::Node;

pub(crate) use codes::code_at;
pub use words::{clock as running, scores};
pub(crate) use words::{erasure_words, why};

pub const PATH: &str = "/percakapan";
const REPLY: &str = "/percakapan/balas";
const ANSWER: &str = "/percakapan/jawab";
const ACT: &str = "/percakapan/tindakan";
const CONSENT: &str = "/percakapan/izin";
const NOTIFY: &str = "/percakapan/kabar";
const CONFIRM: &str = "/percakapan/kontak";
const LOST: &str = "/percakapan/kunci-hilang";
pub const SIGN_IN: &str = "/percakapan/masuk";
const LEAVE: &str = "/percakapan/keluar";
const ADD: &str = "/percakapan/akun/tambah";
const END_ACCOUNT: &str = "/percakapan/akun/hapus";
const RENEW: &str = "/percakapan/kunci-baru";
const DATA: &str = "/percakapan/data";
const DATA_FILE: &str = "/percakapan/data.json";
const ERASE: &str = "/percakapan/hapus";
const KEEP: &str = "/percakapan/hapus/batal";

/// The page of a case, for whoever may speak in it.
pub fn path(case: CaseId) -> String {
    speaker::place("", Some(case)).to_string()
}

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route(PATH, get(enter::home).post(enter::open))
        .route(LEAVE, post(enter::leave))
        .route(REPLY, post(acts::reply))
        .route(ANSWER, post(acts::answer))
        .route(ACT, post(acts::act))
        .route(CONSENT, post(acts::consent))
        .route(NOTIFY, post(acts::notify))
        .route(CONFIRM, post(codes::confirm))
        .route(ADD, post(mine::add))
        .route(END_ACCOUNT, post(mine::end))
        .route(LOST, get(codes::ask_lost).post(codes::lost))
        .route(SIGN_IN, get(codes::ask_citizen).post(codes::citizen))
        .route(
            &format!("{PATH}/kode/{{id}}"),
            get(codes::ask_code).post(codes::prove),
        )
        .route(
            &format!("{PATH}/lampiran/{{sha256}}"),
            get(data::attachment),
        )
        .route(RENEW, post(data::renew_key))
        .route(DATA, get(data::show))
        .route(DATA_FILE, get(data::file))
        .route(ERASE, post(data::erase))
        .route(KEEP, post(data::keep))
}
