//! Words and wraps open for whom they are made, and for nobody else.

use lapor_protocol::entropy::Seeded;
use lapor_protocol::ids::{CaseId, Digest, InstanceId, MessageId};
use lapor_protocol::kinds::Body;
use lapor_protocol::limits::WORDS_BYTES;
use lapor_protocol::seal::{
    ContentKey, Context, Opener, SealError, Subject, open_words, seal_words, wrap,
};
use proptest::prelude::*;

fn author() -> InstanceId {
    "kota-bandung".parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sealed_words_open_only_under_their_key_and_context(words in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mut entropy = Seeded::new(1);
        let key = ContentKey::generate(&mut entropy);
        let (author, other) = (author(), "kemenpu".parse().unwrap());
        let context = Context {
            kind: "case.noted", id: MessageId::mint(1, [1; 10]), case: CaseId::mint(1, [2; 10]), author: &author,
        };
        let sealed = seal_words(&key, context, &words, &mut entropy).unwrap();
        prop_assert_eq!(&*open_words(&key, context, &sealed).unwrap(), &words);
        let stranger = ContentKey::generate(&mut entropy);
        prop_assert_eq!(open_words(&stranger, context, &sealed), Err(SealError::Key));
        let moved = Context { author: &other, ..context };
        prop_assert_eq!(open_words(&key, moved, &sealed), Err(SealError::Key));
    }
}

#[test]
fn words_of_similar_length_look_alike() {
    let mut entropy = Seeded::new(2);
    let key = ContentKey::generate(&mut entropy);
    let author = author();
    let context = Context {
        kind: "case.noted",
        id: MessageId::mint(1, [1; 10]),
        case: CaseId::mint(1, [2; 10]),
        author: &author,
    };
    let lengths: Vec<usize> = [1, 100, 250]
        .map(|n| {
            seal_words(&key, context, &vec![b'x'; n], &mut entropy)
                .unwrap()
                .ciphertext
                .len()
        })
        .into();
    assert_eq!(lengths[0], lengths[2]);
    let long = vec![b'x'; WORDS_BYTES + 1];
    assert_eq!(
        seal_words(&key, context, &long, &mut entropy),
        Err(SealError::TooLong(WORDS_BYTES + 1))
    );
}

#[test]
fn a_wrap_opens_for_its_recipient_and_subject_only() {
    let mut entropy = Seeded::new(3);
    let key = ContentKey::generate(&mut entropy);
    let opener = Opener::from_seed(&[4; 32]);
    let subject = Subject::Case(CaseId::mint(1, [2; 10]));
    let made = wrap(&key, subject, &author(), opener.public(), &mut entropy).unwrap();
    assert_eq!(
        opener.unwrap(&made, subject, &key.commitment()),
        Ok(key.clone())
    );
    let other = Subject::Case(CaseId::mint(2, [2; 10]));
    assert_eq!(
        opener.unwrap(&made, other, &key.commitment()),
        Err(SealError::Key)
    );
    let stolen = Opener::from_seed(&[5; 32]);
    assert_eq!(
        stolen.unwrap(&made, subject, &key.commitment()),
        Err(SealError::Key)
    );
    let wrong = ContentKey::generate(&mut entropy).commitment();
    assert_eq!(
        opener.unwrap(&made, subject, &wrong),
        Err(SealError::Commitment)
    );
}

#[test]
fn a_subject_reads_as_it_is_written_and_in_no_other_way() {
    for subject in [
        Subject::Case(CaseId::mint(1, [2; 10])),
        Subject::Identity(MessageId::mint(1, [3; 10])),
    ] {
        let text = subject.to_string();
        assert_eq!(text.parse::<Subject>(), Ok(subject));
        for bad in [
            text.to_uppercase(),
            format!(" {text}"),
            text.replace(':', "="),
        ] {
            assert!(bad.parse::<Subject>().is_err(), "{bad}");
        }
    }
}

#[test]
fn words_are_checked_before_they_are_sealed() {
    const ID: &str = "018bcfe5-6800-7000-8000-000000000001";
    let body = |kind: &str, json: &str| Body::of_kind(kind, json).unwrap();
    let zero = Digest::ZERO;
    let filed = body(
        "report.filed",
        &format!(r#"{{"classification":"aspiration","channel":"sms","commitment":"{zero}"}}"#),
    );
    let place = |latitude: &str| {
        format!(
            r#"{{"title":"a","content":"b","coordinates":{{"latitude_micro":{latitude},"longitude_micro":0}}}}"#
        )
    };
    let noted = body("case.noted", "{}");
    let held = body("case.held", r#"{"questions":1}"#);
    let identity = body(
        "identity.disclosed",
        &format!(r#"{{"request":"{ID}","requester":"kemenpu","commitment":"{zero}"}}"#),
    );
    let long = format!(r#"{{"title":"{}","content":"b"}}"#, "x".repeat(301));
    for (of, words, expected) in [
        (&filed, r#"{"title":"a","content":"b"}"#, true),
        (&filed, r#"{"title":" ","content":"b"}"#, false),
        (&filed, &long, false),
        (&filed, &place("-6914744"), true),
        (&filed, &place("90000001"), false),
        (&filed, &place("-9223372036854775808"), false),
        (&noted, r#"{"text":"a"}"#, true),
        (&noted, r#"{"text":""}"#, false),
        (&noted, r#"{"text":"a","more":1}"#, false),
        (&held, r#"{"questions":["Di mana?"]}"#, true),
        (&held, r#"{"questions":[]}"#, false),
        (&identity, r#"{"name":"Siti"}"#, true),
        (&identity, r#"{"name":""}"#, false),
    ] {
        assert_eq!(
            of.check_words(words.as_bytes()).is_ok(),
            expected,
            "{} {words}",
            of.kind()
        );
    }
}
