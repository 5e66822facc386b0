//! A report of a city's application, as a form with or without files. A form that comes again, under
//! the same `Idempotency-Key` or within some minutes word for word, files nothing more.

use std::sync::Arc;

use axum::extract::{FromRequest as _, Request, State};
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Classification;
use lapor_protocol::region::RegionCode;
use lapor_web::language::text_id;
use lapor_web::page::{Form, FormWithFiles};
use sha2::{Digest as _, Sha256};

use super::asked::{Asked, KEY, Refused, Told, key_in};
use super::categories::{ANONYMOUS, KIND, OPENNESS, SECRET, Service, service};
use super::shown::voice;
use super::tree::Tree;
use crate::attach;
use crate::casework::{Coordinates, NewReport, OffEarth, Once, Reporter};
use crate::chance::random;
use crate::error::NodeError;
use crate::media::Door;
use crate::node::Node;
use crate::place::{self, NoPlace};
use crate::portal::filing::classification;
use crate::reporters::{FiledForReporter, FilingTerms, Notify, is_dialled, is_mailed};
use crate::settings::Open311Answer;
use crate::store;
use crate::store::open311::CityRow;
use crate::tokens::Bearer;

/// How such a report came in.
pub const CHANNEL: &str = "open311";
/// The field of a file.
const MEDIA: &str = "media";
/// A form that is the same word for word within these is one; within twice as many it may be.
const SAME_MS: i64 = 10 * 60_000;
const TITLE_CHARS: usize = 80;
const ADDRESS_CHARS: usize = 2000;
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The program that files, and what it is given to find the report by.
#[derive(Clone, Copy)]
pub(crate) struct City<'a> {
    caller: &'a str,
    token: &'a str,
}

/// A form and the files that came with it.
struct Sent {
    form: Form,
    caller: Bearer,
    uploads: Vec<String>,
    /// SHA-256 of each file as it came.
    digests: Vec<String>,
}

impl City<'_> {
    /// What is stored of it with a filing.
    pub(crate) fn row(self, case: CaseId, at: i64) -> CityRow {
        CityRow {
            case_id: case.to_string(),
            caller: self.caller.to_owned(),
            token: self.token.to_owned(),
            at,
        }
    }
}

pub async fn file(State(node): State<Arc<Node>>, asked: Asked, request: Request) -> Response {
    let told = filed(&node, &asked, request).await;
    asked.answer(told)
}

async fn filed(node: &Node, asked: &Asked, request: Request) -> Told {
    let head = request.headers().clone();
    let sent = sent(node, asked, request).await?;
    asked.is_here(node, Some(&sent.form))?;
    let report = report(node, &sent).await?;
    sent.caller.sight.takes(report.region.as_ref())?;
    let token = hex::encode(random::<16>());
    let city = City {
        caller: &sent.caller.name,
        token: &token,
    };
    let filed = file_once(node, &sent, &head, report, city).await?;
    answer(node, &filed, &without(&sent.form)).await
}

/// Reads the form. Who calls is known before a file is taken in.
async fn sent(node: &Node, asked: &Asked, request: Request) -> Result<Sent, Refused> {
    let told = request.headers().get(CONTENT_TYPE);
    let told = told.and_then(|told| told.to_str().ok()).unwrap_or_default();
    if !told.to_ascii_lowercase().starts_with("multipart/") {
        let form = Form::from_request(request, &()).await?;
        let caller = asked.must_call(node, key_in(&form)).await?;
        return Ok(Sent {
            form,
            caller,
            uploads: Vec::new(),
            digests: Vec::new(),
        });
    }
    let most = attach::most_bytes(node.settings().api.upload_bytes);
    let mut parts = FormWithFiles::open(request, most)?;
    let (mut uploads, mut digests) = (Vec::new(), Vec::new());
    while let Some(mut file) = parts.next_file().await? {
        asked.must_call(node, parts.before(KEY)).await?;
        if file.field != MEDIA || uploads.len() == attach::MOST {
            file.pass_over().await;
            continue;
        }
        let mut hash = Sha256::new();
        let pieces = attach::hashed(&mut file, &mut hash);
        let receipt = node.receive_upload(Door::Staff, pieces).await;
        let receipt = receipt.map_err(|error| match parts.broken() {
            Some(problem) => Refused::from(problem),
            None => Refused::from(error),
        })?;
        uploads.push(receipt.upload);
        digests.push(hex::encode(hash.finalize()));
    }
    let form = parts.form();
    let caller = asked.must_call(node, key_in(&form)).await?;
    Ok(Sent {
        form,
        caller,
        uploads,
        digests,
    })
}

