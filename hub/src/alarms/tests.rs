//! Alarms from the picture to the receiver, on both databases: what is raised,
//! how often it is told, and that many at once are one letter.

mod backups;
mod editions;
mod issuer;
mod proving;
mod sending;
mod set_back;
mod telling;

use std::sync::Arc;

use lapor_certs::{Authority, TrustBundle};
use lapor_migrations::Schema;
use lapor_migrations::throwaway::{TestDb, databases_of};
use lapor_protocol::directory::{InstanceEntry, Status};
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::keys::Signer;
use lapor_protocol::wire;

use super::acts::{self, Channel};
use super::overview::{self, Place as From};
use super::{AlarmState, Condition, Own, Rule, look, recipients, round, rules};
use crate::app::Hub;
use crate::audit::By;
use crate::clock::{Clock as _, HandClock};
use crate::deeds::{self, Deed};
use crate::ground::{Ground, Keyring};
use crate::keys;
use crate::settings::Settings;
use crate::store;
use crate::store::alarms::deliveries::DeliveryRow;
use crate::testing::publish;
use crate::watch::{self, Concern, Picture};

const NOW: i64 = 1_790_000_000_000;
const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const SILENT: Condition = Condition::Institution(Concern::Silent);

/// A hub over so many institutions, which never report; every third is in Jawa Timur.
struct Place {
    hub: Arc<Hub>,
    clock: Arc<HandClock>,
    _db: TestDb,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn all(institutions: usize) -> Vec<Self> {
        let mut out = Vec::new();
        for db in databases_of(Schema::Hub).await {
            out.push(Self::on(db, institutions, |_| {}).await);
        }
        out
    }

    async fn on(db: TestDb, institutions: usize, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default().below(folder.path());
        settings.alarms.local_webhooks = true;
        std::fs::create_dir_all(&settings.storage.keys).unwrap();
        keys::make_factor_key(&settings).unwrap();
        change(&mut settings);
        let authority = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let keyring = Keyring {
            signer: Signer::from_seed(&[7; 32]),
            issuer: authority.new_issuer(NOW).unwrap(),
            bundle: TrustBundle::new(vec![authority.root().clone()]).unwrap(),
        };
        let clock = Arc::new(HandClock::at(NOW));
        let shared = Arc::clone(&clock);
        let db_open = db.migrated(Schema::Hub).await.unwrap();
        let ground = Ground::new(settings, db_open, keyring, shared)
            .await
            .unwrap();
        publish(&ground, (0..institutions).map(entry).collect()).await;
        Self {
            hub: Hub::start(ground).await.unwrap(),
            clock,
            _db: db,
            _folder: folder,
        }
    }

    /// The same hub after a restart.
    async fn restart(&mut self) {
        self.hub = Hub::start(Arc::clone(&self.hub.ground)).await.unwrap();
    }

    /// Lets time pass, and looks.
    async fn after(&self, ms: i64) {
        self.clock.advance(ms);
        look(&self.hub).await.unwrap();
    }

    /// So many institutions, the first ones, are heard.
    fn hears(&self, institutions: usize) {
        for number in 0..institutions {
            self.hearing(number);
        }
    }

    /// An institution says how it is, with so many bytes free.
    async fn reports(&self, number: usize, free: u64) {
        let says = |health: &mut wire::Health| health.free_disk_bytes = Some(free);
        self.says(number, says).await;
    }

    /// One in good order but for this says how it is.
    async fn says(&self, number: usize, change: impl FnOnce(&mut wire::Health)) {
        let now = self.clock.now_ms();
        let mut health = wire::Health {
            software: concat!("lapor-node ", env!("CARGO_PKG_VERSION")).into(),
            time: now,
            unsent: 0,
            oldest_unsent: None,
            unapplied: 0,
            quarantined: 0,
            parked: 0,
            directory: self.hub.ground.directory.current().version(),
            certificate_expires: now + 1_000 * HOUR_MS,
            free_disk_bytes: Some(100 << 30),
            last_backup: Some(now),
            chain: None,
            inbox: None,
            holds: None,
            portal: None,
        };
        change(&mut health);
        let told = watch::receive(&self.hub.ground, &id(number), &health).await;
        told.unwrap();
        self.hearing(number);
    }

