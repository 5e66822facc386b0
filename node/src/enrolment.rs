//! Joining: one pasted line, keys made here, a request that can be repeated.
//!
//! Keys are on disk before anything is sent, so that a lost answer strands
//! nobody: the same line with the same keys gets the same answer.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use lapor_certs::tls::{self, ClockDoubt};
use lapor_certs::{
    AcceptedAnswer, Credential, EnrolRequest, EnrolResponse, Invitation, InvitationError, TlsKey,
    write_private,
};
use lapor_migrations::{Db, DbOptions, Schema};
use lapor_protocol::chain::EpochGrant;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::Verifier;
use lapor_protocol::problem::Retry;
use lapor_protocol::wire::PREFIX;
use lapor_web::exit;

use crate::clock::Clock;
use crate::error::NodeError;
use crate::folder::{KeyFileError, NodeKeys, credential_path, keep_credential};
use crate::node::{JOINED, Joined, read_joined};
use crate::settings::Settings;
use crate::store;
use crate::sync::{LinkError, Patience, answered, client, transport_error};

/// What to tell the operator after joining.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    pub instance: InstanceId,
    pub hub: String,
    pub root_pin: String,
    /// SHA-256 of the identity key as it is read out, to compare with what the hub shows.
    pub identity_fingerprint: String,
}

#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    #[error("the invitation cannot be used: {0}")]
    Invitation(#[from] InvitationError),
    #[error(
        "this node is {0} already; a node joins once, another institution needs another folder"
    )]
    AlreadyJoined(InstanceId),
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    #[error("{path} cannot be written or read: {problem}")]
    File { path: PathBuf, problem: String },
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the hub's answer cannot be trusted: {0}")]
    Answer(String),
    #[error(transparent)]
    Node(#[from] NodeError),
}

impl EnrolError {
    /// The exit code of the process, after sysexits(3).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Invitation(_) => exit::DATA,
            Self::AlreadyJoined(_) => exit::CONFIGURATION,
            Self::Keys(_) | Self::File { .. } => exit::IO,
            Self::Link(LinkError::Refused(problem)) if problem.retry == Retry::Operator => {
                exit::PERMISSION
            }
            Self::Link(_) => exit::UNAVAILABLE,
            Self::Answer(_) => exit::PROTOCOL,
            Self::Node(_) => exit::INTERNAL,
        }
    }
}

/// Joins the federation of an invitation. Repeating it with the same line
/// changes nothing and says the same.
pub async fn enrol(
    settings: &Settings,
    line: &str,
    clock: Arc<dyn Clock>,
) -> Result<Enrolled, EnrolError> {
    let invitation: Invitation = line.trim().parse()?;
    let db = open(settings).await?;
    if let Some(joined) = read_joined(&db).await? {
        if joined.instance != invitation.instance {
            return Err(EnrolError::AlreadyJoined(joined.instance));
        }
        let keys = NodeKeys::load(&settings.node.keys)?;
        return Ok(enrolled(&invitation, &keys));
    }
    let keys = NodeKeys::load_or_make(&settings.node.keys)?;
    let tls_key = tls_key(settings)?;
    let sealing = keys.sealing[0]
        .public()
        .sealing_key()
        .map_err(|e| EnrolError::Answer(e.to_string()))?;
    let request = EnrolRequest::build(
        &invitation,
        tls_key.request(),
        &keys.identity,
        &keys.signing[0],
        &sealing,
    );
    let answer = ask(&invitation, &request, clock).await?;
    let accepted = answer
        .check(&invitation, &tls_key.public())
        .map_err(|e| EnrolError::Answer(e.to_string()))?;
    let grant = check_grant(&answer)?;
    keep_certificate(settings, tls_key, &accepted)?;
    let joined = Joined {
        instance: invitation.instance.clone(),
        trust_domain: invitation.trust_domain.clone(),
        federation_url: answer.federation_url.clone(),
        enrolment_url: invitation.enrolment_url.clone(),
        hub_keys: answer.hub_keys.clone(),
    };
    keep(&db, &joined, &grant).await?;
    Ok(enrolled(&invitation, &keys))
}

