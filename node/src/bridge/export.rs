//! What this institution has answered is handed over: each public answer of a case that stands on both
//! sides once, when the hub has ruled it. What is *rahasia* is not.

use std::collections::{HashMap, HashSet};

use lapor_protocol::case::Effect;

use super::bring::Terms;
use super::filing::SETTLES_MS;
use super::follow::AT_ONCE;
use super::report::{Became, Line, Report};
use super::run::{BridgeError, Progress};
use super::shape::{self, ALONE, FollowUp, hash};
use super::wire::{Sp4n, Unheard};
use crate::casework::{CaseView, HistoryEntry};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::bridge::{BridgeRow, FollowUpRow};

const SENDING: &str = "sending";
const SENT: &str = "sent";

/// What came of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    There,
    /// Another run sends it just now, or one did a moment ago.
    Pending,
}

/// A public answer of this institution.
pub struct Answer {
    message: String,
    pub text: String,
    /// Unix ms.
    pub at: i64,
}

/// Hands answers over, one after the other.
pub struct Handing<'a> {
    pub node: &'a Node,
    pub sp4n: &'a Sp4n,
    pub dry: bool,
}

impl Node {
    /// Hands over the reports and answers that are not there yet.
    pub async fn bridge_export(
        &self,
        terms: Terms<'_>,
        progress: Progress<'_>,
    ) -> Result<Report, BridgeError> {
        let (sp4n, began) = (self.sp4n()?, self.clock().now_ms());
        let mut tx = self.read_tx().await?;
        let rows = store::bridge::all(&mut tx).await.map_err(NodeError::from)?;
        drop(tx);
        let handing = Handing {
            node: self,
            sp4n: &sp4n,
            dry: terms.dry,
        };
        let mut report = Report::default();
        let filed = self.file_there(&sp4n, AT_ONCE, terms.dry, &mut report);
        Box::pin(filed).await?;
        for (done, row) in rows.iter().enumerate() {
            if report.interrupted.is_some() {
                break;
            }
            progress(done, rows.len());
            let lines = handing.of_case(row, &mut report.interrupted).await?;
            report.take(None, lines);
        }
        if !terms.dry {
            self.keep_run("export", terms.actor, began, &report).await?;
        }
        Ok(report)
    }
}

