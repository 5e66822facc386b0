//! The federation that a node is shown: a hub with its authority, a national
//! desk and a ministry that the kit plays, and a directory of them.

use anyhow::{Context as _, Result};
use lapor_certs::{
    Authority, Credential, EnrolRequest, EnrolResponse, HubUrl, Invitation, InvitationSecret,
    Issued, Issuer, RenewResponse, Serial, TlsKey, TlsPublicKey, TrustBundle, TrustDomain,
};
use lapor_protocol::chain::{ChainHead, EpochGrant};
use lapor_protocol::directory::{DirectoryVersion, EpochEntry, InstanceEntry, Maintenance, Status};
use lapor_protocol::directory_head::DirectoryHead;
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE, RECEIPT_TYPE};
use lapor_protocol::entropy::{Entropy as _, Seeded};
use lapor_protocol::ids::{CaseId, Digest, InstanceId, InstanceKind, MessageId, Position};
use lapor_protocol::keys::{CertifiedKey, Jwk, KeyUse, Signer};
use lapor_protocol::seal::{ContentKey, Context, Opener, Subject, Wrap, seal_words, wrap};
use lapor_protocol::wire::DirectoryPage;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};

use super::seen::{Impostor, Misprint, News};
use crate::client::{Keys, Said, in_tree, seconded, weak};

const DAY_MS: i64 = 86_400_000;
/// More than half of the 30 days of a certificate: the node has one to renew.
const AGED_MS: i64 = 20 * DAY_MS;
const DESK: &str = "pusat";
const MINISTRY: &str = "kementerian-uji";
/// Of a version of the contract that is not written.
const UNKNOWN_KIND: &str = "case.danced";

/// An institution that the kit plays.
pub struct Cast {
    pub id: InstanceId,
    pub keys: Keys,
    head: ChainHead,
}

pub struct World {
    pub domain: TrustDomain,
    /// By which everything is signed.
    pub hub: Signer,
    pub invitation: Invitation,
    pub desk: Cast,
    pub ministry: Cast,
    pub directory: Vec<Envelope>,
    pub bundle: TrustBundle,
    pub credential: Credential,
    /// Who is not the hub, and what they show.
    pub impostors: Vec<(Impostor, Credential)>,
    issuer: Issuer,
    /// The version that first shows the node as a member: by it everything is ruled.
    pub admitted_in: u64,
    now_ms: i64,
    dice: Seeded,
}

/// A message of the ministry, as it goes to the node.
pub struct Told {
    pub kind: &'static str,
    pub case: CaseId,
    pub envelope: Envelope,
    pub wraps: Vec<Wrap>,
}

impl World {
    /// `addresses` are those of federation and enrolment.
    pub fn new(instance: &InstanceId, addresses: [HubUrl; 2], now_ms: i64) -> Result<Self> {
        let [federation, enrolment] = addresses;
        let domain: TrustDomain = "uji.lapor.test".parse()?;
        let authority = Authority::create(&domain, now_ms - 2 * AGED_MS)?;
        let issuer = authority.new_issuer(now_ms - 2 * AGED_MS)?;
        let mut names = vec![federation.server_name()];
        if enrolment.server_name() != names[0] {
            names.push(enrolment.server_name());
        }
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let mut world = Self {
            hub: Keys::drawn()?.signing,
            invitation: Invitation {
                enrolment_url: enrolment,
                federation_url: federation,
                trust_domain: domain.clone(),
                root_pin: authority.pin(),
                instance: instance.clone(),
                secret: InvitationSecret::from_random(secret),
            },
            desk: Cast::new(DESK)?,
            ministry: Cast::new(MINISTRY)?,
            directory: Vec::new(),
            bundle: TrustBundle::new(vec![authority.root().clone()])?,
            credential: certified_hub(&issuer, &names, now_ms)?,
            impostors: impostors(&issuer, &domain, &names, now_ms)?,
            domain,
            issuer,
            admitted_in: 1,
            now_ms,
            dice: Seeded::new(u64::from_be_bytes(secret[..8].try_into()?)),
        };
        let desk = world.desk.entry(InstanceKind::Pusat);
        let mut ministry = world.ministry.entry(InstanceKind::Kementerian);
        ministry.disposes_to = vec!["*".parse()?];
        let mut invited =
            InstanceEntry::registered(instance.clone(), InstanceKind::Kota, "Yang diuji".into());
        invited.status = Status::Invited;
        world.publish(vec![desk, ministry, invited]);
        Ok(world)
    }

