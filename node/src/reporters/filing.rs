//! Filing for a reporter who gets a key: by themselves at the portal, or at a
//! counter, where an officer prints what the reporter takes home.

use lapor_protocol::ids::CaseId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::key::SecretKey;
use super::reach::normalised;
use super::{Notify, Suspicion, Verification, Visitor};
use crate::casework::{Beside, Filed, NewReport, OnDesk, Once};
use crate::chance::random;
use crate::channels::Settled;
use crate::error::NodeError;
use crate::node::Node;
use crate::open311::City;
use crate::store::erasures::MarkRow;
use crate::store::reporters::ReporterRow;

/// How a filing is done; by default by the reporter themselves, who is not told of what happens.
#[derive(Default)]
pub struct FilingTerms<'a> {
    /// Who files, for the audit log; `None` is the reporter themselves.
    pub actor: Option<&'a str>,
    /// A citizen who has signed in.
    pub visitor: Option<&'a Visitor>,
    pub notify: Notify,
    /// Set where the request may come again.
    pub once: Option<&'a Once>,
    /// Set where it should be looked at as possible abuse.
    pub suspicion: Option<Suspicion>,
    /// On whose desk it is put, where an officer takes it in.
    pub desk: Option<OnDesk>,
}

/// How what was said on a channel is filed.
pub(crate) struct ThreadTerms {
    pub verification: Verification,
    pub suspicion: Option<Suspicion>,
}

/// What a filing answers to a reporter; the key is told this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiledForReporter {
    #[serde(flatten)]
    pub filed: Filed,
    /// Sixteen digits in groups of four; opens the conversation with the ticket.
    pub key: String,
    /// Whether a lost key can be replaced: only through a contact that was
    /// told, and that the reporter proves.
    pub recoverable: bool,
}

impl Node {
    /// Files a report and makes its reporter a key. Asked again under the same
    /// idempotency key it answers as it did, ticket and key included.
    pub async fn file_for_reporter(
        &self,
        report: NewReport,
        terms: FilingTerms<'_>,
    ) -> Result<FiledForReporter, NodeError> {
        self.file_by(report, terms, None).await
    }

    /// The same for a program that files by Open311, and is to find the case again.
    pub(crate) async fn file_by(
        &self,
        report: NewReport,
        terms: FilingTerms<'_>,
        city: Option<City<'_>>,
    ) -> Result<FiledForReporter, NodeError> {
        let asked = || terms.once.map(|once| once.asking(&report)).transpose();
        let (first, again) = (asked()?, asked()?);
        if let Some(first) = &first
            && let Some(answer) = first.answered(self).await?
        {
            return Ok(answer);
        }
        let key = SecretKey::mint();
        let (citizen, proved) = self.account(&report, terms.visitor).await?;
        let verification = match proved {
            Some(_) => Verification::Contact,
            None => Verification::None,
        };
        let mut row = ReporterRow {
            citizen,
            proved,
            ..unfiled(key.hashed().await?, verification, terms.notify)
        };
        let told = report.reporter.as_ref();
        let ways = self.code_ways();
        let reached = {
            let contacts = told.into_iter().flat_map(|told| [&told.email, &told.phone]);
            contacts.flatten().any(|contact| ways.reach_typed(contact))
        };
        let recoverable = ways.any() && (row.citizen.is_some() || reached);
        let own = format!("reporter:{}", row.id);
        let actor = terms.actor.unwrap_or(&own);
        let mut answer = None;
        let filing = self.file_beside(report, actor, |filed, at| {
            let told = FiledForReporter {
                filed: filed.clone(),
                key: key.reveal().to_string(),
                recoverable,
            };
            let place = (filed.message, filed.case, at);
            let kept = first
                .map(|asked| asked.row(self, place, &told))
                .transpose()?;
            answer = Some(told);
            (row.case_id, row.secret_at) = (filed.case.to_string(), at);
            Ok(Beside {
                reporter: Some(row),
                answer: kept,
                mark: terms.suspicion.map(|why| mark(why, "portal", filed, at)),
                desk: terms.desk,
                channel: None,
                city: city.map(|city| city.row(filed.case, at)),
                followed: None,
            })
        });
        match (filing.await, again) {
            // The other request may also have used the files up that this one brings.
            (Err(error), Some(again)) => again.answered(self).await?.ok_or(error),
            (Err(error), None) => Err(error),
            (Ok(_), _) => answer.ok_or_else(|| NodeError::damaged("a filing has no answer")),
        }
    }

