//! Filing a report: the case, its key, its ticket, the reporter's identity and
//! the message that tells the federation, in one transaction.

use std::collections::HashMap;

use lapor_migrations::{Tx, Value};
use lapor_protocol::case::{Case, Order, apply};
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::{Body, ReportFiled, report_filed};
use lapor_protocol::message::Draft;
use lapor_protocol::seal::{ContentKey, Context, Subject, seal_words};
use lapor_web::trace::Trace;
use serde_json::json;

use super::assigning::{self, OnDesk};
use super::attachments::{self, Encrypted};
use super::compose::Newcomer;
use super::once::{self, Once};
use super::queued::{newcomers, store_traced};
use super::{Coordinates, Filed, NewReport, Reporter, Sight, own_number, shown, ticket};
use crate::chance::{SystemEntropy, new_case_id, new_message_id};
use crate::channels::Settled;
use crate::deadlines::Consequences;
use crate::error::NodeError;
use crate::media::forget_uploads;
use crate::node::Node;
use crate::store;
use crate::store::answers::AnswerRow;
use crate::store::audit::Deed;
use crate::store::cases::{CaseRow, Glance};
use crate::store::cities::RequestRow;
use crate::store::erasures::MarkRow;
use crate::store::open311::CityRow;
use crate::store::reporters::ReporterRow;

/// A report that only has to be written.
pub(crate) struct Filing {
    draft: Draft,
    newcomers: Vec<Newcomer>,
    row: CaseRow,
    /// The case as it is shown from now on.
    shown: Option<Case>,
    case: CaseId,
    key: ContentKey,
    /// JSON of the reporter, if they told anything.
    identity: Option<String>,
    attachments: Vec<Encrypted>,
    own_number: Option<String>,
    local_category: Option<String>,
    actor: String,
    beside: Beside,
    /// The work that it is part of.
    trace: Trace,
}

/// What is written in the transaction of a filing besides the case.
#[derive(Default)]
pub(crate) struct Beside {
    /// The reporter's side, if they get a key.
    pub reporter: Option<ReporterRow>,
    /// The answer, if the request may come again.
    pub answer: Option<AnswerRow>,
    /// Why the report should be looked at as possible abuse.
    pub mark: Option<MarkRow>,
    /// On whose desk it lies from the beginning.
    pub desk: Option<OnDesk>,
    /// What becomes of the message in which it was said.
    pub channel: Option<Box<Settled>>,
    /// Which program filed it, if that was by Open311.
    pub city: Option<CityRow>,
    /// The request that it is at a city whose service is followed.
    pub followed: Option<RequestRow>,
}

impl Filing {
    /// The same with what `beside` makes of its moment, Unix ms.
    pub(crate) fn with(self, beside: impl FnOnce(i64) -> Beside) -> Self {
        Self {
            beside: beside(self.draft.created_at),
            ..self
        }
    }
}

impl Node {
    /// Files a report here. It is durable when this returns, hub or no hub.
    pub async fn file(&self, report: NewReport, actor: &str) -> Result<Filed, NodeError> {
        self.file_beside(report, actor, |_, _| Ok(Beside::default()))
            .await
    }

    /// The same for a request that may come again: it files one case, and
    /// answers the second time as it did the first.
    pub async fn file_once(
        &self,
        report: NewReport,
        actor: &str,
        once: &Once,
    ) -> Result<Filed, NodeError> {
        let (first, again) = (once.asking(&report)?, once.asking(&report)?);
        if let Some(answer) = first.answered(self).await? {
            return Ok(answer);
        }
        let filing = self.file_beside(report, actor, |filed, at| {
            let place = (filed.message, filed.case, at);
            Ok(Beside {
                answer: Some(first.row(self, place, filed)?),
                ..Beside::default()
            })
        });
        match filing.await {
            Err(NodeError::AnsweredMeanwhile) => again
                .answered(self)
                .await?
                .ok_or(NodeError::AnsweredMeanwhile),
            filed => filed,
        }
    }

    /// The same, and what `beside` makes of the filing (with its moment, Unix
    /// ms) in the same transaction.
    pub(crate) async fn file_beside(
        &self,
        mut report: NewReport,
        actor: &str,
        beside: impl FnOnce(&Filed, i64) -> Result<Beside, NodeError> + Send,
    ) -> Result<Filed, NodeError> {
        let (filed, mut filing) = self.filing(&mut report, actor).await?;
        filing.beside = beside(&filed, filing.draft.created_at)?;
        let trace = filing.trace.clone();
        self.writer().file(filing).await?;
        trace.span().in_scope(|| {
            tracing::info!(target: "lapor::message", id = %filed.message, "a report was filed");
        });
        forget_uploads(self, &report.attachments).await;
        Ok(filed)
    }

    /// A report that is checked and ready for [`write_filings`]; its category becomes the national one.
    pub(crate) async fn filing(
        &self,
        report: &mut NewReport,
        actor: &str,
    ) -> Result<(Filed, Filing), NodeError> {
        let stated = (report.category.as_ref(), report.local_category.as_deref());
        (report.category, report.local_category) = self.named_category(stated.0, stated.1).await?;
        self.filing_as_named(report, actor).await
    }

