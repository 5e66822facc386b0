//! Following a city: its new requests become cases, and what it says of those that it has is told on
//! the case. A request is filed in the transaction that notes it, so that it is one case.

use std::collections::BTreeMap;
use std::time::Duration;

use lapor_protocol::calendar::day_at;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Classification;
use lapor_protocol::limits::{TEXT_CHARS, TITLE_CHARS};
use metrics::counter;

use super::settings::Media;
use super::states::hashed;
use super::windows::Windows;
use super::wire::{Failed, Request};
use super::{City, REQUESTS, State, Trouble, Way, is_our_own, mark};
use crate::casework::{Beside, NewReport, is_own_number};
use crate::chance::random;
use crate::channels::Unfetched;
use crate::doors::facts;
use crate::error::NodeError;
use crate::node::Node;
use crate::open311::{CHANNEL, region_of, title_of};
use crate::store::cities::{self, NEVER, RequestRow};

const DAY_MS: i64 = 86_400_000;
/// What a city publishes late is still seen.
const OVERLAP_MS: i64 = 2 * DAY_MS;
/// For how long a closed request is looked at, in case it is opened again.
const REOPENED_MS: i64 = 30 * DAY_MS;
/// Requests that are asked for by their numbers at once, and in one look.
const NAMED: usize = 50;
const LOOKED_AT: i64 = 500;
/// How many of them may fail in one look.
pub(super) const FAILURES: usize = 5;
/// When what is not told of one request is asked for again.
const LATER_MS: i64 = 10 * 60_000;
const BEFORE_RESTORE: &str = "it was there before this node was restored and may be a case here already: look for its \
     number, then drop it or have it looked at again";
const GONE: &str = "the city does not know this number any more";
/// For one picture.
const PICTURE: Duration = Duration::from_mins(1);
/// Characters of an address that stands in a text.
const ADDRESS: usize = 500;
/// Bytes of a report's text, well within what words may have.
const TEXT_BYTES: usize = 48 * 1024;