    fn hearing(&self, number: usize) {
        self.hub.contacts.note(&id(number), self.clock.now_ms());
    }

    /// Lets everybody be silent for long enough, and the first rules be there.
    async fn all_silent(&self) {
        look(&self.hub).await.unwrap();
        self.after(16 * MINUTE_MS).await;
    }

    async fn told(&self, name: &str) {
        let address = format!("{}@pusat.example", name.to_lowercase());
        let to = (name, address.as_str());
        let added = recipients::add(&self.hub, "test", Channel::Mail, to).await;
        assert!(added.unwrap().is_none());
    }

    /// Everything written so far, the latest first.
    async fn letters(&self) -> Vec<DeliveryRow> {
        let mut tx = self.hub.ground.db.read().await.unwrap();
        let from = (i64::MAX, "");
        let rows = store::alarms::deliveries::list(&mut tx, from, 1000).await;
        rows.unwrap()
    }

    /// Everything that waits arrives.
    async fn arrives(&self) {
        let now = self.clock.now_ms();
        let mut tx = self.hub.ground.db.write().await.unwrap();
        let held = now + HOUR_MS;
        let taken = store::alarms::deliveries::claim(&mut tx, now, held, 100).await;
        for row in taken.unwrap() {
            let done = store::alarms::deliveries::sent(&mut tx, &row.id, held, now).await;
            done.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// How many of a condition are in a state.
    async fn count(&self, condition: Condition, state: AlarmState) -> usize {
        let groups = overview::open(&self.hub).await.unwrap().into_iter();
        let all = groups.filter(|group| group.rule.condition == condition);
        all.flat_map(|group| group.alarms)
            .filter(|alarm| alarm.state == state)
            .count()
    }

    async fn rule(&self, condition: Condition) -> Rule {
        let mut tx = self.hub.ground.db.read().await.unwrap();
        let all = rules(&mut tx).await.unwrap();
        let found = all.into_iter().find(|rule| rule.condition == condition);
        found.unwrap()
    }

    /// Somebody does what a second person need not confirm here.
    async fn does(&self, deed: Deed) {
        let by = By {
            reason: "kabel putus",
            ..By::actor("test")
        };
        deeds::act(&self.hub.ground, &by, &deed).await.unwrap();
    }

    /// Nobody raises an alarm but by silence.
    async fn only_silence(&self) {
        look(&self.hub).await.unwrap();
        let mut tx = self.hub.ground.db.read().await.unwrap();
        let all = rules(&mut tx).await.unwrap();
        tx.rollback().await.unwrap();
        for rule in all.into_iter().filter(|rule| rule.condition != SILENT) {
            self.does(Deed::DisableRule { rule: rule.id }).await;
        }
    }
}

fn id(number: usize) -> InstanceId {
    format!("kab-{number}").parse().unwrap()
}

fn entry(number: usize) -> InstanceEntry {
    let name = format!("Kabupaten {number}");
    let mut entry = InstanceEntry::registered(id(number), InstanceKind::Kabupaten, name);
    entry.status = Status::Active;
    let province = if number.is_multiple_of(3) { "35" } else { "32" };
    entry.region = Some(province.parse().unwrap());
    entry
}

#[tokio::test]
async fn a_restart_of_the_hub_raises_nothing_and_ends_nothing() {
    for mut place in Place::all(5).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.hears(4);
        look(&place.hub).await.unwrap();
        place.clock.advance(15 * MINUTE_MS);
        place.hears(4);
        place.after(MINUTE_MS).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 1);
        place.after(2 * MINUTE_MS).await;
        assert_eq!(place.letters().await.len(), 1);
        place.arrives().await;
        place.clock.advance(2 * HOUR_MS);
        place.restart().await;
        for _ in 0..10 {
            place.after(30 * SECOND_MS).await;
            assert_eq!(place.count(SILENT, AlarmState::Open).await, 1);
        }
        assert_eq!(place.letters().await.len(), 1, "nobody is blamed for it");
        place.hears(5);
        place.after(0).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
        place.after(2 * MINUTE_MS).await;
        let letters = place.letters().await;
        assert_eq!(letters.len(), 2);
        assert_eq!(
            letters[0].subject,
            "Selesai (Gawat): Tidak terdengar: Kabupaten 4"
        );
    }
}