    /// The next version of the directory.
    pub fn publish(&mut self, changes: Vec<InstanceEntry>) {
        self.publish_with(changes, None);
    }

    /// One with a notice that calls a maintenance off; returns its number.
    pub fn publish_notice(&mut self) -> u64 {
        let called_off = Maintenance {
            from: self.now_ms,
            until: self.now_ms,
            reason: "Uji kesesuaian".into(),
        };
        self.publish_with(Vec::new(), Some(called_off));
        self.directory.len() as u64
    }

    fn publish_with(&mut self, changes: Vec<InstanceEntry>, maintenance: Option<Maintenance>) {
        let prev = self.directory.last().map_or(Digest::ZERO, Envelope::id);
        let version = DirectoryVersion {
            version: self.directory.len() as u64 + 1,
            prev,
            at: self.now_ms,
            trust_domain: self.domain.to_string(),
            hub_keys: vec![self.hub.public()],
            changes,
            taxonomy: None,
            calendar: None,
            maintenance,
        };
        self.directory.push(version.sign(&self.hub));
    }

    /// Another institution by name: a version that brings nothing else.
    pub fn publish_another(&mut self) -> Result<()> {
        let slug = format!("dinas-uji-{}", self.directory.len());
        let name = "Dinas Uji".to_owned();
        let entry = InstanceEntry::registered(slug.parse()?, InstanceKind::Lembaga, name);
        self.publish(vec![entry]);
        Ok(())
    }

    pub fn page_of_directory(&self, since: u64) -> DirectoryPage {
        let versions = self.directory.iter().skip(since as usize).cloned();
        self.page_of(versions.collect(), self.directory.len() as u64)
    }

    fn page_of(&self, versions: Vec<Envelope>, latest: u64) -> DirectoryPage {
        let head = versions.last().map(|last| {
            let head = DirectoryHead {
                version: latest,
                id: last.id(),
                at: self.now_ms,
            };
            head.sign(&self.hub)
        });
        DirectoryPage {
            versions,
            head,
            latest,
        }
    }

    /// The latest version alone, as no hub may publish it.
    pub fn misprinted(&self, misprint: Misprint) -> Result<DirectoryPage> {
        let last = self.directory.last().context("a directory")?;
        let mut stated: DirectoryVersion = serde_json::from_slice(&last.payload)?;
        let mut signer = Signer::from_seed(self.hub.seed());
        match misprint {
            Misprint::Headless => {}
            Misprint::Skipping => stated.version += 1,
            Misprint::Forked => stated.prev = Digest::of(b"another past"),
            Misprint::Strange => signer = Keys::drawn()?.signing,
            Misprint::Twice => stated.changes.extend(stated.changes.clone()),
            Misprint::Uncertified => {
                let mut entry = self.ministry.entry(InstanceKind::Kementerian);
                entry.keys[0].cert = entry.keys[1].cert.clone();
                stated.changes = vec![entry];
            }
            Misprint::OtherIdentity => {
                let other = Cast::new(MINISTRY)?;
                stated.changes = vec![other.entry(InstanceKind::Kementerian)];
            }
            Misprint::SmallOrder => stated.changes = self.with_signing_key(weak::small_order()),
            Misprint::NotCanonical => stated.changes = self.with_signing_key(weak::not_canonical()),
            Misprint::SharesNothing => {
                stated.changes = self.with_sealing_key(weak::shares_nothing());
            }
            Misprint::OtherThumbprint => {
                let Keys {
                    signing, opener, ..
                } = &self.desk.keys;
                let other = weak::under_another_name(opener.public().clone(), signing);
                stated.changes = self.with_sealing_key(other);
            }
        }
        let mut page = self.page_of(vec![stated.sign(&signer)], stated.version);
        if misprint == Misprint::Headless {
            page.head = None;
        }
        Ok(page)
    }

    /// The ministry with another signing key, which it has certified.
    fn with_signing_key(&self, jwk: Jwk) -> Vec<InstanceEntry> {
        vec![self.ministry.entry_with(KeyUse::Signing, jwk)]
    }

    fn with_sealing_key(&self, jwk: Jwk) -> Vec<InstanceEntry> {
        vec![self.ministry.entry_with(KeyUse::Sealing, jwk)]
    }

