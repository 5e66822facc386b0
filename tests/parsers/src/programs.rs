//! What hub, conformance kit and pages read.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::body::Body as Sent;
use axum::extract::{FromRequest as _, Request};
use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use lapor_conform::client::read_answer;
use lapor_hub::HubError;
use lapor_hub::http::parsers;
use lapor_hub::sequencer::{Batch, Boot, Lines, Verifiers, read_batch};
use lapor_protocol::audit::{Audit, Extent, Finding, Wrong};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::dsse::{self, Envelope};
use lapor_protocol::keys::Signer;
use lapor_protocol::limits::BATCH_BYTES;
use lapor_protocol::message::Message;
use lapor_web::page::{Form, FormWithFiles, LocalPath};
use lapor_web::table;
use lapor_web::trace::Trace;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::cast::{AUTHOR, MEMBERS, author};
use crate::lines;

use crate::Named;

pub const ALL: &[Named] = &[
    ("batch", batch),
    ("header", header),
    ("answer", answer),
    ("form", form),
    ("table", tabled),
];

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime")
});

fn judged(lines: Bytes) -> Result<Batch, HubError> {
    let lines = Lines::of(lines);
    let judged = RUNTIME.block_on(read_batch(author(), &lines, &MEMBERS, &Verifiers::new(1)));
    assert!(
        !matches!(judged, Err(HubError::Aborted)),
        "a judge has panicked"
    );
    judged
}

/// The body of a batch; the first byte says how it is packed.
fn batch(bytes: &[u8]) {
    let Some((packing, packed)) = bytes.split_first() else {
        return;
    };
    let packed = Bytes::copy_from_slice(packed);
    let packing = [None, Some("zstd"), Some("gzip")][usize::from(packing % 3)];
    let lines = match RUNTIME.block_on(parsers::unpacked(packing, packed, BATCH_BYTES)) {
        Ok(lines) => lines,
        Err(error) => {
            assert!((400..500).contains(&error.status()), "{error}");
            return;
        }
    };
    assert!(lines.len() <= BATCH_BYTES);
    match judged(lines.clone()) {
        Ok(batch) => hold(&batch, &lines),
        Err(error) => assert!((400..500).contains(&error.status()), "{error}"),
    }
}

/// What is taken is the author's, follows each other, and stands in the batch byte for byte.
fn hold(batch: &Batch, lines: &[u8]) {
    let mut before: Option<(u32, u64)> = None;
    for incoming in &batch.messages {
        let header = &incoming.message.header;
        assert_eq!(header.author, author());
        let follows = |(epoch, seq)| header.epoch == epoch && header.seq == seq + 1;
        assert!(before.is_none_or(follows));
        before = Some((header.epoch, header.seq));
        let line = incoming.line();
        let envelope = Envelope::parse(line.as_bytes()).expect("what was taken is read");
        assert_eq!(envelope.id(), incoming.id);
        let line = line.as_bytes();
        assert!(lines.windows(line.len()).any(|window| window == line));
    }
}

/// Payloads, a line each, that an author signs: the hub takes one if and only if the offline verifier
/// finds nothing wrong with it, and finds nothing wrong with what the hub takes of all of them.
/// A line that begins with `!` is signed by another, one with `?` keeps the place that it states.
pub fn record(bytes: &[u8]) {
    let (mut head, mut batch) = (ChainHead::START, Vec::new());
    for line in lines(bytes).take(20) {
        let (signer, line) = match line.strip_prefix(b"!") {
            Some(rest) => (Signer::from_seed(&[6; 32]), rest),
            None => (AUTHOR.clone(), line),
        };
        let payload = match line.strip_prefix(b"?") {
            Some(rest) => rest.to_vec(),
            None => placed(line, head),
        };
        let envelope = Envelope::sign(dsse::MESSAGE_TYPE, payload, &signer);
        judged_alike(&envelope);
        let message = Message::parse(&envelope.payload);
        if message.is_ok_and(|message| head.admits(&message.header).is_ok()) {
            head = head.advanced(envelope.id());
        }
        batch.push(batched(&envelope));
    }
    let taken = judged(batch.join("\n").into()).map(|batch| batch.messages);
    let mut audit = Audit::new(MEMBERS.clone(), Extent::Cases);
    for incoming in taken.unwrap_or_default() {
        audit.envelope(incoming.line().as_bytes());
        let about = |found: &Finding| found.wrong != Wrong::Unruled;
        assert!(!audit.found().iter().any(about));
    }
}