    /// Files what was said on a channel, where its reporter speaks from then on; `settled` makes of
    /// it, and of its moment (Unix ms), what becomes of the message, in the same transaction.
    pub(crate) async fn file_for_thread(
        &self,
        report: NewReport,
        terms: ThreadTerms,
        settled: impl FnOnce(&Filed, i64) -> Result<Settled, NodeError> + Send,
    ) -> Result<Filed, NodeError> {
        // Nobody is told this key; who needs one asks for another.
        let secret = SecretKey::mint().hashed().await?;
        let mut row = unfiled(secret, terms.verification, Notify::Off);
        let actor = format!("reporter:{}", row.id);
        self.file_beside(report, &actor, |filed, at| {
            (row.case_id, row.secret_at) = (filed.case.to_string(), at);
            Ok(Beside {
                reporter: Some(row),
                mark: terms.suspicion.map(|why| mark(why, "channel", filed, at)),
                channel: Some(Box::new(settled(filed, at)?)),
                ..Beside::default()
            })
        })
        .await
    }

    /// What a filing under a key answered, for whoever still holds the key: within
    /// a week, as long as the answer is kept.
    pub async fn filed_under(&self, once: &Once) -> Result<Option<FiledForReporter>, NodeError> {
        once.answered(self).await
    }

    /// The account of whoever files, if it is there still, and its contact where the report tells the
    /// same: that is proved, and nothing else that the report tells.
    async fn account(
        &self,
        report: &NewReport,
        visitor: Option<&Visitor>,
    ) -> Result<(Option<String>, Option<String>), NodeError> {
        let Some(citizen) = visitor.and_then(Visitor::citizen) else {
            return Ok((None, None));
        };
        let mut tx = self.read_tx().await?;
        let contact = crate::store::citizens::contact(&mut tx, citizen).await?;
        let told = report.reporter.as_ref().into_iter();
        let told = told.flat_map(|told| [&told.email, &told.phone]).flatten();
        let told: Vec<String> = told.filter_map(|one| normalised(one).ok()).collect();
        let citizen = contact.as_ref().map(|_| citizen.to_owned());
        Ok((citizen, contact.filter(|contact| told.contains(contact))))
    }
}

/// The secret of reporters whom nobody tells a key.
pub(crate) async fn untold() -> Result<String, NodeError> {
    SecretKey::mint().hashed().await
}

/// The reporter of a case that an institution had in a register before. Nobody is told the key;
/// who needs one gets another at the counter.
pub(crate) fn registered(secret: String, case: CaseId, at: i64) -> ReporterRow {
    ReporterRow {
        case_id: case.to_string(),
        secret_at: at,
        ..unfiled(secret, Verification::None, Notify::Off)
    }
}

/// A reporter whose case is not known yet.
fn unfiled(secret: String, verification: Verification, notify: Notify) -> ReporterRow {
    ReporterRow {
        case_id: String::new(),
        id: hex::encode(random::<8>()),
        secret,
        secret_before: None,
        secret_at: 0,
        verification: verification.as_str().into(),
        notify: notify.as_str().into(),
        citizen: None,
        proved: None,
    }
}

fn mark(why: Suspicion, by: &str, filed: &Filed, at: i64) -> MarkRow {
    MarkRow {
        case_id: filed.case.to_string(),
        reason: why.as_str().to_owned(),
        marked_by: by.to_owned(),
        at,
    }
}
