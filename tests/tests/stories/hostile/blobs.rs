//! Attachments of others, attachments that are not what was announced, and
//! wraps that are rubbish.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lapor_migrations::on;
use lapor_protocol::ids::{CaseId, Digest};
use lapor_protocol::problem::Code;
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, document, kinds};
use lapor_tests::hostile::{Asked, Hostile, Said};
use serde_json::json;

use super::{beside, gather_with};

const WRAPS_KEPT: &str = "select count(*) from wraps where case_id = $1";

/// A report of its own with one attachment.
fn announced(mallory: &mut Hostile, sha256: Digest, size: usize) -> (CaseId, Said) {
    let case = mallory.new_case();
    let body =
        json!({ "classification": "complaint", "channel": "web", "commitment": "ab".repeat(32) });
    let mut payload = mallory.payload("report.filed", Some(case), body);
    payload["attachments"] =
        json!([{ "sha256": sha256, "size": size, "media_type": "image/jpeg" }]);
    let said = mallory.sign(&payload);
    mallory.head = mallory.head.advanced(said.id());
    (case, said)
}

fn put(sha256: Digest, range: Option<&str>, bytes: &[u8]) -> Asked {
    let asked =
        Asked::new("PUT", &format!("/blobs/{sha256}")).body("application/octet-stream", bytes);
    match range {
        Some(range) => asked.header("content-range", range),
        None => asked,
    }
}

/// What nobody has announced can be neither fetched nor sent.
async fn nobodys(mallory: &Hostile) {
    for sha256 in [Digest::of(b"nothing"), Digest::of(b"fourth")] {
        let get = Asked::new("GET", &format!("/blobs/{sha256}"));
        for asked in [get, put(sha256, None, b"x")] {
            assert_eq!(mallory.ask(&asked).await.code(), Some(Code::BlobUnknown));
        }
    }
}

/// Who names an attachment of others gets neither the bytes nor a word on whether
/// they are there, and cannot bring them.
async fn names_what_others_have(mallory: &Hostile, theirs: Digest, size: usize) {
    let path = format!("/blobs/{theirs}");
    let told = mallory.ask(&Asked::new("HEAD", &path)).await;
    assert_eq!(
        (told.status, told.header("lapor-received")),
        (200, Some("0"))
    );
    let whole = put(theirs, None, &vec![0; size]);
    for (asked, code) in [
        (Asked::new("GET", &path), Code::BlobPending),
        (
            Asked::new("GET", &path).header("range", "bytes=0-9"),
            Code::BlobPending,
        ),
        (whole, Code::BlobMismatch),
        (Asked::new("GET", &path), Code::BlobPending),
    ] {
        assert_eq!(mallory.ask(&asked).await.code(), Some(code));
    }
}

/// Room that two of three attachments fill.
fn quota(settings: &mut lapor_hub::settings::Settings) {
    settings.limits.blob_quota_bytes = 250_000;
}

/// Who has an attachment reads it still, once nothing is on its way any more.
async fn can_be_read(fleet: &Fleet, case: CaseId, sha256: Digest, expected: &[u8]) {
    fleet.settle().await;
    for slug in ["kota-bandung", "pusat"] {
        let read = fleet.at(slug).attachment(case, sha256).await;
        assert_eq!(read.unwrap(), expected, "{slug}");
    }
}

