//! All rows of a register, checked as far as their filing: each by itself, beside the others, and beside
//! what is here already.

use super::check::{self, Fault, Names, Wrong};
use super::columns::Field;
use super::known::{Checked, Ready, Seen, without_known};
use super::sheet::Sheet;
use super::view::ReadyRow;
use crate::bridge::hash_of_words;
use crate::casework::NewReport;
use crate::error::NodeError;
use crate::node::Node;

impl Node {
    /// Checks all that would be filed as the columns are now; without one that is content no row can be,
    /// which is said once, of the first.
    pub(super) async fn check_sheet(
        &self,
        sheet: &Sheet,
        actor: &str,
    ) -> Result<Checked, NodeError> {
        if !sheet.columns.contains(&Some(Field::Content)) {
            let fault = (Some(Field::Content), Wrong::NoContent(sheet.found()));
            let first = sheet.rows.first();
            return Ok(Checked {
                faults: first.map(|row| (row.line, fault)).into_iter().collect(),
                wrong: sheet.rows.len(),
                ..Checked::default()
            });
        }
        let checked = Box::pin(self.check_rows(sheet, actor)).await?;
        let mut tx = self.read_tx().await?;
        without_known(&mut tx, checked).await
    }

    /// Checks every row by itself and beside the others, as far as its filing.
    pub(super) async fn check_rows(
        &self,
        sheet: &Sheet,
        actor: &str,
    ) -> Result<Checked, NodeError> {
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
