//! The institutions there, and who they are in the directory: as a table says, as was said before, or
//! by the very same name. Nobody is taken for another by likeness.

use std::collections::{BTreeMap, HashMap};

use lapor_protocol::ids::InstanceId;
use lapor_web::table;

use super::bring::Terms;
use super::maps::shown;
use super::record::Record;
use super::report::{Became, Line, Report};
use super::run::BridgeError;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::bridge::InstitutionRow;
use crate::taxonomy::folded;

const NAME: &[&str] = &["name", "nama", "nama_instansi"];
const INSTANCE: &[&str] = &["instance", "instansi_lapor"];
/// Signs of a number or a name, at most.
const LONGEST: usize = 300;

impl Node {
    /// Takes in the institutions there, from a table or as they are told. The table has the columns
    /// `id`, `name` and, for who they are here, `instance`.
    pub async fn bridge_institutions(
        &self,
        table: Option<&str>,
        terms: Terms<'_>,
    ) -> Result<Report, BridgeError> {
        let began = self.clock().now_ms();
        let records: Vec<(Option<u64>, Result<Record, String>)> = if let Some(text) = table {
            let rows = table::rows::<BTreeMap<String, String>>(text);
            let read = rows.map(|(line, row)| {
                let row = row.map(Record::of_row).map_err(|error| error.to_string());
                (Some(line), row)
            });
            read.collect()
        } else {
            let told = self.sp4n()?.institutions().await?.into_iter();
            told.map(|record| (None, Ok(record))).collect()
        };
        let report = self.take_institutions(records, terms.dry).await?;
        if !terms.dry {
            self.keep_run("institutions", terms.actor, began, &report)
                .await?;
        }
        Ok(report)
    }

    async fn take_institutions(
        &self,
        records: Vec<(Option<u64>, Result<Record, String>)>,
        dry: bool,
    ) -> Result<Report, NodeError> {
        let directory = self.directory();
        let named = directory.latest().instances();
        let named: HashMap<String, InstanceId> = named
            .map(|one| (folded(&one.name), one.id.clone()))
            .collect();
        let is_here = |id: &InstanceId| directory.latest().instance(id).is_some();
        let mut report = Report::default();
        let mut tx = self.write_tx().await?;
        let known = store::bridge::institutions(&mut tx).await?.into_iter();
        let mut known: HashMap<String, InstitutionRow> =
            known.map(|row| (row.their_id.clone(), row)).collect();
        for (line, record) in records {
            let read = record.map_err(|problem| Line::of("", Became::Refused).about("", problem));
            let lines = match read.and_then(|record| row(&record, &named, &is_here, &known)) {
                Err(refused) => vec![refused],
                Ok(row) => {
                    let lines = told(&row, known.get(&row.their_id));
                    store::bridge::put_institution(&mut tx, &row).await?;
                    known.insert(row.their_id.clone(), row);
                    lines
                }
            };
            report.take(line, lines);
        }
        if dry {
            tx.rollback().await?;
        } else {
            tx.commit().await?;
        }
        Ok(report)
    }
}

fn row(
    record: &Record,
    named: &HashMap<String, InstanceId>,
    is_here: &impl Fn(&InstanceId) -> bool,
    known: &HashMap<String, InstitutionRow>,
) -> Result<InstitutionRow, Line> {
    let id = record.told(&["id", "institution_id"]).unwrap_or_default();
    let refused = |field, what: &str| Line::of(&shown(id), Became::Refused).about(field, what);
    if id.is_empty() || id.chars().count() > LONGEST {
        return Err(refused("id", "missing or too long"));
    }
    let name = record.told(NAME).unwrap_or_default();
    if name.is_empty() || name.chars().count() > LONGEST {
        return Err(refused("name", "missing or too long"));
    }
    let stated = record.told(INSTANCE).map(str::parse::<InstanceId>);
    let instance = match stated {
        Some(Ok(instance)) if is_here(&instance) => Some(instance.to_string()),
        Some(_) => {
            return Err(refused(
                "instance",
                "the directory names no such institution",
            ));
        }
        None => {
            let before = known.get(id).and_then(|row| row.instance.clone());
            before.or_else(|| named.get(&folded(name)).map(ToString::to_string))
        }
    };
    Ok(InstitutionRow {
        their_id: id.to_owned(),
        name: name.to_owned(),
        instance,
    })
}

fn told(row: &InstitutionRow, before: Option<&InstitutionRow>) -> Vec<Line> {
    let became = match before {
        None => Became::Imported,
        Some(before) if before == row => Became::Unchanged,
        Some(_) => Became::Updated,
    };
    let mut lines = vec![Line::of(&row.their_id, became)];
    if row.instance.is_none() {
        let what = format!("{} is nobody in the directory", shown(&row.name));
        lines.push(Line::of(&row.their_id, Became::Remark).about("instance", what));
    }
    lines
}
