//! Messages that have one signature together: they are taken apart from each other, told as they
//! came, and refused where their place does not hold.

use lapor_hub::evidence::{export, verify};
use lapor_protocol::chain::EpochRequest;
use lapor_protocol::dsse::{EPOCH_TYPE, Envelope, MESSAGE_TYPE};
use lapor_protocol::keys::Verifier;
use lapor_protocol::problem::Code;
use lapor_protocol::together::{TOGETHER, Unsigned, sign_together};
use lapor_protocol::wire::OutboxAnswer;

use super::harness::{Institution, Place, Written, databases};

fn exception(answer: &OutboxAnswer) -> Option<(u64, Code)> {
    answer.exceptions.first().map(|e| (e.seq, e.code))
}

fn reports(from: &mut Institution, count: u8) -> Vec<Written> {
    (1..=count).map(|number| from.file(number).1).collect()
}

fn envelope(written: &Written) -> Envelope {
    Envelope::parse(written.line.as_bytes()).unwrap()
}

fn with_line(written: &Written, envelope: &Envelope) -> Written {
    Written {
        line: envelope.to_line(),
        ..written.clone()
    }
}

/// The same messages under as few signatures as there can be.
fn together(by: &Institution, written: &[Written]) -> Vec<Written> {
    let unsigned = written
        .iter()
        .map(|one| Unsigned::new(MESSAGE_TYPE, envelope(one).payload));
    let signed = sign_together(unsigned.collect(), &by.signing);
    let of_each = written.iter().zip(&signed);
    of_each
        .map(|(one, signed)| with_line(one, signed))
        .collect()
}

#[tokio::test]
async fn what_is_signed_together_is_taken_apart_and_told_as_it_came() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, _] = place.three().await;
        let alone = reports(&mut bandung, 5);
        let mut written = together(&bandung, &alone);
        written[3] = alone[3].clone();
        let first: OutboxAnswer = place.push(&bandung, &written[..2]).await.json();
        assert_eq!((exception(&first), first.accepted_through), (None, 2));
        place.send(&bandung, &written[2..]).await;
        let sent: Vec<&str> = written.iter().map(|one| one.line.as_str()).collect();
        let own = place.get(&bandung, "/outbox?epoch=1&after=0").await;
        let own = String::from_utf8(own.body).unwrap();
        assert_eq!(own.lines().collect::<Vec<_>>(), sent);

        let items = place.pull(&mut pusat).await;
        let told: Vec<&str> = items.iter().filter_map(|one| one.line.as_deref()).collect();
        assert_eq!(told, sent);
        let key = Verifier::from_jwk(&bandung.signing.public()).unwrap();
        for item in &items {
            let envelope = item.envelope.as_ref().unwrap();
            let id = envelope.verified_id(MESSAGE_TYPE, &key);
            assert_eq!(id, Ok(item.item.envelope_id));
        }

        // However it is signed, it is the same message.
        let again = place.send(&bandung, &alone).await;
        assert_eq!((again.accepted_through, again.receipts.len()), (5, 2));
        assert_eq!(place.pull(&mut pusat).await.len(), 0);
        let path = format!("/envelopes/{}", alone[0].envelope);
        let exact = place.get(&bandung, &path).await;
        assert_eq!(exact.body, sent[0].as_bytes());
    }
}

#[tokio::test]
async fn a_tree_begins_and_ends_anywhere_in_a_batch() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let alone = reports(&mut bandung, TOGETHER as u8 + 8);
        let mut written = alone[..1].to_vec();
        written.extend(together(&bandung, &alone[1..]));
        let trees = written.iter().map(|one| envelope(one).tree);
        let sizes: Vec<_> = trees.map(|tree| tree.map(|place| place.size)).collect();
        assert_eq!((sizes[0], sizes[1], sizes[39]), (None, Some(32), Some(7)));
        place.send(&bandung, &written).await;
    }
}

#[tokio::test]
async fn a_place_in_a_tree_that_does_not_hold_refuses_from_its_line_on() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let alone = reports(&mut bandung, 4);
        let written = together(&bandung, &alone);
        let [sound, other] = [1, 2].map(|at| envelope(&written[at]));
        let mut placed_elsewhere = sound.clone();
        placed_elsewhere.tree.clone_from(&other.tree);
        let mut without_place = sound.clone();
        without_place.tree = None;
        let mut signed_alone = envelope(&alone[1]);
        signed_alone.tree.clone_from(&sound.tree);
        let mut other_words = sound.clone();
        other_words.payload.clone_from(&other.payload);
        for wrong in [placed_elsewhere, without_place, signed_alone, other_words] {
            let mut lines = written.clone();
            lines[1] = with_line(&written[1], &wrong);
            let answer: OutboxAnswer = place.push(&bandung, &lines).await.json();
            let code = exception(&answer).map(|(_, code)| code);
            assert_eq!(code, Some(Code::SignatureInvalid), "{wrong:?}");
            assert_eq!(answer.accepted_through, 1);
        }
        place.send(&bandung, &written).await;
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_read_refuses_the_batch() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let alone = reports(&mut bandung, 3);
        let written = together(&bandung, &alone);
        let text = envelope(&written[2]).tree.unwrap().to_text();
        for tree in ["\"\"", "\"AAAAAQ==\"", "null", "[]"] {
            let stated = format!("\"{text}\"");
            let mut lines = written.clone();
            lines[2].line = written[2].line.replacen(&stated, tree, 1);
            assert_ne!(lines[2].line, written[2].line);
            let refused = place.push(&bandung, &lines).await;
            assert_eq!(refused.code(), Some(Code::MalformedBatch), "{tree}");
        }
        let answer = place.send(&bandung, &written).await;
        assert_eq!(answer.receipts.len(), 1, "nothing of it was committed");
    }
}

#[tokio::test]
async fn nothing_but_a_message_is_signed_together() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        let wish = EpochRequest {
            instance: bandung.id.clone(),
            after: 1,
            nonce: "00112233445566778899aabbccddeeff".into(),
            keys: Vec::new(),
        };
        let payload = wish.sign(&bandung.identity).payload;
        let both = [payload, b"{}".to_vec()].map(|one| Unsigned::new(EPOCH_TYPE, one));
        let signed = sign_together(both.into(), &bandung.identity);
        let refused = place.post(&bandung, "/epochs", signed[0].to_line()).await;
        assert_eq!(refused.code(), Some(Code::SignatureInvalid));
    }
}

#[tokio::test]
async fn what_is_signed_together_is_proved_in_an_export_and_so_is_one_case_of_it() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (case, first) = bandung.file(1);
        let alone = [first, bandung.file(2).1, bandung.file(3).1];
        place.send(&bandung, &together(&bandung, &alone)).await;
        let home = tempfile::tempdir().unwrap();
        for (name, of) in [("all", None), ("one", Some(case))] {
            let folder = home.path().join(name);
            let written = export(&place.hub.ground, &folder, of, |_, _| {}).await;
            assert_eq!(written.unwrap().envelopes, if of.is_some() { 1 } else { 3 });
            assert_eq!(verify(&folder).unwrap().contradictions, [], "{name}");

            let file = folder.join("envelopes.ndjson");
            let mut text = std::fs::read_to_string(&file).unwrap();
            // Within the first hash of the path.
            let at = text.find(r#""tree":""#).unwrap() + 20;
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            text.replace_range(at..=at, other);
            std::fs::write(&file, text).unwrap();
            let found = verify(&folder).unwrap().contradictions;
            assert_eq!(found.len(), 1, "{found:?}");
        }
    }
}
