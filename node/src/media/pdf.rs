//! Documents without what they say of who made them, when and with what, and of where their
//! pictures were taken (PDF, ISO 32000-2). Every byte keeps its place, so that the tables of places
//! in a document stay true; what is on its pages stays as it is.
//!
//! One that is encrypted or signed stays as it was sent: the one hides what to change, the other
//! would not hold any more.

use std::collections::BTreeSet;
use std::io::{Read, Seek, Write};
use std::ops::Range;
use std::path::Path;

use super::clean::{Failed, in_place};
use super::picture;
use objects::{Id, Object, Objects, entry, names, number, references};
use packed::{pack, unpacked};
use tokens::{Kind, Tokens};

mod objects;
mod packed;
mod tokens;

/// Dictionaries about a document, and texts that they refer to, at most; a document has one and
/// some ten.
const MOST_ABOUT: usize = 1000;
/// Bytes that one stream is unpacked to, and all of them together each time that the document is gone
/// through, at most.
const MOST_UNPACKED: usize = 40 << 20;
const MOST_UNPACKED_TOGETHER: usize = 128 << 20;
/// What a document takes beside its own bytes while it is cleaned, at most: a stream as it is unpacked, and as
/// it is packed anew, each in memory that grows by doubling.
pub(super) const MEMORY: u64 = 160 << 20;

struct Document<'a> {
    file: &'a mut [u8],
    /// Dictionaries about the document, and what they refer to.
    about: BTreeSet<Id>,
    texts: BTreeSet<Id>,
    /// Dictionaries that were blanked, texts that were, and dictionaries that could not be.
    blanked: BTreeSet<Id>,
    emptied: BTreeSet<Id>,
    kept: BTreeSet<Id>,
    /// Whether a text may stand where it was not looked for.
    has_passed: bool,
    /// Bytes that may still be unpacked, or read of what was.
    room: usize,
}

/// What was blanked in a stream of objects.
#[derive(Default)]
struct Held {
    about: BTreeSet<Id>,
    texts: BTreeSet<Id>,
    /// Whether anything is other than it was.
    changed: bool,
}

/// Blanks the metadata of a document, which stands in memory meanwhile.
pub(super) fn blank(path: &Path) -> Result<(), Failed> {
    in_place(path, |file, length| {
        let mut bytes = Vec::with_capacity(length as usize);
        file.read_to_end(&mut bytes)?;
        clean(&mut bytes, MOST_UNPACKED_TOGETHER);
        file.rewind()?;
        Ok(file.write_all(&bytes)?)
    })
}

/// `room` is for what is unpacked each time that the document is gone through.
fn clean(file: &mut [u8], room: usize) {
    let Some(about) = about(file) else {
        return;
    };
    let mut document = Document::of(file, about, room);
    document.each(Document::object);
    // A text may stand before what refers to it. What was unpacked on the way takes no room from that.
    if !document.texts.is_empty() {
        (document.has_passed, document.room) = (false, room);
        document.each(Document::again);
    }
    document.each(Document::forget);
}

/// The dictionaries about a document; none if it is encrypted or signed.
fn about(file: &[u8]) -> Option<BTreeSet<Id>> {
    let mut about = BTreeSet::new();
    let mut objects = Objects::of(file);
    while let Some(object) = objects.next(file) {
        if find(&file[object.value.clone()], b"/ByteRange").is_some() {
            return None;
        }
        if !ends_a_file(file, &object) {
            continue;
        }
        if entry(file, &object.value, b"/Encrypt").is_some() {
            return None;
        }
        if let Some(info) = entry(file, &object.value, b"/Info") {
            // One that is not noted is not blanked, and so not found any more.
            note(&mut about, references(file, info.value));
        }
    }
    Some(about)
}

/// A trailer, or the stream that takes its place.
fn ends_a_file(file: &[u8], object: &Object) -> bool {
    object.id.is_none() || is(file, object, b"/Type", b"/XRef")
}

fn is(file: &[u8], object: &Object, name: &[u8], value: &[u8]) -> bool {
    let entry = entry(file, &object.value, name);
    entry.is_some_and(|entry| &file[entry.value] == value)
}

