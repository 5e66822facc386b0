//! A reporter's conversation, from filing to erasure, on both databases.

use std::net::{IpAddr, Ipv4Addr};

use lapor_migrations::on;
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::identity_requested::IdentityPurpose;
use serde_json::{Value, json};

use super::*;
use crate::casework::{CaseFilter, NewAct, NewReport, Once, Sight, Tab};
use crate::clock::Clock as _;
use crate::error::NodeError;
use crate::testing::{Place, databases};

mod account;
mod erasing;
mod halves;
mod keys;
mod merged;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ONCE: &str = "4b0a3c5e-9d7f-4a41-8a55-0d5d0c3b7a10";

fn report(more: Value) -> NewReport {
    let mut report = json!({
        "classification": "complaint",
        "title": "Lampu jalan padam",
        "content": "Padam sejak Minggu, hubungi saya di 0812-3456-7890.",
        "channel": "web",
        "reporter": {"name": "Ibu Canary", "email": "Canary@Contoh.id"},
    });
    let Value::Object(more) = more else {
        panic!("more fields of a report are an object");
    };
    report.as_object_mut().unwrap().extend(more);
    serde_json::from_value(report).unwrap()
}

fn act(kind: &str, body: Value, words: Value) -> NewAct {
    let fields = [("kind", kind.into()), ("body", body), ("words", words)];
    serde_json::from_value(fields.into_iter().collect()).unwrap()
}

fn said(act: Value) -> ReporterAct {
    serde_json::from_value(act).unwrap()
}

fn terms<'a>() -> FilingTerms<'a> {
    FilingTerms {
        notify: Notify::Email,
        ..FilingTerms::default()
    }
}

async fn filed(place: &Place, more: Value) -> (FiledForReporter, Conversation) {
    let filed = place
        .node
        .file_for_reporter(report(more), terms())
        .await
        .unwrap();
    let conversation = opened(place, &filed.filed.ticket, &filed.key)
        .await
        .unwrap();
    (filed, conversation)
}

async fn opened(place: &Place, ticket: &str, key: &str) -> Result<Conversation, NodeError> {
    let node = &place.node;
    let opened = node.open_conversation(ticket, key, HERE).await?;
    let visitor = node.visitor(&opened.token).await?.unwrap();
    node.conversation(&visitor, None).await
}

async fn officer(place: &Place, case: CaseId, act: NewAct) {
    place.node.act(case, act, "token:desk").await.unwrap();
}

/// The digits of the last letter.
async fn last_code(place: &Place) -> String {
    let letters = place.node.letters(0, 100).await.unwrap();
    letters.last().unwrap().code.clone().unwrap()
}

#[tokio::test]
async fn ticket_and_key_open_a_conversation_and_nothing_else_does() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (first, conversation) = filed(&place, json!({})).await;
        let (second, _) = filed(&place, json!({})).await;
        assert_eq!(conversation.case(), first.filed.case);
        let wrong = |result: Result<Conversation, NodeError>| {
            let Err(NodeError::Locked(said)) = result else {
                panic!("it opened");
            };
            said
        };
        let other = wrong(opened(&place, &first.filed.ticket, &second.key).await);
        let unknown = wrong(opened(&place, "00000-00000", &first.key).await);
        let nonsense = wrong(opened(&place, &first.filed.ticket, "tebak").await);
        assert!(
            other == unknown && unknown == nonsense,
            "one answer for all"
        );
        let node = &place.node;
        for forged in ["", "lrs_", &format!("lrs_{}", "A".repeat(43))] {
            assert!(node.visitor(forged).await.unwrap().is_none());
        }
        let stranger = node
            .open_conversation(&second.filed.ticket, &second.key, HERE)
            .await;
        let visitor = node
            .visitor(&stranger.unwrap().token)
            .await
            .unwrap()
            .unwrap();
        let elsewhere = node.conversation(&visitor, Some(first.filed.case)).await;
        assert!(matches!(elsewhere, Err(NodeError::Locked(_))));
        let shown = format!("{:?}", place.audited("conversation.opened").await);
        assert!(shown.contains("reporter:") && !shown.contains(&first.filed.ticket));
    }
}

