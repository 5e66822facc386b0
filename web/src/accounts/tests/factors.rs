//! Second factors.

use totp_rs::{Builder, Secret as TotpSecret};

use super::*;

/// What an authenticator app shows at this moment.
fn code(office: &Office, offer: &FactorOffer) -> String {
    code_of(office, &offer.base32)
}

/// The same of a secret in base32.
pub fn code_of(office: &Office, base32: &str) -> String {
    let secret = TotpSecret::try_from_base32(base32).unwrap();
    let seconds = (crate::clock::Clock::now_ms(&*office.clock) / 1000) as u64;
    let totp = Builder::new().with_secret(secret).build().unwrap();
    totp.generate(seconds).to_string()
}

/// An account with a second factor: what the app has, and the recovery codes.
async fn protected(office: &Office, login: &str, role: &str) -> (FactorOffer, Vec<RecoveryCode>) {
    office.staffed(login, role).await;
    let (_, session) = office.opened(login).await;
    let offer = office.accounts.offer_factor(&session, &WORDS.into()).await;
    let offer = offer.unwrap();
    let shown = code(office, &offer);
    let confirmed = office
        .accounts
        .confirm_factor(&session, &shown, &arrival())
        .await;
    let (_, codes) = confirmed.unwrap();
    office.clock.advance(MINUTE);
    (offer, codes)
}

async fn half(office: &Office, login: &str) -> Secret {
    match office.enters(login, WORDS).await {
        Ok(Entered::CodeNeeded(opened)) => opened.token,
        other => panic!("{}: {other:?}", office.name),
    }
}

const SITI: &str = "siti@bandung.go.id";

#[tokio::test]
async fn with_a_second_factor_the_password_alone_opens_nothing() {
    for office in offices().await {
        let (offer, _) = protected(&office, SITI, "officer").await;
        let token = half(&office, SITI).await;
        assert!(office.session(&token).await.is_none(), "{}", office.name);
        let enter = async |code: String| {
            office
                .accounts
                .second_factor(&token, &code, &arrival())
                .await
        };
        assert_eq!(
            enter("000000x".into()).await.unwrap_err(),
            AccountError::Code
        );
        let opened = enter(code(&office, &offer)).await.unwrap();
        assert_ne!(
            opened.token.reveal(),
            token.reveal(),
            "a new token at a new privilege"
        );
        assert!(office.session(&opened.token).await.is_some());
        let again = enter(code(&office, &offer)).await.unwrap_err();
        assert_eq!(again, AccountError::SessionEnded, "{}", office.name);
    }
}

#[tokio::test]
async fn a_code_is_taken_once_even_from_two_places() {
    for office in offices().await {
        let (offer, _) = protected(&office, SITI, "officer").await;
        let (one, other) = (half(&office, SITI).await, half(&office, SITI).await);
        let shown = code(&office, &offer);
        let arrival = arrival();
        let (a, b) = tokio::join!(
            office.accounts.second_factor(&one, &shown, &arrival),
            office.accounts.second_factor(&other, &shown, &arrival),
        );
        assert_eq!(
            usize::from(a.is_ok()) + usize::from(b.is_ok()),
            1,
            "{}",
            office.name
        );
        // The one before is gone with it, although it would still be in the window.
        office.clock.advance(-30_000);
        let earlier = code(&office, &offer);
        office.clock.advance(30_000);
        let third = half(&office, SITI).await;
        let late = office
            .accounts
            .second_factor(&third, &earlier, &arrival)
            .await;
        assert_eq!(late.unwrap_err(), AccountError::Code, "{}", office.name);
    }
}

#[tokio::test]
async fn a_recovery_code_works_once_however_it_is_typed() {
    for office in offices().await {
        let (_, codes) = protected(&office, SITI, "officer").await;
        assert_eq!(codes.len(), 10);
        let typed = format!(" {} ", codes[3].reveal().to_uppercase().replace('-', " "));
        for expected in [None, Some(AccountError::Code)] {
            let token = half(&office, SITI).await;
            let entered = office
                .accounts
                .second_factor(&token, &typed, &arrival())
                .await;
            assert_eq!(entered.err(), expected, "{}", office.name);
        }
        let siti = office.accounts.find_by_login(SITI).await.unwrap();
        assert_eq!(office.accounts.recovery_codes_left(&siti.id).await, Ok(9));
        assert_eq!(format!("{:?}", codes[0]), "RecoveryCode");
    }
}

