//! Complaints from there become cases here: from a table, by their numbers, or from its list.

use std::collections::{BTreeMap, HashSet};

use lapor_web::table;

use super::bring::{Bringing, Brought, Terms};
use super::list::unlisted;
use super::maps::{Maps, shown};
use super::record::Record;
use super::report::{Became, Line, Report};
use super::run::{BridgeError, Progress};
use super::shape::{self, FollowUp};
use super::wire::{Sp4n, Unheard};
use crate::error::NodeError;
use crate::node::Node;

/// Where complaints are taken from.
pub enum Source {
    /// A table with a head.
    Table(String),
    /// Their numbers there.
    Numbers(Vec<String>),
    /// All that its list has.
    List,
}

/// What is taken from a source: a row, or a number to ask for.
enum Item {
    Row(u64, Result<Record, String>),
    Number(String),
}

impl Node {
    /// Brings complaints here. With `whole` none is brought unless all can be: they are tried before.
    pub async fn bridge_import(
        &self,
        source: &Source,
        terms: Terms<'_>,
        whole: bool,
        progress: Progress<'_>,
    ) -> Result<Report, BridgeError> {
        let began = self.clock().now_ms();
        let sp4n = match source {
            Source::Table(_) => None,
            Source::Numbers(_) | Source::List => Some(self.sp4n()?),
        };
        let items = match items(source, sp4n.as_ref()).await {
            Err(BridgeError::Unheard(unheard)) => {
                let report = Report {
                    interrupted: Some(unlisted(&unheard)),
                    ..Report::default()
                };
                if !terms.dry {
                    self.keep_run("import", terms.actor, began, &report).await?;
                }
                return Err(unheard.into());
            }
            items => items?,
        };
        let maps = Maps::of(self).await?;
        let trial = Terms { dry: true, ..terms };
        if whole {
            let tried = self.import_items(&items, sp4n.as_ref(), &maps, trial, progress);
            let tried = tried.await?;
            if terms.dry || tried.has_refused() || tried.interrupted.is_some() {
                return Ok(held_back(tried));
            }
        }
        let report = self.import_items(&items, sp4n.as_ref(), &maps, terms, progress);
        let report = report.await?;
        if !terms.dry {
            self.keep_run("import", terms.actor, began, &report).await?;
        }
        Ok(report)
    }

    async fn import_items(
        &self,
        items: &[Item],
        sp4n: Option<&Sp4n>,
        maps: &Maps,
        terms: Terms<'_>,
        progress: Progress<'_>,
    ) -> Result<Report, NodeError> {
        let bringing = Bringing {
            node: self,
            maps,
            terms,
        };
        let (mut report, mut seen) = (Report::default(), HashSet::new());
        for (done, item) in items.iter().enumerate() {
            progress(done, items.len());
            let line = item.line();
            let read = match (item, sp4n) {
                (Item::Row(_, row), _) => read_row(row),
                (Item::Number(id), Some(sp4n)) => match ask(sp4n, id).await {
                    Ok(read) => read,
                    Err(unheard) => {
                        report.interrupted = Some(unheard.to_string());
                        return Ok(report);
                    }
                },
                (Item::Number(_), None) => continue,
            };
            let lines = match read {
                Err(refused) => vec![refused],
                Ok((brought, unread)) => {
                    let lines = bring_once(&bringing, &brought, &mut seen).await?;
                    with_unread(lines, &brought.complaint.id, unread)
                }
            };
            report.take(line, lines);
        }
        progress(items.len(), items.len());
        Ok(report)
    }
}

/// What was read of a complaint, and what was not of its fields; or its refusal.
pub(super) type Read = Result<(Brought, Vec<shape::Unread>), Line>;

/// Asks for a complaint and its follow-ups. An error is that nothing more can be asked now.
pub(super) async fn ask(sp4n: &Sp4n, id: &str) -> Result<Read, Unheard> {
    let asked = async {
        let (record, beside) = sp4n.complaint(id).await?;
        let follow_ups = sp4n.follow_ups(id, beside).await?;
        Ok::<_, Unheard>((record, follow_ups))
    };
    let (record, follow_ups) = match asked.await {
        Ok(told) => told,
        Err(down @ Unheard::Down(_)) => return Err(down),
        Err(other) => {
            return Ok(Err(
                Line::of(id, Became::Refused).about("", other.to_string())
            ));
        }
    };
    Ok(read(&record, Some(id)).map(|(mut complaint, mut unread)| {
        if !record.has(shape::SECRET) {
            // Its shape is not published: what may be read by nobody is not shown to everybody.
            complaint.secret = true;
            unread.push(("secret", "not told; taken for rahasia"));
        }
        let said = follow_ups.iter().filter_map(shape::follow_up);
        let mut follow_ups: Vec<FollowUp> = said.collect();
        follow_ups.sort_by_key(|said| said.at);
        let brought = Brought {
            complaint,
            follow_ups,
            asked: true,
        };
        (brought, unread)
    }))
}

