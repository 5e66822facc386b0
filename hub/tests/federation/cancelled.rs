//! A batch over which the database takes too long, in one transaction with others.

use lapor_migrations::{Kind, on};
use lapor_protocol::ids::InstanceKind;
use lapor_protocol::problem::Code;

use super::harness::{Place, databases};
use super::turns::{judged, some};

/// From now on a statement that writes a message of this author waits for a lock, and is then ended as
/// one that takes longer than it may.
const TOO_LONG: [&str; 2] = [
    "create function too_long() returns trigger language plpgsql as $$ begin
        if new.author = 'kemenpu' then
            perform pg_advisory_xact_lock(57014);
            raise exception 'canceling statement due to statement timeout' using errcode = '57014';
        end if;
        return new;
     end $$",
    "create trigger too_long before insert on envelopes
        for each row execute function too_long()",
];
const IN_TIME: &str = "drop trigger too_long on envelopes";
const HOLD: &str = "select pg_advisory_xact_lock(57014)";
const WAITING: &str = "select count(*) from pg_locks
    where locktype = 'advisory' and objid = 57014 and not granted";
const OF_WHO_HAS_GONE: &str = "select count(*) from envelopes where author = 'kemensos'";

#[tokio::test]
async fn a_batch_over_which_the_database_takes_too_long_fails_alone() {
    let servers = databases().await.into_iter();
    for db in servers.filter(|db| db.kind == Kind::Postgres) {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let kind = InstanceKind::Kementerian;
        let mut kemensos = place.join("kemensos", kind, 40).await;
        let (first, slow) = (some(&mut pusat, 1), some(&mut kemenpu, 1));
        let (quick, gone) = (some(&mut bandung, 1), some(&mut kemensos, 1));
        let first = judged(&place, &pusat, &first).await;
        let too_long = judged(&place, &kemenpu, &slow).await;
        let quick = judged(&place, &bandung, &quick).await;
        let gone = judged(&place, &kemensos, &gone).await;
        let (ground, sequencer) = (&place.hub.ground, &place.hub.sequencer);
        let submit = |batch| sequencer.submit(batch, None, false).unwrap();
        let mut writing = ground.db.write().await.unwrap();
        for text in TOO_LONG {
            on!(&mut writing, c => sqlx::query(text).execute(c).await.map(drop)).unwrap();
        }
        let mut holding = ground.db.read().await.unwrap();
        on!(&mut holding, c => sqlx::query(HOLD).execute(c).await.map(drop)).unwrap();
        // The three come into one group behind the first.
        let first = submit(first);
        while sequencer.waiting() > 0 {
            tokio::task::yield_now().await;
        }
        let (too_long, gone, quick) = (submit(too_long), submit(gone), submit(quick));
        writing.commit().await.unwrap();
        let hanging_up = async {
            loop {
                let held_up: i64 = on!(&mut holding, c => sqlx::query_scalar(WAITING)
                    .fetch_one(c)
                    .await)
                .unwrap();
                if held_up > 0 {
                    break;
                }
            }
            drop(gone);
            holding.rollback().await.unwrap();
        };
        let (first, too_long, quick, ()) = tokio::join!(first, too_long, quick, hanging_up);
        for answer in [first, quick] {
            assert_eq!(answer.unwrap().accepted_through, 1);
        }
        assert_eq!(too_long.unwrap_err().code(), Code::Overloaded);

        let mut writing = ground.db.write().await.unwrap();
        on!(&mut writing, c => sqlx::query(IN_TIME).execute(c).await.map(drop)).unwrap();
        writing.commit().await.unwrap();
        place.send(&kemenpu, &slow).await;
        let mut tx = ground.db.read().await.unwrap();
        let taken: i64 = on!(&mut tx, c => sqlx::query_scalar(OF_WHO_HAS_GONE)
            .fetch_one(c)
            .await)
        .unwrap();
        assert_eq!(taken, 0, "nobody waits for it");
    }
}

/// From now on whoever writes a message, but the desk, takes longer than it may. The sequence counts them,
/// also where nothing comes of it.
const ALL_TOO_LONG: [&str; 3] = [
    "create sequence tries",
    "create function all_too_long() returns trigger language plpgsql as $$ begin
        if new.author <> 'pusat' then
            perform nextval('tries');
            raise exception 'canceling statement due to statement timeout' using errcode = '57014';
        end if;
        return new;
     end $$",
    "create trigger all_too_long before insert on envelopes
        for each row execute function all_too_long()",
];
const TRIES: &str = "select last_value from tries";

#[tokio::test]
async fn where_the_database_takes_too_long_over_all_not_each_is_tried_alone() {
    let servers = databases().await.into_iter();
    for db in servers.filter(|db| db.kind == Kind::Postgres) {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let kind = InstanceKind::Kementerian;
        let mut kemensos = place.join("kemensos", kind, 40).await;
        let mut kemenhub = place.join("kemenhub", kind, 50).await;
        let first = some(&mut pusat, 1);
        let first = judged(&place, &pusat, &first).await;
        let mut slow = Vec::new();
        for of in [&mut bandung, &mut kemenpu, &mut kemensos, &mut kemenhub] {
            let written = some(of, 1);
            slow.push(judged(&place, of, &written).await);
        }
        let (ground, sequencer) = (&place.hub.ground, &place.hub.sequencer);
        let submit = |batch| sequencer.submit(batch, None, false).unwrap();
        let mut writing = ground.db.write().await.unwrap();
        for text in ALL_TOO_LONG {
            on!(&mut writing, c => sqlx::query(text).execute(c).await.map(drop)).unwrap();
        }
        // The others come into one group behind the first.
        let first = submit(first);
        while sequencer.waiting() > 0 {
            tokio::task::yield_now().await;
        }
        let slow: Vec<_> = slow.into_iter().map(submit).collect();
        writing.commit().await.unwrap();
        assert_eq!(first.await.unwrap().accepted_through, 1);
        for answer in slow {
            assert_eq!(answer.await.unwrap_err().code(), Code::Overloaded);
        }
        let mut tx = ground.db.read().await.unwrap();
        let tries: i64 = on!(&mut tx, c => sqlx::query_scalar(TRIES).fetch_one(c).await).unwrap();
        assert_eq!(tries, 3, "all together, and two alone");
    }
}
