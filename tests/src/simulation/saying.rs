//! What people do at an institution: file, act, publish.

use anyhow::Result;
use lapor_killpoints as killpoints;
use lapor_node::casework::CaseFilter;
use lapor_node::error::NodeError;
use lapor_node::publishing::NewProgramme;
use lapor_protocol::ids::MessageId;
use serde_json::json;

use super::acts::any_act;
use super::dice::Dice;
use super::plan::What;
use super::prepared::MEMBERS;
use crate::fleet::Institution;
use crate::fleet::words::{report, report_without};

/// How often an officer looks for something to do.
const TRIES: usize = 6;
/// Cases that an officer sees at once.
const PAGE: u32 = 50;
const PROGRAMMES: usize = 3;

/// What came of it.
pub enum Said {
    /// It is on disk, and will be everywhere.
    Done(MessageId, String),
    /// Not what the rules allow as this institution sees it.
    Refused(&'static str),
    Nothing,
}

pub async fn say(at: &Institution, what: What, dice: &mut Dice) -> Result<Said> {
    match what {
        What::Act(_) => act(at, dice).await,
        What::Publish(_) => publish(at, dice).await,
        _ => file(at, dice).await,
    }
}

async fn file(at: &Institution, dice: &mut Dice) -> Result<Said> {
    let new = match dice.below(8) {
        0 if at.member.slug != "kemenpu" => report_without("Pungutan liar", &["kemenpu"]),
        _ => report("Jalan berlubang"),
    };
    let filed = at.node().file(new, "loket").await;
    taken(filed.map(|filed| filed.message), "report.filed")
}

async fn act(at: &Institution, dice: &mut Dice) -> Result<Said> {
    let node = at.node();
    let known = match node.cases(&CaseFilter::default(), None, PAGE).await {
        Ok(page) => page.cases,
        Err(error) => return taken(Err(error), ""),
    };
    if known.is_empty() {
        return Ok(Said::Nothing);
    }
    let slugs = MEMBERS.map(|member| member.slug);
    let mut last = Said::Nothing;
    for _ in 0..TRIES {
        let (case, other) = (dice.pick(&known).case, dice.pick(&known).case);
        let act = any_act(&slugs, &json!(other), dice);
        let kind = act.kind.clone();
        let acted = node.act(case, act, "petugas").await;
        last = taken(acted.map(|acted| acted.message), &kind)?;
        if matches!(last, Said::Done(..)) {
            break;
        }
    }
    Ok(last)
}

async fn publish(at: &Institution, dice: &mut Dice) -> Result<Said> {
    let new = json!({
        "slug": format!("jembatan-{}", dice.below(PROGRAMMES)),
        "name": "Jembatan baru", "description": "Penggantian dua jembatan.",
    });
    let new: NewProgramme = serde_json::from_value(new)?;
    let published = at.node().publish_programme(new, "humas").await;
    taken(
        published.map(|published| published.message),
        "programme.published",
    )
}

/// An error that no rule explains is a failure of the node.
fn taken(done: Result<MessageId, NodeError>, kind: &str) -> Result<Said> {
    Ok(match done {
        Ok(message) => Said::Done(message, kind.to_owned()),
        Err(NodeError::NotAllowed(_)) => Said::Refused("not allowed"),
        Err(NodeError::KeyMissing(_)) => Said::Refused("no key"),
        Err(NodeError::Redacted(_)) => Said::Refused("erased"),
        Err(NodeError::Invalid(_) | NodeError::NotFound { .. }) => Said::Refused("invalid"),
        Err(_) if killpoints::ended().is_some() => Said::Refused("ended"),
        Err(error) => return Err(error.into()),
    })
}
