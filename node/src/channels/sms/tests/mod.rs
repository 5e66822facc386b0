//! What Kannel hands over, and what it answers: in the shapes of its user guide
//! (https://www.kannel.org/download/kannel-userguide-snapshot/userguide.html).

mod others;
mod parts;
mod real;
mod receipts;
mod smpp;
mod spoken;

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use lapor_stand_ins::kannel::Gateway;
use tower::util::ServiceExt as _;

use super::kannel::{self, Kannel};
use super::of;
use crate::channels::delivery::Spoken;
use crate::channels::heard::{Address, Saying, Sort, Unread};
use crate::channels::provider::tests::cuts_off;
use crate::channels::settings::{SmsSettings, Via};
use crate::channels::{Lines, Unsaid};
use crate::testing::{Place, databases};

const SECRET: &str = "kunciMasukKannel17";

fn settings(folder: &Path, send_url: &str) -> SmsSettings {
    use std::os::unix::fs::PermissionsExt;
    lapor_certs::tls::install_default_provider();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        Some(path)
    };
    let mut settings = SmsSettings {
        number: Some("1708".into()),
        ..SmsSettings::default()
    };
    settings.kannel.send_url = Some(send_url.into());
    settings.kannel.username = Some("lapor".into());
    settings.kannel.password_file = file("kannel-password", "sandi kannel\n");
    settings.kannel.receive_secret_file = file("kannel-secret", SECRET);
    settings
}

fn address(id: &str) -> Address {
    Address {
        id: id.into(),
        ..Address::default()
    }
}

fn saying(words: &str) -> Saying {
    Saying {
        words: words.into(),
        ..Saying::default()
    }
}

#[test]
fn what_kannel_hands_over_is_read_in_its_charset() {
    let read = |query: &str| kannel::read(query.as_bytes());
    for (query, text) in [
        (
            "dari=%2B628123456789&charset=UTF-8&coding=0&isi=Jalan+rusak%21",
            "Jalan rusak!",
        ),
        (
            "dari=08123456789&charset=UTF-8&coding=0&isi=Rp%C2%A35",
            "Rp\u{a3}5",
        ),
        (
            "dari=628123456789&charset=UTF-16BE&coding=2&isi=%00J%00a%D8%3D%DE%00",
            "Ja\u{1f600}",
        ),
        ("dari=628123456789&isi=100%+rusak", "100% rusak"),
        ("dari=628123456789&isi=", ""),
    ] {
        let heard = read(query).unwrap();
        assert_eq!(heard.text, text, "{query}");
        assert_eq!(heard.from.id, "+628123456789", "one number is one person");
        assert_eq!(heard.sort, Sort::Word);
    }
    let promotion = read("dari=INFO-BANK&isi=Promo").unwrap();
    assert_eq!(promotion.from.id, "INFO-BANK");
    assert_eq!(promotion.sort, Sort::Noise, "a name is nobody to answer");
    for (query, problem) in [
        ("isi=Jalan", "no sender in `dari`"),
        ("dari=62812&coding=1&isi=%00", "binary, and no text"),
        ("dari=62812&isi=%ff%fe", "no text of its charset"),
        (
            "dari=62812&charset=UTF-16BE&isi=%00J%00",
            "no text of its charset",
        ),
    ] {
        assert_eq!(read(query).err(), Some(Unread(problem)), "{query}");
    }
}

type Change = fn(&mut SmsSettings);

/// Each change spoils settings that worked, and no password is told with what is wrong.
fn spoil(settings: &SmsSettings, changes: &[(Change, &str)]) {
    assert!(of(settings).unwrap().is_some());
    for (change, said) in changes {
        let mut spoiled = settings.clone();
        change(&mut spoiled);
        let problem = of(&spoiled).err().unwrap().to_string();
        assert!(
            problem.contains(*said) && !problem.contains("sandi"),
            "{problem}"
        );
    }
}

#[test]
fn settings_that_cannot_work_are_refused_and_say_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), "http://127.0.0.1:13013/cgi-bin/sendsms");
    let changes: [(Change, &str); 6] = [
        (|s| s.number = None, "channels.sms.number"),
        (|s| s.kannel.username = None, "channels.sms.kannel.username"),
        (
            |s| s.kannel.password_file = None,
            "channels.sms.kannel.password_file",
        ),
        (
            |s| s.kannel.receive_secret_file = None,
            "channels.sms.kannel.receive_secret_file",
        ),
        (
            |s| s.kannel.send_url = Some("kannel".into()),
            "no address such as",
        ),
        (
            |s| s.kannel.receive_secret_file = s.kannel.password_file.clone(),
            "letters and digits",
        ),
    ];
    spoil(&settings, &changes);
    assert!(of(&SmsSettings::default()).unwrap().is_none());
}

#[test]
fn of_two_ways_one_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let mut both = settings(folder.path(), "http://127.0.0.1:13013/cgi-bin/sendsms");
    both.smpp = spoken::settings(folder.path(), "smsc.example.net:2775").smpp;
    let problem = of(&both).err().unwrap().to_string();
    assert!(problem.starts_with("channels.sms.via"), "{problem}");
    for via in [Via::Kannel, Via::Smpp] {
        both.via = Some(via);
        assert!(of(&both).unwrap().is_some());
        assert_eq!(kannel::door(&both).unwrap().is_some(), via == Via::Kannel);
    }
    both.smpp.address = None;
    let problem = of(&both).err().unwrap().to_string();
    assert!(
        problem.starts_with("channels.sms.smpp.address"),
        "{problem}"
    );
}