    /// Makes a member of who has proved its keys.
    pub fn admit(&mut self, request: &EnrolRequest, tls: &TlsPublicKey) -> Result<EnrolResponse> {
        let id = request.instance.clone();
        let mut entry =
            InstanceEntry::registered(id.clone(), InstanceKind::Kota, "Yang diuji".into());
        entry.status = Status::Active;
        entry.identity = Some(request.identity.clone());
        entry.keys = vec![request.signing.clone(), request.sealing.clone()];
        entry.epochs = first_epoch();
        self.publish(vec![entry]);
        self.admitted_in = self.directory.len() as u64;
        let grant = EpochGrant {
            instance: id.clone(),
            epoch: 1,
            prev: Digest::ZERO,
            nonce: String::new(),
        };
        Ok(EnrolResponse {
            certificate: self.certify(tls, self.now_ms - AGED_MS)?.chain_pem(),
            trust_bundle: self.bundle.to_pem(),
            hub_keys: vec![self.hub.public()],
            federation_url: self.invitation.federation_url.clone(),
            trust_domain: self.domain.clone(),
            epoch: grant.sign(&self.hub),
            instance: id,
        })
    }

    pub fn renew(&self, tls: &TlsPublicKey) -> Result<RenewResponse> {
        Ok(RenewResponse {
            certificate: self.certify(tls, self.now_ms)?.chain_pem(),
            trust_bundle: self.bundle.to_pem(),
        })
    }

    fn certify(&self, tls: &TlsPublicKey, from_ms: i64) -> Result<Issued> {
        let instance = &self.invitation.instance;
        let serial = drawn_serial()?;
        Ok(self.issuer.issue_instance(tls, instance, from_ms, serial)?)
    }

    /// A report of the ministry, disposed to the node, with wraps of its content
    /// key: one that no key opens, then a good one.
    pub fn case_for(
        &mut self,
        sealing: &CertifiedKey,
        news: News,
    ) -> Result<(Vec<Told>, [Wrap; 2])> {
        let key = ContentKey::generate(&mut self.dice);
        let case = CaseId::mint(self.now_ms, self.draw());
        let body = json!({
            "classification": "complaint", "channel": "web", "commitment": key.commitment(),
        });
        let words =
            json!({ "title": "Uji kesesuaian", "content": "Laporan uji dari lapor-conform." });
        let about = ("report.filed", case, &key);
        let (mut report, id) = self.say(about, json!({ "body": body }), &words)?;
        let target = self.invitation.instance.clone();
        let term = json!({ "author": self.ministry.id, "id": id });
        let payload = json!({ "body": { "target": target }, "term": term });
        let words = json!({ "text": "Mohon ditindaklanjuti." });
        let about = ("case.disposed", case, &key);
        let (mut disposal, _) = self.say(about, payload, &words)?;
        match news {
            News::Unsigned => disposal.signature = [0; 64],
            News::Seconded => disposal = seconded_envelope(disposal),
            News::Retyped => {
                let signer = &self.ministry.keys.signing;
                let payload = std::mem::take(&mut disposal.payload);
                disposal = Envelope::sign(RECEIPT_TYPE, payload, signer);
            }
            News::Misplaced | News::Together => {
                let elsewhere = Digest::of(b"a message for somebody else");
                let leaves = [report.id(), elsewhere, disposal.id()];
                let signer = &self.ministry.keys.signing;
                let first = in_tree(&report, 0, &leaves, signer);
                disposal = in_tree(&disposal, 2, &leaves, signer);
                if news == News::Misplaced {
                    disposal.tree.clone_from(&first.tree);
                } else {
                    report = first;
                }
            }
            News::Plain | News::Keyless | News::UnknownKind => {}
        }
        let mut messages = vec![("report.filed", report), ("case.disposed", disposal)];
        if news == News::UnknownKind {
            let about = (UNKNOWN_KIND, case, &key);
            let (danced, _) = self.say(about, json!({ "body": {} }), &json!({}))?;
            messages.push((UNKNOWN_KIND, danced));
        }
        let [good, other] = [&key, &ContentKey::generate(&mut self.dice)].map(|key| {
            let subject = Subject::Case(case);
            wrap(key, subject, &target, &sealing.jwk, &mut self.dice)
        });
        let wraps = [other?, good?];
        let beside = if news == News::Keyless {
            &[][..]
        } else {
            &wraps[..]
        };
        let told = messages.into_iter().map(|(kind, envelope)| Told {
            kind,
            case,
            envelope,
            wraps: beside.to_vec(),
        });
        Ok((told.collect(), wraps))
    }

