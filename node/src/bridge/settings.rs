//! `[bridge]`: where SP4N-LAPOR! is, and how it is spoken to. Its shape is published nowhere, so that
//! paths, heads and names of states are settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lapor_web::secret_file::SecretFileError;
use serde::{Deserialize, Serialize};

/// The bridge to SP4N-LAPOR!. Its HTTP side is on when `base_url` is set; tables need nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BridgeSettings {
    /// Where it is, such as `https://api-splp.layanan.go.id/lapor/3.0.0`.
    pub base_url: Option<String>,
    /// Name of the head with the key of the gateway, which is sent behind `Bearer`.
    pub auth_header: String,
    /// File whose first line is that key.
    pub auth_file: Option<PathBuf>,
    /// Name of the head with the institution's own token.
    pub token_header: String,
    /// File whose first line is that token.
    pub token_file: Option<PathBuf>,
    /// Path of one complaint; `{id}` is its number.
    pub complaint_path: String,
    /// Path of the follow-ups of a complaint; empty where they come with the complaint.
    pub follow_ups_path: String,
    /// Path to which a follow-up is handed over.
    pub follow_up_path: String,
    /// Path of the institutions.
    pub institutions_path: String,
    /// Path of a list of complaints, where there is one: what is new in it is brought by itself.
    pub list_path: Option<String>,
    /// Whether answers and reports are handed over by themselves, an answer when its complaint is
    /// asked for again.
    pub hand_over: bool,
    /// Fields that are sent with each follow-up, such as `institution_from_id`.
    pub follow_up_fields: BTreeMap<String, String>,
    /// Path to which a report filed here is handed over, where there is one.
    pub complaint_add_path: Option<String>,
    /// Fields of such a report there; in a text `{title}` and its like stand for what the report says.
    /// Where none is named, those by which complaints are read.
    pub complaint_fields: BTreeMap<String, String>,
    /// What kinds, categories and regions are called there, where that is not their name.
    pub complaint_values: BTreeMap<String, String>,
    /// What states there are called that the program does not know, or are to mean something else.
    pub statuses: BTreeMap<String, Reached>,
    /// Hours after which a complaint that is followed is asked for again.
    pub follow_hours: u32,
    /// Complaints that are asked for in one go, at most.
    pub each_round: u32,
}

/// How far a case is brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// It came in.
    Received,
    /// It was taken up as a report.
    Verified,
    /// It is being worked on.
    InProgress,
    /// It ended with an answer there.
    Done,
    /// It ended there without one.
    Rejected,
}

/// What is wrong with `[bridge]`; the operator's to mend. Never says a secret.
#[derive(Debug, thiserror::Error)]
pub enum BridgeSettingsError {
    #[error("bridge.base_url: {0} is no address such as https://example.org/lapor")]
    Base(String),
    #[error("bridge.{0}: needed where bridge.base_url is set")]
    Needed(&'static str),
    #[error("bridge.{field}: {problem}")]
    File {
        field: &'static str,
        problem: SecretFileError,
    },
    #[error("bridge.{0}: the name or the first line of the file cannot stand in a head of HTTP")]
    Head(&'static str),
    #[error("bridge.{0}: expected a path with {{id}} where the number of the complaint stands")]
    Path(&'static str),
    #[error(
        "bridge.list_path: needed where bridge.complaint_add_path is set; what was sent without an answer is looked for there before it is sent again"
    )]
    List,
    #[error("bridge.complaint_fields: {0}")]
    Fields(String),
    #[error("bridge.base_url: the way there cannot be prepared: {0}")]
    Way(String),
    #[error("bridge.base_url: not set, and without it there are tables alone; name one with --csv")]
    Off,
}

impl Default for BridgeSettings {
    fn default() -> Self {
        Self {
            base_url: None,
            auth_header: "auth".into(),
            auth_file: None,
            token_header: "token".into(),
            token_file: None,
            complaint_path: "complaints/{id}/complaint".into(),
            follow_ups_path: "complaints/{id}/followups".into(),
            follow_up_path: "complaints/followup/add".into(),
            institutions_path: "masters/institutions/external?page_size=1000".into(),
            list_path: None,
            hand_over: false,
            follow_up_fields: BTreeMap::new(),
            complaint_add_path: None,
            complaint_fields: BTreeMap::new(),
            complaint_values: BTreeMap::new(),
            statuses: BTreeMap::new(),
            follow_hours: 3,
            each_round: 200,
        }
    }
}

impl BridgeSettings {
    /// The same settings with relative paths taken from `folder`.
    pub(crate) fn below(&mut self, folder: &Path) {
        let files = [&mut self.auth_file, &mut self.token_file];
        for path in files.into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }
}
