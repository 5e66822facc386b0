//! Invitations used twice, guessed, and answered with keys that are none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lapor_certs::{EnrolRequest, Invitation, InvitationSecret, TlsKey};
use lapor_protocol::keys::{Jwk, Signer};
use lapor_protocol::problem::Code;
use lapor_protocol::seal::Opener;
use lapor_tests::fleet::{BEGINNING, Fleet, kinds};
use lapor_tests::hostile::enrol;
use serde_json::{Value, json};

use super::{MALLORY, beside};
use lapor_tests::fleet::member::{BANDUNG, PUSAT};

fn request(invitation: &Invitation, tls: &TlsKey, seed: u8) -> Value {
    let [identity, signing] = [seed, seed + 1].map(|seed| Signer::from_seed(&[seed; 32]));
    let sealing = Opener::from_seed(&[seed + 2; 32])
        .public()
        .sealing_key()
        .unwrap();
    let request = EnrolRequest::build(invitation, tls.request(), &identity, &signing, &sealing);
    serde_json::to_value(request).unwrap()
}

/// A key of small order: the neutral point.
fn weak() -> Jwk {
    let x = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    let kid = lapor_protocol::ids::Digest::of(text.as_bytes());
    let kid = URL_SAFE_NO_PAD.encode(kid.as_bytes());
    serde_json::from_value(json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid })).unwrap()
}

#[tokio::test]
async fn an_invitation_lets_in_one_with_one_set_of_sound_keys_and_a_flood_is_slowed_down() {
    for kind in kinds() {
        let few = |settings: &mut lapor_hub::settings::Settings| {
            settings.limits.joins_per_second = 1;
            settings.limits.join_burst = 60;
        };
        let fleet = Fleet::with(kind, &[PUSAT, BANDUNG], 1, few).await;
        let invitation: Invitation = fleet.hub.invite(&MALLORY, true).await.parse().unwrap();
        let tls = TlsKey::generate();
        let sound = request(&invitation, &tls, 200);
        let with = |field: &str, value: Value| {
            let mut request = sound.clone();
            request[field] = value;
            request
        };
        let mut guessed = invitation.clone();
        guessed.secret = InvitationSecret::from_random([1; 32]);
        let guessed = request(&guessed, &tls, 200);
        let others = request(&invitation, &tls, 220);
        let post = async |body: &Value| {
            let answered = enrol(&invitation, body.to_string().as_bytes(), BEGINNING).await;
            answered.unwrap()
        };
        beside(
            &fleet,
            Box::pin(async {
                for (what, body, code) in [
                    ("no object", json!([]), Code::MalformedRequest),
                    (
                        "no certificate request",
                        with("csr", json!("")),
                        Code::EnrolmentInvalid,
                    ),
                    (
                        "a small key",
                        with("identity", json!(weak())),
                        Code::EnrolmentInvalid,
                    ),
                    (
                        "another's proof",
                        with("proof", others["proof"].clone()),
                        Code::EnrolmentInvalid,
                    ),
                    (
                        "one proof for both",
                        with("signing_proof", sound["proof"].clone()),
                        Code::EnrolmentInvalid,
                    ),
                    (
                        "one key for two uses",
                        with("sealing", sound["signing"].clone()),
                        Code::EnrolmentInvalid,
                    ),
                    (
                        "another institution",
                        with("instance", json!("pusat")),
                        Code::EnrolmentInvalid,
                    ),
                    (
                        "a secret that was guessed",
                        guessed.clone(),
                        Code::InvitationInvalid,
                    ),
                ] {
                    assert_eq!(post(&body).await.code(), Some(code), "{what}");
                }
                let first = post(&sound).await;
                assert_eq!(first.status, 201);
                assert_eq!(
                    post(&sound).await.body,
                    first.body,
                    "a lost answer is repeated"
                );
                let second = post(&others).await;
                assert_eq!(second.code(), Some(Code::InvitationInvalid), "used");
                let mut slowed = None;
                for _ in 0..80 {
                    slowed = post(&guessed).await.code();
                    if slowed == Some(Code::RateLimited) {
                        break;
                    }
                }
                assert_eq!(slowed, Some(Code::RateLimited));
            }),
        )
        .await;
        fleet.ends_well().await;
    }
}
