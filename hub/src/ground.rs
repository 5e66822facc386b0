//! What every act of the hub stands on: settings, database, clock, keys,
//! directory. Commands of the operator open it alone; the running hub puts
//! the sequencer and the listeners on top.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use lapor_certs::{ChallengeKey, Issuer, TrustBundle, TrustDomain, Vault};
use lapor_migrations::{Db, DbOptions, Schema, Tx};
use lapor_protocol::directory::Directory;
use lapor_protocol::keys::Signer;
use lapor_protocol::problem::Code;
use lapor_web::chance::random;
use tokio::time::{MissedTickBehavior, interval};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::directory::{Amendment, DirectoryBook, amend, stands};
use crate::error::HubError;
use crate::settings::Settings;
use crate::signing::Signers;
use crate::voided::Voided;
use crate::{keys, restored, store};

/// How often a process looks for what another one has changed; a suspension must bite within five
/// seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The keys of a hub, as read from its files or made by a test.
pub struct Keyring {
    pub signer: Signer,
    pub issuer: Issuer,
    pub bundle: TrustBundle,
}

/// What certificates are made with, and the roots that go with them.
pub struct Certifier {
    pub issuer: Issuer,
    pub bundle: TrustBundle,
}

pub struct Ground {
    pub settings: Settings,
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub signers: Signers,
    certifier: ArcSwap<Certifier>,
    pub trust_domain: TrustDomain,
    pub directory: DirectoryBook,
    pub(crate) voided: Voided,
    pub(crate) challenges: ChallengeKey,
    /// Generation of the delivery streams.
    pub depoch: u32,
}

impl Keyring {
    /// Reads what `lapor-hub init` made.
    pub fn load(settings: &Settings) -> Result<Self, HubError> {
        let vault = Vault::at(&settings.storage.authority);
        Ok(Self {
            signer: keys::load_any_signer(settings)?,
            issuer: vault.issuer().map_err(HubError::damaged)?,
            bundle: vault.bundle().map_err(HubError::damaged)?,
        })
    }
}

impl Ground {
    /// Opens keys and database as the settings say, and migrates the database.
    pub async fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<Arc<Self>, HubError> {
        let keyring = Keyring::load(&settings)?;
        let db = Db::open(&settings.database.url, Schema::Hub, &DbOptions::default()).await?;
        db.migrate().await?;
        Self::new(settings, db, keyring, clock).await
    }

