//! Of a letter what its writer has written: without what it quotes, without a signature and without
//! the words with which one takes leave.

/// Begins the line above which an answer to this node is written.
pub const ABOVE: &str = "##-";
/// How mail programs say who wrote what they quote.
const WROTE: [&str; 3] = ["wrote:", "menulis:", "tulis:"];
/// How many lines they take for it.
const WROTE_LINES: usize = 3;
/// Lines that say that a letter was quoted below.
const ORIGINAL: [&str; 4] = [
    "-----original message",
    "-----pesan asli",
    "----- original message",
    "----- pesan asli",
];
/// The head of a quoted letter, as some programs copy it.
const HEAD: [&str; 2] = ["from:", "dari:"];
const HEAD_BELOW: [&str; 6] = ["sent:", "date:", "to:", "dikirim:", "tanggal:", "kepada:"];
/// What telephones add by themselves.
const DEVICES: [&str; 4] = [
    "sent from my ",
    "dikirim dari ",
    "sent from yahoo",
    "get outlook for ",
];
/// How people take leave.
const LEAVES: [&str; 10] = [
    "salam",
    "hormat",
    "terima kasih",
    "terimakasih",
    "wassalam",
    "demikian",
    "regards",
    "best regards",
    "thanks",
    "thank you",
];
/// What comes with it: a name, an office.
const LEAVE_LINES: usize = 4;
const LEAVE_SIGNS: usize = 40;

/// The own words in a text; `is_answer` where it is written to a letter, which it may quote.
pub fn own_words(text: &str, is_answer: bool) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        // The mark of a signature.
        if *line == "--" {
            break;
        }
        if line.contains(ABOVE) {
            without_last_head(&mut kept);
            break;
        }
        if is_answer {
            if let Some(taken) = says_who_wrote(&lines[at..]) {
                at += taken;
                if is_quoted_below(&lines[at..]) {
                    continue;
                }
                break;
            }
            if begins_copy(&lines[at..]) {
                break;
            }
        }
        at += 1;
        let is_quoted = is_answer && line.starts_with('>');
        if !is_quoted && !begins_with(line, &DEVICES) {
            kept.push(line);
        }
    }
    without_leave(&kept.join("\n")).trim().to_owned()
}

/// A text of HTML that keeps its lines, without what it quotes.
pub fn lined(html: &str, is_answer: bool) -> String {
    let mut html = if is_answer {
        without_quotes(html)
    } else {
        html.to_owned()
    };
    for ends in ["</div>", "</li>", "</tr>", "</h1>", "</h2>", "</h3>"] {
        html = html.replace(ends, &format!("{ends}<br>"));
    }
    html
}

fn without_quotes(html: &str) -> String {
    const BEGINS: &str = "<blockquote";
    const ENDS: &str = "</blockquote>";
    let (mut out, mut from, mut depth) = (String::new(), 0, 0_usize);
    for (at, _) in html.match_indices('<') {
        let tag = &html[at..];
        let (length, now) = if tag.starts_with(BEGINS) {
            (BEGINS.len(), depth + 1)
        } else if tag.starts_with(ENDS) {
            (ENDS.len(), depth.saturating_sub(1))
        } else {
            continue;
        };
        if depth == 0 {
            out.push_str(&html[from..at]);
        }
        (from, depth) = (at + length, now);
    }
    if depth == 0 {
        out.push_str(&html[from..]);
    }
    out
}

fn begins_with(line: &str, words: &[&str]) -> bool {
    let line = line.trim_start().to_lowercase();
    words.iter().any(|word| line.starts_with(word))
}

/// How many lines say who wrote what follows: `Pada Jumat, 27 Nov 2026 pukul 10.00 Lapor menulis:`.
fn says_who_wrote(lines: &[&str]) -> Option<usize> {
    let mut said = String::new();
    for (at, line) in lines.iter().take(WROTE_LINES).enumerate() {
        if line.trim().is_empty() {
            return None;
        }
        said.push_str(line.trim());
        let ends = WROTE
            .iter()
            .any(|wrote| said.to_lowercase().ends_with(wrote));
        if ends && said.contains(|c: char| c.is_ascii_digit()) {
            return Some(at + 1);
        }
        // One that goes on in another line begins with when.
        if !begins_with(&said, &["on ", "pada "]) {
            return None;
        }
        said.push(' ');
    }
    None
}

