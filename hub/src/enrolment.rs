//! An invited institution becomes a member, in one transaction: directory,
//! chain, certificate and the answer itself. The same request gets the same
//! answer for a day, so that a lost response strands nobody. Whoever must be
//! approved stands suspended until an operator has compared its key.

use std::net::IpAddr;

use lapor_certs::{
    CheckedEnrolment, EnrolRequest, EnrolResponse, RenewResponse, Serial, TlsPublicKey,
};
use lapor_migrations::Tx;
use lapor_protocol::chain::EpochGrant;
use lapor_protocol::directory::{Directory, EpochEntry, Status};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::keys::{Jwk, Verifier};
use lapor_protocol::problem::Code;

use crate::directory::Amendment;
use crate::error::HubError;
use crate::ground::Ground;
use crate::store::chains::{self, Chain};
use crate::store::joining::{self, Admission, IssuedCertificate, StoredInvitation, Used};
use crate::voided;
use lapor_web::chance::random;

/// How long a used invitation repeats its answer.
pub(crate) const REPEATED_FOR_MS: i64 = 24 * 3_600_000;

/// How long a certificate that has ended is kept at least: a clock that is put back makes it good again, and
/// where others were made void only those count that are written down.
const ENDED_FOR_MS: i64 = 30 * 24 * 3_600_000;

/// `POST /enrol`, from an address: JSON of an [`EnrolResponse`].
pub async fn enrol(
    ground: &Ground,
    request: &EnrolRequest,
    from: IpAddr,
) -> Result<String, HubError> {
    let now_ms = ground.clock.now_ms();
    // A secret always matches its own hash; whether it is one of ours is asked below.
    let hash = request.secret.hash();
    let checked = request
        .check(&hash)
        .map_err(|error| HubError::refused(Code::EnrolmentInvalid, error.to_string()))?;
    let mut tx = ground.db.write().await?;
    let invitation = joining::find(&mut tx, hash)
        .await?
        .filter(|invitation| invitation.slug == request.instance)
        .ok_or_else(unknown)?;
    if let Some(used) = &invitation.used {
        // A clock that was ahead may have emptied the answer before its time.
        let kept = !used.answer.is_empty() && now_ms - used.at < REPEATED_FOR_MS;
        let same = kept && used.digest == checked.digest;
        return if same {
            Ok(used.answer.clone())
        } else {
            Err(HubError::refused(
                Code::InvitationInvalid,
                "the invitation has been used with other keys, or too long ago; ask for another",
            ))
        };
    }
    if invitation.expires_at <= now_ms {
        return Err(HubError::refused(
            Code::InvitationInvalid,
            "the invitation has expired or been replaced; ask for another",
        ));
    }
    let joined = Admission {
        asked_at: now_ms,
        address: from.to_canonical().to_string(),
        admitted_at: (!invitation.approval).then_some(now_ms),
    };
    joining::note_admission(&mut tx, &request.instance, &joined).await?;
    let answer = join(ground, tx, request, &checked, &invitation).await?;
    let waits = invitation.approval;
    tracing::info!(instance = %request.instance, waits, "an institution has joined");
    Ok(answer)
}