#[tokio::test]
async fn what_was_reported_or_refused_before_a_restart_ends_only_by_what_comes_after_it() {
    const DISK: Condition = Condition::Institution(Concern::Disk);
    const REFUSED: Condition = Condition::Institution(Concern::Refused);
    const TWICE: Condition = Condition::Institution(Concern::Twice);
    for mut place in Place::all(1).await {
        // A hub that has just begun is not sure of anything yet.
        place.after(5 * MINUTE_MS).await;
        let now = place.clock.now_ms();
        place.hub.watch.refusals.refused(&id(0), now);
        place.hub.watch.copies.met(&id(0), now);
        place.after(0).await;
        assert_eq!(place.count(TWICE, AlarmState::Open).await, 1, "at once");
        for _ in 0..17 {
            place.reports(0, 1 << 20).await;
            place.after(MINUTE_MS).await;
        }
        assert_eq!(place.count(DISK, AlarmState::Open).await, 1);
        assert_eq!(place.count(REFUSED, AlarmState::Open).await, 1);
        assert_eq!(place.count(TWICE, AlarmState::Open).await, 0, "it is over");
        place.after(3 * HOUR_MS).await;
        let now = place.clock.now_ms();
        place.hub.watch.copies.met(&id(0), now);
        place.after(0).await;
        place.restart().await;
        place.hearing(0);
        for minute in 1..=8 {
            place.after(MINUTE_MS).await;
            let twice = usize::from(minute < 5);
            assert_eq!(
                place.count(TWICE, AlarmState::Open).await,
                twice,
                "{minute}"
            );
            assert_eq!(place.count(DISK, AlarmState::Open).await, 1);
            assert_eq!(place.count(REFUSED, AlarmState::Open).await, 1);
        }
        place.reports(0, 100 << 30).await;
        let now = place.clock.now_ms();
        place.hub.watch.refusals.taken(&id(0), now);
        place.after(0).await;
        assert_eq!(place.count(DISK, AlarmState::Open).await, 0);
        assert_eq!(place.count(REFUSED, AlarmState::Open).await, 0);
    }
}

#[tokio::test]
async fn by_an_old_picture_nothing_is_judged_but_the_watch_itself() {
    for place in Place::all(2).await {
        place.all_silent().await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 2);
        let old = place.hub.watch.picture();
        place.hears(2);
        place.clock.advance(3 * MINUTE_MS);
        for picture in [&Picture::default(), &*old] {
            round(&place.hub, picture).await.unwrap();
            assert_eq!(place.count(SILENT, AlarmState::Open).await, 2);
        }
        let watch = Condition::Hub(Own::Watch);
        assert_eq!(place.count(watch, AlarmState::Open).await, 1);
        place.after(0).await;
        assert_eq!(place.count(watch, AlarmState::Open).await, 0);
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
    }
}

#[tokio::test]
async fn in_a_maintenance_and_a_moment_after_it_nobody_is_blamed_for_silence() {
    for place in Place::all(2).await {
        place.only_silence().await;
        place.hears(2);
        place.after(10 * MINUTE_MS).await;
        let now = place.clock.now_ms();
        let deed = Deed::Maintain {
            from: now,
            until: now + HOUR_MS,
        };
        let by = By::actor("test");
        deeds::act(&place.hub.ground, &by, &deed).await.unwrap();
        for _ in 0..6 {
            place.after(10 * MINUTE_MS).await;
            assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
        }
        let now = place.clock.now_ms();
        let another = Deed::Maintain {
            from: now + 24 * HOUR_MS,
            until: now + 25 * HOUR_MS,
        };
        deeds::act(&place.hub.ground, &by, &another).await.unwrap();
        place.hears(1);
        place.after(4 * MINUTE_MS).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
        place.hears(1);
        place.after(2 * MINUTE_MS).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 1, "still away");
    }
}