    /// The next message of the ministry.
    fn say(
        &mut self,
        (kind, case, key): (&'static str, CaseId, &ContentKey),
        mut payload: Value,
        words: &Value,
    ) -> Result<(Envelope, MessageId)> {
        let id = MessageId::mint(self.now_ms, self.draw());
        let author = &self.ministry.id;
        let context = Context {
            kind,
            id,
            case,
            author,
        };
        let sealed = seal_words(key, context, words.to_string().as_bytes(), &mut self.dice)?;
        let (head, at) = (self.ministry.head, self.ministry.head.next());
        let stated = json!({
            "v": 1, "kind": kind, "id": id, "author": author, "epoch": at.epoch, "seq": at.seq,
            "prev": head.id, "case": case, "created_at": self.now_ms, "sealed": sealed,
        });
        for (field, value) in stated.as_object().into_iter().flatten() {
            payload[field] = value.clone();
        }
        let signer = &self.ministry.keys.signing;
        let envelope = Envelope::sign(MESSAGE_TYPE, payload.to_string().into_bytes(), signer);
        self.ministry.head = head.advanced(envelope.id());
        Ok((envelope, id))
    }

    fn draw(&mut self) -> [u8; 10] {
        let mut drawn = [0; 10];
        self.dice.fill(&mut drawn);
        drawn
    }
}

impl Cast {
    fn new(slug: &str) -> Result<Self> {
        Ok(Self {
            id: slug.parse().context("a slug")?,
            keys: Keys::drawn()?,
            head: ChainHead::START,
        })
    }

    pub fn opener(&self) -> &Opener {
        &self.keys.opener
    }

    fn entry(&self, kind: InstanceKind) -> InstanceEntry {
        let Keys {
            identity,
            signing,
            opener,
            ..
        } = &self.keys;
        let first = Position { epoch: 1, seq: 1 };
        let certify = |use_for, jwk| CertifiedKey::certify(identity, &self.id, use_for, jwk, first);
        let name = self.id.to_string();
        let mut entry = InstanceEntry::registered(self.id.clone(), kind, name);
        entry.status = Status::Active;
        entry.identity = Some(identity.public());
        entry.keys = vec![
            certify(KeyUse::Signing, signing.public()),
            certify(KeyUse::Sealing, opener.public().clone()),
        ];
        entry.epochs = first_epoch();
        entry
    }

    /// The entry of a ministry with a key in the place of its own of this use.
    fn entry_with(&self, use_for: KeyUse, jwk: Jwk) -> InstanceEntry {
        let mut entry = self.entry(InstanceKind::Kementerian);
        let first = Position { epoch: 1, seq: 1 };
        let key = CertifiedKey::certify(&self.keys.identity, &self.id, use_for, jwk, first);
        entry.keys.retain(|one| one.use_for != use_for);
        entry.keys.push(key);
        entry
    }
}

/// The same with the order of the group added to S.
fn seconded_envelope(envelope: Envelope) -> Envelope {
    let said = Said {
        envelope,
        payload: Value::Null,
    };
    seconded(&said).envelope
}

fn certified_hub(
    issuer: &Issuer,
    names: &[ServerName<'static>],
    now_ms: i64,
) -> Result<Credential> {
    let key = TlsKey::generate();
    let made = issuer.issue_hub(&key.public(), names, now_ms, drawn_serial()?)?;
    Ok(Credential::new(made.chain, key)?)
}

/// Those who are not the hub of these names below this issuer.
fn impostors(
    issuer: &Issuer,
    domain: &TrustDomain,
    names: &[ServerName<'static>],
    now_ms: i64,
) -> Result<Vec<(Impostor, Credential)>> {
    let other = Authority::create(domain, now_ms)?.new_issuer(now_ms)?;
    let elsewhere: HubUrl = "https://lain.lapor.test".parse()?;
    let elsewhere = [elsewhere.server_name()];
    let member: InstanceId = MINISTRY.parse()?;
    let key = TlsKey::generate();
    let made = issuer.issue_instance(&key.public(), &member, now_ms, drawn_serial()?)?;
    Ok(vec![
        (
            Impostor::OtherAuthority,
            certified_hub(&other, names, now_ms)?,
        ),
        (
            Impostor::OtherName,
            certified_hub(issuer, &elsewhere, now_ms)?,
        ),
        (Impostor::Member, Credential::new(made.chain, key)?),
    ])
}

fn first_epoch() -> Vec<EpochEntry> {
    vec![EpochEntry {
        epoch: 1,
        closed_at: None,
    }]
}

fn drawn_serial() -> Result<Serial> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(Serial::from_random(bytes))
}