#[tokio::test]
async fn who_guesses_keys_is_told_when_to_come_back() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let filed = place
            .node
            .file_for_reporter(report(json!({})), terms())
            .await
            .unwrap();
        let attempt = async || {
            place
                .node
                .open_conversation(&filed.filed.ticket, "0", HERE)
                .await
        };
        for _ in 0..10 {
            assert!(matches!(attempt().await, Err(NodeError::Locked(_))));
        }
        let Err(NodeError::TooMany { retry_after_s }) = attempt().await else {
            panic!("the eleventh guess was heard");
        };
        assert!((1..=21).contains(&retry_after_s), "{retry_after_s}");
        place.clock.advance(i64::from(retry_after_s) * 1000);
        assert!(
            opened(&place, &filed.filed.ticket, &filed.key)
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn a_few_strangers_who_go_on_guessing_do_not_lock_the_reporter_out() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let filed = node.file_for_reporter(report(json!({})), terms()).await;
        let filed = filed.unwrap();
        let ticket = &filed.filed.ticket;
        for round in 0..40 {
            for last in 1..=3 {
                let stranger = IpAddr::from([198, 51, 100, last]);
                let guess = node.open_conversation(ticket, "0", stranger).await;
                assert!(matches!(guess, Err(NodeError::Locked(_))), "{round}");
            }
            place.clock.advance(20_000);
        }
        assert!(opened(&place, ticket, &filed.key).await.is_ok());
    }
}

#[tokio::test]
async fn one_key_does_not_flood_those_who_handle_its_case() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let filed = node
            .file_for_reporter(report(json!({})), terms())
            .await
            .unwrap();
        let own = opened(&place, &filed.filed.ticket, &filed.key).await;
        let own = own.unwrap();
        let said = async || {
            let act = ReporterAct::Complete {
                answers: Vec::new(),
                text: Some("Masih gelap.".into()),
                attachments: Vec::new(),
            };
            node.reporter_acts(&own, act, None).await
        };
        for _ in 0..20 {
            said().await.unwrap();
        }
        let Err(NodeError::TooMany { retry_after_s }) = said().await else {
            panic!("the twenty-first was heard");
        };
        place.clock.advance(i64::from(retry_after_s) * 1000);
        said().await.unwrap();
    }
}

#[tokio::test]
async fn a_conversation_ends_after_silence_and_when_it_is_closed() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let filed = node
            .file_for_reporter(report(json!({})), terms())
            .await
            .unwrap();
        let open = async || {
            let opened = node
                .open_conversation(&filed.filed.ticket, &filed.key, HERE)
                .await;
            opened.unwrap().token
        };
        let (silent, closed) = (open().await, open().await);
        node.close_conversation(&closed).await.unwrap();
        assert!(node.visitor(&closed).await.unwrap().is_none());
        place.clock.advance(59 * 60_000);
        assert!(
            node.visitor(&silent).await.unwrap().is_some(),
            "a look keeps it open"
        );
        place.clock.advance(59 * 60_000);
        assert!(node.visitor(&silent).await.unwrap().is_some());
        place.clock.advance(61 * 60_000);
        assert!(node.visitor(&silent).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_reporter_answers_confirms_rates_and_reopens_and_never_sees_a_note() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({})).await;
        let (case, node) = (filed.filed.case, &place.node);
        let view = async || node.reporter_view(&conversation).await.unwrap();
        let say = async |act: Value| node.reporter_acts(&conversation, said(act), None).await;
        assert_eq!(view().await.step, Step::Verification);
        let held = act("case.held", json!({}), json!({"questions": ["Di mana?"]}));
        officer(&place, case, held).await;
        let inside = act(
            "case.noted",
            json!({}),
            json!({"text": "catatan rahasia kantor"}),
        );
        officer(&place, case, inside).await;
        let asked = view().await;
        assert_eq!((asked.step, asked.state), (Step::Verification, State::Held));
        assert_eq!(asked.questions, ["Di mana?"]);
        assert!(asked.may.contains(&"complete".to_owned()));
        say(json!({"act": "complete", "answers": ["Depan nomor 12"]}))
            .await
            .unwrap();
        assert_eq!(view().await.state, State::Received);
        assert!(
            say(json!({"act": "confirm"})).await.is_err(),
            "nothing to confirm yet"
        );
        let done = act(
            "case.followed_up",
            json!({"proposes_to_close": true}),
            json!({"text": "Sudah diganti."}),
        );
        officer(&place, case, done).await;
        assert_eq!(view().await.step, Step::Response);
        say(json!({"act": "confirm"})).await.unwrap();
        say(json!({"act": "rate", "score": 2, "text": "Lama."}))
            .await
            .unwrap();
        let closed = view().await;
        assert_eq!((closed.step, closed.score), (Step::Done, Some(2)));
        say(json!({"act": "reply", "text": "Padam lagi."}))
            .await
            .unwrap();
        let again = view().await;
        assert_eq!(
            (again.step, again.state),
            (Step::FollowUp, State::InProgress)
        );
        let text = serde_json::to_string(&again).unwrap();
        assert!(text.contains("Padam lagi.") && text.contains("Sudah diganti."));
        assert!(text.contains("0812-3456-7890"), "their own words are whole");
        assert!(!text.contains("catatan rahasia"), "{text}");
        let actors = place.audited("case.replied").await;
        assert_eq!(actors[0].0, conversation.actor());
    }
}