async fn report(node: &Node, sent: &Sent) -> Result<NewReport, Refused> {
    let form = &sent.form;
    let code = form.text("service_code");
    if code.is_empty() {
        return Err(Refused::wrong("service_code was not provided"));
    }
    let service = service(node, code).await?;
    let coordinates = coordinates(form)?;
    let place = ["address_string", "address_id"]
        .map(|field| form.text(field))
        .into_iter()
        .find(|place| !place.is_empty());
    if coordinates.is_none() && place.is_none() {
        let said = "location: lat and long, address_string or address_id was not provided";
        return Err(Refused::wrong(said));
    }
    let openness = openness(form)?;
    let content = content(form, &service)?;
    Ok(NewReport {
        classification: kind(form)?,
        title: title(&content),
        content,
        category: Some(service.category),
        region: region(node, coordinates),
        place: place.map(str::to_owned),
        coordinates,
        incident_date: None,
        anonymous: openness == ANONYMOUS,
        secret: openness == SECRET,
        channel: CHANNEL.to_owned(),
        excluded: Vec::new(),
        suggested: None,
        programme: None,
        attachments: sent.uploads.clone(),
        reporter: Some(reporter(form)),
        own_number: None,
        local_category: None,
    })
}

/// What was told as a contact and can be none. The report is taken without it: applications show a
/// refusal as a failure, and a contact may be left out.
fn without(form: &Form) -> Vec<&'static str> {
    let (email, phone) = (form.text("email"), form.text("phone"));
    let wrong = [
        ("email", !email.is_empty() && !is_mailed(email)),
        ("phone", !phone.is_empty() && !is_dialled(phone)),
    ];
    let wrong = wrong.into_iter().filter(|(_, wrong)| *wrong);
    wrong.map(|(field, _)| field).collect()
}

/// What is told of the device and of the account there is not kept.
fn reporter(form: &Form) -> Reporter {
    let without = without(form);
    let contact = |field: &str| {
        let told = form.text(field).to_owned();
        Some(told).filter(|told| !told.is_empty() && !without.contains(&field))
    };
    let told = |field: &str| Some(form.text(field).to_owned()).filter(|told| !told.is_empty());
    let names = [told("first_name"), told("last_name")];
    let names: Vec<String> = names.into_iter().flatten().collect();
    Reporter {
        name: Some(names.join(" ")).filter(|name| !name.is_empty()),
        email: contact("email"),
        phone: contact("phone"),
        address: None,
    }
}

fn coordinates(form: &Form) -> Result<Option<Coordinates>, Refused> {
    let (latitude, longitude) = (form.text("lat"), form.text("long"));
    if latitude.is_empty() && longitude.is_empty() {
        return Ok(None);
    }
    let told = Coordinates::read(latitude, longitude).map_err(|off| match off {
        OffEarth::Latitude => Refused::wrong("lat: expected degrees from -90 to 90, WGS 84"),
        OffEarth::Longitude => Refused::wrong("long: expected degrees from -180 to 180, WGS 84"),
    })?;
    if !place::spot(told.latitude(), told.longitude()).is_in_the_country() {
        return Err(Refused::wrong(format!("lat, long: {}", NoPlace::Abroad)));
    }
    Ok(Some(told))
}

/// The region of this institution where the place may lie in it, else the province where that is sure.
pub(crate) fn region(node: &Node, coordinates: Option<Coordinates>) -> Option<RegionCode> {
    let directory = node.directory();
    let world = directory.latest();
    let own = node.instance().ok().and_then(|own| world.instance(own));
    let own = own.and_then(|entry| entry.region.clone());
    let Some(at) = coordinates else {
        return own;
    };
    let spot = place::spot(at.latitude(), at.longitude());
    own.filter(|region| spot.may_lie_in(region))
        .or_else(|| spot.sure_province())
}

/// What was written, with the address of a picture that lies elsewhere: it is not fetched.
fn content(form: &Form, service: &Service) -> Result<String, Refused> {
    let mut content = form.text("description").to_owned();
    if content.is_empty() {
        content.clone_from(&service.name);
    }
    let picture = form.text("media_url");
    if picture.is_empty() {
        return Ok(content);
    }
    let is_address = picture.starts_with("https://") || picture.starts_with("http://");
    if !is_address || picture.len() > ADDRESS_CHARS || picture.contains(char::is_whitespace) {
        return Err(Refused::wrong(
            "media_url: expected an address of http or https",
        ));
    }
    Ok(format!("{content}\n\n{picture}"))
}

