//! Filing a report in one form, with no account: the form, what it suggests
//! while it is filled in, and what whoever filed takes home.
//!
//! Every step works without script. What was typed, and every file that was
//! taken in, survives whatever is wrong.

mod draft;
#[cfg(test)]
mod file_tests;
mod page;
mod receipt;
mod suggest;
#[cfg(test)]
mod suggest_tests;
#[cfg(test)]
mod tests;
mod whom;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use lapor_web::Query;
use lapor_web::page::{Form, Visit};
use serde::Deserialize;

use super::visitor::{Holder, Known};
use super::{Answer, home_region, name_of, programmes};
use crate::api::{Address, problem};
use crate::attach::{self, Attached, Sender};
use crate::casework::{Coordinates, Once};
use crate::error::NodeError;
use crate::node::Node;
use crate::place::spot;
use crate::regions::national;
use crate::reporters::{FilingTerms, Notify};

use draft::Draft;
pub(crate) use draft::{APART_PAIR, agreed, coordinates, programme};
pub(crate) use draft::{KINDS, classification};
use page::{Again, Writer};
pub(crate) use whom::{ask_openness, excluded, is_secret, openness};

pub const PATH: &str = "/lapor";
pub(in crate::portal) const RECEIPT: &str = "/lapor/terima";
/// Sends a code to the address that the report tells.
const PROOF: &str = "/lapor/terima/kontak";
const DONE: &str = "/lapor/selesai";
/// Names of regions, for fields that suggest them.
pub const REGIONS: &str = "/lapor/wilayah";
/// Which region a place lies in.
const PLACE: &str = "/lapor/letak";
const LIKELY: &str = "/lapor/mirip";
const ADVICE: &str = "/lapor/saran";
/// Who calls, for requests that come twice.
const SCOPE: &str = "portal";

/// The field that people do not see.
const TRAP: &str = "situs";
const STAMP: &str = "cap";
const KEY: &str = "kunci";
/// What a button asks for other than filing.
const STEP: &str = "langkah";
/// Whether the report is kept with the account of whoever has signed in.
const ACCOUNT: &str = "akun";
/// Says that what is alike has been looked at.
const NEW_ANYWAY: &str = "tetap";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilingQuery {
    /// A programme that the report is about, `OWNER/SLUG`.
    program: Option<String>,
}

pub fn routes() -> Router<Arc<Node>> {
    Router::new()
        .route(PATH, get(ask).post(send))
        .route(RECEIPT, get(receipt::show).post(receipt::open))
        .route(PROOF, post(receipt::prove))
        .route(DONE, post(receipt::done))
        .route(REGIONS, get(suggest::regions))
        .route(PLACE, post(suggest::place))
        .route(LIKELY, post(suggest::likely))
        .route(ADVICE, post(suggest::advice))
}

async fn ask(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Known(known): Known,
    Query(query): Query<FilingQuery>,
) -> Answer<Response> {
    let writer = Writer::known(&node, &visit, known.as_ref()).await?;
    let mut form = Form::of([
        // Whoever has signed in expects it among their reports; the tick takes it out.
        (ACCOUNT, writer.ticks_account().to_owned()),
    ]);
    match query.program {
        Some(programme) => about(&node, &mut form, &programme).await?,
        None => form.put("wilayah", home_region(&node).unwrap_or_default()),
    }
    page::show(&writer, &form, &Attached::default(), Again::default()).await
}

/// Fills in what is known of the programme that a report is about: where it is, and who builds it,
/// who is the likeliest to answer. All of it can be changed.
async fn about(node: &Node, form: &mut Form, named: &str) -> Answer<()> {
    form.put("program", named);
    let Some(programme) = programmes::named(named) else {
        return Ok(());
    };
    form.put("instansi", name_of(node, &programme.owner));
    let Some(published) = programmes::published(node, &programme).await? else {
        return Ok(());
    };
    let region = published.region.as_ref();
    let name = region.and_then(|code| national().display_name(code));
    form.put("wilayah", name.unwrap_or_default());
    let at = published.coordinates.and_then(Coordinates::of_message);
    // Nobody is asked about two places that they did not write.
    let at = at.filter(|at| {
        let spot = spot(at.latitude(), at.longitude());
        region.is_none_or(|region| spot.may_lie_in(region))
    });
    if let Some(at) = at {
        form.put("lintang", at.latitude().to_string());
        form.put("bujur", at.longitude().to_string());
    }
    Ok(())
}

