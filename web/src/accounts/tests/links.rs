//! The first set-up, invitations and forgotten passwords.

use super::*;

const FIRST: NewAccount<'static> = NewAccount {
    login: "admin@bandung.go.id",
    name: "Admin Pertama",
    role: "admin",
    unit: None,
};

#[tokio::test]
async fn the_set_up_makes_one_administrator_and_then_its_token_is_dead() {
    for office in offices().await {
        let accounts = &office.accounts;
        let void = accounts.setup_link("serve").await.unwrap().unwrap();
        let token = accounts.setup_link("serve").await.unwrap().unwrap();
        let dead = accounts
            .set_up(&void, &FIRST, &WORDS.into(), &arrival())
            .await;
        assert_eq!(
            dead.unwrap_err(),
            AccountError::LinkDead,
            "a newer one ends it"
        );
        let officer = NewAccount {
            role: "officer",
            ..FIRST
        };
        let lesser = accounts
            .set_up(&token, &officer, &WORDS.into(), &arrival())
            .await;
        assert!(
            matches!(lesser, Err(AccountError::Role(_))),
            "{}",
            office.name
        );
        let weak = accounts
            .set_up(&token, &FIRST, &"pendek".into(), &arrival())
            .await;
        assert!(matches!(weak, Err(AccountError::Password(Weakness::Short))));
        let password = WORDS.into();
        let arrival = arrival();
        let (one, other) = tokio::join!(
            accounts.set_up(&token, &FIRST, &password, &arrival),
            accounts.set_up(&token, &FIRST, &password, &arrival),
        );
        assert_eq!(
            usize::from(one.is_ok()) + usize::from(other.is_ok()),
            1,
            "{}",
            office.name
        );
        let opened = one.or(other).unwrap();
        assert!(
            office
                .session(&opened.token)
                .await
                .unwrap()
                .account
                .role
                .administers
        );
        assert!(accounts.setup_link("serve").await.unwrap().is_none());
        let late = accounts
            .set_up(&token, &FIRST, &WORDS.into(), &arrival)
            .await;
        assert_eq!(late.unwrap_err(), AccountError::LinkDead, "{}", office.name);
    }
}

#[tokio::test]
async fn a_program_that_starts_again_ends_no_set_up_link_that_is_good() {
    for office in offices().await {
        let accounts = &office.accounts;
        let start = async || accounts.setup_link_at_start("serve").await.unwrap();
        assert!(matches!(start().await, FirstLink::Made(_)));
        let token = accounts.setup_link("cli:root").await.unwrap().unwrap();
        assert!(matches!(start().await, FirstLink::Known));
        assert!(accounts.link(&token, there()).await.is_ok());
        office.clock.advance(24 * HOUR);
        assert!(matches!(start().await, FirstLink::Made(_)));
        accounts.create("cli:root", &FIRST).await.unwrap();
        assert!(matches!(start().await, FirstLink::Unneeded));
    }
}

#[tokio::test]
async fn a_set_up_token_dies_with_its_day_and_with_an_administrator_made_elsewhere() {
    for office in offices().await {
        let accounts = &office.accounts;
        let token = accounts.setup_link("serve").await.unwrap().unwrap();
        office.clock.advance(24 * HOUR);
        assert_eq!(
            accounts.link(&token, there()).await.unwrap_err(),
            AccountError::LinkDead
        );
        let token = accounts.setup_link("serve").await.unwrap().unwrap();
        assert_eq!(
            accounts.link(&token, there()).await.unwrap().purpose,
            Purpose::Setup
        );
        accounts.create("cli:root", &FIRST).await.unwrap();
        let dead = accounts.link(&token, there()).await.unwrap_err();
        assert_eq!(dead, AccountError::LinkDead, "{}", office.name);
    }
}

#[tokio::test]
async fn an_invitation_chooses_a_password_once_within_three_days() {
    for office in offices().await {
        let accounts = &office.accounts;
        let (account, link) = accounts.create("test", &FIRST).await.unwrap();
        assert!(!account.has_password);
        let seen = accounts.link(&link, there()).await.unwrap();
        assert_eq!(seen.purpose, Purpose::Invitation);
        let mine = accounts
            .choose_password(&link, &"admin-bandung".into(), there())
            .await;
        assert!(
            matches!(mine, Err(AccountError::Password(Weakness::Personal))),
            "{mine:?}"
        );
        accounts
            .choose_password(&link, &WORDS.into(), there())
            .await
            .unwrap();
        let again = accounts
            .choose_password(&link, &OTHERS.into(), there())
            .await;
        assert_eq!(
            again.unwrap_err(),
            AccountError::LinkDead,
            "{}",
            office.name
        );
        let late = NewAccount {
            login: "lambat@bandung.go.id",
            ..FIRST
        };
        let (_, link) = accounts.create("test", &late).await.unwrap();
        office.clock.advance(72 * HOUR);
        let dead = accounts
            .choose_password(&link, &WORDS.into(), there())
            .await;
        assert_eq!(dead.unwrap_err(), AccountError::LinkDead, "{}", office.name);
    }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_within_an_hour_and_sessions_end() {
    for office in offices().await {
        let accounts = &office.accounts;
        office.staffed("siti@bandung.go.id", "officer").await;
        let (before, _) = office.opened("siti@bandung.go.id").await;
        let (_, void) = accounts
            .forgot(&"siti@bandung.go.id".parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        let (_, link) = accounts
            .forgot(&"Siti@Bandung.go.id".parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert!(
            accounts.link(&void, there()).await.is_err(),
            "a newer one ends it"
        );
        assert!(
            office.session(&before.token).await.is_some(),
            "asking alone changes nothing"
        );
        accounts
            .choose_password(&link, &OTHERS.into(), there())
            .await
            .unwrap();
        assert!(
            office.session(&before.token).await.is_none(),
            "{}",
            office.name
        );
        assert!(office.enters("siti@bandung.go.id", OTHERS).await.is_ok());
        let (_, link) = accounts
            .forgot(&"siti@bandung.go.id".parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        office.clock.advance(HOUR);
        assert_eq!(
            accounts.link(&link, there()).await.unwrap_err(),
            AccountError::LinkDead
        );
    }
}

#[tokio::test]
async fn nobody_is_written_to_who_has_no_account_or_too_often() {
    for office in offices().await {
        let accounts = &office.accounts;
        let siti = office.staffed("siti@bandung.go.id", "officer").await;
        let forgot = async |login: &str| {
            let login = accounts.admit_forgotten(login, there())?;
            accounts.forgot(&login).await
        };
        assert!(forgot("tidak@bandung.go.id").await.unwrap().is_none());
        for _ in 0..3 {
            assert!(forgot("siti@bandung.go.id").await.unwrap().is_some());
        }
        let often = forgot("siti@bandung.go.id").await.unwrap_err();
        assert_eq!(often.retry_after_s(), Some(20 * 60), "{}", office.name);
        accounts.disable("test", &siti.id).await.unwrap();
        office.clock.advance(HOUR);
        assert!(
            forgot("siti@bandung.go.id").await.unwrap().is_none(),
            "{}",
            office.name
        );
    }
}