/// The first line or sentence, or as much of it as a title holds.
pub(crate) fn title(content: &str) -> String {
    let line = content.lines().next().unwrap_or_default();
    let end = line.find(". ").unwrap_or(line.len());
    let sentence = line[..end].trim_end_matches('.');
    if sentence.chars().count() <= TITLE_CHARS {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(TITLE_CHARS - 1).collect();
    let words = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(words, _)| words);
    format!("{words}…")
}

fn attribute<'a>(form: &'a Form, code: &str) -> &'a str {
    let (one, many) = (format!("attribute[{code}]"), format!("attribute[{code}][]"));
    let told = form.text(&one);
    if told.is_empty() {
        form.text(&many)
    } else {
        told
    }
}

fn kind(form: &Form) -> Result<Classification, Refused> {
    let told = attribute(form, KIND);
    if told.is_empty() {
        return Ok(Classification::Complaint);
    }
    let wrong = || Refused::wrong(format!("attribute[{KIND}]: {told} is not among its values"));
    classification(told).ok_or_else(wrong)
}

fn openness(form: &Form) -> Result<&str, Refused> {
    let told = attribute(form, OPENNESS);
    if ["", "publik", ANONYMOUS, SECRET].contains(&told) {
        return Ok(told);
    }
    let said = format!("attribute[{OPENNESS}]: {told} is not among its values");
    Err(Refused::wrong(said))
}

/// Files, unless the same form was filed before.
async fn file_once(
    node: &Node,
    sent: &Sent,
    head: &HeaderMap,
    report: NewReport,
    city: City<'_>,
) -> Result<FiledForReporter, Refused> {
    let actor = sent.caller.actor();
    let scope = format!("{CHANNEL}:{actor}");
    let told = sent.told();
    let once = if let Some(key) = head.get(IDEMPOTENCY_KEY) {
        Once::new(&scope, key.to_str().unwrap_or_default())?
    } else {
        let while_same = node.clock().now_ms() / SAME_MS;
        let before = Once::new(&scope, &same_key(&told, while_same - 1))?;
        if let Some(filed) = node.filed_under(&before).await? {
            return Ok(filed);
        }
        Once::new(&scope, &same_key(&told, while_same))?
    };
    let once = once.told_by(&told)?;
    let reaches = report
        .reporter
        .as_ref()
        .and_then(|told| told.email.as_ref());
    let notify = if reaches.is_some() && node.sends_letters() {
        Notify::Email
    } else {
        Notify::Off
    };
    let terms = FilingTerms {
        actor: Some(&actor),
        notify,
        once: Some(&once),
        ..FilingTerms::default()
    };
    Ok(node.file_by(report, terms, Some(city)).await?)
}

impl Sent {
    /// What makes two forms the same: every field but the key, and what is in the files.
    fn told(&self) -> Vec<(String, String)> {
        let fields = self.form.sent();
        let fields = fields.filter(|(name, _)| *name != KEY);
        let mut told: Vec<(String, String)> = fields
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect();
        told.extend(
            self.digests
                .iter()
                .map(|file| (MEDIA.to_owned(), file.clone())),
        );
        told.sort();
        told
    }
}

fn same_key(told: &[(String, String)], when: i64) -> String {
    let mut hash = Sha256::new();
    hash.update(when.to_be_bytes());
    for part in told.iter().flat_map(|(name, text)| [name, text]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

async fn answer(node: &Node, filed: &FiledForReporter, without: &[&str]) -> Told {
    let (case, v) = (filed.filed.case, voice(node));
    let mut notice = v.say(text_id("open311-filed"));
    if !without.is_empty() {
        let fields = without.join(", ");
        notice = format!(
            "{notice} {}",
            v.with("fields", fields).say("open311-without")
        );
    }
    let by = match node.settings().open311.answer {
        Open311Answer::Id => ("service_request_id", case.to_string().into()),
        Open311Answer::Token => ("token", Tree::maybe(node.token_of(case).await?)),
    };
    let request = Tree::Parts(vec![
        by,
        ("service_notice", notice.into()),
        ("account_id", Tree::Nothing),
    ]);
    let all = Tree::Many("request", vec![request]);
    Ok((StatusCode::CREATED, "service_requests", all))
}

impl Node {
    /// The token that was given for a case; of a form that came again the first.
    async fn token_of(&self, case: CaseId) -> Result<Option<String>, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::open311::of_case(&mut tx, &case.to_string()).await?;
        Ok(row.map(|(_, token)| token))
    }
}
