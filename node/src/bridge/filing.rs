//! Reports filed here are filed there as well, where the settings say how: each once, when it is
//! verified and everybody may read it. Who reported is told to nobody there, and neither is the ticket.
//!
//! A report is claimed before it is sent; where an answer was lost, the list there is looked through
//! for the mark of the case before it is sent again.

use std::collections::{HashMap, HashSet};

use lapor_migrations::Tx;
use lapor_protocol::case::State;
use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;

use super::bring::Terms;
use super::follow::Untold;
use super::form;
use super::record::Record;
use super::report::{Became, Line, Report};
use super::run::BridgeError;
use super::shape::{self, ALONE, is_number};
use super::table::kind;
use super::wire::{Numbers, Sp4n, Unheard};
use crate::casework::{CaseView, is_own_number};
use crate::cities::mark;
use crate::error::NodeError;
use crate::node::Node;
use crate::personal;
use crate::regions::national;
use crate::store;
use crate::store::bridge::{BridgeRow, FilingRow};

const SENDING: &str = "sending";
const SENT: &str = "sent";
const REFUSED: &str = "refused";
/// For how long nothing is sent again that may be on its way, or not be listed yet.
pub(super) const SETTLES_MS: i64 = 5 * 60_000;

/// A report as it is handed over.
type Form = Vec<(String, String)>;
/// Reports of here that the list there has, by their cases.
type There = HashMap<String, Numbers>;

/// Files reports there, one after the other.
struct Filing<'a> {
    node: &'a Node,
    sp4n: &'a Sp4n,
    /// What is there, once it was asked.
    there: Option<Result<There, Unheard>>,
}

/// What came of a report.
enum Came {
    Stands,
    /// It is there, and this is to be known.
    Oddly(&'static str),
    /// Somebody sends it just now, or did a moment ago.
    Pending,
}

impl Node {
    /// Files there what is not there yet, as much as is done in one go.
    pub(super) async fn bridge_file(&self, terms: Terms<'_>) -> Result<Report, BridgeError> {
        let (sp4n, began) = (self.sp4n()?, self.clock().now_ms());
        let most = i64::from(self.settings().bridge.each_round);
        let mut report = Report::default();
        self.file_there(&sp4n, most, terms.dry, &mut report).await?;
        if !terms.dry {
            self.keep_run("export", terms.actor, began, &report).await?;
        }
        Ok(report)
    }

    /// The same as part of a run, and as much as `most`.
    pub(super) async fn file_there(
        &self,
        sp4n: &Sp4n,
        most: i64,
        dry: bool,
        report: &mut Report,
    ) -> Result<(), NodeError> {
        if self.settings().bridge.complaint_add_path.is_none() {
            return Ok(());
        }
        let me = self.instance()?.as_str();
        let mut tx = self.read_tx().await?;
        let rows = store::bridge::to_file(&mut tx, me, most).await?;
        drop(tx);
        let mut filing = Filing {
            node: self,
            sp4n,
            there: None,
        };
        let mut untold = Untold::default();
        for row in rows {
            let form = match Box::pin(self.form_there(&row.case_id)).await {
                Err(NodeError::Damaged(_)) => {
                    report.take(None, vec![Line::damaged(&row.case_id)]);
                    None
                }
                form => form?,
            };
            let Some(form) = form else {
                if !dry {
                    self.pass_over(&row).await?;
                }
                continue;
            };
            let came = if dry {
                Ok(Came::Stands)
            } else {
                Box::pin(filing.once(&row, &form)).await?
            };
            let line = |became| Line::of(&row.case_id, became).about("report", "");
            let lines = match came {
                Ok(Came::Stands) => vec![line(Became::Sent)],
                Ok(Came::Oddly(what)) => {
                    let remark = Line::of(&row.case_id, Became::Remark).about("id", what);
                    vec![line(Became::Sent), remark]
                }
                Ok(Came::Pending) => vec![line(Became::Unchanged)],
                Err(down @ Unheard::Down(_)) => {
                    report.interrupted = Some(down.to_string());
                    if untold.takes(&row.case_id) {
                        continue;
                    }
                    break;
                }
                Err(other) => {
                    let refused = Line::of(&row.case_id, Became::Refused);
                    vec![refused.about("report", other.to_string())]
                }
            };
            report.take(None, lines);
        }
        Ok(())
    }

