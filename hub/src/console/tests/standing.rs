//! How one institution stands, on its page: its streams over time, its keys with their
//! history.

use lapor_protocol::ids::{InstanceId, Position};
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer};

use super::*;
use crate::audit::By;
use crate::membership;
use crate::store::samples::{self, Sample};
use crate::watch::Span;

/// Less than a session may rest.
const A_WHILE_MS: i64 = 20 * 60_000;

fn bandung() -> InstanceId {
    "kota-bandung".parse().unwrap()
}

fn signing(identity: &Signer, seed: u8, from: Position) -> CertifiedKey {
    let key = Signer::from_seed(&[seed; 32]).public();
    CertifiedKey::certify(identity, &bandung(), KeyUse::Signing, key, from)
}

impl Place {
    /// The directory says something else of Bandung.
    pub async fn restates(&self, alter: impl FnOnce(&mut InstanceEntry)) {
        let directory = self.ground.directory.current();
        let mut entry = directory.latest().instance(&bandung()).unwrap().clone();
        alter(&mut entry);
        publish(&self.ground, vec![entry]).await;
    }
}

/// The cells of the line of a key: when it began to hold, and when that ended.
fn cells(page: &Page, key: &CertifiedKey) -> String {
    page.between(&key.jwk.kid.to_string(), "</tr>")
}

#[tokio::test]
async fn each_key_says_since_when_it_held_and_until_when() {
    for place in Place::all(false).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        looks.open(BANDUNG).await.shows("Belum ada kunci");
        let identity = Signer::from_seed(&[9; 32]);
        let first = signing(&identity, 10, Position { epoch: 1, seq: 1 });
        let from = Position {
            epoch: 1,
            seq: 1152,
        };
        let second = signing(&identity, 11, from);
        place
            .restates(|entry| {
                entry.identity = Some(identity.public());
                entry.keys = vec![first.clone()];
            })
            .await;
        place.clock.advance(A_WHILE_MS);
        place
            .restates(|entry| {
                let seq = 1151;
                entry.keys[0].valid_to = Some(Position { epoch: 1, seq });
                entry.keys.push(second.clone());
            })
            .await;
        let page = looks.open(BANDUNG).await;
        page.hides("Belum ada kunci");
        let former = cells(&page, &first);
        for said in [
            "21 September 2026 pukul 21.13 WIB<br><small>bagian rantai 1, pesan 1<",
            "21 September 2026 pukul 21.33 WIB, diganti<br>",
            "<small>terakhir: bagian rantai 1, pesan 1.151<",
        ] {
            assert!(former.contains(said), "no {said} in {former}");
        }
        let current = cells(&page, &second);
        for said in [
            "21 September 2026 pukul 21.33 WIB<br><small>bagian rantai 1, pesan 1.152<",
            ">sekarang<",
        ] {
            assert!(current.contains(said), "no {said} in {current}");
        }
    }
}

#[tokio::test]
async fn no_key_of_whoever_is_suspended_or_revoked_is_said_to_hold() {
    for place in Place::all(false).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let identity = Signer::from_seed(&[9; 32]);
        let key = signing(&identity, 10, Position { epoch: 1, seq: 1 });
        place
            .restates(|entry| {
                entry.identity = Some(identity.public());
                entry.keys = vec![key.clone()];
            })
            .await;
        let (by, id) = (By::actor("test"), bandung());
        place.clock.advance(A_WHILE_MS);
        let suspended = membership::suspend(&place.ground, &by, &id).await;
        suspended.unwrap();
        let page = looks.open(BANDUNG).await;
        let said = "ditangguhkan pada 21 September 2026 pukul 21.33 WIB";
        let told = cells(&page, &key);
        assert!(told.contains(said) && !told.contains("sekarang"), "{told}");
        place.clock.advance(A_WHILE_MS);
        let resumed = membership::resume(&place.ground, &by, &id).await;
        resumed.unwrap();
        let told = cells(&looks.open(BANDUNG).await, &key);
        assert!(told.contains("sekarang"), "{told}");
        place.clock.advance(A_WHILE_MS);
        let revoked = membership::revoke(&place.ground, &by, &id, None).await;
        revoked.unwrap();
        let told = cells(&looks.open(BANDUNG).await, &key);
        let said = "dicabut pada 21 September 2026 pukul 22.13 WIB";
        assert!(told.contains(said) && !told.contains("sekarang"), "{told}");
    }
}

#[tokio::test]
async fn whoever_waits_or_never_joined_is_not_said_to_have_held_a_key() {
    for place in Place::all(false).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        place.someone_joins().await;
        let waits = looks.open("/konsol/instansi/kota-bogor").await;
        waits.shows("belum berlaku").hides(">sekarang<");
        place.restates(|entry| entry.status = Status::Revoked).await;
        let never = looks.open(BANDUNG).await;
        never.shows("Tidak ada kunci: instansi ini tidak pernah bergabung.");
    }
}

#[tokio::test]
async fn streams_are_drawn_by_time_and_a_gap_stays_a_gap() {
    const HOUR_MS: i64 = 60 * 60 * 1000;
    for place in Place::all(false).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        looks.open(BANDUNG).await.hides("24 jam terakhir");
        let noted = |hours_ago: i64, sent: i64, undelivered_age: i64| Sample {
            at: NOW - hours_ago * HOUR_MS,
            sent,
            undelivered_age,
            ..Sample::default()
        };
        let hours = [noted(3, 10, 0), noted(2, 14, 60_000), noted(0, 15, 120_000)];
        let id = bandung();
        let mut tx = place.ground.db.write().await.unwrap();
        for hour in hours {
            let step = Span::Month.step();
            samples::note(&mut tx, step, [(&id, hour)]).await.unwrap();
        }
        tx.commit().await.unwrap();
        let page = looks.open(BANDUNG).await;
        page.shows("Garis terputus di mana tidak ada catatan");
        let waited = page.between("Menit pesan tertua menunggu, 30 hari terakhir", "</figure>");
        let lines = waited.split_once("</g>").unwrap().1.split_once("</svg>");
        assert_eq!(lines.unwrap().0.matches("<polyline").count(), 2, "{waited}");
        let passed = page.between("Pesan per jam, 24 jam terakhir", "</figure>");
        for (hour, from) in [
            ("18.00", "–"),
            ("19.00", "4"),
            ("20.00", "–"),
            ("21.00", "1"),
        ] {
            let row = format!(
                "<tr><th scope=\"row\">21 September 2026 pukul {hour} WIB</th>\
                 <td class=\"number\">{from}</td>"
            );
            assert!(passed.contains(&row), "no {row} in {passed}");
        }
        let days = page.between("Pesan per hari, 30 hari terakhir", "</figure>");
        let today = "<th scope=\"row\">21 September 2026</th><td class=\"number\">5</td>";
        assert!(days.contains(today), "{days}");
    }
}
