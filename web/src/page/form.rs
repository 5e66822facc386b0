//! What somebody filled in: the fields as they were typed, and what is wrong
//! with them, so that a form can be shown again with both.
//!
//! Never printed: it holds passwords, names and the words of a case.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequest, Request};
use chrono::{NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;
use http::StatusCode;

use super::{FORM_BYTES, Field};
use crate::ApiProblem;
use crate::language::Voice;
use crate::reading::{too_large, too_many_bytes, too_slow, unsupported_media};

/// How long a visitor's line may take to send a form.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Fields of one form, at most.
const FIELDS: usize = 500;
/// As a browser sends a moment without a zone (HTML, 2.3.5.5).
const MOMENT: &str = "%Y-%m-%dT%H:%M";

/// A form that was sent, or is shown for the first time.
#[derive(Default)]
pub struct Form {
    values: Vec<(String, String)>,
    /// In the order in which they were said.
    complaints: Vec<(&'static str, String)>,
}

/// A field that cannot be used, for the summary above a form.
pub struct Complaint<'a> {
    pub field: &'static str,
    pub text: &'a str,
}

impl Form {
    /// A form that nobody has filled in.
    pub fn empty() -> Self {
        Self::default()
    }

    /// A form with what is known, or what was sent: a browser sends a line break as two characters,
    /// and whoever types counts it as one. Nobody types a zero, which not every database keeps in a text.
    pub fn of<N: Into<String>, T: Into<String>>(values: impl IntoIterator<Item = (N, T)>) -> Self {
        let values = values.into_iter();
        Self {
            values: values
                .map(|(n, t)| (n.into(), t.into().replace("\r\n", "\n").replace('\0', "")))
                .collect(),
            complaints: Vec::new(),
        }
    }

    /// Sets a field, whatever was sent for it.
    pub fn put(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.values.push((name.to_owned(), value.into()));
    }

    /// Takes a field out, as if it had not been sent.
    pub fn remove(&mut self, name: &str) {
        self.values.retain(|(field, _)| field != name);
    }

    /// A field's text without the space around it; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.typed(name).trim()
    }

    /// A field exactly as it was typed, for a password.
    pub fn typed(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of a field, for check boxes and lists.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.values.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Every field that was sent, in its order.
    pub fn sent(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.values.iter();
        all.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn is_ticked(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// A field's text; a complaint if there is none.
    pub fn required(&mut self, v: &Voice, name: &'static str) -> String {
        let text = self.text(name).to_owned();
        if text.is_empty() {
            self.complain(name, v.say("form-required"));
        }
        text
    }

    /// A field's text of at most so many characters; a complaint if it is longer.
    pub fn at_most(&mut self, v: &Voice, name: &'static str, characters: usize) -> String {
        let text = self.text(name).to_owned();
        let length = text.chars().count();
        if length > characters {
            let said = v.with("most", characters).with("length", length);
            self.complain(name, said.say("form-too-long"));
        }
        text
    }

    /// A field as a value; `None` where it is empty, and where it cannot be
    /// read, which is a complaint in these words.
    pub fn parsed<T: FromStr>(&mut self, name: &'static str, complaint: String) -> Option<T> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.complain(name, complaint);
        }
        parsed
    }

    /// A moment by the clocks of a zone, in Unix ms; `None` where it is empty, and where it cannot be
    /// read, which is a complaint in these words.
    pub fn moment(&mut self, name: &'static str, zone: Tz, complaint: String) -> Option<i64> {
        let text = self.text(name);
        if text.is_empty() {
            return None;
        }
        let typed = NaiveDateTime::parse_from_str(text, MOMENT).ok();
        let at = typed.and_then(|typed| zone.from_local_datetime(&typed).earliest());
        if at.is_none() {
            self.complain(name, complaint);
        }
        at.map(|at| at.timestamp_millis())
    }

    /// Says what is wrong with a field. The first complaint about it stands.
    pub fn complain(&mut self, name: &'static str, text: impl Into<String>) {
        if self.complaint(name).is_none() {
            self.complaints.push((name, text.into()));
        }
    }

    /// How a page with this form is answered: 422 while something is wrong with it.
    pub fn status(&self) -> StatusCode {
        if self.is_fine() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    }

    /// Whether nothing is wrong.
    pub fn is_fine(&self) -> bool {
        self.complaints.is_empty()
    }

    pub fn complaint(&self, name: &str) -> Option<&str> {
        let mut all = self.complaints.iter();
        all.find(|(field, _)| *field == name)
            .map(|(_, text)| text.as_str())
    }

    /// In the order in which they were said: whoever reads a form judges its fields in the order
    /// in which they stand on the page.
    pub fn complaints(&self) -> Vec<Complaint<'_>> {
        let all = self.complaints.iter();
        all.map(|(field, text)| Complaint { field, text }).collect()
    }

    /// A field to be shown, with what was typed and what is wrong with it.
    pub fn field(&self, name: &'static str, label: impl Into<String>) -> Field<'_> {
        Field::new(name, label.into(), self.typed(name), self.complaint(name))
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Form(..)")
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        let reading = axum::Form::<Vec<(String, String)>>::from_request(request, state);
        let read = tokio::time::timeout(TIMEOUT, reading).await;
        let axum::Form(values) = read.map_err(|_| too_slow())?.map_err(|e| unread(&e))?;
        if values.len() > FIELDS {
            return Err(too_large(&format!("{FIELDS} fields")));
        }
        Ok(Self::of(values))
    }
}

fn unread(rejection: &FormRejection) -> ApiProblem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_many_bytes(FORM_BYTES as u64),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            unsupported_media("application/x-www-form-urlencoded")
        }
        _ => {
            let title = "The form cannot be read";
            ApiProblem::new(StatusCode::BAD_REQUEST, "invalid_form", title)
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::header::CONTENT_TYPE;

    use super::*;

    async fn sent(media_type: &str, body: String) -> Result<Form, StatusCode> {
        let request = Request::post("/")
            .header(CONTENT_TYPE, media_type)
            .body(Body::from(body))
            .unwrap();
        Form::from_request(request, &())
            .await
            .map_err(|e| e.status())
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[tokio::test]
    async fn what_was_typed_is_kept_and_what_is_wrong_stands_beside_it() {
        let body =
            "judul=+Jalan+berlubang+&tahun=dua&pilih=a&pilih=b&kosong=+&baris=a%0D%0Ab&nol=a%00b";
        let mut form = sent(FORM, body.into()).await.unwrap();
        assert_eq!(form.text("judul"), "Jalan berlubang");
        assert_eq!(form.typed("judul"), " Jalan berlubang ");
        assert_eq!(form.text("baris"), "a\nb");
        assert_eq!(form.text("nol"), "ab");
        assert_eq!(form.all("pilih").collect::<Vec<_>>(), ["a", "b"]);
        assert!(form.is_ticked("pilih") && !form.is_ticked("lain"));
        assert_eq!(form.parsed::<u16>("kosong", "angka".into()), None);
        assert!(form.is_fine());
        assert_eq!(form.parsed::<u16>("tahun", "angka".into()), None);
        form.complain("judul", "terlalu umum");
        let order: Vec<_> = form.complaints().iter().map(|one| one.field).collect();
        assert_eq!(order, ["tahun", "judul"], "as they were said");
        form.complain("tahun", "yang kedua");
        assert_eq!(form.complaint("tahun"), Some("angka"));
        assert_eq!(form.complaints()[0].field, "tahun");
    }

    #[tokio::test]
    async fn what_is_no_form_is_refused() {
        let json = sent("application/json", "{}".into()).await;
        assert_eq!(json.unwrap_err(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let many = sent(FORM, "a=b&".repeat(FIELDS + 1)).await;
        assert_eq!(many.unwrap_err(), StatusCode::PAYLOAD_TOO_LARGE);
        let vast = sent(FORM, "a".repeat(3 * 1024 * 1024)).await;
        assert_eq!(vast.unwrap_err(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn a_form_is_not_printed() {
        let form = Form::of([("sandi", "rahasia sekali")]);
        assert_eq!(format!("{form:?}"), "Form(..)");
    }
}
