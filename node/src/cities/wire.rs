//! A city's service over the network: what is asked of it and what it answers, by GeoReport v2. The
//! key stands in a header of what is read, and in the form of what is filed; no address has it.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, SecondsFormat};
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use lapor_web::webhook::Reach;
use reqwest::{RequestBuilder, Url};

use super::entries::{self, Entry};
use super::settings::{CitySettings, CitySettingsError, Format, Media};
use crate::casework::Coordinates;
use crate::channels::{Answer, LeftOut, Pieces, Provider, Unfetched, address};

/// Characters of what a city says of an error.
const SAID: usize = 200;
/// For how long a city is left alone that asks for it without saying how long.
const BUSY: Duration = Duration::from_mins(1);
/// Longest that it is left alone, whatever it says.
const LONGEST: Duration = Duration::from_hours(6);
const HEX: [u8; 16] = *b"0123456789ABCDEF";

pub struct Wire {
    provider: Provider,
    /// For pictures, whose addresses strangers have written.
    strangers: Provider,
    reach: Reach,
    format: Format,
    jurisdiction: Option<String>,
    key: Option<String>,
}

/// Why a city has not done what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// It is away, or nobody knows whether it has done it.
    Away(String),
    /// It is asked too often, and has not done it.
    Busy(Duration),
    Refused {
        status: u16,
        said: String,
    },
}

/// A request of a city.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    pub id: String,
    pub is_open: bool,
    /// What was said of it last.
    pub notes: Option<String>,
    pub code: Option<String>,
    pub service: Option<String>,
    pub description: Option<String>,
    /// Unix ms.
    pub requested_at: Option<i64>,
    pub address: Option<String>,
    pub coordinates: Option<Coordinates>,
    pub media: Option<String>,
}

/// With what a city has answered a filing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    Number(String),
    Token(String),
}

impl Wire {
    pub fn of(settings: &CitySettings) -> Result<Self, CitySettingsError> {
        let city = || settings.name.clone();
        let unusable = || CitySettingsError::Url {
            city: city(),
            text: settings.url.clone(),
        };
        let url = address(&settings.url).ok_or_else(unusable)?;
        let key = settings.key()?;
        if key.is_some() && url.scheme() != "https" && !is_near(&url) {
            return Err(CitySettingsError::Open(city()));
        }
        let reach = Reach {
            own: Vec::new(),
            local: settings.media == Media::Local,
            outside: true,
        };
        let way = |problem| CitySettingsError::Way {
            city: city(),
            problem,
        };
        Ok(Self {
            provider: Provider::to(&settings.url).map_err(way)?,
            strangers: Provider::elsewhere(&reach).map_err(way)?,
            reach,
            format: settings.format,
            jurisdiction: settings.jurisdiction.clone(),
            key,
        })
    }

    /// The codes and names of its services.
    pub async fn services(&self) -> Result<Vec<(String, String)>, Failed> {
        let all = self.get("services", &[]).await?;
        let service = |mut entry: Entry| {
            let code = entry.remove("service_code")?;
            Some((code, entry.remove("service_name").unwrap_or_default()))
        };
        Ok(all.into_iter().filter_map(service).collect())
    }

    /// Requests that were made from a moment until another (Unix ms).
    pub async fn between(&self, from: i64, until: i64) -> Result<Vec<Request>, Failed> {
        let span = [("start_date", moment(from)), ("end_date", moment(until))];
        self.requests("requests", &span).await
    }

    /// Requests by their numbers; those that the city does not know are left out.
    pub async fn named(&self, ids: &[&str]) -> Result<Vec<Request>, Failed> {
        let ids = ids.join(",");
        self.requests("requests", &[("service_request_id", ids)])
            .await
    }

    /// One request; `None` where the city knows none of this number.
    pub async fn request(&self, id: &str) -> Result<Option<Request>, Failed> {
        let path = format!("requests/{}", segment(id));
        match self.requests(&path, &[]).await {
            Ok(found) => Ok(found.into_iter().find(|request| request.id == id)),
            Err(Failed::Refused { status: 404, .. }) => Ok(None),
            Err(failed) => Err(failed),
        }
    }

