//! What happens while somebody has said STOP or is blocked: it is noted, so that it is never told, not
//! even when that is over. What still waits for their answer then is asked once more.

use lapor_migrations::Tx;
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;

use super::known::CASES;
use super::news::{Told, asks, once_of};
use super::talk::{Asked, Asking};
use super::words;
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::Event;
use crate::store;
use crate::store::channels::outbox::OutRow;
use crate::store::channels::threads::ThreadRow;

/// What follows when somebody is told things again.
#[derive(Default)]
pub(super) struct Resumed {
    /// What still waits for their answer, of the oldest report first.
    pub asks: Vec<OutRow>,
    /// What the last of these asks.
    pub asking: Option<Asking>,
    /// What came before and was not noted yet.
    pub untold: Vec<OutRow>,
}

/// What of a case waits for an answer.
struct Waits {
    told: Told,
    event: Event,
    asked: Asked,
    /// It was answered in part.
    begun: bool,
    once: String,
}

impl Node {
    /// Notes of what is new to somebody that it is not told.
    pub(super) async fn untold_of(&self, told: &Told) -> Result<Vec<OutRow>, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let fresh = self.fresh_of(&mut tx, told).await?.into_iter();
        Ok(fresh
            .map(|fresh| never_told(told, fresh.once, now))
            .collect())
    }

    /// What follows in a conversation in which nothing was told until a moment, Unix ms; to be written
    /// with the turn that it had.
    pub(super) async fn resumed(
        &self,
        thread: &ThreadRow,
        until: i64,
    ) -> Result<Resumed, NodeError> {
        let begun = self.talk_of(thread)?.asked;
        let (mut waits, mut untold) = (Vec::new(), Vec::new());
        for case in self.filed_in(thread).await? {
            match Box::pin(self.resume_case(case, until, begun.as_ref(), &mut untold)).await {
                Ok(one) => waits.extend(one),
                Err(NodeError::NotFound { .. } | NodeError::Locked(_)) => {}
                Err(error) => passed_over(error, case)?,
            }
        }
        // What was begun goes on without its ticket.
        waits.sort_by_key(|one| one.begun);
        let (asks, asking) = self.asked_again(&waits)?;
        Ok(Resumed {
            asks,
            asking,
            untold,
        })
    }

    /// What is said of all that waits, and what the last of it asks. Of several a bare answer is to the
    /// last; any is answered with its ticket in front.
    fn asked_again(&self, waits: &[Waits]) -> Result<(Vec<OutRow>, Option<Asking>), NodeError> {
        let v = words::voice(self);
        let open = waits.iter().filter(|wait| !wait.told.case.secret).count();
        let (mut asks, mut asking) = (Vec::new(), None);
        for wait in waits {
            let told = &wait.told;
            let (piece, asked) = self.told_of(&v, told, &wait.event, Some(wait.asked.clone()));
            let piece = if asked.is_some() && open > 1 {
                piece.ending(&v.with("ticket", &told.ticket).say("chat-answer-by-ticket"))
            } else {
                piece
            };
            let once = wait.once.clone();
            asks.push(self.row_of_news(told, once.clone(), &piece, asked.as_ref())?);
            asking = asked.map(|asked| Asking { asked, once }).or(asking);
        }
        Ok((asks, asking))
    }

    /// The reports of a conversation and what was split from them, the oldest report first.
    async fn filed_in(&self, thread: &ThreadRow) -> Result<Vec<CaseId>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::channels::threads::cases(&mut tx, &thread.id, CASES).await?;
        let mut filed = Vec::new();
        for (case, _) in rows.iter().rev() {
            let case = store::case_id(case)?;
            match self.family(&mut tx, case).await {
                Ok(family) => filed.extend(family),
                Err(error) => {
                    passed_over(error, case)?;
                    // What is wrong may be with one of its halves.
                    filed.push(case);
                }
            }
        }
        Ok(filed)
    }

    /// What of a case waits for an answer and is no news; adds what came before and was not noted yet.
    async fn resume_case(
        &self,
        case: CaseId,
        until: i64,
        begun: Option<&Asked>,
        untold: &mut Vec<OutRow>,
    ) -> Result<Option<Waits>, NodeError> {
        let Some(told) = self.whom_to_tell(case).await? else {
            return Ok(None);
        };
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let fresh = self.fresh_of(&mut tx, &told).await?;
        drop(tx);
        // What came since then is told as news is.
        let (past, news): (Vec<_>, Vec<_>) =
            fresh.into_iter().partition(|one| one.event.at <= until);
        let past = past.into_iter();
        untold.extend(past.map(|one| never_told(&told, one.once, now)));
        let event = waiting(&told, &told.heard.own).cloned();
        let waits = event.and_then(|event| Some((event.message?, event)));
        let Some((message, event)) = waits else {
            return Ok(None);
        };
        if news.iter().any(|one| one.message == message) {
            return Ok(None);
        }
        let Some(asked) = asks(&told, &event) else {
            return Ok(None);
        };
        // Answered in part: it goes on where it was.
        let begun = begun
            .filter(|begun| is_of_same_hold(begun, &asked))
            .cloned();
        let once = format!("waits:{message}:{}", told.thread.turn);
        Ok(Some(Waits {
            begun: begun.is_some(),
            asked: begun.unwrap_or(asked),
            told,
            event,
            once,
        }))
    }
}

