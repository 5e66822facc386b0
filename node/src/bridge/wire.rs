//! The HTTP side of SP4N-LAPOR!: complaints, follow-ups and institutions are fetched, and follow-ups
//! handed over. It is asked one thing after the other, within the bounds of every provider.

use std::path::PathBuf;

use lapor_web::secret_file;
use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::record::Record;
use super::settings::{BridgeSettings, BridgeSettingsError};
use super::shape::is_number;
use crate::chance::random;
use crate::channels::provider::{Provider, address};

/// Pages of one list, at most.
const PAGES: usize = 200;
const PLACE: &str = "{id}";

/// The other side.
pub struct Sp4n {
    way: Provider,
    heads: HeaderMap,
    settings: BridgeSettings,
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

    /// Hands a follow-up over; says what number it has got there, if that is told.
    pub async fn tell(&self, id: &str, text: &str) -> Result<Option<String>, Unheard> {
        let fields = self.settings.follow_up_fields.iter();
        let fields = fields.map(|(name, value)| (name.as_str(), value.as_str()));
        let own = [("complaint_id", id), ("is_secret", "0"), ("content", text)];
        let url = self.way.url(&self.settings.follow_up_path);
        let url = url.ok_or(Unheard::Unread("follow_up_path is no path"))?;
        let border = format!("lapor-{}", hex::encode(random::<16>()));
        let kind = format!("multipart/form-data; boundary={border}");
        let body = form(&border, fields.chain(own));
        let request = self.way.post(url).header(CONTENT_TYPE, kind).body(body);
        let told = self.ask(request).await?;
        let results = told.get("results").unwrap_or(&told);
        let data = results.get("data").unwrap_or(results);
        let id = Record::of_json(data);
        Ok(id.told(&["id", "followup_id"]).map(str::to_owned))
    }

    /// All pages of a list. Which is next is counted here: an answer leads nowhere else.
    async fn pages(&self, path: &str) -> Result<Vec<Record>, Unheard> {
        let mut all = Vec::new();
        let sign = if path.contains('?') { '&' } else { '?' };
        for page in 1..=PAGES {
            let told = self.get(&format!("{path}{sign}page={page}")).await?;
            let results = told.get("results").unwrap_or(&told);
            let data = results.get("data").unwrap_or(results);
            let list = data
                .as_array()
                .ok_or(Unheard::Unread("no list in `results.data`"))?;
            all.extend(list.iter().map(Record::of_json));
            let goes_on = results.get("next_page_url").is_some_and(Value::is_string);
            if list.is_empty() || !goes_on {
                return Ok(all);
            }
        }
        Err(Unheard::Unread("a list without an end"))
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
fn form<'a>(border: &str, fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let parts = fields.map(|(name, value)| {
        let name = name.replace(['"', '\r', '\n'], "_");
        format!("--{border}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    parts.collect::<String>() + &format!("--{border}--\r\n")
}
