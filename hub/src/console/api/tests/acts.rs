//! Programs act as the operators whose tokens they have.

use http::StatusCode;
use lapor_protocol::directory::Status;
use lapor_web::bearer::RECENT_MS;
use serde_json::{Value, json};

use super::{act, acting, ask, token};
use crate::audit::By;
use crate::console::ConsoleRole;
use crate::console::tests::{Place, login};
use crate::{tokens, vouching, watch};

const FIRST: &str = "operator@pusat.example";
const SECOND: &str = "kedua@pusat.example";
const BANDUNG: &str = "instances/kota-bandung";

fn why(reason: &str) -> Value {
    json!({"reason": reason})
}

fn status_of(place: &Place, slug: &str) -> Option<Status> {
    let directory = place.ground.directory.current();
    let entry = directory.latest().instance(&slug.parse().unwrap());
    entry.map(|entry| entry.status)
}

#[tokio::test]
async fn a_program_acts_for_its_owner_with_a_reason_and_is_written_down() {
    for place in Place::all(false).await {
        assert_eq!(login(ConsoleRole::Operator), FIRST);
        let known = (&*acting(&place, "otomat", FIRST).await, None);
        let at = format!("{BANDUNG}/suspension");
        for reason in ["", "  ", &"x".repeat(501)] {
            let (status, answer) = act(&place, &at, known, &why(reason)).await;
            let field = (status, answer["field"].as_str());
            assert_eq!(field, (StatusCode::UNPROCESSABLE_ENTITY, Some("reason")));
        }
        let observer = token(&place, "grafana", ConsoleRole::Observer).await;
        let (status, _) = act(&place, &at, (&observer, None), &why("iseng")).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert_eq!(place.status(), Status::Active);
        let (status, answer) = act(&place, &at, known, &why("kunci bocor")).await;
        assert_eq!(
            (status, &answer["outcome"]),
            (StatusCode::OK, &"done".into())
        );
        assert_eq!(place.status(), Status::Suspended);
        let (actor, detail) = place.audited("instance.suspended").await.remove(0);
        assert_eq!((&*actor, &*detail), ("token:otomat", "kunci bocor"));
        let (status, answer) = act(&place, &at, known, &why("lagi")).await;
        let code = (status, answer["code"].as_str());
        assert_eq!(code, (StatusCode::CONFLICT, Some("not_allowed")));
        let (status, _) = act(
            &place,
            &format!("{BANDUNG}/resumption"),
            known,
            &why("sudah"),
        )
        .await;
        assert_eq!((status, place.status()), (StatusCode::OK, Status::Active));
        let at = format!("{BANDUNG}/certificates/voidance");
        let (status, answer) = act(&place, &at, known, &why("laptop dicuri")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(place.audited("instance.certificates_voided").await.len(), 1);
        let body = json!({"reason": "surat", "disposes_to": ["slug:kab-garut"]});
        let (status, answer) = act(&place, &format!("{BANDUNG}/authority"), known, &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let (status, _) = act(&place, "instances/kota-hilang/suspension", known, &why("x")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let garut =
            json!({"reason": "surat", "slug": "kab-garut", "kind": "kabupaten", "name": "Garut"});
        let (status, answer) = act(&place, "invitations", known, &garut).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        let body = json!({"reason": "digabung", "successor": "kab-garut"});
        let at = format!("{BANDUNG}/revocation");
        let (status, answer) = act(&place, &at, known, &body).await;
        let field = (status, answer["field"].as_str());
        assert_eq!(field, (StatusCode::UNPROCESSABLE_ENTITY, Some("successor")));
        assert_eq!(place.status(), Status::Active);
        place.takes_part("kab-garut").await;
        let (status, answer) = act(&place, &at, known, &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(place.status(), Status::Revoked);
    }
}

#[tokio::test]
async fn one_person_with_two_tokens_is_one_person() {
    for place in Place::all(true).await {
        place.hire(SECOND, ConsoleRole::Operator).await;
        let mine = acting(&place, "satu", FIRST).await;
        let also_mine = acting(&place, "dua", FIRST).await;
        let other = acting(&place, "tiga", SECOND).await;
        let at = format!("{BANDUNG}/suspension");
        let (status, asked) = act(&place, &at, (&mine, None), &why("kunci bocor")).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
        assert_eq!(place.status(), Status::Active);
        let (_, again) = act(&place, &at, (&also_mine, None), &why("kunci bocor")).await;
        assert_eq!(again["code"], "asked_already");
        let id = asked["approval"].as_str().unwrap();
        let (_, waiting) = ask(&place, "/api/v1/approvals", Some(&other)).await;
        assert_eq!(waiting["approvals"][0]["id"], id);
        assert_eq!(waiting["approvals"][0]["deed"]["deed"], "suspend");
        let decide = format!("approvals/{id}/decision");
        let confirm = json!({"decision": "confirm"});
        for token in [&mine, &also_mine] {
            let (status, answer) = act(&place, &decide, (token, None), &confirm).await;
            let code = (status, answer["code"].as_str());
            assert_eq!(code, (StatusCode::CONFLICT, Some("same_person")));
        }
        let owner = place.enters(FIRST).await;
        let at_console = format!("/konsol/persetujuan/{id}");
        owner.post(&at_console, &[("putusan", "setuju")]).await;
        assert_eq!(
            place.status(),
            Status::Active,
            "the owner is that person too"
        );
        let (status, done) = act(&place, &decide, (&other, None), &confirm).await;
        assert_eq!((status, &done["id"]), (StatusCode::OK, &id.into()));
        assert_eq!(place.status(), Status::Suspended);
        let (actor, detail) = place.audited("instance.suspended").await.remove(0);
        assert_eq!(
            (&*actor, &*detail),
            ("token:tiga", "asked by token:satu: kunci bocor")
        );
        let (status, _) = act(&place, &decide, (&other, None), &confirm).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_program_confirms_of_an_account_what_it_has_read() {
    for place in Place::all(true).await {
        place.hire(SECOND, ConsoleRole::Operator).await;
        let accounts = place.console.accounts();
        let account = accounts.find_by_login(SECOND).await.unwrap();
        let mine = acting(&place, "satu", FIRST).await;
        let which = (account.id.as_str(), SECOND);
        let by = By::actor("account:lain");
        let read_after = async |did: &str| {
            let rested = vouching::rest(&place.ground, &by, which, did).await;
            rested.unwrap();
            let (_, waiting) = ask(&place, "/api/v1/approvals", Some(&mine)).await;
            waiting["accounts"][0]["asked_at"].as_i64().unwrap()
        };
        let confirm = async |seen: i64| {
            let at = format!("approvals/accounts/{}?seen={seen}", account.id);
            act(&place, &at, (&mine, None), &json!({})).await
        };
        let before = read_after("account").await;
        place.clock.advance(1);
        let seen = read_after("password").await;
        let (status, answer) = confirm(before).await;
        let code = (status, answer["code"].as_str());
        assert_eq!(code, (StatusCode::CONFLICT, Some("not_allowed")));
        assert!(vouching::rests(&place.ground, which.0).await.unwrap());
        let (status, answer) = confirm(seen).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert!(!vouching::rests(&place.ground, which.0).await.unwrap());
    }
}

#[tokio::test]
async fn what_a_token_has_asked_for_ends_with_it_and_with_its_owner() {
    for place in Place::all(true).await {
        place.hire(SECOND, ConsoleRole::Operator).await;
        let mine = acting(&place, "satu", FIRST).await;
        let other = acting(&place, "tiga", SECOND).await;
        let at = format!("{BANDUNG}/suspension");
        let (_, asked) = act(&place, &at, (&mine, None), &why("kunci bocor")).await;
        let decide = format!("approvals/{}/decision", asked["approval"].as_str().unwrap());
        let ended = tokens::revoke(&place.ground.db, "satu", "test", 2).await;
        ended.unwrap();
        let confirm = json!({"decision": "confirm"});
        let (_, answer) = act(&place, &decide, (&other, None), &confirm).await;
        assert_eq!(answer["code"], "asker_gone");
        let refuse = json!({"decision": "refuse"});
        let (status, _) = act(&place, &decide, (&other, None), &refuse).await;
        assert_eq!(status, StatusCode::OK);
        let accounts = place.console.accounts();
        let owner = accounts.find_by_login(SECOND).await.unwrap();
        accounts.disable("test", &owner.id).await.unwrap();
        place.clock.advance(RECENT_MS);
        let (status, answer) = act(&place, &at, (&other, None), &why("x")).await;
        let code = (status, answer["code"].as_str());
        assert_eq!(code, (StatusCode::UNAUTHORIZED, Some("token_invalid")));
        let (status, _) = ask(&place, "/api/v1/approvals", Some(&other)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "nor does it read");
        accounts.enable("test", &owner.id).await.unwrap();
        let (status, _) = ask(&place, "/api/v1/approvals", Some(&other)).await;
        assert_eq!(status, StatusCode::OK, "it is theirs again");
    }
}

#[tokio::test]
async fn who_has_joined_is_let_in_by_its_fingerprint_and_who_was_invited_is_told_the_line() {
    for place in Place::all(false).await {
        let known = (&*acting(&place, "otomat", FIRST).await, None);
        place.someone_joins().await;
        let (_, waiting) = ask(&place, "/api/v1/approvals", Some(known.0)).await;
        assert_eq!(waiting["joining"][0]["instance"], "kota-bogor");
        let at = "instances/kota-bogor/admission";
        let wrong = json!({"reason": "surat", "fingerprint": "00"});
        let (_, answer) = act(&place, at, known, &wrong).await;
        assert_eq!(answer["field"], "fingerprint");
        let shown = &waiting["joining"][0]["fingerprint"];
        let right = json!({"reason": "surat", "fingerprint": shown});
        let (status, answer) = act(&place, at, known, &right).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(status_of(&place, "kota-bogor"), Some(Status::Active));

        let wrong =
            json!({"reason": "surat", "slug": "Kab Garut", "kind": "kabupaten", "name": "Garut"});
        let (status, answer) = act(&place, "invitations", known, &wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer["wrong"][0]["field"], "slug");
        let garut = json!({"reason": "surat 12", "slug": "kab-garut", "kind": "kabupaten",
            "name": "Pemerintah Kabupaten Garut", "region": "32.05"});
        let (status, made) = act(&place, "invitations", known, &garut).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert!(made["line"].as_str().unwrap().starts_with("lapor1."));
        let (actor, detail) = place.audited("instance.invited").await.remove(0);
        assert_eq!((&*actor, &*detail), ("token:otomat", "surat 12"));
        let at = "instances/kab-garut/withdrawal";
        let (status, _) = act(&place, at, known, &why("salah nama")).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(status_of(&place, "kab-garut"), Some(Status::Registered));

        let wrong = json!({"reason": "surat", "table": "slug,kind,name\nkab-garut,desa,Garut\n"});
        let (status, answer) = act(&place, "invitations/rounds", known, &wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer["wrong"][0]["column"], "kind");
        let table = "slug,kind,name\nkab-garut,kabupaten,Garut\nkota-bekasi,kota,Bekasi\n";
        let many = json!({"reason": "surat", "table": table});
        let (status, begun) = act(&place, "invitations/rounds", known, &many).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{begun}");
        let round = format!("invitations/rounds/{}", begun["round"].as_str().unwrap());
        let at = format!("/api/v1/{round}");
        let told = loop {
            let (_, told) = ask(&place, &at, Some(known.0)).await;
            if told["over"] == true {
                break told;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(told["made"][1]["slug"], "kota-bekasi", "{told}");
        let other = acting(&place, "lain", FIRST).await;
        let (status, _) = ask(&place, &at, Some(&other)).await;
        assert_eq!(
            status,
            StatusCode::NOT_FOUND,
            "the lines are the token's alone"
        );
        let (status, _) = act(&place, &format!("{round}/forgetting"), known, &json!({})).await;
        assert_eq!(status, StatusCode::OK);
        let (status, _) = ask(&place, &at, Some(known.0)).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_program_looks_after_the_hub() {
    for place in Place::all(false).await {
        watch::look(&place.console.hub).await.unwrap();
        let known = (&*acting(&place, "otomat", FIRST).await, None);
        let at = "roadmap/32.05";
        let plan = json!({"planned": "2027-q1", "level": "exchanging"});
        let (status, answer) = act(&place, at, known, &plan).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        for (plan, field) in [
            (json!({"level": "joined"}), "planned"),
            (json!({"planned": "2027-q1", "level": "revoked"}), "level"),
        ] {
            let (_, answer) = act(&place, at, known, &plan).await;
            assert_eq!(answer["field"], field, "{answer}");
        }
        let (_, answer) = act(&place, at, known, &json!({"planned": "soon"})).await;
        assert_eq!(answer["field"], "planned");
        let (_, map) = ask(&place, "/api/v1/roadmap", Some(known.0)).await;
        let places = map["places"].as_array().unwrap();
        let garut = places.iter().find(|place| place["region"] == "32.05");
        assert_eq!(garut.unwrap()["planned"], "2027-Q1");
        assert_eq!(garut.unwrap()["planned_level"], "exchanging");

        let until = place.console.hub.now_ms() + 3_600_000;
        let body = json!({"reason": "ganti disk", "until": until});
        let (status, answer) = act(&place, "maintenance", known, &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let (_, told) = ask(&place, "/api/v1/maintenance", Some(known.0)).await;
        assert_eq!(told["notice"]["on"], true, "{told}");
        let (status, _) = act(&place, "maintenance/end", known, &why("selesai")).await;
        assert_eq!(status, StatusCode::OK);
        let (status, _) = act(&place, "recovery/close", known, &why("cukup")).await;
        assert_eq!(status, StatusCode::CONFLICT, "nothing was restored");

        let body = json!({"reason": "rutin", "name": "Salah Nama"});
        let (_, answer) = act(&place, "backups", known, &body).await;
        assert_eq!(answer["field"], "name");
        let (status, _) = act(&place, "backups/tidak-ada/trial", known, &why("rutin")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);

        let (status, _) = act(&place, "keys/use-key", known, &why("dini")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "none is announced");
        let (status, answer) = act(&place, "keys/announce-key", known, &why("tahunan")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let (_, answer) = act(&place, "keys/use-key", known, &why("dini")).await;
        assert_eq!(answer["code"], "left_behind");
        assert_eq!(answer["institutions"][0], "kota-bandung");
        let (_, keys) = ask(&place, "/api/v1/keys", Some(known.0)).await;
        assert_eq!(keys["signing"]["keys"][0]["state"], "announced");

        let (status, answer) = act(&place, &format!("{BANDUNG}/trial"), known, &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(answer["answered_ms"], Value::Null, "nobody is connected");

        let draft = json!({"kind": "calendar", "edition": "2027", "text": "bukan berkas"});
        let (status, answer) = act(&place, "editions/comparison", known, &draft).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer["wrong"][0]["field"], "text", "{answer}");

        let text = "date,kind,name\n2031-02-30,libur,X\n";
        let draft = json!({"kind": "calendar", "edition": "2031.1", "text": text});
        let (_, answer) = act(&place, "editions/comparison", known, &draft).await;
        let said = |n: usize| answer["wrong"][n]["text"].as_str().unwrap();
        assert!(
            said(0).starts_with("Line 2: “libur” is no kind"),
            "{answer}"
        );
        assert!(
            said(1).starts_with("Line 2 (2031-02-30 X): no date"),
            "{answer}"
        );
        assert_eq!(
            (answer["wrong"].as_array().unwrap().len(), &answer["more"]),
            (2, &json!(0))
        );
    }
}