/// What is wrong with one case keeps nothing of another from being said; a database that failed does.
fn passed_over(error: NodeError, case: CaseId) -> Result<(), NodeError> {
    if matches!(error, NodeError::Database(_)) {
        return Err(error);
    }
    tracing::warn!(%error, %case, "what of a case was not told, or waits for an answer, is passed over");
    Ok(())
}

/// What of a case waits for an answer of whoever filed it: questions, or whether it is done.
fn waiting<'h>(told: &Told, own: &'h [Event]) -> Option<&'h Event> {
    let case = &told.case;
    let replied = || case.follow_up.as_ref().is_some_and(|one| one.replied_since);
    let kind = match case.state {
        State::Held => "case.held",
        State::Answered if !replied() => "case.followed_up",
        _ => return None,
    };
    let last = own.iter().rfind(|event| event.kind == kind);
    last.filter(|event| !event.pending && !case.redacted)
}

fn is_of_same_hold(begun: &Asked, asked: &Asked) -> bool {
    matches!(
        (begun, asked),
        (Asked::Hold { hold: begun, .. }, Asked::Hold { hold: asked, .. }) if begun == asked
    )
}

fn never_told(told: &Told, once: String, at: i64) -> OutRow {
    let thread = &told.thread;
    noted(
        &thread.channel,
        &thread.id,
        &told.case.id.to_string(),
        once,
        at,
    )
}

/// A row by which something is known as told, of which nothing is said.
fn noted(channel: &str, thread: &str, case: &str, once: String, at: i64) -> OutRow {
    OutRow {
        number: 0,
        channel: channel.to_owned(),
        thread: thread.to_owned(),
        case_id: Some(case.to_owned()),
        kind: "news".into(),
        once,
        words: None,
        created_at: at,
        attempts: 0,
        unanswered: 0,
        state: "dropped".into(),
        shut: 0,
        due_at: at,
    }
}

/// A message of a case is no news where it was filed: whoever filed it did this themselves.
pub(crate) async fn is_no_news(
    tx: &mut Tx,
    case: &str,
    message: &str,
    at: i64,
) -> Result<(), NodeError> {
    let Some(thread) = store::channels::threads::of_case(tx, case).await? else {
        return Ok(());
    };
    let Some(thread) = store::channels::threads::one(tx, &thread).await? else {
        return Ok(());
    };
    let row = noted(&thread.channel, &thread.id, case, once_of(message), at);
    Ok(store::channels::outbox::add(tx, &row).await?)
}
