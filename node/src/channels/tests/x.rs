//! Conversations on X, where everybody reads, against a stand-in for its API.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use lapor_stand_ins::serving::Knock;
use lapor_stand_ins::x::{
    ACCOUNT, ACCOUNT_ID, BEARER, CONSUMER_KEY, CONSUMER_SECRET, Person, Reply, Shape, TOKEN,
    TOKEN_SECRET, Written, X,
};
use serde_json::json;
use tower::util::ServiceExt as _;

use super::{MINUTE_MS, Talked, kept};
use crate::channels::x;
use crate::testing::{NOW, Place, databases, jpeg};

pub(super) const REPORT: &str =
    "@LAPOR1708 Lampu jalan padam di Kota Bandung sejak Minggu & gelap sekali";

/// A node with an account.
pub(super) struct Account {
    pub talked: Talked,
    pub line: Arc<x::X>,
    pub provider: X,
}

pub(super) fn siti() -> Person {
    Person::of("6253282", "Siti Aminah", "sitiaminah")
}

pub(super) fn budi() -> Person {
    Person::of("783214", "Budi", "budi_bdg")
}

pub(super) fn of(text: &str) -> Written<'_> {
    Written {
        text,
        ..Written::default()
    }
}

impl Account {
    pub async fn open() -> Vec<Self> {
        lapor_certs::tls::install_default_provider();
        let mut out = Vec::new();
        for db in databases().await {
            let provider = X::open(NOW).await;
            let mut place = Place::joined("kota-bandung", db).await;
            let file = |name: &str, secret: &str| Some(kept(&place, name, secret));
            let settings = x::XSettings {
                account_id: Some(ACCOUNT_ID.into()),
                account: Some(ACCOUNT.into()),
                consumer_key_file: file("x-consumer", CONSUMER_KEY),
                consumer_secret_file: file("x-consumer-secret", CONSUMER_SECRET),
                token_file: file("x-token", TOKEN),
                token_secret_file: file("x-token-secret", TOKEN_SECRET),
                bearer_file: file("x-bearer", BEARER),
                base_url: provider.base_url().into(),
                ..x::XSettings::default()
            };
            let line = x::of(&settings, place.clock.clone()).unwrap().unwrap();
            place.settings.channels.x = settings;
            place.node = place.reopened().await;
            let line = Arc::new(line);
            out.push(Self {
                talked: Talked::over(place, line.clone()),
                line,
                provider,
            });
        }
        out
    }

    /// X hands something over.
    pub async fn knocks(&self, knock: &Knock) -> StatusCode {
        let router = crate::doors::router(self.talked.node().clone());
        let mut request = Request::post("/saluran/x");
        for (name, value) in &knock.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(knock.body.clone())).unwrap();
        router.oneshot(request).await.unwrap().status()
    }

    /// Somebody posts, and it is handed over.
    pub async fn posts(&self, author: &Person, written: Written<'_>, shape: Shape) -> i64 {
        let id = self.provider.posts(author, written);
        let knock = self.provider.knock(id, shape);
        assert_eq!(self.knocks(&knock).await, StatusCode::OK);
        id
    }

    /// What is said of what is here.
    pub async fn goes_on(&self) -> Vec<Reply> {
        self.talked.hears().await;
        self.talked.speaks().await;
        self.provider.replies()
    }

    /// So much time passes here and there.
    pub fn passes(&self, ms: i64) {
        self.talked.place.clock.advance(ms);
        self.provider.passes(ms);
    }
}

#[tokio::test]
async fn a_mention_becomes_a_report_whose_ticket_is_told_below_it() {
    for x in Account::open().await {
        let picture = Some(x.provider.keeps(&jpeg(64, 3000)));
        let written = Written {
            picture,
            place: Some((-6.9, 107.6)),
            ..of(REPORT)
        };
        let post = x.posts(&siti(), written, Shape::FilteredStream).await;
        let said = x.goes_on().await;
        let (case, ticket) = x.talked.case().await;
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0].below, post.to_string());
        assert!(said[0].text.contains(&ticket), "{said:?}");
        let view = x.talked.node().case(case).await.unwrap();
        let words = view.history[0].words.as_ref().unwrap();
        let content = "Lampu jalan padam di Kota Bandung sejak Minggu & gelap sekali";
        assert_eq!(words["content"], content);
        assert_eq!(words["coordinates"]["longitude_micro"], 107_600_000);
        assert_eq!(x.talked.files(case).await, [1]);
        let identity = x.talked.node().identity(case, "keeper").await.unwrap();
        assert_eq!(
            identity.unwrap().name.as_deref(),
            Some("Siti Aminah @sitiaminah (X: 6253282)")
        );

        // News stand below the report, and hold no word of the institution.
        x.talked.follows_up(case, "Kata petugas.", true).await;
        let said = x.goes_on().await;
        let news = format!("Laporan {ticket}: Tindak lanjut, diusulkan selesai (21 Sep., 21.13).");
        assert_eq!(said[0].text, news);
        assert_eq!(said[0].below, post.to_string());
    }
}