    /// The number for which a token was given, once there is one.
    pub async fn number_of(&self, token: &str) -> Result<Option<String>, Failed> {
        let told = self.get(&format!("tokens/{}", segment(token)), &[]).await?;
        let mut numbers = told
            .into_iter()
            .filter_map(|mut one| one.remove("service_request_id"));
        Ok(numbers.next())
    }

    /// Files a request; `once` stays the same over all tries.
    pub async fn file(&self, form: &[(String, String)], once: &str) -> Result<Taken, Failed> {
        let mut url = self.url("requests", &[])?;
        let own = [
            ("api_key", self.key.as_deref()),
            ("jurisdiction_id", self.jurisdiction.as_deref()),
        ];
        let own = own
            .iter()
            .filter_map(|(name, value)| Some((*name, (*value)?)));
        let fields = form
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let body = encoded(own.chain(fields));
        url.set_query(None);
        let asked = self
            .provider
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("idempotency-key", once)
            .body(body);
        let told = self.ask(asked).await?;
        let mut told = told.into_iter();
        let taken = told.find_map(|mut one| match one.remove("service_request_id") {
            Some(number) => Some(Taken::Number(number)),
            None => one.remove("token").map(Taken::Token),
        });
        taken.ok_or_else(|| Failed::Away("the answer has neither a number nor a token".into()))
    }

    /// Begins to fetch a picture, from no address of this machine or of a network that is not open to
    /// everybody.
    pub async fn picture(&self, at: &str) -> Result<Pieces, Unfetched> {
        let gone = |_| Unfetched::Never(LeftOut::Gone);
        self.strangers
            .file(self.reach.read(at).map_err(gone)?)
            .await
    }

    async fn requests(&self, path: &str, asked: &[(&str, String)]) -> Result<Vec<Request>, Failed> {
        let told = self.get(path, asked).await?;
        Ok(told.into_iter().filter_map(Request::of).collect())
    }

    async fn get(&self, path: &str, asked: &[(&str, String)]) -> Result<Vec<Entry>, Failed> {
        let mut request = self.provider.get(self.url(path, asked)?);
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        self.ask(request).await
    }

    fn url(&self, path: &str, asked: &[(&str, String)]) -> Result<Url, Failed> {
        let ending = match self.format {
            Format::Json => "json",
            Format::Xml => "xml",
        };
        let url = self.provider.url(&format!("{path}.{ending}"));
        let mut url = url.ok_or_else(|| Failed::Away("its address is none".into()))?;
        let own = self.jurisdiction.as_deref();
        let own = own.map(|jurisdiction| ("jurisdiction_id", jurisdiction));
        let asked = asked.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = own.into_iter().chain(asked).collect();
        if !all.is_empty() {
            url.query_pairs_mut().extend_pairs(all);
        }
        Ok(url)
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Vec<Entry>, Failed> {
        let answer = self.provider.ask(request).await.map_err(Failed::Away)?;
        match answer.status {
            200..300 => entries::read(self.format, &answer.body).map_err(Failed::Away),
            429 => Err(Failed::Busy(pause(&answer))),
            status @ (408 | 425 | 300..400 | 500..) => {
                Err(Failed::Away(format!("it answers {status}")))
            }
            status => Err(Failed::Refused {
                status,
                said: self.said(&answer),
            }),
        }
    }

    /// What a city says of an error, in one line.
    fn said(&self, answer: &Answer) -> String {
        let told = entries::read(self.format, &answer.body).unwrap_or_default();
        let mut told = told.into_iter();
        let said = told.find_map(|mut one| one.remove("description"));
        let signs = said.unwrap_or_default();
        let signs = signs.chars().filter(|sign| !sign.is_control());
        signs.take(SAID).collect()
    }
}

impl Failed {
    /// Whether it is what was asked that the city does not take, and not this node.
    pub fn is_of_one(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if !matches!(*status, 401 | 403))
    }
}