#[tokio::test]
async fn guessing_codes_is_slowed_down_for_the_account() {
    for office in offices().await {
        let (offer, _) = protected(&office, SITI, "officer").await;
        for _ in 0..5 {
            let token = half(&office, SITI).await;
            let wrong = office
                .accounts
                .second_factor(&token, "12345", &arrival())
                .await;
            assert_eq!(wrong.unwrap_err(), AccountError::Code);
        }
        let token = half(&office, SITI).await;
        let shown = code(&office, &offer);
        let right = office
            .accounts
            .second_factor(&token, &shown, &arrival())
            .await;
        let wait = right.unwrap_err();
        assert_eq!(
            wait,
            AccountError::Throttled { retry_after_s: 60 },
            "{}",
            office.name
        );
    }
}

#[tokio::test]
async fn whose_role_needs_a_second_factor_can_do_nothing_else_before() {
    for office in offices().await {
        office.staffed("kunci@bandung.go.id", "keeper").await;
        let (_, session) = office.opened("kunci@bandung.go.id").await;
        assert!(session.lacks_factor, "{}", office.name);
        let offer = office.accounts.offer_factor(&session, &WORDS.into()).await;
        let offer = offer.unwrap();
        assert!(
            offer
                .url
                .starts_with("otpauth://totp/Kota%20Bandung:kunci%40bandung.go.id?secret=")
        );
        let shown = code(&office, &offer);
        let confirmed = office
            .accounts
            .confirm_factor(&session, &shown, &arrival())
            .await;
        let (opened, _) = confirmed.unwrap();
        let session = office.session(&opened.token).await.unwrap();
        assert!(!session.lacks_factor, "{}", office.name);
        let removed = office
            .accounts
            .remove_own_factor(&session, &WORDS.into())
            .await;
        assert_eq!(removed, Err(AccountError::FactorNeeded), "{}", office.name);
    }
}

#[tokio::test]
async fn a_new_second_factor_is_in_force_only_after_a_code_of_it() {
    for office in offices().await {
        let (old, _) = protected(&office, SITI, "officer").await;
        let token = half(&office, SITI).await;
        let entered = office
            .accounts
            .second_factor(&token, &code(&office, &old), &arrival())
            .await;
        let session = office.session(&entered.unwrap().token).await.unwrap();
        let wrong = office.accounts.offer_factor(&session, &OTHERS.into()).await;
        assert_eq!(
            wrong.unwrap_err(),
            AccountError::Refused,
            "a session alone is not enough"
        );
        let new = office
            .accounts
            .offer_factor(&session, &WORDS.into())
            .await
            .unwrap();
        let shown = office
            .accounts
            .offered_factor(&session)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(shown.base32, new.base32, "{}", office.name);
        office.clock.advance(MINUTE);
        let token = half(&office, SITI).await;
        let old_code = code(&office, &old);
        let entered = office
            .accounts
            .second_factor(&token, &old_code, &arrival())
            .await;
        assert!(
            entered.is_ok(),
            "{}: the old one is still in force",
            office.name
        );
    }
}

#[tokio::test]
async fn a_lost_second_factor_is_taken_away_by_an_administrator() {
    for office in offices().await {
        protected(&office, SITI, "officer").await;
        let siti = office.accounts.find_by_login(SITI).await.unwrap();
        office
            .accounts
            .remove_factor("cli:root", &siti.id)
            .await
            .unwrap();
        let (_, session) = office.opened(SITI).await;
        assert!(!session.account.has_factor, "{}", office.name);
        assert!(
            office
                .noted()
                .contains(&format!("cli:root account.factor_removed {}", siti.id))
        );
        let again = office.accounts.remove_factor("cli:root", &siti.id).await;
        assert_eq!(again, Err(AccountError::NoFactor));
    }
}

#[tokio::test]
async fn the_audit_log_says_how_each_step_was_done() {
    for office in offices().await {
        let (offer, _) = protected(&office, SITI, "officer").await;
        let subject = Subject {
            issuer: "https://masuk.bandung.go.id",
            subject: "17",
        };
        let vouched = office
            .accounts
            .sign_in_vouched(SITI, subject, &arrival())
            .await;
        let Ok(Entered::CodeNeeded(half)) = vouched else {
            panic!("{}: {vouched:?}", office.name);
        };
        let shown = code(&office, &offer);
        let entered = office
            .accounts
            .second_factor(&half.token, &shown, &arrival())
            .await;
        assert!(entered.is_ok(), "{}", office.name);
        let last = office.noted().pop().unwrap();
        assert!(
            last.ends_with("account.signed_in single_sign_on code"),
            "{last}"
        );
    }
}
