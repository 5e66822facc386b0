//! To those who want it at once: what has come to the desk, and what its clocks
//! say. A notice that is no longer true is told to nobody.

use chrono::NaiveDate;
use lapor_migrations::Tx;
use lapor_protocol::deadline::ClockKind;
use lapor_web::language::{TextId, Voice, text_id};

use super::choices::Reader;
use super::letterhead::leave_foot;
use super::{Draft, Kind, LetterChoice, Letterhead, NEWS_KEPT_MS, Said, Words, letterhead, of_one};
use crate::casework::{CaseSummary, Sight, Tab};
use crate::deadlines::{Notice, NoticeKind, Recipient};
use crate::desk;
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::{talk_path, ticket_path};
use crate::reporters::leave_for;
use crate::staff::{Staff, StaffRole};
use crate::store;
use crate::store::cases::CaseRow;

/// Notices looked at in one transaction.
const AT_ONCE: u32 = 100;
/// Cases that one letter lists; the desk has the rest.
const LISTED: usize = 50;
/// Cases of a tray that one letter counts.
const COUNTED: u32 = 200;

impl Node {
    /// Writes what the clocks say, to those whom each notice is for.
    pub(super) async fn write_notices(
        &self,
        readers: &[Reader],
        staff: &Staff,
    ) -> Result<usize, NodeError> {
        let mut told = Vec::new();
        for reader in readers {
            if reader.choice == LetterChoice::Each {
                told.push((reader, self.sight_of(reader).await?));
            }
        }
        let (mut after, mut written) = (None, 0);
        loop {
            let (notices, more) = self.untold_notices(after.as_ref(), AT_ONCE).await?;
            for notice in &notices {
                match self.write_notice(notice, &told, staff).await {
                    Ok(letters) => written += letters,
                    Err(error @ NodeError::Database(_)) => return Err(error),
                    // What is wrong with one case keeps no notice of another; it is tried again.
                    Err(error) => {
                        tracing::warn!(%error, case = %notice.case, "a notice of a case cannot be written");
                    }
                }
            }
            if more.is_none() {
                return Ok(written);
            }
            after = more;
        }
    }

    async fn write_notice(
        &self,
        notice: &Notice,
        readers: &[(&Reader, Sight)],
        staff: &Staff,
    ) -> Result<usize, NodeError> {
        let mut written = 0;
        let mut tx = self.write_tx().await?;
        // Another process may have been faster.
        if !self.notice_told(&mut tx, notice).await? {
            return Ok(0);
        }
        let row = store::cases::case(&mut tx, &notice.case.to_string()).await?;
        if let Some(row) = row
            && still_true(&mut tx, notice).await?
        {
            if notice.recipient == Recipient::Reporter {
                written += self.warn_reporter(&mut tx, notice, &row).await?;
            }
            let told = readers.iter().filter(|(reader, sight)| {
                sight.shows_row(&row) && concerns(reader, notice.recipient, &row, staff)
            });
            for (reader, _) in told {
                self.warn_officer(&mut tx, notice, &row, reader).await?;
                written += 1;
            }
        }
        tx.commit().await?;
        Ok(written)
    }

    async fn warn_officer(
        &self,
        tx: &mut Tx,
        notice: &Notice,
        row: &CaseRow,
        reader: &Reader,
    ) -> Result<(), NodeError> {
        let head = letterhead(self);
        let (subject, about) = notice_words(notice.kind);
        let ticket = row.ticket.clone().unwrap_or_default();
        let title = row.glance.title.clone().filter(|_| row.secret == 0);
        let last = self.last_day_of(row, notice)?;
        let words = head.write(|v| {
            let mut paragraphs = vec![
                v.with("ticket", &ticket)
                    .with("due", v.day(last))
                    .say(about),
            ];
            paragraphs.extend(
                title
                    .as_ref()
                    .map(|title| format!("\u{201c}{title}\u{201d}")),
            );
            paragraphs.extend(desk_foot(&head, v));
            Said {
                subject: v.with("ticket", &ticket).say(subject),
                paragraphs,
            }
        });
        let draft = Draft {
            case: Some(&row.case_id),
            ..self.notice_to(reader, words)
        };
        self.write_letter(tx, draft).await
    }

