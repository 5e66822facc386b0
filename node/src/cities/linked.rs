//! What of a city is linked with cases here, a page at a time, and how much of it was told.

use super::Way;
use crate::casework::{CaseSummary, summaries};
use crate::error::NodeError;
use crate::node::Node;
use crate::store::cities::{self, RequestRow};

/// A request of a city that is a case here.
pub struct LinkedRequest {
    /// Its number there.
    pub request: String,
    pub way: Way,
    /// As the city told it last.
    pub is_open: bool,
    /// The case, if this node still has it.
    pub case: Option<CaseSummary>,
    /// How often something of it was told on the case.
    pub told: i64,
    /// When it last changed there, or was linked, Unix ms.
    pub changed_at: i64,
    /// What could not be told of it, or asked.
    pub problem: Option<String>,
}

/// Those that changed last, or before them.
pub struct LinkedPage {
    pub requests: Vec<LinkedRequest>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// What has passed between this node and a city.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exchange {
    /// From when on its requests are followed and cases fed, Unix ms; none where it was never asked.
    pub begun_at: Option<i64>,
    /// How often something was told on cases here.
    pub told: i64,
    /// Linked requests with which something is the matter.
    pub untold: i64,
}

impl Node {
    /// Requests of a city that are linked with cases, `most` at a time, the latest changed first. `after`
    /// is `next` of the page before.
    ///
    /// # Errors
    /// [`NodeError::Invalid`] where `after` is no such place.
    pub async fn linked_at_city(
        &self,
        city: &str,
        after: Option<&str>,
        most: u32,
    ) -> Result<LinkedPage, NodeError> {
        let after = after.map_or(Ok((i64::MAX, "")), read_after)?;
        let mut tx = self.read_tx().await?;
        let mut rows = cities::linked(&mut tx, city, after, i64::from(most) + 1).await?;
        let more = rows.len() > most as usize;
        rows.truncate(most as usize);
        let last = rows.last().filter(|_| more);
        let next = last.map(|last| place(last.changed_at, &last.id));
        let ids: Vec<&str> = rows
            .iter()
            .filter_map(|row| row.case_id.as_deref())
            .collect();
        let cases = summaries(&mut tx, &ids).await?;
        let requests = rows.into_iter().map(|row| {
            let own = |case: &&CaseSummary| row.case_id == Some(case.case.to_string());
            let case = cases.iter().find(own).cloned();
            LinkedRequest::of(row, case)
        });
        let requests = requests.collect();
        Ok(LinkedPage { requests, next })
    }

    /// Since when, and how much, was told between this node and a city.
    pub async fn exchange_with_city(&self, city: &str) -> Result<Exchange, NodeError> {
        let mut tx = self.read_tx().await?;
        let line = cities::line_of(&mut tx, city).await?;
        let (told, untold) = cities::count_told(&mut tx, city).await?;
        Ok(Exchange {
            begun_at: line.map(|line| line.begun_at),
            told,
            untold,
        })
    }
}

impl LinkedRequest {
    fn of(row: RequestRow, case: Option<CaseSummary>) -> Self {
        Self {
            way: if row.way == Way::Fed.as_str() {
                Way::Fed
            } else {
                Way::Followed
            },
            is_open: row.status.as_deref() != Some("closed"),
            request: row.request.unwrap_or_default(),
            case,
            told: row.turns,
            changed_at: row.changed_at,
            problem: row.problem,
        }
    }
}

fn read_after(text: &str) -> Result<(i64, &str), NodeError> {
    let wrong = || NodeError::Invalid("after: expected the `next` of the page before".into());
    let (changed_at, id) = text.split_once('.').ok_or_else(wrong)?;
    let changed_at = changed_at.parse::<i64>().map_err(|_| wrong())?;
    let is_id = id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    // `+1` and `01` are numbers, and no place that a page has told.
    if !is_id || text != place(changed_at, id) {
        return Err(wrong());
    }
    Ok((changed_at, id))
}

/// A place of the order, as a page tells it.
fn place(changed_at: i64, id: &str) -> String {
    format!("{changed_at}.{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_told_and_no_other() {
        let id = "0123456789abcdef0123456789abcdef";
        let told = place(1_790_000_000_000, id);
        assert_eq!(read_after(&told).unwrap(), (1_790_000_000_000, id));
        for wrong in [
            "",
            "1.5",
            "1.",
            &told[1..told.len() - 1],
            &format!("{told}0"),
            &format!("+{told}"),
            &format!("0{told}"),
            &told.to_uppercase(),
            &told.replace('.', ","),
        ] {
            assert!(read_after(wrong).is_err(), "{wrong}");
        }
    }
}
