//! Trying the line to an institution while somebody waits for the answer.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::directory::Status;
use lapor_protocol::ids::InstanceId;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, LocalPath};
use lapor_web::people::Member;
use lapor_web::{ApiProblem, Path};

use super::approvals::failed;
use super::instances::{self, OnePath, one};
use super::{Answer, Console, ConsoleRole};
use crate::audit::{self, By};
use crate::error::HubError;
use crate::ground::Ground;
use crate::probe::{LIMIT, Probe, probe};

pub const PATH: &str = "/konsol/instansi/{slug}/uji";
/// Tests that run at a time.
pub const AT_ONCE: usize = 4;

#[derive(Template)]
#[template(path = "console/trying.html")]
struct Page {
    v: Voice,
    name: String,
    instance_at: String,
    again_at: String,
    probe: Probe,
    tone: &'static str,
    verdict: String,
    limit: u64,
}

/// Tries it, and shows what came of it.
pub async fn attempt(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let v = member.visit.v;
    let directory = console.hub.ground.directory.current();
    let entry = directory.latest().instance(&path.slug);
    let name = entry.ok_or_else(ApiProblem::not_found)?.name.clone();
    let Some(tried) = attempt_by(&console, &member.actor(), &path.slug).await? else {
        let said = Flash::warning(text_id("trying-busy"));
        return Ok(member
            .visit
            .go_saying(&LocalPath::own(&one(&path.slug)), &said));
    };
    let (tone, verdict) = verdict(&tried);
    let page = Page {
        v,
        name,
        instance_at: one(&path.slug),
        again_at: PATH.replace("{slug}", path.slug.as_str()),
        tone,
        verdict: v.say(verdict),
        limit: LIMIT.as_secs(),
        probe: tried,
    };
    let shell = member.visit.shell(v.say("trying-title"));
    shell.within(instances::PATH).show(&page)
}

/// Tries the line to an active institution; `None` while too many are tried.
pub async fn attempt_by(
    console: &Console,
    actor: &str,
    slug: &InstanceId,
) -> Answer<Option<Probe>> {
    let ground = &console.hub.ground;
    let directory = ground.directory.current();
    let entry = directory.latest().instance(slug);
    let active = entry.is_some_and(|entry| entry.status == Status::Active);
    if !active {
        return Err(ApiProblem::not_found());
    }
    let Ok(_permit) = console.trials.try_acquire() else {
        return Ok(None);
    };
    let tried = probe(&console.hub, slug).await;
    let noted = note(ground, actor, slug.as_str(), &tried).await;
    noted.map_err(|error| failed(&error))?;
    Ok(Some(tried))
}

/// What the result means.
fn verdict(probe: &Probe) -> (&'static str, TextId) {
    match (probe.answered_ms, probe.polls, probe.connections) {
        (Some(_), 1.., _) => ("done", text_id("trying-well")),
        (Some(_), 0, _) => ("done", text_id("trying-heard")),
        (None, 1.., _) => ("alert", text_id("trying-half-open")),
        (None, 0, 1..) => ("alert", text_id("trying-silent")),
        (None, 0, 0) => ("alert", text_id("trying-away")),
    }
}

async fn note(ground: &Ground, actor: &str, subject: &str, probe: &Probe) -> Result<(), HubError> {
    let answered = probe.answered_ms;
    let reason = answered.map_or_else(|| "no answer".to_owned(), |ms| format!("{ms} ms"));
    let by = By {
        reason: &reason,
        ..By::actor(actor)
    };
    let mut tx = ground.db.write().await?;
    let now_ms = ground.clock.now_ms();
    audit::note(&mut tx, now_ms, &by, "instance.tried", subject).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_is_told_apart() {
        let of = |answered_ms, polls, connections| {
            let probe = Probe {
                connections,
                polls,
                answered_ms,
            };
            verdict(&probe).1.as_ref().to_owned()
        };
        assert_eq!(of(Some(40), 1, 2), "trying-well");
        assert_eq!(of(Some(40), 0, 2), "trying-heard");
        assert_eq!(of(None, 1, 2), "trying-half-open");
        assert_eq!(of(None, 0, 2), "trying-silent");
        assert_eq!(of(None, 0, 0), "trying-away");
    }
}
