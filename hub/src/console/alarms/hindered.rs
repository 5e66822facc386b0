//! Why a letter or a webhook did not arrive, in the words of whoever reads it; what the other side
//! said stands beside it as it came.

use lapor_web::hindrance::Cause;
use lapor_web::language::{TextId, Voice, text_id};

/// Why one did not arrive.
pub struct Hindered {
    pub words: String,
    /// Whose words follow, and those words; of what this program says itself there are none.
    pub said: Option<(String, String)>,
}

/// Puts it in words; of a program of before only `said` is known.
pub fn hindered(v: &Voice, cause: Option<Cause>, said: &str) -> Hindered {
    Hindered {
        words: cause.map_or_else(|| v.say("cause-of-before"), |cause| words(v, cause)),
        said: quoted(v, cause, said),
    }
}

fn words(v: &Voice, cause: Cause) -> String {
    let text = match cause {
        Cause::Unset => text_id("cause-unset"),
        Cause::NoRecipient => text_id("cause-no-recipient"),
        Cause::Sealed => text_id("cause-sealed"),
        Cause::Address => text_id("cause-address"),
        Cause::NoHost => text_id("cause-no-host"),
        Cause::Unreachable => text_id("cause-unreachable"),
        Cause::Timeout => text_id("cause-timeout"),
        Cause::Tls => text_id("cause-tls"),
        Cause::NoTls => text_id("cause-no-tls"),
        Cause::LogIn => text_id("cause-log-in"),
        Cause::Broken => text_id("cause-broken"),
        Cause::Mail { code } => {
            let meaning = v.say(mail_words(code));
            let said = v.with("code", code).with("meaning", meaning);
            return said.say("cause-mail");
        }
        Cause::Http { status } => {
            let meaning = v.say(http_words(status));
            let said = v.with("status", status).with("meaning", meaning);
            return said.say("cause-http");
        }
    };
    v.say(text)
}

/// What a mail server means by its code (RFC 5321, 4.2.3).
fn mail_words(code: u16) -> TextId {
    match code {
        421 => text_id("mail-away"),
        452 | 552 => text_id("mail-full"),
        530 | 534 | 535 => text_id("mail-unknown-to-it"),
        550 | 551 | 553 => text_id("mail-no-address"),
        400..500 => text_id("mail-later"),
        _ => text_id("mail-refused"),
    }
}

/// What a web server means by its status (RFC 9110, 15).
fn http_words(status: u16) -> TextId {
    match status {
        300..400 => text_id("http-elsewhere"),
        400 | 415 | 422 => text_id("http-unread"),
        401 | 403 => text_id("http-forbidden"),
        404 => text_id("http-not-there"),
        405 => text_id("http-no-post"),
        408 => text_id("http-slow"),
        410 => text_id("http-gone"),
        413 => text_id("http-large"),
        429 => text_id("http-often"),
        400..500 => text_id("http-refused"),
        502..=504 => text_id("http-away"),
        500..600 => text_id("http-failed"),
        _ => text_id("http-odd"),
    }
}

fn quoted(v: &Voice, cause: Option<Cause>, said: &str) -> Option<(String, String)> {
    let (whose, said) = match cause {
        Some(
            Cause::Unset
            | Cause::NoRecipient
            | Cause::Sealed
            | Cause::Address
            | Cause::NoTls
            | Cause::Http { .. },
        ) => return None,
        Some(Cause::Mail { code }) => {
            let head = format!("({code}): ");
            let own = said.split_once(&head).map_or(said, |(_, own)| own);
            (text_id("said-by-server"), own)
        }
        Some(Cause::LogIn) => match said.split_once("): ") {
            Some((_, own)) => (text_id("said-by-server"), own),
            None => (text_id("said-of-line"), said),
        },
        _ => (text_id("said-of-line"), said),
    };
    Some((v.say(whose), said.to_owned()))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use lapor_web::language::Language;

    use super::*;
    use crate::console::texts;

    #[test]
    fn what_happened_is_in_words_and_only_the_other_side_is_quoted() {
        for (cause, said, words, quoted) in [
            (
                Some(Cause::Http { status: 503 }),
                "HTTP 503",
                "Penerima menjawab HTTP 503: sedang tidak tersedia",
                None,
            ),
            (
                Some(Cause::Http { status: 302 }),
                "HTTP 302",
                "Penerima menjawab HTTP 302: dialihkan ke alamat lain, yang tidak diikuti",
                None,
            ),
            (
                Some(Cause::Mail { code: 550 }),
                "permanent error (550): 5.1.1 <a@b.id>: user unknown",
                "Server surel menolak (550): alamat itu tidak ada, atau tidak boleh dikirimi dari sini",
                Some(("Kata server", "5.1.1 <a@b.id>: user unknown")),
            ),
            (
                Some(Cause::Unreachable),
                "Connection error: Connection refused (os error 111)",
                "Server tidak dapat dihubungi: sambungan ditolak, atau tidak ada jalan ke sana",
                Some((
                    "Rincian teknis",
                    "Connection error: Connection refused (os error 111)",
                )),
            ),
            (
                Some(Cause::Unset),
                "mail.host is not set",
                "Server surel belum diatur: isi [mail] di hub.toml",
                None,
            ),
            (
                None,
                "transient error (450): 4.2.0 busy",
                "Tidak sampai",
                Some(("Rincian teknis", "transient error (450): 4.2.0 busy")),
            ),
        ] {
            let v = Voice::new(Language::Indonesian, texts(), Tz::Asia__Jakarta, 0);
            let told = hindered(&v, cause, said);
            assert_eq!(told.words, words);
            let shown = told.said.as_ref();
            let shown = shown.map(|(whose, said)| (whose.as_str(), said.as_str()));
            assert_eq!(shown, quoted, "{said}");
        }
    }

    #[test]
    fn every_code_that_can_come_has_a_meaning() {
        for (code, meaning) in [
            (421, "mail-away"),
            (450, "mail-later"),
            (452, "mail-full"),
            (535, "mail-unknown-to-it"),
            (554, "mail-refused"),
        ] {
            assert_eq!(mail_words(code).as_ref(), meaning, "{code}");
        }
        for (status, meaning) in [
            (100, "http-odd"),
            (401, "http-forbidden"),
            (404, "http-not-there"),
            (410, "http-gone"),
            (418, "http-refused"),
            (429, "http-often"),
            (500, "http-failed"),
            (504, "http-away"),
            (505, "http-failed"),
        ] {
            assert_eq!(http_words(status).as_ref(), meaning, "{status}");
        }
    }
}