    /// Stands on a migrated database; an empty one gets its first directory
    /// version, which names the hub's keys.
    pub async fn new(
        settings: Settings,
        db: Db,
        keyring: Keyring,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, HubError> {
        let trust_domain = keyring.issuer.trust_domain().clone();
        let mut tx = db.write().await?;
        let depoch = found(&mut tx, &trust_domain, clock.now_ms()).await?;
        let challenges = challenge_key(&mut tx).await?;
        let own = keyring.signer.kid().clone();
        let signers = Signers::of(settings.storage.keys.clone(), keyring.signer)?;
        let directory = DirectoryBook::load(&mut tx, &signers, &own).await?;
        let voided = Voided::load(&mut tx).await?;
        let ground = Self {
            settings,
            db,
            clock,
            signers,
            certifier: ArcSwap::from_pointee(Certifier {
                issuer: keyring.issuer,
                bundle: keyring.bundle,
            }),
            trust_domain,
            directory,
            voided,
            challenges,
            depoch,
        };
        let mut current = ground.directory.current();
        if current.version() == 0 {
            current = ground
                .publish(&mut tx, &current, Amendment::default())
                .await?;
        }
        tx.commit().await?;
        ground.directory.adopt(&current);
        Ok(Arc::new(ground))
    }

    /// The key that signs now; the next call may give another.
    pub fn signer(&self) -> Arc<Signer> {
        self.signers.signing(&self.directory.current())
    }

    /// The issuer and the roots of now; the next call may give others.
    pub fn certifier(&self) -> Arc<Certifier> {
        self.certifier.load_full()
    }

    /// Takes up the issuer and the roots that are in the authority's folder,
    /// if they are others. A folder of another federation is refused.
    pub fn reload_certifier(&self) -> Result<bool, HubError> {
        let vault = Vault::at(&self.settings.storage.authority);
        let issuer = vault.issuer().map_err(HubError::damaged)?;
        let bundle = vault.bundle().map_err(HubError::damaged)?;
        if *issuer.trust_domain() != self.trust_domain {
            return Err(HubError::damaged("the authority is another federation's"));
        }
        let known = self.certifier();
        let same = known.issuer.certificate() == issuer.certificate() && known.bundle == bundle;
        if !same {
            self.certifier.store(Arc::new(Certifier { issuer, bundle }));
            tracing::info!("another issuer or other roots are in use");
        }
        Ok(!same)
    }

    /// Takes in what other processes have published and made void, for as long as it runs.
    pub(crate) async fn follow(&self) {
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "what other processes have changed could not be read");
            }
        }
    }

    /// Where one of the two cannot be read the other is taken in all the same.
    async fn look(&self) -> Result<(), HubError> {
        let mut tx = self.db.read().await?;
        let published = self.directory.look_in(&mut tx).await;
        let voided = self.voided.look_in(&mut tx).await;
        tx.rollback().await?;
        published.and(voided)
    }

    /// Signs and stores the version after `known`, which must be what
    /// [`DirectoryBook::refresh`] gave in this transaction.
    pub async fn publish(
        &self,
        tx: &mut Tx,
        known: &Directory,
        amendment: Amendment,
    ) -> Result<Arc<Directory>, HubError> {
        // Members hold versions that are lost here: another of the same number would deny them.
        let lost = store::state::read(tx, store::state::LOSS).await?.is_some();
        if lost || restored::listens(tx).await? {
            return Err(Code::Recovering.into());
        }
        stands(tx, known).await?;
        let signed = amend(
            known,
            amendment,
            self.trust_domain.as_str(),
            &self.signers.signing(known),
            self.clock.now_ms(),
        )?;
        store::directory::insert(tx, signed.version, &signed.line).await?;
        Ok(signed.directory)
    }
}

/// Reads the generation, or writes the facts of a new hub.
async fn found(tx: &mut Tx, trust_domain: &TrustDomain, now_ms: i64) -> Result<u32, HubError> {
    use store::state::{CREATED_AT, DEPOCH, TRUST_DOMAIN, read, write};
    if let Some(depoch) = read(tx, DEPOCH).await? {
        let stored = read(tx, TRUST_DOMAIN).await?.unwrap_or_default();
        if stored != trust_domain.as_str() {
            return Err(HubError::Damaged(format!(
                "the database belongs to the federation {stored:?}, the authority to {trust_domain:?}"
            )));
        }
        return depoch.parse().map_err(HubError::damaged);
    }
    write(tx, DEPOCH, "1").await?;
    write(tx, TRUST_DOMAIN, trust_domain.as_str()).await?;
    write(tx, CREATED_AT, &now_ms.to_string()).await?;
    Ok(1)
}

/// Reads the secret that the replicas of this hub share, or makes it.
async fn challenge_key(tx: &mut Tx) -> Result<ChallengeKey, HubError> {
    use store::state::{CHALLENGES, read, write};
    let mut secret = Zeroizing::new([0; 32]);
    if let Some(stored) = read(tx, CHALLENGES).await?.map(Zeroizing::new) {
        hex::decode_to_slice(stored.as_str(), secret.as_mut_slice())
            .map_err(|_| HubError::damaged("the secret of challenges is not 32 bytes"))?;
    } else {
        *secret = random();
        write(tx, CHALLENGES, &Zeroizing::new(hex::encode(*secret))).await?;
    }
    Ok(ChallengeKey::from_random(*secret))
}