fn read(record: &Record, id: Option<&str>) -> Result<(shape::Complaint, Vec<shape::Unread>), Line> {
    let (mut complaint, unread) = shape::complaint(record).map_err(|(field, what)| {
        let id = id.or_else(|| record.told(shape::ID));
        let id = id.map(str::to_owned).or_else(|| {
            let tracking = record.told(shape::TRACKING)?;
            Some(format!("{}{tracking}", shape::ALONE))
        });
        let id = id.unwrap_or_default();
        Line::of(&shown(&id), Became::Refused).about(field, what)
    })?;
    if let Some(id) = id {
        // What was asked for is what it is called by.
        id.clone_into(&mut complaint.id);
    }
    Ok((complaint, unread))
}

fn read_row(row: &Result<Record, String>) -> Read {
    let record = match row {
        Ok(record) => record,
        Err(problem) => return Err(Line::of("", Became::Refused).about("", problem.clone())),
    };
    let (complaint, unread) = read(record, None)?;
    let follow_ups = shape::follow_up_beside(record, &complaint);
    let brought = Brought {
        follow_ups: follow_ups.into_iter().collect(),
        complaint,
        asked: false,
    };
    Ok((brought, unread))
}

async fn bring_once(
    bringing: &Bringing<'_>,
    brought: &Brought,
    seen: &mut HashSet<String>,
) -> Result<Vec<Line>, NodeError> {
    let complaint = &brought.complaint;
    let numbers = [Some(&complaint.id), complaint.tracking.as_ref()];
    let numbers: HashSet<&String> = numbers.into_iter().flatten().collect();
    let fresh = numbers.iter().all(|number| !seen.contains(*number));
    seen.extend(numbers.into_iter().cloned());
    if fresh {
        return bringing.one(brought).await;
    }
    Ok(vec![Line::of(&complaint.id, Became::Repeated)])
}

pub(super) fn with_unread(mut lines: Vec<Line>, id: &str, unread: Vec<shape::Unread>) -> Vec<Line> {
    if lines
        .first()
        .is_some_and(|line| line.became == Became::Imported)
    {
        let unread = unread.into_iter();
        lines.extend(unread.map(|(field, what)| Line::of(id, Became::Remark).about(field, what)));
    }
    lines
}

/// A trial of which nothing is done: what could have been waits.
fn held_back(mut report: Report) -> Report {
    if report.has_refused() || report.interrupted.is_some() {
        for line in &mut report.lines {
            if matches!(
                line.became,
                Became::Imported | Became::Linked | Became::Updated
            ) {
                line.became = Became::HeldBack;
            }
        }
    }
    report
}

impl Item {
    fn line(&self) -> Option<u64> {
        match self {
            Self::Row(line, _) => Some(*line),
            Self::Number(_) => None,
        }
    }
}

async fn items(source: &Source, sp4n: Option<&Sp4n>) -> Result<Vec<Item>, BridgeError> {
    match (source, sp4n) {
        (Source::Table(text), _) => rows(text),
        (Source::Numbers(ids), _) => Ok(ids.iter().cloned().map(Item::Number).collect()),
        (Source::List, Some(sp4n)) => {
            let without = "bridge.list_path: not set; name numbers with --id or a table with --csv";
            let list = sp4n.list().await?;
            let list = list.ok_or_else(|| BridgeError::Table(without.to_owned()))?;
            let ids = list.iter().filter_map(|record| record.told(shape::ID));
            Ok(ids.map(|id| Item::Number(id.to_owned())).collect())
        }
        (Source::List, None) => Ok(Vec::new()),
    }
}

fn rows(text: &str) -> Result<Vec<Item>, BridgeError> {
    let rows = table::rows::<BTreeMap<String, String>>(text);
    let rows: Vec<Item> = rows
        .map(|(line, row)| {
            let row = row.map(Record::of_row).map_err(|error| error.to_string());
            Item::Row(line, row)
        })
        .collect();
    let head = rows.iter().find_map(|row| match row {
        Item::Row(_, Ok(record)) => Some(record),
        _ => None,
    });
    let lacks = head.and_then(|record| {
        let needed = [
            ("id or nomor_tiket", [shape::ID, shape::TRACKING].concat()),
            ("judul", shape::TITLE.to_vec()),
            ("isi", shape::CONTENT.to_vec()),
        ];
        let lacking = needed.into_iter().find(|(_, names)| !record.has(names));
        lacking.map(|(column, _)| column)
    });
    match lacks {
        Some(column) => Err(BridgeError::Table(format!(
            "the head of the table lacks the column {column}; docs/bridge.md lists how columns may be called"
        ))),
        None => Ok(rows),
    }
}
