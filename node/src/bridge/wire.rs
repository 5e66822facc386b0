//! The HTTP side of SP4N-LAPOR!: complaints, follow-ups and institutions are fetched, and follow-ups
//! and reports handed over. It is asked one thing after the other, within the bounds of every provider.

use std::path::PathBuf;

use lapor_web::secret_file;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{RequestBuilder, Url};
use serde_json::Value;

use super::form;
use super::record::Record;
use super::settings::{BridgeSettings, BridgeSettingsError};
use super::shape::{self, is_number};
use crate::chance::random;
use crate::channels::provider::{Provider, address};

/// Pages of one list, at most.
const PAGES: i64 = 200;
const PLACE: &str = "{id}";

/// The other side.
pub struct Sp4n {
    way: Provider,
    heads: HeaderMap,
    settings: BridgeSettings,
}

/// What a complaint is called there, as far as that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// For programs.
    pub id: Option<String>,
    /// The one that citizens know.
    pub tracking: Option<String>,
}

/// Why something was not told. Says no secret, no address and no words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// It will be told another time: to all that is asked.
    #[error("SP4N-LAPOR! does not answer: {0}")]
    Down(String),
    #[error("SP4N-LAPOR! has nothing under this number")]
    Gone,
    #[error("SP4N-LAPOR! refuses it with {0}")]
    Refused(u16),
    #[error("SP4N-LAPOR! answers what cannot be read: {0}")]
    Unread(&'static str),
}

impl Sp4n {
    /// The other side, where an address is set.
    pub fn of(settings: &BridgeSettings) -> Result<Option<Self>, BridgeSettingsError> {
        let Some(base) = &settings.base_url else {
            return Ok(None);
        };
        if address(base).is_none() {
            return Err(BridgeSettingsError::Base(base.clone()));
        }
        for (field, path) in [
            ("complaint_path", &settings.complaint_path),
            ("follow_ups_path", &settings.follow_ups_path),
        ] {
            let without = field == "follow_ups_path" && path.is_empty();
            if !path.contains(PLACE) && !without {
                return Err(BridgeSettingsError::Path(field));
            }
        }
        if settings.complaint_add_path.is_some() {
            if settings.list_path.is_none() {
                return Err(BridgeSettingsError::List);
            }
            let fields = form::in_force(&settings.complaint_fields);
            form::check(&fields).map_err(BridgeSettingsError::Fields)?;
        }
        let way = Provider::at("base_url", base);
        let way = way.map_err(|error| BridgeSettingsError::Way(error.to_string()))?;
        Ok(Some(Self {
            way,
            heads: heads(settings)?,
            settings: settings.clone(),
        }))
    }

    /// A complaint, and what the same answer says of its follow-ups.
    pub async fn complaint(&self, id: &str) -> Result<(Record, Vec<Record>), Unheard> {
        let told = self
            .get(&of_one(&self.settings.complaint_path, id)?)
            .await?;
        let results = told.get("results").unwrap_or(&told);
        let data = results.get("data").unwrap_or(results);
        if !data.is_object() {
            return Err(Unheard::Unread("no object in `results.data`"));
        }
        let logs = results.get("data_logs").and_then(Value::as_array);
        let logs = logs.into_iter().flatten().map(Record::of_json);
        Ok((Record::of_json(data), logs.collect()))
    }

    /// The follow-ups of a complaint. `beside` came with it, where there is no list of them.
    pub async fn follow_ups(&self, id: &str, beside: Vec<Record>) -> Result<Vec<Record>, Unheard> {
        if self.settings.follow_ups_path.is_empty() {
            return Ok(beside);
        }
        self.pages(&of_one(&self.settings.follow_ups_path, id)?)
            .await
    }

    pub async fn institutions(&self) -> Result<Vec<Record>, Unheard> {
        self.pages(&self.settings.institutions_path).await
    }

    /// What complaints there are, where there is a list of them.
    pub async fn list(&self) -> Result<Option<Vec<Record>>, Unheard> {
        match &self.settings.list_path {
            Some(path) => self.pages(path).await.map(Some),
            None => Ok(None),
        }
    }

    /// One page of that list, from 1, and whether there is another behind it.
    pub async fn listed(&self, page: i64) -> Result<(Vec<Record>, bool), Unheard> {
        match &self.settings.list_path {
            Some(path) => self.page(path, page).await,
            None => Ok((Vec::new(), false)),
        }
    }

    /// Hands a follow-up over; says what number it has got there, if that is told.
    pub async fn tell(&self, id: &str, text: &str) -> Result<Option<String>, Unheard> {
        let fields = self.settings.follow_up_fields.iter();
        let fields = fields.map(|(name, value)| (name.as_str(), value.as_str()));
        let own = [("complaint_id", id), ("is_secret", "0"), ("content", text)];
        let url = self.way.url(&self.settings.follow_up_path);
        let url = url.ok_or(Unheard::Unread("follow_up_path is no path"))?;
        let told = self.hand_in(url, in_parts(fields.chain(own))).await?;
        Ok(told.told(&["id", "followup_id"]).map(str::to_owned))
    }

