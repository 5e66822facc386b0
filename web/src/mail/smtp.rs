//! Handing letters to the operator's mail server, one connection for a
//! handful of them. What the server says decides what becomes of a letter; the
//! words of a letter reach no error and no log.

use std::time::{Duration, SystemTime};

use lettre::address::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use tokio::time::timeout;

use super::settings::{Encryption, Postbox};
use crate::chance::random;
use crate::hindrance::{Cause, Hindrance};

/// One answer of the server may take this long, and a sender.
const ANSWER: Duration = Duration::from_secs(20);
/// A recipient with all of their letter, and all of a greeting.
const WHOLE: Duration = Duration::from_mins(1);
/// Characters kept of what a server said.
const SAID: usize = 200;

/// A letter as it goes out.
pub struct Parcel<'a> {
    pub address: &'a str,
    pub subject: &'a str,
    pub body: &'a str,
    /// The address at which one click ends these letters (RFC 8058).
    pub leave: Option<&'a str>,
    /// It belongs to a conversation.
    pub answer: Option<&'a Answer<'a>>,
    /// Unix ms.
    pub at: i64,
}

/// How a letter belongs to a conversation. Ids are without brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    pub id: &'a str,
    /// The id of the letter that is answered.
    pub to: Option<&'a str>,
    /// Where an answer to it goes.
    pub back_to: &'a str,
}

/// Why a letter did not go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// Nothing goes out now: no line, no greeting, no log-in, no sender.
    Down(Hindrance),
    /// The line broke, or the server fell silent, over this very letter.
    Broken(Hindrance),
    /// Not now, perhaps later: 4xx, and 5xx that may be about us.
    Later(Hindrance),
    /// Never to this address: there is none, it says.
    Refused(Hindrance),
}

impl Undelivered {
    /// What the server said, or what was wrong with the line.
    pub fn problem(&self) -> &str {
        match self {
            Self::Down(problem)
            | Self::Broken(problem)
            | Self::Later(problem)
            | Self::Refused(problem) => &problem.said,
        }
    }
}

impl Postbox {
    /// Hands one letter over, on a line of its own.
    pub async fn send(&self, parcel: &Parcel<'_>) -> Result<(), Undelivered> {
        let mut line = self.connect().await.map_err(Undelivered::Down)?;
        let sent = line.hand_over(parcel).await;
        line.close().await;
        sent
    }

    /// A connection over which letters can be handed over, or what is wrong.
    pub async fn connect(&self) -> Result<Connection<'_>, Hindrance> {
        let opening = timeout(WHOLE, self.open()).await;
        let line = opening.unwrap_or_else(|_| Err(late()));
        Ok(Connection {
            postbox: self,
            line: line?,
            used: false,
        })
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, Hindrance> {
        let (server, hello) = ((self.host.as_str(), self.port), &self.hello);
        let first = self
            .tls
            .clone()
            .filter(|_| self.encryption == Encryption::Tls);
        let connected =
            AsyncSmtpConnection::connect_tokio1(server, Some(ANSWER), hello, first, None).await;
        let mut line = connected.map_err(|error| hindrance(&error))?;
        if let (Encryption::StartTls, Some(tls)) = (self.encryption, &self.tls) {
            // Whoever sits on the line could take the offer away: without it nothing is said.
            if !line.can_starttls() {
                line.abort().await;
                let said = "the mail server offers no STARTTLS";
                return Err(Hindrance::new(Cause::NoTls, said));
            }
            line.starttls(tls.clone(), hello)
                .await
                .map_err(|error| hindrance(&error))?;
        }
        if let Some(credentials) = &self.credentials {
            let ways = [Mechanism::Plain, Mechanism::Login];
            let entered = line.auth(&ways, credentials).await;
            entered.map_err(|error| shut_out(&error))?;
        }
        Ok(line)
    }

    fn message(&self, to: Address, parcel: &Parcel<'_>) -> Option<Message> {
        let since = Duration::from_millis(u64::try_from(parcel.at).ok()?);
        let id = match parcel.answer {
            Some(answer) => format!("<{}>", answer.id),
            None => format!(
                "<{}@{}>",
                hex::encode(random::<16>()),
                self.from.email.domain()
            ),
        };
        let replied = parcel.answer.and_then(|answer| answer.to);
        // RFC 3834: no robot answers.
        let automatic = if replied.is_some() {
            "auto-replied"
        } else {
            "auto-generated"
        };
        let back_to = match parcel.answer {
            Some(answer) => Some(Mailbox::new(None, address(answer.back_to)?)),
            None => self.reply_to.clone(),
        };
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(parcel.subject)
            .date(SystemTime::UNIX_EPOCH + since)
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            .raw_header(raw("Auto-Submitted", automatic)?);
        if let Some(back_to) = back_to {
            builder = builder.reply_to(back_to);
        }
        if let Some(replied) = replied.filter(|id| is_id(id)) {
            let replied = format!("<{replied}>");
            builder = builder.in_reply_to(replied.clone()).references(replied);
        }
        if let Some(leave) = parcel.leave {
            builder = builder
                .raw_header(raw("List-Unsubscribe", &format!("<{leave}>"))?)
                .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")?);
        }
        builder.body(parcel.body.to_owned()).ok()
    }
}

