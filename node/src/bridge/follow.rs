//! What is said of a complaint there, and where it stands, is brought after it, and what was answered
//! here is handed over where that is wanted. Those that were asked for longest ago come first, so that
//! an outage only puts them off.

use super::bring::{Bringing, Terms};
use super::export::Handing;
use super::import::ask;
use super::maps::Maps;
use super::report::Report;
use super::run::{BridgeError, Progress};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Complaints or reports that a person has asked for at once, at most.
pub(super) const AT_ONCE: i64 = 100_000;
const HOUR_MS: i64 = 3_600_000;

/// How many may not be told of in one run before the other side is taken to be away.
const UNTOLD: usize = 3;

/// What is not told of in one run. Where others are told of, or so much is not, it comes behind the
/// others: what is wrong with one complaint there holds up none.
#[derive(Default)]
pub(super) struct Untold {
    ids: Vec<String>,
    /// Whether something else was told of.
    pub others: bool,
}

impl Untold {
    /// Takes one; says whether others are asked for all the same.
    pub fn takes(&mut self, id: &str) -> bool {
        self.ids.push(id.to_owned());
        !self.is_all()
    }

    /// Whether so much is not told of that the other side is away.
    pub fn is_all(&self) -> bool {
        self.ids.len() > UNTOLD
    }

    /// What comes behind the others.
    pub fn alone(&self) -> &[String] {
        if self.others || self.is_all() {
            &self.ids
        } else {
            &[]
        }
    }
}

/// Which complaints are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All that are followed.
    All,
    /// Those whose time has come, as many as are asked for in one go.
    Due,
}

impl Node {
    /// Asks for the complaints that are followed and brings what is new of them; of those that are due
    /// it hands over what is not there yet, if the settings want that.
    pub async fn bridge_follow(
        &self,
        which: Which,
        terms: Terms<'_>,
        progress: Progress<'_>,
    ) -> Result<Report, BridgeError> {
        let (sp4n, maps, began) = (self.sp4n()?, Maps::of(self).await?, self.clock().now_ms());
        let settings = &self.settings().bridge;
        let (before, most) = match which {
            Which::All => (began, AT_ONCE),
            Which::Due => (
                began - i64::from(settings.follow_hours) * HOUR_MS,
                i64::from(settings.each_round),
            ),
        };
        let mut tx = self.read_tx().await?;
        let rows = store::bridge::due(&mut tx, before, most).await;
        let rows = rows.map_err(NodeError::from)?;
        drop(tx);
        let bringing = Bringing {
            node: self,
            maps: &maps,
            terms,
        };
        let handing = Handing {
            node: self,
            sp4n: &sp4n,
            dry: terms.dry,
        };
        let hands_over = settings.hand_over && which == Which::Due;
        let (mut report, mut untold) = (Report::default(), Untold::default());
        for (done, row) in rows.iter().enumerate() {
            progress(done, rows.len());
            let mut cut = None;
            let lines = match ask(&sp4n, &row.their_id).await {
                Ok(Ok((brought, _))) => bringing.one(&brought).await?,
                Ok(Err(line)) => vec![line],
                Err(unheard) => {
                    cut = Some(unheard.to_string());
                    Vec::new()
                }
            };
            report.take(None, lines);
            if hands_over && cut.is_none() {
                let lines = Box::pin(handing.of_case(row, &mut cut)).await?;
                report.take(None, lines);
            }
            if cut.is_some() {
                report.interrupted = cut;
                if untold.takes(&row.case_id) {
                    continue;
                }
                break;
            }
            untold.others = true;
            if !terms.dry {
                self.asked_for(&row.case_id).await?;
            }
        }
        if !terms.dry {
            for case in untold.alone() {
                self.asked_for(case).await?;
            }
            self.keep_run("follow", terms.actor, began, &report).await?;
        }
        Ok(report)
    }

    /// Puts a case behind all others that wait to be asked for.
    async fn asked_for(&self, case: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        store::bridge::asked(&mut tx, case, now).await?;
        Ok(tx.commit().await?)
    }
}
