//! What a city says of a request, told on its case: a close as a proposal to close, everything else as
//! a note, or as the settings say. What the rules or the institution do not allow so is noted, and an
//! officer decides.

use lapor_protocol::case::State as CaseState;
use lapor_protocol::ids::CaseId;
use lapor_protocol::limits::TEXT_CHARS;
use lapor_web::language::{TextId, text_id};
use metrics::counter;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::settings::{Closing, Progress};
use super::wire::Request;
use super::{City, REQUESTS, Trouble, is_our_own};
use crate::casework::{NewAct, Once};
use crate::error::NodeError;
use crate::node::Node;
use crate::open311::voice;
use crate::store;
use crate::store::cities::{self, RequestRow};

/// What a city has done to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Closed,
    Reopened,
    Said,
}

/// How it is told on the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Proposal,
    Answer,
    Note,
}

/// What stands for what a city has said of a request.
pub(super) fn hashed(request: &Request) -> Option<Vec<u8>> {
    let notes = request.notes.as_deref()?;
    Some(Sha256::digest(notes).to_vec())
}

impl News {
    /// What is new of a request, if anything is.
    fn of(row: &RequestRow, request: &Request) -> Option<Self> {
        let was_open = row.status.as_deref() != Some("closed");
        match (was_open, request.is_open) {
            (true, false) => Some(Self::Closed),
            (false, true) => Some(Self::Reopened),
            _ if request.notes.is_some() && row.notes != hashed(request) => Some(Self::Said),
            _ => None,
        }
    }

    fn deed(self, city: &City, case: Option<CaseState>) -> Deed {
        let settings = &city.settings;
        // What is answered or over here is not answered over again.
        let works = case.is_some_and(|state| state.is_open() && state != CaseState::Answered);
        match self {
            Self::Closed if works && settings.on_closed == Closing::Propose => Deed::Proposal,
            Self::Said if works && settings.on_progress == Progress::Answer => Deed::Answer,
            _ => Deed::Note,
        }
    }

    fn words(self) -> TextId {
        match self {
            Self::Closed => text_id("city-closed"),
            Self::Reopened => text_id("city-reopened"),
            Self::Said => text_id("city-said"),
        }
    }

    fn outcome(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Said => "said",
        }
    }
}

impl Deed {
    fn act(self, text: &str) -> NewAct {
        let (kind, body) = match self {
            Self::Proposal => ("case.followed_up", json!({"proposes_to_close": true})),
            Self::Answer => ("case.followed_up", json!({"proposes_to_close": false})),
            Self::Note => ("case.noted", json!({})),
        };
        let object = |value: Value| match value {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        NewAct {
            kind: kind.to_owned(),
            body: object(body),
            words: Some(object(json!({"text": text}))),
            attachments: Vec::new(),
        }
    }
}

impl Node {
    /// Tells on the case what is new of a request, once, and notes how the city has it. Whether
    /// anything was new.
    pub(super) async fn compare(
        &self,
        city: &City,
        row: &RequestRow,
        request: &Request,
    ) -> Result<bool, Trouble> {
        let Some(news) = News::of(row, request) else {
            return Ok(false);
        };
        let case = row.case_id.as_deref().map(store::case_id).transpose()?;
        let told = match case {
            Some(case) => self.tell_of_city(city, (row, case), request, news).await,
            None => Ok(None),
        };
        let (status, notes) = (request.status(), hashed(request));
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        match told {
            Ok(untold) => {
                let is_first = cities::told(&mut tx, row, status, notes.as_deref(), now).await?;
                if let Some(problem) = untold.filter(|_| is_first) {
                    cities::seen(&mut tx, &row.id, now, Some(&problem)).await?;
                }
            }
            Err(error) if is_our_own(&error) => return Err(error.into()),
            // It is this case's, and others go on; with the next look it is told again.
            Err(error) => {
                cities::seen(&mut tx, &row.id, now, Some(&error.to_string())).await?;
                tx.commit().await?;
                return Ok(true);
            }
        }
        tx.commit().await?;
        counter!(REQUESTS, "city" => city.name().to_owned(), "outcome" => news.outcome())
            .increment(1);
        Ok(true)
    }

