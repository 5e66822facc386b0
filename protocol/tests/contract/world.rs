//! A small federation for the tests: who is in it and whom each may dispose
//! to. Every change is a signed directory version, as it is in life.

use lapor_protocol::directory::{Directory, DirectoryAt, DirectoryVersion, InstanceEntry, Status};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::keys::{Signer, Verifier};

/// Slug, kind, region, status, authority.
type Member = (
    &'static str,
    InstanceKind,
    Option<&'static str>,
    Status,
    &'static [&'static str],
);

const MEMBERS: [Member; 11] = [
    ("pusat", InstanceKind::Pusat, None, Status::Active, &["*"]),
    (
        "prov-jawa-barat",
        InstanceKind::Provinsi,
        Some("32"),
        Status::Active,
        &["region:32.*", "kind:pusat"],
    ),
    (
        "kota-bandung",
        InstanceKind::Kota,
        Some("32.73"),
        Status::Active,
        &[
            "kind:pusat",
            "kind:kementerian",
            "slug:prov-*",
            "slug:kota-tangerang",
        ],
    ),
    (
        "kota-tangerang",
        InstanceKind::Kota,
        Some("36.71"),
        Status::Active,
        &["kind:pusat", "slug:kota-bandung"],
    ),
    (
        "kemenpu",
        InstanceKind::Kementerian,
        None,
        Status::Active,
        &["kind:kementerian", "kind:pusat"],
    ),
    (
        "kemensos",
        InstanceKind::Kementerian,
        None,
        Status::Active,
        &["kind:kementerian"],
    ),
    (
        "kemenhub",
        InstanceKind::Kementerian,
        None,
        Status::Active,
        &["kind:kementerian"],
    ),
    (
        "bumn-pln",
        InstanceKind::Bumn,
        None,
        Status::Registered,
        &[],
    ),
    (
        "kemenlama",
        InstanceKind::Kementerian,
        None,
        Status::Active,
        &["kind:kementerian"],
    ),
    (
        "ombudsman",
        InstanceKind::Pengawas,
        None,
        Status::Active,
        &[],
    ),
    (
        "komisi-baru",
        InstanceKind::Pengawas,
        None,
        Status::Registered,
        &[],
    ),
];

pub struct World {
    /// Every version as the hub signed it.
    pub versions: Vec<Envelope>,
    directory: Directory,
    hub: Signer,
}

impl World {
    /// The federation above; `ombudsman` stands in for an excluded desk.
    pub fn new() -> Self {
        let hub = Signer::from_seed(&[1; 32]);
        let key = Verifier::from_jwk(&hub.public()).unwrap();
        let mut world = Self {
            versions: Vec::new(),
            directory: Directory::trusting(vec![key]),
            hub,
        };
        world.publish(MEMBERS.iter().map(entry).collect());
        world
    }

    pub fn now(&self) -> DirectoryAt<'_> {
        self.directory.latest()
    }

    pub fn version(&self) -> u64 {
        self.directory.version()
    }

    pub fn at(&self, version: u64) -> DirectoryAt<'_> {
        self.directory.at(version)
    }

    pub fn slugs() -> impl Iterator<Item = &'static str> {
        MEMBERS.iter().map(|member| member.0)
    }

    /// Publishes a version in which one institution has changed.
    pub fn change(&mut self, slug: &str, change: impl FnOnce(&mut InstanceEntry)) {
        let mut entry = self.now().instance(&id(slug)).unwrap().clone();
        change(&mut entry);
        self.publish(vec![entry]);
    }

    pub fn suspend(&mut self, slug: &str) {
        self.change(slug, |entry| entry.status = Status::Suspended);
    }

    /// The institution is no more; `successor` takes its place.
    pub fn dissolve(&mut self, slug: &str, successor: &str) {
        self.change(slug, |entry| {
            entry.status = Status::Revoked;
            entry.successor = Some(id(successor));
        });
    }

    /// Another institution, the same in all but name, takes its place.
    pub fn replace(&mut self, slug: &str, next: &str) {
        let known = self.now().instance(&id(slug)).unwrap().clone();
        let heir = InstanceEntry {
            id: id(next),
            ..known.clone()
        };
        let former = InstanceEntry {
            status: Status::Revoked,
            successor: Some(id(next)),
            ..known
        };
        self.publish(vec![former, heir]);
    }

    fn publish(&mut self, changes: Vec<InstanceEntry>) {
        let version = DirectoryVersion {
            version: self.directory.version() + 1,
            prev: self.directory.head(),
            at: 0,
            trust_domain: "lapor.test".into(),
            hub_keys: vec![self.hub.public()],
            changes,
            taxonomy: None,
            calendar: None,
            maintenance: None,
        };
        let envelope = version.sign(&self.hub);
        self.directory.apply(&envelope).unwrap();
        self.versions.push(envelope);
    }
}

pub fn id(slug: &str) -> InstanceId {
    slug.parse().unwrap()
}

fn entry(&(slug, kind, region, status, authority): &Member) -> InstanceEntry {
    let mut entry = InstanceEntry::registered(id(slug), kind, slug.to_uppercase());
    entry.region = region.map(|code| code.parse().unwrap());
    entry.status = status;
    entry.disposes_to = authority.iter().map(|p| p.parse().unwrap()).collect();
    entry.default_supervisor = slug == "ombudsman";
    entry
}
