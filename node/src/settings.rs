//! `node.toml`: one struct per section, a default and a sentence for each field.
//!
//! Relative paths are relative to the file. `LAPOR_NODE__SECTION__FIELD` in the
//! environment overrides a field. Parsing is pure; nothing is opened here.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use lapor_protocol::kinds::Category;
use lapor_web::accounts::{self, HashCost};
use lapor_web::environment::{ListField, take_lists};
use lapor_web::log::LogSettings;
use lapor_web::monitor::Listen;
use lapor_web::public_url::site;
use lapor_web::sign_on::{SignOn, SignOnSettings};
use lapor_web::spans::TraceSettings;
use serde::{Deserialize, Serialize};

use crate::bridge::BridgeSettings;
use crate::channels::ChannelSettings;
use crate::cities::CitySettings;
use crate::deadlines::DeadlineSettings;
use crate::hooks::WebhookSettings;
use crate::post::MailSettings;
use crate::staff::StaffRole;

pub use lapor_web::public_url::PublicUrl;

const PREFIX: &str = "LAPOR_NODE";
/// Fields that are lists, with what stands between their parts in the environment; the names of
/// categories have commas.
const LISTS: [ListField; 4] = [
    ("accounts.second_factor", ','),
    ("accounts.proxies", ','),
    ("categories.evidence", ';'),
    ("categories.supervision", ';'),
];

/// Why a configuration cannot be used; the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(
        "there is no configuration at {0}; make one with `lapor-node init` or name another with --config"
    )]
    Missing(PathBuf),
    #[error(
        "{0} may not be read by this user; run the command as the user lapor-node, for instance with `sudo -u lapor-node`"
    )]
    Denied(PathBuf),
    #[error("{path}: {problem}")]
    Unreadable { path: PathBuf, problem: String },
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub node: NodeSettings,
    pub database: DatabaseSettings,
    pub api: ApiSettings,
    pub accounts: AccountSettings,
    pub single_sign_on: SignOnSettings<StaffRole>,
    pub portal: PortalSettings,
    pub link: LinkSettings,
    pub deadlines: DeadlineSettings,
    pub mail: MailSettings,
    pub channels: ChannelSettings,
    pub webhooks: WebhookSettings,
    pub monitor: MonitorSettings,
    pub categories: CategorySettings,
    pub answers: AnswerSettings,
    pub erasure: ErasureSettings,
    pub open311: Open311Settings,
    /// Cities whose own Open311 services are followed and fed.
    pub cities: Vec<CitySettings>,
    pub bridge: Box<BridgeSettings>,
    pub log: LogSettings,
    pub traces: TraceSettings,
}

/// Where the node keeps what is its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeSettings {
    /// Keys and certificates; only the node's user may read it.
    pub keys: PathBuf,
    /// Attachments, encrypted, and uploads that wait to be used.
    pub blobs: PathBuf,
    /// Bytes of pictures of the programmes of other institutions, at most; beyond it
    /// their programmes are shown without.
    pub picture_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// `sqlite://node.db` (embedded) or `postgres://user@host/name?sslmode=verify-full`.
    pub url: String,
}

/// The API for applications and officers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiSettings {
    pub listen: SocketAddr,
    /// Bytes of one upload, at most.
    pub upload_bytes: u64,
    /// Bytes of all files together that citizens have sent and no report has used yet, at most.
    pub waiting_bytes: u64,
    /// The same for officers and applications, but for what waits with drafted answers.
    pub staff_waiting_bytes: u64,
}

/// Accounts of the officers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountSettings {
    /// Minutes after which a session that is not used ends.
    pub idle_minutes: u32,
    /// Minutes after which a session ends, however it is used.
    pub longest_minutes: u32,
    /// Roles that must have a second factor: `admin`, `officer`, `leader`, `identity_keeper`.
    pub second_factor: Vec<StaffRole>,
    /// KiB of memory that one hash of a password takes (Argon2id).
    #[serde(deserialize_with = "accounts::memory_kib")]
    pub hash_memory_kib: u32,
    /// Addresses of proxies before this node, whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
}

/// The pages for citizens and officers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PortalSettings {
    /// Where people open the pages, such as `https://lapor.bandung.go.id`.
    /// With `https`, cookies are sent by nothing else.
    pub public_url: Option<PublicUrl>,
    /// The national portal, such as `https://www.lapor.go.id`, to which every page leads: reports
    /// about this institution are taken in there that it must not see.
    pub national_url: Option<PublicUrl>,
    /// What the institution is called on the pages, if not as in the directory.
    pub name: Option<String>,
    /// How to reach people there, in one or two lines.
    pub contact: Option<String>,
    /// Street tiles for the maps: an MBTiles file with pictures. Without it maps are outlines.
    pub tiles: Option<PathBuf>,
}

