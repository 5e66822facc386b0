//! A fleet: a real hub and real nodes in one process, with real mTLS on ports
//! of their own, a clock that a story moves by hand, and weather on every line.
//!
//! A story begins with [`Fleet::gather`], lets institutions act, lets the fleet
//! [`Fleet::settle`], and must end with [`Fleet::ends_well`], which asserts
//! what holds after every story.

mod desk;
pub mod disk;
mod false_hub;
mod hub;
mod institution;
mod line;
pub mod member;
mod pipe;
mod relay;
mod rest;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use lapor_hub::audit::By;
use lapor_hub::clock::{Clock as _, HandClock};
use lapor_hub::membership;
use lapor_migrations::throwaway::{SQLITE_ONLY_VARIABLE, TestDb};
use lapor_migrations::{Kind, Schema};
use lapor_protocol::ids::InstanceId;

use crate::bench::programs::copy_folder;

pub use false_hub::{FalseHub, Says};
pub use hub::HubHouse;
pub use institution::{Institution, Working, document};
pub use line::{Line, Weather};
pub use member::Member;
pub use pipe::Pipe;
pub use relay::{Relay, Swallowed, Way};

/// When every story begins, Unix ms.
pub const BEGINNING: i64 = 1_790_000_000_000;
pub const DAY_MS: i64 = 86_400_000;

/// Rounds in which a fleet must come to rest.
const ROUNDS: usize = 60;

pub struct Fleet {
    pub hub: HubHouse,
    /// The hub's; every institution has its own.
    pub clock: Arc<HandClock>,
    kind: Kind,
    seed: u64,
    institutions: BTreeMap<&'static str, Institution>,
    /// Whom the hub refuses: suspended or revoked in this story.
    barred: BTreeSet<String>,
    ended: bool,
}

/// The databases on which every story is told. A run without PostgreSQL fails
/// when the first one is made.
pub fn kinds() -> Vec<Kind> {
    if std::env::var(SQLITE_ONLY_VARIABLE).is_ok_and(|value| value == "1") {
        vec![Kind::Sqlite]
    } else {
        vec![Kind::Sqlite, Kind::Postgres]
    }
}

async fn database(kind: Kind) -> TestDb {
    let made = match kind {
        Kind::Sqlite => TestDb::sqlite(),
        Kind::Postgres => TestDb::postgres().await,
    };
    made.unwrap_or_else(|error| panic!("{error}"))
}

/// A database that has the tables of one of the programs already.
async fn database_of(kind: Kind, schema: Schema) -> TestDb {
    let made = TestDb::of(kind, schema).await;
    made.unwrap_or_else(|error| panic!("{error}"))
}

impl Fleet {
    /// A hub, and these institutions joined.
    pub async fn gather(kind: Kind, members: &[Member]) -> Self {
        Self::with(kind, members, 1, |_| {}).await
    }

    /// As [`Self::gather`], with dice of its own and other settings of the hub.
    pub async fn with(
        kind: Kind,
        members: &[Member],
        seed: u64,
        change: impl FnOnce(&mut lapor_hub::settings::Settings),
    ) -> Self {
        lapor_certs::tls::install_default_provider();
        let clock = Arc::new(HandClock::at(BEGINNING));
        let database = database_of(kind, Schema::Hub).await;
        // Boxed, because it is larger than a future on the stack may be.
        let hub = Box::pin(HubHouse::found(database, Arc::clone(&clock), change)).await;
        let mut fleet = Self {
            hub,
            clock,
            kind,
            seed: seed << 32,
            institutions: BTreeMap::new(),
            barred: BTreeSet::new(),
            ended: false,
        };
        for member in members {
            fleet.join(*member).await;
        }
        fleet.settle().await;
        fleet
    }

    /// An institution makes its folder, pastes the line of its invitation and
    /// starts.
    pub async fn join(&mut self, member: Member) {
        self.enter(member, true).await;
    }

    /// As [`Fleet::join`], but it takes part in nothing before it is let in.
    pub async fn knock(&mut self, member: Member) {
        self.enter(member, false).await;
        self.barred.insert(member.slug.to_owned());
    }

    async fn enter(&mut self, member: Member, approved: bool) {
        let line = self.hub.invite(&member, approved).await;
        let mut institution = self.arrive(member).await;
        let enrolled = institution.enrol(&line).await;
        assert_eq!(enrolled.instance, member.id());
        institution.start().await;
        self.institutions.insert(member.slug, institution);
    }

    /// Central staff let an institution in that has joined and waits.
    pub async fn admit(&mut self, slug: &str) {
        let ground = &self.hub.hub().ground;
        membership::admit(ground, &By::actor("test"), &self.id(slug))
            .await
            .expect("an institution that waits");
        self.barred.remove(slug);
    }

    /// A folder and a database for an institution that has not joined.
    pub async fn arrive(&mut self, member: Member) -> Institution {
        self.seed += 1 << 16;
        let database = database_of(self.kind, Schema::Node).await;
        let clock = Arc::new(HandClock::at(self.clock.now_ms()));
        Institution::new(member, database, clock, self.seed)
    }

