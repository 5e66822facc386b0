//! To one person at the desk: a request for an identity that only they answer, an answer to sign or
//! given back, what became of their own request, a case that has long waited for its reporter.
//!
//! Each is told once: at once to whoever wants that, and with the morning to whoever wants one
//! letter a day. No letter says a word of a case.

use lapor_web::language::{TextId, text_id};

use super::choices::Reader;
use super::officers::{concerns, desk_foot};
use super::{LetterChoice, NEWS_KEPT_MS, Said, letterhead};
use crate::casework::IdentityReply;
use crate::deadlines::Recipient;
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::ErasureState;
use crate::staff::Staff;
use crate::store;

const DAY_MS: i64 = 86_400_000;
/// Things that one letter lists; the desk has the rest.
const LISTED: usize = 50;
/// Cases on hold that are looked at for one reader in one go.
const HOLDS: i64 = 200;

/// Something that waits for one person.
struct Waiting {
    case: String,
    ticket: Option<String>,
    /// By what it is known to have been told.
    mark: String,
    said: TextId,
}

impl Node {
    /// Writes what waits for each reader in person.
    pub(super) async fn write_waiting(
        &self,
        readers: &[Reader],
        staff: &Staff,
    ) -> Result<usize, NodeError> {
        let today = self.digest_day().await?;
        let now = |reader: &&Reader| match reader.choice {
            LetterChoice::Each => true,
            LetterChoice::Digest => today.is_some() && reader.digest_on != today,
            LetterChoice::None => false,
        };
        let replies = self
            .identity_replies(self.clock().now_ms() - NEWS_KEPT_MS)
            .await?;
        let mut written = 0;
        for reader in readers.iter().filter(now) {
            let mut waiting = Vec::new();
            if reader.role.opens_identities() {
                waiting.extend(self.identities_wait().await?);
            }
            if reader.role.administers() {
                waiting.extend(self.erasures_wait(reader).await?);
            }
            if reader.role.signs() {
                waiting.extend(self.answers_wait(reader).await?);
            }
            if reader.role.handles_cases() {
                waiting.extend(self.came_of_own(reader).await?);
                waiting.extend(self.replied_to(reader, &replies).await?);
                waiting.extend(self.holds_wait(reader, staff).await?);
            }
            written += usize::from(self.tell_waiting(reader, waiting).await?);
        }
        Ok(written)
    }

    async fn identities_wait(&self) -> Result<Vec<Waiting>, NodeError> {
        if self.identity_tasks_waiting().await? == 0 {
            return Ok(Vec::new());
        }
        let tasks = self.identity_tasks().await?.into_iter();
        let waiting = tasks.map(|task| Waiting {
            case: task.case.to_string(),
            ticket: task.ticket,
            mark: format!("identity:{}", task.ask),
            said: text_id("letter-waits-identity"),
        });
        Ok(waiting.collect())
    }

    /// Erasures that somebody else decided and that an administrator confirms.
    async fn erasures_wait(&self, reader: &Reader) -> Result<Vec<Waiting>, NodeError> {
        let actor = reader.account.actor();
        let planned = self.planned_erasures().await?.into_iter();
        let asked = planned.filter(|one| {
            one.erasure.state == ErasureState::Asked && one.asked_by.as_ref() != Some(&actor)
        });
        let waiting = asked.map(|one| Waiting {
            case: one.erasure.case.to_string(),
            ticket: one.ticket,
            mark: format!("erase:{}", one.id),
            said: text_id("letter-waits-erasure"),
        });
        Ok(waiting.collect())
    }

    async fn answers_wait(&self, reader: &Reader) -> Result<Vec<Waiting>, NodeError> {
        let (sight, actor) = (self.sight_of(reader).await?, reader.account.actor());
        let drafts = self.waiting_drafts(&sight).await?.into_iter();
        let others =
            drafts.filter(|(draft, case)| draft.written_by != actor && case.takes_answers());
        let waiting = others.map(|(draft, case)| Waiting {
            case: case.case.to_string(),
            ticket: case.ticket,
            mark: format!("sign:{}", draft.id),
            said: text_id("letter-waits-signature"),
        });
        Ok(waiting.collect())
    }