/// Notes as many as there is room for, and says whether that was all.
fn note(known: &mut BTreeSet<Id>, mut more: impl Iterator<Item = Id>) -> bool {
    more.all(|id| known.contains(&id) || known.len() < MOST_ABOUT && known.insert(id))
}

impl<'a> Document<'a> {
    fn of(file: &'a mut [u8], about: BTreeSet<Id>, room: usize) -> Self {
        Self {
            file,
            about,
            texts: BTreeSet::new(),
            blanked: BTreeSet::new(),
            emptied: BTreeSet::new(),
            kept: BTreeSet::new(),
            has_passed: false,
            room,
        }
    }

    /// Whether every text to which a dictionary about the document refers was blanked.
    fn says_nothing(&self) -> bool {
        self.texts.is_empty() || !self.has_passed && self.texts.is_subset(&self.emptied)
    }

    fn each(&mut self, act: fn(&mut Self, &Object)) {
        let mut objects = Objects::of(self.file);
        while let Some(object) = objects.next(self.file) {
            act(self, &object);
        }
    }

    fn object(&mut self, object: &Object) {
        match object.stream.clone() {
            Some(stream) => self.stream(object, stream),
            None => self.plain(object),
        }
        self.ending(object);
    }

    /// Goes once more through what may be a text, or hold one.
    fn again(&mut self, object: &Object) {
        match object.stream.clone() {
            Some(stream) if self.holds_objects(object) => self.stream(object, stream),
            Some(_) => {}
            None => self.plain(object),
        }
        self.ending(object);
    }

    fn ending(&mut self, object: &Object) {
        if ends_a_file(self.file, object)
            && let Some(info) = entry(self.file, &object.value, b"/Info")
            && self.file[info.value.clone()].starts_with(b"<<")
        {
            let found = references(self.file, info.value.clone());
            self.has_passed |= !note(&mut self.texts, found);
            blank_texts(self.file, info.value);
        }
    }

    fn plain(&mut self, object: &Object) {
        let Some(id) = object.id else {
            return;
        };
        if self.about.contains(&id) {
            let found = references(self.file, object.value.clone());
            self.has_passed |= !note(&mut self.texts, found);
            blank_texts(self.file, object.value.clone());
            self.blanked.insert(id);
            self.emptied.insert(id);
        } else if self.texts.contains(&id) && !self.file[object.value.clone()].starts_with(b"<<") {
            blank_texts(self.file, object.value.clone());
            self.emptied.insert(id);
        }
    }

    fn stream(&mut self, object: &Object, stream: Range<usize>) {
        let filters = match entry(self.file, &object.value, b"/Filter") {
            Some(filter) => names(self.file, filter.value),
            None => Vec::new(),
        };
        let parameters = entry(self.file, &object.value, b"/DecodeParms");
        let predicted =
            parameters.is_some_and(|entry| find(&self.file[entry.value], b"/Predictor").is_some());
        let is_flate = filters == [b"/FlateDecode"];
        if self.is_metadata(object) {
            let place = &mut self.file[stream];
            if !(is_flate && pack(b"", place)) {
                place.fill(b' ');
            }
        } else if self.holds_objects(object) {
            let is_read = (filters.is_empty() || is_flate && !predicted)
                && self.held(object, stream, is_flate).is_some();
            self.has_passed |= !is_read;
        } else if filters == [b"/DCTDecode"] {
            picture::blank_jpeg(&mut self.file[stream]);
        } else if filters == [&b"/FlateDecode"[..], b"/DCTDecode"] && !predicted {
            self.packed_picture(stream);
        } else if filters.is_empty() {
            blank_packets(&mut self.file[stream]);
        }
    }

    fn is_metadata(&self, object: &Object) -> bool {
        is(self.file, object, b"/Type", b"/Metadata") || is(self.file, object, b"/Subtype", b"/XML")
    }

    fn holds_objects(&self, object: &Object) -> bool {
        is(self.file, object, b"/Type", b"/ObjStm")
    }

    fn content(&mut self, stream: Range<usize>, is_packed: bool) -> Option<Vec<u8>> {
        let most = self.room.min(MOST_UNPACKED);
        let stream = &self.file[stream];
        let (content, whole) = if is_packed {
            unpacked(stream, most)
        } else {
            let whole = stream.len() <= most;
            let read = if whole { stream } else { &[] };
            (read.to_vec(), whole)
        };
        self.room = self.room.saturating_sub(content.len());
        whole.then_some(content)
    }