    /// An empty database of the kind on which this story is told.
    pub async fn database(&self) -> TestDb {
        database(self.kind).await
    }

    pub fn at(&self, slug: &str) -> &Institution {
        let found = self.institutions.get(slug);
        found.unwrap_or_else(|| panic!("{slug} does not take part"))
    }

    pub fn at_mut(&mut self, slug: &str) -> &mut Institution {
        let found = self.institutions.get_mut(slug);
        found.unwrap_or_else(|| panic!("{slug} does not take part"))
    }

    /// Whether this is an institution of the fleet, running or not.
    pub fn takes_part(&self, slug: &str) -> bool {
        self.institutions.contains_key(slug)
    }

    /// Those whose process runs.
    pub fn running(&self) -> impl Iterator<Item = &Institution> {
        let all = self.institutions.values();
        all.filter(|institution| institution.is_running())
    }

    /// Time goes by, for everybody.
    pub fn pass(&self, by_ms: i64) {
        self.clock.advance(by_ms);
        for institution in self.institutions.values() {
            institution.clock().advance(by_ms);
        }
    }

    /// The same weather on every line.
    pub fn weather(&self, weather: Weather) {
        for institution in self.running() {
            institution.line().weather(weather);
        }
    }

    /// The lines clear up, and what was under way arrives.
    pub async fn weather_clears(&self) {
        self.weather(Weather::CLEAR);
        for institution in self.running() {
            institution.line().arrive().await;
        }
    }

    /// Central staff keep an institution out for a while.
    pub async fn suspend(&mut self, slug: &str) {
        let ground = &self.hub.hub().ground;
        membership::suspend(ground, &By::actor("test"), &self.id(slug))
            .await
            .expect("an active institution");
        self.barred.insert(slug.to_owned());
    }

    pub async fn resume(&mut self, slug: &str) {
        let ground = &self.hub.hub().ground;
        membership::resume(ground, &By::actor("test"), &self.id(slug))
            .await
            .expect("a suspended institution");
        self.barred.remove(slug);
    }

    /// Central staff end a membership for ever.
    pub async fn revoke(&mut self, slug: &str) {
        let ground = &self.hub.hub().ground;
        membership::revoke(ground, &By::actor("test"), &self.id(slug), None)
            .await
            .expect("an institution that is not revoked");
        self.barred.insert(slug.to_owned());
    }

    /// An institution ends for ever, and another takes its place.
    pub async fn dissolve(&mut self, slug: &str, into: &str) {
        let (ground, into) = (&self.hub.hub().ground, self.id(into));
        membership::revoke(ground, &By::actor("test"), &self.id(slug), Some(into))
            .await
            .expect("an institution that is not revoked, and an active one");
        self.barred.insert(slug.to_owned());
    }

    /// The hub's process ends after draining, and begins again.
    pub async fn restart_hub(&mut self) {
        self.hub.stop().await;
        self.hub.start().await;
    }

    /// The hub's machine is lost, and a backup of before is put on another one.
    pub async fn restore_hub(&mut self, backup: &Path) {
        self.hub.stop().await;
        let database = self.database().await;
        self.hub.restore(backup, database).await;
        self.hub.start().await;
    }

    /// Every institution that can exchanges with the hub until nothing moves.
    pub async fn settle(&self) {
        let mut quiet = 0;
        for _ in 0..ROUNDS {
            let mut moved = 0;
            for institution in self.running() {
                moved += institution.catch_up().await;
            }
            // A key that is given in one round is fetched in the next.
            quiet = if moved == 0 { quiet + 1 } else { 0 };
            if quiet == 2 {
                return;
            }
        }
        panic!("the fleet does not come to rest");
    }

    /// Ends a story: everybody who runs catches up in clear weather, and what
    /// holds after every story is asserted.
    pub async fn ends_well(mut self) {
        self.weather_clears().await;
        self.settle().await;
        self.invariants().await;
        self.hub.stop().await;
        self.ended = true;
    }

    /// Everybody stops, and what they have on disk is copied: the hub's below `hub`, an
    /// institution's below its name. SQLite only, whose databases are files.
    pub async fn keep(mut self, to: &Path) {
        self.hub.stop().await;
        let hub = to.join("hub");
        copy_folder(self.hub.folder(), &hub).expect("a copy");
        std::fs::copy(self.hub.database().file(), hub.join("copy.db")).expect("a copy");
        for (slug, institution) in &mut self.institutions {
            institution.stop().await;
            let place = to.join(slug);
            copy_folder(&institution.settings.node.keys, &place.join("keys")).expect("a copy");
            std::fs::copy(institution.database().file(), place.join("copy.db")).expect("a copy");
        }
        self.ended = true;
    }

    /// The slugs of the institutions, for a story that lets all of them act.
    pub fn slugs(&self) -> Vec<&'static str> {
        self.institutions.keys().copied().collect()
    }

    pub fn id(&self, slug: &str) -> InstanceId {
        self.at(slug).member.id()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // A story that forgets its end would assert nothing of the invariants.
        assert!(
            self.ended || std::thread::panicking(),
            "a story ends with `fleet.ends_well()`"
        );
    }
}