/// The connection to the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkSettings {
    /// Messages in one batch, at most.
    pub batch: usize,
    /// Seconds that a long poll may wait; lower it where a proxy cuts idle connections.
    pub long_poll_seconds: u64,
    /// Seconds between two reports of this node's health.
    pub health_seconds: u64,
    /// Seconds between two looks at what nobody rings for: attachments, keys of cases.
    pub sweep_seconds: u64,
    /// Longest pause between two attempts, in seconds.
    pub backoff_cap_seconds: u64,
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

/// What this institution asks of its officers for some categories; a root stands for all below it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CategorySettings {
    /// A proposal to close carries evidence: `["Pekerjaan Umum dan Penataan Ruang/Jalan"]`.
    pub evidence: Vec<Category>,
    /// A superior sees a public answer before it is sent: `["Netralitas ASN"]`.
    pub supervision: Vec<Category>,
}

/// What this institution asks of every public answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswerSettings {
    /// A superior signs each before it is sent, whatever its category; said by the desk where it is
    /// not said here.
    pub approval: Option<bool>,
    /// Bytes of all files together that wait with drafted answers, at most.
    pub waiting_bytes: u64,
}

/// How the words of a report are erased for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErasureSettings {
    /// Days in which a reporter can withdraw what they asked for.
    pub reporter_days: u32,
    /// Days in which what an officer decided can be withdrawn, by the reporter too.
    pub officer_days: u32,
    /// Another administrator confirms what an officer decided.
    pub second_person: bool,
}

/// Open311 GeoReport v2 at `/open311`, for the applications of a city.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Open311Settings {
    /// Whether it is there at all.
    pub enabled: bool,
    /// With what a filing is answered.
    pub answer: Open311Answer,
}

/// With what a filing by Open311 is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Open311Answer {
    /// The number of the request, at once.
    #[default]
    Id,
    /// A token that tells the number once an institution has taken the report up.
    Token,
}

impl Default for ErasureSettings {
    fn default() -> Self {
        Self {
            reporter_days: 3,
            officer_days: 7,
            second_person: false,
        }
    }
}

impl Default for AnswerSettings {
    fn default() -> Self {
        Self {
            approval: None,
            waiting_bytes: 20 * 1024 * 1024 * 1024,
        }
    }
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            keys: "keys".into(),
            blobs: "blobs".into(),
            picture_bytes: 20 * 1024 * 1024 * 1024,
        }
    }
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: "sqlite://node.db".into(),
        }
    }
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8090)),
            upload_bytes: 200 * 1024 * 1024 - 4096 * 1024,
            waiting_bytes: 20 * 1024 * 1024 * 1024,
            staff_waiting_bytes: 20 * 1024 * 1024 * 1024,
        }
    }
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            idle_minutes: 60,
            longest_minutes: 12 * 60,
            second_factor: Vec::new(),
            hash_memory_kib: HashCost::STAFF.memory_kib,
            proxies: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        }
    }
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            batch: 500,
            long_poll_seconds: 25,
            health_seconds: 60,
            sweep_seconds: 5,
            backoff_cap_seconds: 300,
        }
    }
}

impl Default for MonitorSettings {
    fn default() -> Self {
        Self {
            listen: Listen(Some(SocketAddr::from(([127, 0, 0, 1], 8091)))),
            free_disk_bytes: 1 << 30,
        }
    }
}

