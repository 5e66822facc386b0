//! Feeding a city: cases of the categories in the settings, once they are verified and with us, become
//! requests there. A case is claimed before it is sent; where an answer was lost, what the city has is
//! looked through for the mark of the case before it is sent again.

use lapor_protocol::case::State as CaseState;
use lapor_protocol::ids::CaseId;
use lapor_protocol::limits::TITLE_CHARS;
use metrics::counter;
use sha2::{Digest as _, Sha256};

use super::follow::FAILURES;
use super::settings::Mapped;
use super::windows::Windows;
use super::wire::{Failed, Request, Taken};
use super::{City, REQUESTS, State, Trouble, Way, mark};
use crate::casework::FiledReport;
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::open311::described;
use crate::personal;
use crate::regions::national;
use crate::store;
use crate::store::cities::{self, Feed, NEVER, RequestRow};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// For how long nobody else sends what is being sent, and how long a city gets to list it.
const CLAIM_MS: i64 = 5 * MINUTE_MS;
/// The clocks of two machines differ by less.
const CLOCKS_MS: i64 = HOUR_MS;
/// Cases that are begun with, and sent, in one look.
const AT_ONCE: i64 = 50;
/// Characters of a description, by GeoReport 4,000 with the mark.
const DESCRIPTION: usize = 3900;

/// A case as a form, or why it is none.
enum Fit {
    Form(Vec<(String, String)>),
    /// It has nothing that says where it is.
    NoPlace,
    /// It is no case to be fed any more.
    Not,
}

impl Node {
    /// Sends what was noted, as far as it is due. What is not told of one request is returned, and holds
    /// up no other.
    pub(super) async fn feed_city(&self, city: &City) -> Result<Option<Trouble>, Trouble> {
        let trouble = self.ask_for_numbers(city).await?;
        for state in [State::Sending, State::Waiting] {
            for row in self.due_at_city(city, state).await? {
                self.send_to_city(city, &row).await?;
            }
        }
        Ok(trouble)
    }

