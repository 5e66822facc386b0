//! What the hub can say of a message that an institution has set aside: who
//! sent it and how it came, and no word of it.

use lapor_hub::set_aside;
use lapor_protocol::ids::Position;
use lapor_protocol::receipt::{Ack, Exception, ExceptionState, Stream};

use super::harness::{NOW, Place, databases};

#[tokio::test]
async fn a_message_that_was_set_aside_is_known_by_its_sender_and_its_envelope() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, _] = place.three().await;
        let (case, written) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&written)).await;
        let items = place.pull(&mut pusat).await;
        let ack = Ack {
            recipient: pusat.id.clone(),
            stream: Stream::Inbox,
            depoch: 1,
            accepted: 1,
            settled: 1,
            head: items[0].cursor.hash,
            exceptions: vec![Exception {
                dseq: 1,
                state: ExceptionState::Quarantined,
                reason: "signature_invalid".to_owned(),
            }],
            at: NOW,
        };
        let line = ack.sign(&pusat.signing).to_line();
        assert_eq!(place.post(&pusat, "/inbox/ack", line).await.status, 204);
        let ground = &place.hub.ground;
        let mut tx = ground.db.read().await.unwrap();
        let found = set_aside::of_one(ground, &mut tx, &pusat.id, 10).await;
        tx.rollback().await.unwrap();
        let (found, more) = found.unwrap();
        assert_eq!((found.len(), more), (1, 0));
        assert_eq!(found[0].case, Some(case.to_string()));
        assert_eq!(found[0].envelope, items[0].item.envelope_id.to_string());
        let sent = found[0].sent.as_ref().unwrap();
        assert_eq!(sent.author, bandung.id.as_str());
        assert_eq!(sent.position, Position { epoch: 1, seq: 1 });
        assert_eq!(sent.bytes, written.line.len());
    }
}