#[tokio::test]
async fn what_is_said_again_has_words_of_its_own_and_stands_there() {
    for x in Account::open().await {
        let post = x.posts(&siti(), of(REPORT), Shape::FilteredStream).await;
        assert_eq!(x.goes_on().await.len(), 1);
        let (case, ticket) = x.talked.case().await;
        let mut news = Vec::new();
        for (at, text) in ["Petugas datang.", "Lampu dipesan.", "Lampu dipasang."]
            .into_iter()
            .enumerate()
        {
            if at == 2 {
                x.talked.hub.orders_at(NOW + 3 * MINUTE_MS);
            }
            x.talked.follows_up(case, text, false).await;
            news.extend(x.goes_on().await);
        }
        let said: Vec<&str> = news.iter().map(|said| said.text.as_str()).collect();
        let when = ["21 Sep., 21.13", "21 Sep., 21.13, ke-2", "21 Sep., 21.16"];
        let expected = when.map(|when| format!("Laporan {ticket}: Tindak lanjut ({when})."));
        assert_eq!(said, expected);
        assert!(news.iter().all(|said| said.below == post.to_string()));

        let mut answers = Vec::new();
        let of_ticket = format!("@LAPOR1708 STATUS {ticket}");
        for (person, text, below) in [
            (siti(), of_ticket.as_str(), None),
            (siti(), of_ticket.as_str(), None),
            (budi(), of_ticket.as_str(), None),
            (siti(), "@LAPOR1708 masih padam di sini", Some(post)),
            (siti(), "@LAPOR1708 tetangga juga bertanya", Some(post)),
            (siti(), "@LAPOR1708 BANTUAN", None),
            (budi(), "@LAPOR1708 BANTUAN", None),
        ] {
            let asks = Written { below, ..of(text) };
            let asks = x.posts(&person, asks, Shape::FilteredStream).await;
            let said = x.goes_on().await;
            assert_eq!(said.len(), 1, "{text}: {said:?}");
            assert_eq!(said[0].below, asks.to_string());
            answers.extend(said.into_iter().map(|said| said.text));
        }
        for (pair, begins) in [
            (&answers[..3], ticket.as_str()),
            (&answers[3..5], "Terima kasih. Pesan Anda"),
            (&answers[5..], "Tulis keluhan Anda"),
        ] {
            assert!(pair.iter().all(|text| text.starts_with(begins)), "{pair:?}");
        }
        assert_eq!(x.talked.outbox().await, ["sent"; 11]);
    }
}

#[tokio::test]
async fn one_post_in_every_shape_is_one_report() {
    for x in Account::open().await {
        let long = format!(
            "{REPORT}. {}",
            "Sudah banyak yang jatuh di sini. ".repeat(5)
        );
        let picture = Some(x.provider.keeps(&jpeg(64, 3000)));
        let written = Written {
            picture,
            ..of(long.trim())
        };
        x.line.look(x.talked.node()).await.unwrap();
        let post = x.posts(&siti(), written, Shape::AccountActivity).await;
        for shape in [
            Shape::AccountActivity,
            Shape::XActivity,
            Shape::FilteredStream,
        ] {
            let knock = x.provider.knock(post, shape);
            assert_eq!(x.knocks(&knock).await, StatusCode::OK);
        }
        assert_eq!(x.line.look(x.talked.node()).await, Ok(1));
        assert_eq!(x.talked.taken().await.len(), 1);
        assert_eq!(x.goes_on().await.len(), 1);
        let (case, _) = x.talked.case().await;
        let view = x.talked.node().case(case).await.unwrap();
        let content = view.history[0].words.as_ref().unwrap()["content"].clone();
        let content = content.as_str().unwrap();
        assert!(
            content.ends_with("Sudah banyak yang jatuh di sini."),
            "{content}"
        );
        assert_eq!(x.talked.files(case).await, [1]);
    }
}

