//! To those who want it at once: what they were given, and what they are asked for by a day that is
//! near. Whoever gives something to themselves knows of it.

use std::collections::HashMap;

use lapor_migrations::Tx;
use lapor_web::language::{TextId, text_id};

use super::choices::Reader;
use super::officers::{desk_foot, listed};
use super::{Draft, LetterChoice, Said, letterhead};
use crate::casework::{CaseSummary, Tray, summaries};
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::Staff;
use crate::store;
use crate::store::assignments::{AssignmentRow, Noted};

const DAY_MS: i64 = 86_400_000;
/// How long before the end of a day that is asked for it is told of: the day itself and its eve.
const AHEAD_MS: i64 = 2 * DAY_MS;
/// Assignments looked at in one go; the next run has the rest.
const AT_ONCE: i64 = 200;
/// Cases that one letter lists; the desk has the rest.
const LISTED: usize = 50;

/// Why something is told.
#[derive(Clone, Copy)]
struct Why {
    subject: TextId,
    about: TextId,
    /// To whoever gave it as well.
    to_giver: bool,
}

const GIVEN: Why = Why {
    subject: text_id("letter-handed-subject"),
    about: text_id("letter-handed"),
    to_giver: false,
};
const ASKED: Why = Why {
    subject: text_id("letter-asked-subject"),
    about: text_id("letter-asked"),
    to_giver: true,
};

impl Node {
    /// Writes what officers were given and what they are asked for soon.
    pub(super) async fn write_handed(
        &self,
        readers: &[Reader],
        staff: &Staff,
    ) -> Result<usize, NodeError> {
        let now = self.clock().now_ms();
        let told = Noted {
            told: Some(now),
            ..Noted::default()
        };
        let warned = Noted {
            warned: Some(now),
            ..Noted::default()
        };
        // Read where it is written: another process may tell the same.
        let mut tx = self.write_tx().await?;
        let given = store::assignments::untold(&mut tx, AT_ONCE).await?;
        let mut written = self
            .tell_handed(&mut tx, &given, (GIVEN, told), (readers, staff))
            .await?;
        tx.commit().await?;
        let mut tx = self.write_tx().await?;
        let asked = store::assignments::unwarned(&mut tx, now + AHEAD_MS, AT_ONCE).await?;
        written += self
            .tell_handed(&mut tx, &asked, (ASKED, warned), (readers, staff))
            .await?;
        tx.commit().await?;
        Ok(written)
    }

    async fn tell_handed(
        &self,
        tx: &mut Tx,
        rows: &[AssignmentRow],
        (why, noted): (Why, Noted),
        (readers, staff): (&[Reader], &Staff),
    ) -> Result<usize, NodeError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let ids: Vec<&str> = rows.iter().map(|row| row.case_id.as_str()).collect();
        let cases = summaries(tx, &ids).await?;
        let rows_of: HashMap<&str, &AssignmentRow> =
            rows.iter().map(|row| (row.case_id.as_str(), row)).collect();
        let mut written = 0;
        let at_once = readers
            .iter()
            .filter(|reader| reader.choice == LetterChoice::Each && reader.role.handles_cases());
        for reader in at_once {
            let (sight, actor) = (self.sight_of(reader).await?, reader.account.actor());
            let theirs = cases.iter().filter(|case| {
                let row = rows_of.get(case.case.to_string().as_str());
                let told = row.is_some_and(|row| why.to_giver || row.actor != actor);
                let officer = (case.officer.as_deref(), case.unit.as_deref());
                told && is_in_hand(case)
                    && sight.shows(case)
                    && staff.is_for(reader.works(), officer)
            });
            let theirs: Vec<&CaseSummary> = theirs.collect();
            if !theirs.is_empty() {
                let draft = self.handed_letter(reader, &theirs, &rows_of, why);
                self.write_letter(tx, draft).await?;
                written += 1;
            }
        }
        store::assignments::note(tx, rows, noted).await?;
        Ok(written)
    }

    fn handed_letter<'a>(
        &self,
        reader: &'a Reader,
        cases: &[&CaseSummary],
        rows: &HashMap<&str, &AssignmentRow>,
        why: Why,
    ) -> Draft<'a> {
        let head = letterhead(self);
        let words = head.write(|v| {
            let line = |case: &&CaseSummary| {
                let row = rows.get(case.case.to_string().as_str());
                let due = row.and_then(|row| row.due_at);
                let asked = due.map_or_else(String::new, |due| {
                    let day = v.date(due - 1);
                    format!("; {}", v.with("day", day).say("letter-asked-until"))
                });
                format!("{}{asked}", listed(self, v, case))
            };
            let lines: Vec<String> = cases.iter().take(LISTED).map(line).collect();
            let mut paragraphs = vec![v.with("n", cases.len()).say(why.about), lines.join("\n")];
            let more = cases.len().saturating_sub(LISTED);
            paragraphs.extend((more > 0).then(|| v.with("n", more).say("letter-arrivals-more")));
            paragraphs.extend(desk_foot(&head, v));
            Said {
                subject: v.with("n", cases.len()).say(why.subject),
                paragraphs,
            }
        });
        self.notice_to(reader, words)
    }
}

/// What has gone elsewhere, waits for its reporter or has ended is nobody's work meanwhile.
fn is_in_hand(case: &CaseSummary) -> bool {
    matches!(case.tray, Some(Tray::New | Tray::CameBack | Tray::Working))
}
