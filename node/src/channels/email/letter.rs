//! What stands in a letter (RFC 5322, MIME): who wrote, in their own words, what is beside it, and
//! whether a machine wrote. Pure, so that it can be read again.

use bytes::Bytes;
use lapor_protocol::limits::TEXT_CHARS;
use mail_parser::decoders::html::html_to_text;
use mail_parser::{
    Address as Senders, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};
use sha2::{Digest, Sha256};

use super::super::heard::{Address, Heard, MediaKind, MediaRef, Raw, Sort, Unread};
use super::super::talk;
use super::quoted;
use super::usual::{beginning, unnested};
use crate::casework::ticket;
use crate::chance::random;

/// What begins the id of every letter of ours.
const OURS: &str = "saluran.";
/// Signs of chance in it: nobody guesses one, so who names it was written to.
const CHANCE: usize = 32;
/// Stands above what is kept of a letter that is not kept whole.
const CUT: &str = "X-Lapor-Cut";
/// Bytes of a picture within the text below which it is a logo.
const LOGO: usize = 20_000;
/// Bytes of the words of a letter that are looked at: what it quotes may stand before its own.
const READ: usize = 1024 * 1024;
/// A report has room for so many signs, with what is added.
const ROOM: usize = TEXT_CHARS - 500;
const MORE: &str = " [\u{2026}]";

/// An id of a letter of ours, without the brackets.
pub fn new_id(domain: &str) -> String {
    format!("{OURS}{}@{domain}", hex::encode(random::<16>()))
}

/// A letter as it is taken. It is known by what its writer has made of it, and not by its id alone:
/// whoever used that first would keep another's letter out.
pub fn raw(letter: Vec<u8>) -> Raw {
    let head = beginning(&letter);
    let ends = head.windows(4).position(|four| four == b"\r\n\r\n");
    let ends = ends.map_or(head.len(), |at| at + 4);
    let (head, body) = letter.split_at(ends);
    let mut hash = Sha256::new();
    if let Some(message) = MessageParser::default().parse_headers(head) {
        for name in ["Message-ID", "From", "Date", "Subject"] {
            let value = message.header_raw(name).unwrap_or_default().trim();
            hash.update((value.len() as u64).to_be_bytes());
            hash.update(value);
        }
    }
    hash.update(body);
    Raw {
        id: hex::encode(hash.finalize()),
        body: letter,
    }
}

/// The same with the mark that it is not the whole letter.
pub fn cut(mut raw: Raw, to: usize) -> Raw {
    raw.body.truncate(to);
    raw.body = [format!("{CUT}: yes\r\n").as_bytes(), &raw.body].concat();
    raw
}

/// Reads a letter that was written to `own`.
pub fn read(letter: &[u8], own: &str) -> Result<Heard, Unread> {
    let letter = unnested(letter);
    let message = MessageParser::default().parse(&*letter);
    let message = message.ok_or(Unread("no letter"))?;
    let named = ids(message.in_reply_to());
    let references = ids(message.references());
    let is_answer = !named.is_empty() || !references.is_empty();
    let of_ours = |ids: &[&'_ str]| {
        ids.iter()
            .rfind(|id| is_ours(id))
            .map(|id| (*id).to_owned())
    };
    let from = sender(&message);
    let sort = if is_automatic(&message, &from.id, own) {
        Sort::Noise
    } else {
        Sort::Word
    };
    let media = files(&message);
    let id = message.message_id().map(str::to_owned);
    Ok(Heard {
        sort,
        text: text(&message, is_answer),
        // What is ours nobody else gives.
        id: id.filter(|id| !is_ours(id)),
        reply_to: of_ours(&named).or_else(|| of_ours(&references)),
        media,
        from,
        ..Heard::default()
    })
}

/// Whether a machine wrote, so that nobody is to be answered.
pub fn is_noise(letter: &[u8], own: &str) -> bool {
    let head = MessageParser::default().parse_headers(beginning(letter));
    head.is_some_and(|head| is_automatic(&head, &sender(&head).id, own))
}

/// The letter of ours that a mail server says it could not deliver, and its code (RFC 3464).
pub fn undelivered(letter: &[u8]) -> Option<(String, String)> {
    let head = MessageParser::default().parse_headers(letter)?;
    if !head.is_content_type("multipart", "report") {
        return None;
    }
    let text = String::from_utf8_lossy(letter);
    let field = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| Some(line.to_lowercase().strip_prefix(name)?.trim().to_owned()))
    };
    if field("action:")? != "failed" {
        return None;
    }
    let mut begins = text.match_indices(OURS).map(|(at, _)| &text[at..]);
    let id = begins.find(|text| is_ours(text))?;
    let id = id.split(['>', '\r', '\n', ' ']).next()?.to_owned();
    let code: String = field("status:")?.chars().take(10).collect();
    Some((id, format!("it was returned ({code})")))
}

