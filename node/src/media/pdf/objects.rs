//! The objects of a PDF in the order of the file, those of former versions too: found by their
//! words and not by the tables of places, which may lie.

use std::ops::Range;

use super::find;
use super::tokens::{Kind, Tokens};

/// How far into a dictionary an entry is looked for; those that are asked for are short.
const LOOKED_AT: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) number: u32,
    pub(super) generation: u32,
}

/// An object, or what a file ends with: a trailer, which has no id.
pub(super) struct Object {
    pub(super) id: Option<Id>,
    pub(super) value: Range<usize>,
    pub(super) stream: Option<Range<usize>>,
}

pub(super) struct Objects {
    tokens: Tokens,
}

pub(super) struct Entry {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

impl Objects {
    pub(super) fn of(file: &[u8]) -> Self {
        Self {
            tokens: Tokens::of(0..file.len()),
        }
    }

    pub(super) fn next(&mut self, file: &[u8]) -> Option<Object> {
        let mut before = [None, None];
        loop {
            let token = self.tokens.next(file)?;
            let id = match (&file[token.at.clone()], before) {
                (b"obj", [Some(number), Some(generation)]) => Some(Id { number, generation }),
                (b"trailer", _) => None,
                (word, [_, last]) => {
                    before = [last, number(word)];
                    continue;
                }
            };
            let value = self.tokens.value(file);
            let stream = self.stream(file, &value);
            return Some(Object { id, value, stream });
        }
    }

    /// What stands between `stream` and `endstream`.
    fn stream(&mut self, file: &[u8], dictionary: &Range<usize>) -> Option<Range<usize>> {
        let word = self.tokens.clone().next(file)?;
        if &file[word.at.clone()] != b"stream" {
            return None;
        }
        let mut start = word.at.end;
        start += usize::from(file.get(start) == Some(&b'\r'));
        start += usize::from(file.get(start) == Some(&b'\n'));
        let length = entry(file, dictionary, b"/Length");
        let length = length.and_then(|entry| number(&file[entry.value]));
        let told = length.and_then(|length| start.checked_add(length as usize));
        let told = told.filter(|end| ends_a_stream(file, *end));
        let end = told.unwrap_or_else(|| end_of_stream(file, start));
        self.tokens.at = end;
        Some(start..end)
    }
}

fn ends_a_stream(file: &[u8], at: usize) -> bool {
    let mut behind = Tokens::of(at..file.len().min(at.saturating_add(32)));
    let word = behind.next(file);
    word.is_some_and(|word| &file[word.at] == b"endstream")
}

fn end_of_stream(file: &[u8], start: usize) -> usize {
    let Some(length) = find(&file[start..], b"endstream") else {
        return file.len();
    };
    let held = &file[start..start + length];
    let held = held.strip_suffix(b"\n").unwrap_or(held);
    let held = held.strip_suffix(b"\r").unwrap_or(held);
    start + held.len()
}

/// An entry of a dictionary; `name` has its slash.
pub(super) fn entry(file: &[u8], dictionary: &Range<usize>, name: &[u8]) -> Option<Entry> {
    let end = dictionary.end.min(dictionary.start + LOOKED_AT);
    let mut tokens = Tokens::of(dictionary.start..end);
    tokens
        .next(file)
        .filter(|token| &file[token.at.clone()] == b"<<")?;
    loop {
        let key = tokens.next(file).filter(|key| key.kind == Kind::Name)?;
        let mut value = tokens.value(file);
        if let Some(behind) = behind_reference(file, value.start, end) {
            tokens.at = behind;
            value.end = behind;
        }
        if &file[key.at.clone()] == name {
            let name = key.at;
            return Some(Entry { name, value });
        }
    }
}

/// Where a reference to an object ends that begins here.
fn behind_reference(file: &[u8], start: usize, end: usize) -> Option<usize> {
    let mut tokens = Tokens::of(start..end);
    for _ in 0..2 {
        let token = tokens.next(file)?;
        number(&file[token.at])?;
    }
    let token = tokens.next(file)?;
    (&file[token.at.clone()] == b"R").then_some(token.at.end)
}

/// The objects that a part of a file refers to.
pub(super) fn references(file: &[u8], part: Range<usize>) -> impl Iterator<Item = Id> {
    let mut tokens = Tokens::of(part);
    let mut before = [None, None];
    std::iter::from_fn(move || {
        loop {
            let token = tokens.next(file)?;
            match (&file[token.at], before) {
                (b"R", [Some(number), Some(generation)]) => {
                    before = [None, None];
                    return Some(Id { number, generation });
                }
                (word, [_, last]) => before = [last, number(word)],
            }
        }
    })
}

/// The names that a part of a file holds, four at most.
pub(super) fn names(file: &[u8], part: Range<usize>) -> Vec<&[u8]> {
    let mut tokens = Tokens::of(part);
    std::iter::from_fn(|| tokens.next(file))
        .filter(|token| token.kind == Kind::Name)
        .map(|token| &file[token.at])
        .take(4)
        .collect()
}

pub(super) fn number(word: &[u8]) -> Option<u32> {
    if !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(word).ok()?.parse().ok()
}