fn is_quoted_below(lines: &[&str]) -> bool {
    let next = lines.iter().find(|line| !line.trim().is_empty());
    next.is_some_and(|line| line.starts_with('>'))
}

/// Whether a quoted letter begins here with a rule or a head of its own.
fn begins_copy(lines: &[&str]) -> bool {
    let first = lines[0].trim();
    let is_rule = first.len() >= 20 && first.chars().all(|c| c == '_');
    if is_rule || begins_with(first, &ORIGINAL) {
        return true;
    }
    let below = lines.iter().skip(1).take(3);
    begins_with(first, &HEAD) && below.into_iter().any(|line| begins_with(line, &HEAD_BELOW))
}

/// Takes away a line that says who wrote, in whichever language, above the mark of this node.
fn without_last_head(kept: &mut Vec<&str>) {
    while kept.last().is_some_and(|line| line.trim().is_empty()) {
        kept.pop();
    }
    if kept.last().is_some_and(|line| line.ends_with(':')) {
        kept.pop();
    }
}

/// A text without the paragraph that takes leave, where it says anything else.
fn without_leave(text: &str) -> &str {
    let text = text.trim_end();
    let Some((before, last)) = text.rsplit_once("\n\n") else {
        return text;
    };
    let is_short = |line: &str| line.chars().count() <= LEAVE_SIGNS;
    let takes_leave = begins_with(last, &LEAVES)
        && last.lines().count() <= LEAVE_LINES
        && last.lines().all(is_short);
    if takes_leave && !before.trim().is_empty() {
        before
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_answer_only_what_is_new_is_kept() {
        for (text, own) in [
            (
                "Ya.\n\nPada Jum, 27 Nov 2026 pukul 10.00 Lapor <lapor@bandung.go.id> menulis:\n\n> ##- Tulis balasan -##\n> Sudah selesai?\n",
                "Ya.",
            ),
            (
                "Di depan nomor 12\n\nOn Fri, Nov 27, 2026 at 10:00 AM Lapor Kota Bandung\n<lapor@bandung.go.id> wrote:\n\nTentang laporan Anda",
                "Di depan nomor 12",
            ),
            (
                "On 27/11/2026 10:00, Lapor wrote:\n> Di mana?\nDi Cihampelas\n> Kapan?\nMinggu",
                "Di Cihampelas\nMinggu",
            ),
            (
                "Tidak, masih padam.\n\nFrom: Lapor <lapor@bandung.go.id>\nSent: Friday\nTo: Siti\nSubject: Laporan\n\nSudah selesai?",
                "Tidak, masih padam.",
            ),
            ("5\n________________________________\nFrom: Lapor", "5"),
            (
                "Baik sekali\n\nAm 27.11.2026 um 10:00 schrieb Lapor:\n##- Tulis balasan -##\nKata kami",
                "Baik sekali",
            ),
            ("YA\n\nTerima kasih,\nSiti Aminah", "YA"),
            ("Ya\n-- \nSiti Aminah\n0812", "Ya"),
            ("Ya\n\nDikirim dari iPhone saya", "Ya"),
            ("Terima kasih banyak", "Terima kasih banyak"),
        ] {
            assert_eq!(own_words(text, true), own, "{text}");
        }
    }

    #[test]
    fn a_letter_that_answers_nothing_quotes_as_it_likes() {
        let text = "Ini surat RT:\n> Lampu padam\nFrom: RT\nTo: warga\nOn 1 May RT wrote:\nMohon";
        assert_eq!(own_words(text, false), text);
        let leave = "Lampu jalan padam di Cihampelas.\n\nHormat saya,\nSiti";
        assert_eq!(own_words(leave, false), "Lampu jalan padam di Cihampelas.");
    }

    #[test]
    fn lines_of_html_stay_lines_and_quotes_go() {
        let html =
            "<div>Ya</div><blockquote>a<blockquote>b</blockquote>c</blockquote><div>Siti</div>";
        assert_eq!(lined(html, true), "<div>Ya</div><br><div>Siti</div><br>");
        assert!(lined(html, false).contains("<blockquote>a"));
        assert_eq!(without_quotes("a<blockquote>b"), "a");
        assert_eq!(without_quotes("a</blockquote>b<br>c"), "ab<br>c");
        // In one pass: each was looked for through all of the rest.
        let begun = std::time::Instant::now();
        assert_eq!(without_quotes(&"<blockquote ".repeat(400_000)), "");
        assert!(begun.elapsed().as_secs() < 20);
    }
}
