//! `[alarms]` of `hub.toml`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// How alarms are told; what raises them are rules, which operators change at the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmSettings {
    /// Seconds after the start of the hub in which no institution raises an alarm: until
    /// then they could not all have been heard.
    pub grace_seconds: u32,
    /// Seconds for which what happens is gathered into one letter to each recipient.
    pub window_seconds: u32,
    /// With more alarms than these, a letter is a summary.
    pub summary_above: u32,
    /// Minutes without another letter to whoever got a summary.
    pub summary_pause_minutes: u32,
    /// How often a letter or a webhook is tried before it is given up.
    pub tries: u32,
    /// Whether webhooks may go to this machine, and over plain HTTP.
    pub local_webhooks: bool,
    /// File with root certificates (PEM) for receivers of webhooks that the machine does not trust by itself.
    pub webhook_roots: Option<PathBuf>,
    /// Days for which alarms that are over, and what was sent, are kept.
    pub history_days: u32,
}

impl Default for AlarmSettings {
    fn default() -> Self {
        Self {
            grace_seconds: 300,
            window_seconds: 60,
            summary_above: 10,
            summary_pause_minutes: 15,
            tries: 15,
            local_webhooks: false,
            webhook_roots: None,
            history_days: 365,
        }
    }
}

impl AlarmSettings {
    /// The field that cannot be what it is.
    pub fn wrong(&self) -> Option<&'static str> {
        let least = [
            ("summary_above", self.summary_above),
            ("tries", self.tries),
            ("history_days", self.history_days),
        ];
        let wrong = least.into_iter().find(|(_, value)| *value == 0);
        wrong.map(|(field, _)| field)
    }

    /// The same settings with relative paths taken from `folder`.
    pub(crate) fn below(&mut self, folder: &Path) {
        if let Some(path) = &mut self.webhook_roots {
            *path = folder.join(&*path);
        }
    }
}
