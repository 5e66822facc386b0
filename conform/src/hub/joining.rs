//! Joining: what lets nobody in, and what one invitation lets in.

use anyhow::{Context as _, Result, ensure};
use lapor_certs::enrolment::{EnrolStatement, FIRST_POSITION};
use lapor_certs::{ChallengeResponse, EnrolRequest, InvitationSecret, RecoverRequest, TlsKey};
use lapor_protocol::dsse::{self, ENROLMENT_TYPE, Envelope};
use lapor_protocol::keys::{CertifiedKey, Jwk, KeyUse, Signer};
use lapor_protocol::problem::Code;
use lapor_protocol::wire::WellKnown;
use serde_json::{Value, json};

use super::{Applicants, Stage};
use crate::check::Check;
use crate::client::{Asked, Keys, weak};

pub const BEFORE: [Check<Applicants>; 4] = [
    Check {
        name: "lets nobody join who proves nothing",
        keeps: &[
            "A body that cannot be read is 400 `malformed_request`; a proof, a key or a request that does not hold 422 `enrolment_invalid`; then an unknown, used, expired or replaced secret, or one for another instance, 403 `invitation_invalid`.",
            "One key has one use.",
            "| 403 | `invitation_invalid` | `operator` | The invitation is unknown, used or expired |",
            "| 422 | `enrolment_invalid` | `operator` | The enrolment request does not prove what it claims |",
            "| `instance`, `secret` | of the invitation |",
            "| `csr` | base64 of a PKCS#10 request (DER) for the TLS key |",
            "| `identity` | JWK |",
            "| `signing`, `sealing` | certified keys, valid from epoch 1, seq 1 |",
            "| `proof`, `signing_proof` | one statement, signed by the identity key and by the signing key |",
            "The statement (`enrolment.v1+json`) is `{instance, secret_hash, csr, identity, signing, sealing}`",
            "| `enrolment.v1+json` | proofs of possession | identity key and signing key |",
        ],
        run: |stage| Box::pin(refuses(stage)),
    },
    Check {
        name: "takes no key that is weak or not named by its thumbprint, whatever it has proved",
        keeps: &[
            "Readers must refuse an Ed25519 key that is of small order or not canonically encoded, an X25519 key whose shared secrets are all zero, and a `kid` that is not the thumbprint.",
        ],
        run: |stage| Box::pin(refuses_keys(stage)),
    },
    Check {
        name: "serves to strangers what they may ask, and nothing else",
        keeps: &[
            "`/enrol`, `/certificates/challenge` and `/certificates/recover` are served by the enrolment listener and nowhere else, `/.well-known/lapor` by both, all others by the federation listener.",
            "What a listener does not serve is 404 `not_found`.",
            "`/enrol`, `/certificates/*` and `/.well-known/lapor` are all that this listener serves, to anybody",
            "| GET `/.well-known/lapor` | 200 | public, not below the prefix |",
        ],
        run: |stage| Box::pin(serves_strangers(stage)),
    },
    Check {
        name: "gives a challenge to whoever asks, and a certificate to nobody without a proof",
        keeps: &[
            "`/certificates/challenge` takes `{instance}` and gives `{nonce}`, 32 opaque bytes in hexadecimal, for unknown instances too; the hub stores nothing.",
            "A wrong proof and an unknown instance get the same 422 `recovery_invalid`",
            "otherwise 409 `challenge_invalid`, upon which a node asks for another.",
            "| 409 | `challenge_invalid` | `backoff` | The challenge is not open; ask for another |",
            "| 422 | `recovery_invalid` | `operator` | The recovery request does not prove what it claims |",
            "| POST `/certificates/challenge`, `/certificates/recover` | 200 | enrolment listener |",
        ],
        run: |stage| Box::pin(challenges(stage)),
    },
];

