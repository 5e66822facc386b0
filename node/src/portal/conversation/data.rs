//! What is the reporter's own: all that is held about them, its erasure, the
//! key, and the files of the conversation.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use lapor_protocol::ids::Digest;
use lapor_web::intake::channel_words;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form};
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::codes;
use super::show::{Writing, show as show_conversation};
use super::speaker::Speaker;
use super::{DATA_FILE, PATH};
use crate::api::problem;
use crate::attach::Attached;
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::reports::{category_name, classification_name};
use crate::portal::visitor::Carried;
use crate::portal::{Answer, name_of, programmes};
use crate::regions::national;
use crate::reporters::{OwnData, OwnReport};

#[derive(Deserialize)]
pub struct FilePath {
    sha256: Digest,
}

#[derive(Template)]
#[template(path = "portal/own-data.html")]
struct Own {
    v: Voice,
    data: OwnData,
    /// What was filed, each field with its name.
    filed: Vec<(String, String)>,
    /// Unix ms, and what was done.
    deeds: Vec<(i64, TextId)>,
    file_at: String,
    back_at: String,
}

pub async fn show(State(node): State<Arc<Node>>, speaker: Speaker) -> Answer<Response> {
    let conversation = speaker.conversation(&node).await?;
    let data = node
        .own_data(&conversation)
        .await
        .map_err(|e| problem(&e))?;
    let v = speaker.visit.v;
    let below = DATA_FILE.strip_prefix(PATH).unwrap_or_default();
    let deeds = data.deeds.iter().map(|(at, what)| (*at, deed_words(what)));
    let filed = match &data.report {
        Some(report) => filed(&node, &v, report).await?,
        None => Vec::new(),
    };
    let page = Own {
        v,
        deeds: deeds.collect(),
        filed,
        data,
        file_at: speaker.at(below).to_string(),
        back_at: speaker.at("").to_string(),
    };
    speaker.visit.shell(v.say("data-title")).show(&page)
}

/// What a report says, in the order of the form in which it was written.
async fn filed(node: &Node, v: &Voice, report: &OwnReport) -> Answer<Vec<(String, String)>> {
    let categories = node.categories().await.map_err(|e| problem(&e))?;
    let programme = match &report.programme {
        Some(about) => {
            let name = programmes::name(node, about).await?;
            Some(name.unwrap_or_else(|| format!("{}/{}", about.owner, about.slug)))
        }
        None => None,
    };
    let region = report.region.as_ref();
    let region = region.map(|code| {
        let name = national().display_name(code);
        name.unwrap_or_else(|| code.to_string())
    });
    let day = report.incident_date.as_ref();
    let excluded: Vec<String> = report.excluded.iter().map(|id| name_of(node, id)).collect();
    let yes_or_no = |yes| {
        Some(v.say(if yes {
            text_id("answer-yes")
        } else {
            text_id("answer-no")
        }))
    };
    let all = [
        (
            text_id("filing-kind"),
            Some(v.say(classification_name(report.classification))),
        ),
        (text_id("filing-subject"), report.title.clone()),
        (text_id("filing-content"), report.content.clone()),
        (text_id("reading-programme"), programme),
        (text_id("filing-region"), region),
        (text_id("filing-place"), report.place.clone()),
        (
            text_id("filing-coordinates"),
            report
                .coordinates
                .map(|at| format!("{:.5}, {:.5}", at.latitude(), at.longitude())),
        ),
        (
            text_id("filing-date"),
            day.map(|text| match text.parse::<NaiveDate>() {
                Ok(day) => v.day(day),
                Err(_) => text.clone(),
            }),
        ),
        (
            text_id("filing-category"),
            report
                .category
                .as_ref()
                .map(|category| category_name(&categories, v, category)),
        ),
        (
            text_id("filing-institution"),
            report.suggested.as_ref().map(|id| name_of(node, id)),
        ),
        (
            text_id("filing-excluded"),
            Some(excluded.join("; ")).filter(|names| !names.is_empty()),
        ),
        (text_id("filing-anonymous"), yes_or_no(report.anonymous)),
        (text_id("filing-secret"), yes_or_no(report.secret)),
        (
            text_id("case-channel"),
            Some(channel_words(v, &report.channel)),
        ),
    ];
    let told = all.into_iter();
    Ok(told
        .filter_map(|(name, value)| Some((v.say(name), value?)))
        .collect())
}

