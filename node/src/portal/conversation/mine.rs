//! The reports of a citizen who has signed in.

use askama::Template;
use axum::response::Response;
use lapor_web::language::Voice;

use super::LEAVE;
use super::speaker::{Speaker, place};
use crate::api::problem;
use crate::node::Node;
use crate::portal::Answer;
use crate::portal::filing;
use crate::portal::track::standing_words;

struct Own {
    title: Option<String>,
    ticket: Option<String>,
    state: String,
    tone: &'static str,
    filed_at: i64,
    to: String,
}

#[derive(Template)]
#[template(path = "portal/mine.html")]
struct Mine {
    v: Voice,
    reports: Vec<Own>,
    leave_at: &'static str,
    file_at: &'static str,
}

pub async fn list(node: &Node, speaker: &Speaker) -> Answer<Response> {
    let v = speaker.visit.v;
    let reports = node.reports_of(&speaker.holder.visitor).await;
    let reports = reports.map_err(|e| problem(&e))?.into_iter();
    let reports = reports.filter_map(|report| {
        let (state, tone) = standing_words(report.state?, report.outcome);
        Some(Own {
            to: place("", Some(report.case)).to_string(),
            title: report.title,
            ticket: report.ticket,
            state: v.say(state),
            tone,
            filed_at: report.filed_at,
        })
    });
    let page = Mine {
        v,
        reports: reports.collect(),
        leave_at: LEAVE,
        file_at: filing::PATH,
    };
    speaker.visit.shell(v.say("mine-title")).show(&page)
}
