//! Letters of a citizen to the desk: into its mailbox, and answered by its mail server. Who answers
//! below a letter of the desk speaks in a case; whoever names a subject writes a new one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::DateTime;
use lapor_stand_ins::imap::{Door, Imap};
use lapor_web::clock::{Clock as _, SystemClock};
use mail_parser::{Address, MessageParser};

use super::fresh;
use crate::demo::PATIENCE;
use crate::demo::letters::Fresh;

/// Where citizens write to.
pub const DESK: &str = "lapor@pusat.example";
/// Nobody has such an address.
const WRITER: (&str, &str) = ("rina@warganet.example", "Rina Rekaan");
/// Begins a letter that is no answer.
const SUBJECT: &str = "Perihal:";
/// Signs of a line of a letter (RFC 2045).
const LINE: usize = 76;
/// Begins the line above which people answer.
const ABOVE: &str = "##-";

pub struct Mail {
    imap: Imap,
    fresh: Fresh,
    /// The letter of the desk that came last.
    last: Mutex<Option<String>>,
}

/// A letter of the desk.
struct Answer {
    id: String,
    text: String,
}

impl Mail {
    pub async fn open(fresh: Fresh) -> anyhow::Result<Self> {
        let imap = Imap::open(Door::Open).await;
        let imap = imap.context("the mailbox cannot be opened")?;
        // Its numbers begin anew at each start of a demo that was kept.
        imap.is_of(u32::try_from(SystemClock.now_ms() / 1000)?);
        Ok(Self {
            imap,
            fresh,
            last: Mutex::default(),
        })
    }

    pub fn port(&self) -> u16 {
        self.imap.port
    }

    /// Waits until the desk waits for letters: those that lay there before are not read.
    pub async fn is_read(&self) -> anyhow::Result<()> {
        let waited = tokio::time::timeout(PATIENCE, self.imap.is_waited_for()).await;
        waited.context("nobody reads the mailbox")
    }

    /// A letter arrives: under a subject of its own, or as an answer to what came last.
    pub fn writes(&self, text: &str) {
        let last = self.last().clone();
        self.arrives(text, last.filter(|_| named(text).is_none()).as_deref());
    }

    /// A letter arrives that answers none.
    pub fn begins(&self, text: &str) {
        self.arrives(text, None);
    }

    /// Whether there is a letter of the desk to answer.
    pub fn can_answer(&self) -> bool {
        self.last().is_some()
    }

    fn arrives(&self, text: &str, answers: Option<&str>) {
        let now = SystemClock.now_ms();
        let (subject, text) = named(text).unwrap_or(("", text));
        let letter = written(subject, answers, text, now);
        self.imap.arrives(letter.as_bytes(), now);
    }

    /// What the desk has written to the citizen since this was last asked.
    pub fn answers(&self) -> Vec<String> {
        let fresh = self.fresh.taken();
        let answers = fresh.iter().filter_map(|letter| read(letter));
        let told = answers.map(|answer| {
            *self.last() = Some(answer.id);
            answer.text
        });
        told.collect()
    }

    fn last(&self) -> MutexGuard<'_, Option<String>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The subject that a text begins with, and what stands below.
fn named(text: &str) -> Option<(&str, &str)> {
    let named = text.trim_start().strip_prefix(SUBJECT)?;
    let (subject, text) = named.split_once('\n').unwrap_or((named, ""));
    Some((subject.trim(), text))
}

/// A letter as it arrives (RFC 5322), without a subject where it names none.
fn written(subject: &str, answers: Option<&str>, text: &str, now: i64) -> String {
    let (address, name) = WRITER;
    let date = DateTime::from_timestamp_millis(now).unwrap_or_default();
    let thread = answers.map_or_else(String::new, |id| {
        format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n")
    });
    let subject = match subject {
        "" => String::new(),
        subject => format!("Subject: =?utf-8?B?{}?=\r\n", BASE64.encode(subject)),
    };
    let encoded = BASE64.encode(text);
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(LINE)
        .filter_map(|line| str::from_utf8(line).ok())
        .collect();
    format!(
        "From: {name} <{address}>\r\nTo: {DESK}\r\n{subject}Date: {}\r\n\
         Message-ID: <{}@warganet.example>\r\n{thread}MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        date.to_rfc2822(),
        fresh(),
        lines.join("\r\n"),
    )
}

/// A letter to the citizen with its subject; none where it is for somebody else.
fn read(letter: &str) -> Option<Answer> {
    let message = MessageParser::default().parse(letter)?;
    let to = message.to().and_then(Address::first)?;
    if to.address() != Some(WRITER.0) {
        return None;
    }
    let body = message.body_text(0)?.replace('\r', "");
    let body = match body.split_once("\n\n") {
        Some((above, rest)) if above.starts_with(ABOVE) => rest,
        _ => body.as_str(),
    };
    let subject = message.subject().unwrap_or_default();
    Some(Answer {
        id: message.message_id()?.to_owned(),
        text: format!("{subject}\n\n{}", body.trim_end()),
    })
}

#[cfg(test)]
mod tests {
    use lapor_stand_ins::imap::INBOX;

    use super::*;

    /// What arrived last: its subject, its text and what it answers.
    fn arrived(mail: &Mail) -> (String, String, Option<String>) {
        let letter = mail.imap.folder(INBOX).pop().unwrap().letter;
        let message = MessageParser::default().parse(&letter).unwrap();
        let answers = message.in_reply_to().as_text().map(str::to_owned);
        (
            message.subject().unwrap_or_default().to_owned(),
            message
                .body_text(0)
                .unwrap_or_default()
                .trim_end()
                .to_owned(),
            answers,
        )
    }

    #[tokio::test]
    async fn a_letter_answers_what_came_last_unless_it_names_a_subject() {
        let fresh = Fresh::default();
        let mail = Mail::open(fresh.clone()).await.unwrap();
        let long = "Jalan berlubang – dalam. ".repeat(9);
        mail.writes(&format!("Perihal: Jalan Braga\n{long}"));
        let expected = ("Jalan Braga".to_owned(), long.trim_end().to_owned(), None);
        assert_eq!(arrived(&mail), expected);
        assert!(!mail.can_answer());

        let letter = |to: &str, id: &str| {
            format!(
                "From: Lapor <{DESK}>\r\nTo: {to}\r\nSubject: Laporan 1\r\nMessage-ID: <{id}@a>\r\n\r\n\
                 ##- Tulis di atas\r\n\r\nNomor tiket: 1\r\n"
            )
        };
        fresh.add(letter("petugas@pusat.example", "b"));
        fresh.add(letter(WRITER.0, "a"));
        assert_eq!(mail.answers(), ["Laporan 1\n\nNomor tiket: 1"]);
        assert!(mail.answers().is_empty(), "it is told once");
        mail.writes("Depan nomor 12.");
        let (_, text, answers) = arrived(&mail);
        assert_eq!(
            (text.as_str(), answers.as_deref()),
            ("Depan nomor 12.", Some("a@a"))
        );
        mail.writes("Perihal: Lain");
        assert_eq!(arrived(&mail), ("Lain".to_owned(), String::new(), None));
        assert!(mail.can_answer());
        mail.begins("Lampu padam.");
        let begun = (String::new(), "Lampu padam.".to_owned(), None);
        assert_eq!(arrived(&mail), begun, "though there is one to answer");
    }
}
