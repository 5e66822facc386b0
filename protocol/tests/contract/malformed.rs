//! Bodies at their limits: what is malformed, and what is not.

use lapor_protocol::ids::Digest;
use lapor_protocol::message::{HeaderError, Message};

const CASE: &str = "018bcfe5-6800-7000-8000-0000000000aa";
const ID: &str = "018bcfe5-6800-7000-8000-000000000001";

/// A payload of one author with this kind, case and body.
fn payload(kind: &str, case: bool, term: bool, rest: &str) -> String {
    let case = if case {
        format!(r#""case":"{CASE}","#)
    } else {
        String::new()
    };
    let term = if term {
        format!(r#""term":{{"author":"kemenpu","id":"{ID}"}},"#)
    } else {
        String::new()
    };
    let zero = Digest::ZERO;
    format!(
        r#"{{"v":1,"kind":"{kind}","id":"{ID}","author":"kemenpu","epoch":1,"seq":1,"prev":"{zero}",{case}{term}"created_at":0,{rest}}}"#
    )
}

fn sound(kind: &str, case: bool, term: bool, rest: &str) -> bool {
    let text = payload(kind, case, term, rest);
    let message = Message::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{kind}: {e}: {text}"));
    message.body.is_ok()
}

#[test]
fn a_body_at_its_limit_is_sound_and_one_beyond_is_malformed() {
    let zero = Digest::ZERO;
    let filed = |fields: &str| {
        format!(
            r#""body":{{"classification":"complaint","channel":"web","commitment":"{zero}"{fields}}}"#
        )
    };
    let excluded = |n: usize| {
        let all: Vec<String> = (0..n).map(|i| format!("\"kota-{i}\"")).collect();
        format!(r#","excluded":[{}]"#, all.join(","))
    };
    for (fields, expected) in [
        (String::new(), true),
        (
            r#","region":"32.73","category":"Jalan/Lubang","incident_date":"2026-02-28""#.into(),
            true,
        ),
        (r#","incident_date":"2026-02-30""#.into(), false),
        (r#","region":"3273""#.into(), false),
        (r#","category":"a/b/c""#.into(), false),
        (r#","category":" a""#.into(), false),
        (excluded(32), true),
        (excluded(33), false),
        (r#","excluded":["kemenpu"]"#.into(), false), // the origin itself
        (
            r#","programme":{"owner":"kemenpu","slug":"Jalan"}"#.into(),
            false,
        ),
        (r#","anonymous":1"#.into(), false),
        (r#","from_a_later_version":{"a":[1]}"#.into(), true),
    ] {
        assert_eq!(
            sound("report.filed", true, false, &filed(&fields)),
            expected,
            "{fields}"
        );
    }
}

#[test]
fn every_kind_refuses_what_its_limits_refuse() {
    let long = "x".repeat(61);
    let days = r#"{"date":"2026-02-30","name":"x","kind":"national_holiday"}"#;
    for (kind, case, term, body) in [
        (
            "report.completed",
            true,
            false,
            r#"{"incident_date":"yesterday"}"#,
        ),
        ("case.verified", true, true, r#"{"on_behalf_of":"X"}"#),
        ("case.held", true, true, r#"{"questions":21}"#),
        ("case.archived", true, true, r#"{"reason":"bored"}"#),
        (
            "case.disposed",
            true,
            true,
            r#"{"target":"kemensos","deadline":"soon"}"#,
        ),
        ("case.disposed", true, false, r#"{"target":"kemensos"}"#),
        ("case.returned", true, true, "{}"),
        ("case.recalled", true, false, r#"{"reason":"other"}"#),
        (
            "case.followed_up",
            true,
            true,
            r#"{"proposes_to_close":"yes"}"#,
        ),
        ("case.followed_up", true, false, "{}"),
        ("case.noted", false, false, "{}"),
        ("case.replied", false, false, "{}"),
        ("case.closed", true, false, r#"{"by":"silence"}"#),
        ("case.reopened", false, true, "{}"),
        ("case.rated", true, false, r#"{"score":0}"#),
        ("case.rated", true, false, r#"{"score":6}"#),
        ("case.supported", false, false, "{}"),
        (
            "case.linked",
            true,
            true,
            r#"{"target_case":"x","origin":"kemenpu"}"#,
        ),
        ("case.unlinked", true, false, r#"{"link":"x"}"#),
        ("case.split", true, true, "{}"),
        (
            "case.escalated",
            true,
            false,
            r#"{"supervisor":"ombudsman","consent":false}"#,
        ),
        ("case.succeeded", true, false, "{}"),
        ("case.taken_over", false, false, "{}"),
        ("case.redacted", true, false, r#"{"reason":""}"#),
        ("identity.requested", true, false, r#"{"purpose":"visit"}"#),
        ("identity.disclosed", true, false, "{}"),
        ("identity.refused", true, false, "{}"),
        (
            "programme.published",
            true,
            false,
            r#"{"slug":"a","name":"b","description":""}"#,
        ),
        (
            "programme.published",
            false,
            false,
            r#"{"slug":"a","name":"b","description":"","budget_idr":-1}"#,
        ),
        (
            "programme.progressed",
            false,
            false,
            r#"{"slug":"a","percent":101,"status":"done"}"#,
        ),
        (
            "taxonomy.updated",
            false,
            false,
            &format!(r#"{{"edition":"{long}","roots":[]}}"#),
        ),
        (
            "calendar.updated",
            false,
            false,
            &format!(r#"{{"edition":"1","days":[{days}]}}"#),
        ),
        ("key.announced", false, false, r#"{"key":{}}"#),
    ] {
        let rest = format!(r#""body":{body}"#);
        assert!(!sound(kind, case, term, &rest), "{kind} {body}");
    }
}

#[test]
fn what_serde_reads_and_other_languages_do_not_is_malformed() {
    let reference = format!(r#"{{"author":"kemenpu","id":"{ID}"}}"#);
    for (kind, body, expected) in [
        ("case.rated", r#"{"score":5}"#.to_owned(), true),
        ("case.rated", "[5]".into(), false),
        ("case.rated", r#"{"score":"5"}"#.into(), false),
        ("case.noted", "[]".into(), false),
        ("case.noted", "{}".into(), true),
        ("case.noted", "null".into(), true),
        ("case.closed", r#"{"by":"reporter"}"#.into(), true),
        ("case.closed", r#"{"by":{"reporter":null}}"#.into(), false),
        (
            "case.closed",
            format!(r#"{{"by":"silence","follow_up":{reference}}}"#),
            true,
        ),
        (
            "case.closed",
            format!(r#"{{"by":"silence","follow_up":["kemenpu","{ID}"]}}"#),
            false,
        ),
    ] {
        let rest = format!(r#""body":{body}"#);
        assert_eq!(sound(kind, true, false, &rest), expected, "{kind} {body}");
    }
    let sealed = r#""body":{},"sealed":["",""]"#;
    assert!(!sound("case.noted", true, false, sealed));
    let attached = format!(
        r#""body":{{}},"attachments":[["{}",1,"a/b"]]"#,
        Digest::ZERO
    );
    assert!(!sound("case.noted", true, false, &attached));
}

#[test]
fn attachments_have_a_size_a_media_type_and_a_number() {
    let one = |size: u64, media_type: &str| {
        format!(
            r#"{{"sha256":"{}","size":{size},"media_type":"{media_type}"}}"#,
            Digest::ZERO
        )
    };
    let limit = 200 * 1024 * 1024;
    for (attachments, expected) in [
        (one(1, "image/jpeg"), true),
        (one(limit, "text/plain; charset=utf-8"), true),
        (one(0, "image/jpeg"), false),
        (one(limit + 1, "image/jpeg"), false),
        (one(1, "jpeg"), false),
        (one(1, r"text/plain\r\nSet-Cookie: x"), false),
        (vec![one(1, "image/jpeg"); 20].join(","), true),
        (vec![one(1, "image/jpeg"); 21].join(","), false),
    ] {
        let rest = format!(r#""body":{{}},"attachments":[{attachments}]"#);
        assert_eq!(
            sound("case.noted", true, false, &rest),
            expected,
            "{attachments}"
        );
    }
}

#[test]
fn sealed_words_stand_in_an_object_or_nowhere() {
    for (sealed, expected) in [
        (r#"{"nonce":"bm9uY2U=","ciphertext":"d29yZHM="}"#, true),
        ("null", true),
        (r#"["bm9uY2U=","d29yZHM="]"#, false),
        (r#"{"nonce":"bm9uY2U="}"#, false),
    ] {
        let rest = format!(r#""body":{{}},"sealed":{sealed}"#);
        assert_eq!(
            sound("case.noted", true, false, &rest),
            expected,
            "{sealed}"
        );
    }
}

/// `serde_json` has a name by which it knows its own raw text; in a message it is a name like others.
#[test]
fn no_name_of_a_field_means_anything_to_the_reader() {
    for held in ["1", r#""{""#, r#"{"a":1}"#] {
        let rest = format!(r#""body":{{"$serde_json::private::RawValue":{held}}}"#);
        assert!(sound("case.noted", true, false, &rest), "{held}");
    }
}

#[test]
fn a_header_that_cannot_be_read_refuses_the_envelope() {
    let good = payload("case.noted", true, false, r#""body":{}"#);
    assert!(Message::parse(good.as_bytes()).is_ok());
    for (from, to) in [
        (r#""v":1"#, r#""v":2"#),
        (r#""epoch":1"#, r#""epoch":0"#),
        (r#""seq":1"#, r#""seq":0"#),
        (r#""seq":1"#, r#""seq":1.0"#),
        (r#""seq":1"#, r#""seq":9007199254740992"#),
        (r#""author":"kemenpu""#, r#""author":"Kemen PU""#),
        (r#""kind":"case.noted""#, r#""kind":"""#),
        (r#""kind":"case.noted""#, "\"kind\":\"case\\nnoted\""),
        (r#""created_at":0"#, r#""created_at":null"#),
        (r#""created_at":0"#, r#""term":["kemenpu"],"created_at":0"#),
        (
            r#""created_at":0"#,
            r#""term":["kemenpu","018bcfe5-6800-7000-8000-000000000001"],"created_at":0"#,
        ),
        (r#""body":{}"#, r#""body":{},"body":{}"#),
        (r#""body":{}"#, r#""body":{"a":1,"\u0061":2}"#),
        (r#""body":{}"#, r#""body":{"x":1e2}"#),
        (r#""body":{}"#, r#""body":{}} {"#),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert!(Message::parse(bad.as_bytes()).is_err(), "{to}");
    }
    let nested = payload(
        "case.noted",
        true,
        false,
        &format!(r#""body":{}1{}"#, "[".repeat(16), "]".repeat(16)),
    );
    assert!(matches!(
        Message::parse(nested.as_bytes()),
        Err(HeaderError::Json(_))
    ));
    let large = payload(
        "case.noted",
        true,
        false,
        &format!(r#""body":{{"x":"{}"}}"#, "x".repeat(256 * 1024)),
    );
    assert!(matches!(
        Message::parse(large.as_bytes()),
        Err(HeaderError::TooLarge(_))
    ));
    let term = r#""term":{"author":"kemenpu","id":"018bcfe5-6800-7000-8000-000000000001","later":1},"created_at":0"#;
    let later = good.replacen(r#""created_at":0"#, term, 1);
    assert!(
        Message::parse(later.as_bytes()).is_ok(),
        "an unknown field is no fault"
    );
}