pub const AFTER: [Check<Stage>; 2] = [
    Check {
        name: "answers whoever joins with all that a member needs",
        keeps: &[
            "The answer is `{instance, certificate, trust_bundle, hub_keys, federation_url, trust_domain, epoch}`: PEM of leaf and issuer, PEM of the roots, JWKs, and the grant of epoch 1 (with an empty nonce) in an envelope.",
            "It accepts only a chain to the pinned root, whose certificate the hub sends as the last of its chain, and a leaf with the name in the address and the URI SAN of the hub.",
            "| POST `/enrol` | 201 | enrolment listener, no client certificate |",
            "The TLS certificate of an instance carries exactly one URI SAN, `spiffe://<trust-domain>/instance/<slug>`; that of the hub `spiffe://<trust-domain>/hub`",
            "From the answer on the directory shows the instance as `active`",
        ],
        run: |stage| Box::pin(answers_whole(stage)),
    },
    Check {
        name: "lets one set of keys join by one invitation",
        keeps: &[
            "An invitation is one line, good for 72 hours and one enrolment:",
            "The same invitation with the same keys gets the same answer for 24 hours.",
        ],
        run: |stage| Box::pin(one_set_of_keys(stage)),
    },
];

async fn refuses(stage: &Applicants) -> Result<()> {
    let door = &stage.first.door;
    let sound = serde_json::to_value(stage.first.request()?)?;
    let with = |field: &str, value: Value| {
        let mut request = sound.clone();
        request[field] = value;
        request
    };
    let mut guessed = door.invitation.clone();
    guessed.secret = InvitationSecret::from_random([1; 32]);
    let strange = Keys::drawn()?;
    let sealing = strange.opener.public().sealing_key()?;
    let build = |invitation, signing| {
        let csr = stage.first.tls.request();
        EnrolRequest::build(invitation, csr, &strange.identity, signing, &sealing)
    };
    let other = serde_json::to_value(build(&door.invitation, &strange.signing))?;
    let twice = serde_json::to_value(build(&door.invitation, &strange.identity))?;
    let guessed = serde_json::to_value(build(&guessed, &strange.signing))?;
    let mut elsewhere = serde_json::to_value(stage.second.request()?)?;
    elsewhere["instance"] = json!(door.invitation.instance);
    for (what, body, code) in [
        ("no object", json!([]), Code::MalformedRequest),
        ("an empty object", json!({}), Code::MalformedRequest),
        (
            "no certificate request",
            with("csr", json!("")),
            Code::EnrolmentInvalid,
        ),
        (
            "another's proof",
            with("proof", other["proof"].clone()),
            Code::EnrolmentInvalid,
        ),
        (
            "another's identity key",
            with("identity", other["identity"].clone()),
            Code::EnrolmentInvalid,
        ),
        (
            "the proofs of another instance",
            elsewhere,
            Code::EnrolmentInvalid,
        ),
        ("one key for two uses", twice, Code::EnrolmentInvalid),
        ("a guessed secret", guessed, Code::InvitationInvalid),
    ] {
        let answered = door.post("/enrol", body.to_string()).await?;
        answered
            .is_refused(code)
            .map_err(|error| error.context(what))?;
    }
    Ok(())
}

/// A request whose proofs all hold by the equations, whatever the keys are.
fn request_with(
    stage: &Applicants,
    identity: &Signer,
    [signing, sealing]: [Jwk; 2],
    sign: impl Fn(Vec<u8>) -> Envelope,
) -> Result<EnrolRequest> {
    let invitation = &stage.first.door.invitation;
    let certify = |use_for, jwk| {
        CertifiedKey::certify(identity, &invitation.instance, use_for, jwk, FIRST_POSITION)
    };
    let csr = stage.first.tls.request();
    let statement = EnrolStatement {
        instance: invitation.instance.clone(),
        secret_hash: invitation.secret.hash(),
        csr: csr.digest(),
        identity: identity.kid().clone(),
        signing: signing.kid.clone(),
        sealing: sealing.kid.clone(),
    };
    Ok(EnrolRequest {
        instance: invitation.instance.clone(),
        secret: invitation.secret.clone(),
        csr,
        identity: identity.public(),
        signing: certify(KeyUse::Signing, signing),
        sealing: certify(KeyUse::Sealing, sealing),
        proof: dsse::sign_json(ENROLMENT_TYPE, &statement, identity),
        signing_proof: sign(serde_json::to_vec(&statement)?),
    })
}

