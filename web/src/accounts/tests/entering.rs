//! Passwords and sessions.

use super::*;

#[tokio::test]
async fn an_unknown_account_and_a_wrong_password_are_refused_alike() {
    for office in offices().await {
        let siti = office.staffed("siti@bandung.go.id", "officer").await;
        let invited = NewAccount {
            login: "baru@bandung.go.id",
            name: "Baru",
            role: "officer",
            unit: None,
        };
        office.accounts.create("test", &invited).await.unwrap();
        let gone = office.staffed("pensiun@bandung.go.id", "officer").await;
        office.accounts.disable("test", &gone.id).await.unwrap();
        let mut said = Vec::new();
        for (login, words) in [
            ("siti@bandung.go.id", OTHERS),
            ("tidak.ada@bandung.go.id", WORDS),
            ("baru@bandung.go.id", WORDS),
            ("pensiun@bandung.go.id", WORDS),
            ("bukan alamat", WORDS),
        ] {
            said.push(office.enters(login, words).await.unwrap_err());
        }
        assert!(said.iter().all(|e| *e == AccountError::Refused), "{said:?}");
        let noted = office.noted();
        assert!(noted.contains(&format!("{} account.refused password", siti.actor())));
        assert!(noted.contains(&"nobody account.refused password".to_owned()));
        // Nothing that is noted or printed names a person.
        let printed = format!("{noted:?} {siti:?} {said:?}");
        assert!(
            !printed.contains("bandung.go.id") && !printed.contains("Petugas"),
            "{printed}"
        );
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_and_says_when_to_come_back() {
    for office in offices().await {
        office.staffed("siti@bandung.go.id", "officer").await;
        for _ in 0..5 {
            let refused = office.enters("siti@bandung.go.id", OTHERS).await;
            assert_eq!(refused.unwrap_err(), AccountError::Refused);
        }
        let right = office
            .enters("siti@bandung.go.id", WORDS)
            .await
            .unwrap_err();
        assert_eq!(
            right,
            AccountError::Throttled { retry_after_s: 30 },
            "{}",
            office.name
        );
        // An account that does not exist is slowed down alike.
        for _ in 0..5 {
            let refused = office.enters("tidak@bandung.go.id", OTHERS).await;
            assert_eq!(refused.unwrap_err(), AccountError::Refused);
        }
        let unknown = office
            .enters("tidak@bandung.go.id", WORDS)
            .await
            .unwrap_err();
        assert_eq!(unknown, right, "{}", office.name);
        // Whoever guesses elsewhere does not keep the owner out.
        let elsewhere = "198.51.100.9".parse().unwrap();
        let owner = office
            .enters_from("siti@bandung.go.id", WORDS, elsewhere)
            .await;
        assert!(matches!(owner, Ok(Entered::Open(_))), "{}", office.name);
        office.clock.advance(30_000);
        let later = office.enters("siti@bandung.go.id", WORDS).await;
        assert!(matches!(later, Ok(Entered::Open(_))), "{}", office.name);
    }
}

#[tokio::test]
async fn one_network_cannot_try_all_accounts_and_all_networks_cannot_try_one() {
    for office in offices().await {
        let mut tries = 0;
        let one = loop {
            let login = format!("nama{tries}@bandung.go.id");
            match office.enters(&login, WORDS).await.unwrap_err() {
                AccountError::Refused => tries += 1,
                other => break other,
            }
        };
        assert!(matches!(one, AccountError::Throttled { .. }), "{one}");
        assert_eq!(tries, 50, "{}", office.name);
        let mut tries = 0_u8;
        let all = loop {
            let from = IpAddr::from([198, 51, 100, tries]);
            let entered = office.enters_from("siti@bandung.go.id", WORDS, from).await;
            match entered.unwrap_err() {
                AccountError::Refused => tries += 1,
                other => break other,
            }
        };
        assert!(matches!(all, AccountError::Throttled { .. }), "{all}");
        assert_eq!(tries, 50, "{}", office.name);
    }
}

#[tokio::test]
async fn whoever_goes_on_guessing_fills_the_audit_log_with_a_line_a_minute_at_most() {
    for office in offices().await {
        for number in 0..200 {
            office.clock.advance(3_000);
            let login = format!("nama{number}@bandung.go.id");
            let refused = office.enters(&login, WORDS).await.unwrap_err();
            assert_eq!(refused, AccountError::Refused, "{}", office.name);
        }
        let noted = office.noted().len();
        assert!((100..=110).contains(&noted), "{noted}");
        let elsewhere = "198.51.100.9".parse().unwrap();
        let login = "siti@bandung.go.id";
        let refused = office.enters_from(login, WORDS, elsewhere).await;
        assert!(refused.is_err());
        assert_eq!(office.noted().len(), noted + 1, "another network");
    }
}

#[tokio::test]
async fn whoever_has_used_up_what_is_noted_of_a_network_keeps_no_account_out_of_the_audit_log() {
    for office in offices().await {
        let siti = office.staffed("siti@bandung.go.id", "officer").await;
        for number in 0..150 {
            office.clock.advance(3_000);
            let login = format!("nama{number}@bandung.go.id");
            office.enters(&login, WORDS).await.unwrap_err();
        }
        for _ in 0..3 {
            let refused = office.enters("siti@bandung.go.id", "bukan kata sandinya");
            assert_eq!(refused.await.unwrap_err(), AccountError::Refused);
        }
        let refused = format!("{} account.refused password", siti.actor());
        let of_siti = || {
            let noted = office.noted().into_iter();
            noted
                .filter(|line| line.starts_with(&refused))
                .collect::<Vec<_>>()
        };
        assert_eq!(of_siti(), Vec::<String>::new());
        for _ in 0..2 {
            office.accounts.sweep().await.unwrap();
            assert_eq!(of_siti(), [format!("{refused} 3")], "{}", office.name);
        }
    }
}

#[tokio::test]
async fn a_log_in_makes_a_new_token_and_ends_the_one_that_was_there() {
    for office in offices().await {
        office.staffed("siti@bandung.go.id", "officer").await;
        office.staffed("budi@bandung.go.id", "officer").await;
        // A token that an attacker planted is none, whoever logs in with it.
        let planted = Secret::random();
        let (own, _) = office.opened("budi@bandung.go.id").await;
        for before in [&planted, &own.token] {
            let arrival = Arrival {
                replaces: Some(before),
                ..arrival()
            };
            let entered = office
                .accounts
                .sign_in("siti@bandung.go.id", &WORDS.into(), &arrival)
                .await;
            let Ok(Entered::Open(opened)) = entered else {
                panic!("{}", office.name);
            };
            assert_ne!(opened.token.reveal(), before.reveal());
            assert!(office.session(before).await.is_none(), "{}", office.name);
            assert!(office.session(&opened.token).await.is_some());
        }
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
    for office in offices().await {
        office.staffed("siti@bandung.go.id", "officer").await;
        let (idle, _) = office.opened("siti@bandung.go.id").await;
        let (used, _) = office.opened("siti@bandung.go.id").await;
        office.clock.advance(29 * MINUTE);
        assert!(office.session(&used.token).await.is_some());
        let looked = office.accounts.session_untouched(&idle.token).await;
        assert!(
            looked.unwrap().is_some(),
            "a page that asks by itself keeps nothing open"
        );
        office.clock.advance(2 * MINUTE);
        assert!(
            office.session(&idle.token).await.is_none(),
            "{}",
            office.name
        );
        for _ in 0..25 {
            assert!(
                office.session(&used.token).await.is_some(),
                "{}",
                office.name
            );
            office.clock.advance(27 * MINUTE);
        }
        office.clock.advance(20 * MINUTE);
        assert!(
            office.session(&used.token).await.is_none(),
            "{}",
            office.name
        );
        assert_eq!(office.accounts.sweep().await.unwrap(), 2, "{}", office.name);
    }
}

#[tokio::test]
async fn a_session_is_open_although_its_use_cannot_be_noted() {
    // The use of one is noted, that of another is refused.
    const REFUSES: &str =
        "create unique index refuses on sessions (stage) where seen_at > 1790000000000";
    for office in offices().await {
        office.staffed("siti@bandung.go.id", "officer").await;
        let (first, _) = office.opened("siti@bandung.go.id").await;
        let (second, _) = office.opened("siti@bandung.go.id").await;
        let mut tx = office.db.write().await.unwrap();
        lapor_migrations::on!(&mut tx, c => sqlx::query(REFUSES).execute(c).await.map(drop))
            .unwrap();
        tx.commit().await.unwrap();
        office.clock.advance(MINUTE);
        for opened in [&first, &second] {
            let session = office.session(&opened.token).await;
            assert!(session.is_some(), "{}", office.name);
        }
        office.clock.advance(29 * MINUTE + MINUTE / 2);
        assert!(office.session(&first.token).await.is_some());
        assert!(office.session(&second.token).await.is_none());
    }
}

#[tokio::test]
async fn a_session_goes_on_no_longer_by_a_clock_that_was_ahead() {
    for office in offices().await {
        office.staffed("siti@bandung.go.id", "officer").await;
        let (near, _) = office.opened("siti@bandung.go.id").await;
        let (far, _) = office.opened("siti@bandung.go.id").await;
        office.clock.set_off(-45 * MINUTE);
        let found = office.session(&near.token).await;
        assert!(found.is_some(), "{}: it was a little", office.name);
        office.clock.advance(31 * MINUTE);
        let found = office.session(&near.token).await;
        assert!(found.is_none(), "{}: it was idle since", office.name);
        office.clock.set_off(-24 * HOUR);
        let found = office.session(&far.token).await;
        assert!(found.is_none(), "{}", office.name);
    }
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    for office in offices().await {
        let siti = office.staffed("siti@bandung.go.id", "officer").await;
        let (first, _) = office.opened("siti@bandung.go.id").await;
        office.clock.advance(1000);
        let (second, here) = office.opened("siti@bandung.go.id").await;
        office.clock.advance(1000);
        let (third, _) = office.opened("siti@bandung.go.id").await;
        let listed = office.accounts.sessions(&siti.id).await.unwrap();
        assert_eq!(listed.len(), 3, "{}", office.name);
        assert_eq!(
            (listed[1].id.as_str(), listed[1].agent.as_str()),
            (&*here.id, "Firefox")
        );
        let (actor, oldest) = (siti.actor(), &listed[2].id);
        office
            .accounts
            .end_session(&actor, &siti.id, oldest)
            .await
            .unwrap();
        assert!(office.session(&first.token).await.is_none());
        let budi = office.staffed("budi@bandung.go.id", "officer").await;
        let foreign = office
            .accounts
            .end_session(&budi.actor(), &budi.id, &here.id)
            .await;
        assert_eq!(foreign, Err(AccountError::SessionEnded), "{}", office.name);
        assert_eq!(office.accounts.end_other_sessions(&here).await, Ok(1));
        assert!(office.session(&third.token).await.is_none());
        office.accounts.sign_out(&second.token).await.unwrap();
        assert!(
            office.session(&second.token).await.is_none(),
            "{}",
            office.name
        );
        office.accounts.sign_out(&second.token).await.unwrap();
    }
}

#[tokio::test]
async fn an_account_has_so_many_sessions_and_no_more() {
    for office in offices().await {
        let siti = office.staffed("siti@bandung.go.id", "officer").await;
        let (first, _) = office.opened("siti@bandung.go.id").await;
        for _ in 0..20 {
            office.clock.advance(10_000);
            office.opened("siti@bandung.go.id").await;
        }
        assert!(
            office.session(&first.token).await.is_none(),
            "{}",
            office.name
        );
        let listed = office.accounts.sessions(&siti.id).await.unwrap();
        assert_eq!(listed.len(), 20, "{}", office.name);
    }
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session_and_renews_this_one() {
    for office in offices().await {
        office.staffed("siti@bandung.go.id", "officer").await;
        let (other, _) = office.opened("siti@bandung.go.id").await;
        let (mine, session) = office.opened("siti@bandung.go.id").await;
        let change = |current: &str, new: &str| {
            let (current, new) = (Password::from(current), Password::from(new));
            let (accounts, session) = (&office.accounts, &session);
            async move {
                accounts
                    .change_password(session, &current, &new, &arrival())
                    .await
            }
        };
        let wrong = change(OTHERS, OTHERS).await.unwrap_err();
        assert_eq!(wrong, AccountError::Refused);
        let weak = change(WORDS, "bandung-2026").await.unwrap_err();
        assert!(matches!(weak, AccountError::Password(_)), "{weak}");
        assert!(office.session(&other.token).await.is_some());
        let renewed = change(WORDS, OTHERS).await.unwrap();
        for gone in [&other.token, &mine.token] {
            assert!(office.session(gone).await.is_none(), "{}", office.name);
        }
        assert!(office.session(&renewed.token).await.is_some());
        assert!(office.enters("siti@bandung.go.id", WORDS).await.is_err());
        let new = office.enters("siti@bandung.go.id", OTHERS).await;
        assert!(matches!(new, Ok(Entered::Open(_))), "{}", office.name);
    }
}

#[tokio::test]
async fn in_a_session_that_has_been_ended_nothing_is_changed_though_the_password_is_right() {
    for office in offices().await {
        let siti = office.staffed("siti@bandung.go.id", "officer").await;
        let (_, session) = office.opened("siti@bandung.go.id").await;
        let (accounts, words) = (&office.accounts, Password::from(WORDS));
        accounts.end_sessions("cli:root", &siti.id).await.unwrap();
        let new = Password::from(OTHERS);
        let changed = accounts
            .change_password(&session, &words, &new, &arrival())
            .await;
        let ended = AccountError::SessionEnded;
        assert_eq!(changed.unwrap_err(), ended, "{}", office.name);
        let offered = accounts.offer_factor(&session, &words).await;
        assert_eq!(offered.unwrap_err(), ended, "{}", office.name);
        let codes = accounts.renew_recovery_codes(&session, &words).await;
        assert_eq!(codes.unwrap_err(), ended, "{}", office.name);
        let removed = accounts.remove_own_factor(&session, &words).await;
        assert_eq!(removed, Err(ended), "{}", office.name);
        let before = office.enters("siti@bandung.go.id", WORDS).await;
        assert!(matches!(before, Ok(Entered::Open(_))), "{}", office.name);
    }
}

#[tokio::test]
async fn no_token_and_no_password_stands_in_the_database() {
    const ALL: &str =
        "select a.password, s.hash from accounts a join sessions s on s.account = a.id";
    for office in offices().await {
        office.staffed("siti@bandung.go.id", "officer").await;
        let (opened, _) = office.opened("siti@bandung.go.id").await;
        let mut tx = office.db.read().await.unwrap();
        let rows: Vec<(String, Vec<u8>)> =
            lapor_migrations::on!(&mut tx, c => sqlx::query_as(ALL).fetch_all(c).await).unwrap();
        assert_eq!(rows.len(), 1, "{}", office.name);
        assert!(rows[0].0.starts_with("$argon2id$"));
        assert_ne!(rows[0].1, opened.token.reveal().as_bytes());
        assert_eq!(rows[0].1, opened.token.hash());
    }
}
