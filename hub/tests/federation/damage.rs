//! Lines that the hub's disk gives back otherwise than it was given them.

use lapor_hub::{damage, set_aside};
use lapor_migrations::{Packed, on, pack};
use lapor_protocol::ids::{EnvelopeId, Position};
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::{Ack, Exception, ExceptionState, Stream};
use lapor_protocol::wire::HealthAnswer;
use serde_json::json;

use super::harness::{Answered, Institution, NOW, Place, Written, databases};

const READ: &str = "select line from envelopes where id = $1";
const WRITE: &str = "update envelopes set line = $2 where id = $1";

/// A payload begins with a brace: now with something else, in a line that can be read still.
pub async fn flip(place: &Place, id: EnvelopeId) {
    flip_behind(place, id, r#""payload":""#).await;
}

/// The first letter behind these words is the next one, in a line that can be read still.
async fn flip_behind(place: &Place, id: EnvelopeId, words: &str) {
    let id = id.as_bytes().as_slice();
    let mut tx = place.hub.ground.db.write().await.unwrap();
    let kept: Packed<String> =
        on!(&mut tx, conn => sqlx::query_scalar(READ).bind(id).fetch_one(conn).await).unwrap();
    let mut flipped = kept.line();
    let at = flipped.find(words).unwrap() + words.len();
    let next = match flipped.as_bytes()[at] {
        letter @ (b'a'..=b'y' | b'A'..=b'Y') => char::from(letter + 1),
        _ => 'a',
    };
    flipped.replace_range(at..=at, &next.to_string());
    let flipped = on!(&mut tx, conn => sqlx::query(WRITE)
        .bind(id)
        .bind(pack(&flipped))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()));
    assert_eq!(flipped.unwrap(), 1);
    tx.commit().await.unwrap();
}

/// What is noted as damaged.
async fn noted(place: &Place) -> Vec<EnvelopeId> {
    let mut tx = place.hub.ground.db.read().await.unwrap();
    let noted = damage::all(&mut tx).await.unwrap();
    tx.rollback().await.unwrap();
    noted.iter().map(|of| of.envelope).collect()
}

/// A report of health, which asks for nothing by itself.
async fn report(place: &Place, of: &Institution) -> Answered {
    let report = json!({ "software": "test", "time": NOW, "unsent": 0, "unapplied": 0,
        "quarantined": 0, "parked": 0, "directory": 1, "certificate_expires": NOW });
    place.post(of, "/health", report.to_string()).await
}

#[tokio::test]
async fn a_line_that_is_damaged_is_given_to_nobody_and_comes_back_from_its_author() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [pusat, mut bandung, _] = place.three().await;
        let written: Vec<Written> = (1..=4).map(|number| bandung.file(number).1).collect();
        place.send(&bandung, &written).await;
        let id = written[2].envelope;
        flip(&place, id).await;
        let own = async |after: u64| {
            let path = format!("/outbox?epoch=1&after={after}");
            place.get(&bandung, &path).await
        };
        let lines = |of: &[Written]| {
            let lines: Vec<&str> = of.iter().map(|written| written.line.as_str()).collect();
            lines.join("\n") + "\n"
        };

        // It is found by whoever needs it, by whatever way.
        let before = own(0).await;
        assert_eq!(
            String::from_utf8(before.body).unwrap(),
            lines(&written[..2])
        );
        assert_eq!(own(2).await.code(), Some(Code::Internal));
        let exact = format!("/envelopes/{id}");
        let refused = place.get(&bandung, &exact).await;
        assert_eq!(refused.code(), Some(Code::Internal));
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let noted = damage::all(&mut tx).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(noted.len(), 1, "{}: once", db.name);
        assert_eq!((&noted[0].author, noted[0].envelope), (&bandung.id, id));

        // Its author is asked for it, and nobody else.
        assert_eq!(report(&place, &pusat).await.status, 204);
        let asked: HealthAnswer = report(&place, &bandung).await.json();
        assert_eq!(asked.again, [Position { epoch: 1, seq: 3 }]);
        place.send(&bandung, &written[2..3]).await;
        assert_eq!(report(&place, &bandung).await.status, 204);
        let whole = own(0).await;
        assert_eq!(String::from_utf8(whole.body).unwrap(), lines(&written));
        let exact = place.get(&bandung, &exact).await;
        assert_eq!(String::from_utf8(exact.body).unwrap(), written[2].line);

        // What is noted and whole all the same, as where its author was faster, is left alone.
        assert!(!damage::note(&place.hub.ground, id).await);
        assert_eq!(report(&place, &bandung).await.status, 204);
    }
}

/// Acknowledges all that was delivered; the last item is set aside for this reason.
async fn sets_aside(place: &Place, at: &Institution, reason: &str) {
    let last = at.received.last().unwrap().cursor;
    let ack = Ack {
        recipient: at.id.clone(),
        stream: Stream::Inbox,
        depoch: last.depoch,
        accepted: last.dseq,
        settled: last.dseq,
        head: last.hash,
        exceptions: vec![Exception {
            dseq: last.dseq,
            state: ExceptionState::Quarantined,
            reason: reason.to_owned(),
        }],
        at: NOW,
    };
    let line = ack.sign(&at.signing).to_line();
    assert_eq!(place.post(at, "/inbox/ack", line).await.status, 204);
}

/// Whether the hub says of what an institution has set aside that its own disk has damaged it.
async fn damaged_here(place: &Place, at: &Institution) -> Vec<bool> {
    let ground = &place.hub.ground;
    let mut tx = ground.db.read().await.unwrap();
    let found = set_aside::of_one(ground, &mut tx, &at.id, 10).await;
    tx.rollback().await.unwrap();
    found.unwrap().0.iter().map(|of| of.damaged_here).collect()
}

#[tokio::test]
async fn a_signature_that_the_disk_has_changed_is_blamed_on_the_disk_once_a_recipient_tells_of_it()
{
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, _] = place.three().await;
        let reasons = [
            (r#""sig":""#, "signature_invalid"),
            (r#""keyid":""#, "key_unknown"),
        ];
        for (number, (words, reason)) in (1..).zip(reasons) {
            let written = bandung.file(number).1;
            let id = written.envelope;
            place.send(&bandung, std::slice::from_ref(&written)).await;
            place.pull(&mut pusat).await;
            // What is whole here is nobody's damage.
            sets_aside(&place, &pusat, reason).await;
            assert!(noted(&place).await.is_empty(), "{}: {reason}", db.name);
            assert_eq!(damaged_here(&place, &pusat).await, [false]);

            flip_behind(&place, id, words).await;
            sets_aside(&place, &pusat, "item_mismatch").await;
            assert!(noted(&place).await.is_empty(), "{}: {reason}", db.name);
            for _ in 0..2 {
                sets_aside(&place, &pusat, reason).await;
                assert_eq!(noted(&place).await, [id], "{}: {reason}", db.name);
            }
            assert_eq!(damaged_here(&place, &pusat).await, [true]);
            assert_eq!(report(&place, &pusat).await.status, 204);
            let asked: HealthAnswer = report(&place, &bandung).await.json();
            let seq = u64::from(number);
            assert_eq!(asked.again, [Position { epoch: 1, seq }]);
            place.send(&bandung, std::slice::from_ref(&written)).await;
            assert!(noted(&place).await.is_empty());
            let exact = place.get(&bandung, &format!("/envelopes/{id}")).await;
            assert_eq!(String::from_utf8(exact.body).unwrap(), written.line);
        }
    }
}