#[tokio::test]
async fn a_report_sent_twice_under_one_key_is_one_case_with_one_answer() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let once = Once::new("portal", ONCE).unwrap();
        let terms = || FilingTerms {
            once: Some(&once),
            ..terms()
        };
        let file = async || node.file_for_reporter(report(json!({})), terms()).await;
        let (left, right) = tokio::join!(file(), file());
        let (first, second, third) = (left.unwrap(), right.unwrap(), file().await.unwrap());
        assert!(
            first == second && second == third,
            "ticket and key are the same"
        );
        let case = first.filed.case;
        let cases = node
            .cases(&crate::casework::CaseFilter::default(), None, 10)
            .await;
        assert_eq!(cases.unwrap().cases.len(), 1);
        let other = node
            .file_for_reporter(report(json!({"title": "Lain"})), terms())
            .await;
        assert!(matches!(other, Err(NodeError::KeyReused)));
        let conversation = opened(&place, &first.filed.ticket, &first.key)
            .await
            .unwrap();
        let reply = || said(json!({"act": "reply", "text": "Halo"}));
        let first = node
            .reporter_acts(&conversation, reply(), Some(&once))
            .await;
        assert!(
            matches!(first, Err(NodeError::KeyReused)),
            "one key, one request"
        );
        let fresh = Once::new("portal", &ONCE.replace('4', "5")).unwrap();
        let first = node
            .reporter_acts(&conversation, reply(), Some(&fresh))
            .await
            .unwrap();
        let second = node
            .reporter_acts(&conversation, reply(), Some(&fresh))
            .await
            .unwrap();
        assert_eq!(first, second);
        let view = node.reporter_view(&conversation).await.unwrap();
        let replies = view
            .events
            .iter()
            .filter(|event| event.kind == "case.replied");
        assert_eq!(replies.count(), 1);
        place.clock.advance(8 * 86_400_000);
        node.expire_reporters().await.unwrap();
        let later = file().await.unwrap();
        assert_ne!(later.filed.case, case, "an answer is kept for a week");
    }
}