async fn join(
    ground: &Ground,
    mut tx: Tx,
    request: &EnrolRequest,
    checked: &CheckedEnrolment,
    invitation: &StoredInvitation,
) -> Result<String, HubError> {
    let now_ms = ground.clock.now_ms();
    let id = &request.instance;
    let directory = ground.directory.refresh(&mut tx).await?;
    let known = directory.latest().instance(id);
    let mut entry = known
        .filter(|entry| entry.status == Status::Invited)
        .cloned()
        .ok_or_else(unknown)?;
    entry.status = if invitation.approval {
        Status::Suspended
    } else {
        Status::Active
    };
    entry.identity = Some(checked.identity.jwk());
    entry.keys = vec![request.signing.clone(), request.sealing.clone()];
    entry.epochs = vec![EpochEntry {
        epoch: 1,
        closed_at: None,
    }];
    let (certificate, trust_bundle) = certify(ground, &mut tx, id, &checked.tls_key).await?;
    let grant = EpochGrant {
        instance: id.clone(),
        epoch: 1,
        prev: Digest::ZERO,
        nonce: String::new(),
    }
    .sign(&ground.signer());
    chains::save(&mut tx, [&Chain::new(id.clone())]).await?;
    chains::insert_grant(&mut tx, id, 1, "", &grant.to_line(), now_ms).await?;
    let response = EnrolResponse {
        instance: id.clone(),
        certificate,
        trust_bundle,
        hub_keys: first_trusted(&directory),
        federation_url: ground.settings.federation.public_url.clone(),
        trust_domain: ground.trust_domain.clone(),
        epoch: grant,
    };
    let used = Used {
        digest: checked.digest,
        answer: serde_json::to_string(&response).map_err(HubError::damaged)?,
        at: now_ms,
    };
    joining::answer(&mut tx, &invitation.id, &used).await?;
    let amendment = Amendment {
        entries: vec![entry],
        ..Amendment::default()
    };
    let directory = ground.publish(&mut tx, &directory, amendment).await?;
    tx.commit().await?;
    ground.directory.adopt(&directory);
    Ok(used.answer)
}

/// `POST /certificates/renew`, over live mTLS by the certificate of this digest; may change the TLS
/// key.
pub async fn renew(
    ground: &Ground,
    instance: &InstanceId,
    shown: Option<Digest>,
    key: &TlsPublicKey,
) -> Result<RenewResponse, HubError> {
    let mut tx = ground.db.write().await?;
    let directory = ground.directory.refresh(&mut tx).await?;
    crate::directory::admit(&directory, instance)?;
    if let Some(shown) = shown {
        // Whoever came in a moment before it was voided must not get one that counts.
        voided::check(&mut tx, instance, shown).await?;
    }
    let (certificate, trust_bundle) = certify(ground, &mut tx, instance, key).await?;
    tx.commit().await?;
    Ok(RenewResponse {
        certificate,
        trust_bundle,
    })
}

/// Issues a certificate and records it, in place of those before it that nobody asks for any more; returns the
/// chain and the roots in PEM.
pub(crate) async fn certify(
    ground: &Ground,
    tx: &mut Tx,
    instance: &InstanceId,
    key: &TlsPublicKey,
) -> Result<(String, String), HubError> {
    let now_ms = ground.clock.now_ms();
    let serial = Serial::from_random(random());
    let certifier = ground.certifier();
    let issued = certifier
        .issuer
        .issue_instance(key, instance, now_ms, serial)?;
    let certificate = IssuedCertificate {
        serial: serial.to_hex(),
        slug: instance.clone(),
        fingerprint: Digest::of(&issued.chain[0]),
        not_after: issued.not_after_ms,
    };
    // The clock may have been put back since others were voided.
    let void_until = voided::until(tx, instance).await?;
    let noted_at = now_ms.max(void_until + 1);
    joining::certify(tx, &certificate, noted_at).await?;
    joining::forget_certificates(tx, instance, now_ms - ENDED_FOR_MS).await?;
    Ok((issued.chain_pem(), certifier.bundle.to_pem()))
}

/// The keys that sign now, and the one that signed the first directory version,
/// with which whoever joins begins.
fn first_trusted(directory: &Directory) -> Vec<Jwk> {
    let now = directory.hub_keys().iter();
    let first = directory.all_hub_keys().next();
    let first = first.filter(|key| directory.hub_key(key.kid()).is_none());
    now.chain(first).map(Verifier::jwk).collect()
}

fn unknown() -> HubError {
    HubError::refused(
        Code::InvitationInvalid,
        "no open invitation with this secret is for this institution; ask for another",
    )
}