#[tokio::test]
async fn an_attachment_of_others_is_unknown_and_ones_own_is_taken_only_as_announced() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather_with(kind, quota).await;
        let bandung = fleet.at("kota-bandung");
        let upload = bandung.upload(&document(&[7; 10_000])).await;
        let mut with_photo = report("Jalan berlubang");
        with_photo.attachments = vec![upload];
        let case = bandung.file(with_photo).await;
        fleet.settle().await;
        let theirs = bandung.view(case).await.history[0].attachments[0].sha256;
        let bytes = vec![1; 100_000];
        let (own, other) = (Digest::of(&bytes), Digest::of(b"other"));
        let early = mallory.ask(&put(own, None, &bytes)).await;
        assert_eq!(early.code(), Some(Code::BlobUnknown), "before its message");
        let third = vec![3; 100_000];
        let (claimed, claim) = announced(&mut mallory, theirs, 30_000);
        let said = [
            claim,
            announced(&mut mallory, own, bytes.len()).1,
            announced(&mut mallory, other, 100_000).1,
            announced(&mut mallory, Digest::of(&third), 100_000).1,
        ];
        let lines: Vec<String> = said.iter().map(Said::line).collect();
        assert_eq!(mallory.push(&lines).await.verdict(), None);
        beside(
            &fleet,
            Box::pin(async {
                nobodys(&mallory).await;
                for (what, asked, code) in [
                    (
                        "a range that ends beyond",
                        put(own, Some("bytes 0-100000/100001"), &bytes),
                        Code::RangeMismatch,
                    ),
                    (
                        "a hole",
                        put(own, Some("bytes 5-99999/100000"), &bytes[5..]),
                        Code::RangeMismatch,
                    ),
                    (
                        "a range that is none",
                        put(own, Some("bytes */100000"), &bytes),
                        Code::MalformedRequest,
                    ),
                    (
                        "a range turned round",
                        put(own, Some("bytes 9-3/100000"), &bytes),
                        Code::MalformedRequest,
                    ),
                    (
                        "more than the range",
                        put(own, Some("bytes 0-9/100000"), &bytes),
                        Code::MalformedRequest,
                    ),
                    (
                        "more than announced",
                        put(other, None, &vec![2; 100_001]),
                        Code::MalformedRequest,
                    ),
                    (
                        "other bytes",
                        put(other, None, &vec![2; 100_000]),
                        Code::BlobMismatch,
                    ),
                ] {
                    let refused = mallory.ask(&asked).await;
                    assert_eq!(refused.code(), Some(code), "{what}");
                }
                let whole = mallory.ask(&put(own, None, &bytes)).await;
                assert_eq!(
                    (whole.status, whole.header("lapor-received")),
                    (201, Some("100000"))
                );
                let begun = put(other, Some("bytes 0-9/100000"), &[2; 10]);
                assert_eq!(mallory.ask(&begun).await.status, 202);
                let full = mallory.ask(&put(Digest::of(&third), None, &third)).await;
                assert_eq!(full.code(), Some(Code::QuotaExceeded));
                let told = mallory
                    .ask(&Asked::new("HEAD", &format!("/blobs/{own}")))
                    .await;
                assert_eq!(
                    (told.status, told.header("content-length")),
                    (200, Some("100000"))
                );
                let beyond =
                    Asked::new("GET", &format!("/blobs/{own}")).header("range", "bytes=100000-");
                let beyond = mallory.ask(&beyond).await;
                assert_eq!(beyond.code(), Some(Code::RangeUnsatisfiable));
                assert_eq!(beyond.header("content-range"), Some("bytes */100000"));
            }),
        )
        .await;
        names_what_others_have(&mallory, theirs, 30_000).await;
        // What others have, named in a case of one's own, does not go with that case.
        let redacted = mallory.say("case.redacted", Some(claimed), json!({ "reason": "other" }));
        assert_eq!(mallory.push(&[redacted.line()]).await.verdict(), None);
        let folder = &fleet.hub.hub().settings().storage.blobs;
        assert!(lapor_hub::blobs::path(folder, theirs).exists());
        can_be_read(&fleet, case, theirs, &document(&[7; 10_000])).await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn wraps_of_rubbish_hold_up_nobody_and_the_words_are_read_with_a_sound_one() {
    for kind in kinds() {
        let (fleet, mut mallory) = gather_with(kind, |_| {}).await;
        let directory = fleet.hub.hub().ground.directory.current();
        let pusat = directory.latest().instance(&fleet.id("pusat")).unwrap();
        let kid = pusat.sealing_key().unwrap().jwk.kid.clone();
        let rubbish = |enc: &str, ciphertext: &str| json!({ "recipient": "pusat", "kid": kid, "enc": enc, "ciphertext": ciphertext });
        let [enc, sealed] = [[7u8; 32].as_slice(), &[7; 48]].map(|bytes| STANDARD.encode(bytes));
        let wraps = [
            rubbish(&enc, &sealed),
            rubbish("", ""),
            rubbish(&sealed, &enc),
            rubbish("not base64!", &sealed),
            json!({ "recipient": "nobody", "kid": kid, "enc": enc, "ciphertext": sealed }),
            json!({ "recipient": "pusat", "kid": "nobodys", "enc": enc, "ciphertext": sealed }),
        ];
        let (case, said) = mallory.report();
        let beside_it = format!("\"wraps\":{}", json!(wraps));
        beside(
            &fleet,
            Box::pin(async {
                let taken = mallory.push(&[said.line_with(&beside_it)]).await;
                assert_eq!(taken.verdict(), None);
                let keys = json!({ "case": case, "wraps": vec![&wraps[0]; 64] });
                let asked = Asked::new("PUT", &format!("/cases/{case}/keys"));
                for _ in 0..5 {
                    let put = asked.clone().body("application/json", keys.to_string());
                    assert_eq!(mallory.ask(&put).await.status, 204);
                }
            }),
        )
        .await;
        fleet.settle().await;
        let seen = fleet.at("pusat").view(case).await;
        assert_eq!((seen.blocked, seen.case_seq), (None, 1));
        let db = fleet.hub.db().await;
        let mut tx = db.read().await.unwrap();
        let kept = on!(&mut tx, c => sqlx::query_scalar::<_, i64>(WRAPS_KEPT).bind(case.to_string()).fetch_one(c).await);
        assert_eq!(kept.unwrap(), 1, "only what could be one, and once");
        drop(tx);
        db.close().await;
        fleet.ends_well().await;
    }
}