fn judged_alike(envelope: &Envelope) {
    let batch = judged(batched(envelope).into());
    let taken = batch.is_ok_and(|batch| !batch.messages.is_empty());
    let message = Message::parse(&envelope.payload);
    if message.is_ok_and(|message| message.header.author != author()) {
        assert!(!taken, "nobody speaks for another");
        return;
    }
    let mut audit = Audit::new(MEMBERS.clone(), Extent::Cases);
    audit.envelope(envelope.to_line().as_bytes());
    let found = audit.found();
    assert_eq!(taken, found.is_empty(), "{found:?}");
}

fn batched(envelope: &Envelope) -> String {
    format!(r#"{{"envelope":{}}}"#, envelope.to_line())
}

/// The payload with the place that comes next, where it is an object.
fn placed(payload: &[u8], head: ChainHead) -> Vec<u8> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(payload) else {
        return payload.to_vec();
    };
    let at = head.next();
    fields.insert("epoch".into(), at.epoch.into());
    fields.insert("seq".into(), at.seq.into());
    fields.insert("prev".into(), head.id.to_hex().into());
    Value::Object(fields).to_string().into_bytes()
}

/// Headers by which hub and node decide: which start of a node speaks, behind which message a batch is
/// sent, how many of them the hub takes at once, which part of a blob is meant, whose piece of work it is.
fn header(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    parsers::parts(&value);
    parsers::place(&value);
    lapor_node::parsers::batches(&value);
    let Ok(text) = value.to_str() else { return };
    if let Some(boot) = Boot::parse(text) {
        assert_eq!(boot.new.len(), 32);
        assert!(boot.follows(None) && boot.follows(Some(&boot.new)));
    }
    if let Ok(trace) = text.parse::<Trace>() {
        assert_eq!(trace.trace_id().len(), 32);
    }
    if let Some(path) = LocalPath::parse(text) {
        let path = path.as_str();
        assert!(
            path.starts_with('/') && !path.starts_with("//"),
            "leads away"
        );
    }
}

/// What a hub answers to the conformance kit.
fn answer(bytes: &[u8]) {
    for bare in [false, true] {
        let mut stream = bytes;
        if let Ok(answer) = RUNTIME.block_on(read_answer(&mut stream, bare)) {
            assert!(answer.body.len() <= bytes.len());
        }
    }
}

/// A form, as a browser or the application of a city sends it, without files and with them.
fn form(bytes: &[u8]) {
    RUNTIME.block_on(async {
        let typed = sent("application/x-www-form-urlencoded", bytes);
        if let Ok(form) = Form::from_request(typed, &()).await {
            let times = form.sent().map(|(name, _)| form.all(name).count());
            assert!(times.min().is_none_or(|times| times > 0));
        }
        let chosen = sent("multipart/form-data; boundary=batas", bytes);
        let mut form = FormWithFiles::open(chosen, 1 << 20).expect("it says what it is");
        let file = form.bytes_of("berkas").await;
        assert!(file.is_err() || file.is_ok_and(|file| file.len() <= bytes.len()));
        assert!(form.form().sent().count() <= bytes.len());
    });
}

fn sent(media_type: &'static str, bytes: &[u8]) -> Request {
    let request = Request::post("/").header(CONTENT_TYPE, media_type);
    let request = request.body(Sent::from(bytes.to_vec()));
    request.expect("a request")
}

/// A table that somebody uploads.
fn tabled(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut before = 0;
    for (line, _) in table::records(&text, b',') {
        assert!(line >= before, "rows stand one below the other");
        before = line;
    }
    for (_, row) in table::rows::<BTreeMap<String, String>>(&text) {
        let cells = row.unwrap_or_default();
        let harmless = |cell: &String| !table::harmless(cell).starts_with(['=', '+', '-', '@']);
        assert!(cells.values().all(harmless));
        let comes_back = |cell: &String| table::meant(&table::harmless(cell)) == cell.as_str();
        let quoted = |cell: &String| table::meant(cell) != cell.as_str();
        assert!(cells.values().all(|cell| comes_back(cell) || quoted(cell)));
    }
    table::lacking(&text, &["id"]);
}