#[tokio::test]
async fn one_alarm_is_open_told_again_until_it_is_acknowledged_and_kept_over_restarts() {
    for mut place in Place::all(1).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.all_silent().await;
        place.after(2 * MINUTE_MS).await;
        assert_eq!(place.letters().await.len(), 1);
        place.arrives().await;
        place.after(23 * HOUR_MS).await;
        place.after(2 * MINUTE_MS).await;
        assert_eq!(place.letters().await.len(), 1, "not yet a day");
        place.after(HOUR_MS).await;
        place.after(2 * MINUTE_MS).await;
        let letters = place.letters().await;
        assert_eq!(letters.len(), 2);
        assert_eq!(
            letters[0].subject,
            "Masih terbuka (Gawat): Tidak terdengar: Kabupaten 0"
        );
        place.arrives().await;
        let open = overview::open(&place.hub).await.unwrap();
        let alarm = open[0].alarms[0].id.clone();
        let ids = [alarm.clone()];
        let seen = acts::acknowledge(&place.hub, "account:1", &ids, "listrik padam").await;
        assert_eq!(seen.unwrap(), 1);
        let twice = acts::acknowledge(&place.hub, "account:2", &ids, "").await;
        assert_eq!(twice.unwrap(), 0, "it was seen already");
        place.restart().await;
        place.after(48 * HOUR_MS).await;
        place.after(2 * MINUTE_MS).await;
        assert_eq!(place.letters().await.len(), 2, "somebody knows");
        let open = overview::open(&place.hub).await.unwrap();
        assert_eq!(open[0].alarms.len(), 1);
        assert_eq!(open[0].alarms[0].id, alarm, "the same alarm");
        assert_eq!(open[0].alarms[0].note.as_deref(), Some("listrik padam"));
        place.hears(1);
        place.after(0).await;
        let past = overview::past(&place.hub, &From::default(), 10).await;
        let past = past.unwrap();
        assert_eq!(past[0].state, AlarmState::Cleared);
        assert_eq!(past[0].acknowledged_by.as_deref(), Some("account:1"));
    }
}

#[tokio::test]
async fn a_rule_waits_as_long_as_it_says_and_looks_only_where_it_is_told_to() {
    for place in Place::all(4).await {
        place.only_silence().await;
        let mut rule = place.rule(SILENT).await;
        rule.scope = super::Scope::Province("35".into());
        rule.stands_ms = 30 * MINUTE_MS;
        let rule = Box::new(rule);
        place.does(Deed::NarrowRule { rule }).await;
        place.all_silent().await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
        place.after(29 * MINUTE_MS).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
        place.after(2 * MINUTE_MS).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 2);
        let rule = place.rule(SILENT).await.id;
        place.does(Deed::DisableRule { rule }).await;
        place.after(0).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
    }
}

#[tokio::test]
async fn a_rule_is_changed_as_it_is_now_and_not_as_whoever_changes_it_has_read_it() {
    for place in Place::all(1).await {
        look(&place.hub).await.unwrap();
        let read = place.rule(SILENT).await;
        let by = By::actor("test");
        let put = async |repeat_ms| {
            let rule = Rule {
                repeat_ms,
                ..read.clone()
            };
            acts::put_rule(&place.hub, &by, &rule).await
        };
        let rule = read.id.clone();
        place.does(Deed::DisableRule { rule }).await;
        put(HOUR_MS).await.unwrap();
        let now = place.rule(SILENT).await;
        assert_eq!((now.enabled, now.repeat_ms), (false, HOUR_MS));
        let on = acts::enable_rule(&place.hub, "test", &read.id).await;
        on.unwrap();
        let late = put(2 * HOUR_MS).await;
        assert!(matches!(late, Err(acts::ActError::Narrows)), "{late:?}");
        let now = place.rule(SILENT).await;
        assert_eq!((now.enabled, now.repeat_ms), (true, HOUR_MS));
    }
}

#[tokio::test]
async fn the_hub_raises_alarms_about_itself() {
    for place in Place::all(0).await {
        look(&place.hub).await.unwrap();
        place.after(25 * HOUR_MS).await;
        let backup = Condition::Hub(Own::Backup);
        assert_eq!(place.count(backup, AlarmState::Open).await, 1);
        let open = overview::open(&place.hub).await.unwrap();
        assert!(open.iter().all(|group| group.rule.condition.is_own()));
    }
}