fn is_ours(id: &str) -> bool {
    let rest = id
        .strip_prefix(OURS)
        .and_then(|rest| rest.split_at_checked(CHANCE));
    rest.is_some_and(|(chance, rest)| {
        rest.starts_with('@') && chance.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

fn ids<'m>(value: &'m HeaderValue<'_>) -> Vec<&'m str> {
    match value {
        HeaderValue::Text(id) => vec![id.as_ref()],
        HeaderValue::TextList(ids) => ids.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    }
}

/// Who wrote; nobody where it says no address.
fn sender(message: &Message<'_>) -> Address {
    let from = message.from().and_then(Senders::first);
    let id = from.and_then(|from| from.address()).unwrap_or_default();
    let name = from.and_then(|from| from.name()).map(str::trim);
    Address {
        id: id.trim().to_lowercase(),
        name: name.filter(|name| !name.is_empty()).map(str::to_owned),
        at: None,
    }
}

/// Whether a machine wrote, or a list carries it: what is answered then comes back (RFC 3834).
fn is_automatic(message: &Message<'_>, from: &str, own: &str) -> bool {
    const MARKS: [&str; 7] = [
        "List-Id",
        "List-Post",
        "List-Unsubscribe",
        "X-Autoreply",
        "X-Autorespond",
        "X-Auto-Response-Suppress",
        "Feedback-ID",
    ];
    const NOBODY: [&str; 9] = [
        "noreply",
        "no-reply",
        "no_reply",
        "donotreply",
        "do-not-reply",
        "mailer-daemon",
        "postmaster",
        "bounce",
        "tidak-dibalas",
    ];
    const AWAY: [&str; 6] = [
        "automatic reply",
        "auto:",
        "autoreply",
        "auto-reply",
        "out of office",
        "balasan otomatis",
    ];
    let field = |name: &'static str| {
        let value = message.header_raw(name);
        value.map(|value| value.trim().to_lowercase())
    };
    let local = from.split('@').next().unwrap_or_default();
    let subject = message.subject().unwrap_or_default().trim().to_lowercase();
    let is_bulk = |value: String| ["bulk", "junk", "list", "auto_reply"].contains(&&*value);
    from.is_empty()
        || from == own.to_lowercase()
        || NOBODY.iter().any(|nobody| local.starts_with(nobody))
        || AWAY.iter().any(|away| subject.starts_with(away))
        || MARKS.iter().any(|mark| message.header_raw(*mark).is_some())
        || field("Auto-Submitted").is_some_and(|value| !value.starts_with("no"))
        || field("Precedence").is_some_and(is_bulk)
        || field("Return-Path").is_some_and(|value| value == "<>")
        || message.is_content_type("multipart", "report")
}

/// The own words: of a letter that answers nothing the subject is the first line.
fn text(message: &Message<'_>, is_answer: bool) -> String {
    let mut body = String::new();
    for part in message.text_bodies() {
        let room = READ.saturating_sub(body.len());
        match &part.body {
            PartType::Text(text) => body.push_str(first(text, room)),
            PartType::Html(html) => {
                body.push_str(&html_to_text(&quoted::lined(first(html, room), is_answer)));
            }
            _ => {}
        }
        body.push('\n');
    }
    let body = quoted::own_words(&body.replace('\r', ""), is_answer);
    let subject = message.subject().map(str::trim).unwrap_or_default();
    let word = body.split_whitespace().next().unwrap_or_default();
    let orders = talk::is_command(&body) || ticket::parse(word).is_some();
    let subject = if is_answer || orders { "" } else { subject };
    let named = others(message);
    let said: Vec<&str> = [subject, &body, &named]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    shortened(&said.join("\n\n"))
}

/// So many bytes of a text, or a few less.
fn first(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(ROOM) {
        Some((end, _)) => format!("{}{MORE}", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Names of files that are of no kind that is taken, so that it is known that they came.
fn others(message: &Message<'_>) -> String {
    let names = message.attachments().filter(|part| {
        kind(part) == Some(MediaKind::Document) && !part.is_content_type("application", "pdf")
    });
    let names = names.filter_map(|part| part.attachment_name());
    let names: Vec<String> = names.map(|name| name.chars().take(80).collect()).collect();
    if names.is_empty() {
        return String::new();
    }
    format!("(lampiran: {})", names.join(", "))
}

fn files(message: &Message<'_>) -> Vec<MediaRef> {
    let is_cut = message.header_raw(CUT).is_some();
    let parts = message.attachments().enumerate();
    let files = parts.filter_map(|(at, part)| {
        let kind = kind(part)?;
        let whole = (!is_cut).then(|| Bytes::copy_from_slice(part.contents()));
        Some(MediaRef {
            at: at.to_string(),
            kind,
            // Of a letter that is too large nothing is known to be whole.
            size: whole
                .as_ref()
                .map_or(Some(u64::MAX), |whole| Some(whole.len() as u64)),
            content: whole,
        })
    });
    files.collect()
}

/// What a file is said to be; `None` for what is no file of its writer: a signature, a logo.
fn kind(part: &MessagePart<'_>) -> Option<MediaKind> {
    let content = part.content_type();
    let (kind, of) = content.map_or(("", ""), |content| {
        (content.ctype(), content.subtype().unwrap_or_default())
    });
    let of = of.to_lowercase();
    let is_inline = part.content_id().is_some() || matches!(part.body, PartType::InlineBinary(_));
    match kind.to_lowercase().as_str() {
        _ if of.contains("signature") || of == "pgp-keys" || of == "ms-tnef" => None,
        "image" if is_inline && part.len() < LOGO => None,
        "image" => Some(MediaKind::Picture),
        "video" => Some(MediaKind::Film),
        "audio" => Some(MediaKind::Sound),
        _ => Some(MediaKind::Document),
    }
}
