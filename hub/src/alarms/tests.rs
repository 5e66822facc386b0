//! Alarms from the picture to the receiver, on both databases: what is raised,
//! how often it is told, and that many at once are one letter.

mod sending;

use std::sync::Arc;

use lapor_certs::{Authority, TrustBundle};
use lapor_migrations::Schema;
use lapor_migrations::throwaway::{TestDb, databases};
use lapor_protocol::directory::{InstanceEntry, Status};
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::keys::Signer;

use super::acts::{self, Channel};
use super::overview::{self, Place as From};
use super::{AlarmState, Condition, Quiet, look, rules};
use crate::app::Hub;
use crate::audit::By;
use crate::clock::{Clock as _, HandClock};
use crate::deeds::{self, Deed};
use crate::directory::Amendment;
use crate::ground::{Ground, Keyring};
use crate::keys;
use crate::settings::Settings;
use crate::store;
use crate::store::alarms::deliveries::DeliveryRow;
use crate::watch::Concern;

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
        for db in databases().await {
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
        let entries = (0..institutions).map(entry).collect();
        let mut tx = ground.db.write().await.unwrap();
        let known = ground.directory.refresh(&mut tx).await.unwrap();
        let amendment = Amendment {
            entries,
            ..Amendment::default()
        };
        let known = ground.publish(&mut tx, &known, amendment).await.unwrap();
        tx.commit().await.unwrap();
        ground.directory.adopt(&known);
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
            self.hub.contacts.note(&id(number), self.clock.now_ms());
        }
    }

    /// Lets everybody be silent for long enough, and the first rules be there.
    async fn all_silent(&self) {
        look(&self.hub).await.unwrap();
        self.after(16 * MINUTE_MS).await;
    }

    async fn told(&self, name: &str) {
        let to = (name, "piket@pusat.example");
        let added = acts::add_recipient(&self.hub, "test", Channel::Mail, to).await;
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

    async fn rule_id(&self, condition: Condition) -> String {
        let mut tx = self.hub.ground.db.read().await.unwrap();
        let all = rules(&mut tx).await.unwrap();
        let found = all.into_iter().find(|rule| rule.condition == condition);
        found.unwrap().id
    }

    /// Nobody raises an alarm but by silence.
    async fn only_silence(&self) {
        look(&self.hub).await.unwrap();
        let mut tx = self.hub.ground.db.read().await.unwrap();
        let all = rules(&mut tx).await.unwrap();
        tx.rollback().await.unwrap();
        for rule in all.into_iter().filter(|rule| rule.condition != SILENT) {
            let off = acts::enable_rule(&self.hub, "test", &rule.id, false).await;
            off.unwrap();
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
async fn seven_hundred_that_fall_silent_are_one_letter_and_one_when_they_are_back() {
    for place in Place::all(700).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.told("Kepala").await;
        place.all_silent().await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 700);
        assert!(place.letters().await.is_empty(), "the window is open");
        place.after(61 * SECOND_MS).await;
        let letters = place.letters().await;
        assert_eq!(letters.len(), 2, "one for each recipient");
        for letter in &letters {
            assert_eq!((letter.kind.as_str(), letter.alarms), ("summary", 700));
            assert_eq!(letter.subject, "Gawat: Tidak terdengar: 700 instansi");
            for said in [
                "Di antaranya 466 di Jawa Barat, 234 di Jawa Timur.",
                "Sepuluh pertama: Kabupaten",
                "Critical",
                "/konsol/alarm",
            ] {
                assert!(letter.body.contains(said), "{said}: {}", letter.body);
            }
            assert!(letter.body.len() < 4_000, "{}", letter.body);
        }
        place.arrives().await;
        place.hears(700);
        place.after(0).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
        place.after(5 * MINUTE_MS).await;
        assert_eq!(place.letters().await.len(), 2, "a pause after a summary");
        place.hears(700);
        place.after(11 * MINUTE_MS).await;
        let letters = place.letters().await;
        assert_eq!(letters.len(), 4);
        assert_eq!(
            letters[0].subject,
            "Selesai (Gawat): Tidak terdengar: 700 instansi"
        );
    }
}

#[tokio::test]
async fn a_storm_of_hours_is_few_letters_and_none_while_one_has_not_arrived() {
    for place in Place::all(60).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.after(10 * MINUTE_MS).await;
        // A line that comes and goes: another part is silent each minute.
        for minute in 0..180 {
            for number in 0..60 {
                if (number + minute) % 40 != 0 {
                    place.hub.contacts.note(&id(number), place.clock.now_ms());
                }
            }
            place.after(MINUTE_MS).await;
            place.arrives().await;
        }
        assert!(
            place.letters().await.is_empty(),
            "nobody was silent for long"
        );
        for number in 0..60 {
            // Each begins its silence a minute after the one before.
            for later in number..60 {
                place.hub.contacts.note(&id(later), place.clock.now_ms());
            }
            place.after(MINUTE_MS).await;
        }
        let letters = place.letters().await;
        assert_eq!(letters.len(), 1, "the first has not arrived");
    }
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
async fn of_what_is_silenced_nobody_is_told_until_the_silence_ends() {
    for place in Place::all(6).await {
        place.only_silence().await;
        place.told("Piket").await;
        let until = place.clock.now_ms() + 10 * HOUR_MS;
        for quiet in [
            Quiet::Province("35".into()),
            Quiet::Instance("kab-1".into()),
        ] {
            let done = acts::silence(&place.hub, "test", &quiet, (until, "kabel putus"));
            done.await.unwrap();
        }
        place.all_silent().await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 6);
        place.after(2 * MINUTE_MS).await;
        let letters = place.letters().await;
        assert_eq!((letters.len(), letters[0].alarms), (1, 3));
        assert!(
            !letters[0].body.contains("Kabupaten 1:"),
            "{}",
            letters[0].body
        );
        place.arrives().await;
        place.after(10 * HOUR_MS).await;
        place.after(2 * MINUTE_MS).await;
        let letters = place.letters().await;
        assert_eq!(
            (letters.len(), letters[0].alarms),
            (2, 3),
            "they are told now"
        );
    }
}

