//! A register from its file to its cases. What was read waits sealed, for a day, for whoever brought
//! it; it is checked anew each time it is looked at, and once more in the transaction that files it.

use lapor_migrations::{DbError, Tx};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::check::{self, Fault, Names, Wrong};
use super::columns::Field;
use super::gathered::{FILE_BYTES, Unreadable};
use super::known::{Checked, Ready, Seen, without_known};
use super::sheet::Sheet;
use super::view::{
    Brought, BroughtPage, Column, FiledRow, Import, ImportState, PROBLEMS, ReadyPage, ReadyRow,
    RowProblem, SAMPLE,
};
use crate::bridge::hash_of_words;
use crate::casework::{Beside, NewReport, OnDesk, count_filings, write_filings};
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::personal;
use crate::reporters::{registered, untold};
use crate::store;
use crate::store::imports::ImportRow;

/// How long a register waits to be filed.
const WAITS_MS: i64 = 24 * 3_600_000;
/// Registers that wait at a time, at most.
const MOST_WAITING: i64 = 20;
/// Registers that are listed.
const LISTED: u32 = 50;
/// Characters of the name of a file.
const NAME: usize = 80;
/// Characters of a cell that are quoted.
const QUOTED: usize = 60;
/// Filings that are written at once, in the one transaction of their register.
const CHUNK: usize = 256;
const WAITING: &str = "waiting";

/// A file that is brought.
pub struct NewRegister<'a> {
    /// What it is called; nothing is read from that.
    pub name: &'a str,
    pub bytes: Vec<u8>,
    /// How its reports came in, where no column says it.
    pub channel: &'a str,
}

/// Why a register is not brought, or not filed.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("the same file was uploaded before")]
    Before(Box<Brought>),
    #[error("{MOST_WAITING} registers wait to be filed; file or drop one of them")]
    Crowded,
    #[error("the file has {expected} columns, not {found}")]
    Width { expected: usize, found: usize },
    #[error("two columns are {}", .0.as_str())]
    Twice(Field),
    #[error("no column is content; say which one it is")]
    NoContent,
    #[error("{0} rows are wrong; mend the file, or file it without them")]
    Wrong(usize),
    #[error("no row can be filed")]
    Nothing,
    #[error(transparent)]
    Node(#[from] NodeError),
}

/// A problem as it is kept, sealed, with a register that was filed without its row.
#[derive(Serialize, Deserialize)]
struct Left {
    line: u64,
    column: Option<String>,
    field: Option<Field>,
    /// What stood there, of a register that is filed if it was no words of a report; not of registers
    /// that were filed before it was kept.
    #[serde(default)]
    value: Option<String>,
    wrong: Wrong,
}

/// What is the same of all cases of a register.
struct Terms<'a> {
    secret: &'a str,
    /// On whose desk they lie.
    unit: Option<&'a str>,
    actor: &'a str,
    /// What was wrong with rows that are left out, sealed.
    left_out: Option<&'a [u8]>,
}

impl Node {
    /// Reads a register and keeps it waiting; nothing of it is filed. Returns its id.
    pub async fn bring_register(
        &self,
        new: NewRegister<'_>,
        actor: &str,
    ) -> Result<String, RegisterError> {
        if new.bytes.len() as u64 > FILE_BYTES {
            return Err(Unreadable::Large.into());
        }
        let sha256 = Sha256::digest(&new.bytes).to_vec();
        let mut tx = self.read_tx().await?;
        let before = store::imports::of_file(&mut tx, &sha256).await?;
        drop(tx);
        if let Some(before) = before {
            return Err(RegisterError::Before(Box::new(before.into())));
        }
        let (bytes, channel) = (new.bytes, new.channel.to_owned());
        let sheet = tokio::task::spawn_blocking(move || Sheet::read(&bytes, &channel)).await;
        // What makes its reader panic is damaged as well.
        let sheet = sheet.unwrap_or(Err(Unreadable::Damaged))?;
        let row = ImportRow {
            id: hex::encode(random::<16>()),
            name: named(new.name),
            actor: actor.to_owned(),
            state: WAITING.to_owned(),
            made_at: self.clock().now_ms(),
            done_at: None,
            filed: 0,
            left_out: 0,
        };
        let sealed = self.switch().seal(&owner(&row.id), &sheet)?;
        let mut tx = self.write_tx().await?;
        if store::imports::count_waiting(&mut tx).await? >= MOST_WAITING {
            return Err(RegisterError::Crowded);
        }
        if !store::imports::add(&mut tx, &row, &sha256, &sealed).await? {
            return Err(NodeError::AnsweredMeanwhile.into());
        }
        tx.commit().await?;
        Ok(row.id)
    }

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
        let row = self.own_import(id, actor).await?;
        if row.state != WAITING {
            return self.filed_import(row).await;
        }
        let sheet = self.sheet(id).await?;
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
        let row = self.own_import(id, actor).await?;
        if row.state != WAITING {
            return Ok(ReadyPage::default());
        }
        let sheet = self.sheet(id).await?;
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

