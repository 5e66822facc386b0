//! `docs/protocol.md` sentence by sentence, and which of them a quote touches.

use std::ops::Range;

const PAGE: &str = include_str!("../../docs/protocol.md");

/// Chapters of which nothing crosses the wire: why, what a vector holds, what
/// is computed by everybody for itself, and what an operator's command writes.
const APART: [&str; 5] = [
    "Principles",
    "Clocks",
    "Vectors",
    "Export",
    "Where this differs from the design notes",
];

/// A sentence, or a row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    pub chapter: String,
    pub text: String,
    /// Whether anything of it can be seen from outside.
    pub crosses_the_wire: bool,
    place: Range<usize>,
}

/// The page as one line of words, and where its sentences stand in it.
pub struct Contract {
    words: String,
    sentences: Vec<Sentence>,
}

impl Contract {
    pub fn read() -> Self {
        let mut contract = Self {
            words: String::new(),
            sentences: Vec::new(),
        };
        let mut chapter = String::from("Federation protocol 1");
        let (mut in_code, mut paragraph) = (false, String::new());
        for line in PAGE.lines().map(str::trim) {
            let fence = line.starts_with("```");
            let heading = line.trim_start_matches('#');
            let apart = fence || in_code || line.is_empty() || line.starts_with("<!--");
            if apart || line.starts_with(['#', '|']) {
                contract.add(&chapter, &std::mem::take(&mut paragraph));
            }
            if fence {
                in_code = !in_code;
            } else if !apart && heading.len() < line.len() {
                heading.trim().clone_into(&mut chapter);
            } else if !apart && line.starts_with('|') {
                contract.add_row(&chapter, line);
            } else if !apart {
                paragraph.extend([line, " "]);
            }
        }
        contract.add(&chapter, &paragraph);
        contract
    }

    pub fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    /// Whether these words stand in the page as they are.
    pub fn says(&self, quote: &str) -> bool {
        self.words.contains(quote)
    }

    /// The sentences of the wire that a quote touches.
    pub fn touched(&self, quote: &str) -> impl Iterator<Item = usize> {
        let at = self.words.find(quote).unwrap_or(self.words.len());
        let end = at + quote.len();
        let is_touched = move |place: &Range<usize>| at < place.end && place.start < end;
        let sentences = self.sentences.iter().enumerate();
        sentences
            .filter(move |(_, one)| one.crosses_the_wire && is_touched(&one.place))
            .map(|(number, _)| number)
    }

    fn add(&mut self, chapter: &str, paragraph: &str) {
        let mut rest = paragraph.trim();
        while !rest.is_empty() {
            let end = end_of_sentence(rest);
            self.push(chapter, &rest[..end]);
            rest = rest[end..].trim_start();
        }
    }

    /// What stands above the rule of a table names its columns, and says nothing.
    fn add_row(&mut self, chapter: &str, row: &str) {
        let rule = row.chars().all(|sign| "|-: ".contains(sign));
        if rule {
            self.sentences.pop();
        } else {
            self.push(chapter, row);
        }
    }

    fn push(&mut self, chapter: &str, text: &str) {
        let start = self.words.len();
        self.words.push_str(text);
        self.sentences.push(Sentence {
            chapter: chapter.to_owned(),
            text: text.to_owned(),
            crosses_the_wire: !APART.contains(&chapter),
            place: start..self.words.len(),
        });
        self.words.push(' ');
    }
}

/// Behind the first full stop, colon at a line's end or the like; what stands
/// in brackets or in code is inside a sentence.
fn end_of_sentence(text: &str) -> usize {
    let (mut code, mut depth) = (false, 0_i32);
    for (at, sign) in text.char_indices() {
        match sign {
            '`' => code = !code,
            '(' if !code => depth += 1,
            ')' if !code => depth -= 1,
            '.' if !code && depth <= 0 => {
                let behind = text[at + 1..].trim_start_matches("**");
                if behind.is_empty() || behind.starts_with(' ') {
                    return text.len() - behind.len();
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_at_its_full_stop_and_not_inside_of_code_or_brackets() {
        for (text, first) in [
            ("One. Two.", "One."),
            ("See `a. b` there. Two", "See `a. b` there."),
            ("One (of. two) more. Two", "One (of. two) more."),
            ("**Words.** Are these.", "**Words.**"),
            ("RFC 1.0.2 says. So", "RFC 1.0.2 says."),
            ("no end", "no end"),
        ] {
            assert_eq!(&text[..end_of_sentence(text)], first);
        }
    }

    #[test]
    fn the_page_is_read_whole_and_a_quote_is_found_where_it_stands() {
        let contract = Contract::read();
        assert!(contract.sentences().len() > 400);
        let quote = "The hub never connects to a node.";
        assert!(contract.says(quote) && !contract.says("The hub connects to a node."));
        let touched = |quote| contract.touched(quote).count();
        assert_eq!(
            touched("A batch may also be accepted in part **without** an exception"),
            1
        );
        assert_eq!(touched("202: more is missing. 201: it is complete"), 2);
        assert_eq!(touched("The hub connects to a node."), 0);
        let is_head = |one: &Sentence| one.text.starts_with("| request | success |");
        assert!(
            !contract.sentences().iter().any(is_head),
            "the head of a table"
        );
    }

    #[test]
    fn every_sentence_that_a_check_quotes_stands_in_the_page_word_for_word() {
        let contract = Contract::read();
        let mut count = 0;
        for quote in crate::hub::sentences().chain(crate::node::sentences()) {
            assert!(contract.says(quote), "{quote}");
            count += 1;
        }
        assert!(count > 80, "{count}");
    }
}