impl Request {
    /// Reads a request; one without a number is none.
    fn of(mut entry: Entry) -> Option<Self> {
        let status = entry.remove("status").unwrap_or_default();
        let degrees = entry.get("lat").zip(entry.get("long"));
        let coordinates =
            degrees.and_then(|(latitude, longitude)| Coordinates::read(latitude, longitude).ok());
        let requested_at = entry.get("requested_datetime");
        Some(Self {
            requested_at: requested_at.and_then(|text| read_moment(text)),
            // Nobody stands in the Gulf of Guinea: zeros are said where nothing is known.
            coordinates: coordinates.filter(|at| !is_null(*at)),
            id: entry.remove("service_request_id")?,
            is_open: !status.eq_ignore_ascii_case("closed"),
            notes: entry.remove("status_notes"),
            code: entry.remove("service_code"),
            service: entry.remove("service_name"),
            description: entry.remove("description"),
            address: entry.remove("address"),
            media: entry.remove("media_url"),
        })
    }

    /// As the city has it.
    pub fn status(&self) -> &'static str {
        if self.is_open { "open" } else { "closed" }
    }
}

fn is_null(at: Coordinates) -> bool {
    at.latitude().abs() < f64::EPSILON && at.longitude().abs() < f64::EPSILON
}

/// Whether an address is of this machine alone.
fn is_near(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let ip = host.parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

fn pause(answer: &Answer) -> Duration {
    let told = answer.headers.get(RETRY_AFTER);
    let seconds = told.and_then(|told| told.to_str().ok()?.parse().ok());
    seconds.map_or(BUSY, Duration::from_secs).min(LONGEST)
}

/// A form as it is sent.
fn encoded<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut url = Url::parse("form:").expect("a scheme alone is an address");
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

/// A text as one part of a path.
fn segment(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let digit = |half: u8| char::from(HEX[usize::from(half)]);
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}

/// As the W3C writes moments.
fn moment(at: i64) -> String {
    let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The same read; services that tell no zone are taken for UTC.
fn read_moment(text: &str) -> Option<i64> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|at| at.timestamp_millis());
    let plain = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S");
    zoned
        .or_else(|_| plain().map(|at| at.and_utc().timestamp_millis()))
        .ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_is_read_as_far_as_it_is_one() {
        let entry = |fields: &[(&str, &str)]| -> Entry {
            let fields = fields.iter();
            fields
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect()
        };
        let read = Request::of(entry(&[
            ("service_request_id", "12"),
            ("status", "CLOSED"),
            ("requested_datetime", "2026-11-27T08:00:00+07:00"),
            ("lat", "-6.9"),
            ("long", "107.6"),
        ]));
        let read = read.unwrap();
        assert!(!read.is_open);
        assert_eq!(read.requested_at, read_moment("2026-11-27T01:00:00"));
        assert_eq!(read.coordinates.unwrap().latitude().to_string(), "-6.9");
        let bare = Request::of(entry(&[
            ("service_request_id", "13"),
            ("lat", "0"),
            ("long", "0.0"),
        ]));
        let bare = bare.unwrap();
        assert!(bare.is_open && bare.coordinates.is_none());
        assert!(Request::of(entry(&[("status", "open")])).is_none());
    }

    #[tokio::test]
    async fn a_picture_is_fetched_from_no_network_that_is_not_open() {
        lapor_certs::tls::install_default_provider();
        let settings = json!({"name": "kota", "url": "https://311.example.go.id/v2"});
        let settings: CitySettings = serde_json::from_value(settings).unwrap();
        let wire = Wire::of(&settings).unwrap();
        for inside in ["https://10.1.2.3/a.jpg", "https://[fd00::1]/a.jpg"] {
            let unfetched = wire.picture(inside).await.err();
            let gone = Unfetched::Never(LeftOut::Gone);
            assert_eq!(unfetched, Some(gone), "{inside}");
        }
    }

    #[test]
    fn a_number_stays_one_part_of_a_path_and_a_form_is_escaped() {
        assert_eq!(segment("A-12/../x y"), "A-12%2F..%2Fx%20y");
        let form = [("lat", "-6.9"), ("description", "a & b\n= c")];
        assert_eq!(
            encoded(form.into_iter()),
            "lat=-6.9&description=a+%26+b%0A%3D+c"
        );
    }
}
