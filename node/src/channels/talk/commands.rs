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

/// Phrases that say nothing of a matter: greetings, thanks, and what people write to hear whether
/// anybody is there.
const COURTESIES: &[&str] = &[
    "terima kasih kembali",
    "sama sama",
    "ok",
    "oke",
    "baik",
    "baiklah",
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
    "assalamualaikum",
    "assalamu alaikum",
    "waalaikumsalam",
    "wassalam",
    "wassalamualaikum",
    "wr wb",
    "warahmatullahi wabarakatuh",
    "permisi",
    "maaf",
    "mohon maaf",
    "mau tanya",
    "mau bertanya",
    "numpang tanya",
    "izin bertanya",
    "mau lapor",
    "mau melapor",
    "ingin lapor",
    "ingin melapor",
    "mohon bantuan",
    "mohon bantuannya",
    "minta tolong",
    "salah kirim",
    "salah nomor",
    "salah sambung",
    "tes",
    "test",
];
const THANKS: &[&str] = &[
    "terima kasih",
    "terimakasih",
    "trimakasih",
    "makasih",
    "trims",
    "tks",
    "thanks",
    "thank you",
];
/// Greetings that are also answers.
const TIMES: &[&str] = &["pagi", "siang", "sore", "malam"];
/// What people add to a courtesy, or to an answer.
const ADDED: &[&str] = &[
    "pak",
    "bapak",
    "bu",
    "ibu",
    "mas",
    "mbak",
    "bang",
    "kak",
    "min",
    "admin",
    "saya",
    "kami",
    "banyak",
    "sekali",
    "ya",
    "dong",
    "atas bantuannya",
    "atas perhatiannya",
    "atas infonya",
    "infonya",
    "bintang",
];
/// What people add to an order.
const ORDERED: &[&str] = &["dulu", "lagi", "saja", "mohon", "tolong"];
/// What stands around a ticket whose case is asked about.
const ABOUT: &[&str] = &[
    "laporan",
    "laporannya",
    "aduan",
    "keluhan",
    "tiket",
    "nomor",
    "no",
    "dengan",
    "untuk",
    "mohon",
    "tolong",
];
/// Who says so knows neither whether it is so nor whether it is not.
const DOUBTS: &[&str] = &[
    "tidak tahu",
    "tidak tau",
    "tdk tahu",
    "tdk tau",
    "gak tahu",
    "gak tau",
    "enggak tahu",
    "enggak tau",
    "belum tahu",
    "belum tau",
    "tidak yakin",
    "tdk yakin",
    "gak yakin",
    "enggak yakin",
    "belum yakin",
];
const YES: &[&str] = &[
    "ya", "y", "yes", "iya", "sudah", "selesai", "benar", "betul", "beres",
];
/// With these somebody says more than thanks.
const BUT: [&str; 8] = [
    "tapi", "tetapi", "namun", "masih", "belum", "mohon", "tolong", "lapor",
];
/// Words of an answer that only sounds like yes, and of thanks.
const NEARLY: usize = 8;
const THANKFUL: usize = 12;

/// The command that a text is. A sentence that only begins with such a word is none.
pub fn read(text: &str) -> Option<Command<'_>> {
    let bare = text.trim().trim_end_matches(['.', '!', '?']).trim_end();
    let (first, rest) = bare.split_once(char::is_whitespace).unwrap_or((bare, ""));
    let rest = rest.trim();
    let first = first.to_uppercase();
    match (first.as_str(), rest.is_empty()) {
        ("STOP" | "BERHENTI", _) if is_beside_order(rest) => Some(Command::Stop),
        ("MULAI" | "START", _) if is_beside_order(rest) => Some(Command::Start),
        // `Status jalan rusak` tells something.
        ("STATUS" | "CEK", _) => asked_about(rest).map(Command::Status),
        ("BANTUAN" | "HELP" | "INFO", true) => Some(Command::Help),
        ("KUNCI" | "KEY", true) => Some(Command::Key),
        ("BATAL" | "CANCEL", true) => Some(Command::Drop),
        _ => None,
    }
}

/// Whether a text is greetings or thanks and no more.
pub fn is_courtesy(text: &str) -> bool {
    let words = bare(text);
    words.is_empty() || consists(&words, &[COURTESIES, THANKS, TIMES], &[ADDED])
}

/// Whether what stands beside an answer changes nothing of it.
pub fn is_beside(text: &str) -> bool {
    let words = bare(text);
    words.is_empty() || consists(&words, &[COURTESIES, THANKS, ADDED], &[])
}

/// Whether what stands behind an order changes nothing of it.
fn is_beside_order(text: &str) -> bool {
    let words = bare(text);
    words.is_empty() || consists(&words, &[COURTESIES, THANKS, ADDED, ORDERED], &[])
}

/// A time of the day, which is a greeting where nothing was asked.
pub fn is_time(text: &str) -> bool {
    TIMES.contains(&bare(text).as_str())
}

/// Whether a text is thanks with some words of what for.
pub fn is_thanks(text: &str) -> bool {
    let words = bare(text);
    let mut all = words.split(' ');
    begins_with(&words, THANKS)
        && all.clone().count() <= THANKFUL
        && !all.any(|word| BUT.contains(&word))
}

/// `YA`, and what means the same, with what people add to it.
pub fn is_yes(text: &str) -> bool {
    !text.contains('?') && consists(&bare(text), &[YES], &[COURTESIES, THANKS, ADDED])
}

