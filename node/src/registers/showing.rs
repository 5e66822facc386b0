//! Registers as they are shown to whoever brought them: in a list, one of them as it waits or was filed,
//! and its rows. What waits is checked anew for it each time.

use super::bring::{WAITING, WAITS_MS};
use super::known::Checked;
use super::problems::{Left, left, left_out_of};
use super::sheet::Sheet;
use super::view::{
    Brought, BroughtPage, Column, FiledRow, Import, ImportState, ReadyPage, ReadyRow, RowProblem,
    SAMPLE,
};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::imports::ImportRow;

/// Registers that are listed.
const LISTED: u32 = 50;

impl Node {
    /// The latest registers, whoever brought them.
    pub async fn registers(&self) -> Result<Vec<Brought>, NodeError> {
        Ok(self.registers_after(None, LISTED).await?.registers)
    }

    /// Registers, whoever brought them, the latest first. `after` is `next` of the page before.
    ///
    /// # Errors
    /// [`NodeError::Invalid`] where `after` is no such place.
    pub async fn registers_after(
        &self,
        after: Option<&str>,
        most: u32,
    ) -> Result<BroughtPage, NodeError> {
        let after = after.map_or(Ok((i64::MAX, "")), read_after)?;
        let mut tx = self.read_tx().await?;
        let mut rows = store::imports::latest(&mut tx, after, i64::from(most) + 1).await?;
        let more = rows.len() > most as usize;
        rows.truncate(most as usize);
        let last = rows.last().filter(|_| more);
        Ok(BroughtPage {
            next: last.map(|last| format!("{}.{}", last.made_at, last.id)),
            registers: rows.into_iter().map(Brought::from).collect(),
        })
    }

    /// A register, for whoever brought it.
    pub async fn register(&self, id: &str, actor: &str) -> Result<Import, NodeError> {
        self.register_part(id, (0, SAMPLE), actor).await
    }

    /// The same with other rows as they would be filed: how many are passed over, and how many are
    /// shown at most.
    pub async fn register_part(
        &self,
        id: &str,
        rows: (usize, usize),
        actor: &str,
    ) -> Result<Import, NodeError> {
        let (row, sheet) = self.own_register(id, actor).await?;
        let Some(sheet) = sheet else {
            return self.filed_import(row).await;
        };
        let checked = self.check_sheet(&sheet, actor).await?;
        Ok(waiting_import(row, sheet, &checked, rows))
    }

    /// Rows of a register as they would be filed, behind a line of its file where one is named; none of
    /// one that is filed.
    pub async fn register_rows(
        &self,
        id: &str,
        after: Option<u64>,
        most: u32,
        actor: &str,
    ) -> Result<ReadyPage, NodeError> {
        let (_, sheet) = self.own_register(id, actor).await?;
        let Some(sheet) = sheet else {
            return Ok(ReadyPage::default());
        };
        let ready = self.check_sheet(&sheet, actor).await?.ready.into_iter();
        let mut behind = ready.filter(|ready| after.is_none_or(|line| ready.line > line));
        let rows = behind.by_ref().take(most as usize);
        let rows: Vec<ReadyRow> = rows.map(|ready| ready.shown).collect();
        let last = rows.last().filter(|_| behind.next().is_some());
        Ok(ReadyPage {
            next: last.map(|last| last.line),
            rows,
        })
    }

    pub(super) async fn filed_import(&self, row: ImportRow) -> Result<Import, NodeError> {
        let mut tx = self.read_tx().await?;
        let filed = store::imports::rows(&mut tx, &row.id).await?;
        let left_out = store::imports::left_out(&mut tx, &row.id).await?;
        drop(tx);
        let left: Vec<Left> = match left_out {
            Some(sealed) => self.switch().open(&left_out_of(&row.id), &sealed)?,
            None => Vec::new(),
        };
        let filed = filed.into_iter().map(|row| FiledRow {
            line: row.line as u64,
            case: row.case_id,
            ticket: row.ticket,
            own_number: row.own_number,
        });
        Ok(Import {
            id: row.id,
            name: row.name,
            state: ImportState::Done,
            made_at: row.made_at,
            until: None,
            done_at: row.done_at,
            columns: Vec::new(),
            ready: 0,
            wrong: row.left_out as usize,
            problems: left.into_iter().map(RowProblem::from).collect(),
            sample: Vec::new(),
            filed: filed.collect(),
        })
    }
}

impl From<ImportRow> for Brought {
    fn from(row: ImportRow) -> Self {
        Self {
            state: if row.state == WAITING {
                ImportState::Waiting
            } else {
                ImportState::Done
            },
            id: row.id,
            name: row.name,
            actor: row.actor,
            made_at: row.made_at,
            filed: row.filed,
        }
    }
}

fn waiting_import(
    row: ImportRow,
    sheet: Sheet,
    checked: &Checked,
    (passed, most): (usize, usize),
) -> Import {
    let problems = left(checked, &sheet).map(RowProblem::from).collect();
    let columns = sheet.headings.into_iter().zip(sheet.columns);
    Import {
        id: row.id,
        name: row.name,
        state: ImportState::Waiting,
        made_at: row.made_at,
        until: Some(row.made_at + WAITS_MS),
        done_at: None,
        columns: columns
            .map(|(heading, field)| Column { heading, field })
            .collect(),
        ready: checked.ready.len(),
        wrong: checked.wrong,
        problems,
        sample: checked
            .ready
            .iter()
            .skip(passed)
            .take(most)
            .map(|ready| ready.shown.clone())
            .collect(),
        filed: Vec::new(),
    }
}

fn read_after(text: &str) -> Result<(i64, &str), NodeError> {
    let wrong = || NodeError::Invalid("after: expected the `next` of the page before".into());
    let (made_at, id) = text.split_once('.').ok_or_else(wrong)?;
    if !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    Ok((made_at.parse().map_err(|_| wrong())?, id))
}