    /// The same where the category is known to be the national one.
    pub(crate) async fn filing_as_named(
        &self,
        report: &NewReport,
        actor: &str,
    ) -> Result<(Filed, Filing), NodeError> {
        let filing = self.prepare_filing(report, actor).await?;
        let filed = Filed {
            case: filing.case,
            ticket: filing.row.ticket.clone().unwrap_or_default(),
            message: filing.draft.id,
        };
        Ok((filed, filing))
    }

    async fn prepare_filing(&self, report: &NewReport, actor: &str) -> Result<Filing, NodeError> {
        let me = self.instance()?;
        let directory = self.directory();
        let world = directory.latest();
        check_exclusions(report, me, world)?;
        self.check_incident("incident_date", report.incident_date.as_deref())?;
        let own_number = report.own_number.as_deref().map(str::trim);
        let own_number = own_number.filter(|number| !number.is_empty());
        own_number.map_or(Ok(()), own_number::check)?;
        if let Some(stranger) = report
            .excluded
            .iter()
            .find(|id| world.instance(id).is_none())
        {
            return Err(NodeError::Invalid(format!(
                "excluded: the directory names no {stranger}; `GET /instances` lists all institutions"
            )));
        }
        let now = self.clock().now_ms();
        let (case_id, id) = (new_case_id(now), new_message_id(now));
        let key = ContentKey::generate(&mut SystemEntropy);
        let ticket = ticket::mint();
        let encrypted = attachments::encrypt_under(self, &key, &report.attachments).await?;
        let body = Body::ReportFiled(clear(report, &key));
        let words = words(report, &ticket)?;
        body.check_words(&words)
            .map_err(|e| NodeError::Invalid(e.to_string()))?;
        let context = Context {
            kind: body.kind(),
            id,
            case: case_id,
            author: me,
        };
        let sealed = seal_words(&key, context, &words, &mut SystemEntropy)
            .map_err(|e| NodeError::Invalid(e.to_string()))?;
        let draft = Draft {
            kind: body.kind().to_owned(),
            id,
            case: Some(case_id),
            term: None,
            created_at: now,
            body,
            sealed: Some(sealed),
            attachments: encrypted
                .iter()
                .map(|blob| blob.attachment.clone())
                .collect(),
        };
        let message = draft.provisional(me);
        draft
            .body
            .check(&message.header)
            .map_err(|e| NodeError::Invalid(e.to_string()))?;
        let order = Order {
            case: case_id,
            case_seq: 0,
            ordered_at: now,
        };
        let case = apply(&message, &draft.body, order, None, world);
        let mut row = CaseRow::unborn(case_id.to_string(), now);
        row.ticket = Some(ticket);
        row.pending = 1;
        let place = report.place.as_deref();
        row.glance = Glance::filed(&report.title, &report.content, place, me, now);
        shown::show(&mut row, case.as_ref(), me, world);
        Ok(Filing {
            newcomers: newcomers(&draft, None, None, me, world),
            draft,
            row,
            shown: case,
            case: case_id,
            key,
            identity: identity(report)?,
            attachments: encrypted,
            own_number: own_number.map(str::to_owned),
            local_category: report.local_category.clone(),
            actor: actor.to_owned(),
            beside: Beside::default(),
            trace: Trace::here(),
        })
    }
}

/// Writes filings, each table at once. An error undoes them all.
pub(crate) async fn write_filings(
    node: &Node,
    tx: &mut Tx,
    filings: &[&Filing],
) -> Result<(), NodeError> {
    let drafts = filings
        .iter()
        .map(|f| (&f.draft, &f.newcomers[..], &f.trace));
    store_traced(tx, drafts).await?;
    let keys = filings.iter().flat_map(|filing| {
        [
            Value::from(Subject::Case(filing.case).to_string()),
            filing.row.case_id.as_str().into(),
            filing.key.as_bytes().as_slice().into(),
        ]
    });
    store::secrets::add_content_keys(tx, keys.collect()).await?;
    let born: Vec<_> = filings
        .iter()
        .map(|filing| (filing.row.case_id.as_str(), filing.shown.as_ref()))
        .collect();
    let consequences = Consequences::of(node, tx, &born).await?;
    let run_out: HashMap<&str, i64> = consequences.run_out().collect();
    let rows = filings.iter().map(|filing| {
        let mut row = filing.row.clone();
        if let Some(at) = run_out.get(row.case_id.as_str()) {
            row.runs_out_at = *at;
        }
        row
    });
    shown::keep(tx, &rows.collect::<Vec<CaseRow>>()).await?;
    consequences.keep(node, tx).await?;
    let identities = filings.iter().filter_map(|filing| {
        let identity = filing.identity.as_deref()?;
        Some([Value::from(filing.row.case_id.as_str()), identity.into()])
    });
    store::secrets::put_identities(tx, identities.flatten().collect()).await?;
    for filing in filings {
        attachments::record(tx, filing.case, filing.draft.id, &filing.attachments).await?;
    }
    write_beside(tx, filings).await?;
    let details: Vec<String> = filings.iter().map(|f| f.draft.id.to_string()).collect();
    let deeds: Vec<_> = filings
        .iter()
        .zip(&details)
        .map(|(filing, detail)| Deed {
            at: filing.draft.created_at,
            actor: &filing.actor,
            action: &filing.draft.kind,
            case_id: Some(&filing.row.case_id),
            detail,
        })
        .collect();
    Ok(store::audit::add_all(tx, &deeds).await?)
}

