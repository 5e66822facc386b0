//! `hub.toml`: one struct per section, a default and a sentence for each field.
//!
//! Relative paths are relative to the file. `LAPOR_HUB__SECTION__FIELD` in the
//! environment overrides a field. Parsing is pure; nothing is opened here.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use lapor_certs::HubUrl;
use lapor_protocol::limits::LONG_POLL_SECONDS;
use lapor_web::environment::{ListField, take_lists};
use lapor_web::log::LogSettings;
use lapor_web::mail::MailSettings;
use lapor_web::monitor::Listen;
use lapor_web::sign_on::SignOnSettings;
use lapor_web::spans::TraceSettings;
use rustls_pki_types::ServerName;
use serde::{Deserialize, Serialize};

use crate::alarms::AlarmSettings;
use crate::console::ConsoleRole;
use crate::watch::Bounds;

pub use crate::console::ConsoleSettings;

const PREFIX: &str = "LAPOR_HUB";
/// Fields that are lists, with what stands between their parts in the environment.
const LISTS: [ListField; 3] = [
    ("names", ','),
    ("console.second_factor", ','),
    ("console.proxies", ','),
];

/// Why a configuration cannot be used; the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(
        "there is no configuration at {0}; make one with `lapor-hub init`, or name another with --config"
    )]
    Missing(PathBuf),
    #[error(
        "{0} may not be read by this user; run the command as the user lapor-hub, for instance with `sudo -u lapor-hub`"
    )]
    Denied(PathBuf),
    #[error("{path} cannot be read: {problem}")]
    Unreadable { path: PathBuf, problem: String },
    #[error("the configuration is wrong: {0}")]
    Wrong(String),
}

/// The whole of `hub.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// DNS names and IP addresses under which nodes reach the hub; its
    /// certificate carries them.
    pub names: Vec<String>,
    pub database: DatabaseSettings,
    pub federation: ListenerSettings,
    pub enrolment: EnrolmentSettings,
    pub storage: StorageSettings,
    pub limits: LimitSettings,
    pub monitor: MonitorSettings,
    pub backup: BackupSettings,
    /// When an institution is yellow, and when red.
    pub watch: Bounds,
    pub console: ConsoleSettings,
    pub single_sign_on: SignOnSettings<ConsoleRole>,
    /// How alarms are told.
    pub alarms: AlarmSettings,
    /// The server to which letters about alarms are handed.
    pub mail: MailSettings,
    pub log: LogSettings,
    pub traces: TraceSettings,
    /// The file from which they were read, which belongs into a backup.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// `sqlite://hub.db` (embedded) or `postgres://user@host/name?sslmode=verify-full`.
    pub url: String,
}

/// One of the two listeners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerSettings {
    /// Address and port on this machine.
    pub listen: SocketAddr,
    /// `https://host[:port]`, as nodes see it.
    pub public_url: HubUrl,
}

/// The listener for newcomers, and whether who joins there must be approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentSettings {
    /// Address and port on this machine.
    pub listen: SocketAddr,
    /// `https://host[:port]`, as nodes see it.
    pub public_url: HubUrl,
    /// Whether whoever joins stands suspended until an operator has approved it; an invitation may
    /// say that it needs none.
    #[serde(default)]
    pub approval: bool,
}

impl From<ListenerSettings> for EnrolmentSettings {
    fn from(listener: ListenerSettings) -> Self {
        Self {
            listen: listener.listen,
            public_url: listener.public_url,
            approval: false,
        }
    }
}

/// Where the hub keeps what is not in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StorageSettings {
    /// The hub's signing key and TLS certificate; only its user may read them.
    pub keys: PathBuf,
    /// Root and issuer of the federation's certificates.
    pub authority: PathBuf,
    /// Attachments, encrypted by their authors.
    pub blobs: PathBuf,
}

