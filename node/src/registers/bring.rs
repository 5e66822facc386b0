//! A register from its file to its cases. What was read waits sealed, for a day, for whoever brought
//! it; it is checked anew each time it is looked at, and once more in the transaction that files it.

use lapor_migrations::{DbError, Tx};
use sha2::{Digest as _, Sha256};

use super::columns::Field;
use super::gathered::{FILE_BYTES, Unreadable};
use super::known::{Checked, without_known};
use super::problems::{Left, left, left_out_of};
use super::sheet::Sheet;
use super::view::{Brought, Import};
use crate::casework::{Beside, OnDesk, count_filings, write_filings};
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::{registered, untold};
use crate::store;
use crate::store::imports::ImportRow;

/// How long a register waits to be filed.
pub(super) const WAITS_MS: i64 = 24 * 3_600_000;
/// Registers that wait at a time, at most.
const MOST_WAITING: i64 = 20;
/// Characters of the name of a file.
const NAME: usize = 80;
/// Filings that are written at once, in the one transaction of their register.
const CHUNK: usize = 256;
pub(super) const WAITING: &str = "waiting";

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
    #[error("{}", are_wrong(*.0))]
    Wrong(usize),
    #[error("no row can be filed; mend what is wrong with them in the file")]
    Nothing,
    #[error(transparent)]
    Node(#[from] NodeError),
}

fn are_wrong(rows: usize) -> String {
    if rows == 1 {
        return "1 row is wrong; mend the file, or file it without it".into();
    }
    format!("{rows} rows are wrong; mend the file, or file it without them")
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

    /// Says what the columns are, from the left; `None` leaves one out.
    pub async fn choose_columns(
        &self,
        id: &str,
        columns: Vec<Option<Field>>,
        actor: &str,
    ) -> Result<(), RegisterError> {
        let (_, sheet) = self.own_register(id, actor).await?;
        let mut sheet = sheet.ok_or_else(|| not_waiting(id))?;
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
            return Err(not_waiting(id).into());
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
        let (row, sheet) = self.own_register(id, actor).await?;
        let Some(sheet) = sheet else {
            return Ok(self.filed_import(row).await?);
        };
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
        let (row, _) = self.own_register(id, actor).await?;
        Ok(self.filed_import(row).await?)
    }

    /// Forgets a register that waits.
    pub async fn drop_register(&self, id: &str, actor: &str) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        own_import(&mut tx, id, actor).await?;
        if !store::imports::drop_waiting(&mut tx, id).await? {
            return Err(not_waiting(id));
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

    /// A register of whoever asks, and what was read of it as long as it waits.
    pub(super) async fn own_register(
        &self,
        id: &str,
        actor: &str,
    ) -> Result<(ImportRow, Option<Sheet>), NodeError> {
        let mut tx = self.read_tx().await?;
        let row = own_import(&mut tx, id, actor).await?;
        let sealed = store::imports::sheet(&mut tx, id).await?;
        drop(tx);
        let sheet = sealed.map(|sealed| self.switch().open(&owner(id), &sealed));
        Ok((row, sheet.transpose()?))
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

async fn own_import(tx: &mut Tx, id: &str, actor: &str) -> Result<ImportRow, NodeError> {
    let found = store::imports::one(tx, id).await?;
    let own = found.filter(|row| row.actor == actor);
    own.ok_or_else(|| NodeError::not_found("register", &id))
}

fn not_waiting(id: &str) -> NodeError {
    NodeError::not_found("register that waits", &id)
}

fn owner(id: &str) -> String {
    format!("imports/{id}")
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

impl From<DbError> for RegisterError {
    fn from(error: DbError) -> Self {
        Self::Node(error.into())
    }
}