async fn write_beside(tx: &mut Tx, filings: &[&Filing]) -> Result<(), NodeError> {
    let beside = || filings.iter().map(|filing| &filing.beside);
    let reporters: Vec<_> = beside().filter_map(|b| b.reporter.as_ref()).collect();
    store::reporters::add_all(tx, &reporters).await?;
    for answer in beside().filter_map(|b| b.answer.as_ref()) {
        once::keep(tx, answer).await?;
    }
    for mark in beside().filter_map(|b| b.mark.as_ref()) {
        store::erasures::mark(tx, mark).await?;
    }
    for settled in beside().filter_map(|b| b.channel.as_ref()) {
        settled.write(tx).await?;
    }
    for row in beside().filter_map(|b| b.city.as_ref()) {
        store::open311::add(tx, row).await?;
    }
    for row in beside().filter_map(|b| b.followed.as_ref()) {
        if !store::cities::add(tx, row).await? {
            return Err(NodeError::AnsweredMeanwhile);
        }
    }
    for filing in filings {
        if let Some(number) = &filing.own_number {
            own_number::note(tx, &filing.row.case_id, number).await?;
        }
        if let Some(local) = &filing.local_category {
            let (limits, case) = (Sight::ALL.limits(), &filing.row.case_id);
            store::desk::localise(tx, limits, case, Some(local)).await?;
        }
        if let Some(desk) = &filing.beside.desk {
            let by = (filing.actor.as_str(), filing.draft.created_at, None);
            let case = std::slice::from_ref(&filing.row.case_id);
            assigning::put(tx, &Sight::ALL, case, desk, by).await?;
        }
    }
    Ok(())
}

/// The reporter's identity as it is kept; within the limits of a disclosure,
/// so that what is held can be disclosed.
fn identity(report: &NewReport) -> Result<Option<String>, NodeError> {
    let told = report.reporter.as_ref();
    let Some(reporter) = told.filter(|reporter| **reporter != Reporter::default()) else {
        return Ok(None);
    };
    check_identity(reporter)?;
    serde_json::to_string(reporter)
        .map(Some)
        .map_err(NodeError::damaged)
}

/// A report is neither filed where it must never be nor suggested to whom it must never reach.
fn check_exclusions(
    report: &NewReport,
    me: &InstanceId,
    world: DirectoryAt<'_>,
) -> Result<(), NodeError> {
    let suggested = report.suggested.as_ref();
    let owner = report.programme.as_ref().map(|programme| &programme.owner);
    let barred = |one: &InstanceId| world.is_or_succeeds(one, |id| report.excluded.contains(id));
    let wrong = |one: Option<&InstanceId>| one.is_some_and(barred);
    if wrong(Some(me)) {
        let problem =
            "excluded: the institution where the report is filed cannot be excluded from it";
        return Err(NodeError::Invalid(problem.into()));
    }
    if wrong(suggested) {
        let problem =
            "suggested: this institution is excluded from the report; suggest another or none";
        return Err(NodeError::Invalid(problem.into()));
    }
    if wrong(owner) {
        let problem = "programme: its owner is excluded from the report; name the programme in the text instead";
        return Err(NodeError::Invalid(problem.into()));
    }
    Ok(())
}

fn clear(report: &NewReport, key: &ContentKey) -> ReportFiled {
    ReportFiled {
        classification: report.classification,
        category: report.category.clone(),
        region: report.region.clone(),
        incident_date: report.incident_date.clone(),
        anonymous: report.anonymous,
        secret: report.secret,
        channel: report.channel.clone(),
        excluded: report.excluded.clone(),
        suggested: report.suggested.clone(),
        programme: report.programme.clone(),
        commitment: key.commitment(),
    }
}

fn words(report: &NewReport, ticket: &str) -> Result<Vec<u8>, NodeError> {
    let words = report_filed::Words {
        title: report.title.clone(),
        content: report.content.clone(),
        place: report.place.clone(),
        coordinates: report.coordinates.map(Coordinates::micro),
        ticket: Some(ticket.to_owned()),
    };
    serde_json::to_vec(&words).map_err(NodeError::damaged)
}

fn check_identity(reporter: &Reporter) -> Result<(), NodeError> {
    use lapor_protocol::kinds::{WordsCheck, identity_disclosed};
    let words: identity_disclosed::Words =
        serde_json::from_value(json!(reporter)).map_err(NodeError::damaged)?;
    words
        .check()
        .map_err(|e| NodeError::Invalid(format!("reporter: {e}")))
}