async fn open(settings: &Settings) -> Result<Db, NodeError> {
    let db = Db::open(&settings.database.url, Schema::Node, &DbOptions::default()).await?;
    db.migrate().await?;
    Ok(db)
}

async fn keep(db: &Db, joined: &Joined, grant: &EpochGrant) -> Result<(), NodeError> {
    let text = serde_json::to_string(joined).map_err(NodeError::damaged)?;
    let mut tx = db.write().await?;
    store::chain::set_fact(&mut tx, JOINED, &text).await?;
    store::chain::set_head(&mut tx, i64::from(grant.epoch), 0, grant.prev.as_bytes(), 0).await?;
    Ok(tx.commit().await?)
}

/// The TLS key of an earlier attempt, or a new one; on disk either way.
fn tls_key(settings: &Settings) -> Result<TlsKey, EnrolError> {
    let path = settings.node.keys.join("tls.key");
    let failed = |problem: String| EnrolError::File {
        path: path.clone(),
        problem,
    };
    if path.exists() {
        let text = std::fs::read_to_string(&path).map_err(|e| failed(e.to_string()))?;
        return TlsKey::from_pem(&text).map_err(|e| failed(e.to_string()));
    }
    let key = TlsKey::generate();
    write_private(&path, key.to_pem().as_bytes()).map_err(|e| failed(e.to_string()))?;
    Ok(key)
}

async fn ask(
    invitation: &Invitation,
    request: &EnrolRequest,
    clock: Arc<dyn Clock>,
) -> Result<EnrolResponse, EnrolError> {
    let now = tls::clock(move || clock.now_ms());
    let config =
        tls::enrolment_client_config(&[invitation.root_pin], now, Arc::new(ClockDoubt::default()))
            .map_err(|e| EnrolError::Answer(e.to_string()))?;
    let client = client(config).map_err(|e| transport_error(&e))?;
    let url = format!("{}{PREFIX}/enrol", invitation.enrolment_url.as_str());
    lapor_killpoints::pass("send.before");
    let sent = client.request(Method::POST, url).json(request);
    let answer = answered(sent, (0, Duration::ZERO), &Patience::default()).await?;
    lapor_killpoints::pass("send.answered");
    Ok(answer.json()?)
}

fn check_grant(answer: &EnrolResponse) -> Result<EpochGrant, EnrolError> {
    let untrusted = |text: String| EnrolError::Answer(text);
    let signed_by = answer
        .hub_keys
        .iter()
        .find(|key| key.kid == answer.epoch.kid);
    let key = signed_by
        .ok_or_else(|| untrusted("the grant of the first epoch is not signed by the hub".into()))?;
    let key = Verifier::from_jwk(key).map_err(|e| untrusted(e.to_string()))?;
    let grant = EpochGrant::open(&answer.epoch, &key).map_err(|e| untrusted(e.to_string()))?;
    if grant.instance == answer.instance {
        Ok(grant)
    } else {
        Err(untrusted("the grant names another instance".into()))
    }
}

fn keep_certificate(
    settings: &Settings,
    key: TlsKey,
    accepted: &AcceptedAnswer,
) -> Result<(), EnrolError> {
    let path = credential_path(&settings.node.keys);
    let credential =
        Credential::new(accepted.chain.clone(), key).map_err(|e| EnrolError::File {
            path,
            problem: e.to_string(),
        })?;
    Ok(keep_credential(
        &settings.node.keys,
        &accepted.bundle,
        &credential,
    )?)
}

fn enrolled(invitation: &Invitation, keys: &NodeKeys) -> Enrolled {
    let fingerprint =
        Verifier::from_jwk(&keys.identity.public()).map(|key| key.fingerprint().read_out());
    Enrolled {
        instance: invitation.instance.clone(),
        hub: invitation.federation_url.as_str().to_owned(),
        root_pin: invitation.root_pin.to_hex(),
        identity_fingerprint: fingerprint.unwrap_or_default(),
    }
}
