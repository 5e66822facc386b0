//! Whether a text is a report, and what it says of itself: its kind, where it is, who may know.

use lapor_protocol::kinds::Classification;
use lapor_protocol::region::RegionCode;
use lapor_web::regions::national;

use super::Said;
use super::commands::{is_courtesy, read as command};
use crate::casework::Coordinates;
use crate::channels::heard::Heard;
use crate::channels::settings::Keyword;
use crate::place::spot;

/// Fewer letters tell nothing.
const LEAST_LETTERS: usize = 15;
const TITLE_SIGNS: usize = 80;

/// What may stand in front of a report without being one of its words.
#[derive(Clone, Copy)]
pub struct Marks<'a> {
    /// Words that say what a report is about.
    pub keywords: &'a [Keyword],
    /// They hold in any letters, as text messages are typed; elsewhere only where they are typed as
    /// no word of a sentence is.
    pub in_any_letters: bool,
    /// What this node is called on X, without the sign in front: people write it elsewhere as well.
    pub account: Option<&'a str>,
}

/// A text without the words in front that say how it is to be taken.
struct Words<'t> {
    content: &'t str,
    /// The same without the word of the table, which may be one of the text's.
    behind: &'t str,
}

/// The report in a message, if there is one.
pub fn read(heard: &Heard, marks: Marks<'_>) -> Option<Said> {
    let mut said = unsaid(heard);
    let words = without_marks(&heard.text, marks, &mut said);
    // The word of the table is one of the report's, also where it is taken out.
    let word = said.keyword.as_deref().map_or(0, letters);
    let behind = words.behind;
    let is_report = !is_courtesy(behind) && word + letters(behind) >= LEAST_LETTERS;
    is_report.then(|| saying(said, words.content))
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
    let content = without_marks(&heard.text, marks, &mut said).content;
    saying(said, content)
}

/// Whether a text says with a word of the table what it is about, before it says anything else.
pub fn begins_with_keyword(text: &str, marks: Marks<'_>) -> bool {
    let mut said = unsaid(&Heard::default());
    without_marks(text, marks, &mut said);
    said.keyword.is_some()
}

/// Whether a text is such a word and tells nothing.
pub fn is_keyword(text: &str, marks: Marks<'_>) -> bool {
    let mut said = unsaid(&Heard::default());
    let words = without_marks(text, marks, &mut said);
    said.keyword.is_some() && words.behind.is_empty()
}

/// Notes where a report is. Who was suggested for another region is not suggested any more.
pub fn lies_in(said: &mut Said, region: RegionCode) {
    let elsewhere = said
        .region
        .as_ref()
        .is_some_and(|noted| !touch(noted, &region));
    if elsewhere {
        said.suggested = None;
    }
    said.region = Some(region);
}

/// Notes where a report is by its coordinates. Where they lie elsewhere than the region of a word of the
/// table, and nothing that was said names a region, neither that region nor whom the word suggests
/// holds: who shares a place knows it better than whoever made the word.
pub fn lies_at(said: &mut Said, at: Coordinates) {
    said.coordinates = Some(at);
    let spot = spot(at.latitude(), at.longitude());
    let region = said.region.as_ref().filter(|_| is_by_keyword(said));
    // A place abroad is a mistake, and says nothing.
    let elsewhere =
        region.is_some_and(|region| spot.is_in_the_country() && !spot.may_lie_in(region));
    if elsewhere {
        (said.region, said.suggested) = (None, None);
    }
}