/// What one instance, and all together, may ask of the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Envelopes that an instance may send, a second on average.
    pub envelopes_per_second: u32,
    /// Envelopes that an instance may send at once after a silence.
    pub envelope_burst: u32,
    /// Bytes of envelopes and blobs that an instance may send, a second on average.
    pub bytes_per_second: u32,
    /// Bytes that an instance may send at once; at least one batch, 4 MiB.
    pub byte_burst: u32,
    /// Requests of an instance, a second on average.
    pub requests_per_second: u32,
    /// Requests of an instance after a silence.
    pub request_burst: u32,
    /// Requests of an instance, or of a network without a certificate, that
    /// may be under way at once, long polls and answers half sent included.
    pub requests_under_way: usize,
    /// Batches of an instance at once: one is ordered, those behind it are verified meanwhile.
    pub batches_under_way: usize,
    /// Connections of an instance at once; another one ends the oldest.
    pub connections: usize,
    /// Connections from one network that have not said who they are, or
    /// need not, because they join.
    pub strangers_per_network: usize,
    /// Bytes of attachments that the hub keeps for one instance.
    pub blob_quota_bytes: u64,
    /// Bytes of pictures of programmes that the hub keeps for one instance. Every
    /// other may fetch them, so that this is what one can ask of all.
    pub picture_quota_bytes: u64,
    /// Requests from one network without a certificate (to join, to recover a
    /// certificate), a second on average.
    pub joins_per_second: u32,
    /// Requests from one network without a certificate at once.
    pub join_burst: u32,
    /// Requests without a certificate from all networks together, a second.
    pub all_joins_per_second: u32,
    /// Batches that wait to be ordered; beyond it the hub says `overloaded` to whoever has one waiting
    /// already.
    pub queued_batches: usize,
    /// Messages of recent cases that are kept in memory.
    pub cached_messages: usize,
    /// Seconds between two pieces of a request's body, and that a batch waits for the one in front
    /// of it.
    pub body_seconds: u64,
    /// Seconds for requests under way to end when the hub stops.
    pub drain_seconds: u64,
    /// Seconds after its start in which a hub that was restored gives nothing a place before all
    /// active institutions have been heard: one of them may hold what had that place.
    pub listen_seconds: u64,
}

/// The listener for monitoring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MonitorSettings {
    /// `/healthz`, `/readyz` and `/metrics`, for this machine or a network of
    /// the operators' own; `off` for nowhere.
    pub listen: Listen,
    /// With fewer free bytes than these the program is not ready.
    pub free_disk_bytes: u64,
}

/// Backups that the console makes and tries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackupSettings {
    /// Folder of which each folder is a backup, best on another disk; without it the console makes
    /// none and shows none.
    pub folder: Option<PathBuf>,
    /// Folder for what a trial restore unpacks; made for it and removed after it.
    pub scratch: PathBuf,
    /// Days after which the latest backup in `folder` is restored on trial by itself; 0 for never.
    pub trial_days: u32,
    /// The hour at which that is done, 0 to 23 by the clocks of the capital.
    pub trial_hour: u32,
}

impl Default for BackupSettings {
    fn default() -> Self {
        Self {
            folder: None,
            scratch: "trial".into(),
            trial_days: 7,
            trial_hour: 4,
        }
    }
}

impl BackupSettings {
    /// Whether backups are tried by themselves.
    pub fn tries(&self) -> bool {
        self.folder.is_some() && self.trial_days > 0
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            names: vec!["localhost".into(), "127.0.0.1".into()],
            database: DatabaseSettings::default(),
            federation: listener(7443),
            enrolment: listener(7444).into(),
            storage: StorageSettings::default(),
            limits: LimitSettings::default(),
            monitor: MonitorSettings::default(),
            watch: Bounds::default(),
            console: ConsoleSettings::default(),
            single_sign_on: SignOnSettings::default(),
            alarms: AlarmSettings::default(),
            mail: MailSettings::default(),
            log: LogSettings::default(),
            traces: TraceSettings::default(),
            backup: BackupSettings::default(),
            file: None,
        }
    }
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: "sqlite://hub.db".into(),
        }
    }
}

impl Default for ListenerSettings {
    fn default() -> Self {
        listener(7443)
    }
}