/// Whether an id of somebody else can be repeated in the head of a letter.
fn is_id(id: &str) -> bool {
    (1..=250).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"<>".contains(&b))
}

/// Whether letters can go to an address.
pub fn is_address(text: &str) -> bool {
    address(text).is_some()
}

fn address(text: &str) -> Option<Address> {
    text.is_ascii().then(|| text.parse().ok()).flatten()
}

/// A line to the mail server on which letters are handed over one after another.
pub struct Connection<'a> {
    postbox: &'a Postbox,
    line: AsyncSmtpConnection,
    used: bool,
}

impl Connection<'_> {
    /// Hands one letter over; once this is `Ok` it is the server's.
    pub async fn hand_over(&mut self, parcel: &Parcel<'_>) -> Result<(), Undelivered> {
        let to = address(parcel.address);
        let message = to.clone().and_then(|to| self.postbox.message(to, parcel));
        let (Some(to), Some(message)) = (to, message) else {
            let wrong = Hindrance::new(Cause::Address, "no address of e-mail");
            return Err(Undelivered::Refused(wrong));
        };
        let begun = timeout(ANSWER, self.begin()).await;
        begun.unwrap_or_else(|_| Err(Undelivered::Down(late())))?;
        let handing = timeout(WHOLE, self.say(to, &message.formatted())).await;
        handing.unwrap_or_else(|_| Err(Undelivered::Broken(late())))
    }

    /// What is said before anybody is named who is written to: no fault here is theirs.
    async fn begin(&mut self) -> Result<(), Undelivered> {
        if std::mem::replace(&mut self.used, true) {
            self.line.command(Rset).await.map_err(down)?;
        }
        let from = Some(self.postbox.from.email.clone());
        self.line
            .command(Mail::new(from, Vec::new()))
            .await
            .map_err(down)?;
        Ok(())
    }

    async fn say(&mut self, to: Address, bytes: &[u8]) -> Result<(), Undelivered> {
        self.line
            .command(Rcpt::new(to, Vec::new()))
            .await
            .map_err(recipient)?;
        self.line.command(Data).await.map_err(judged)?;
        self.line.message(bytes).await.map_err(judged)?;
        Ok(())
    }

    /// Takes leave; a server that does not answer is left all the same.
    pub async fn close(mut self) {
        let _ = timeout(ANSWER, self.line.abort()).await;
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is that of map_err"
)]
fn down(error: Error) -> Undelivered {
    Undelivered::Down(hindrance(&error))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is that of map_err"
)]
fn judged(error: Error) -> Undelivered {
    if error.status().is_some() {
        Undelivered::Later(hindrance(&error))
    } else {
        Undelivered::Broken(hindrance(&error))
    }
}

fn recipient(error: Error) -> Undelivered {
    let code = error.status().map(|code| code.to_string());
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    if no_such_address(&code.unwrap_or_default(), &cause.unwrap_or_default()) {
        Undelivered::Refused(hindrance(&error))
    } else {
        judged(error)
    }
}

/// Whether an answer says that the address itself is wrong (RFC 5321 with the codes of RFC 3463).
/// Any other 5xx, such as a relay that is closed to us, may be ours to mend.
fn no_such_address(code: &str, text: &str) -> bool {
    const WRONG: [&str; 6] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];
    let exact = text.split_whitespace().next().unwrap_or_default();
    ["550", "551", "553"].contains(&code) && WRONG.contains(&exact)
}

fn late() -> Hindrance {
    Hindrance::new(Cause::Timeout, "the mail server takes too long")
}

fn hindrance(error: &Error) -> Hindrance {
    let cause = match error.status() {
        Some(code) => Cause::Mail { code: code.into() },
        None => Cause::of_line(error),
    };
    Hindrance::new(cause, said(error))
}

/// A log-in that the server refuses, or for which it offers no way that is known here.
fn shut_out(error: &Error) -> Hindrance {
    let refused = error.status().is_some() || error.is_client();
    let cause = if refused {
        Cause::LogIn
    } else {
        Cause::of_line(error)
    };
    let said = format!("the mail server refuses the log-in: {}", said(error));
    Hindrance::new(cause, said)
}

/// What the server said, or what was wrong with the line: one short line.
fn said(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        // An error may have said its causes already.
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars()
        .filter(|c| !c.is_control())
        .take(SAID)
        .collect()
}

fn raw(name: &'static str, value: &str) -> Option<HeaderValue> {
    let name = HeaderName::new_from_ascii(name.to_owned()).ok()?;
    Some(HeaderValue::new(name, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_about_the_address_is_for_ever() {
        for (code, text, wrong) in [
            ("550", "5.1.1 <a@b.id>: user unknown", true),
            ("550", "5.1.10 null MX", true),
            ("553", "5.1.3 bad syntax", true),
            ("550", "5.2.1 mailbox disabled", true),
            ("554", "5.7.1 relay access denied", false),
            ("550", "5.7.1 your address is listed", false),
            ("550", "5.1.8 sender not found", false),
            ("530", "5.7.0 authentication required", false),
            ("552", "5.2.2 mailbox full", false),
            ("550", "no relaying here", false),
            ("450", "5.1.1 odd", false),
        ] {
            assert_eq!(no_such_address(code, text), wrong, "{code} {text}");
        }
    }
}