    fn packed_picture(&mut self, stream: Range<usize>) {
        let Some(mut content) = self.content(stream.clone(), true) else {
            return;
        };
        if picture::blank_jpeg(&mut content) {
            pack(&content, &mut self.file[stream]);
        }
    }

    /// Blanks what is about the document in a stream of objects; none where it cannot be read, or not be
    /// written anew.
    fn held(&mut self, object: &Object, stream: Range<usize>, is_packed: bool) -> Option<()> {
        if self.about.is_empty() && self.texts.is_empty() {
            return Some(());
        }
        let first = entry(self.file, &object.value, b"/First");
        let first = first.and_then(|entry| number(&self.file[entry.value]))?;
        let mut content = self.content(stream.clone(), is_packed)?;
        let found = self.blank_held(&mut content, first as usize);
        if found.changed {
            let place = &mut self.file[stream];
            if !is_packed {
                place.copy_from_slice(&content);
            } else if !pack(&content, place) {
                self.kept.extend(found.about);
                return None;
            }
        }
        self.emptied.extend(&found.about);
        self.emptied.extend(found.texts);
        self.blanked.extend(found.about);
        Some(())
    }

    /// Blanks what stands here of the dictionaries about the document and of their texts. Before
    /// the first object stand the number of each and its place behind the first.
    fn blank_held(&mut self, content: &mut [u8], first: usize) -> Held {
        let mut found = Held::default();
        let mut seen = BTreeSet::new();
        let mut heads = Tokens::of(0..first.min(content.len()));
        while let (Some(name), Some(place)) = (heads.next(content), heads.next(content)) {
            let (Some(name), Some(place)) = (number(&content[name.at]), number(&content[place.at]))
            else {
                break;
            };
            let id = Id {
                number: name,
                generation: 0,
            };
            let is_about = self.about.contains(&id);
            if !(is_about || self.texts.contains(&id)) || !seen.insert(id) {
                continue;
            }
            let from = first.saturating_add(place as usize);
            let mut tokens = Tokens::of(from..content.len());
            let value = tokens.value(content);
            // Many of them may stand at one place, and a short one may take long to read.
            let read = tokens.read_from(from);
            if self.room < read {
                self.kept.insert(id);
                break;
            }
            self.room -= read;
            if is_about {
                let texts = references(content, value.clone());
                self.has_passed |= !note(&mut self.texts, texts);
                found.about.insert(id);
            } else {
                found.texts.insert(id);
            }
            found.changed |= blank_texts(content, value);
        }
        found
    }

    /// Has readers not find a dictionary about the document that could not be blanked, nor any while a text
    /// of theirs could not be: they pass over a name that they do not know.
    fn forget(&mut self, object: &Object) {
        if !ends_a_file(self.file, object) {
            return;
        }
        let Some(info) = entry(self.file, &object.value, b"/Info") else {
            return;
        };
        let found = references(self.file, info.value).next();
        let stays = found.is_some_and(|id| !self.blanked.contains(&id) || self.kept.contains(&id));
        if stays || !self.says_nothing() {
            self.file[info.name].copy_from_slice(b"/Inf0");
        }
    }
}

/// Makes all texts of a part of a file empty ones with spaces behind them.
fn blank_texts(file: &mut [u8], part: Range<usize>) -> bool {
    let mut changed = false;
    let mut tokens = Tokens::of(part);
    while let Some(token) = tokens.next(file) {
        if let (Kind::Text, [_, second, rest @ .., last]) = (token.kind, &mut file[token.at]) {
            *second = *last;
            *last = b' ';
            rest.fill(b' ');
            changed = true;
        }
    }
    changed
}

/// Blanks packets of XMP (ISO 16684-1, 7.3), which say themselves where they begin and end.
fn blank_packets(stream: &mut [u8]) {
    let mut at = 0;
    while let Some(start) = find(&stream[at..], b"<?xpacket begin").map(|found| at + found) {
        let Some(end) = find(&stream[start..], b"<?xpacket end").map(|found| start + found) else {
            return;
        };
        at = find(&stream[end..], b"?>").map_or(stream.len(), |found| end + found + 2);
        stream[start..at].fill(b' ');
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests;
