//! What each channel makes of what its provider hands over. A channel reads again what it has kept:
//! the same bytes say the same.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use lapor_web::mail::Encryption;
use serde_json::Value;

use super::email::letter;
use super::meta::Meta;
use super::telegram::updates;
use super::x::posts;
use super::{
    Channel, ChannelSettings, Comments, EmailSettings, FacebookSettings, ImapSettings,
    KannelSettings, Lines, MetaSettings, SmsSettings, TelegramSettings, WhatsappSettings,
    XSettings, sms, talk,
};
use crate::parsers::temporary;

/// Every channel, switched on.
struct Switched {
    settings: ChannelSettings,
    lines: Lines,
    meta: Meta,
}

static SWITCHED: LazyLock<Switched> = LazyLock::new(|| {
    let folder = tempfile::TempDir::with_prefix(temporary()).expect("a folder of our own is made");
    let settings = settings(folder.path());
    // Secrets are read here; their files go with the folder.
    let lines = Lines::of(&settings).expect("the settings are sound");
    let meta = Meta::of(&settings).expect("the settings are sound");
    Switched {
        settings,
        lines,
        meta: meta.expect("and switch it on"),
    }
});

/// A letter, and what is looked for in it before it is read.
pub(crate) fn email(letter: &[u8]) {
    let line = line("email");
    letter::is_noise(letter, OWN);
    letter::undelivered(letter);
    let raw = letter::raw(letter.to_vec());
    assert_eq!(raw.body, letter);
    let cut = letter::cut(raw, 1000);
    heard(line, &cut.body);
    heard(line, letter);
}

/// What stands in the address by which Kannel hands a message over.
pub(crate) fn kannel(query: &[u8]) {
    heard(line("sms"), query);
}

/// All that a network says on a line of SMPP.
pub(crate) fn smpp(said: &[u8]) {
    for kept in sms::kept_of(said) {
        heard(line("sms"), &kept);
    }
}

/// An update of Telegram, as it came and as it is kept.
pub(crate) fn telegram(body: &[u8]) {
    let line = line("telegram");
    heard(line, body);
    if let Ok(update) = serde_json::from_slice::<Value>(body) {
        updates::number(&update);
        heard(line, &updates::raw(&update).body);
    }
}

/// What Meta hands over for WhatsApp, Messenger and a page.
pub(crate) fn meta(body: &[u8]) {
    let Switched { settings, meta, .. } = &*SWITCHED;
    meta.receipts(body);
    let own = meta.below(body).into_iter().collect();
    for (line, said) in meta.messages(body, &settings.keywords, &own) {
        for raw in said {
            heard(&*line, &raw.body);
        }
    }
}

/// What X hands over.
pub(crate) fn x(body: &[u8]) {
    static OWN: LazyLock<posts::Account> = LazyLock::new(|| posts::Account {
        id: "1708".into(),
        name: "LAPOR1708".into(),
    });
    for raw in posts::apart(body, &OWN).into_iter().flatten() {
        heard(line("x"), &raw.body);
    }
}

const OWN: &str = "lapor@contoh.go.id";

fn line(name: &str) -> &'static dyn Channel {
    let line = SWITCHED.lines.named(name);
    let line = line.expect("the settings switch it on");
    &**line
}

fn heard(line: &dyn Channel, body: &[u8]) {
    line.shape(body);
    let Ok(heard) = line.read(body) else {
        return;
    };
    assert!(
        line.read(body).as_ref() == Ok(&heard),
        "the same says the same"
    );
    assert_eq!(format!("{heard:?}"), "Heard(..)", "no word is printed");
    talk::is_command(&heard.text);
    talk::is_small(&heard.text);
    let manner = line.name().manner();
    manner.written(&heard.text);
    manner.size(&heard.text);
}

fn settings(folder: &Path) -> ChannelSettings {
    lapor_certs::tls::install_default_provider();
    let secret = Some(secret_file(folder, "secret", "rahasia0rahasia0rahasia0"));
    ChannelSettings {
        sms: SmsSettings {
            number: Some("1708".into()),
            kannel: KannelSettings {
                send_url: Some("http://127.0.0.1:9/sendsms".into()),
                username: Some("lapor".into()),
                password_file: secret.clone(),
                receive_secret_file: secret.clone(),
                ..KannelSettings::default()
            },
            ..SmsSettings::default()
        },
        telegram: TelegramSettings {
            token_file: Some(secret_file(
                folder,
                "token",
                "1708:rahasia0rahasia0rahasia0",
            )),
            ..TelegramSettings::default()
        },
        x: XSettings {
            account_id: Some("1708".into()),
            account: Some("LAPOR1708".into()),
            consumer_key_file: secret.clone(),
            consumer_secret_file: secret.clone(),
            token_file: secret.clone(),
            token_secret_file: secret.clone(),
            ..XSettings::default()
        },
        email: EmailSettings {
            address: Some(OWN.into()),
            imap: ImapSettings {
                host: Some("localhost".into()),
                user: Some("lapor".into()),
                encryption: Encryption::None,
                password_file: secret.clone(),
                ..ImapSettings::default()
            },
            ..EmailSettings::default()
        },
        meta: MetaSettings {
            app_secret_file: secret.clone(),
            verify_token_file: secret.clone(),
            ..MetaSettings::default()
        },
        whatsapp: WhatsappSettings {
            phone_number_id: Some("1708".into()),
            token_file: secret.clone(),
            ..WhatsappSettings::default()
        },
        facebook: FacebookSettings {
            page_id: Some("1708".into()),
            page_token_file: secret,
            comments: Comments::All,
            ..FacebookSettings::default()
        },
        ..ChannelSettings::default()
    }
}

/// A secret that only this user may read, as the settings want it.
fn secret_file(folder: &Path, of: &str, secret: &str) -> PathBuf {
    let path = folder.join(of);
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = file.open(&path).expect("a file of our own is made");
    file.write_all(secret.as_bytes()).expect("and written");
    path
}