impl Default for StorageSettings {
    fn default() -> Self {
        Self {
            keys: "keys".into(),
            authority: "authority".into(),
            blobs: "blobs".into(),
        }
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            envelopes_per_second: 20_000,
            envelope_burst: 40_000,
            bytes_per_second: 64 << 20,
            byte_burst: 128 << 20,
            requests_per_second: 1000,
            request_burst: 4000,
            requests_under_way: 64,
            batches_under_way: 4,
            connections: 32,
            strangers_per_network: 200,
            blob_quota_bytes: 50 << 30,
            picture_quota_bytes: 2 << 30,
            joins_per_second: 10,
            join_burst: 200,
            all_joins_per_second: 100,
            queued_batches: 1024,
            cached_messages: 100_000,
            body_seconds: 30,
            drain_seconds: 10,
            listen_seconds: 300,
        }
    }
}

impl Default for MonitorSettings {
    fn default() -> Self {
        Self {
            listen: Listen(Some(SocketAddr::from(([127, 0, 0, 1], 7445)))),
            free_disk_bytes: 1 << 30,
        }
    }
}

impl Settings {
    /// Reads the file and the process's environment, and makes paths absolute.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        match std::fs::File::open(path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(SettingsError::Denied(path.to_owned()));
            }
            _ if path.is_file() => {}
            _ => return Err(SettingsError::Missing(path.to_owned())),
        }
        let unreadable = |error: std::io::Error| SettingsError::Unreadable {
            path: path.to_owned(),
            problem: error.to_string(),
        };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let folder = folder.canonicalize().map_err(unreadable)?;
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        let mut settings = Self::parse(&text, environment)?.below(&folder);
        settings.file = path.file_name().map(|name| folder.join(name));
        Ok(settings)
    }

    /// Reads a text and overrides; names of overrides as in the environment.
    pub fn parse(
        text: &str,
        mut overrides: HashMap<String, String>,
    ) -> Result<Self, SettingsError> {
        let wrong = |error: config::ConfigError| SettingsError::Wrong(error.to_string());
        let lists = take_lists(&mut overrides, PREFIX, &LISTS);
        let environment = config::Environment::with_prefix(PREFIX)
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true)
            .source(Some(overrides.into_iter().collect()));
        let mut builder = config::Config::builder()
            .add_source(config::File::from_str(text, config::FileFormat::Toml))
            .add_source(environment);
        for (field, parts) in lists {
            builder = builder.set_override(field, parts).map_err(wrong)?;
        }
        let settings: Self = builder
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(wrong)?;
        settings.check()?;
        Ok(settings)
    }

    /// The same settings with relative paths taken from `folder`.
    #[must_use]
    pub fn below(mut self, folder: &Path) -> Self {
        let storage = &mut self.storage;
        for path in [
            &mut storage.keys,
            &mut storage.authority,
            &mut storage.blobs,
        ] {
            *path = folder.join(&*path);
        }
        self.backup.scratch = folder.join(&self.backup.scratch);
        if let Some(shelf) = &mut self.backup.folder {
            *shelf = folder.join(&*shelf);
        }
        self.single_sign_on.below(folder);
        self.alarms.below(folder);
        self.mail.below(folder);
        if let Some(file) = self.database.url.strip_prefix("sqlite://") {
            self.database.url = format!("sqlite://{}", folder.join(file).display());
        }
        self
    }

    /// The names as TLS wants them.
    pub fn server_names(&self) -> Result<Vec<ServerName<'static>>, SettingsError> {
        let read = |name: &String| {
            ServerName::try_from(name.clone()).map_err(|_| {
                SettingsError::Wrong(format!(
                    "names: {name:?} is neither a DNS name nor an IP address"
                ))
            })
        };
        self.names.iter().map(read).collect()
    }

    fn check(&self) -> Result<(), SettingsError> {
        let names = self.server_names()?;
        for (section, public_url) in [
            ("federation", &self.federation.public_url),
            ("enrolment", &self.enrolment.public_url),
        ] {
            if !names.contains(&public_url.server_name()) {
                return Err(SettingsError::Wrong(format!(
                    "{section}.public_url: its host must stand in `names`, or no node will trust the hub there"
                )));
            }
        }
        if let Some(field) = self.watch.confused() {
            return Err(SettingsError::Wrong(format!(
                "watch.{field}: yellow must come before red"
            )));
        }
        // An institution that only listens is heard anew when its poll ends.
        if self.watch.silent_seconds.yellow <= LONG_POLL_SECONDS as i64 {
            return Err(SettingsError::Wrong(format!(
                "watch.silent_seconds: yellow must be more than {LONG_POLL_SECONDS}, for so long a poll lasts; a sound institution would come and go as silent"
            )));
        }
        if let Some(field) = self.alarms.wrong() {
            return Err(SettingsError::Wrong(format!(
                "alarms.{field}: must be at least 1"
            )));
        }
        if self.backup.trial_hour > 23 {
            let wrong = "backup.trial_hour: an hour of the day, 0 to 23";
            return Err(SettingsError::Wrong(wrong.to_owned()));
        }
        if let Some(wrong) = self.traces.wrong() {
            return Err(SettingsError::Wrong(wrong.to_owned()));
        }
        let limits = &self.limits;
        let batch = lapor_protocol::limits::BATCH_BYTES as u32;
        let envelopes = lapor_protocol::limits::BATCH_ENVELOPES as u32;
        let (field, least) = match () {
            () if limits.byte_burst < batch => ("byte_burst", batch),
            () if limits.envelope_burst < envelopes => ("envelope_burst", envelopes),
            () if limits.bytes_per_second == 0 => ("bytes_per_second", 1),
            () if limits.envelopes_per_second == 0 => ("envelopes_per_second", 1),
            () if limits.requests_per_second == 0 => ("requests_per_second", 1),
            () if limits.request_burst == 0 => ("request_burst", 1),
            // A node polls three streams while it sends and fetches.
            () if limits.requests_under_way < 8 => ("requests_under_way", 8),
            () if limits.batches_under_way == 0 => ("batches_under_way", 1),
            () if limits.connections == 0 => ("connections", 1),
            () if limits.strangers_per_network == 0 => ("strangers_per_network", 1),
            () if limits.joins_per_second == 0 => ("joins_per_second", 1),
            () if limits.join_burst == 0 => ("join_burst", 1),
            () if limits.all_joins_per_second == 0 => ("all_joins_per_second", 1),
            () if limits.queued_batches == 0 => ("queued_batches", 1),
            () => return Ok(()),
        };
        Err(SettingsError::Wrong(format!(
            "limits.{field} must be at least {least}"
        )))
    }
}

