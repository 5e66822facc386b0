//! The day of an incident: what is reported has happened, by the day that it is where this institution is.

use chrono::NaiveDate;

use crate::error::NodeError;
use crate::node::Node;

impl Node {
    /// Refuses a day (`YYYY-MM-DD`) that has not come yet; what is no day is refused with its message.
    /// `field` is how the caller knows it.
    pub(super) fn check_incident(&self, field: &str, told: Option<&str>) -> Result<(), NodeError> {
        let day = told.and_then(|told| told.parse::<NaiveDate>().ok());
        if day.is_some_and(|day| day > self.today()) {
            return Err(NodeError::Invalid(format!(
                "{field}: this day has not come yet; expected one until today"
            )));
        }
        Ok(())
    }
}
