//! Citizens write by text message and in a chat while the hub, their providers and the node itself are
//! away: everything they wrote is in, exactly once as a case, and what was to be said goes out after.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use lapor_node::casework::CaseFilter;
use lapor_node::channels::{self, Lines, MetaSettings, WhatsappSettings};
use lapor_node::doors;
use lapor_protocol::ids::CaseId;
use lapor_stand_ins::kannel::Gateway;
use lapor_stand_ins::meta::{self, Meta, PHONE_NUMBER_ID};
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::{DAY_MS, Fleet, Institution, kinds};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

const CITY: &str = "kota-bandung";
const SITI: &str = "+628123456789";
const BUDI: (&str, &str) = ("6281299999999", "Budi");
const KNOCK: &str = "rahasiakannel1708";
const APP_SECRET: &str = "rahasia-aplikasi";
const TOKEN: &str = "EAAtoken";
const HOUR_MS: i64 = DAY_MS / 24;

/// The providers of a city's two channels.
struct Phones {
    gateway: Gateway,
    meta: Meta,
}

/// A node's listener, until it is dropped.
struct Door {
    base: String,
    _until: DropGuard,
}

impl Door {
    async fn of(at: &Institution) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let until = CancellationToken::new();
        let serving = doors::serve(at.node().clone(), listener, until.clone());
        tokio::spawn(serving);
        Self {
            base,
            _until: until.drop_guard(),
        }
    }
}

impl Phones {
    /// The city switches both on.
    async fn of(fleet: &mut Fleet) -> Self {
        let gateway = Gateway::open().await;
        let meta = Meta::open(APP_SECRET, TOKEN).await.unwrap();
        let city = fleet.at_mut(CITY);
        city.stop().await;
        let kept = |name: &str, secret: &str| {
            let path = city.settings.node.keys.join(name);
            keep(&path, secret);
            Some(path)
        };
        let (password, knock) = (kept("kannel", "sandi"), kept("kannel-secret", KNOCK));
        let meta_settings = MetaSettings {
            app_secret_file: kept("meta-secret", APP_SECRET),
            verify_token_file: kept("meta-word", "kata"),
            base_url: meta.base_url.clone(),
            ..MetaSettings::default()
        };
        let whatsapp = WhatsappSettings {
            phone_number_id: Some(PHONE_NUMBER_ID.into()),
            token_file: kept("meta-token", TOKEN),
            ..WhatsappSettings::default()
        };
        let on = &mut city.settings.channels;
        on.sms.number = Some("1708".into());
        on.sms.kannel.send_url = Some(gateway.send_url.clone());
        on.sms.kannel.username = Some("lapor".into());
        on.sms.kannel.password_file = password;
        on.sms.kannel.receive_secret_file = knock;
        (on.meta, on.whatsapp) = (meta_settings, whatsapp);
        city.start().await;
        Self { gateway, meta }
    }

    fn are_away(&self, away: bool) {
        self.gateway.answers(if away { 503 } else { 202 });
        self.meta.is_away(away);
    }

    /// Siti's text message is handed over, and acknowledged.
    async fn texts(&self, door: &Door, id: &str, text: &str) {
        let at = format!("{}/saluran/sms/kannel/{KNOCK}", door.base);
        let answered = self.gateway.hands_over(&at, (id, SITI, text)).await;
        assert_eq!(answered.unwrap(), 200, "{id}");
    }

    /// What Budi writes in his chat is handed over, and acknowledged.
    async fn chats(&self, door: &Door, id: &str, text: &str) {
        let message = json!({"type": "text", "text": {"body": text}});
        let body = meta::whatsapp(BUDI, id, &message).to_string();
        let signed = self.meta.signed(body);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client
            .post(format!("{}/saluran/meta", door.base))
            .header("content-type", "application/json")
            .header("x-hub-signature-256", signed.signature)
            .body(signed.body);
        let answered = request.send().await.unwrap();
        assert_eq!(answered.status(), 200, "{id}");
    }

    /// What was said since this was last asked: by text message, and in the chat.
    fn told(&self) -> [Vec<String>; 2] {
        let texts = self.gateway.taken().into_iter();
        let texts = texts.filter_map(|mut asked| asked.remove("text"));
        [texts.collect(), self.meta.texts()]
    }
}

