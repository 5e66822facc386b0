//! Once each working day, at the hour that the institution has chosen: what is
//! new, what runs out, what came back, what is overdue and what has been so for long, and what waits
//! for them in person. Whoever has nothing to do gets no letter.

use chrono::{DateTime, Timelike as _};
use lapor_protocol::calendar::day_at;
use lapor_web::language::{TextId, Voice, text_id};

use super::choices::Reader;
use super::officers::{desk_foot, listed};
use super::waiting::{Waiting, new_to};
use super::{Draft, Kind, LetterChoice, Letterhead, Said, letterhead, of_one};
use crate::casework::{CaseFilter, CaseSummary, InboxCounts, Tab};
use crate::doors::facts;
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::{Staff, StaffRole};
use crate::store;

const DAY_MS: i64 = 86_400_000;
/// How far ahead a deadline is told of.
const AHEAD_MS: i64 = 3 * DAY_MS;
/// Cases that each part lists.
const LISTED: u32 = 10;
/// Cases of which those are taken that run out soon: what is overdue stands before them.
const LOOKED_AT: u32 = 100;

/// What a digest says.
#[derive(Default)]
struct Morning {
    /// `None` for whoever handles no cases.
    counts: Option<InboxCounts>,
    /// What waits for the reader in person, and they have not been told of.
    waits: Vec<Waiting>,
    new: Vec<CaseSummary>,
    back: Vec<CaseSummary>,
    runs_out: Vec<CaseSummary>,
    overdue: Vec<CaseSummary>,
    long_overdue: Vec<CaseSummary>,
    /// Given to the reader, and not opened since.
    handed: Vec<CaseSummary>,
}

impl Node {
    /// This day, as `2026-11-26`, if people work on it and the hour of digests has come.
    pub(super) async fn digest_day(&self) -> Result<Option<String>, NodeError> {
        let (now, zone) = (self.clock().now_ms(), facts(self).zone);
        let local = DateTime::from_timestamp_millis(now)
            .unwrap_or_default()
            .with_timezone(&zone);
        let day = day_at(zone, now);
        let mut tx = self.read_tx().await?;
        let calendar = self.calendar_in_force(&mut tx).await?;
        drop(tx);
        let hour = u32::from(self.settings().mail.digest_hour);
        let come = calendar.is_working_day(day) && local.hour() >= hour;
        Ok(come.then(|| day.to_string()))
    }

    /// Writes the digests of this day, if it is one and the hour has come.
    pub(super) async fn write_digests(
        &self,
        readers: &[Reader],
        staff: &Staff,
    ) -> Result<usize, NodeError> {
        let Some(day) = self.digest_day().await? else {
            return Ok(0);
        };
        let mut written = 0;
        let due = readers.iter().filter(|reader| {
            reader.choice == LetterChoice::Digest && reader.digest_on.as_ref() != Some(&day)
        });
        for reader in due {
            written += of_one(self.write_digest(reader, staff, &day).await)?;
        }
        Ok(written)
    }

    async fn write_digest(
        &self,
        reader: &Reader,
        staff: &Staff,
        day: &str,
    ) -> Result<bool, NodeError> {
        let now = self.clock().now_ms();
        let mut morning = if reader.role == StaffRole::IdentityKeeper {
            Morning::default()
        } else {
            self.morning(reader, staff, now).await?
        };
        let waiting = self.waits_for(reader, staff).await?;
        let mut tx = self.write_tx().await?;
        let (account, choice) = (reader.account.id.as_str(), reader.choice.as_str());
        // Another process may have been faster.
        if !store::told::digest_on(&mut tx, account, choice, day).await? {
            return Ok(false);
        }
        morning.waits = new_to(&mut tx, reader, waiting).await?;
        let written = !morning.is_empty();
        if written {
            let head = letterhead(self);
            let draft = Draft {
                kind: Kind::Digest,
                address: reader.account.login.as_str(),
                case: None,
                words: head.write(|v| morning.say(self, &head, v)),
                leave: None,
                expires_at: Some(now + DAY_MS),
            };
            self.write_letter(&mut tx, draft).await?;
        }
        tx.commit().await?;
        Ok(written)
    }