    /// Says what the columns are, from the left; `None` leaves one out.
    pub async fn choose_columns(
        &self,
        id: &str,
        columns: Vec<Option<Field>>,
        actor: &str,
    ) -> Result<(), RegisterError> {
        self.own_import(id, actor).await?;
        let mut sheet = self.sheet(id).await?;
        if sheet.columns.len() != columns.len() {
            return Err(RegisterError::Width {
                expected: sheet.columns.len(),
                found: columns.len(),
            });
        }
        let twice =
            |field: &Field| columns.iter().flatten().filter(|one| *one == field).count() > 1;
        if let Some(field) = columns.iter().flatten().find(|field| twice(field)) {
            return Err(RegisterError::Twice(*field));
        }
        sheet.columns = columns;
        let sealed = self.switch().seal(&owner(id), &sheet)?;
        let mut tx = self.write_tx().await?;
        if !store::imports::put_sheet(&mut tx, id, &sealed).await? {
            return Err(NodeError::not_found("register that waits", &id).into());
        }
        Ok(tx.commit().await?)
    }

    /// Files all rows of a register, or with `without_wrong` all that can be, in one transaction;
    /// `unit` is on whose desk the cases lie. Asked again it answers what was filed.
    pub async fn file_register(
        &self,
        id: &str,
        without_wrong: bool,
        unit: Option<&str>,
        actor: &str,
    ) -> Result<Import, RegisterError> {
        let row = self.own_import(id, actor).await?;
        if row.state != WAITING {
            return Ok(self.filed_import(row).await?);
        }
        let sheet = self.sheet(id).await?;
        if !sheet.columns.contains(&Some(Field::Content)) {
            return Err(RegisterError::NoContent);
        }
        let checked = self.check_rows(&sheet, actor).await?;
        let secret = untold().await?;
        let mut tx = self.write_tx().await?;
        let checked = without_known(&mut tx, checked).await?;
        if checked.wrong > 0 && !without_wrong {
            return Err(RegisterError::Wrong(checked.wrong));
        }
        if checked.ready.is_empty() {
            return Err(RegisterError::Nothing);
        }
        let filed = checked.ready.len();
        let left_out = if checked.faults.is_empty() {
            None
        } else {
            let left: Vec<Left> = left(&checked, &sheet).map(Left::kept).collect();
            Some(self.switch().seal(&left_out_of(id), &left)?)
        };
        let terms = Terms {
            secret: &secret,
            unit,
            actor,
            left_out: left_out.as_deref(),
        };
        if self.write_register(&mut tx, id, checked, &terms).await? {
            tx.commit().await?;
            self.ring_outgoing();
            count_filings(filed);
        }
        let row = self.own_import(id, actor).await?;
        Ok(self.filed_import(row).await?)
    }

    /// Forgets a register that waits.
    pub async fn drop_register(&self, id: &str, actor: &str) -> Result<(), NodeError> {
        self.own_import(id, actor).await?;
        let mut tx = self.write_tx().await?;
        if !store::imports::drop_waiting(&mut tx, id).await? {
            return Err(NodeError::not_found("register that waits", &id));
        }
        Ok(tx.commit().await?)
    }