impl Settings {
    /// Reads the file and the environment, and makes its paths absolute.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        match std::fs::File::open(path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(SettingsError::Denied(path.to_owned()));
            }
            _ if path.is_file() => {}
            _ => return Err(SettingsError::Missing(path.to_owned())),
        }
        let unreadable = |e: config::ConfigError| SettingsError::Unreadable {
            path: path.to_owned(),
            problem: e.to_string(),
        };
        let file = config::File::from(path).format(config::FileFormat::Toml);
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.to_ascii_uppercase().starts_with(PREFIX))
            .collect();
        let settings = Self::read(file, environment).map_err(unreadable)?;
        if let Some(wrong) = settings.traces.wrong() {
            return Err(SettingsError::Unreadable {
                path: path.to_owned(),
                problem: wrong.to_owned(),
            });
        }
        let folder = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        Ok(settings.below(folder))
    }

    /// Reads a file and overrides; names of overrides as in the environment.
    fn read(
        file: impl config::Source + Send + Sync + 'static,
        mut overrides: HashMap<String, String>,
    ) -> Result<Self, config::ConfigError> {
        let lists = take_lists(&mut overrides, PREFIX, &LISTS);
        let environment = config::Environment::with_prefix(PREFIX)
            .separator("__")
            .source(Some(overrides.into_iter().collect()));
        let mut builder = config::Config::builder()
            .add_source(file)
            .add_source(environment);
        for (field, parts) in lists {
            builder = builder.set_override(field, parts)?;
        }
        builder.build()?.try_deserialize()
    }

    /// Whether people reach the portal over TLS.
    pub fn is_https(&self) -> bool {
        let public_url = self.portal.public_url.as_ref();
        public_url.is_some_and(PublicUrl::is_https)
    }

    /// The way in by the institution's own provider of identities.
    pub fn sign_on(&self) -> SignOn {
        let site = self.portal.public_url.as_ref();
        SignOn::of(&self.single_sign_on, site.map(ToString::to_string))
    }

    /// Where people find the portal, without a slash at the end: as the operator
    /// says, else as a browser on this machine opens what listens there.
    pub fn site(&self, listening: SocketAddr) -> String {
        site(self.portal.public_url.as_ref(), listening)
    }

    /// The same settings with relative paths taken from `folder`.
    #[must_use]
    pub fn below(mut self, folder: &Path) -> Self {
        self.node.keys = folder.join(&self.node.keys);
        self.node.blobs = folder.join(&self.node.blobs);
        self.portal.tiles = self.portal.tiles.map(|file| folder.join(file));
        self.mail.below(folder);
        self.channels.below(folder);
        self.webhooks.below(folder);
        for city in &mut self.cities {
            city.below(folder);
        }
        self.bridge.below(folder);
        self.single_sign_on.below(folder);
        if let Some(file) = self.database.url.strip_prefix("sqlite://") {
            self.database.url = format!("sqlite://{}", folder.join(file).display());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_does_not_exist_can_need_no_second_factor() {
        let read = |text: &str| {
            let file = config::File::from_str(text, config::FileFormat::Toml);
            let read = config::Config::builder().add_source(file).build().unwrap();
            read.try_deserialize::<Settings>()
        };
        let good = read("[accounts]\nsecond_factor = [\"admin\", \"identity_keeper\"]").unwrap();
        let wanted = [StaffRole::Admin, StaffRole::IdentityKeeper];
        assert_eq!(good.accounts.second_factor, wanted);
        assert!(read("[accounts]\nsecond_factor = [\"Admin\"]").is_err());
    }

    #[test]
    fn lists_in_the_environment_override_the_file() {
        let file = config::File::from_str(
            "[accounts]\nproxies = [\"10.0.0.1\"]",
            config::FileFormat::Toml,
        );
        let overrides = [
            (
                "LAPOR_NODE__ACCOUNTS__SECOND_FACTOR",
                "admin,identity_keeper",
            ),
            ("LAPOR_NODE__ACCOUNTS__PROXIES", "10.0.0.2"),
            (
                "LAPOR_NODE__CATEGORIES__EVIDENCE",
                "Pertanian, Perikanan/Irigasi; Kesehatan",
            ),
            ("LAPOR_NODE__PORTAL__CONTACT", "0800"),
            ("LAPOR_NODE__LINK__BATCH", "20"),
        ];
        let overrides = overrides.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let read = Settings::read(file, overrides.into()).unwrap();
        let wanted = [StaffRole::Admin, StaffRole::IdentityKeeper];
        assert_eq!(read.accounts.second_factor, wanted);
        assert_eq!(read.accounts.proxies, [IpAddr::from([10, 0, 0, 2])]);
        let evidence = read.categories.evidence.iter().map(Category::as_str);
        let evidence: Vec<&str> = evidence.collect();
        assert_eq!(evidence, ["Pertanian, Perikanan/Irigasi", "Kesehatan"]);
        assert_eq!(read.portal.contact.as_deref(), Some("0800"));
        assert_eq!(read.link.batch, 20);
    }

    #[test]
    fn a_site_can_be_opened_wherever_the_node_listens() {
        let mut settings = Settings::default();
        for (listening, site) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            ("[::]:8080", "http://127.0.0.1:8080"),
            ("10.0.0.5:80", "http://10.0.0.5:80"),
            ("[::1]:9", "http://[::1]:9"),
        ] {
            assert_eq!(settings.site(listening.parse().unwrap()), site);
        }
        settings.portal.public_url =
            PublicUrl::try_from("https://lapor.example.id/".to_owned()).ok();
        let site = settings.site("0.0.0.0:8080".parse().unwrap());
        assert_eq!(site, "https://lapor.example.id");
    }
}