/// Whether a word of the table alone says in which region a report is.
fn is_by_keyword(said: &Said) -> bool {
    let names_region = |place: &String| national().meant(place).is_some();
    said.keyword.is_some()
        && national().mentioned(&said.content).is_empty()
        && !said.place.as_ref().is_some_and(names_region)
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

/// A report with its words, and the region that they name.
fn saying(mut said: Said, content: &str) -> Said {
    said.title = title(content);
    content.clone_into(&mut said.content);
    let mentioned = national().mentioned(content);
    let noted = said.region.as_ref();
    let elsewhere = noted.is_some_and(|noted| mentioned.iter().all(|one| !touch(noted, &one.code)));
    if elsewhere && !mentioned.is_empty() {
        (said.region, said.suggested) = (None, None);
    }
    // Of two nobody knows which is meant.
    if let [one] = &mentioned[..] {
        lies_in(&mut said, one.code.clone());
    }
    if let Some(at) = said.coordinates {
        lies_at(&mut said, at);
    }
    said
}

/// Whether one of two regions lies in the other.
fn touch(one: &RegionCode, other: &RegionCode) -> bool {
    one.within(other) || other.within(one)
}

/// Takes out what stands in front of a report without being one of its words, and notes what it
/// says. A word of the table stays in the text, which may begin with it as with any other, unless
/// it is said apart: with a colon, once more, or before other marks.
fn without_marks<'t>(text: &'t str, marks: Marks<'_>, said: &mut Said) -> Words<'t> {
    let mut content = text.trim();
    while let Some(rest) = without_mark(content, marks, said) {
        content = rest;
    }
    let (word, after) = first(content);
    let has_colon = word.ends_with(':') || after.starts_with(':');
    let counts = marks.in_any_letters || has_colon || is_typed(word);
    let Some(keyword) = marks.keyword(word).filter(|_| counts) else {
        return Words {
            content,
            behind: content,
        };
    };
    said.keyword = Some(keyword.word.to_uppercase());
    said.category.clone_from(&keyword.category);
    said.region.clone_from(&keyword.region);
    said.suggested.clone_from(&keyword.suggested);
    let after = after.trim_start_matches(':').trim_start();
    let mut behind = after;
    while is_apart(behind)
        && let Some(rest) = without_mark(behind, marks, said)
    {
        behind = rest;
    }
    let again = bare(first(behind).0) == bare(word).trim_start_matches('#');
    if has_colon || again || behind != after {
        content = behind;
    }
    Words { content, behind }
}

/// What follows a word in front that says how a report is to be taken.
fn without_mark<'t>(text: &'t str, marks: Marks<'_>, said: &mut Said) -> Option<&'t str> {
    let (word, after) = first(text);
    match bare(word).as_str() {
        "ANONIM" => said.anonymous = true,
        "RAHASIA" => said.secret = true,
        "ASPIRASI" => said.classification = Classification::Aspiration,
        "INFO" => said.classification = Classification::InformationRequest,
        "LAPOR" | "#LAPOR" => {}
        other if marks.has_account(other) => {}
        _ => return None,
    }
    Some(after)
}

/// Whether a text goes on with something that is no word of a sentence.
fn is_apart(text: &str) -> bool {
    let (word, _) = first(text);
    is_typed(word) || ["ANONIM", "RAHASIA"].contains(&bare(word).as_str())
}

/// Whether a word is typed as no word of a sentence is: in capitals, with a sign.
fn is_typed(word: &str) -> bool {
    let in_capitals = letters(word) > 0 && !word.chars().any(char::is_lowercase);
    in_capitals || word.starts_with(['#', '@']) || word.ends_with(':')
}

/// The first word of a text, and what follows it.
fn first(text: &str) -> (&str, &str) {
    let (word, after) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, after.trim_start())
}

/// A word in capitals, without the sign behind it.
fn bare(word: &str) -> String {
    word.trim_end_matches([':', ',']).to_uppercase()
}

impl<'a> Marks<'a> {
    fn keyword(self, word: &str) -> Option<&'a Keyword> {
        let bare = bare(word);
        let bare = bare.strip_prefix('#').unwrap_or(&bare);
        let mut keywords = self.keywords.iter();
        keywords.find(|known| known.word.to_uppercase() == bare)
    }

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

/// The first sentence that says more than a greeting, cut at a word.
fn title(content: &str) -> String {
    let mut lines = content.lines().filter(|line| !line.trim().is_empty());
    let begins = lines.clone().next().unwrap_or(content);
    let tells = |line: &&str| !is_courtesy(line) && command(line).is_none();
    let line = behind_courtesies(lines.find(tells).unwrap_or(begins).trim());
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

/// A line without the greetings and thanks in front, where a mark divides them from what it tells.
fn behind_courtesies(line: &str) -> &str {
    let mut ends = line.rmatch_indices([',', '.', '!', ';', ':']);
    let behind = ends.find_map(|(at, mark)| {
        let (front, rest) = (&line[..at], line[at + mark.len()..].trim_start());
        (is_courtesy(front) && letters(rest) > 0).then_some(rest)
    });
    behind.unwrap_or(line)
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
