//! What a run did, or would have done: a line for each row, complaint or follow-up. A line holds
//! numbers, fields and reasons, and no word of a case, so that a report can be passed on.

use std::collections::BTreeMap;

use lapor_web::table::harmless;
use serde::Serialize;

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// It stands here now.
    Imported,
    /// A case that stood here already is the same.
    Linked,
    /// There was something new of it.
    Updated,
    /// There was nothing new.
    Unchanged,
    /// It stands twice in what was read.
    Repeated,
    /// It was handed over.
    Sent,
    /// It is as it should be, and others are not.
    HeldBack,
    /// It cannot be used.
    Refused,
    /// Something of it was left out, or is to be known.
    Remark,
}

/// What became of one row, complaint or follow-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Of a table, where the row begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The number there; of a report that is handed over, its case here.
    pub id: String,
    pub became: Became,
    /// Which field it is about.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub field: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub what: String,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub lines: Vec<Line>,
    /// Why it did not come to its end. What was done is done, and it goes on when it is run again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
}

impl Became {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Linked => "linked",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Repeated => "repeated",
            Self::Sent => "sent",
            Self::HeldBack => "held back",
            Self::Refused => "refused",
            Self::Remark => "remark",
        }
    }
}

impl Line {
    pub fn of(id: &str, became: Became) -> Self {
        Self {
            line: None,
            id: id.to_owned(),
            became,
            field: "",
            what: String::new(),
        }
    }

    /// That what is kept here of something is damaged. The error may quote words, and is not said.
    pub fn damaged(id: &str) -> Self {
        tracing::warn!(id, "the bridge passes by what is damaged here");
        Self::of(id, Became::Refused).about("case", "what is kept of it here is damaged")
    }

    #[must_use]
    pub fn about(self, field: &'static str, what: impl Into<String>) -> Self {
        Self {
            field,
            what: what.into(),
            ..self
        }
    }
}

impl Report {
    /// Takes lines about the row that begins at a line of a table.
    pub fn take(&mut self, line: Option<u64>, lines: Vec<Line>) {
        let placed = lines.into_iter().map(|one| Line { line, ..one });
        self.lines.extend(placed);
    }

    /// How many lines there are of each kind.
    pub fn counts(&self) -> BTreeMap<Became, usize> {
        let mut counts = BTreeMap::new();
        for line in &self.lines {
            *counts.entry(line.became).or_default() += 1;
        }
        counts
    }

    /// `12 imported, 1 refused`
    pub fn summary(&self) -> String {
        let counts = self.counts().into_iter();
        let counts = counts.map(|(became, count)| format!("{count} {}", became.as_str()));
        let counts: Vec<String> = counts.collect();
        if counts.is_empty() {
            return "nothing to do".to_owned();
        }
        counts.join(", ")
    }

    pub fn has_refused(&self) -> bool {
        self.lines.iter().any(|line| line.became == Became::Refused)
    }

    /// The lines as a table.
    pub fn table(&self) -> Result<String, csv::Error> {
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(["line", "id", "became", "field", "what"])?;
        for line in &self.lines {
            let at = line.line.map(|line| line.to_string()).unwrap_or_default();
            let (id, what) = (harmless(&line.id), harmless(&line.what));
            table.write_record([at.as_str(), &*id, line.became.as_str(), line.field, &*what])?;
        }
        let bytes = table
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