    /// Says whether it still waited.
    async fn write_register(
        &self,
        tx: &mut Tx,
        id: &str,
        checked: Checked,
        terms: &Terms<'_>,
    ) -> Result<bool, NodeError> {
        let (now, wrong) = (self.clock().now_ms(), checked.wrong);
        let counts = (checked.ready.len() as i64, wrong as i64);
        if !store::imports::finish(tx, id, now, counts, terms.left_out).await? {
            return Ok(false);
        }
        let mut rows = Vec::with_capacity(checked.ready.len());
        let mut filings = Vec::with_capacity(checked.ready.len());
        for ready in checked.ready {
            let case = ready.filed.case;
            rows.push((ready.line as i64, case.to_string(), ready.said));
            filings.push(ready.filing.with(|at| Beside {
                reporter: Some(registered(terms.secret.to_owned(), case, at)),
                desk: terms.unit.map(|unit| OnDesk {
                    unit: Some(unit.to_owned()),
                    officer: None,
                }),
                ..Beside::default()
            }));
        }
        for chunk in filings.chunks(CHUNK) {
            write_filings(self, tx, &chunk.iter().collect::<Vec<_>>()).await?;
        }
        store::imports::add_rows(tx, id, &rows).await?;
        let detail = format!("{} filed, {wrong} left out", rows.len());
        store::audit::add(tx, now, terms.actor, "register.brought", None, &detail).await?;
        Ok(true)
    }

    async fn own_import(&self, id: &str, actor: &str) -> Result<ImportRow, NodeError> {
        let mut tx = self.read_tx().await?;
        let found = store::imports::one(&mut tx, id).await?;
        let own = found.filter(|row| row.actor == actor);
        own.ok_or_else(|| NodeError::not_found("register", &id))
    }

    async fn sheet(&self, id: &str) -> Result<Sheet, NodeError> {
        let mut tx = self.read_tx().await?;
        let sealed = store::imports::sheet(&mut tx, id).await?;
        let sealed = sealed.ok_or_else(|| NodeError::not_found("register that waits", &id))?;
        self.switch().open(&owner(id), &sealed)
    }

