//! Lines that the hub's disk gives back otherwise than it was given them.

use lapor_hub::damage;
use lapor_migrations::{Packed, on, pack};
use lapor_protocol::ids::{EnvelopeId, Position};
use lapor_protocol::problem::Code;
use lapor_protocol::wire::HealthAnswer;
use serde_json::json;

use super::harness::{Answered, Institution, NOW, Place, Written, databases};

const READ: &str = "select line from envelopes where id = $1";
const WRITE: &str = "update envelopes set line = $2 where id = $1";

/// A payload begins with a brace: now with something else, in a line that can be read still.
pub async fn flip(place: &Place, id: EnvelopeId) {
    let id = id.as_bytes().as_slice();
    let mut tx = place.hub.ground.db.write().await.unwrap();
    let kept: Packed<String> =
        on!(&mut tx, conn => sqlx::query_scalar(READ).bind(id).fetch_one(conn).await).unwrap();
    let flipped = kept.line().replace(r#""payload":"ey"#, r#""payload":"fy"#);
    let flipped = on!(&mut tx, conn => sqlx::query(WRITE)
        .bind(id)
        .bind(pack(&flipped))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()));
    assert_eq!(flipped.unwrap(), 1);
    tx.commit().await.unwrap();
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