fn listener(port: u16) -> ListenerSettings {
    let url = format!("https://localhost:{port}");
    ListenerSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], port)),
        public_url: url.parse().expect("the default address is one"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let read = Settings::parse(
            "names = [\"a.test\"]\n[database]\nurl = \"sqlite://x.db\"",
            overrides(&[
                ("LAPOR_HUB__DATABASE__URL", "sqlite://other.db"),
                ("LAPOR_HUB__NAMES", "localhost,hub.test"),
                ("LAPOR_HUB__CONSOLE__PROXIES", ""),
                ("LAPOR_HUB__LIMITS__DRAIN_SECONDS", "3"),
                ("LAPOR_HUB__MONITOR__LISTEN", "off"),
            ]),
        )
        .unwrap();
        assert_eq!(read.names, ["localhost", "hub.test"]);
        assert!(read.console.proxies.is_empty());
        assert_eq!(read.limits.drain_seconds, 3);
        assert_eq!(read.monitor.listen.0, None);
        let below = read.below(Path::new("/srv/hub"));
        assert_eq!(below.database.url, "sqlite:///srv/hub/other.db");
        assert_eq!(below.storage.keys, Path::new("/srv/hub/keys"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            ("nonsense = 1", "nonsense"),
            ("[limits]\nbyte_burst = 10", "byte_burst"),
            ("names = [\"hub.test\"]", "public_url"),
            ("names = [\"not a name\"]", "names"),
            ("[monitor]\nlisten = \"nowhere\"", "nowhere"),
            ("[backup]\ntrial_hour = 24", "trial_hour"),
            (
                "[watch]\nsilent_seconds = { yellow = 25, red = 900 }",
                "more than 25",
            ),
            (
                "[federation]\nlisten = \"127.0.0.1:1\"\npublic_url = \"http://x\"",
                "https",
            ),
        ] {
            let error = Settings::parse(text, HashMap::new()).unwrap_err();
            assert!(error.to_string().contains(named), "{text}: {error}");
        }
    }
}