    async fn filed_import(&self, row: ImportRow) -> Result<Import, NodeError> {
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

    /// Checks all that would be filed as the columns are now; without one that is content no row can be.
    async fn check_sheet(&self, sheet: &Sheet, actor: &str) -> Result<Checked, NodeError> {
        if !sheet.columns.contains(&Some(Field::Content)) {
            return Ok(Checked {
                wrong: sheet.rows.len(),
                ..Checked::default()
            });
        }
        let checked = Box::pin(self.check_rows(sheet, actor)).await?;
        let mut tx = self.read_tx().await?;
        without_known(&mut tx, checked).await
    }

    /// Checks every row by itself and beside the others, as far as its filing.
    async fn check_rows(&self, sheet: &Sheet, actor: &str) -> Result<Checked, NodeError> {
        let names = Names {
            categories: self.categories().await?,
            local: self.local_categories().await?,
            today: self.today(),
        };
        let (mut checked, mut seen) = (Checked::default(), Seen::default());
        for row in &sheet.rows {
            let ticket = check::ticket_of(row, &sheet.columns);
            let ticket = ticket.map(|(field, ticket)| (row.line, field, ticket));
            checked.tickets.extend(ticket);
            let (report, mut faults) = check::report(row, &sheet.columns, &sheet.channel, &names);
            let number = report.own_number.clone();
            let ready = if faults.is_empty() {
                self.ready(row.line, report, &mut seen, actor).await?
            } else {
                faults.extend(seen.number_before(row.line, &report));
                Err(faults)
            };
            match ready {
                Ok(ready) => checked.ready.push(ready),
                Err(faults) => {
                    checked.wrong += 1;
                    let same = |fault: &Fault| matches!(fault.1, Wrong::SameNumber(_));
                    if let Some(number) = number.filter(|_| !faults.iter().any(same)) {
                        checked.numbers.push((row.line, number));
                    }
                    let placed = faults.into_iter().map(|fault| (row.line, fault));
                    checked.faults.extend(placed);
                }
            }
        }
        Ok(checked)
    }

    async fn ready(
        &self,
        line: u64,
        report: NewReport,
        seen: &mut Seen,
        actor: &str,
    ) -> Result<Result<Ready, Vec<Fault>>, NodeError> {
        let said = self.said(&report)?;
        if let Some(fault) = seen.before(line, &report, &said) {
            return Ok(Err(vec![fault]));
        }
        let (filed, filing) = match self.filing_as_named(&report, actor).await {
            Ok(ready) => ready,
            Err(error @ (NodeError::Invalid(_) | NodeError::TooLarge(_))) => {
                return Ok(Err(vec![(None, Wrong::Unusable(error.to_string()))]));
            }
            Err(error) => return Err(error),
        };
        Ok(Ok(Ready {
            line,
            shown: ReadyRow::of(line, &report),
            number: report.own_number,
            said,
            filed,
            filing,
        }))
    }

    /// By what a row without a number is known again: its words, where and when.
    fn said(&self, report: &NewReport) -> Result<Vec<u8>, NodeError> {
        let place = report.place.as_deref().unwrap_or_default();
        let day = report.incident_date.as_deref().unwrap_or_default();
        let words = hash_of_words(&format!("{} {place} {day}", report.content));
        let words = hex::encode(words);
        self.switch().hash("register", &[words.as_str()])
    }
}

/// What is wrong, as far as it is told, each with the heading of its column.
fn left(checked: &Checked, sheet: &Sheet) -> impl Iterator<Item = Left> {
    let faults = checked.faults.iter().take(PROBLEMS);
    faults.map(move |(line, (field, wrong))| {
        let place = field.and_then(|field| {
            let mut columns = sheet.columns.iter();
            columns.position(|one| *one == Some(field))
        });
        Left {
            line: *line,
            column: place.map(|place| sheet.headings[place].clone()),
            field: *field,
            value: place.and_then(|place| quoted(sheet, *line, place)),
            wrong: wrong.clone(),
        }
    })
}

/// The beginning of what stands in a cell, on one line, without personal numbers; nothing of who
/// reported.
fn quoted(sheet: &Sheet, line: u64, column: usize) -> Option<String> {
    if sheet.columns[column].is_some_and(Field::says_who) {
        return None;
    }
    let row = sheet
        .rows
        .binary_search_by_key(&line, |row| row.line)
        .ok()?;
    let words: Vec<&str> = sheet.rows[row]
        .cells
        .get(column)?
        .split_whitespace()
        .collect();
    let text = words.join(" ");
    let text = personal::mask(&text);
    let end = text.char_indices().nth(QUOTED).map(|(end, _)| end);
    let quoted = end.map_or_else(|| text.to_string(), |end| format!("{}…", &text[..end]));
    (!quoted.is_empty()).then_some(quoted)
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

/// Forgets registers that nobody has filed within a day.
pub(crate) async fn expire(node: &Node) -> Result<u64, NodeError> {
    let before = node.clock().now_ms() - WAITS_MS;
    let mut tx = node.write_tx().await?;
    let gone = store::imports::expire(&mut tx, before).await?;
    tx.commit().await?;
    Ok(gone)
}

fn read_after(text: &str) -> Result<(i64, &str), NodeError> {
    let wrong = || NodeError::Invalid("after: expected the `next` of the page before".into());
    let (made_at, id) = text.split_once('.').ok_or_else(wrong)?;
    if !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    Ok((made_at.parse().map_err(|_| wrong())?, id))
}

fn owner(id: &str) -> String {
    format!("imports/{id}")
}

fn left_out_of(id: &str) -> String {
    format!("imports/{id}/left_out")
}

/// The name of a file as a list shows it: its last part, without what is no sign.
fn named(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let calm = last
        .chars()
        .filter(|c| !c.is_control())
        .take(NAME)
        .collect();
    if last.is_empty() {
        "register".to_owned()
    } else {
        calm
    }
}

impl Left {
    /// As it stays with a register: the words of a report do not, which can be erased elsewhere.
    fn kept(self) -> Self {
        let worded = self.field.is_some_and(Field::is_worded);
        Self {
            value: self.value.filter(|_| !worded),
            ..self
        }
    }
}

impl From<Left> for RowProblem {
    fn from(left: Left) -> Self {
        Self {
            line: left.line,
            column: left.column,
            field: left.field,
            value: left.value,
            code: left.wrong.code(),
            detail: left.wrong.to_string(),
            wrong: left.wrong,
        }
    }
}

impl From<DbError> for RegisterError {
    fn from(error: DbError) -> Self {
        Self::Node(error.into())
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
