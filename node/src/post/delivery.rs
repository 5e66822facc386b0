//! Sending what waits: a handful of letters over one connection, again and
//! again. While the mail server is away nothing is counted against a letter; one
//! over which the line breaks waits alone. A letter that is refused for ever, or
//! has been tried often enough, is kept without its words, to be shown.
//!
//! A crash between the server's yes and the commit sends a letter twice; none is lost.

use std::sync::Arc;
use std::time::Duration;

use lapor_web::mail::{Connection, Parcel, Postbox, Undelivered};
use tokio_util::sync::CancellationToken;

use super::settings::MailSettingsError;
use super::{Said, letterhead};
use crate::chance::random;
use crate::error::NodeError;
use crate::in_force::Changes;
use crate::node::Node;
use crate::staff::StaffError;
use crate::store;
use crate::store::letters::LetterRow;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Letters over one connection.
const HANDFUL: i64 = 10;
/// Longer than a handful can take.
const LEASE_MS: i64 = 15 * MINUTE_MS;
/// First and longest pause of a letter that the other side does not take yet.
const LATER_MS: (i64, i64) = (5 * MINUTE_MS, 6 * 60 * MINUTE_MS);
/// How often a letter is tried, which is four days.
const TRIES: i64 = 20;
/// First and longest pause after an outage.
const OUTAGE: (Duration, Duration) = (Duration::from_secs(15), Duration::from_mins(10));
/// How often the queue is looked at when nobody rings.
const LOOK: Duration = Duration::from_secs(30);
/// For how long an address that refused is shown.
const REFUSED_KEPT_MS: i64 = 30 * DAY_MS;
/// Letters that were looked at, by what became of them.
pub const LETTERS: &str = "lapor_node_letters_total";
/// Where somebody ends following; the secret of the letter follows.
pub const LEAVE: &str = "/ikuti/berhenti";

/// What one round came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Round {
    /// Nothing is due.
    Quiet,
    /// So many letters were looked at.
    Worked(usize),
    /// The mail server takes nothing now.
    Down(String),
}

/// Sends the letters of a node.
pub struct Delivery {
    node: Arc<Node>,
    postbox: Postbox,
}

impl Delivery {
    /// `None` where no mail server is set.
    pub fn of(node: &Arc<Node>) -> Result<Option<Self>, MailSettingsError> {
        let postbox = node.in_force().postbox()?;
        Ok(postbox.map(|postbox| Self::by(node, postbox)))
    }

    /// By a server that may not be in force.
    pub fn by(node: &Arc<Node>, postbox: Postbox) -> Self {
        Self {
            node: Arc::clone(node),
            postbox,
        }
    }

    /// Sends until something else is in force.
    pub(super) async fn work(&self, changes: &mut Changes) {
        let mut pause = OUTAGE.0;
        loop {
            // Whoever rings brings a letter, which does not mend an outage.
            let (rest, rings) = match self.round().await {
                Ok(Round::Worked(_)) => {
                    pause = OUTAGE.0;
                    (Duration::ZERO, false)
                }
                Ok(Round::Quiet) => (LOOK, true),
                Ok(Round::Down(_)) => {
                    let longer = (pause * 2).min(OUTAGE.1);
                    (std::mem::replace(&mut pause, longer), false)
                }
                Err(error) => {
                    tracing::warn!(%error, "letters could not be looked at");
                    (LOOK, false)
                }
            };
            tokio::select! {
                biased;
                _ = changes.changed() => return,
                () = self.node.post_rung(), if rings => {}
                () = tokio::time::sleep(rest) => look_again(&self.node).await,
            }
        }
    }

    /// Writes what is to be written and sends a handful of what is due.
    pub async fn round(&self) -> Result<Round, StaffError> {
        self.node.write_codes().await?;
        self.node.write_resets().await?;
        // What has just been written is due by now.
        let now = self.node.clock().now_ms();
        // No two processes hold letters until the same moment.
        let held = now + LEASE_MS + i64::from(u16::from_be_bytes(random()));
        let letters = self.claim(now, held).await?;
        if letters.is_empty() {
            return Ok(Round::Quiet);
        }
        let mut line = match self.postbox.connect().await {
            Ok(line) => line,
            Err(problem) => return Ok(self.stop(held, problem.said).await?),
        };
        let mut done = 0;
        for letter in &letters {
            match self.send(&mut line, letter, held).await {
                Ok(()) => done += 1,
                Err(Unsent::Node(error)) => return Err(error.into()),
                Err(Unsent::Broken) => {
                    self.give_back(held, None).await?;
                    done += 1;
                    break;
                }
                Err(Unsent::Down(trouble)) => {
                    line.close().await;
                    return Ok(self.stop(held, trouble).await?);
                }
            }
        }
        line.close().await;
        Ok(Round::Worked(done))
    }