    /// Files a report with these fields; says what it is called there.
    pub async fn file(&self, fields: &[(String, String)]) -> Result<Numbers, Unheard> {
        let path = self.settings.complaint_add_path.as_deref();
        let url = path.and_then(|path| self.way.url(path));
        let url = url.ok_or(Unheard::Unread("complaint_add_path is no path"))?;
        let fields = fields.iter();
        let fields = fields.map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(Numbers::of(&self.hand_in(url, in_parts(fields)).await?))
    }

    /// Hands a form over; answers with what is told of it.
    async fn hand_in(&self, url: Url, form: Form) -> Result<Record, Unheard> {
        let request = self.way.post(url).header(CONTENT_TYPE, form.kind);
        let told = self.ask(request.body(form.body)).await?;
        let results = told.get("results").unwrap_or(&told);
        Ok(Record::of_json(results.get("data").unwrap_or(results)))
    }

    /// All pages of a list.
    async fn pages(&self, path: &str) -> Result<Vec<Record>, Unheard> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let (records, goes_on) = self.page(path, page).await?;
            all.extend(records);
            if !goes_on {
                return Ok(all);
            }
        }
        Err(Unheard::Unread("a list without an end"))
    }

    /// One page of a list, and whether there is another. Which is next is counted here: an answer
    /// leads nowhere else.
    async fn page(&self, path: &str, page: i64) -> Result<(Vec<Record>, bool), Unheard> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let told = self.get(&format!("{path}{sign}page={page}")).await?;
        let results = told.get("results").unwrap_or(&told);
        let data = results.get("data").unwrap_or(results);
        let list = data
            .as_array()
            .ok_or(Unheard::Unread("no list in `results.data`"))?;
        let more = results.get("next_page_url").is_some_and(Value::is_string);
        let records = list.iter().map(Record::of_json).collect();
        Ok((records, more && !list.is_empty()))
    }

    async fn get(&self, path: &str) -> Result<Value, Unheard> {
        let url = self.way.url(path);
        let url = url.ok_or(Unheard::Unread("a path of the settings is none"))?;
        self.ask(self.way.get(url)).await
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Value, Unheard> {
        let request = request.headers(self.heads.clone());
        let answer = self.way.ask(request).await.map_err(Unheard::Down)?;
        match answer.status {
            200..=299 => serde_json::from_slice(&answer.body)
                .map_err(|_| Unheard::Unread("the answer is not JSON")),
            404 | 410 => Err(Unheard::Gone),
            401 | 403 => {
                let status = answer.status;
                let why = format!("{status}; see bridge.auth_file and bridge.token_file");
                Err(Unheard::Down(why))
            }
            // A redirect is not followed: the keys would go elsewhere.
            status @ (300..=399 | 408 | 429 | 500..) => Err(Unheard::Down(status.to_string())),
            status => Err(Unheard::Refused(status)),
        }
    }
}

impl Numbers {
    pub fn of(record: &Record) -> Self {
        let tracking = record.told(shape::TRACKING);
        Self {
            id: record.told(shape::ID).map(str::to_owned),
            tracking: tracking.map(|number| number.trim_start_matches('#').to_owned()),
        }
    }
}

/// The path of one complaint.
fn of_one(path: &str, id: &str) -> Result<String, Unheard> {
    if is_number(id) {
        Ok(path.replace(PLACE, id))
    } else {
        Err(Unheard::Unread("the number has signs that no number has"))
    }
}

fn heads(settings: &BridgeSettings) -> Result<HeaderMap, BridgeSettingsError> {
    let mut heads = HeaderMap::new();
    heads.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let of_file = |field: &'static str, path: Option<&PathBuf>| {
        let path = path.ok_or(BridgeSettingsError::Needed(field))?;
        secret_file::first_line(path)
            .map_err(|problem| BridgeSettingsError::File { field, problem })
    };
    let key = format!(
        "Bearer {}",
        of_file("auth_file", settings.auth_file.as_ref())?
    );
    let token = of_file("token_file", settings.token_file.as_ref())?;
    for (field, name, value) in [
        ("auth_header", &settings.auth_header, key),
        ("token_header", &settings.token_header, token),
    ] {
        let wrong = || BridgeSettingsError::Head(field);
        let name = HeaderName::try_from(name).map_err(|_| wrong())?;
        let mut value = HeaderValue::try_from(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        heads.insert(name, value);
    }
    Ok(heads)
}

/// A form in parts, without files.
struct Form {
    kind: String,
    body: String,
}

fn in_parts<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Form {
    let border = format!("lapor-{}", hex::encode(random::<16>()));
    let parts = fields.map(|(name, value)| {
        let name = name.replace(['"', '\r', '\n'], "_");
        format!("--{border}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    Form {
        body: parts.collect::<String>() + &format!("--{border}--\r\n"),
        kind: format!("multipart/form-data; boundary={border}"),
    }
}
