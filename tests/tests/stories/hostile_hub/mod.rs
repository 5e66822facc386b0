//! The hub is hostile. Whatever it answers, a node takes in nothing that does
//! not verify, says what is wrong, loses nothing, and goes on by itself as soon
//! as the hub is honest again.

mod answers;
mod pages;
mod record;
mod signed;

use lapor_node::sync::{Answer, Call, LinkError};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::keys::Signer;
use lapor_tests::fleet::{Fleet, Institution};
use serde_json::Value;

/// The key of nobody.
fn stranger() -> Signer {
    Signer::from_seed(&[77; 32])
}

/// The hub's own key, in hands that use it badly.
fn hub_key(fleet: &Fleet) -> Signer {
    Signer::from_seed(fleet.hub.hub().ground.signer().seed())
}

/// Whether a call goes to this endpoint.
fn is(call: &Call, method: &str, path: &str) -> bool {
    let asked = call.path.split('?').next().unwrap_or_default();
    call.method == method && asked == format!("/federation/v1{path}")
}

/// The lines of a page.
fn lines(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn with_body(answer: Answer, body: impl Into<Vec<u8>>) -> Answer {
    Answer {
        body: body.into().into(),
        ..answer
    }
}

/// The answer with its JSON changed.
fn changed(answer: Answer, change: impl FnOnce(&mut Value)) -> Answer {
    let mut value = serde_json::from_slice(&answer.body).unwrap();
    change(&mut value);
    with_body(answer, value.to_string())
}

/// A signed form with other contents, under another signature.
fn signed_anew(envelope: &mut Value, key: &Signer, change: impl FnOnce(&mut Value)) {
    let former = Envelope::parse(envelope.to_string().as_bytes()).unwrap();
    let mut payload = serde_json::from_slice(&former.payload).unwrap();
    change(&mut payload);
    let anew = Envelope::sign(&former.payload_type, payload.to_string().into_bytes(), key);
    *envelope = serde_json::from_str(&anew.to_line()).unwrap();
}

/// The node must say that the hub contradicts itself, to its caller and to
/// whoever looks at its status. Returns the words.
async fn is_refused(at: &Institution, what: &str) -> String {
    let outcome = at.link().catch_up().await;
    let Err(LinkError::Hub(said)) = outcome else {
        panic!("{what}: {outcome:?}");
    };
    let state = at.link().state();
    assert!(!state.connected, "{what}: {state:?}");
    let problem = state.problem.unwrap();
    assert!(problem.contains("contradicts itself"), "{what}: {problem}");
    said
}
