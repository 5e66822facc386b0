//! Single sign-on against a provider in the process of the test.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use lapor_web::accounts::NewAccount;
use lapor_web::sign_on::stand_in::{StandIn, WORDS, Word};
use lapor_web::sign_on::{Claim, PATIENCE_S, SignOnError};
use tokio::net::TcpSocket;
use tower::ServiceExt as _;

use crate::doors::router;
use crate::staff::StaffRole;
use crate::testing::{NOW, Place, databases};

const SITI: &str = "siti@bandung.go.id";

/// A node beside a provider that vouches for Siti, who has an account.
struct Scene {
    place: Place,
    provider: StandIn,
}

impl Scene {
    async fn all() -> Vec<Self> {
        lapor_certs::tls::install_default_provider();
        let mut out = Vec::new();
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            let provider = StandIn::start(NOW).await;
            let sso = &mut place.settings.single_sign_on;
            sso.issuer = Some(provider.issuer.clone());
            sso.client_id = "lapor".into();
            place.settings.portal.public_url =
                Some(String::from("http://lapor.test").try_into().unwrap());
            place.node = place.reopened().await;
            let new = NewAccount {
                login: SITI,
                name: "Siti Aminah",
                role: StaffRole::Officer.as_str(),
                unit: None,
            };
            place.node.create_account("test", &new).await.unwrap();
            out.push(Self { place, provider });
        }
        out
    }

    fn router(&self) -> Router {
        router(self.place.node.clone())
    }

    /// Goes to the provider and comes back with what it says; gives the last answer.
    async fn enters(&self, word: &Word) -> Answer {
        let router = self.router();
        let (there, cookie) = leaves(&router, "/masuk/sso?next=/meja/audit").await;
        let back = self.provider.vouches(&there, word);
        open(&router, &back, &cookie).await
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
}

impl Answer {
    fn to(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }

    fn cookie(&self, name: &str) -> Option<String> {
        let all = self.headers.get_all("set-cookie").iter();
        let mut lines = all.filter_map(|line| line.to_str().ok());
        let line = lines.find(|line| line.starts_with(&format!("{name}=")))?;
        line.split(';').next().map(str::to_owned)
    }

    fn is_in(&self) -> bool {
        self.cookie("lapor-session")
            .is_some_and(|cookie| cookie.len() > 40)
    }
}

async fn open(router: &Router, path: &str, cookie: &str) -> Answer {
    let request = Request::get(path)
        .header("accept", "text/html")
        .header("cookie", cookie);
    let request = request.body(Body::empty()).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    body.collect().await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
    }
}

/// The provider's page to which the node sends, and the cookie that it gives.
async fn leaves(router: &Router, path: &str) -> (String, String) {
    let gone = open(router, path, "").await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    (
        gone.to().to_owned(),
        gone.cookie("lapor_sso").unwrap_or_default(),
    )
}

fn siti() -> Word {
    Word::about(SITI)
}