#[tokio::test]
async fn a_thread_is_a_case_in_which_only_its_reporter_speaks() {
    for x in Account::open().await {
        for shape in [Shape::AccountActivity, Shape::FilteredStream] {
            let before = x.talked.cases().await.len();
            let text = format!("{REPORT} di {shape:?}");
            let post = x.posts(&siti(), of(&text), shape).await;
            let ticket = x.goes_on().await.remove(0);
            let case = x.talked.cases().await[before].0.parse().unwrap();
            let below = |text, id| Written {
                below: Some(id),
                ..of(text)
            };
            // Of others, also below each other's.
            let support = "@sitiaminah @LAPOR1708 di tempat saya juga padam, tolong cepat";
            let other = x.posts(&budi(), below(support, post), shape).await;
            x.posts(&budi(), below(support, ticket.id), shape).await;
            let chat = "@budi_bdg @LAPOR1708 wah sama juga ya, semoga cepat ditangani";
            x.posts(&Person::of("5", "Ani", "ani"), below(chat, other), shape)
                .await;
            assert!(x.goes_on().await.is_empty());
            assert_eq!(x.talked.messages(case).await.len(), 1);
            // The institution asks; what is asked is not told here, and any word of theirs goes on.
            x.talked
                .holds(case, json!(["Nama Ibu?"]), json!([{"as": "yes_no"}]))
                .await;
            let said = x.goes_on().await;
            assert!(!said[0].text.contains("Nama Ibu"), "{said:?}");
            let mine = below("@LAPOR1708 yang di depan toko roti", said[0].id);
            let mine = x.posts(&siti(), mine, shape).await;
            let said = x.goes_on().await;
            assert_eq!(said[0].below, mine.to_string());
            assert!(
                said[0].text.starts_with("Terima kasih. Pesan Anda"),
                "{said:?}"
            );
            let kinds = x.talked.messages(case).await;
            assert_eq!(kinds.last().unwrap(), "report.completed");
            x.posts(&siti(), below("@LAPOR1708 terima kasih min", mine), shape)
                .await;
            assert!(x.goes_on().await.is_empty());
            assert_eq!(x.talked.messages(case).await.len(), 3);
        }
        assert_eq!(x.talked.cases().await.len(), 2);
    }
}

#[tokio::test]
async fn what_is_no_report_is_made_none_and_answered_to_nobody() {
    for x in Account::open().await {
        let shape = Shape::FilteredStream;
        let first = x.provider.posts(&budi(), of("Jalan rusak parah di Dago"));
        let retweet = Written {
            retweets: Some(first),
            ..of("RT @budi_bdg: Jalan rusak parah di Dago #lapor")
        };
        x.posts(&siti(), retweet.clone(), Shape::AccountActivity)
            .await;
        x.posts(&siti(), retweet, shape).await;
        x.posts(&siti(), of("@LAPOR1708"), shape).await;
        x.posts(&siti(), of("@LAPOR1708 \u{1f64f}\u{1f64f}"), shape)
            .await;
        let own = Person::of(ACCOUNT_ID, "LAPOR!", ACCOUNT);
        for shape in [Shape::AccountActivity, Shape::XActivity, shape] {
            x.posts(
                &own,
                of("Laporkan keluhan Anda dengan #lapor di mana saja"),
                shape,
            )
            .await;
        }
        assert!(x.goes_on().await.is_empty());
        let states = x.talked.taken().await;
        assert!(
            states.iter().all(|(state, _)| state == "aside"),
            "{states:?}"
        );
        assert_eq!(states.len(), 4, "own posts are not even taken");
        assert!(x.talked.cases().await.is_empty());
        // What is secret has no place where everybody reads.
        x.posts(
            &siti(),
            of("@LAPOR1708 RAHASIA Kepala dinas minta uang kepada warga"),
            shape,
        )
        .await;
        let said = x.goes_on().await;
        assert!(
            said[0].text.starts_with("Untuk hal itu silakan buka"),
            "{said:?}"
        );
        assert!(x.talked.cases().await.is_empty());
    }
}

#[tokio::test]
async fn a_post_that_was_changed_completes_its_report() {
    for x in Account::open().await {
        let post = x.posts(&siti(), of(REPORT), Shape::FilteredStream).await;
        x.goes_on().await;
        let (case, _) = x.talked.case().await;
        let changed = Written {
            changes: Some(post),
            ..of("@LAPOR1708 Lampu jalan padam di Dago, Kota Bandung, sejak Minggu")
        };
        x.posts(&siti(), changed, Shape::FilteredStream).await;
        let said = x.goes_on().await;
        assert!(
            said[0].text.starts_with("Terima kasih. Pesan Anda"),
            "{said:?}"
        );
        assert_eq!(
            x.talked.messages(case).await,
            ["report.filed", "report.completed"]
        );
    }
}

#[tokio::test]
async fn every_reply_fits_into_a_post() {
    for x in Account::open().await {
        x.posts(&siti(), of(REPORT), Shape::FilteredStream).await;
        let (case, _) = {
            assert_eq!(x.goes_on().await.len(), 1);
            x.talked.case().await
        };
        for at in 0..3 {
            x.talked
                .follows_up(case, &"Kata petugas. ".repeat(40), at == 2)
                .await;
            for said in x.goes_on().await {
                assert!(x::length::weighted(&said.text) <= 280, "{said:?}");
            }
        }
        for text in ["STATUS", "BANTUAN", "KUNCI", "STOP", "MULAI"] {
            let text = format!("@LAPOR1708 {text}");
            x.posts(&siti(), of(&text), Shape::FilteredStream).await;
            for said in x.goes_on().await {
                assert!(x::length::weighted(&said.text) <= 280, "{said:?}");
            }
        }
    }
}
