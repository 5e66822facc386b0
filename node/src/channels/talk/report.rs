//! Whether a text is a report, and what it says of itself: its kind, where it is, who may know.

use lapor_protocol::kinds::Classification;
use lapor_web::regions::national;

use super::Said;
use super::commands::{is_courtesy, read as command};
use crate::channels::heard::Heard;
use crate::channels::settings::Keyword;

/// Fewer letters tell nothing.
const LEAST_LETTERS: usize = 15;
const TITLE_SIGNS: usize = 80;

/// What may stand in front of a report without being one of its words.
#[derive(Clone, Copy)]
pub struct Marks<'a> {
    /// Words that say what a report is about.
    pub keywords: &'a [Keyword],
    /// What this node is called on X, without the sign in front: people write it elsewhere as well.
    pub account: Option<&'a str>,
}

/// The report in a message, if there is one.
pub fn read(heard: &Heard, marks: Marks<'_>) -> Option<Said> {
    let said = told(heard, marks);
    // The word of the table is one of the report's, though it is taken out.
    let word = said.keyword.as_deref().map_or(0, letters);
    let is_report = !is_courtesy(&said.content) && word + letters(&said.content) >= LEAST_LETTERS;
    is_report.then_some(said)
}

/// Whether a text says in front that it is a report.
pub fn is_announced(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let bare = first.trim_end_matches([':', ',']).to_uppercase();
    ["LAPOR", "#LAPOR"].contains(&bare.as_str())
}

/// What a message says as a report, whether or not it looks like one; empty where it has no words.
pub fn told(heard: &Heard, marks: Marks<'_>) -> Said {
    let mut said = unsaid(heard);
    let content = without_marks(&heard.text, marks, &mut said);
    said.title = title(content);
    content.clone_into(&mut said.content);
    let mut mentioned = national().mentioned(content).into_iter();
    // Of two nobody knows which is meant.
    if let (Some(one), None) = (mentioned.next(), mentioned.next()) {
        said.region = Some(one.code.clone());
    }
    said
}

/// Whether a text says with a word of the table what it is about, before it says anything else.
pub fn begins_with_keyword(text: &str, marks: Marks<'_>) -> bool {
    let mut said = unsaid(&Heard::default());
    without_marks(text, marks, &mut said);
    said.keyword.is_some()
}

/// A report without words yet.
pub fn unsaid(heard: &Heard) -> Said {
    Said {
        classification: Classification::Complaint,
        title: String::new(),
        content: String::new(),
        category: None,
        keyword: None,
        suggested: None,
        region: None,
        place: None,
        coordinates: heard.location,
        anonymous: false,
        secret: false,
        files: Vec::new(),
        messages: heard.id.iter().cloned().collect(),
    }
}

/// A text without the words in front that say how it is to be taken, or what it is about.
fn without_marks<'t>(text: &'t str, marks: Marks<'_>, said: &mut Said) -> &'t str {
    let mut rest = text.trim();
    loop {
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let bare = word.trim_end_matches([':', ',']).to_uppercase();
        match bare.as_str() {
            "ANONIM" => said.anonymous = true,
            "RAHASIA" => said.secret = true,
            "ASPIRASI" => said.classification = Classification::Aspiration,
            "INFO" => said.classification = Classification::InformationRequest,
            "LAPOR" | "#LAPOR" => {}
            _ if marks.has_account(&bare) => {}
            _ => match marks
                .keywords
                .iter()
                .find(|known| known.word.to_uppercase() == bare)
            {
                Some(keyword) => {
                    said.keyword = Some(bare);
                    said.category.clone_from(&keyword.category);
                    said.region.clone_from(&keyword.region);
                    said.suggested.clone_from(&keyword.suggested);
                }
                None => return rest,
            },
        }
        rest = after.trim_start();
    }
}

impl Marks<'_> {
    /// Whether a word names this node as X does.
    fn has_account(self, word: &str) -> bool {
        let (named, own) = (word.strip_prefix('@'), self.account);
        own.is_some_and(|own| named.is_some_and(|named| named.eq_ignore_ascii_case(own)))
    }
}

/// Whether a word can be one of a table's: it means nothing else.
pub fn is_free(word: &str) -> bool {
    let taken = [
        "ANONIM", "RAHASIA", "ASPIRASI", "INFO", "LAPOR", "STATUS", "CEK",
    ];
    let shape = !word.is_empty() && word.chars().all(char::is_alphanumeric);
    shape && command(word).is_none() && !taken.contains(&word.to_uppercase().as_str())
}

/// The first sentence, cut at a word.
fn title(content: &str) -> String {
    let line = content.lines().find(|line| !line.trim().is_empty());
    let line = line.unwrap_or(content).trim();
    let end = line
        .find(['.', '!', '?'])
        .filter(|end| letters(&line[..*end]) >= LEAST_LETTERS);
    let sentence = end.map_or(line, |end| &line[..end]).trim_end_matches('.');
    if sentence.chars().count() <= TITLE_SIGNS {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(TITLE_SIGNS - 1).collect();
    let whole = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(words, _)| words);
    format!("{}\u{2026}", whole.trim_end_matches([',', ';']))
}

pub fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
}

/// Whether a text is addresses of pages and nothing else.
pub fn is_links_only(text: &str) -> bool {
    let is_link = |word: &str| word.contains("://") || word.to_lowercase().starts_with("www.");
    !text.trim().is_empty() && text.split_whitespace().all(is_link)
}

/// A text as two that say the same have it.
pub fn normalised(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