impl Node {
    /// Looks through what is new since the last look, a while before it included.
    pub(super) async fn follow_new(&self, city: &City) -> Result<(), Trouble> {
        let now = self.clock().now_ms();
        let line = self.city_line(city).await?;
        // A clock that was ahead has noted moments that are still to come.
        let seen = line.fetched_until.min(now);
        let from = (seen - OVERLAP_MS).max(line.begun_at);
        let mut windows = Windows::over(city, from, now);
        while let Some((found, until)) = windows.next().await? {
            for request in &found {
                self.meet(city, request).await?;
            }
            let mut tx = self.write_tx().await?;
            cities::fetched(&mut tx, city.name(), until).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Asks how it stands with the requests that are cases here, those looked at longest ago first.
    pub(super) async fn follow_known(&self, city: &City) -> Result<(), Trouble> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let since = (now, now - REOPENED_MS);
        let rows = cities::unseen(&mut tx, city.name(), since, LOOKED_AT).await?;
        drop(tx);
        let mut failures = 0;
        for rows in rows.chunks(NAMED) {
            let ids: Vec<&str> = rows
                .iter()
                .filter_map(|row| row.request.as_deref())
                .collect();
            let found = match city.wire.named(&ids).await {
                Ok(found) => found,
                // It may refuse all of them for one: each is asked for alone.
                Err(failed) if failed.is_of_one() => Vec::new(),
                Err(failed) => return Err(failed.into()),
            };
            let found = found.into_iter();
            let mut found: BTreeMap<String, Request> =
                found.map(|request| (request.id.clone(), request)).collect();
            let mut unchanged = Vec::new();
            for row in rows {
                let id = row.request.as_deref().unwrap_or_default();
                let told = match found.remove(id) {
                    Some(request) => Ok(Some(request)),
                    // A service may know nothing of lists, or tell this one alone.
                    None => city.wire.request(id).await,
                };
                match told {
                    Ok(Some(request)) => {
                        if !self.compare(city, row, &request).await? {
                            unchanged.push(row.id.as_str());
                        }
                    }
                    Ok(None) => self.city_lost(row, GONE).await?,
                    // Others are told of; where many fail it is the city.
                    Err(Failed::Away(problem)) if failures < FAILURES => {
                        failures += 1;
                        self.city_lost(row, &problem).await?;
                    }
                    Err(failed) if failed.is_of_one() => {
                        let problem = Trouble::from(failed).problem;
                        self.city_lost(row, &problem).await?;
                    }
                    Err(failed) => return Err(failed.into()),
                }
            }
            let mut tx = self.write_tx().await?;
            for id in unchanged {
                cities::seen(&mut tx, id, now, None).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Makes cases of what could be none before and somebody wants looked at again. What is not told of
    /// one is returned, and holds up nothing else.
    pub(super) async fn follow_left(&self, city: &City) -> Result<Option<Trouble>, Trouble> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let left = State::Left.as_str();
        let rows = cities::due(&mut tx, city.name(), left, now, LOOKED_AT).await?;
        drop(tx);
        let mut troubles: Vec<Trouble> = Vec::new();
        for row in rows {
            let id = row.request.as_deref().unwrap_or_default();
            match city.wire.request(id).await {
                Ok(Some(request)) => self.file_followed(city, &request).await?,
                Ok(None) => self.city_lost(&row, GONE).await?,
                Err(failed) if failed.is_of_one() => {
                    let problem = Trouble::from(failed).problem;
                    self.city_lost(&row, &problem).await?;
                }
                Err(Failed::Away(problem)) if troubles.len() < FAILURES => {
                    let mut tx = self.write_tx().await?;
                    let due = now + LATER_MS;
                    cities::settle_as_read(&mut tx, &row, left, due, Some(&problem)).await?;
                    tx.commit().await?;
                    troubles.push(problem.into());
                }
                Err(failed) => return Err(failed.into()),
            }
        }
        Ok(troubles.pop())
    }

    /// A request that a list has shown: known, one of ours, or new.
    async fn meet(&self, city: &City, request: &Request) -> Result<(), Trouble> {
        let mut tx = self.read_tx().await?;
        let known = cities::by_request(&mut tx, city.name(), &request.id).await?;
        drop(tx);
        // What is known is asked for by its number: lists may tell less of it. What ended before
        // anybody here saw it is not begun.
        if known.is_some() || !request.is_open {
            return Ok(());
        }
        let whole = match city.wire.request(&request.id).await {
            Ok(Some(whole)) => whole,
            Err(busy @ Failed::Busy(_)) => return Err(busy.into()),
            Ok(None) | Err(_) => request.clone(),
        };
        if self.recognise(city, &whole).await? || !whole.is_open {
            return Ok(());
        }
        let restored = self.restored_at().await?;
        if whole.requested_at.is_some() && whole.requested_at <= restored {
            let problem = BEFORE_RESTORE.to_owned();
            return self.leave_request(city, &whole, problem).await;
        }
        self.file_followed(city, &whole).await
    }

    /// Whether a request has the mark of a case of this node: then it is none to follow. Only where an
    /// answer is missing is its number believed, because anybody can write a mark.
    pub(super) async fn recognise(&self, city: &City, request: &Request) -> Result<bool, Trouble> {
        let marked = request.description.as_deref().and_then(mark::read);
        let Some(case) = marked else {
            return Ok(false);
        };
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let Some(row) = cities::by_case(&mut tx, city.name(), &case.to_string()).await? else {
            drop(tx);
            return Ok(self.is_case(case).await?);
        };
        let was_sent = row.way == Way::Fed.as_str() && row.asked_at.is_some();
        if was_sent && row.request.is_none() {
            cities::link(&mut tx, &row.id, &request.id, now).await?;
            tx.commit().await?;
        }
        Ok(true)
    }

    async fn is_case(&self, case: CaseId) -> Result<bool, NodeError> {
        match self.case(case).await {
            Ok(_) => Ok(true),
            Err(NodeError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn file_followed(&self, city: &City, request: &Request) -> Result<(), Trouble> {
        let (uploads, unfetched) = self.pictures_of(city, request).await?;
        let report = self.report_of(city, request, &uploads, unfetched);
        let actor = city.actor();
        let filed = self.file_beside(report, &actor, |filed, at| {
            let row = RequestRow {
                case_id: Some(filed.case.to_string()),
                ..row_of(city, request, at)
            };
            Ok(Beside {
                followed: Some(row),
                ..Beside::default()
            })
        });
        let filed = filed.await;
        if filed.is_err() {
            self.give_up(&uploads).await;
        }
        match filed {
            Ok(_) => {
                counter!(REQUESTS, "city" => city.name().to_owned(), "outcome" => "filed")
                    .increment(1);
                Ok(())
            }
            // Another look has filed it.
            Err(NodeError::AnsweredMeanwhile) => Ok(()),
            Err(error) if is_our_own(&error) => Err(error.into()),
            Err(error) => self.leave_request(city, request, error.to_string()).await,
        }
    }

    /// Notes a request of which no case can be made; a person looks at it.
    pub(super) async fn leave_request(
        &self,
        city: &City,
        request: &Request,
        problem: String,
    ) -> Result<(), Trouble> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let left = State::Left.as_str();
        if let Some(row) = cities::by_request(&mut tx, city.name(), &request.id).await? {
            if row.case_id.is_some() {
                return Ok(());
            }
            cities::settle(&mut tx, &row.id, left, NEVER, Some(&problem)).await?;
        } else {
            let row = RequestRow {
                state: left.to_owned(),
                problem: Some(problem),
                ..row_of(city, request, now)
            };
            cities::add(&mut tx, &row).await?;
        }
        tx.commit().await?;
        counter!(REQUESTS, "city" => city.name().to_owned(), "outcome" => "left").increment(1);
        Ok(())
    }

    /// A number of which the city tells nothing, and why.
    async fn city_lost(&self, row: &RequestRow, problem: &str) -> Result<(), NodeError> {
        let (now, left) = (self.clock().now_ms(), State::Left.as_str());
        let mut tx = self.write_tx().await?;
        let done = if row.case_id.is_some() {
            cities::seen(&mut tx, &row.id, now, Some(problem)).await
        } else {
            cities::settle_as_read(&mut tx, row, left, NEVER, Some(problem)).await
        };
        done.map_err(NodeError::from)?;
        Ok(tx.commit().await?)
    }

    /// The upload of its picture, or the address of one that is not fetched.
    async fn pictures_of<'a>(
        &self,
        city: &City,
        request: &'a Request,
    ) -> Result<(Vec<String>, Option<&'a str>), NodeError> {
        let Some(at) = request.media.as_deref() else {
            return Ok((Vec::new(), None));
        };
        if city.settings.media == Media::Name {
            return Ok((Vec::new(), Some(at)));
        }
        let fetched = self.take_in_file(None, city.wire.picture(at));
        let fetched = tokio::time::timeout(PICTURE, fetched).await;
        match fetched.unwrap_or_else(|_| Ok(Err(Unfetched::Later("it is too slow".into())))) {
            Ok(Ok(upload)) => Ok((vec![upload], None)),
            Err(error) if is_our_own(&error) => Err(error),
            Ok(Err(_)) | Err(_) => Ok((Vec::new(), Some(at))),
        }
    }

    fn report_of(
        &self,
        city: &City,
        request: &Request,
        uploads: &[String],
        unfetched: Option<&str>,
    ) -> NewReport {
        let own_number = Some(request.id.clone()).filter(|number| is_own_number(number));
        let content = content(city, request, own_number.is_some(), unfetched);
        let settings = &city.settings;
        let code = request.code.as_deref();
        let zone = facts(self).zone;
        let day = request.requested_at.map(|at| day_at(zone, at));
        NewReport {
            classification: Classification::Complaint,
            title: Some(title_of(&content))
                .filter(|title| !title.is_empty())
                .unwrap_or_else(|| cut(settings.called(), TITLE_CHARS)),
            category: code.and_then(|code| settings.category(code)).cloned(),
            region: region_of(self, request.coordinates),
            place: request
                .address
                .as_deref()
                .map(|place| cut(place, TITLE_CHARS)),
            coordinates: request.coordinates,
            incident_date: day
                .filter(|day| *day <= self.today())
                .map(|day| day.to_string()),
            anonymous: false,
            secret: false,
            channel: CHANNEL.to_owned(),
            excluded: Vec::new(),
            suggested: None,
            programme: None,
            attachments: uploads.to_vec(),
            reporter: None,
            own_number,
            local_category: None,
            content,
        }
    }
}

/// A followed request that has a case from now on.
fn row_of(city: &City, request: &Request, now: i64) -> RequestRow {
    RequestRow {
        id: hex::encode(random::<16>()),
        city: city.name().to_owned(),
        way: Way::Followed.as_str().to_owned(),
        state: State::Linked.as_str().to_owned(),
        request: Some(request.id.clone()),
        case_id: None,
        token: None,
        status: Some(request.status().to_owned()),
        notes: hashed(request),
        turns: 0,
        since: now,
        asked_at: None,
        due_at: NEVER,
        seen_at: now,
        changed_at: now,
        problem: None,
    }
}

/// What was reported, with what has no field of its own here.
fn content(city: &City, request: &Request, numbered: bool, unfetched: Option<&str>) -> String {
    let said = request
        .description
        .as_deref()
        .or(request.service.as_deref());
    let mut parts = vec![cut(
        said.unwrap_or(city.settings.called()),
        TEXT_CHARS - 1000,
    )];
    if !numbered {
        parts.push(format!(
            "{}: {}",
            city.settings.called(),
            cut(&request.id, TITLE_CHARS)
        ));
    }
    let unfetched = unfetched.filter(|at| at.len() <= ADDRESS);
    parts.extend(unfetched.map(str::to_owned));
    parts.join("\n\n")
}

/// As much of a text as so many characters, and as words hold.
fn cut(text: &str, chars: usize) -> String {
    let mut end = text.len().min(TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let rest = &text[..end];
    if rest.len() == text.len() && text.chars().count() <= chars {
        return text.to_owned();
    }
    let kept: String = rest.chars().take(chars - 1).collect();
    format!("{kept}…")
}
