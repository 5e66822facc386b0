//! The log of both programs: what is logged, in which form, to standard error.

use std::io::IsTerminal as _;

use serde::{Deserialize, Serialize};
use tracing::Dispatch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::entrance::quiet_panics;

/// A filter that cannot be used; the operator's to mend.
#[derive(Debug, thiserror::Error)]
#[error("log.filter cannot be used: {0}; try `info` or `lapor_node=debug`")]
pub struct FilterError(String);

/// Section `log` of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// `human` or `json`.
    pub format: LogFormat,
    /// For instance `info` or `lapor_node=debug`.
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Human,
    Json,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: LogFormat::Human,
            filter: "info".into(),
        }
    }
}

impl LogSettings {
    /// What the filter says, or why it cannot be used.
    pub fn parse_filter(&self) -> Result<EnvFilter, FilterError> {
        // The scheduler tells of itself at every start; a filter that names it hears it. The client of
        // IMAP traces passwords and letters: nobody hears it.
        EnvFilter::try_new(format!(
            "tokio_cron_scheduler=warn,{},async_imap=off",
            self.filter
        ))
        .map_err(|error| FilterError(error.to_string()))
    }

    /// Whether the filter goes by spans. Of a line within one it is then known there alone whether it
    /// is logged; otherwise it can be asked before the span is made.
    pub fn follows_spans(&self) -> bool {
        self.filter.contains('[')
    }

    /// Starts the log, and makes panics say where they happened and not what.
    pub fn start(&self) -> Result<(), FilterError> {
        // Colours are for people; in a file or a journal they are noise.
        let log = self.to(std::io::stderr, std::io::stderr().is_terminal())?;
        // A test that serves twice in one process keeps the first log.
        let _ = log.try_init();
        quiet_panics();
        Ok(())
    }

    /// The log as it is started, written elsewhere.
    pub fn to<W>(&self, writer: W, colours: bool) -> Result<Dispatch, FilterError>
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        let log = tracing_subscriber::fmt()
            .with_env_filter(self.parse_filter()?)
            .with_ansi(colours)
            // It would tell a log that cannot be written on standard error, which is that log, and
            // panic: a full disk must not end what is at work.
            .log_internal_errors(false)
            .with_writer(writer);
        Ok(match self.format {
            LogFormat::Human => log.finish().into(),
            LogFormat::Json => log.json().finish().into(),
        })
    }
}

/// A log of what one thread of a test says, until this is dropped.
///
/// `tracing` keeps for each place that logs whether anybody listens. With one listener it asks the
/// thread that comes by first, and where that is another test's, the place stays silent for all. A
/// second listener, deaf and known first, makes it ask them both.
#[cfg(any(test, feature = "proof"))]
pub struct Overheard {
    _log: tracing::dispatcher::DefaultGuard,
    _deaf: Dispatch,
}

#[cfg(any(test, feature = "proof"))]
impl Overheard {
    #[must_use]
    pub fn by(log: impl Into<Dispatch>) -> Self {
        let deaf = Dispatch::new(tracing::subscriber::NoSubscriber::new());
        Self {
            _log: tracing::dispatcher::set_default(&log.into()),
            _deaf: deaf,
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;
    use crate::trace::Trace;

    #[test]
    fn only_where_a_filter_goes_by_spans_is_more_logged_within_one_than_outside() {
        for (filter, outside, within) in [
            ("info", true, true),
            ("info,lapor::message=off", false, false),
            ("warn", false, false),
            ("warn,[message]=info", false, true),
        ] {
            let settings = LogSettings {
                filter: filter.into(),
                ..LogSettings::default()
            };
            let _log = Overheard::by(settings.to(std::io::sink, false).unwrap());
            let is_logged = || tracing::enabled!(target: "lapor::message", Level::INFO);
            assert_eq!(is_logged(), outside, "{filter}");
            assert_eq!(
                Trace::begin().span().in_scope(is_logged),
                within,
                "{filter}"
            );
            assert_eq!(settings.follows_spans(), outside != within, "{filter}");
        }
    }
}