#[tokio::test]
async fn somebody_with_an_account_comes_in_and_where_they_wanted_to_go() {
    for scene in Scene::all().await {
        let entered = scene.enters(&siti()).await;
        assert_eq!(
            (entered.status, entered.to()),
            (StatusCode::SEE_OTHER, "/meja/audit")
        );
        assert!(entered.is_in());
        let signed_in = scene.place.audited("account.signed_in").await;
        assert_eq!(signed_in[0].1, "single_sign_on");
        let session = entered.cookie("lapor-session").unwrap();
        assert_eq!(
            open(&scene.router(), "/meja/akun", &session).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn the_next_place_is_of_this_site_only() {
    for scene in Scene::all().await {
        for next in [
            "https://jahat.example/",
            "//jahat.example",
            "/%5Cjahat.example",
        ] {
            let router = scene.router();
            let (there, cookie) = leaves(&router, &format!("/masuk/sso?next={next}")).await;
            let back = scene.provider.vouches(&there, &siti());
            assert_eq!(open(&router, &back, &cookie).await.to(), "/meja", "{next}");
        }
    }
}

#[tokio::test]
async fn whoever_has_no_account_stays_outside_unless_a_role_is_set_for_them() {
    for mut scene in Scene::all().await {
        let budi = Word::about("budi@bandung.go.id");
        let refused = scene.enters(&budi).await;
        assert!(refused.to() == "/masuk" && !refused.is_in());
        scene.place.settings.single_sign_on.create_as = Some(StaffRole::Leader);
        scene.place.node = scene.place.reopened().await;
        assert!(scene.enters(&budi).await.is_in());
        assert!(scene.enters(&budi).await.is_in(), "the second time as well");
        let accounts = scene.place.node.accounts();
        let made = accounts.find_by_login("budi@bandung.go.id").await.unwrap();
        assert_eq!(
            (made.role.code, made.name.as_str()),
            ("leader", "Orang Bandung")
        );
        accounts.disable("test", &made.id).await.unwrap();
        assert!(
            !scene.enters(&budi).await.is_in(),
            "a disabled account stays disabled"
        );
    }
}

#[tokio::test]
async fn a_word_that_is_not_for_this_log_in_opens_nothing() {
    for scene in Scene::all().await {
        for (what, word) in [
            (
                "another nonce",
                Word {
                    nonce: Some("lain".into()),
                    ..siti()
                },
            ),
            (
                "another audience",
                Word {
                    audience: "bukan-lapor",
                    ..siti()
                },
            ),
            (
                "another issuer",
                Word {
                    issuer: Some("https://jahat.example".into()),
                    ..siti()
                },
            ),
            (
                "an old word",
                Word {
                    age_s: 7200,
                    ..siti()
                },
            ),
            (
                "another key",
                Word {
                    forged: true,
                    ..siti()
                },
            ),
            (
                "an address that is not verified",
                Word {
                    verified: false,
                    ..siti()
                },
            ),
        ] {
            let refused = scene.enters(&word).await;
            assert!(refused.to() == "/masuk" && !refused.is_in(), "{what}");
        }
    }
}

#[tokio::test]
async fn an_answer_counts_once_in_the_browser_that_asked_and_not_too_late() {
    for scene in Scene::all().await {
        let router = scene.router();
        let (there, cookie) = leaves(&router, "/masuk/sso").await;
        let back = scene.provider.vouches(&there, &siti());
        assert!(
            !open(&router, &back, "lapor_sso=orang-lain").await.is_in(),
            "another browser"
        );
        assert!(
            !open(&router, &back, &cookie).await.is_in(),
            "it is used up"
        );
        let (there, cookie) = leaves(&router, "/masuk/sso").await;
        let back = scene.provider.vouches(&there, &siti());
        assert!(open(&router, &back, &cookie).await.is_in());
        assert!(
            !open(&router, &back, &cookie).await.is_in(),
            "a second time"
        );
        let (there, cookie) = leaves(&router, "/masuk/sso").await;
        let back = scene.provider.vouches(&there, &siti());
        scene.place.clock.advance(PATIENCE_S * 1000);
        assert!(!open(&router, &back, &cookie).await.is_in(), "too late");
        assert!(
            !open(&router, "/masuk/sso/kembali?state=a&code=b", "")
                .await
                .is_in()
        );
    }
}

#[tokio::test]
async fn a_log_in_that_was_broken_off_at_the_provider_asks_for_no_token() {
    for scene in Scene::all().await {
        let router = scene.router();
        let (there, cookie) = leaves(&router, "/masuk/sso").await;
        let back = scene.provider.vouches(&there, &siti());
        let state = back.split(['=', '&']).nth(1).unwrap();
        let called = scene.provider.called();
        let denied = format!("/masuk/sso/kembali?error=access_denied&state={state}");
        let refused = open(&router, &denied, &cookie).await;
        assert!(refused.to() == "/masuk" && !refused.is_in());
        assert!(!open(&router, &back, &cookie).await.is_in(), "it is over");
        assert_eq!(scene.provider.called(), called);
    }
}

#[tokio::test]
async fn a_planted_session_ends_and_another_begins() {
    for scene in Scene::all().await {
        let first = scene.enters(&siti()).await.cookie("lapor-session").unwrap();
        let router = scene.router();
        let (there, cookie) = leaves(&router, "/masuk/sso").await;
        let back = scene.provider.vouches(&there, &siti());
        let both = format!("{cookie}; {first}");
        let second = open(&router, &back, &both)
            .await
            .cookie("lapor-session")
            .unwrap();
        assert_ne!(first, second);
        let stale = open(&router, "/meja/akun", &first).await;
        assert_eq!(
            stale.status,
            StatusCode::SEE_OTHER,
            "the one before has ended"
        );
    }
}

#[tokio::test]
async fn a_provider_that_names_another_host_leads_nobody_there() {
    for scene in Scene::all().await {
        let victim = StandIn::start(NOW).await;
        scene
            .provider
            .names_tokens_at(&format!("{}/token", victim.issuer));
        let router = scene.router();
        let (there, cookie) = leaves(&router, "/masuk/sso").await;
        let back = scene.provider.vouches(&there, &siti());
        let refused = open(&router, &back, &cookie).await;
        assert!(refused.to() == "/masuk" && !refused.is_in());
        assert_eq!(victim.called(), 0);
    }
}

#[tokio::test]
async fn another_claim_names_the_account_where_the_operator_says_so() {
    for mut scene in Scene::all().await {
        scene.place.settings.single_sign_on.claim = Claim::PreferredUsername;
        scene.place.node = scene.place.reopened().await;
        let word = Word {
            verified: false,
            ..siti()
        };
        assert!(scene.enters(&word).await.is_in());
    }
}

#[tokio::test]
async fn an_account_belongs_to_whoever_entered_it_first() {
    for scene in Scene::all().await {
        assert!(scene.enters(&siti()).await.is_in());
        let heir = Word {
            subject: "18",
            ..siti()
        };
        let refused = scene.enters(&heir).await;
        assert!(
            !refused.is_in(),
            "the address was given to somebody else since"
        );
        let renamed = Word {
            login: "siti.aminah@bandung.go.id",
            ..siti()
        };
        assert!(
            scene.enters(&renamed).await.is_in(),
            "a new address of the same person"
        );
        let accounts = scene.place.node.accounts();
        let account = accounts.find_by_login(SITI).await.unwrap();
        accounts.reset_password("test", &account.id).await.unwrap();
        assert!(scene.enters(&heir).await.is_in(), "an admin has said so");
        assert!(!scene.enters(&siti()).await.is_in());
    }
}

#[tokio::test]
async fn a_new_key_of_the_provider_is_asked_for_after_a_minute() {
    for scene in Scene::all().await {
        assert!(scene.enters(&siti()).await.is_in());
        scene.provider.turns_key();
        assert!(
            !scene.enters(&siti()).await.is_in(),
            "what was asked for just now is believed"
        );
        scene.place.clock.advance(60_000);
        assert!(scene.enters(&siti()).await.is_in());
        let called = scene.provider.called();
        let forged = Word {
            forged: true,
            ..siti()
        };
        assert!(!scene.enters(&forged).await.is_in());
        assert_eq!(
            scene.provider.called(),
            called + 1,
            "a forged word asks for nothing within the minute"
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_away_is_asked_again_after_a_while() {
    for scene in Scene::all().await {
        let router = scene.router();
        scene.provider.goes_away(true);
        for _ in 0..3 {
            assert_eq!(leaves(&router, "/masuk/sso").await.0, "/masuk");
        }
        assert_eq!(scene.provider.called(), 1);
        scene.provider.goes_away(false);
        scene.place.clock.advance(30_000);
        assert!(scene.enters(&siti()).await.is_in());
    }
}

#[tokio::test]
async fn a_provider_that_takes_no_connection_is_told_with_the_cause() {
    for mut scene in Scene::all().await {
        // Bound and never listening: nothing else can take the port meanwhile.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let closed = socket.local_addr().unwrap();
        scene.place.settings.single_sign_on.issuer = Some(format!("http://{closed}"));
        scene.place.node = scene.place.reopened().await;
        let proved = scene.place.node.sign_on().prove(NOW).await;
        let told = proved.unwrap_err().to_string();
        assert!(told.contains("Connection refused"), "{told}");
    }
}

#[tokio::test]
async fn ways_to_the_provider_are_counted_for_each_network() {
    for scene in Scene::all().await {
        let router = scene.router();
        for _ in 0..50 {
            leaves(&router, "/masuk/sso").await;
        }
        let refused = open(&router, "/masuk/sso", "").await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    }
}

#[tokio::test]
async fn who_goes_to_the_provider_before_a_form_is_taken_leaves_it_where_it_is() {
    for scene in Scene::all().await {
        let typed = Request::post("/meja/pengaturan/kontak")
            .header("accept", "text/html")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("kontak=Jalan+Wastukencana+2"));
        let asked = scene.router().oneshot(typed.unwrap()).await.unwrap();
        assert_eq!(asked.status(), StatusCode::UNAUTHORIZED);
        let page = asked.into_body().collect().await.unwrap().to_bytes();
        let page = String::from_utf8_lossy(&page);
        assert!(page.contains("Jalan Wastukencana 2"), "{page}");
        assert!(page.contains("target=\"_blank\""), "{page}");
        assert!(page.contains("muat ulang halaman ini"), "{page}");
    }
}

#[tokio::test]
async fn the_words_of_the_provider_stand_in_no_error() {
    for scene in Scene::all().await {
        let now = crate::testing::NOW;
        let sign_on = scene.place.node.sign_on();
        for (complaint, refused) in [("invalid_grant", true), ("siti_terlalu_lama", false)] {
            scene.provider.complains(complaint);
            let begun = sign_on.begin("/meja", now).await.unwrap();
            let back = scene.provider.vouches(&begun.url, &siti());
            let state = back.split(['=', '&']).nth(1).unwrap();
            let ended = sign_on.finish(state, "tak-dikenal", &begun.secret, now);
            let error = ended.await.err().unwrap();
            assert_eq!(matches!(error, SignOnError::Refused(_)), refused, "{error}");
            let said = format!("{error} {error:?}");
            assert!(
                !said.contains(WORDS) && !said.contains("terlalu_lama"),
                "{said}"
            );
        }
    }
}
