//! The people of the institution by a program: units, accounts, absences, and what did not go its way.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Desk, desks, hired};
use crate::channels::Name;
use crate::channels::tests::on_paper;
use crate::staff::StaffRole;
use crate::store::channels::lines::{self, LineRow};
use crate::testing::NOW;
use crate::tokens::Role;

#[tokio::test]
async fn units_are_added_renamed_and_closed() {
    for desk in desks("kota-bandung").await {
        let odd = json!({"id": "Dinas PU", "name": "Dinas PU"});
        let odd = desk.post(Role::Admin, "/api/v1/units", &odd).await;
        assert_eq!(odd.json()["field"], "unit", "{}", odd.text());
        let unit = json!({"id": "dinas-pu", "name": "Dinas PU"});
        let added = desk.post(Role::Admin, "/api/v1/units", &unit).await;
        assert_eq!(added.json(), unit, "{}", added.text());
        let one = "/api/v1/units/dinas-pu";
        let renamed = desk
            .patch(Role::Admin, one, &json!({"name": "Dinas SDABM"}))
            .await;
        assert_eq!(renamed.status, StatusCode::NO_CONTENT, "{}", renamed.text());
        let listed = desk.get(Role::Reader, "/api/v1/units").await.json();
        assert_eq!(listed["units"][0]["name"], "Dinas SDABM");
        assert_eq!(
            desk.delete(Role::Admin, one).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            desk.delete(Role::Admin, one).await.status,
            StatusCode::NOT_FOUND
        );
        let unknown = desk
            .patch(Role::Admin, "/api/v1/units/x", &json!({"name": "X"}))
            .await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn an_account_is_made_changed_disabled_and_never_the_last_administrator() {
    for desk in desks("kota-bandung").await {
        let post = async |body: &Value| desk.post(Role::Admin, "/api/v1/accounts", body).await;
        for (body, field) in [
            (
                json!({"login": "siti", "name": "Siti", "role": "officer"}),
                "login",
            ),
            (
                json!({"login": "s@b.id", "name": "", "role": "officer"}),
                "name",
            ),
            (
                json!({"login": "s@b.id", "name": "Siti", "role": "officer", "unit": "x"}),
                "unit",
            ),
        ] {
            let refused = post(&body).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert_eq!(refused.json()["field"], field, "{}", refused.text());
        }
        let siti = json!({"login": "siti@bandung.go.id", "name": "Siti", "role": "officer"});
        let made = post(&siti).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        assert_eq!(made.headers["cache-control"], "no-store");
        assert!(
            made.json()["link"].as_str().unwrap().contains("/sandi"),
            "{}",
            made.text()
        );
        let taken = post(&siti).await;
        assert_eq!(
            (taken.status, &taken.json()["code"]),
            (StatusCode::CONFLICT, &json!("known"))
        );
        let id = made.json()["account"]["id"].as_str().unwrap().to_owned();
        let one = format!("/api/v1/accounts/{id}");
        let leads = desk
            .patch(Role::Admin, &one, &json!({"role": "leader"}))
            .await;
        assert_eq!(leads.json()["role"], "leader", "{}", leads.text());
        assert_eq!(leads.json()["name"], "Siti", "what is left out stays");
        let king = desk
            .patch(Role::Admin, &one, &json!({"role": "king"}))
            .await;
        assert_eq!(king.status, StatusCode::UNPROCESSABLE_ENTITY);
        let off = format!("{one}/state");
        let off = desk
            .put(Role::Admin, &off, &json!({"state": "disabled"}))
            .await;
        assert_eq!(off.status, StatusCode::NO_CONTENT);
        let listed = desk.get(Role::Admin, "/api/v1/accounts").await.json();
        assert_eq!(listed["accounts"][0]["state"], "disabled", "{listed}");
        let admin = hired(&desk.place, "dewi@bandung.go.id", StaffRole::Admin).await;
        let last = format!("/api/v1/accounts/{admin}/state");
        let last = desk
            .put(Role::Admin, &last, &json!({"state": "disabled"}))
            .await;
        assert_eq!(last.status, StatusCode::CONFLICT, "{}", last.text());
        let letters = format!("/api/v1/accounts/{admin}/letters");
        let chosen = desk
            .put(Role::Admin, &letters, &json!({"choice": "each"}))
            .await;
        assert_eq!(chosen.status, StatusCode::NO_CONTENT);
        let odd = desk
            .put(Role::Admin, &letters, &json!({"choice": "hourly"}))
            .await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
        let link = format!("/api/v1/accounts/{admin}/password-link");
        let link = desk.post(Role::Admin, &link, &json!(null)).await;
        assert_eq!(
            link.json()["account"]["has_password"],
            false,
            "{}",
            link.text()
        );
        let sessions = format!("/api/v1/accounts/{admin}/sessions");
        assert_eq!(
            desk.delete(Role::Admin, &sessions).await.status,
            StatusCode::NO_CONTENT
        );
        let nobody = "/api/v1/accounts/0123456789abcdef/sessions";
        assert_eq!(
            desk.delete(Role::Admin, nobody).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn somebody_who_is_away_has_a_stand_in_until_they_are_back() {
    for desk in desks("kota-bandung").await {
        let siti = hired(&desk.place, "siti@bandung.go.id", StaffRole::Officer).await;
        let budi = hired(&desk.place, "budi@bandung.go.id", StaffRole::Officer).await;
        let at = format!("/api/v1/absences/{siti}");
        let until = (desk.place.node.today() + chrono::Days::new(3)).to_string();
        for (body, field) in [
            (json!({"stand_in": budi, "until": "kemarin"}), "until"),
            (json!({"stand_in": siti, "until": until}), "stand_in"),
        ] {
            let refused = desk.put(Role::Admin, &at, &body).await;
            assert_eq!(refused.json()["field"], field, "{}", refused.text());
        }
        let away = json!({"stand_in": budi, "until": until});
        let noted = desk.put(Role::Admin, &at, &away).await;
        assert_eq!(noted.status, StatusCode::NO_CONTENT, "{}", noted.text());
        let listed = desk.get(Role::Admin, "/api/v1/absences").await.json();
        let line = json!({"account": siti, "stand_in": budi, "until": until});
        assert_eq!(listed["absences"], json!([line]));
        let officers = desk.get(Role::Officer, "/api/v1/officers").await.json();
        let officers = officers["officers"].as_array().unwrap();
        let one = officers.iter().find(|one| one["account"] == json!(siti));
        assert_eq!(one.unwrap()["stand_in"], json!(budi));
        let (actor, detail) = desk.place.audited("absence.noted").await.remove(0);
        assert_eq!(actor, "token:admin");
        assert!(detail.starts_with(&format!("account:{siti}: ")), "{detail}");
        assert_eq!(
            desk.delete(Role::Admin, &at).await.status,
            StatusCode::NO_CONTENT
        );
        let listed = desk.get(Role::Admin, "/api/v1/absences").await.json();
        assert_eq!(listed, json!({"absences": []}));
    }
}

#[tokio::test]
async fn what_did_not_go_its_way_is_listed_and_what_is_arranged_is_read() {
    for desk in desks("kota-bandung").await {
        let aside = desk
            .get(Role::Admin, "/api/v1/quarantine?refused=true")
            .await;
        assert_eq!(aside.json(), json!({"messages": []}), "{}", aside.text());
        for (message, status) in [("entah", 404), ("outbox:404", 404)] {
            let path = format!("/api/v1/quarantine/{message}/replay");
            let missing = desk.post(Role::Admin, &path, &json!(null)).await;
            assert_eq!(missing.status.as_u16(), status, "{}", missing.text());
        }
        let why = json!({"reason": ""});
        let why = desk
            .post(Role::Admin, "/api/v1/quarantine/outbox:4/refusal", &why)
            .await;
        assert_eq!(why.json()["field"], "reason", "{}", why.text());
        let post = desk.get(Role::Admin, "/api/v1/letters").await.json();
        assert_eq!((&post["on"], &post["refused"]), (&json!(false), &json!(0)));
        let none = desk.delete(Role::Admin, "/api/v1/letters/7").await;
        assert_eq!(none.status, StatusCode::NOT_FOUND);
        let contact = json!({"telephone": "(022) 000 000"});
        let kept = desk
            .put(Role::Admin, "/api/v1/arrangements/contact", &contact)
            .await;
        assert_eq!(kept.status, StatusCode::NO_CONTENT, "{}", kept.text());
        let notice = json!({"shown": false});
        let ended = desk
            .put(Role::Admin, "/api/v1/arrangements/notice", &notice)
            .await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
        let arranged = desk.get(Role::Admin, "/api/v1/arrangements").await.json();
        let said = json!({"value": "(022) 000 000", "by": "desk"});
        assert_eq!(
            (&arranged["contact"], &arranged["notice"]),
            (&said, &json!(false))
        );
        let silent = json!({"value": null, "by": "nobody"});
        assert_eq!([&arranged["approval"], &arranged["evidence"]], [&silent; 2]);
        let nobodys = desk
            .post(Role::Admin, "/api/v1/arrangements/mail-test", &json!(null))
            .await;
        assert_eq!(
            nobodys.status,
            StatusCode::FORBIDDEN,
            "nobody owns the token"
        );
    }
}

#[tokio::test]
async fn the_ways_in_and_out_are_told_and_what_is_the_matter_with_them() {
    for desk in desks("kota-bandung").await {
        let ways = async |desk: &Desk| {
            let read = desk.get(Role::Admin, "/api/v1/arrangements").await;
            assert_eq!(read.status, StatusCode::OK, "{}", read.text());
            read.json()["ways"].as_array().unwrap().clone()
        };
        let before = ways(&desk).await;
        let known: Vec<&Value> = before.iter().map(|one| &one["way"]).collect();
        let channels = Name::ALL.map(Name::as_str);
        assert_eq!(known[..channels.len()], channels);
        let beside = ["letters", "open311", "sp4n", "city", "webhooks"];
        assert_eq!(known[channels.len()..], beside);
        assert!(before.iter().all(|one| one["on"] == false), "{before:?}");
        let city = json!({
            "name": "bandung",
            "title": "Bandung 311",
            "url": "https://311.example.id/open311/v2",
        });
        let desk = desk.with(|settings| {
            settings.open311.enabled = true;
            settings.bridge.base_url = Some("https://sp4n.example.id/lapor".into());
            settings.cities = vec![serde_json::from_value(city).unwrap()];
        });
        let desk = desk.await;
        on_paper(&desk.place.node, Name::Sms);
        let down = LineRow {
            failures: 2,
            since: Some(NOW),
            problem: Some("it answers 502".into()),
            ..LineRow::default()
        };
        let mut tx = desk.place.node.write_tx().await.unwrap();
        lines::put(&mut tx, "sms", &down).await.unwrap();
        tx.commit().await.unwrap();
        let after = ways(&desk).await;
        let on = after.iter().filter(|one| one["on"] == true);
        let on: Vec<Value> = on
            .map(|one| json!([one["way"], one["city"], one["problem"]]))
            .collect();
        let expected = json!([
            ["sms", null, "it answers 502"],
            ["open311", null, null],
            ["sp4n", null, null],
            ["city", "bandung", null],
        ]);
        assert_eq!(json!(on), expected);
        let mut tx = desk.place.node.write_tx().await.unwrap();
        let well = LineRow::default();
        lines::put(&mut tx, "sms", &well).await.unwrap();
        let unfetched = lines::not_fetched(&mut tx, "sms", NOW, "it hangs up");
        unfetched.await.unwrap();
        tx.commit().await.unwrap();
        let after = ways(&desk).await;
        let sms = after.iter().find(|one| one["way"] == "sms").unwrap();
        assert_eq!(sms["problem"], "it hangs up");
    }
}
