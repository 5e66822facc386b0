//! A certificate for an instance whose own has expired or is lost: the
//! identity key signs a challenge. Nobody learns from a refusal whether an
//! instance exists before having proved to be it.

use lapor_certs::{
    CHALLENGE_LIFE_MS, ChallengeRequest, ChallengeResponse, RecoverRequest, RenewResponse,
    RenewalError, TlsPublicKey,
};
use lapor_protocol::keys::Verifier;
use lapor_protocol::problem::Code;

use crate::directory::admit;
use crate::enrolment::{REPEATED_FOR_MS, certify};
use crate::error::HubError;
use crate::ground::Ground;
use crate::store::joining;
use lapor_web::chance::random;

/// The TLS key of a request that the identity key has signed.
#[derive(Debug)]
pub struct Proved(TlsPublicKey);

/// `POST /certificates/challenge`: the same work and the same answer for any
/// name, and nothing is stored.
pub fn challenge(ground: &Ground, request: &ChallengeRequest) -> ChallengeResponse {
    let now_ms = ground.clock.now_ms();
    ground
        .challenges
        .challenge(&request.instance, now_ms, random())
}

/// Checks challenge and proof; the database is not asked.
pub fn prove(ground: &Ground, request: &RecoverRequest) -> Result<Proved, HubError> {
    let directory = ground.directory.current();
    let entry = directory.latest().instance(&request.instance);
    let identity = entry.and_then(|entry| entry.identity.as_ref());
    // Whoever is unknown is checked against a key that signs no such thing,
    // so that the refusal takes as long and reads the same.
    let jwk = identity
        .cloned()
        .unwrap_or_else(|| ground.signer().public());
    let key = Verifier::from_jwk(&jwk).map_err(HubError::damaged)?;
    let now_ms = ground.clock.now_ms();
    let checked = request.check(&ground.trust_domain, &ground.challenges, &key, now_ms);
    match checked {
        Ok(key) if identity.is_some() => Ok(Proved(key)),
        Err(RenewalError::Challenge) => Err(Code::ChallengeInvalid.into()),
        // The words of a wrong proof would name the key that was expected.
        Ok(_) | Err(RenewalError::Proof(_)) => Err(Code::RecoveryInvalid.into()),
        Err(error) => Err(HubError::refused(Code::RecoveryInvalid, error.to_string())),
    }
}

/// `POST /certificates/recover`: uses the challenge up and issues.
pub async fn recover(
    ground: &Ground,
    request: &RecoverRequest,
    proved: &Proved,
) -> Result<RenewResponse, HubError> {
    let instance = &request.instance;
    let now_ms = ground.clock.now_ms();
    let mut tx = ground.db.write().await?;
    let directory = ground.directory.refresh(&mut tx).await?;
    admit(&directory, instance)?;
    if !joining::use_challenge(&mut tx, request.nonce, instance, now_ms).await? {
        return Err(Code::ChallengeInvalid.into());
    }
    let (certificate, trust_bundle) = certify(ground, &mut tx, instance, &proved.0).await?;
    tx.commit().await?;
    tracing::info!(%instance, "a certificate has been recovered with the identity key");
    Ok(RenewResponse {
        certificate,
        trust_bundle,
    })
}

/// Forgets what no replica honours any more: used challenges, and the answers
/// of invitations that are not repeated.
pub async fn forget(ground: &Ground) -> Result<(), HubError> {
    let now_ms = ground.clock.now_ms();
    let mut tx = ground.db.write().await?;
    joining::forget_challenges(&mut tx, now_ms - 2 * CHALLENGE_LIFE_MS).await?;
    joining::forget_answers(&mut tx, now_ms - REPEATED_FOR_MS).await?;
    tx.commit().await?;
    Ok(())
}
