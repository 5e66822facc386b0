//! What of a register is known: what rows before have said, and what is here already.

use std::collections::{BTreeMap, HashMap, HashSet};

use lapor_migrations::{Tx, Value};

use super::check::{Fault, Wrong};
use super::columns::Field;
use super::view::ReadyRow;
use crate::casework::{Filed, Filing, NewReport};
use crate::error::NodeError;
use crate::store;
use crate::taxonomy::folded;

/// All rows of a sheet, checked.
#[derive(Default)]
pub struct Checked {
    pub ready: Vec<Ready>,
    pub faults: Vec<(u64, Fault)>,
    /// Rows that have faults.
    pub wrong: usize,
    /// Numbers of such rows, by their lines: whether they are known is said with all else.
    pub numbers: Vec<(u64, String)>,
    /// Tickets of all rows by their lines, and where each stands.
    pub tickets: Vec<(u64, Field, String)>,
}

/// A row that only has to be written.
pub struct Ready {
    pub line: u64,
    pub number: Option<String>,
    /// Keyed hash of its words.
    pub said: Vec<u8>,
    pub shown: ReadyRow,
    pub filed: Filed,
    pub filing: Filing,
}

/// What rows before have said: a row with a number is known by it, another by its words.
#[derive(Default)]
pub struct Seen {
    numbers: HashMap<String, u64>,
    words: HashMap<Vec<u8>, u64>,
}

impl Seen {
    /// The fault of a row that says what one before has said.
    pub fn before(&mut self, line: u64, report: &NewReport, said: &[u8]) -> Option<Fault> {
        let words = *self.words.entry(said.to_vec()).or_insert(line);
        if report.own_number.is_some() {
            return self.number_before(line, report);
        }
        (words != line).then_some((Some(Field::Content), Wrong::SameWords(words)))
    }

    /// The same by its number alone, as of a row that has other faults.
    pub fn number_before(&mut self, line: u64, report: &NewReport) -> Option<Fault> {
        let number = folded(report.own_number.as_deref()?).replace(' ', "");
        let first = *self.numbers.entry(number).or_insert(line);
        (first != line).then_some((Some(Field::Number), Wrong::SameNumber(first)))
    }
}

/// What of a register is here already.
struct Known {
    tickets: HashSet<String>,
    numbers: HashSet<String>,
    said: HashSet<Vec<u8>>,
}

impl Known {
    /// With a few queries, however many rows there are.
    async fn of(tx: &mut Tx, checked: &Checked) -> Result<Self, NodeError> {
        let tickets = checked.tickets.iter();
        let tickets = tickets.map(|(_, _, ticket)| Value::from(ticket.as_str()));
        let ready = checked.ready.iter();
        let of_ready = ready.clone().filter_map(|ready| ready.number.as_deref());
        let of_wrong = checked.numbers.iter().map(|(_, number)| number.as_str());
        let numbers = of_ready.chain(of_wrong).map(Value::from);
        let said = ready.filter(|ready| ready.number.is_none());
        let said = said.map(|ready| Value::from(ready.said.as_slice()));
        let (tickets, numbers, said) = (tickets.collect(), numbers.collect(), said.collect());
        Ok(Self {
            tickets: store::imports::ticketed(tx, tickets).await?,
            numbers: store::imports::numbered(tx, numbers).await?,
            said: store::imports::said(tx, said).await?,
        })
    }

    fn fault(&self, ready: &Ready) -> Option<Fault> {
        let (known, field, wrong) = match &ready.number {
            Some(number) => {
                let known = self.numbers.contains(number);
                (known, Field::Number, Wrong::KnownNumber)
            }
            None => (
                self.said.contains(&ready.said),
                Field::Content,
                Wrong::KnownWords,
            ),
        };
        known.then_some((Some(field), wrong))
    }
}

/// Takes out what is here already. Of what is known by its ticket nothing else is said: nobody has to
/// mend it.
pub async fn without_known(tx: &mut Tx, checked: Checked) -> Result<Checked, NodeError> {
    let known = Known::of(tx, &checked).await?;
    let tickets = checked.tickets.into_iter();
    let tickets: BTreeMap<u64, Fault> = tickets
        .filter(|(_, _, ticket)| known.tickets.contains(ticket))
        .map(|(line, field, ticket)| (line, (Some(field), Wrong::KnownTicket(ticket))))
        .collect();
    let mut left = Checked {
        wrong: checked.wrong,
        ..Checked::default()
    };
    for ready in checked.ready {
        let fault = known.fault(&ready);
        if fault.is_none() && !tickets.contains_key(&ready.line) {
            left.ready.push(ready);
            continue;
        }
        left.wrong += 1;
        left.faults.extend(fault.map(|fault| (ready.line, fault)));
    }
    let numbers = checked.numbers.into_iter();
    let numbers = numbers.filter(|(_, number)| known.numbers.contains(number));
    let numbers = numbers.map(|(line, _)| (line, (Some(Field::Number), Wrong::KnownNumber)));
    left.faults
        .extend(checked.faults.into_iter().chain(numbers));
    left.faults.retain(|(line, _)| !tickets.contains_key(line));
    left.faults.extend(tickets);
    left.faults.sort_by_key(|(line, _)| *line);
    Ok(left)
}
