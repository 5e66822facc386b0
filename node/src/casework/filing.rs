//! Filing a report: the case, its key, its ticket, the reporter's identity and
//! the message that tells the federation, in one transaction.

use lapor_protocol::case::{Order, apply};
use lapor_protocol::kinds::{Body, ReportFiled, report_filed};
use lapor_protocol::message::Draft;
use lapor_protocol::seal::{ContentKey, Context, Subject, seal_words};
use serde_json::json;

use super::act::{newcomers, store_draft};
use super::{Filed, NewReport, Reporter, attachments, shown, ticket};
use crate::chance::{SystemEntropy, new_case_id, new_message_id};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::cases::CaseRow;

const MICRO: f64 = 1_000_000.0;

impl Node {
    /// Files a report here. It is durable when this returns, hub or no hub.
    pub async fn file(&self, report: NewReport, actor: &str) -> Result<Filed, NodeError> {
        let me = self.instance()?;
        let directory = self.directory();
        let world = directory.latest();
        let now = self.clock().now_ms();
        let (case_id, id) = (new_case_id(now), new_message_id(now));
        let key = ContentKey::generate(&mut SystemEntropy);
        let ticket = ticket::mint();
        let encrypted = attachments::encrypt_under(self, &key, &report.attachments).await?;
        let body = Body::ReportFiled(clear(&report, &key));
        let words = words(&report, &ticket)?;
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
        row.ticket = Some(ticket.clone());
        row.pending = 1;
        shown::show(&mut row, case.as_ref());

        let mut tx = self.write_tx().await?;
        store_draft(&mut tx, &draft, &newcomers(&draft, None, None, me, world)).await?;
        let subject = Subject::Case(case_id).to_string();
        store::secrets::add_content_key(&mut tx, &subject, &row.case_id, key.as_bytes()).await?;
        store::cases::put(&mut tx, std::slice::from_ref(&row)).await?;
        if let Some(identity) = report
            .reporter
            .as_ref()
            .filter(|reporter| **reporter != Reporter::default())
        {
            check_identity(identity)?;
            let text = serde_json::to_string(identity).map_err(NodeError::damaged)?;
            store::secrets::put_identity(&mut tx, &row.case_id, &text).await?;
        }
        attachments::record(&mut tx, case_id, id, &encrypted).await?;
        store::audit::add(
            &mut tx,
            now,
            actor,
            &draft.kind,
            Some(&row.case_id),
            &id.to_string(),
        )
        .await?;
        tx.commit().await?;
        attachments::forget_uploads(self, &report.attachments).await;
        self.ring_outgoing();
        Ok(Filed {
            case: case_id,
            ticket,
            message: id,
        })
    }
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
    let coordinates = report
        .coordinates
        .map(|place| {
            let on_earth = place.latitude.abs() <= 90.0 && place.longitude.abs() <= 180.0;
            let micro = |degrees: f64| (degrees * MICRO).round() as i64;
            on_earth
                .then(|| report_filed::Coordinates {
                    latitude_micro: micro(place.latitude),
                    longitude_micro: micro(place.longitude),
                })
                .ok_or_else(|| {
                    NodeError::Invalid(
                        "coordinates: latitude is -90 to 90, longitude -180 to 180".into(),
                    )
                })
        })
        .transpose()?;
    let words = report_filed::Words {
        title: report.title.clone(),
        content: report.content.clone(),
        place: report.place.clone(),
        coordinates,
        ticket: Some(ticket.to_owned()),
    };
    serde_json::to_vec(&words).map_err(NodeError::damaged)
}

/// The same limits as for a disclosure, so that what is held can be disclosed.
fn check_identity(reporter: &Reporter) -> Result<(), NodeError> {
    use lapor_protocol::kinds::{WordsCheck, identity_disclosed};
    let words: identity_disclosed::Words =
        serde_json::from_value(json!(reporter)).map_err(NodeError::damaged)?;
    words
        .check()
        .map_err(|e| NodeError::Invalid(format!("reporter: {e}")))
}
