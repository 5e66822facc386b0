//! Handing letters to the institution's mail server, one connection for a
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

/// One answer of the server may take this long.
const ANSWER: Duration = Duration::from_secs(20);
/// All of one letter, and all of a greeting.
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
    /// Unix ms.
    pub at: i64,
}

/// Why a letter did not go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// Nothing goes out now: no line, no greeting, no log-in, no sender.
    Down(String),
    /// Not now, perhaps later (4xx).
    Later(String),
    /// Never to this address (5xx), or it is none.
    Refused(String),
}

impl Postbox {
    /// A connection over which letters can be handed over.
    pub async fn connect(&self) -> Result<Connection<'_>, Undelivered> {
        let opening = timeout(WHOLE, self.open()).await;
        let line = opening.unwrap_or_else(|_| Err("the mail server takes too long".to_owned()));
        Ok(Connection {
            postbox: self,
            line: line.map_err(Undelivered::Down)?,
            used: false,
        })
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, String> {
        let (server, hello) = ((self.host.as_str(), self.port), &self.hello);
        let first = self
            .tls
            .clone()
            .filter(|_| self.encryption == Encryption::Tls);
        let connected =
            AsyncSmtpConnection::connect_tokio1(server, Some(ANSWER), hello, first, None).await;
        let mut line = connected.map_err(|error| said(&error))?;
        if let (Encryption::StartTls, Some(tls)) = (self.encryption, &self.tls) {
            // Whoever sits on the line could take the offer away: without it nothing is said.
            if !line.can_starttls() {
                line.abort().await;
                return Err("the mail server offers no STARTTLS".to_owned());
            }
            line.starttls(tls.clone(), hello)
                .await
                .map_err(|error| said(&error))?;
        }
        if let Some(credentials) = &self.credentials {
            let ways = [Mechanism::Plain, Mechanism::Login];
            let entered = line.auth(&ways, credentials).await;
            entered
                .map_err(|error| format!("the mail server refuses the log-in: {}", said(&error)))?;
        }
        Ok(line)
    }

    fn message(&self, to: Address, parcel: &Parcel<'_>) -> Option<Message> {
        let since = Duration::from_millis(u64::try_from(parcel.at).ok()?);
        let id = format!(
            "<{}@{}>",
            hex::encode(random::<16>()),
            self.from.email.domain()
        );
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(parcel.subject)
            .date(SystemTime::UNIX_EPOCH + since)
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            // RFC 3834: no robot answers.
            .raw_header(raw("Auto-Submitted", "auto-generated")?);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        if let Some(leave) = parcel.leave {
            builder = builder
                .raw_header(raw("List-Unsubscribe", &format!("<{leave}>"))?)
                .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")?);
        }
        builder.body(parcel.body.to_owned()).ok()
    }
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
        let to: Option<Address> = Some(parcel.address)
            .filter(|address| address.is_ascii())
            .and_then(|address| address.parse().ok());
        let message = to.clone().and_then(|to| self.postbox.message(to, parcel));
        let (Some(to), Some(message)) = (to, message) else {
            return Err(Undelivered::Refused("no address of e-mail".to_owned()));
        };
        let handing = timeout(WHOLE, self.say(to, &message.formatted())).await;
        handing.unwrap_or_else(|_| {
            Err(Undelivered::Down(
                "the mail server takes too long".to_owned(),
            ))
        })
    }

    async fn say(&mut self, to: Address, bytes: &[u8]) -> Result<(), Undelivered> {
        if std::mem::replace(&mut self.used, true) {
            self.line.command(Rset).await.map_err(down)?;
        }
        let from = Some(self.postbox.from.email.clone());
        // A sender that is refused is ours to mend, and no fault of whoever is written to.
        self.line
            .command(Mail::new(from, Vec::new()))
            .await
            .map_err(down)?;
        self.line
            .command(Rcpt::new(to, Vec::new()))
            .await
            .map_err(judged)?;
        self.line.command(Data).await.map_err(judged)?;
        self.line.message(bytes).await.map_err(judged)?;
        Ok(())
    }

    /// Takes leave; a server that does not answer is left all the same.
    pub async fn close(mut self) {
        self.line.abort().await;
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is that of map_err"
)]
fn down(error: Error) -> Undelivered {
    Undelivered::Down(said(&error))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is that of map_err"
)]
fn judged(error: Error) -> Undelivered {
    if error.is_permanent() {
        Undelivered::Refused(said(&error))
    } else if error.is_transient() {
        Undelivered::Later(said(&error))
    } else {
        Undelivered::Down(said(&error))
    }
}

/// What the server said, or what was wrong with the line: one short line.
fn said(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
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
