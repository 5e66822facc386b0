//! How a player joins: like everybody else, by the line of an invitation.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use lapor_certs::tls::{clock, enrolment_client_config};
use lapor_certs::{Credential, EnrolRequest, EnrolResponse, Invitation, TlsKey};
use lapor_protocol::chain::{ChainHead, EpochGrant};
use lapor_protocol::entropy::Seeded;
use lapor_protocol::keys::{Signer, Verifier};
use lapor_protocol::seal::Opener;

use super::answer::Answered;
use super::asked::Asked;
use super::player::{Forge, Player, ask_on, connect};

/// The keys of an institution, and the dice of what it mints.
pub struct Keys {
    pub identity: Signer,
    pub signing: Signer,
    pub opener: Opener,
    pub(super) dice: Seeded,
}

impl Keys {
    /// Keys that follow from a number, for stories that are told again.
    pub fn from_seed(seed: u8) -> Self {
        Self {
            identity: Signer::from_seed(&[seed; 32]),
            signing: Signer::from_seed(&[seed + 1; 32]),
            opener: Opener::from_seed(&[seed + 2; 32]),
            dice: Seeded::new(u64::from(seed)),
        }
    }

    /// Keys that nobody else has.
    pub fn drawn() -> Result<Self> {
        let mut seeds = [[0; 32]; 3];
        let mut dice = [0; 8];
        for drawn in seeds.iter_mut().map(<[u8; 32]>::as_mut_slice) {
            getrandom::fill(drawn).context("the system has no randomness")?;
        }
        getrandom::fill(&mut dice).context("the system has no randomness")?;
        let [identity, signing, sealing] = seeds;
        Ok(Self {
            identity: Signer::from_seed(&identity),
            signing: Signer::from_seed(&signing),
            opener: Opener::from_seed(&sealing),
            dice: Seeded::new(u64::from_be_bytes(dice)),
        })
    }
}

/// The enrolment listener of a hub, as an invitation names it.
#[derive(Clone)]
pub struct Door {
    pub invitation: Invitation,
    /// The time by which certificates are judged.
    pub now_ms: i64,
    /// `None` but where a story tries the checks themselves.
    pub forge: Option<Arc<Forge>>,
}

/// Somebody with an invitation who has not joined.
pub struct Applicant {
    pub door: Door,
    pub keys: Keys,
    pub tls: TlsKey,
}

/// Somebody who has joined, with what was said.
pub struct Joined {
    pub player: Player,
    pub door: Door,
    pub request: EnrolRequest,
    pub answer: EnrolResponse,
}

impl Door {
    /// Asks without a certificate.
    pub async fn ask(&self, asked: &Asked) -> Result<Answered> {
        let pins = [self.invitation.root_pin];
        let now_ms = self.now_ms;
        let mut config = enrolment_client_config(&pins, clock(move || now_ms), Arc::default())?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let wire = connect(&self.invitation.enrolment_url, config).await;
        let mut wire = wire.context("the enrolment listener cannot be reached")?;
        let answered = ask_on(&mut wire, asked).await.context("the hub hung up")?;
        Ok(match &self.forge {
            None => answered,
            Some(forge) => forge(asked, answered),
        })
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Result<Answered> {
        self.ask(&Asked::new("POST", path).body("application/json", body))
            .await
    }
}

impl Applicant {
    pub fn new(line: &str, keys: Keys, now_ms: i64) -> Result<Self> {
        Ok(Self {
            door: Door {
                invitation: line.trim().parse()?,
                now_ms,
                forge: None,
            },
            keys,
            tls: TlsKey::generate(),
        })
    }

    /// A request that is sound in every respect.
    pub fn request(&self) -> Result<EnrolRequest> {
        let Keys {
            identity,
            signing,
            opener,
            ..
        } = &self.keys;
        let sealing = opener.public().sealing_key()?;
        Ok(EnrolRequest::build(
            &self.door.invitation,
            self.tls.request(),
            identity,
            signing,
            &sealing,
        ))
    }

    /// Joins, and checks the answer as a node does.
    pub async fn join(self) -> Result<Joined> {
        let Self { door, tls, .. } = &self;
        let request = self.request()?;
        let answered = door.post("/enrol", serde_json::to_vec(&request)?).await?;
        answered.is_success()?;
        ensure!(answered.status == 201, "status {}", answered.status);
        let answer: EnrolResponse = answered.read()?;
        let accepted = answer.check(&door.invitation, &tls.public())?;
        let hub_keys: Result<Vec<_>, _> = answer.hub_keys.iter().map(Verifier::from_jwk).collect();
        let hub_keys = hub_keys?;
        let head = first_head(&answer, &hub_keys)?;
        let Self { door, keys, tls } = self;
        let player = Player {
            id: door.invitation.instance.clone(),
            identity: keys.identity,
            signing: keys.signing,
            opener: keys.opener,
            head,
            hub_keys,
            bundle: accepted.bundle,
            credential: Arc::new(Credential::new(accepted.chain, tls)?),
            hub: answer.federation_url.clone(),
            now_ms: door.now_ms,
            forge: None,
            dice: keys.dice,
        };
        Ok(Joined {
            player,
            door,
            request,
            answer,
        })
    }
}

/// Where the chain begins, by the grant of the first epoch.
fn first_head(answer: &EnrolResponse, hub_keys: &[Verifier]) -> Result<ChainHead> {
    let signer = hub_keys
        .iter()
        .find(|key| *key.kid() == answer.epoch.kid)
        .context("the grant of epoch 1 is signed by a key that is not among `hub_keys`")?;
    let grant = EpochGrant::open(&answer.epoch, signer).context("the grant of epoch 1")?;
    ensure!(
        grant.instance == answer.instance && grant.nonce.is_empty(),
        "the grant of epoch 1 is for {} with nonce {:?}",
        grant.instance,
        grant.nonce
    );
    ensure!(
        grant.head() == ChainHead::START,
        "the chain begins at {:?}",
        grant.head()
    );
    Ok(grant.head())
}