#[tokio::test]
async fn what_comes_and_goes_within_the_window_is_told_to_nobody_and_seen_in_the_past() {
    for place in Place::all(2).await {
        place.only_silence().await;
        place.told("Piket").await;
        place.all_silent().await;
        place.hears(2);
        place.after(10 * SECOND_MS).await;
        place.hears(2);
        place.after(MINUTE_MS).await;
        assert!(place.letters().await.is_empty());
        let past = overview::past(&place.hub, &From::default(), 10).await;
        assert_eq!(past.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_rule_waits_as_long_as_it_says_and_looks_only_where_it_is_told_to() {
    for place in Place::all(4).await {
        place.only_silence().await;
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let all = rules(&mut tx).await.unwrap();
        tx.rollback().await.unwrap();
        let mut rule = all
            .into_iter()
            .find(|rule| rule.condition == SILENT)
            .unwrap();
        rule.scope = super::Scope::Province("35".into());
        rule.stands_ms = 30 * MINUTE_MS;
        acts::put_rule(&place.hub, "test", &rule).await.unwrap();
        place.all_silent().await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
        place.after(29 * MINUTE_MS).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
        place.after(2 * MINUTE_MS).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 2);
        let id = place.rule_id(SILENT).await;
        acts::enable_rule(&place.hub, "test", &id, false)
            .await
            .unwrap();
        place.after(0).await;
        assert_eq!(place.count(SILENT, AlarmState::Open).await, 0);
    }
}

#[tokio::test]
async fn the_hub_raises_alarms_about_itself() {
    for place in Place::all(0).await {
        look(&place.hub).await.unwrap();
        place.after(25 * HOUR_MS).await;
        let backup = Condition::Hub(super::Own::Backup);
        assert_eq!(place.count(backup, AlarmState::Open).await, 1);
        let open = overview::open(&place.hub).await.unwrap();
        assert!(open.iter().all(|group| group.rule.condition.is_own()));
    }
}