#[tokio::test]
async fn what_is_said_goes_to_sendsms_and_its_status_says_what_became_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::open().await;
    let kannel = Kannel::of(&settings(folder.path(), &gateway.send_url)).unwrap();
    let to = address("+628123456789");
    assert_eq!(
        kannel.say(&to, &saying("Terima kasih & salam")).await,
        Ok(None)
    );
    let asked = gateway.taken().remove(0);
    for (name, value) in [
        ("username", "lapor"),
        ("password", "sandi kannel"),
        ("from", "1708"),
        ("to", "+628123456789"),
        ("text", "Terima kasih & salam"),
        ("coding", "0"),
        ("charset", "UTF-8"),
    ] {
        assert_eq!(asked.get(name).map(String::as_str), Some(value), "{name}");
    }
    gateway.answers(503);
    assert!(matches!(
        kannel.say(&to, &saying("a")).await,
        Err(Unsaid::Down(_))
    ));
    gateway.answers(403);
    assert!(
        matches!(kannel.say(&to, &saying("a")).await, Err(Unsaid::Down(_))),
        "ours to mend"
    );
    gateway.answers(400);
    assert!(matches!(
        kannel.say(&to, &saying("a")).await,
        Err(Unsaid::Never(_))
    ));
    for (status, body, may_have_it) in [
        (200, "<html>Masuk ke Wi-Fi kantor</html>", false),
        (202, "\u{feff} <!DOCTYPE html>", false),
        (400, "<html>Proxy: bad request</html>", false),
        (200, "Sent", true),
        (202, "", true),
        (204, "", true),
        (302, "", false),
    ] {
        gateway.says(status, body);
        match kannel.say(&to, &saying("a")).await {
            // Tried again it would be said again.
            Err(Unsaid::Never(problem)) if may_have_it => {
                assert!(problem.contains(&status.to_string()), "{problem}");
            }
            Err(Unsaid::Down(_)) if !may_have_it => {}
            said => panic!("{status} {body}: {said:?}"),
        }
    }
    // Something on the way has waited for the gateway, which may have taken it.
    gateway.says(504, "<html>Gateway Timeout</html>");
    let said = kannel.say(&to, &saying("a")).await;
    assert!(matches!(said, Err(Unsaid::Unanswered(_))), "{said:?}");
    for (status, body) in [
        (202, "3: Queued for later delivery"),
        (200, "0: Accepted for delivery"),
        (201, "3: Queued for later delivery"),
    ] {
        gateway.says(status, body);
        assert_eq!(kannel.say(&to, &saying("a")).await, Ok(None), "{status}");
    }
    let cuts_off = format!("http://{}/cgi-bin/sendsms", cuts_off().await);
    let cuts_off = Kannel::of(&settings(folder.path(), &cuts_off)).unwrap();
    let said = cuts_off.say(&to, &saying("a")).await;
    assert!(matches!(said, Err(Unsaid::Unanswered(_))), "{said:?}");
    // Nobody listens at this port.
    let away = settings(folder.path(), "http://127.0.0.1:1/cgi-bin/sendsms");
    let away = Kannel::of(&away).unwrap();
    let Err(Unsaid::Down(problem)) = away.say(&to, &saying("kata")).await else {
        panic!("somebody answers");
    };
    assert!(
        !problem.contains("sandi") && !problem.contains("kata"),
        "{problem}"
    );
}

#[tokio::test]
async fn a_message_by_kannel_becomes_a_case_and_its_ticket_goes_back() {
    for db in databases().await {
        let gateway = Gateway::open().await;
        let mut place = Place::joined("kota-bandung", db).await;
        let keys = place.settings.node.keys.clone();
        place.settings.channels.sms = settings(&keys, &gateway.send_url);
        place.node = place.reopened().await;
        let router = crate::doors::router(place.node.clone());
        let knocks = async |secret: &str, query: &str| {
            let uri = format!("/saluran/sms/kannel/{secret}?{query}");
            let request = Request::get(uri).body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            let status = answer.status();
            if status == StatusCode::OK {
                let kind = &answer.headers()["content-type"];
                assert_eq!(kind, "text/plain; charset=utf-8");
            }
            let body = axum::body::to_bytes(answer.into_body(), 4096)
                .await
                .unwrap();
            (status, body)
        };
        let query = "id=7f1c&dari=%2B628123456789&coding=0&charset=UTF-8&isi=Lampu+jalan+padam+di+Cihampelas";
        assert_eq!(
            knocks("kunciMasukKannel18", query).await.0,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            knocks(SECRET, "dari=62812&isi=Lampu").await.0,
            StatusCode::BAD_REQUEST
        );
        for _ in 0..2 {
            let (status, body) = knocks(SECRET, query).await;
            assert_eq!(status, StatusCode::OK);
            assert!(body.is_empty(), "the gateway would send it");
        }
        let line = of(&place.settings.channels.sms).unwrap().unwrap();
        let lines = Lines(vec![Arc::clone(&line)]);
        assert_eq!(place.node.hear_round(&lines).await.unwrap(), 1);
        assert_eq!(
            place.node.say_round(&*line).await.unwrap(),
            Spoken::Worked(1)
        );
        let said = gateway.taken();
        assert_eq!(said.len(), 1);
        assert_eq!(said[0]["to"], "+628123456789");
        assert!(said[0]["text"].starts_with("Laporan Anda kami terima. Nomor tiket: "));
    }
}