    /// A notice to somebody at the desk, of no case alone.
    pub(super) fn notice_to<'a>(&self, reader: &'a Reader, words: Words) -> Draft<'a> {
        Draft {
            kind: Kind::Notice,
            address: reader.account.login.as_str(),
            case: None,
            words,
            leave: None,
            expires_at: Some(self.clock().now_ms() + NEWS_KEPT_MS),
        }
    }

    /// Tells a reporter that silence closes their case, if they want letters.
    async fn warn_reporter(
        &self,
        tx: &mut Tx,
        notice: &Notice,
        row: &CaseRow,
    ) -> Result<usize, NodeError> {
        let Some(told) = self.news_reader(tx, notice.case).await? else {
            return Ok(0);
        };
        let ticket = &told.ticket;
        let half = told.filed_as != notice.case;
        let leave = leave_for(tx, &told.filed_as.to_string(), "").await?;
        let last = self.last_day_of(row, notice)?;
        let head = letterhead(self);
        let words = head.write(|v| {
            let mut paragraphs = vec![
                v.with("ticket", ticket)
                    .with("due", v.day(last))
                    .say("letter-silence"),
            ];
            paragraphs.extend(half.then(|| v.say("letter-news-half")));
            paragraphs.push(head.at(&if half {
                talk_path(notice.case)
            } else {
                ticket_path(ticket)
            }));
            paragraphs.extend(leave_foot(&head, v, &leave));
            Said {
                subject: v.with("ticket", ticket).say("letter-silence-subject"),
                paragraphs,
            }
        });
        let draft = Draft {
            kind: Kind::News,
            address: &told.address,
            case: Some(&row.case_id),
            words,
            leave: Some(leave),
            expires_at: Some(notice.due),
        };
        self.write_letter(tx, draft).await?;
        Ok(1)
    }

    fn last_day_of(&self, row: &CaseRow, notice: &Notice) -> Result<NaiveDate, NodeError> {
        let custodian = row.custodian.as_deref().map(store::instance_id);
        Ok(self.last_day(custodian.transpose()?.as_ref(), notice.due))
    }

    /// Writes what is new and what came back to those who want it at once.
    pub(super) async fn write_arrivals(&self, readers: &[Reader]) -> Result<usize, NodeError> {
        let mut tx = self.write_tx().await?;
        store::told::forget_left(&mut tx).await?;
        tx.commit().await?;
        let mut written = 0;
        let at_once = readers
            .iter()
            .filter(|reader| reader.choice == LetterChoice::Each && reader.role.handles_cases());
        for reader in at_once {
            written += of_one(self.write_arrivals_to(reader).await)?;
        }
        Ok(written)
    }

    async fn write_arrivals_to(&self, reader: &Reader) -> Result<bool, NodeError> {
        let (sight, account) = (self.sight_of(reader).await?, reader.account.id.as_str());
        let mut come = Vec::new();
        for tab in [Tab::New, Tab::CameBack] {
            come.extend(self.untold(&sight, tab, account, COUNTED).await?);
        }
        let mut tx = self.write_tx().await?;
        let mut fresh = Vec::new();
        for case in &come {
            let Some(tray) = case.tray else {
                continue;
            };
            let case_id = case.case.to_string();
            if store::told::arrived(&mut tx, account, &case_id, tray.as_str()).await? {
                fresh.push(case);
            }
        }
        if fresh.is_empty() {
            return Ok(false);
        }
        let head = letterhead(self);
        let words = head.write(|v| {
            let shown = fresh.iter().take(LISTED);
            let lines: Vec<String> = shown.map(|case| listed(self, v, case)).collect();
            let mut paragraphs = vec![
                v.with("n", fresh.len()).say("letter-arrivals"),
                lines.join("\n"),
            ];
            let more = fresh.len().saturating_sub(LISTED);
            paragraphs.extend((more > 0).then(|| v.with("n", more).say("letter-arrivals-more")));
            paragraphs.extend(desk_foot(&head, v));
            Said {
                subject: v.with("n", fresh.len()).say("letter-arrivals-subject"),
                paragraphs,
            }
        });
        self.write_letter(&mut tx, self.notice_to(reader, words))
            .await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// A case in a list: its ticket, its title unless it is *rahasia*, when it runs out.
pub(super) fn listed(node: &Node, v: &Voice, case: &CaseSummary) -> String {
    let title = match (&case.title, case.secret) {
        (_, true) => v.say("letter-secret"),
        (Some(title), false) => title.clone(),
        (None, false) => v.say("letter-untitled"),
    };
    let due = case.deadline.as_ref().and_then(|deadline| deadline.due);
    let due = due.map_or_else(String::new, |due| {
        let last = node.last_day(case.custodian.as_ref(), due);
        format!("; {}", v.with("due", v.day(last)).say("letter-due"))
    });
    // A half that was split off has no ticket.
    let ticket = case.ticket.as_ref();
    let ticket = ticket.map_or_else(String::new, |ticket| format!("{ticket}: "));
    format!("- {ticket}{title}{due}")
}

/// How a letter to an officer ends: where the desk is, and how to have fewer letters.
pub(super) fn desk_foot(head: &Letterhead, v: &Voice) -> Vec<String> {
    vec![
        format!("{} {}", v.say("letter-desk"), head.at(desk::ROOT)),
        format!("{} {}", v.say("letter-choose"), head.at(desk::ACCOUNT)),
    ]
}

/// Whether a notice is for this reader, by role, unit and who works on the case or stands in; whether
/// they may see the case is another question.
fn concerns(reader: &Reader, recipient: Recipient, row: &CaseRow, staff: &Staff) -> bool {
    let (unit, case_unit) = (reader.account.unit.as_deref(), row.local.unit.as_deref());
    match recipient {
        Recipient::Handler => {
            let officer = (row.local.officer.as_deref(), case_unit);
            staff.is_for(reader.works(), officer)
        }
        Recipient::Leader => {
            reader.role == StaffRole::Leader && (unit.is_none() || unit == case_unit)
        }
        Recipient::Disposer => {
            reader.role == StaffRole::Admin || (reader.role == StaffRole::Officer && unit.is_none())
        }
        Recipient::Reporter => false,
    }
}

/// Whether the clock that a notice tells of still runs out when it says.
async fn still_true(tx: &mut Tx, notice: &Notice) -> Result<bool, NodeError> {
    let case = notice.case.to_string();
    let rows = store::deadlines::these(tx, vec![case.as_str().into()]).await?;
    Ok(rows.first().is_some_and(|row| {
        if notice.clock == ClockKind::Silence {
            row.heard.is_some() && row.silence_at.is_some_and(|at| at >= notice.due)
        } else {
            row.clock.as_deref() == Some(notice.clock.as_str()) && row.due_at == Some(notice.due)
        }
    }))
}

fn notice_words(kind: NoticeKind) -> (TextId, TextId) {
    match kind {
        NoticeKind::Warning => (text_id("letter-warning-subject"), text_id("letter-warning")),
        NoticeKind::Overdue => (text_id("letter-overdue-subject"), text_id("letter-overdue")),
        NoticeKind::Escalated => (
            text_id("letter-escalated-subject"),
            text_id("letter-escalated"),
        ),
    }
}
