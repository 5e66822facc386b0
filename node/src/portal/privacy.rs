//! What is kept of whoever reports, where, for how long, and who sees it: in plain words.
//!
//! It must say nothing that the program does not do; what changes there is changed here.

use askama::Template;
use axum::response::Response;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::Visit;

use super::{Answer, conversation};

pub const PATH: &str = "/privasi";

/// What is told, each with its answer.
const TOLD: [(TextId, TextId); 10] = [
    (text_id("privacy-report"), text_id("privacy-report-about")),
    (
        text_id("privacy-identity"),
        text_id("privacy-identity-about"),
    ),
    (
        text_id("privacy-anonymous"),
        text_id("privacy-anonymous-about"),
    ),
    (text_id("privacy-secret"), text_id("privacy-secret-about")),
    (text_id("privacy-files"), text_id("privacy-files-about")),
    (text_id("privacy-key"), text_id("privacy-key-about")),
    (text_id("privacy-account"), text_id("privacy-account-about")),
    (text_id("privacy-lost"), text_id("privacy-lost-about")),
    (text_id("privacy-browser"), text_id("privacy-browser-about")),
    (text_id("privacy-long"), text_id("privacy-long-about")),
];

#[derive(Template)]
#[template(path = "portal/privacy.html")]
struct Privacy<'a> {
    v: Voice,
    told: &'a [(TextId, TextId)],
    institution: &'a str,
    conversation_at: &'static str,
}

pub async fn show(visit: Visit) -> Answer<Response> {
    let page = Privacy {
        v: visit.v,
        told: &TOLD,
        institution: visit.institution(),
        conversation_at: conversation::PATH,
    };
    let shell = visit.shell(visit.v.say("privacy-title"));
    shell.listed().show(&page)
}