#[tokio::test]
async fn an_anonymous_identity_needs_keeper_and_consent_and_the_reporter_reads_the_log() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (filed, conversation) = filed(&place, json!({"anonymous": true})).await;
        let (case, node) = (filed.filed.case, &place.node);
        officer(&place, case, act("case.verified", json!({}), json!({}))).await;
        let handler = node.identity(case, "token:desk").await;
        assert!(
            matches!(handler, Err(NodeError::Forbidden(_))),
            "the handler looked"
        );
        let ask = async |actor: &str| {
            let reason = "Perlu kunjungan ke rumah.";
            let once = Once::new(actor, ONCE).unwrap();
            node.ask_identity(case, IdentityPurpose::Visit, reason, actor, &once)
                .await
                .unwrap()
        };
        let asked = ask("token:desk").await;
        let grant = async |by: &str| node.answer_identity_ask(case, &asked.id, true, by).await;
        assert!(matches!(
            grant("token:desk").await,
            Err(NodeError::Forbidden(_))
        ));
        assert!(
            matches!(grant("token:keeper").await, Err(NodeError::Forbidden(_))),
            "no consent"
        );
        assert!(node.consent(&conversation, "unknown", true).await.is_err());
        node.consent(&conversation, &asked.id, true).await.unwrap();
        grant("token:keeper").await.unwrap();
        let again = ask("token:desk").await;
        assert_eq!(again.id, asked.id, "the same form asks no second time");
        let told = node
            .granted_identity(case, "token:desk")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(told.name.as_deref(), Some("Ibu Canary"));
        let other = node.granted_identity(case, "token:other").await;
        assert!(
            matches!(other, Err(NodeError::Forbidden(_))),
            "granted to one is not to all"
        );
        node.consent(&conversation, &asked.id, false).await.unwrap();
        let after = node.granted_identity(case, "token:desk").await;
        assert!(
            matches!(after, Err(NodeError::Forbidden(_))),
            "the consent was taken back"
        );
        let log = node
            .reporter_view(&conversation)
            .await
            .unwrap()
            .identity_log;
        let steps: Vec<_> = log.iter().map(|event| event.step).collect();
        for step in [
            IdentityStep::Denied,
            IdentityStep::Asked,
            IdentityStep::Consented,
            IdentityStep::Granted,
            IdentityStep::Opened,
            IdentityStep::Objected,
        ] {
            assert_eq!(
                steps.iter().filter(|known| **known == step).count(),
                1,
                "{step:?}"
            );
        }
        assert!(
            log.iter()
                .any(|event| event.reason.as_deref() == Some("Perlu kunjungan ke rumah."))
        );
    }
}

#[tokio::test]
async fn support_counts_once_for_each_browser_and_a_secret_report_shows_its_state_only() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let (public, _) = filed(&place, json!({})).await;
        let (secret, _) = filed(&place, json!({"secret": true})).await;
        let support =
            async |case, browser: &str| node.support(case, Supporter::Browser(browser), HERE).await;
        let case = public.filed.case;
        let unverified = support(case, "browser-one-0123456").await;
        assert!(matches!(unverified, Err(NodeError::NotFound { .. })));
        officer(&place, case, act("case.verified", json!({}), json!({}))).await;
        assert!(support(case, "browser-one-0123456").await.unwrap());
        assert!(!support(case, "browser-one-0123456").await.unwrap());
        assert!(support(case, "browser-two-0123456").await.unwrap());
        assert!(
            support(secret.filed.case, "browser-one-0123456")
                .await
                .is_err()
        );
        let seen = node.public_view(&public.filed.ticket, HERE).await.unwrap();
        assert_eq!(seen.supports, 2);
        assert_eq!(seen.title.as_deref(), Some("Lampu jalan padam"));
        let hidden = node.public_view(&secret.filed.ticket, HERE).await.unwrap();
        assert_eq!(
            (hidden.step, hidden.title, hidden.events.len()),
            (Step::Verification, None, 0)
        );
        assert_eq!(hidden.custodian, None);
        let officers = serde_json::to_string(&node.case(case).await.unwrap()).unwrap();
        assert!(!officers.contains("0812-3456-7890") && officers.contains("••••-••••-••••"));
        let sent = node
            .ask_following(case, "siti@contoh.id", HERE)
            .await
            .unwrap();
        let proved = node
            .prove_code(&sent.id, &last_code(&place).await, HERE)
            .await
            .unwrap();
        let Proved::Following { leave } = proved else {
            panic!("not following");
        };
        assert_eq!(
            node.followers(case, "", 10).await.unwrap(),
            ["siti@contoh.id"]
        );
        node.unfollow(&leave).await.unwrap();
        assert!(node.followers(case, "", 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn whose_support_was_refused_is_counted_once_the_report_is_open_again() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (report, _) = filed(&place, json!({})).await;
        let case = report.filed.case;
        let text = json!({"text": "Sudah diganti."});
        let body = json!({"proposes_to_close": true});
        officer(&place, case, act("case.followed_up", body, text)).await;
        let by = json!({"by": "reporter"});
        officer(&place, case, act("case.closed", by, Value::Null)).await;
        let browser = || Supporter::Browser("browser-one-0123456");
        let refused = place.node.support(case, browser(), HERE).await;
        assert!(matches!(refused, Err(NodeError::NotAllowed(_))));
        let marks = async || {
            let mut tx = place.node.read_tx().await.unwrap();
            let count: i64 = on!(&mut tx, c =>
                sqlx::query_scalar("select count(*) from supporters").fetch_one(c).await)
            .unwrap();
            count
        };
        assert_eq!(marks().await, 0);
        let again = json!({"text": "Padam lagi."});
        officer(&place, case, act("case.reopened", json!({}), again)).await;
        for new in [true, false] {
            let supported = place.node.support(case, browser(), HERE).await;
            assert_eq!(supported.unwrap(), new);
        }
        assert_eq!(marks().await, 1);
        let seen = place.node.public_view(&report.filed.ticket, HERE).await;
        assert_eq!(seen.unwrap().supports, 1);
    }
}

