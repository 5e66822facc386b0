//! To one person at the desk: a request for an identity that only they answer, an answer to sign or
//! given back, what became of their own request, a case that has long waited for its reporter.
//!
//! Each is told once: at once to whoever wants that, and in the digest to whoever wants one letter a
//! day. No letter says a word of a case.

use lapor_migrations::Tx;
use lapor_web::language::{TextId, Voice, text_id};

use super::choices::Reader;
use super::officers::desk_foot;
use super::{LetterChoice, NEWS_KEPT_MS, Said, letterhead, of_one};
use crate::casework::{CaseSummary, DraftState};
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::ErasureState;
use crate::staff::Staff;
use crate::store;
use crate::store::deadlines::HoldRow;

const DAY_MS: i64 = 86_400_000;
/// Things that one letter lists; the desk has the rest.
const LISTED: usize = 50;
/// Cases on hold of which one reader is told in one go.
const HOLDS: i64 = 200;

/// Something that waits for one person.
pub(super) struct Waiting {
    case: String,
    ticket: Option<String>,
    /// By what it is known to have been told.
    mark: String,
    said: TextId,
}

impl Waiting {
    /// As a letter says it.
    fn line(&self, v: &Voice) -> String {
        let ticket = self.ticket.as_deref().unwrap_or("-");
        format!("- {ticket}: {}", v.say(self.said))
    }

    /// The first of them as a letter lists them.
    pub(super) fn lines(these: &[Self], v: &Voice) -> String {
        let lines: Vec<String> = these.iter().take(LISTED).map(|one| one.line(v)).collect();
        lines.join("\n")
    }
}

impl Node {
    /// Writes what waits for each reader in person who wants it at once.
    pub(super) async fn write_waiting(
        &self,
        readers: &[Reader],
        staff: &Staff,
    ) -> Result<usize, NodeError> {
        let mut written = 0;
        let at_once = readers
            .iter()
            .filter(|reader| reader.choice == LetterChoice::Each);
        for reader in at_once {
            written += of_one(self.write_waiting_to(reader, staff).await)?;
        }
        Ok(written)
    }

    async fn write_waiting_to(&self, reader: &Reader, staff: &Staff) -> Result<bool, NodeError> {
        let waiting = self.waits_for(reader, staff).await?;
        self.tell_waiting(reader, waiting).await
    }

    /// What waits for a reader in person, whether they have been told of it or not.
    pub(super) async fn waits_for(
        &self,
        reader: &Reader,
        staff: &Staff,
    ) -> Result<Vec<Waiting>, NodeError> {
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
            waiting.extend(self.replied_to(reader).await?);
            waiting.extend(self.holds_wait(reader, staff).await?);
        }
        Ok(waiting)
    }

    async fn identities_wait(&self) -> Result<Vec<Waiting>, NodeError> {
        if self.identity_tasks_waiting().await? == 0 {
            return Ok(Vec::new());
        }
        let tasks = self.identity_tasks().await?.into_iter();
        let waiting = tasks.map(|task| {
            // Before the reporter has agreed there is little that the keeper can do.
            let (mark, said) = if task.anonymous && task.agreed == Some(true) {
                ("agreed", text_id("letter-waits-agreed"))
            } else {
                ("identity", text_id("letter-waits-identity"))
            };
            Waiting {
                case: task.case.to_string(),
                ticket: task.ticket,
                mark: format!("{mark}:{}", task.ask),
                said,
            }
        });
        Ok(waiting.collect())
    }

    /// Erasures that somebody else decided and that an administrator confirms.
    async fn erasures_wait(&self, reader: &Reader) -> Result<Vec<Waiting>, NodeError> {
        let actor = reader.account.actor();
        let planned = self.planned_erasures().await?.into_iter();
        let asked = planned.filter(|one| {
            one.erasure.state == ErasureState::Asked && one.person.as_ref() != Some(&actor)
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
            waiting.extend(self.given_back(&case, &actor).await?);
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

    /// The last answer to a case, if it is somebody's own and given back still: they may have written it
    /// anew meanwhile, and are told of that one when it is given back itself.
    pub(super) async fn given_back(
        &self,
        case: &CaseSummary,
        actor: &str,
    ) -> Result<Option<Waiting>, NodeError> {
        let last = self.answer_drafts(case.case).await?.pop();
        let last =
            last.filter(|draft| draft.state == DraftState::Returned && draft.written_by == actor);
        Ok(last.map(|draft| Waiting {
            case: case.case.to_string(),
            ticket: case.ticket.clone(),
            mark: format!("returned:{}", draft.id),
            said: text_id("letter-waits-returned"),
        }))
    }

    /// Own requests for an identity that another institution has answered.
    async fn replied_to(&self, reader: &Reader) -> Result<Vec<Waiting>, NodeError> {
        let actor = reader.account.actor();
        let since = self.clock().now_ms() - NEWS_KEPT_MS;
        let replies = self.identity_replies_to(&actor, since).await?;
        let mut tx = self.read_tx().await?;
        let mut waiting = Vec::new();
        for reply in replies {
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

    /// Cases that this reader works on and that have waited for their reporter for long; so many of
    /// them that are new to the reader, at most.
    async fn holds_wait(&self, reader: &Reader, staff: &Staff) -> Result<Vec<Waiting>, NodeError> {
        let days = self.settings().deadlines.long_hold_days;
        if days == 0 {
            return Ok(Vec::new());
        }
        let before = self.clock().now_ms() - i64::from(days) * DAY_MS;
        let (sight, account) = (self.sight_of(reader).await?, reader.account.id.as_str());
        let whose = (account, sight.limits());
        let mut tx = self.read_tx().await?;
        let (mut waiting, mut after): (Vec<Waiting>, Option<HoldRow>) = (Vec::new(), None);
        loop {
            let held =
                store::deadlines::held_here(&mut tx, before, whose, after.as_ref(), HOLDS).await?;
            let all = (held.len() as i64) < HOLDS;
            after = held.last().cloned();
            let theirs = held.into_iter().filter(|row| {
                let officer = (row.officer.as_deref(), row.unit.as_deref());
                staff.is_for(reader.works(), officer)
            });
            waiting.extend(theirs.map(|row| Waiting {
                case: row.case_id,
                ticket: row.ticket,
                mark: format!("hold:{}", row.waits_since),
                said: text_id("letter-waits-hold"),
            }));
            if all || waiting.len() as i64 >= HOLDS {
                return Ok(waiting);
            }
        }
    }

    async fn tell_waiting(
        &self,
        reader: &Reader,
        waiting: Vec<Waiting>,
    ) -> Result<bool, NodeError> {
        if waiting.is_empty() {
            return Ok(false);
        }
        let mut tx = self.write_tx().await?;
        let fresh = new_to(&mut tx, reader, waiting).await?;
        if fresh.is_empty() {
            return Ok(false);
        }
        let head = letterhead(self);
        let words = head.write(|v| {
            let mut paragraphs = vec![v.say("letter-waits"), Waiting::lines(&fresh, v)];
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

/// What a reader has not been told of, which they are from now on.
pub(super) async fn new_to(
    tx: &mut Tx,
    reader: &Reader,
    waiting: Vec<Waiting>,
) -> Result<Vec<Waiting>, NodeError> {
    let account = reader.account.id.as_str();
    let mut fresh = Vec::new();
    for one in waiting {
        if store::told::arrived(tx, account, &one.case, &one.mark).await? {
            fresh.push(one);
        }
    }
    Ok(fresh)
}