fn deed_words(action: &str) -> TextId {
    match action {
        "report.filed" => text_id("data-deed-filed"),
        "report.completed" => text_id("data-deed-completed"),
        "case.replied" => text_id("data-deed-replied"),
        "case.closed" => text_id("data-deed-confirmed"),
        "case.reopened" => text_id("data-deed-reopened"),
        "case.rated" => text_id("data-deed-rated"),
        "conversation.opened" => text_id("data-deed-opened"),
        "reporter.key_changed" | "counter.key_given" => text_id("data-deed-key"),
        "counter.said" => text_id("data-deed-counter"),
        "reporter.contact_proved" => text_id("data-deed-proved"),
        "own_data.read" => text_id("data-deed-read"),
        "erasure.asked" => text_id("data-deed-erasure"),
        "erasure.withdrawn" => text_id("data-deed-kept"),
        "identity.consented" => text_id("data-deed-consented"),
        "identity.objected" => text_id("data-deed-objected"),
        "case.escalated" => text_id("data-deed-escalated"),
        "citizen.report_added" => text_id("data-deed-account"),
        _ => text_id("data-deed-other"),
    }
}

/// The same as a file, which another program can read.
pub async fn file(State(node): State<Arc<Node>>, speaker: Speaker) -> Answer<Response> {
    let conversation = speaker.conversation(&node).await?;
    let data = node
        .own_data(&conversation)
        .await
        .map_err(|e| problem(&e))?;
    let text = serde_json::to_vec_pretty(&data).map_err(|_| ApiProblem::internal())?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"data-saya.json\"",
        ),
    ];
    Ok((headers, text).into_response())
}

pub async fn erase(
    State(node): State<Arc<Node>>,
    speaker: Speaker,
    mut form: Form,
) -> Answer<Response> {
    let conversation = speaker.conversation(&node).await?;
    match node.ask_erasure(&conversation, form.text("tiket")).await {
        Ok(_) => {
            let flash = match node.settings().erasure.reporter_days {
                0 => Flash::done(text_id("erasure-asked-at-once")),
                days => Flash::done(text_id("erasure-asked")).with("n", days.to_string()),
            };
            Ok(speaker.visit.go_saying(&speaker.at(""), &flash))
        }
        Err(NodeError::Invalid(_)) => {
            form.complain("tiket", speaker.visit.v.say("erasure-type-ticket"));
            let writing = Writing::wrong(form, Attached::default());
            show_conversation(&node, &speaker, writing).await
        }
        Err(error) => Err(problem(&error)),
    }
}

pub async fn keep(State(node): State<Arc<Node>>, speaker: Speaker) -> Answer<Response> {
    let conversation = speaker.conversation(&node).await?;
    let flash = match node.withdraw_erasure(&conversation).await {
        Ok(()) => Flash::done(text_id("erasure-withdrawn")),
        Err(NodeError::NotFound { .. }) => Flash::warning(text_id("act-too-late")),
        Err(error) => return Err(problem(&error)),
    };
    Ok(speaker.visit.go_saying(&speaker.at(""), &flash))
}

/// A new key ends every conversation of the case, this one too; the old key when it is used.
pub async fn renew_key(State(node): State<Arc<Node>>, speaker: Speaker) -> Answer<Response> {
    let conversation = speaker.conversation(&node).await?;
    let key = match node.change_key(&conversation).await {
        Ok(key) => key,
        Err(NodeError::Forbidden(_)) => {
            let flash = Flash::warning(text_id("renew-waits"));
            return Ok(speaker.visit.go_saying(&speaker.at(""), &flash));
        }
        Err(error) => return Err(problem(&error)),
    };
    let mut response = codes::show_key(
        &speaker.visit,
        text_id("new-key-beside-lead"),
        key.to_string(),
    )?;
    if speaker.holder.visitor.case().is_some() {
        Carried::Conversation.take(&node, &speaker.visit, response.headers_mut());
    }
    Ok(response)
}

/// A file of the conversation, to be kept and never shown as a page of this site.
pub async fn attachment(
    State(node): State<Arc<Node>>,
    speaker: Speaker,
    Path(path): Path<FilePath>,
) -> Answer<Response> {
    let conversation = speaker.conversation(&node).await?;
    let opened = node.reporter_attachment(&conversation, path.sha256).await;
    let opened = opened.map_err(|e| problem(&e))?;
    let media_type = HeaderValue::from_str(&opened.media_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let name = &path.sha256.to_hex()[..16];
    let name = format!("attachment; filename=\"{name}.{}\"", opened.extension());
    let headers = [
        (CONTENT_TYPE, media_type),
        (CONTENT_LENGTH, opened.size.into()),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_str(&name).map_err(|_| ApiProblem::internal())?,
        ),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'"),
        ),
    ];
    Ok((headers, Body::from_stream(opened.body)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_at_the_counter_is_called_so() {
        assert_ne!(deed_words("counter.said"), deed_words("anything"));
    }
}