#[tokio::test]
async fn a_report_that_looks_like_a_robots_is_filed_and_marked() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let stamp = node.form_stamp();
        let admit = |trap: &str, stamp: Option<&str>| node.admit_filing(HERE, None, trap, stamp);
        assert_eq!(admit("", Some(&stamp)).unwrap(), Some(Suspicion::TooFast));
        assert_eq!(admit("http://", None).unwrap(), Some(Suspicion::Trap));
        place.clock.advance(4000);
        assert_eq!(admit("", Some(&stamp)).unwrap(), None);
        let forged = format!("0{stamp}");
        assert_eq!(admit("", Some(&forged)).unwrap(), None, "it says nothing");
        let terms = FilingTerms {
            suspicion: Some(Suspicion::Trap),
            ..terms()
        };
        let filed = node
            .file_for_reporter(report(json!({})), terms)
            .await
            .unwrap();
        let queue = node.abuse_queue().await.unwrap();
        assert_eq!((queue.len(), queue[0].case), (1, filed.filed.case));
        node.clear_abuse(filed.filed.case, "token:desk")
            .await
            .unwrap();
        assert!(node.abuse_queue().await.unwrap().is_empty());
        let contact = "siti@contoh.id";
        let attempts = (0..6).map(|host| {
            let address = IpAddr::from([192, 0, 2, host]);
            node.admit_filing(address, Some(contact), "", None)
        });
        let refused = attempts.filter(Result::is_err).count();
        assert_eq!(refused, 1, "five reports at once with one contact");
    }
}

#[tokio::test]
async fn what_is_said_after_the_end_comes_back_to_the_desk_until_it_is_noted() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let (put_aside, archived) = filed(&place, json!({})).await;
        let (repeats, merged) = filed(&place, json!({})).await;
        let (target, _) = filed(&place, json!({})).await;
        let cases = [put_aside.filed.case, repeats.filed.case];
        let reason = json!({"reason": "incomplete"});
        officer(&place, cases[0], act("case.archived", reason, Value::Null)).await;
        let into = json!({"target_case": target.filed.case});
        officer(&place, cases[1], act("case.linked", into, Value::Null)).await;
        let back = async || {
            let all = CaseFilter::default();
            let page = node.inbox(&Sight::ALL, Tab::CameBack, &all, None, 9).await;
            let mut back: Vec<_> = page.unwrap().cases.iter().map(|case| case.case).collect();
            back.sort();
            back
        };
        assert_eq!(back().await, []);
        let may = node.reporter_view(&archived).await.unwrap().may;
        assert!(!may.contains(&"reply".to_owned()), "{may:?}");
        assert!(may.contains(&"reopen".to_owned()), "{may:?}");
        for conversation in [&archived, &merged] {
            let reply = said(json!({"act": "reply", "text": "Lampunya lain."}));
            node.reporter_acts(conversation, reply, None).await.unwrap();
        }
        let mut both = cases;
        both.sort();
        assert_eq!(back().await, both);
        let read = json!({"text": "Dibaca, memang sama."});
        officer(&place, cases[1], act("case.noted", json!({}), read)).await;
        assert_eq!(back().await, [cases[0]]);
        let reopen = said(json!({"act": "reopen", "text": "Nomor 12, dekat pasar."}));
        node.reporter_acts(&archived, reopen, None).await.unwrap();
        let view = node.case(cases[0]).await.unwrap();
        assert_eq!(view.summary.state, Some(State::InProgress));
        let history = serde_json::to_string(&view.history).unwrap();
        assert!(
            history.contains("Nomor 12, dekat pasar."),
            "the desk reads it"
        );
        assert_eq!(back().await, [cases[0]]);
    }
}
