//! Single sign-on at the console, against a provider in the process of the test.

use lapor_migrations::on;
use lapor_web::people::Office as _;
use lapor_web::sign_on::stand_in::{StandIn, Word};

use super::*;

impl Place {
    /// The same place, whose console sends people to a provider, and makes accounts of this role
    /// for those who have none.
    async fn signed_on(mut self, provider: &StandIn, create_as: Option<ConsoleRole>) -> Self {
        let ground = Arc::clone(&self.ground);
        let mut settings = ground.settings.clone();
        settings.single_sign_on.issuer = Some(provider.issuer.clone());
        settings.single_sign_on.client_id = "lapor".to_owned();
        settings.single_sign_on.create_as = create_as;
        settings.console.public_url = Some("http://lapor.test".to_owned().try_into().unwrap());
        let keyring = Keyring::load(&settings).unwrap();
        let shared = Arc::clone(&self.clock);
        let ground = Ground::new(settings, ground.db.clone(), keyring, shared).await;
        self.ground = ground.unwrap();
        self.console = Console::of(&Hub::start(Arc::clone(&self.ground)).await.unwrap());
        self
    }
}

/// Goes to the provider and comes back with what it says.
async fn comes_back(place: &Place, provider: &StandIn, word: &Word) -> (Browser, Page) {
    let browser = Browser::before(&place.console);
    let there = browser.open("/masuk/sso?next=/konsol/alarm").await;
    let back = provider.vouches(&there.is(StatusCode::SEE_OTHER).to, word);
    let page = browser.open(&back).await;
    (browser, page)
}

#[tokio::test]
async fn an_operator_comes_in_by_the_provider_and_whoever_has_no_account_does_not() {
    lapor_certs::tls::install_default_provider();
    for place in Place::all(false).await {
        let provider = StandIn::start(NOW).await;
        let place = place.signed_on(&provider, None).await;
        let operator = Word::about("operator@pusat.example");
        let (browser, page) = comes_back(&place, &provider, &operator).await;
        assert_eq!(page.is(StatusCode::SEE_OTHER).to, "/konsol/alarm");
        browser.open("/konsol/petugas").await.is(StatusCode::OK);
        let signed_in = place.audited("account.signed_in").await;
        assert_eq!(signed_in[0].1, "single_sign_on");
        for word in [
            Word {
                subject: "18",
                ..Word::about("asing@pusat.example")
            },
            Word {
                forged: true,
                ..operator.clone()
            },
            Word {
                audience: "lain",
                ..operator
            },
        ] {
            let (browser, page) = comes_back(&place, &provider, &word).await;
            assert_eq!(page.to, "/masuk");
            assert_eq!(browser.open("/konsol").await.to, "/masuk?next=/konsol");
        }
    }
}

#[tokio::test]
async fn an_operator_whom_the_provider_alone_vouches_for_rests_where_two_must_agree() {
    lapor_certs::tls::install_default_provider();
    for second_person in [false, true] {
        for place in Place::all(second_person).await {
            let provider = StandIn::start(NOW).await;
            let role = Some(ConsoleRole::Operator);
            let place = place.signed_on(&provider, role).await;
            let word = Word {
                subject: "18",
                ..Word::about("baru@pusat.example")
            };
            let (new, page) = comes_back(&place, &provider, &word).await;
            page.is(StatusCode::SEE_OTHER);
            let rested = place.audited("operator.rests").await;
            if !second_person {
                new.open("/konsol/petugas").await.is(StatusCode::OK);
                assert!(rested.is_empty(), "{rested:?}");
                continue;
            }
            new.open("/konsol/petugas").await.is(StatusCode::FORBIDDEN);
            assert_eq!(rested[0].0, "single_sign_on");
            let (again, _) = comes_back(&place, &provider, &word).await;
            again.open("/konsol").await.is(StatusCode::FORBIDDEN);
            let accounts = place.console.accounts();
            let account = accounts.find_by_login("baru@pusat.example").await.unwrap();
            let operator = place.enters(&login(ConsoleRole::Operator)).await;
            let at = format!("/konsol/persetujuan/akun/{}", account.id);
            operator.open("/konsol/persetujuan").await.shows(&at);
            operator.post(&at, &[]).await.is(StatusCode::SEE_OTHER);
            again.open("/konsol/petugas").await.is(StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn a_newcomer_who_administers_nothing_needs_nobody_to_confirm_it() {
    lapor_certs::tls::install_default_provider();
    for place in Place::all(true).await {
        let provider = StandIn::start(NOW).await;
        let role = Some(ConsoleRole::Auditor);
        let place = place.signed_on(&provider, role).await;
        let word = Word {
            subject: "18",
            ..Word::about("baru@pusat.example")
        };
        let (new, _) = comes_back(&place, &provider, &word).await;
        new.open("/konsol").await.is(StatusCode::OK);
        assert!(place.audited("operator.rests").await.is_empty());
    }
}

#[tokio::test]
async fn no_operator_stands_in_the_database_before_it_rests() {
    const AWAY: &str = "alter table resting_accounts rename to resting_elsewhere";
    lapor_certs::tls::install_default_provider();
    for place in Place::all(true).await {
        let provider = StandIn::start(NOW).await;
        let role = Some(ConsoleRole::Operator);
        let place = place.signed_on(&provider, role).await;
        // As where whoever asks hangs up before that is noted.
        let mut tx = place.ground.db.write().await.unwrap();
        on!(&mut tx, conn => sqlx::query(AWAY).execute(conn).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        let word = Word {
            subject: "18",
            ..Word::about("baru@pusat.example")
        };
        let (_, page) = comes_back(&place, &provider, &word).await;
        assert!(page.status.is_server_error(), "{}", page.status);
        let new = NewAccount {
            login: "asing@pusat.example",
            name: "Petugas Baru",
            role: ConsoleRole::Operator.as_str(),
            unit: None,
        };
        let made = place.console.create("account:1", &new, Some("why")).await;
        assert!(made.is_err(), "it was made");
        let accounts = place.console.accounts();
        for login in ["baru@pusat.example", new.login] {
            assert!(accounts.find_by_login(login).await.is_err(), "{login}");
        }
    }
}
