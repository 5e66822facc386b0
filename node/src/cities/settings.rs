//! `[[cities]]`: which cities' own Open311 services are followed and fed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use lapor_protocol::kinds::Category;
use lapor_web::secret_file::{self, SecretFileError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::channels::address;

/// The service of a city, GeoReport v2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitySettings {
    /// A short name that stays: small letters, digits and hyphens.
    pub name: String,
    /// What people call it; the short name if that is missing.
    #[serde(default)]
    pub title: Option<String>,
    /// Where its `services` and `requests` are, such as `https://311.example.go.id/open311/v2`.
    pub url: String,
    /// Which city, where the service is that of several.
    #[serde(default)]
    pub jurisdiction: Option<String>,
    /// File whose first line is the key under which cases are fed.
    #[serde(default)]
    pub api_key_file: Option<PathBuf>,
    /// In which of the two formats it is asked.
    #[serde(default)]
    pub format: Format,
    /// Whether its requests become cases here.
    #[serde(default = "yes")]
    pub follow: bool,
    /// Whether cases of the categories in `map` become requests there.
    #[serde(default)]
    pub feed: bool,
    /// The day from which on requests are followed and cases fed; without it from when the city was
    /// first asked.
    #[serde(default)]
    pub since: Option<NaiveDate>,
    /// What is made of it when the city closes a request.
    #[serde(default)]
    pub on_closed: Closing,
    /// What is made of it when the city says something else of an open one.
    #[serde(default)]
    pub on_progress: Progress,
    /// Seconds between two looks.
    #[serde(default = "five_minutes")]
    pub poll_seconds: u32,
    /// Requests that one answer of the city holds, at most.
    #[serde(default = "a_thousand")]
    pub most: u32,
    /// What becomes of the pictures of requests.
    #[serde(default)]
    pub media: Media,
    /// What its services are here.
    #[serde(default)]
    pub map: Vec<Mapped>,
}

/// A service of the city and what it is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapped {
    /// Its `service_code`.
    pub code: String,
    /// A category of the national tree; to feed, a first level stands for all below it.
    pub category: Category,
    /// What the service asks for besides, by the codes of its attributes.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// In which format a city is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    #[default]
    Json,
    /// The one that every service has.
    Xml,
}

/// What is made of it when the city closes a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CityClosing)]
pub enum Closing {
    /// A follow-up that proposes to close.
    #[default]
    Propose,
    /// A note for the officers.
    Note,
}

/// What is made of it when the city says something of an open request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CityProgress)]
pub enum Progress {
    /// A follow-up, for the reporter and the public.
    Answer,
    /// A note for the officers.
    #[default]
    Note,
}

/// What becomes of the pictures of requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Media {
    /// They are fetched, over https and from no address of this machine or of a network that is not
    /// open to everybody.
    #[default]
    Fetch,
    /// They are fetched from this machine too, and over plain HTTP; for trials.
    Local,
    /// Their addresses stand in the text.
    Name,
}

/// What is wrong with `[[cities]]`; the operator's to mend. Never says a key.
#[derive(Debug, thiserror::Error)]
pub enum CitySettingsError {
    #[error("cities.name: {0} is not 1 to 40 small letters, digits and hyphens")]
    Name(String),
    #[error("cities.name: {0} names two cities")]
    Twice(String),
    #[error(
        "cities.url of {city}: {text} is no address such as https://311.example.go.id/open311/v2"
    )]
    Url { city: String, text: String },
    #[error("cities.url of {0}: the key is told over https only, or to this machine")]
    Open(String),
    #[error("cities.api_key_file of {city}: {problem}")]
    Key {
        city: String,
        problem: SecretFileError,
    },
    #[error("cities.{field} of {city}: {problem}")]
    Field {
        city: String,
        field: &'static str,
        problem: &'static str,
    },
    #[error("cities: the way to {city} cannot be prepared: {problem}")]
    Way { city: String, problem: String },
}

fn yes() -> bool {
    true
}

fn five_minutes() -> u32 {
    300
}

fn a_thousand() -> u32 {
    1000
}

impl CitySettings {
    /// What people call it.
    pub fn called(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    /// Where it is, as pages show it: without a query or anything before its host, which may be secret.
    pub fn shown_url(&self) -> String {
        let url = address(&self.url);
        let shown = url.map(|url| format!("{}{}", url.origin().ascii_serialization(), url.path()));
        shown.unwrap_or_default()
    }

    /// The same settings with relative paths taken from `folder`.
    pub(crate) fn below(&mut self, folder: &Path) {
        if let Some(path) = &mut self.api_key_file {
            *path = folder.join(&*path);
        }
    }

    /// What a service of the city is here.
    pub(super) fn category(&self, code: &str) -> Option<&Category> {
        let mut all = self.map.iter();
        all.find(|mapped| mapped.code == code)
            .map(|mapped| &mapped.category)
    }

    /// What a category of here is there: the service of itself, else that of all above it.
    pub(super) fn service(&self, category: &Category) -> Option<&Mapped> {
        let exact = |mapped: &&Mapped| mapped.category == *category;
        let above = |mapped: &&Mapped| mapped.category.as_str() == category.root();
        let mut all = self.map.iter();
        all.clone().find(exact).or_else(|| all.find(above))
    }

    /// The key, if there is one.
    pub(super) fn key(&self) -> Result<Option<String>, CitySettingsError> {
        let read = self.api_key_file.as_deref().map(secret_file::first_line);
        read.transpose().map_err(|problem| CitySettingsError::Key {
            city: self.name.clone(),
            problem,
        })
    }

    pub(super) fn check(&self) -> Result<(), CitySettingsError> {
        let sign = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=40).contains(&self.name.len()) || !self.name.bytes().all(sign) {
            return Err(CitySettingsError::Name(self.name.clone()));
        }
        let wrong = |field, problem| {
            Err(CitySettingsError::Field {
                city: self.name.clone(),
                field,
                problem,
            })
        };
        if self.feed && self.api_key_file.is_none() {
            return wrong("api_key_file", "needed where cases are fed");
        }
        if self.feed && self.map.is_empty() {
            return wrong("map", "needed where cases are fed");
        }
        if self.poll_seconds < 10 {
            return wrong("poll_seconds", "expected 10 or more");
        }
        if self.most < 10 {
            return wrong("most", "expected 10 or more");
        }
        if self.map.iter().any(|mapped| mapped.code.is_empty()) {
            return wrong("map", "a code is empty");
        }
        Ok(())
    }
}