/// What sounds like `YA` and may mean something else: `sudah nyala, Pak`. It closes nothing.
pub fn is_nearly_yes(text: &str) -> bool {
    let words = bare(text);
    let count = words.split(' ').count();
    let done = || count <= NEARLY / 2 && words.split(' ').any(|word| word == "sudah");
    is_thanks(text) || (count <= NEARLY && begins_with(&words, YES)) || done()
}

/// `TIDAK`, and what means the same, at the beginning; `tidak tahu` does not.
pub fn is_no(text: &str) -> bool {
    denies(text) && !is_unsure(text)
}

/// `Tidak tahu`, with some words more.
pub fn is_unsure(text: &str) -> bool {
    let words = bare(text);
    words.split(' ').count() <= NEARLY && begins_with(&words, DOUBTS)
}

fn denies(text: &str) -> bool {
    let word = text.split(|c: char| !c.is_alphanumeric()).next();
    let word = word.unwrap_or_default().to_uppercase();
    ["TIDAK", "TDK", "BELUM", "NO", "GAK", "ENGGAK", "BUKAN"].contains(&word.as_str())
}

/// `LEWATI`, and what means the same.
pub fn is_skip(text: &str) -> bool {
    let word = text.trim().trim_end_matches(['.', '!']).to_uppercase();
    ["LEWATI", "LEWAT", "SKIP", "LANJUT"].contains(&word.as_str())
}

/// That there is none of what was asked for: `LEWATI`, `tidak ada fotonya`. A sentence that only
/// begins so says more.
pub fn is_none(text: &str) -> bool {
    is_skip(text) || (denies(text) && text.split_whitespace().count() <= 3)
}

/// The ticket about which somebody asks behind `STATUS`; empty where they name none and tell nothing.
fn asked_about(rest: &str) -> Option<&str> {
    let is_ticket = |typed: &str| ticket::parse(typed).is_some();
    if is_around(rest) {
        return Some("");
    }
    among(rest, is_ticket)
        .or_else(|| is_ticket_like(rest).then_some(rest))
        .or_else(|| among(rest, is_nearly_ticket))
}

/// One word of a text, or two, where all others say nothing.
fn among(text: &str, wanted: impl Fn(&str) -> bool) -> Option<&str> {
    let spaces = text.char_indices().filter(|(_, c)| c.is_whitespace());
    let inner = spaces.map(|(at, _)| at);
    let cuts: Vec<usize> = [0].into_iter().chain(inner).chain([text.len()]).collect();
    let words = [2, 3].into_iter().flat_map(|cut| cuts.windows(cut));
    let mut found = words.filter_map(|cuts| {
        let (from, to) = (*cuts.first()?, *cuts.last()?);
        let typed = text[from..to].trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let others = [&text[..from], &text[to..]];
        (wanted(typed) && others.into_iter().all(is_around)).then_some(typed)
    });
    found.next()
}

/// Whether words say no more than that a report is asked about, politely.
fn is_around(text: &str) -> bool {
    let words = bare(text);
    words.is_empty() || consists(&words, &[COURTESIES, THANKS, TIMES, ADDED, ABOUT], &[])
}

/// What is typed for a ticket beside other words.
fn is_nearly_ticket(text: &str) -> bool {
    let signs = text.chars().filter(char::is_ascii_alphanumeric).count();
    signs >= 9 && is_ticket_like(text)
}

/// A ticket, or what is typed for one: ten signs, one of which may be wrong.
fn is_ticket_like(text: &str) -> bool {
    let signs = || text.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let alike = signs().count() <= 12
        && signs().all(|c| c.is_ascii_alphanumeric())
        && signs().any(|c| c.is_ascii_digit());
    alike || is_in_two(text) || ticket::parse(text).is_some()
}

/// Two groups of five signs; `jalan-jalan` is a word.
fn is_in_two(text: &str) -> bool {
    let Some((one, other)) = text.split_once('-') else {
        return false;
    };
    let is_group = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let doubled = one.eq_ignore_ascii_case(other) && text.chars().any(char::is_lowercase);
    is_group(one) && is_group(other) && !doubled
}

/// The words of a text in small letters, without marks.
fn bare(text: &str) -> String {
    let lower = text.to_lowercase();
    let within = |c: char| !"'`\u{2018}\u{2019}\u{b4}".contains(c);
    let words: String = lower.chars().filter(|c| within(*c)).collect();
    let words = words.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a text is made of phrases, at least one of which is `of` these, and of nothing else.
fn consists(words: &str, of: &[&[&str]], beside: &[&[&str]]) -> bool {
    let (mut rest, mut found) = (words, false);
    while !rest.is_empty() {
        let own = of.iter().copied().flatten().map(|phrase| (phrase, true));
        let others = beside.iter().copied().flatten();
        let others = others.map(|phrase| (phrase, false));
        let fitting = own
            .chain(others)
            .filter_map(|(phrase, is_own)| Some((behind(rest, phrase)?, is_own)));
        // Of phrases that begin alike the longest is meant.
        let Some((next, is_own)) = fitting.min_by_key(|(next, _)| next.len()) else {
            return false;
        };
        (rest, found) = (next, found || is_own);
    }
    found
}

fn begins_with(words: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| behind(words, phrase).is_some())
}

/// What stands behind a phrase with which a text begins.
fn behind<'t>(words: &'t str, phrase: &str) -> Option<&'t str> {
    let rest = words.strip_prefix(phrase)?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix(' ')
}