impl Handing<'_> {
    /// Hands over what of a case is not there yet; says in `interrupted` why no more can be now.
    pub async fn of_case(
        &self,
        row: &BridgeRow,
        interrupted: &mut Option<String>,
    ) -> Result<Vec<Line>, NodeError> {
        match Box::pin(self.try_case(row, interrupted)).await {
            Err(NodeError::Damaged(_)) => Ok(vec![Line::damaged(&row.their_id)]),
            done => done,
        }
    }

    async fn try_case(
        &self,
        row: &BridgeRow,
        interrupted: &mut Option<String>,
    ) -> Result<Vec<Line>, NodeError> {
        let view = match self.node.case(store::case_id(&row.case_id)?).await {
            Ok(view) if !view.summary.secret => view,
            Ok(_) | Err(NodeError::NotFound { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut tx = self.node.read_tx().await?;
        let known = store::bridge::follow_ups(&mut tx, &row.case_id).await?;
        drop(tx);
        let by_message = known
            .iter()
            .map(|one| (one.message.clone(), (one.at, one.state == SENDING)));
        let mut by_message: HashMap<String, (i64, bool)> = by_message.collect();
        let mut lines = Vec::new();
        let there = known.into_iter().filter(|one| one.state != SENDING);
        let mut there: HashSet<Vec<u8>> = there.map(|one| one.hash).collect();
        for answer in answers(self.node, &view)? {
            let noted = by_message.remove(&answer.message);
            let is_there = noted.is_some_and(|(_, unsure)| !unsure);
            if is_there || there.contains(&hash(&answer.text)) {
                continue;
            }
            if row.their_id.starts_with(ALONE) {
                let what = "its number for programs is not known; import it with its id";
                lines.push(Line::of(&row.their_id, Became::Refused).about("id", what));
                break;
            }
            let line = Line::of(&row.their_id, Became::Sent);
            let line = line.about("follow_up", answer.message.clone());
            let told = if self.dry {
                Ok(Told::There)
            } else {
                self.once(row, &answer, noted.map(|(at, _)| at)).await?
            };
            match told {
                Ok(Told::There) => {
                    there.insert(hash(&answer.text));
                    lines.push(line);
                }
                Ok(Told::Pending) => lines.push(Line {
                    became: Became::Unchanged,
                    ..line
                }),
                Err(down @ Unheard::Down(_)) => {
                    *interrupted = Some(down.to_string());
                    break;
                }
                Err(other) => lines.push(Line {
                    became: Became::Refused,
                    what: format!("{}: {other}", answer.message),
                    ..line
                }),
            }
        }
        Ok(lines)
    }

    /// Hands one answer over. It is noted before, so that after an outage in between it is looked for
    /// there before it is said again; `since` is when that was, Unix ms. Of two runs one notes it.
    pub(super) async fn once(
        &self,
        row: &BridgeRow,
        answer: &Answer,
        since: Option<i64>,
    ) -> Result<Result<Told, Unheard>, NodeError> {
        let now = self.node.clock().now_ms();
        let mut noted = FollowUpRow {
            case_id: row.case_id.clone(),
            hash: hash(&answer.text),
            their_id: None,
            message: answer.message.clone(),
            state: SENDING.to_owned(),
            at: now,
        };
        if let Some(since) = since {
            match find(self.sp4n, &row.their_id, &noted.hash).await {
                Ok(None) if now - since < SETTLES_MS => return Ok(Ok(Told::Pending)),
                Ok(None) => {}
                Ok(Some(said)) => {
                    noted.their_id = said.id;
                    return self.sent(noted).await.map(Ok);
                }
                Err(unheard) => return Ok(Err(unheard)),
            }
        }
        let mut tx = self.node.write_tx().await?;
        let claimed = store::bridge::claim_follow_up(&mut tx, &noted, since).await?;
        tx.commit().await?;
        if !claimed {
            return Ok(Ok(Told::Pending));
        }
        match self.sp4n.tell(&row.their_id, &answer.text).await {
            Ok(their_id) => {
                noted.their_id = their_id;
                self.sent(noted).await.map(Ok)
            }
            // It may have been taken before the line broke.
            Err(unheard @ (Unheard::Down(_) | Unheard::Unread(_))) => Ok(Err(unheard)),
            Err(refused @ (Unheard::Gone | Unheard::Refused(_))) => {
                let mut tx = self.node.write_tx().await?;
                store::bridge::drop_follow_up(&mut tx, &noted.case_id, &noted.hash).await?;
                tx.commit().await?;
                Ok(Err(refused))
            }
        }
    }

    async fn sent(&self, noted: FollowUpRow) -> Result<Told, NodeError> {
        let row = FollowUpRow {
            state: SENT.to_owned(),
            ..noted
        };
        let mut tx = self.node.write_tx().await?;
        store::bridge::put_follow_up(&mut tx, &row).await?;
        tx.commit().await?;
        Ok(Told::There)
    }
}

/// The public answers of this institution that the hub has let stand.
pub fn answers(node: &Node, view: &CaseView) -> Result<Vec<Answer>, NodeError> {
    let me = node.instance()?;
    let own = |entry: &&HistoryEntry| {
        entry.kind == "case.followed_up"
            && entry.author.as_ref() == Some(me)
            && entry.effect == Some(Effect::Applied)
    };
    let answers = view.history.iter().filter(own).filter_map(|entry| {
        let text = entry.words.as_ref()?["text"].as_str()?;
        Some(Answer {
            message: entry.message?.to_string(),
            text: text.to_owned(),
            at: entry.at,
        })
    });
    Ok(answers.collect())
}

/// A follow-up that is there already.
async fn find(sp4n: &Sp4n, id: &str, wanted: &[u8]) -> Result<Option<FollowUp>, Unheard> {
    let (_, beside) = sp4n.complaint(id).await?;
    let all = sp4n.follow_ups(id, beside).await?;
    let mut said = all.iter().filter_map(shape::follow_up);
    Ok(said.find(|said| hash(&said.text) == wanted))
}
