//! Alarms: rules, what stands, silences, recipients, and what is on its way to
//! them.

pub mod deliveries;
pub mod live;
pub mod recipients;
pub mod rules;
pub mod silences;