    /// Own answers that were given back, and own requests for an identity that were answered.
    async fn came_of_own(&self, reader: &Reader) -> Result<Vec<Waiting>, NodeError> {
        let (sight, actor) = (self.sight_of(reader).await?, reader.account.actor());
        let mut waiting = Vec::new();
        for case in self.returned_drafts(&sight, &actor).await? {
            let drafts = self.answer_drafts(case.case).await?;
            waiting.extend(drafts.last().map(|draft| Waiting {
                case: case.case.to_string(),
                ticket: case.ticket.clone(),
                mark: format!("returned:{}", draft.id),
                said: text_id("letter-waits-returned"),
            }));
        }
        let since = self.clock().now_ms() - NEWS_KEPT_MS;
        let mut tx = self.read_tx().await?;
        for ask in store::consents::answered_to(&mut tx, &actor, since).await? {
            let case = store::cases::case(&mut tx, &ask.case_id).await?;
            let granted = ask.granted == Some(1);
            waiting.push(Waiting {
                case: ask.case_id,
                ticket: case.and_then(|case| case.ticket),
                mark: format!("asked:{}", ask.id),
                said: if granted {
                    text_id("letter-waits-granted")
                } else {
                    text_id("letter-waits-declined")
                },
            });
        }
        Ok(waiting)
    }

    /// Own requests for an identity that another institution has answered.
    async fn replied_to(
        &self,
        reader: &Reader,
        replies: &[IdentityReply],
    ) -> Result<Vec<Waiting>, NodeError> {
        let actor = reader.account.actor();
        let mut tx = self.read_tx().await?;
        let mut waiting = Vec::new();
        for reply in replies {
            if reply.asked_by.as_ref() != Some(&actor) {
                continue;
            }
            let text = reply.case.to_string();
            let case = store::cases::case(&mut tx, &text).await?;
            waiting.push(Waiting {
                case: text,
                ticket: case.and_then(|case| case.ticket),
                mark: format!("replied:{}", reply.request),
                said: if reply.answer.granted {
                    text_id("letter-waits-given")
                } else {
                    text_id("letter-waits-withheld")
                },
            });
        }
        Ok(waiting)
    }

    /// Cases that this reader works on and that have waited for their reporter for long.
    async fn holds_wait(&self, reader: &Reader, staff: &Staff) -> Result<Vec<Waiting>, NodeError> {
        let days = self.settings().deadlines.long_hold_days;
        if days == 0 {
            return Ok(Vec::new());
        }
        let before = self.clock().now_ms() - i64::from(days) * DAY_MS;
        let account = reader.account.id.as_str();
        let mut tx = self.read_tx().await?;
        let held = store::deadlines::held_here(&mut tx, before, account, HOLDS).await?;
        let mut waiting = Vec::new();
        for (case, since) in held {
            let row = store::cases::case(&mut tx, &case).await?;
            if let Some(row) = row.filter(|row| concerns(reader, Recipient::Handler, row, staff)) {
                waiting.push(Waiting {
                    case,
                    ticket: row.ticket,
                    mark: format!("hold:{since}"),
                    said: text_id("letter-waits-hold"),
                });
            }
        }
        Ok(waiting)
    }

    async fn tell_waiting(
        &self,
        reader: &Reader,
        waiting: Vec<Waiting>,
    ) -> Result<bool, NodeError> {
        if waiting.is_empty() {
            return Ok(false);
        }
        let account = reader.account.id.as_str();
        let mut tx = self.write_tx().await?;
        let mut fresh = Vec::new();
        for one in waiting {
            if store::told::arrived(&mut tx, account, &one.case, &one.mark).await? {
                fresh.push(one);
            }
        }
        if fresh.is_empty() {
            return Ok(false);
        }
        let head = letterhead(self);
        let words = head.write(|v| {
            let shown = fresh.iter().take(LISTED);
            let lines: Vec<String> = shown
                .map(|one| {
                    let ticket = one.ticket.as_deref().unwrap_or("-");
                    format!("- {ticket}: {}", v.say(one.said))
                })
                .collect();
            let mut paragraphs = vec![v.say("letter-waits"), lines.join("\n")];
            paragraphs.extend(desk_foot(&head, v));
            Said {
                subject: v.with("n", fresh.len()).say("letter-waits-subject"),
                paragraphs,
            }
        });
        self.write_letter(&mut tx, self.notice_to(reader, words))
            .await?;
        tx.commit().await?;
        Ok(true)
    }
}
