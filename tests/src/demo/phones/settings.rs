//! The channels in the configurations of two nodes: addresses of the stand-ins, and secrets in files
//! beside the configuration. Written anew whenever a demo starts, because its ports are others.

use lapor_stand_ins::meta::{PAGE_ID, PHONE_NUMBER_ID};
use lapor_stand_ins::smsc::NUMBER;
use lapor_stand_ins::{city311, imap, telegram, x};

use super::network::{USERNAME, Way};
use super::{Doors, Held, META_SECRET, META_TOKEN, city, fresh, mail, office};
use crate::demo::cast::DESK;
use crate::demo::federation::node_address;
use crate::demo::folder::Folder;
use crate::demo::programs::Programs;
use crate::demo::scenes::CITY;
use crate::demo::systems::key;
use crate::demo::troupe::Troupe;

/// Of the application of the city.
const KEY: &str = "open311-key";
/// Under which the node files at the own service of the city.
const CITY_KEY: &str = "kota-311-key";
const KANNEL_PASSWORD: &str = "kannel-password";
const KANNEL_SECRET: &str = "kannel-secret";
/// Secrets that the stand-ins know, by the file that has each.
const SECRETS: [(&str, &str); 10] = [
    ("imap-password", imap::PASSWORD),
    ("meta-secret", META_SECRET),
    ("meta-word", "kata-demo"),
    ("meta-token", META_TOKEN),
    ("telegram-token", telegram::TOKEN),
    ("x-consumer", x::CONSUMER_KEY),
    ("x-consumer-secret", x::CONSUMER_SECRET),
    ("x-token", x::TOKEN),
    ("x-token-secret", x::TOKEN_SECRET),
    ("x-bearer", x::BEARER),
];
/// Of a campaign for street lights in the city.
const KEYWORDS: &str = r#"[{ word = "LAMPU", category = "Perhubungan/Penerangan Jalan Umum", region = "32.73", suggested = "kota-bandung" }]"#;

/// Configures both nodes and starts the gateway of text messages.
pub async fn switch_on(
    held: &Held,
    folder: &Folder,
    programs: &Programs,
    troupe: &Troupe,
) -> anyhow::Result<Doors> {
    for (name, secret) in SECRETS {
        folder.keep_secret(DESK, name, secret)?;
    }
    let desk = node_address(folder, DESK)?;
    text_messages(held, folder, troupe, &format!("http://{desk}")).await?;
    others(held, folder)?;
    letters(held, folder)?;
    city_service(held, folder)?;
    let key = key(folder, programs, (KEY, "aplikasi-kota", "open311:write")).await?;
    folder.configure(CITY, "open311", &[("enabled", "true".into())])?;
    let address = node_address(folder, CITY)?;
    let city = city::Node { address, key };
    Ok(Doors { desk, city })
}

async fn text_messages(
    held: &Held,
    folder: &Folder,
    troupe: &Troupe,
    node_url: &str,
) -> anyhow::Result<()> {
    let (password, secret) = (fresh(), fresh());
    folder.keep_secret(DESK, KANNEL_PASSWORD, &password)?;
    folder.keep_secret(DESK, KANNEL_SECRET, &secret)?;
    let way = Way {
        receive_url: &format!("{node_url}/saluran/sms/kannel/{secret}"),
        password: &password,
        folder: &folder.gateway(),
        troupe,
    };
    let send_url = held.network.start(&way).await?;
    folder.configure(DESK, "channels", &[("keywords", KEYWORDS.into())])?;
    folder.configure(DESK, "channels.sms", &[("number", text(NUMBER))])?;
    let kannel = [
        ("send_url", text(&send_url)),
        ("username", text(USERNAME)),
        ("password_file", text(KANNEL_PASSWORD)),
        ("receive_secret_file", text(KANNEL_SECRET)),
        ("node_url", text(node_url)),
    ];
    folder.configure(DESK, "channels.sms.kannel", &kannel)
}

fn others(held: &Held, folder: &Folder) -> anyhow::Result<()> {
    let meta = [
        ("app_secret_file", text("meta-secret")),
        ("verify_token_file", text("meta-word")),
        ("base_url", text(&held.meta.base_url)),
    ];
    folder.configure(DESK, "channels.meta", &meta)?;
    let whatsapp = [
        ("phone_number_id", text(PHONE_NUMBER_ID)),
        ("token_file", text("meta-token")),
    ];
    folder.configure(DESK, "channels.whatsapp", &whatsapp)?;
    let facebook = [
        ("page_id", text(PAGE_ID)),
        ("page_token_file", text("meta-token")),
    ];
    folder.configure(DESK, "channels.facebook", &facebook)?;
    let telegram = [
        ("token_file", text("telegram-token")),
        ("base_url", text(held.telegram.base_url())),
    ];
    folder.configure(DESK, "channels.telegram", &telegram)?;
    let x = [
        ("account_id", text(x::ACCOUNT_ID)),
        ("account", text(x::ACCOUNT)),
        ("consumer_key_file", text("x-consumer")),
        ("consumer_secret_file", text("x-consumer-secret")),
        ("token_file", text("x-token")),
        ("token_secret_file", text("x-token-secret")),
        ("bearer_file", text("x-bearer")),
        ("base_url", text(held.x.base_url())),
    ];
    folder.configure(DESK, "channels.x", &x)
}

fn letters(held: &Held, folder: &Folder) -> anyhow::Result<()> {
    let email = [("address", text(mail::DESK))];
    folder.configure(DESK, "channels.email", &email)?;
    let mailbox = [
        ("host", text("127.0.0.1")),
        ("port", held.mail.port().to_string()),
        ("encryption", text("none")),
        ("user", text(imap::USER)),
        ("password_file", text("imap-password")),
        ("done_folder", text("Sudah diambil")),
    ];
    folder.configure(DESK, "channels.email.imap", &mailbox)
}

/// The one table of `[[cities]]`.
fn city_service(held: &Held, folder: &Folder) -> anyhow::Result<()> {
    folder.keep_secret(CITY, CITY_KEY, city311::KEY)?;
    let (code, category) = (office::SERVICE, office::CATEGORY);
    let city = [
        ("name", text("bandung")),
        ("title", text("Bandung 311")),
        ("url", text(&held.office.url())),
        ("api_key_file", text(CITY_KEY)),
        ("feed", "true".into()),
        ("poll_seconds", "10".into()),
        (
            "map",
            format!("[{{ code = {code:?}, category = {category:?} }}]"),
        ),
    ];
    folder.configure(CITY, "[cities]", &city)
}

fn text(text: &str) -> String {
    format!("{text:?}")
}