    async fn morning(
        &self,
        reader: &Reader,
        staff: &Staff,
        now: i64,
    ) -> Result<Morning, NodeError> {
        let (sight, all) = (self.sight_of(reader).await?, CaseFilter::default());
        let list = async |tab, most| {
            let page = self.inbox(&sight, tab, &all, None, most).await?;
            Ok::<_, NodeError>(page.cases)
        };
        let long_overdue = list(Tab::LongOverdue, LISTED).await?;
        let mut runs_out = list(Tab::RunsOut, LOOKED_AT).await?;
        runs_out.retain(|case| !long_overdue.contains(case));
        let due = |case: &CaseSummary| case.deadline.as_ref().and_then(|deadline| deadline.due);
        // A clock that ends at this very moment has run out.
        let (mut overdue, mut runs_out): (Vec<_>, Vec<_>) = runs_out
            .into_iter()
            .partition(|case| due(case).is_some_and(|due| due <= now));
        let listed: Vec<_> = runs_out.iter().map(|case| case.case).collect();
        let asked = self.handed(&listed).await?;
        runs_out.retain(|case| {
            let asked = asked.get(&case.case).and_then(|handed| handed.due);
            let first = due(case).into_iter().chain(asked).min();
            first.is_some_and(|due| due <= now + AHEAD_MS)
        });
        overdue.truncate(LISTED as usize);
        runs_out.truncate(LISTED as usize);
        let (account, role, unit) = reader.works();
        let handed = if role.handles_cases() {
            let unit = unit.filter(|_| role == StaffRole::Officer);
            let officers = staff.works_for(account);
            self.handed_to(&sight, &officers, unit, LISTED).await?
        } else {
            Vec::new()
        };
        let (mut new, mut back) = (
            list(Tab::New, LISTED).await?,
            list(Tab::CameBack, LISTED).await?,
        );
        for part in [&mut new, &mut back] {
            part.retain(|case| !long_overdue.contains(case));
        }
        Ok(Morning {
            handed,
            counts: Some(self.inbox_counts(&sight, &all).await?),
            waits: Vec::new(),
            new,
            back,
            runs_out,
            overdue,
            long_overdue,
        })
    }
}

impl Morning {
    fn is_empty(&self) -> bool {
        let parts = [
            &self.new,
            &self.back,
            &self.runs_out,
            &self.overdue,
            &self.long_overdue,
            &self.handed,
        ];
        self.waits.is_empty() && parts.iter().all(|part| part.is_empty())
    }

    fn say(&self, node: &Node, head: &Letterhead, v: &Voice) -> Said {
        let parts: [(TextId, &[CaseSummary]); 6] = [
            (text_id("letter-digest-handed"), &self.handed),
            (text_id("letter-digest-long-overdue"), &self.long_overdue),
            (text_id("letter-digest-overdue"), &self.overdue),
            (text_id("letter-digest-runs-out"), &self.runs_out),
            (text_id("letter-digest-back"), &self.back),
            (text_id("letter-digest-new"), &self.new),
        ];
        let counted = self.counts.as_ref().map(|counts| {
            v.with("new", counts.new)
                .with("back", counts.came_back)
                .with("waiting", counts.waiting)
                .say("letter-digest")
        });
        let mut paragraphs = Vec::from_iter(counted);
        if !self.waits.is_empty() {
            let waits = Waiting::lines(&self.waits, v);
            paragraphs.push(format!("{}\n{waits}", v.say("letter-waits")));
        }
        for (title, cases) in parts {
            if !cases.is_empty() {
                let lines: Vec<String> = cases.iter().map(|case| listed(node, v, case)).collect();
                paragraphs.push(format!("{}\n{}", v.say(title), lines.join("\n")));
            }
        }
        paragraphs.extend(desk_foot(head, v));
        Said {
            subject: v
                .with("day", v.date(v.now_ms()))
                .say("letter-digest-subject"),
            paragraphs,
        }
    }
}