    async fn due_at_city(&self, city: &City, state: State) -> Result<Vec<RequestRow>, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        Ok(cities::due(&mut tx, city.name(), state.as_str(), now, AT_ONCE).await?)
    }

    /// Notes which cases are to be sent; asks nobody.
    pub(super) async fn gather_for_city(&self, city: &City) -> Result<(), NodeError> {
        let line = self.city_line(city).await?;
        let (now, me) = (self.clock().now_ms(), self.instance()?);
        for mapped in &city.settings.map {
            let feed = Feed {
                city: city.name(),
                custodian: me.as_str(),
                category: mapped.category.as_str(),
                filed_from: line.begun_at,
            };
            let mut tx = self.read_tx().await?;
            let cases = cities::to_feed(&mut tx, &feed, AT_ONCE).await?;
            drop(tx);
            if cases.is_empty() {
                continue;
            }
            let mut tx = self.write_tx().await?;
            for case in cases {
                if cities::by_case(&mut tx, city.name(), &case)
                    .await?
                    .is_none()
                {
                    cities::add(&mut tx, &waiting(city, case, now)).await?;
                }
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Asks for the numbers of what was answered with tokens; returns what is not told of one.
    async fn ask_for_numbers(&self, city: &City) -> Result<Option<Trouble>, Trouble> {
        let mut troubles: Vec<Trouble> = Vec::new();
        for row in self.due_at_city(city, State::Token).await? {
            let now = self.clock().now_ms();
            let token = row.token.as_deref().unwrap_or_default();
            // Whoever has waited for long waits a while longer.
            let later = now + (now - row.since).clamp(MINUTE_MS, 6 * HOUR_MS) / 4;
            match city.wire.number_of(token).await {
                Ok(Some(number)) => self.has_number(city, &row, &number).await?,
                Ok(None) => {
                    self.settle_as_read(&row, State::Token, later, None).await?;
                }
                Err(Failed::Refused { status: 404, .. }) => {
                    let problem = Some("the city does not know its own token");
                    self.settle_as_read(&row, State::Refused, NEVER, problem)
                        .await?;
                }
                Err(failed)
                    if troubles.len() < FAILURES
                        && (failed.is_of_one() || matches!(failed, Failed::Away(_))) =>
                {
                    let trouble = Trouble::from(failed);
                    let problem = Some(trouble.problem.as_str());
                    self.settle_as_read(&row, State::Token, later, problem)
                        .await?;
                    troubles.push(trouble);
                }
                Err(failed) => return Err(failed.into()),
            }
        }
        Ok(troubles.pop())
    }

    pub(super) async fn send_to_city(&self, city: &City, row: &RequestRow) -> Result<(), Trouble> {
        let case = store::case_id(row.case_id.as_deref().unwrap_or_default())?;
        if row.state == State::Sending.as_str() && self.find_sent(city, row, case).await? {
            return Ok(());
        }
        let form = match self.form_for_city(city, case).await? {
            Fit::Form(form) => form,
            Fit::NoPlace => {
                let problem = Some("it has neither coordinates nor a place in words");
                return Ok(self
                    .settle_as_read(row, State::Refused, NEVER, problem)
                    .await?);
            }
            Fit::Not => {
                return Ok(self
                    .settle_as_read(row, State::Dropped, NEVER, None)
                    .await?);
            }
        };
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let claimed = cities::claim(&mut tx, row, now, now + CLAIM_MS).await?;
        tx.commit().await?;
        if !claimed {
            return Ok(());
        }
        let answered = city.wire.file(&form, &once(city, case)).await;
        self.answered_by_city(city, row, answered).await
    }

    async fn answered_by_city(
        &self,
        city: &City,
        row: &RequestRow,
        answered: Result<Taken, Failed>,
    ) -> Result<(), Trouble> {
        let now = self.clock().now_ms();
        let count = |outcome: &'static str| {
            counter!(REQUESTS, "city" => city.name().to_owned(), "outcome" => outcome).increment(1);
        };
        match answered {
            Ok(Taken::Number(number)) => {
                self.has_number(city, row, &number).await?;
                count("fed");
            }
            Ok(Taken::Token(token)) => {
                let mut tx = self.write_tx().await?;
                cities::promise(&mut tx, &row.id, &token, now + MINUTE_MS).await?;
                tx.commit().await?;
                count("fed");
            }
            // A wrong key is ours to mend, and costs no case anything.
            Err(
                failed @ (Failed::Busy(_)
                | Failed::Refused {
                    status: 401 | 403, ..
                }),
            ) => {
                self.settle_at_city(row, State::Waiting, now, None).await?;
                count("put_off");
                return Err(failed.into());
            }
            Err(Failed::Refused { status, said }) => {
                let problem = format!("{status}: {said}");
                self.settle_at_city(row, State::Refused, NEVER, Some(&problem))
                    .await?;
                count("refused");
            }
            Err(Failed::Away(problem)) => {
                let later = now + CLAIM_MS;
                self.settle_at_city(row, State::Sending, later, Some(&problem))
                    .await?;
                count("put_off");
                return Err(problem.into());
            }
        }
        Ok(())
    }

    /// Whether a city has what was sent to it and not answered.
    async fn find_sent(
        &self,
        city: &City,
        row: &RequestRow,
        case: CaseId,
    ) -> Result<bool, Trouble> {
        let now = self.clock().now_ms();
        let from = row.asked_at.unwrap_or(now) - CLOCKS_MS;
        let mut windows = Windows::over(city, from, now + CLOCKS_MS);
        while let Some((found, _)) = windows.next().await? {
            for request in found {
                if let Some(sent) = self.bears(city, request, case).await? {
                    return self.recognise(city, &sent).await;
                }
            }
        }
        Ok(false)
    }

    /// A request that has the mark of a case. Lists may tell less of a description than there is.
    async fn bears(
        &self,
        city: &City,
        request: Request,
        case: CaseId,
    ) -> Result<Option<Request>, Trouble> {
        let marked = |request: &Request| {
            let description = request.description.as_deref();
            description.and_then(mark::read) == Some(case)
        };
        if marked(&request) {
            return Ok(Some(request));
        }
        let mut tx = self.read_tx().await?;
        let known = cities::by_request(&mut tx, city.name(), &request.id).await?;
        drop(tx);
        if known.is_some() {
            return Ok(None);
        }
        Ok(city.wire.request(&request.id).await?.filter(marked))
    }

    async fn has_number(
        &self,
        city: &City,
        row: &RequestRow,
        number: &str,
    ) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        match cities::by_request(&mut tx, city.name(), number).await? {
            Some(other) if other.id != row.id => {
                let problem = Some("the city gave it the number of another case");
                let refused = State::Refused.as_str();
                cities::settle(&mut tx, &row.id, refused, NEVER, problem).await?;
            }
            _ => cities::link(&mut tx, &row.id, number, now).await?,
        }
        Ok(tx.commit().await?)
    }

    async fn settle_at_city(
        &self,
        row: &RequestRow,
        state: State,
        due_at: i64,
        problem: Option<&str>,
    ) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        cities::settle(&mut tx, &row.id, state.as_str(), due_at, problem).await?;
        Ok(tx.commit().await?)
    }

    /// The same of one that was not taken in hand: another process may have done so, or a person.
    async fn settle_as_read(
        &self,
        row: &RequestRow,
        state: State,
        due_at: i64,
        problem: Option<&str>,
    ) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        cities::settle_as_read(&mut tx, row, state.as_str(), due_at, problem).await?;
        Ok(tx.commit().await?)
    }

    /// A case as the city's form, if it is still one to be fed. It may have gone elsewhere since it was
    /// noted.
    async fn form_for_city(&self, city: &City, case: CaseId) -> Result<Fit, NodeError> {
        let summary = match self.case(case).await {
            Ok(view) => view.summary,
            Err(NodeError::NotFound { .. }) => return Ok(Fit::Not),
            Err(error) => return Err(error),
        };
        let works = matches!(
            summary.state,
            Some(CaseState::Verified | CaseState::InProgress)
        );
        let is_ours = summary.custodian.as_ref() == Some(self.instance()?);
        let mapped = summary.category.as_ref();
        let mapped = mapped.and_then(|category| city.settings.service(category));
        let Some(mapped) = mapped.filter(|_| summary.public && works && is_ours) else {
            return Ok(Fit::Not);
        };
        let filed = self.filed_report(case).await?;
        Ok(form(mapped, &filed))
    }
}