fn keep(path: &Path, secret: &str) {
    let mut open = OpenOptions::new();
    let file = open.write(true).create_new(true).mode(0o600).open(path);
    file.unwrap()
        .write_all(format!("{secret}\n").as_bytes())
        .unwrap();
}

/// The city does what is due on its channels.
async fn works(at: &Institution) {
    let lines = Lines::of(&at.settings.channels).unwrap();
    while channels::hear(at.node(), &lines).await.unwrap() > 0 {}
    channels::say(at.node(), &lines).await.unwrap();
}

async fn case_of(at: &Institution, title: &str) -> CaseId {
    let cases = at.cases(&CaseFilter::default()).await;
    let of = cases
        .iter()
        .filter(|case| case.title.as_deref().is_some_and(|one| one.contains(title)));
    let found: Vec<CaseId> = of.map(|case| case.case).collect();
    assert_eq!(found.len(), 1, "{title}: {found:?}");
    found[0]
}

#[tokio::test]
async fn what_citizens_write_while_everything_is_away_is_in_once_and_answered_afterwards() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let phones = Phones::of(&mut fleet).await;
        let door = Door::of(fleet.at(CITY)).await;
        fleet.hub.stop().await;
        phones.are_away(true);
        let report = "Lampu jalan padam di Cihampelas sejak hari Minggu.";
        for _ in 0..2 {
            phones.texts(&door, "s1", report).await;
        }
        for (id, text) in [
            ("c1", "Trotoar rusak parah di Kota Bandung sejak Senin."),
            ("c2", "LEWATI"),
            ("c2", "LEWATI"),
            ("c3", "YA"),
        ] {
            phones.chats(&door, id, text).await;
            works(fleet.at(CITY)).await;
        }
        phones.texts(&door, "s2", "STATUS").await;
        phones.chats(&door, "c4", "STATUS").await;
        assert!(phones.told().concat().is_empty());

        // The process ends with both taken and neither looked at; their providers do not know that
        // they were.
        drop(door);
        fleet.at_mut(CITY).stop().await;
        fleet.at_mut(CITY).start().await;
        let door = Door::of(fleet.at(CITY)).await;
        phones.texts(&door, "s2", "STATUS").await;
        phones.chats(&door, "c4", "STATUS").await;
        let city = fleet.at(CITY);
        fleet.pass(HOUR_MS);
        works(city).await;
        assert!(phones.told().concat().is_empty());
        let lamp = case_of(city, "Lampu").await;
        let path = case_of(city, "Trotoar").await;

        phones.are_away(false);
        fleet.pass(HOUR_MS);
        works(city).await;
        let [texts, chats] = phones.told();
        let ticket = async |case| city.view(case).await.summary.ticket.unwrap();
        let (of_lamp, of_path) = (ticket(lamp).await, ticket(path).await);
        assert_eq!(texts.len(), 2, "{texts:?}");
        assert!(
            texts.iter().all(|text| text.contains(&of_lamp)),
            "{texts:?}"
        );
        assert_eq!(chats.len(), 4, "{chats:?}");
        assert!(chats[0].starts_with("Ada foto"), "{chats:?}");
        assert!(chats[1].starts_with("Kami kirim"), "{chats:?}");
        assert!(
            chats[2].contains(&of_path) && chats[3].contains(&of_path),
            "{chats:?}"
        );

        fleet.hub.start().await;
        fleet.settle().await;
        let city = fleet.at(CITY);
        for case in [lamp, path] {
            assert!(fleet.at("pusat").knows(case).await);
        }
        city.follow_up(lamp, "Lampu sudah diganti.").await;
        fleet.settle().await;
        works(city).await;
        let [texts, chats] = phones.told();
        assert_eq!((texts.len(), chats.len()), (1, 0), "{texts:?} {chats:?}");
        assert!(texts[0].contains(&of_lamp), "{texts:?}");
        works(city).await;
        assert!(phones.told().concat().is_empty());
        let report = fleet.invariants().await;
        assert_eq!(report.applied["report.filed"], 2);
        drop(door);
        fleet.ends_well().await;
    }
}
