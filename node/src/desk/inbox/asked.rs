//! What waits for somebody of a role, as the inbox tells it above its list: how much of it, and where.

use lapor_web::language::text_id;

use crate::api::problem;
use crate::casework::InboxCounts;
use crate::desk::{
    Answer, Officer, approval, arrangements, aside, channels, erasures, identity, identity_asked,
    own_categories, together, webhooks,
};
use crate::node::Node;

/// What came back.
const CAME_BACK: &str = "/meja?tab=kembali";
/// What is overdue, and what has been for long.
const OVERDUE_ELSEWHERE: &str = "/meja?tab=lain&lewat=1";
const LONG_OVERDUE: &str = "/meja?tab=lama-lewat";

/// What is told to whoever answers it: what has been overdue for long, own answers that were given
/// back, requests for identities, what is set aside, own categories that an edition took away, answers
/// to sign, and what waits for a successor.
pub(super) async fn asked(
    node: &Node,
    officer: &Officer,
    given_back: usize,
    counts: &InboxCounts,
) -> Answer<Vec<(String, String)>> {
    let v = officer.visit.v;
    let mut all = Vec::new();
    for (count, said, to) in [
        (
            counts.long_overdue,
            text_id("inbox-long-overdue"),
            LONG_OVERDUE,
        ),
        (
            counts.elsewhere_overdue,
            text_id("inbox-elsewhere-overdue"),
            OVERDUE_ELSEWHERE,
        ),
    ] {
        if count > 0 {
            all.push((v.with("n", count).say(said), to));
        }
    }
    if given_back > 0 {
        let said = v.with("n", given_back).say("answers-returned");
        all.push((said, CAME_BACK));
    }
    if officer.role.opens_identities() {
        let waiting = node
            .identity_tasks_waiting()
            .await
            .map_err(|error| problem(&error))?;
        let said = if waiting == 0 {
            v.say("identities-waiting-none")
        } else {
            v.with("n", waiting).say("identities-waiting")
        };
        all.push((said, identity::PATH));
    }
    if officer.role.administers() {
        all.extend(aside::told(node, officer).await?);
        all.extend(arrangements::told(node, officer).await?);
        all.extend(Box::pin(own_categories::told(node, officer)).await?);
        all.extend(erasures::told(node, officer).await?);
        all.extend(webhooks::told(node, officer).await?);
        all.extend(channels::cities_told(node, officer).await?);
    }
    if officer.role.handles_cases() {
        all.extend(identity_asked::told(node, officer).await?);
        all.extend(channels::told(node, officer).await?);
    }
    if officer.role.signs() {
        let waiting = node
            .waiting_drafts(&officer.sight)
            .await
            .map_err(|error| problem(&error))?;
        if !waiting.is_empty() {
            let said = v.with("n", waiting.len()).say("approvals-waiting");
            all.push((said, approval::PATH));
        }
    }
    let all = all.into_iter().map(|(said, to)| (said, to.to_owned()));
    let mut all: Vec<(String, String)> = all.collect();
    if officer.role.handles_cases() {
        all.extend(together::told(node, officer).await?);
    }
    Ok(all)
}