fn waiting(city: &City, case: String, now: i64) -> RequestRow {
    RequestRow {
        id: hex::encode(random::<16>()),
        city: city.name().to_owned(),
        way: Way::Fed.as_str().to_owned(),
        state: State::Waiting.as_str().to_owned(),
        request: None,
        case_id: Some(case),
        token: None,
        status: None,
        notes: None,
        turns: 0,
        since: now,
        asked_at: None,
        due_at: now,
        seen_at: now,
        changed_at: now,
        problem: None,
    }
}

/// The same for a case however often it is sent, even from a database that was restored.
fn once(city: &City, case: CaseId) -> String {
    hex::encode(Sha256::digest(format!("{} {case}", city.name())))
}

/// What is told of a case: what everybody may read, and where it is. Nothing of its reporter.
fn form(mapped: &Mapped, filed: &FiledReport) -> Fit {
    let report = &filed.report;
    let told = described(report.title.as_deref(), report.content.as_deref());
    let told = personal::mask(told.as_deref().unwrap_or_default()).into_owned();
    if mark::read(&told).is_some() {
        // It came from another node, which sees to it.
        return Fit::Not;
    }
    let region = || national().display_name(report.region.as_ref()?);
    let place = report.place.clone().or_else(region);
    if place.is_none() && filed.coordinates.is_none() {
        return Fit::NoPlace;
    }
    let told: String = told.chars().take(DESCRIPTION).collect();
    let field = |name: &str, value: String| (name.to_owned(), value);
    let mut form = vec![
        field("service_code", mapped.code.clone()),
        field("description", mark::with(&told, report.case)),
    ];
    form.extend(filed.coordinates.iter().flat_map(|at| {
        let degrees = [("lat", at.latitude()), ("long", at.longitude())];
        degrees.map(|(name, degrees)| (name.to_owned(), degrees.to_string()))
    }));
    let place = place.map(|place| place.chars().take(TITLE_CHARS).collect());
    form.extend(place.map(|place| field("address_string", place)));
    let attributes = mapped.attributes.iter();
    form.extend(attributes.map(|(code, value)| (format!("attribute[{code}]"), value.clone())));
    Fit::Form(form)
}
