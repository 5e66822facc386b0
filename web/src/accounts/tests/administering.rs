//! What administrators and operators do.

use lapor_migrations::on;

use super::*;

fn called(login: &'static str, role: &'static str) -> NewAccount<'static> {
    NewAccount {
        login,
        name: "Siti Aminah",
        role,
        unit: Some("loket"),
    }
}

#[tokio::test]
async fn an_account_is_made_listed_and_changed() {
    for office in offices().await {
        let accounts = &office.accounts;
        let made = accounts
            .create("cli:root", &called(" Siti@Bandung.go.id", "officer"))
            .await;
        let (siti, _) = made.unwrap();
        assert_eq!(accounts.list().await.unwrap(), std::slice::from_ref(&siti));
        assert_eq!(
            accounts.find_by_login("siti@bandung.go.id").await.unwrap(),
            siti
        );
        let again = accounts
            .create("cli:root", &called("SITI@bandung.go.id", "admin"))
            .await;
        assert_eq!(
            again.unwrap_err(),
            AccountError::LoginTaken,
            "{}",
            office.name
        );
        let none = accounts.create("cli:root", &called("a@b.id", "king")).await;
        assert_eq!(
            none.unwrap_err().to_string(),
            "role: expected admin, officer or keeper"
        );
        let changed = accounts
            .change("cli:root", &siti.id, &called("siti@jabar.go.id", "admin"))
            .await;
        let changed = changed.unwrap();
        assert_eq!(
            (changed.login.as_str(), changed.role.code),
            ("siti@jabar.go.id", "admin")
        );
        assert_eq!(changed.unit.as_deref(), Some("loket"));
        let expected = [
            format!("cli:root account.created {} officer", siti.id),
            format!("cli:root account.changed {} admin", siti.id),
        ];
        assert_eq!(office.noted(), expected, "{}", office.name);
        let nobody = "0123456789abcdef".parse().unwrap();
        assert_eq!(accounts.find(&nobody).await, Err(AccountError::Unknown));
    }
}

#[tokio::test]
async fn an_account_that_cannot_be_read_keeps_no_other_from_the_list() {
    const DAMAGES: &str = "update accounts set role = 'king' where login = 'budi@bandung.go.id'";
    for office in offices().await {
        let siti = office.staffed("siti@bandung.go.id", "officer").await;
        office.staffed("budi@bandung.go.id", "officer").await;
        let mut tx = office.db.write().await.unwrap();
        let damaged = on!(&mut tx, c => sqlx::query(DAMAGES).execute(c).await.map(drop));
        damaged.unwrap();
        tx.commit().await.unwrap();
        let listed = office.accounts.list().await.unwrap();
        let listed: Vec<_> = listed.into_iter().map(|account| account.id).collect();
        assert_eq!(listed, [siti.id], "{}", office.name);
    }
}

#[tokio::test]
async fn another_role_ends_the_sessions_and_another_name_does_not() {
    for office in offices().await {
        let siti = office.staffed("siti@bandung.go.id", "officer").await;
        let (opened, _) = office.opened("siti@bandung.go.id").await;
        let renamed = called("siti@bandung.go.id", "officer");
        office
            .accounts
            .change("test", &siti.id, &renamed)
            .await
            .unwrap();
        assert!(
            office.session(&opened.token).await.is_some(),
            "{}",
            office.name
        );
        let promoted = called("siti@bandung.go.id", "admin");
        office
            .accounts
            .change("test", &siti.id, &promoted)
            .await
            .unwrap();
        assert!(
            office.session(&opened.token).await.is_none(),
            "{}",
            office.name
        );
    }
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_comes_back_with_its_password() {
    for office in offices().await {
        let siti = office.staffed("siti@bandung.go.id", "officer").await;
        let (opened, _) = office.opened("siti@bandung.go.id").await;
        office.accounts.disable("test", &siti.id).await.unwrap();
        assert!(
            office.session(&opened.token).await.is_none(),
            "{}",
            office.name
        );
        office.accounts.enable("test", &siti.id).await.unwrap();
        assert!(
            office.session(&opened.token).await.is_none(),
            "the session stays ended"
        );
        office.opened("siti@bandung.go.id").await;
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    for office in offices().await {
        let accounts = &office.accounts;
        let first = office.staffed("satu@bandung.go.id", "admin").await;
        let officer = called("satu@bandung.go.id", "officer");
        let last = Err(AccountError::LastAdministrator);
        assert_eq!(accounts.disable("test", &first.id).await, last);
        let demoted = accounts.change("test", &first.id, &officer).await;
        assert_eq!(demoted.map(drop), last, "{}", office.name);
        let second = office.staffed("dua@bandung.go.id", "admin").await;
        accounts.change("test", &first.id, &officer).await.unwrap();
        assert_eq!(
            accounts.disable("test", &second.id).await,
            last,
            "{}",
            office.name
        );
    }
}

#[tokio::test]
async fn a_reset_takes_the_password_and_the_sessions_and_gives_a_link() {
    for office in offices().await {
        let siti = office.staffed("siti@bandung.go.id", "officer").await;
        let (opened, _) = office.opened("siti@bandung.go.id").await;
        let link = office
            .accounts
            .reset_password("test", &siti.id)
            .await
            .unwrap();
        assert!(
            office.session(&opened.token).await.is_none(),
            "{}",
            office.name
        );
        assert!(office.enters("siti@bandung.go.id", WORDS).await.is_err());
        office
            .accounts
            .choose_password(&link, &OTHERS.into(), there())
            .await
            .unwrap();
        assert!(
            office.enters("siti@bandung.go.id", OTHERS).await.is_ok(),
            "{}",
            office.name
        );
    }
}