async fn refuses_keys(stage: &Applicants) -> Result<()> {
    let Keys {
        identity,
        signing,
        opener,
        ..
    } = Keys::drawn()?;
    let sealing = opener.public().clone();
    let by_key = |payload| Envelope::sign(ENROLMENT_TYPE, payload, &signing);
    let mut requests = Vec::new();
    for (what, key) in [
        ("a signing key of small order", weak::small_order()),
        ("one that is not canonically encoded", weak::not_canonical()),
    ] {
        let by_nobody = |payload| weak::signed_by_nobody(ENROLMENT_TYPE, payload, &key);
        let keys = [key.clone(), sealing.clone()];
        requests.push((what, request_with(stage, &identity, keys, by_nobody)?));
    }
    for (what, sealing) in [
        ("a sealing key that shares nothing", weak::shares_nothing()),
        (
            "one under the thumbprint of another",
            weak::under_another_name(sealing, &Keys::drawn()?.signing),
        ),
    ] {
        let keys = [signing.public(), sealing];
        requests.push((what, request_with(stage, &identity, keys, by_key)?));
    }
    for (what, request) in requests {
        let body = serde_json::to_vec(&request)?;
        let answered = stage.first.door.post("/enrol", body).await?;
        answered.is_refused(Code::EnrolmentInvalid).context(what)?;
    }
    Ok(())
}

async fn serves_strangers(stage: &Applicants) -> Result<()> {
    let door = &stage.first.door;
    let known = door.ask(&Asked::bare("GET", "/.well-known/lapor")).await?;
    let known: WellKnown = known.taken()?;
    let domain = door.invitation.trust_domain.to_string();
    ensure!(known.trust_domain == domain, "{}", known.trust_domain);
    ensure!(known.versions.iter().any(|version| version == "1"));
    for (method, path) in [
        ("GET", "/outbox/head"),
        ("GET", "/inbox"),
        ("GET", "/directory"),
        ("POST", "/certificates/renew"),
    ] {
        let answered = door.ask(&Asked::new(method, path)).await?;
        let refused = answered.is_refused(Code::NotFound);
        refused.map_err(|error| error.context(format!("{method} {path}")))?;
    }
    Ok(())
}

async fn challenges(stage: &Applicants) -> Result<()> {
    let door = &stage.first.door;
    let invitation = &door.invitation;
    let unknown = "nobody-of-this-federation".parse()?;
    for instance in [&invitation.instance, &unknown] {
        let asked = json!({ "instance": instance }).to_string();
        let answered = door.post("/certificates/challenge", asked).await?;
        let challenge: ChallengeResponse = answered.taken()?;
        let keys = Keys::drawn()?;
        let csr = TlsKey::generate().request();
        let domain = &invitation.trust_domain;
        let request = RecoverRequest::build(domain, instance, &challenge, csr, &keys.identity);
        let body = serde_json::to_vec(&request)?;
        let answered = door.post("/certificates/recover", body).await?;
        answered.is_refused(Code::RecoveryInvalid)?;
        let mut never = serde_json::to_value(&request)?;
        never["nonce"] = json!("ab".repeat(32));
        let answered = door
            .post("/certificates/recover", never.to_string())
            .await?;
        answered.is_refused(Code::ChallengeInvalid)?;
    }
    Ok(())
}

/// What a node checks of the answer was checked when they joined.
async fn answers_whole(stage: &Stage) -> Result<()> {
    for joined in [&stage.first, &stage.second] {
        let answer = &joined.answer;
        ensure!(
            answer.trust_bundle.contains("BEGIN CERTIFICATE"),
            "the bundle is no PEM"
        );
        let leaf_and_issuer = answer.certificate.matches("BEGIN CERTIFICATE").count();
        ensure!(
            leaf_and_issuer == 2,
            "{leaf_and_issuer} certificates, expected leaf and issuer"
        );
        let head = joined.player.head_at_hub().await?;
        ensure!(head == joined.player.head, "the chain begins at {head:?}");
    }
    Ok(())
}

async fn one_set_of_keys(stage: &Stage) -> Result<()> {
    let joined = &stage.first;
    let body = serde_json::to_vec(&joined.request)?;
    let again = joined.door.post("/enrol", body).await?;
    let again: lapor_certs::EnrolResponse = again.taken()?;
    ensure!(
        again == joined.answer,
        "another answer to the same invitation with the same keys"
    );
    let others = Keys::drawn()?;
    let sealing = others.opener.public().sealing_key()?;
    let csr = TlsKey::generate().request();
    let (identity, signing) = (&others.identity, &others.signing);
    let request = EnrolRequest::build(&joined.door.invitation, csr, identity, signing, &sealing);
    let body = serde_json::to_vec(&request)?;
    let refused = joined.door.post("/enrol", body).await?;
    refused.is_refused(Code::InvitationInvalid)
}