    /// Sends one letter to an address now, to try the settings.
    pub async fn try_out(&self, address: &str) -> Result<(), Undelivered> {
        let head = letterhead(&self.node);
        let words = head.write(|v| Said {
            subject: v
                .with("institution", head.institution())
                .say("letter-test-subject"),
            paragraphs: vec![v.say("letter-test")],
        });
        let parcel = Parcel {
            address,
            subject: &words.subject,
            body: &words.body,
            leave: None,
            answer: None,
            at: self.node.clock().now_ms(),
        };
        self.postbox.send(&parcel).await
    }

    async fn claim(&self, now: i64, held: i64) -> Result<Vec<LetterRow>, NodeError> {
        let mut tx = self.node.write_tx().await?;
        store::letters::expire(&mut tx, now, now - REFUSED_KEPT_MS).await?;
        let letters = store::letters::claim(&mut tx, now, held, HANDFUL).await?;
        tx.commit().await?;
        Ok(letters)
    }

    async fn send(
        &self,
        line: &mut Connection<'_>,
        letter: &LetterRow,
        held: i64,
    ) -> Result<(), Unsent> {
        let now = self.node.clock().now_ms();
        let leave = letter.leave.as_ref();
        let leave = leave.map(|leave| format!("{}{LEAVE}/{leave}", self.node.site()));
        let parcel = Parcel {
            address: &letter.address,
            subject: &letter.subject,
            body: &letter.body,
            leave: leave.as_deref(),
            answer: None,
            at: letter.created_at,
        };
        let (number, kind) = (letter.number, letter.kind.as_str());
        let outcome = line.hand_over(&parcel).await;
        let broken = matches!(outcome, Err(Undelivered::Broken(_)));
        let mut tx = self.node.write_tx().await?;
        let counted = match outcome {
            Ok(()) => {
                store::letters::remove(&mut tx, number, held).await?;
                "sent"
            }
            Err(Undelivered::Later(problem) | Undelivered::Broken(problem))
                if letter.attempts < TRIES =>
            {
                let due = now + later_ms(letter.attempts);
                store::letters::put_off(&mut tx, number, held, due, &problem.said).await?;
                "put_off"
            }
            Err(Undelivered::Down(problem)) => return Err(Unsent::Down(problem.said)),
            Err(
                Undelivered::Refused(problem)
                | Undelivered::Later(problem)
                | Undelivered::Broken(problem),
            ) => {
                tracing::warn!(number, kind, "a letter was refused and will not be sent");
                store::letters::refuse(&mut tx, number, held, &problem.said).await?;
                "refused"
            }
        };
        tx.commit().await?;
        metrics::counter!(LETTERS, "outcome" => counted).increment(1);
        if broken { Err(Unsent::Broken) } else { Ok(()) }
    }

    /// Gives back what is still held.
    async fn stop(&self, held: i64, problem: String) -> Result<Round, NodeError> {
        tracing::warn!(
            "the mail server takes no letters now; they wait, and `lapor-node mail list` says why"
        );
        self.give_back(held, Some(&problem)).await?;
        Ok(Round::Down(problem))
    }

    async fn give_back(&self, held: i64, problem: Option<&str>) -> Result<(), NodeError> {
        let mut tx = self.node.write_tx().await?;
        store::letters::give_back(&mut tx, held, problem).await?;
        Ok(tx.commit().await?)
    }
}

/// Sends the letters of a node until `shutdown`, by whichever server is in force.
pub async fn deliver(node: Arc<Node>, shutdown: CancellationToken) {
    let mut changes = node.changes();
    let working = async {
        loop {
            changes.mark_unchanged();
            match Delivery::of(&node) {
                Ok(Some(delivery)) => delivery.work(&mut changes).await,
                Ok(None) => idle(&node, &mut changes).await,
                Err(error) => {
                    tracing::error!(%error, "letters wait until the mail server is set right");
                    idle(&node, &mut changes).await;
                }
            }
        }
    };
    tokio::select! {
        () = working => {}
        () = shutdown.cancelled() => {}
    }
}

/// Waits until something else is in force.
async fn idle(node: &Node, changes: &mut Changes) {
    while tokio::time::timeout(LOOK, changes.changed()).await.is_err() {
        look_again(node).await;
    }
}

/// Another process of this node may have kept something else.
async fn look_again(node: &Node) {
    if let Err(error) = node.read_typed().await {
        tracing::warn!(%error, "what was typed at the desk could not be looked at");
    }
}

/// Why the round cannot go on.
enum Unsent {
    /// Nothing goes out.
    Down(String),
    /// This letter waits; the others need another line.
    Broken,
    Node(NodeError),
}

impl<E: Into<NodeError>> From<E> for Unsent {
    fn from(error: E) -> Self {
        Self::Node(error.into())
    }
}

fn later_ms(attempts: i64) -> i64 {
    let doublings = attempts.clamp(1, 16) - 1;
    (LATER_MS.0 << doublings).min(LATER_MS.1)
}
