//! Words that are commands, and words that are only polite. People type them in any case, with a
//! full stop behind.

use crate::casework::ticket;

/// What somebody orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'t> {
    Stop,
    Start,
    /// How far a ticket is; empty for the own last report.
    Status(&'t str),
    Help,
    Key,
    Drop,
}

const COURTESIES: [&str; 28] = [
    "terima kasih",
    "terimakasih",
    "makasih",
    "trims",
    "tks",
    "thanks",
    "thank you",
    "ok",
    "oke",
    "baik",
    "siap",
    "halo",
    "hallo",
    "hai",
    "hi",
    "hello",
    "selamat pagi",
    "selamat siang",
    "selamat sore",
    "selamat malam",
    "pagi",
    "siang",
    "sore",
    "malam",
    "assalamualaikum",
    "assalamu alaikum",
    "permisi",
    "test",
];
/// What people add to a courtesy.
const ADDED: [&str; 12] = [
    "pak",
    "bu",
    "bapak",
    "ibu",
    "min",
    "admin",
    "kak",
    "banyak",
    "ya",
    "atas bantuannya",
    "infonya",
    "mas",
];

/// The command that a text is. A sentence that only begins with such a word is none.
pub fn read(text: &str) -> Option<Command<'_>> {
    let bare = text.trim().trim_end_matches(['.', '!', '?']).trim_end();
    let (first, rest) = bare.split_once(char::is_whitespace).unwrap_or((bare, ""));
    let rest = rest.trim();
    let first = first.to_uppercase();
    match (first.as_str(), rest.is_empty()) {
        ("STOP" | "BERHENTI", true) => Some(Command::Stop),
        ("MULAI" | "START", true) => Some(Command::Start),
        ("STATUS" | "CEK", true) => Some(Command::Status("")),
        // `Status jalan rusak` tells something.
        ("STATUS" | "CEK", false) if is_ticket_like(rest) => Some(Command::Status(rest)),
        ("BANTUAN" | "HELP" | "INFO", true) => Some(Command::Help),
        ("KUNCI" | "KEY", true) => Some(Command::Key),
        ("BATAL" | "CANCEL", true) => Some(Command::Drop),
        _ => None,
    }
}

/// Whether a text is a greeting or thanks and no more.
pub fn is_courtesy(text: &str) -> bool {
    let mut words = text.to_lowercase();
    words.retain(|c| c.is_alphanumeric() || c.is_whitespace());
    let mut words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() {
        return true;
    }
    while let Some(rest) = ADDED
        .iter()
        .find_map(|added| words.strip_suffix(added)?.strip_suffix(' '))
    {
        words = rest.to_owned();
    }
    COURTESIES.contains(&words.as_str())
}

/// `YA`, and what means the same.
pub fn is_yes(text: &str) -> bool {
    let word = text.trim().trim_end_matches(['.', '!']).to_uppercase();
    ["YA", "Y", "YES", "SUDAH", "SELESAI", "BENAR", "IYA"].contains(&word.as_str())
}

/// `TIDAK`, and what means the same, at the beginning.
pub fn is_no(text: &str) -> bool {
    let word = text.split(|c: char| !c.is_alphanumeric()).next();
    let word = word.unwrap_or_default().to_uppercase();
    ["TIDAK", "TDK", "BELUM", "NO", "GAK", "ENGGAK", "BUKAN"].contains(&word.as_str())
}

/// A ticket, or what is typed for one: ten signs, one of which may be wrong.
fn is_ticket_like(text: &str) -> bool {
    let signs = || text.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let alike = signs().count() <= 12
        && signs().all(|c| c.is_ascii_alphanumeric())
        && signs().any(|c| c.is_ascii_digit());
    alike || ticket::parse(text).is_some()
}
