//! `report.completed`: the reporter answers a hold, or adds to the report.

use serde::{Deserialize, Serialize};

use super::{BodyError, CaseRules, Limited, WordsCheck, checks};
use crate::case::{Act, Case, Order, State, Verdict};
use crate::directory::DirectoryAt;
use crate::limits::{QUESTIONS, TEXT_CHARS};
use crate::message::Header;
use crate::region::RegionCode;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ReportCompleted {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub region: Option<RegionCode>,
    /// `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_date: Option<String>,
}

/// Answers in the order of the questions, or a text of the reporter's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl WordsCheck for Words {
    fn check(&self) -> Result<(), BodyError> {
        checks::at_most("answers", self.answers.len(), QUESTIONS)?;
        self.answers
            .iter()
            .try_for_each(|answer| checks::chars("answers", answer, TEXT_CHARS))?;
        if self.answers.is_empty() || self.text.is_some() {
            checks::filled("text", self.text.as_deref().unwrap_or(""), TEXT_CHARS)?;
        }
        Ok(())
    }
}

impl Limited for ReportCompleted {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        self.incident_date
            .as_deref()
            .map_or(Ok(()), |date| checks::date("incident_date", date))
    }
}

impl CaseRules for ReportCompleted {
    fn judge(&self, act: &Act<'_>) -> Verdict {
        act.by_origin()
    }

    fn apply(&self, _: &Header, _: Order, _: DirectoryAt<'_>, case: &mut Case) {
        if let Some(region) = &self.region {
            case.region = Some(region.clone());
        }
        if case.state == State::Held {
            let former = case.before_hold.unwrap_or(State::Received);
            case.enter(former);
        }
    }
}