    /// Puts what is not filed there behind all others, in front of which it would stand again and again.
    /// Where an answer was lost that stays known: it may be there.
    async fn pass_over(&self, row: &FilingRow) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let claimed = store::bridge::claim_filing(&mut tx, row, now).await?;
        if claimed && row.state.as_deref() != Some(SENDING) {
            store::bridge::settle_filing(&mut tx, &row.case_id, REFUSED, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// A case as the form there, if it is one to be filed: it may have gone elsewhere since it was found.
    async fn form_there(&self, case: &str) -> Result<Option<Form>, NodeError> {
        let view = match self.case(store::case_id(case)?).await {
            Ok(view) => view,
            Err(NodeError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let works = matches!(
            view.summary.state,
            Some(State::Verified | State::InProgress)
        );
        let is_ours = view.summary.custodian.as_ref() == Some(self.instance()?);
        if !(view.summary.public && works && is_ours) {
            return Ok(None);
        }
        let settings = &self.settings().bridge;
        let called = |name: String| {
            settings
                .complaint_values
                .get(&name)
                .cloned()
                .unwrap_or(name)
        };
        let said = said(&view, called);
        let fields = form::in_force(&settings.complaint_fields);
        Ok(said.map(|said| form::filled(&fields, &said)))
    }
}

/// What a report says there: what everybody may read here, without personal numbers. Nothing of its
/// reporter.
fn said(view: &CaseView, called: impl Fn(String) -> String) -> Option<form::Said> {
    let summary = &view.summary;
    let mut filed = view.history.iter();
    let filed = filed.find(|entry| entry.kind == "report.filed")?;
    let words = filed.words.as_ref()?;
    let masked = |text: &str| personal::mask(text).into_owned();
    let content = masked(words["content"].as_str().unwrap_or_default());
    if mark::read(&content).is_some() {
        // It came from another node, which sees to it.
        return None;
    }
    let incident = filed
        .body
        .as_ref()
        .and_then(|body| body["incident_date"].as_str());
    let text = |told: Option<&str>| told.unwrap_or_default().to_owned();
    let region = summary.region.as_ref();
    let shown = region.and_then(|code| national().display_name(code));
    let code = text(region.map(RegionCode::as_str));
    Some(form::Said::from([
        (
            "title",
            masked(summary.title.as_deref().unwrap_or_default()),
        ),
        ("content", mark::with(&content, summary.case)),
        (
            "classification",
            called(summary.classification.map_or("", kind).to_owned()),
        ),
        (
            "category",
            called(text(summary.category.as_ref().map(Category::as_str))),
        ),
        ("region", called(shown.unwrap_or_default())),
        ("region_code", called(code)),
        (
            "place",
            masked(summary.place.as_deref().unwrap_or_default()),
        ),
        ("incident_date", text(incident)),
        ("anonymous", i64::from(summary.anonymous).to_string()),
    ]))
}

impl Filing<'_> {
    async fn once(
        &mut self,
        row: &FilingRow,
        form: &[(String, String)],
    ) -> Result<Result<Came, Unheard>, NodeError> {
        let (case, now) = (row.case_id.as_str(), self.node.clock().now_ms());
        if row.state.as_deref() == Some(SENDING) {
            match self.found(case).await? {
                Ok(Some(numbers)) => return self.stands(case, numbers).await.map(Ok),
                Ok(None) if now - row.at < SETTLES_MS => return Ok(Ok(Came::Pending)),
                Ok(None) => {}
                Err(unheard) => return Ok(Err(unheard)),
            }
        }
        let mut tx = self.node.write_tx().await?;
        let claimed = store::bridge::claim_filing(&mut tx, row, now).await?;
        tx.commit().await?;
        if !claimed {
            return Ok(Ok(Came::Pending));
        }
        match self.sp4n.file(form).await {
            Ok(numbers) => self.stands(case, numbers).await.map(Ok),
            // It may have been taken before the line broke.
            Err(unheard @ (Unheard::Down(_) | Unheard::Unread(_))) => Ok(Err(unheard)),
            Err(refused @ (Unheard::Gone | Unheard::Refused(_))) => {
                let mut tx = self.node.write_tx().await?;
                store::bridge::settle_filing(&mut tx, case, REFUSED, now).await?;
                tx.commit().await?;
                Ok(Err(refused))
            }
        }
    }

    /// What a report that was sent without an answer is called there, if it is there.
    async fn found(&mut self, case: &str) -> Result<Result<Option<Numbers>, Unheard>, NodeError> {
        let there = match self.there.take() {
            Some(there) => there,
            None => self.marked().await?,
        };
        let found = match &there {
            Ok(all) => Ok(all.get(case).cloned()),
            Err(unheard) => Err(unheard.clone()),
        };
        self.there = Some(there);
        Ok(found)
    }

    /// Looks through its list for reports of here. A list may tell less of a text than there is: what
    /// is not known by its number is asked for.
    async fn marked(&self) -> Result<Result<There, Unheard>, NodeError> {
        let list = match self.sp4n.list().await {
            Ok(list) => list.unwrap_or_default(),
            Err(unheard) => return Ok(Err(unheard)),
        };
        let mut tx = self.node.read_tx().await?;
        let known = store::bridge::all(&mut tx).await?;
        drop(tx);
        let known: HashSet<String> = known.into_iter().map(|row| row.their_id).collect();
        let mut marked = There::new();
        for record in list {
            let id = record.told(shape::ID).filter(|id| is_number(id));
            let Some(id) = id.filter(|id| !known.contains(*id)) else {
                continue;
            };
            let mut case = case_of(&record);
            if case.is_none() {
                case = match self.sp4n.complaint(id).await {
                    Ok((whole, _)) => case_of(&whole),
                    Err(Unheard::Gone) => None,
                    Err(unheard) => return Ok(Err(unheard)),
                };
            }
            marked.extend(case.map(|case| (case, Numbers::of(&record))));
        }
        Ok(Ok(marked))
    }

    /// A report stands there: from now on it is followed as what came from there.
    async fn stands(&self, case: &str, numbers: Numbers) -> Result<Came, NodeError> {
        let Numbers { id, tracking } = numbers;
        let alone = tracking.as_ref().map(|number| format!("{ALONE}{number}"));
        let id = id.filter(|id| is_number(id)).or(alone);
        let now = self.node.clock().now_ms();
        let mut tx = self.node.write_tx().await?;
        let mut of_others = false;
        if let Some(id) = &id {
            let known = store::bridge::known(&mut tx, id, tracking.as_deref().unwrap_or(id));
            of_others = known.await?.iter().any(|row| row.case_id != case);
        }
        let outcome = match id {
            Some(their_id) if !of_others => {
                note_number(&mut tx, case, tracking.as_deref()).await?;
                let row = BridgeRow {
                    case_id: case.to_owned(),
                    their_id,
                    tracking,
                    status: None,
                    followed: 1,
                    asked_at: 0,
                    ours: 1,
                };
                store::bridge::put(&mut tx, &row).await?;
                store::bridge::end_filing(&mut tx, case).await?;
                Came::Stands
            }
            _ => {
                store::bridge::settle_filing(&mut tx, case, SENT, now).await?;
                Came::Oddly(if of_others {
                    "the number that it got there is another case's here"
                } else {
                    "no number was told; it is recognised by its mark when it is listed there"
                })
            }
        };
        tx.commit().await?;
        Ok(outcome)
    }
}

/// Officers find the case by the number that citizens know there, where it has none of its own.
pub(super) async fn note_number(
    tx: &mut Tx,
    case: &str,
    tracking: Option<&str>,
) -> Result<(), NodeError> {
    if let Some(number) = tracking.filter(|number| is_own_number(number)) {
        store::desk::number_first(tx, case, number).await?;
    }
    Ok(())
}

/// The case whose mark a complaint has.
fn case_of(complaint: &Record) -> Option<String> {
    let content = complaint.told(shape::CONTENT)?;
    mark::read(content).map(|case| case.to_string())
}
