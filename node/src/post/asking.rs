//! To a reporter in person: that somebody asks who they are, and that the questions of an
//! institution still wait for their answers. Each is told once.

use lapor_migrations::Tx;
use lapor_protocol::ids::CaseId;
use lapor_web::language::{TextId, text_id};

use super::letterhead::leave_foot;
use super::{Draft, Kind, NEWS_KEPT_MS, Said, letterhead};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::{name_of, talk_path};
use crate::reporters::leave_for;
use crate::store;

const DAY_MS: i64 = 86_400_000;
/// Cases on hold that are looked at in one go; the rest is the next run's.
const AT_ONCE: i64 = 100;

/// What is said to a reporter.
struct Asking {
    subject: TextId,
    about: TextId,
    /// Who asks.
    institution: String,
    /// Unix ms; since when.
    since: i64,
}

impl Node {
    /// Tells the reporter of a case that somebody asks who they are, once for each request to which
    /// they have said nothing.
    pub(super) async fn tell_identity_asks(&self, id: CaseId) -> Result<usize, NodeError> {
        let text = id.to_string();
        let mut tx = self.read_tx().await?;
        let case = self.shown_case(&mut tx, id).await?;
        if self.asks_without_say(&mut tx, &case).await?.is_empty() {
            return Ok(0);
        }
        drop(tx);
        // Once more, because the reporter or the keeper may have said something between the two.
        let mut tx = self.write_tx().await?;
        let case = self.shown_case(&mut tx, id).await?;
        let mut written = 0;
        for (ask, institution) in self.asks_without_say(&mut tx, &case).await? {
            let mark = format!("identity:{ask}");
            let asking = Asking {
                subject: text_id("letter-identity-subject"),
                about: if case.anonymous {
                    text_id("letter-identity-anonymous")
                } else {
                    text_id("letter-identity")
                },
                institution: name_of(self, &institution),
                since: self.clock().now_ms(),
            };
            let told = self.ask_reporter(&mut tx, &text, &mark, asking).await?;
            written += usize::from(told);
        }
        tx.commit().await?;
        Ok(written)
    }

    /// Reminds reporters of questions that have waited for their answers for so many days.
    pub(super) async fn write_reminders(&self) -> Result<usize, NodeError> {
        let days = self.settings().deadlines.remind_reporter_days;
        if days == 0 {
            return Ok(0);
        }
        let before = self.clock().now_ms() - i64::from(days) * DAY_MS;
        let me = self.instance()?.to_string();
        let mut tx = self.read_tx().await?;
        let held = store::deadlines::unanswered(&mut tx, &me, before, AT_ONCE).await?;
        drop(tx);
        let mut written = 0;
        for (case, custodian, since) in held {
            match self.remind(&case, &custodian, since).await {
                Ok(told) => written += usize::from(told),
                Err(error @ NodeError::Database(_)) => return Err(error),
                // What is wrong with one case keeps no reminder of another.
                Err(error) => tracing::warn!(%error, case, "nobody can be reminded of a case"),
            }
        }
        Ok(written)
    }

    /// Reminds the reporter of a case, if it waits still for what it has waited for since a moment.
    pub(super) async fn remind(
        &self,
        case: &str,
        custodian: &str,
        since: i64,
    ) -> Result<bool, NodeError> {
        let asking = Asking {
            subject: text_id("letter-reminder-subject"),
            about: text_id("letter-reminder"),
            institution: name_of(self, &store::instance_id(custodian)?),
            since,
        };
        let mut tx = self.write_tx().await?;
        if !store::deadlines::waits_since(&mut tx, case, since).await? {
            return Ok(false);
        }
        let mark = format!("hold:{since}");
        let told = self.ask_reporter(&mut tx, case, &mark, asking).await?;
        tx.commit().await?;
        Ok(told)
    }

    /// Writes to the reporter of a case, if they want letters and this has not been told. Of a
    /// *rahasia* case it says no more than that there is news.
    async fn ask_reporter(
        &self,
        tx: &mut Tx,
        case: &str,
        mark: &str,
        asking: Asking,
    ) -> Result<bool, NodeError> {
        let id = store::case_id(case)?;
        let told = store::told::told(tx, case).await?;
        if told.iter().any(|(known, _)| known == mark) {
            return Ok(false);
        }
        store::told::tell(tx, case, mark, None).await?;
        let Some(reader) = self.news_reader(tx, id).await? else {
            return Ok(false);
        };
        let secret = self.shown_case(tx, id).await?.secret;
        let (subject, about) = if secret {
            (
                text_id("letter-news-own-subject"),
                text_id("letter-news-own"),
            )
        } else {
            (asking.subject, asking.about)
        };
        let leave = leave_for(tx, &reader.filed_as.to_string(), "").await?;
        let head = letterhead(self);
        let words = head.write(|v| {
            let by = if secret {
                head.institution()
            } else {
                &asking.institution
            };
            let said = v
                .with("ticket", &reader.ticket)
                .with("institution", by)
                .with("day", v.date(asking.since))
                .say(about);
            let mut paragraphs = vec![said, v.say("letter-asking-at"), head.at(&talk_path(id))];
            paragraphs.extend(leave_foot(&head, v, &leave));
            Said {
                subject: v.with("ticket", &reader.ticket).say(subject),
                paragraphs,
            }
        });
        let draft = Draft {
            kind: Kind::News,
            address: &reader.address,
            case: Some(case),
            words,
            leave: Some(leave),
            expires_at: Some(self.clock().now_ms() + NEWS_KEPT_MS),
        };
        self.write_letter(tx, draft).await?;
        Ok(true)
    }
}