    /// Returns why it cannot be told on the case, where it cannot for ever.
    async fn tell_of_city(
        &self,
        city: &City,
        (row, case): (&RequestRow, CaseId),
        request: &Request,
        news: News,
    ) -> Result<Option<String>, NodeError> {
        let state = match self.case(case).await {
            Ok(view) => view.summary.state,
            Err(NodeError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let text = self.words_of_city(city, request, news);
        let key = turn(row, request, &text);
        let deed = news.deed(city, state);
        match self.tell_once(city, case, &key, deed.act(&text)).await {
            Err(
                NodeError::NotAllowed(_) | NodeError::ApprovalNeeded | NodeError::EvidenceNeeded,
            ) if deed != Deed::Note => {
                let note = Deed::Note.act(&text);
                for_ever(self.tell_once(city, case, &key, note).await)
            }
            told => for_ever(told),
        }
    }

    /// Under one key one thing is told, however the case stands when it is tried again.
    async fn tell_once(
        &self,
        city: &City,
        case: CaseId,
        key: &str,
        act: NewAct,
    ) -> Result<(), NodeError> {
        let once = Once::new(&city.actor(), key)?.told_by(&key)?;
        let actor = city.actor();
        self.act_once(case, act, &actor, &once).await.map(drop)
    }

    fn words_of_city(&self, city: &City, request: &Request, news: News) -> String {
        let said = voice(self).with("city", city.settings.called());
        let lead = said.say(news.words());
        let text = match &request.notes {
            Some(notes) => format!("{lead}\n\n{notes}"),
            None => lead,
        };
        text.chars().take(TEXT_CHARS / 2).collect()
    }
}

/// What stands for one thing that a city has said.
fn turn(row: &RequestRow, request: &Request, text: &str) -> String {
    let mut key = Sha256::new();
    let turns = row.turns.to_string();
    for part in [row.id.as_str(), turns.as_str(), request.status(), text] {
        key.update((part.len() as u64).to_be_bytes());
        key.update(part);
    }
    hex::encode(key.finalize())
}

/// What is the institution's or the rules' no is one for ever; anything else is tried again.
fn for_ever(told: Result<(), NodeError>) -> Result<Option<String>, NodeError> {
    match told {
        Ok(()) => Ok(None),
        Err(
            error @ (NodeError::NotAllowed(_) | NodeError::Invalid(_) | NodeError::Redacted(_)),
        ) => Ok(Some(error.to_string())),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_told() {
        let row = |status: &str, notes: Option<&str>| RequestRow {
            id: "1".into(),
            city: "kota".into(),
            way: "followed".into(),
            state: "linked".into(),
            request: Some("1".into()),
            case_id: None,
            token: None,
            status: Some(status.into()),
            notes: notes.map(|notes| Sha256::digest(notes).to_vec()),
            turns: 0,
            since: 0,
            asked_at: None,
            due_at: 0,
            seen_at: 0,
            changed_at: 0,
            problem: None,
        };
        let request = |is_open, notes: Option<&str>| Request {
            is_open,
            notes: notes.map(str::to_owned),
            ..Request::default()
        };
        for (before, now, news) in [
            (row("open", None), request(true, None), None),
            (row("open", None), request(false, None), Some(News::Closed)),
            (row("closed", None), request(false, None), None),
            (
                row("closed", None),
                request(true, None),
                Some(News::Reopened),
            ),
            (
                row("open", None),
                request(true, Some("a")),
                Some(News::Said),
            ),
            (row("open", Some("a")), request(true, Some("a")), None),
            (row("open", Some("a")), request(true, None), None),
            (
                row("closed", Some("a")),
                request(false, Some("b")),
                Some(News::Said),
            ),
        ] {
            assert_eq!(News::of(&before, &now), news, "{before:?} {now:?}");
        }
    }
}