async fn send(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Address(address): Address,
    Known(known): Known,
    request: Request,
) -> Answer<Response> {
    let v = visit.v;
    let (mut form, mut attached) =
        attach::read(&node, &v, Sender::Public(address), request).await?;
    let sent = sent_before(&node, &form).await.map_err(|e| problem(&e))?;
    attached.miss_unless(sent, &v, &mut form);
    let writer = Writer::known(&node, &visit, known.as_ref()).await?;
    match form.text(STEP) {
        "saran" => {
            // Who asks too often gets the form back as it is.
            let mut again = Again::default();
            if node.admit_question(address).is_ok() {
                again.hints = Some(suggest::hints(&node, &v, &form).await?);
            }
            return page::show(&writer, &form, &attached, again).await;
        }
        // Gone back to after it was filed: what can be looked at is its receipt.
        "sunting" if sent => {
            node.admit_question(address).map_err(|e| problem(&e))?;
            attach::forget(&node, &attached).await;
            return Ok(receipt::lead(&node, &visit, form.text(KEY)));
        }
        "sunting" => {
            return page::show(&writer, &form, &attached, Again::default()).await;
        }
        _ => {}
    }
    let Some(draft) = Draft::read(&node, &v, &mut form).await? else {
        if whom::excludes_us(&node, &form) && !attached.held.is_empty() {
            // What this institution is not to see it does not keep.
            attach::forget(&node, &attached).await;
            attached = Attached::default();
            form.complain(attach::FILES, v.say("filing-excludes-us-files"));
        }
        let again = Again::wrong(&form, &attached);
        return page::show(&writer, &form, &attached, again).await;
    };
    if !sent && !form.is_ticked(NEW_ANYWAY) && node.admit_question(address).is_ok() {
        let alike = suggest::alike(&node, &v, &draft.sketch()).await?;
        if !alike.is_empty() {
            return page::compare(&visit, &form, &attached, alike);
        }
    }
    let owner = known.filter(|_| form.is_ticked(ACCOUNT));
    let filing = file(&node, address, owner, &form, &attached, draft).await;
    match filing {
        Ok(key) => Ok(receipt::lead(&node, &visit, &key)),
        Err(NodeError::TooMany { retry_after_s }) => {
            let again = Again {
                wait_s: Some(retry_after_s),
                status: StatusCode::TOO_MANY_REQUESTS,
                ..Again::default()
            };
            page::show(&writer, &form, &attached, again).await
        }
        // The form went out before with other words: from a page that was gone back to.
        Err(NodeError::KeyReused) => {
            form.complain("judul", v.say("filing-sent-before"));
            attached.miss_unless(false, &v, &mut form);
            let again = Again {
                fresh_key: true,
                ..Again::wrong(&form, &attached)
            };
            page::show(&writer, &form, &attached, again).await
        }
        Err(NodeError::Invalid(_)) => {
            form.complain("uraian", v.say("filing-refused"));
            let again = Again::wrong(&form, &attached);
            page::show(&writer, &form, &attached, again).await
        }
        Err(error) => Err(problem(&error)),
    }
}

/// Files, and gives the key under which the receipt is kept.
async fn file(
    node: &Node,
    address: IpAddr,
    owner: Option<Holder>,
    form: &Form,
    attached: &Attached,
    draft: Draft,
) -> Result<String, NodeError> {
    let contact = draft.contact();
    let stamp = Some(form.text(STAMP)).filter(|stamp| !stamp.is_empty());
    // What has been filed is answered again, however much came from this address meanwhile.
    let suspicion = if sent_before(node, form).await? {
        None
    } else {
        node.admit_filing(address, contact.as_deref(), form.typed(TRAP), stamp)?
    };
    let key = sent_key(form).map_or_else(Once::fresh_key, str::to_owned);
    let (notify, mut report) = (draft.notify, draft.report);
    let once = Once::new(SCOPE, &key)?.told_by(&(&report, attached.fingerprints()))?;
    report.attachments = attached.uploads();
    let terms = FilingTerms {
        visitor: owner.as_ref().map(|holder| &holder.visitor),
        notify: if notify { Notify::Email } else { Notify::Off },
        once: Some(&once),
        suspicion,
        ..FilingTerms::default()
    };
    node.file_for_reporter(report, terms).await?;
    // Of a form that came twice, the second one's files are still here.
    attach::forget(node, attached).await;
    Ok(key)
}

/// Whether a report was filed under the form's key already.
async fn sent_before(node: &Node, form: &Form) -> Result<bool, NodeError> {
    match sent_key(form) {
        Some(key) => Once::new(SCOPE, key)?.is_known(node).await,
        None => Ok(false),
    }
}

/// The key that a form came with, if it is one that a cookie can hold as well.
fn sent_key(form: &Form) -> Option<&str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let key = form.text(KEY);
    ((16..=128).contains(&key.len()) && key.bytes().all(plain)).then_some(key)
}
