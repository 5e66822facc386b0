//! A walk through the JSON of a file that goes on where something is wrong, and notes each such
//! place. A reader of whole structures would stop at the first.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::{Fault, Faults, Thing, Wrong, bounds};

/// The field that names the edition.
pub const EDITION: &str = "edition";

pub struct Walk<'a> {
    file: &'a str,
    pub faults: Faults,
}

/// An object by those of its fields that are known.
pub struct Object<'a> {
    fields: BTreeMap<&'static str, &'a RawValue>,
    /// The byte behind it.
    end: usize,
}

impl<'a> Object<'a> {
    pub fn field(&self, name: &str) -> Option<&'a RawValue> {
        self.fields.get(name).copied()
    }
}

impl<'a> Walk<'a> {
    pub fn of(file: &'a str) -> Self {
        Self {
            file,
            faults: Faults::default(),
        }
    }

    /// All of the file; nothing is known of the rest where it is no JSON.
    pub fn whole(&mut self) -> Option<&'a RawValue> {
        match serde_json::from_str(self.file) {
            Ok(whole) => Some(whole),
            Err(error) => {
                self.faults.add(|| match error.classify() {
                    Category::Eof => Fault::Cut,
                    _ => Fault::Syntax {
                        line: error.line(),
                        column: error.column(),
                    },
                });
                None
            }
        }
    }

    /// An object, with a note of each field that is none of these or stands twice.
    pub fn object(&mut self, raw: &'a RawValue, known: &[&'static str]) -> Option<Object<'a>> {
        let members: Members<'a> = self.read(raw, '{', Thing::Object)?;
        let mut fields = BTreeMap::new();
        for (name, value) in members.0 {
            let wrong = match known.iter().find(|known| **known == name) {
                None => Wrong::Unknown(name),
                Some(known) if fields.contains_key(known) => Wrong::Twice(known),
                Some(known) => {
                    fields.insert(*known, value);
                    continue;
                }
            };
            self.note(self.name_end(value), wrong);
        }
        Some(Object {
            fields,
            end: self.end(raw),
        })
    }

    /// A field that an object must have.
    pub fn needed(&mut self, object: &Object<'a>, name: &'static str) -> Option<&'a RawValue> {
        let found = object.field(name);
        if found.is_none() {
            self.note(object.end, Wrong::Missing(name));
        }
        found
    }

    pub fn list(&mut self, raw: &'a RawValue) -> Option<Vec<&'a RawValue>> {
        self.read(raw, '[', Thing::List)
    }

    pub fn text(&mut self, raw: &'a RawValue) -> Option<String> {
        self.read(raw, '"', Thing::Text)
    }

    /// A text that an object must have.
    pub fn needed_text(&mut self, object: &Object<'a>, name: &'static str) -> Option<String> {
        let raw = self.needed(object, name)?;
        self.text(raw)
    }

    /// The name of the edition: what was given beside the file, or where that is empty what the file
    /// says.
    pub fn edition(&mut self, file: &Object<'a>, given: &str) -> Option<String> {
        let stated = self.needed_text(file, EDITION);
        let name = if given.is_empty() {
            stated?
        } else {
            given.to_owned()
        };
        if !bounds::is_edition(&name) {
            self.faults.add(|| Fault::Name);
        }
        Some(name)
    }

    /// Notes what is wrong with a value as a whole.
    pub fn note_value(&mut self, raw: &RawValue, wrong: Wrong) {
        self.note(self.end(raw), wrong);
    }

    fn read<T: Deserialize<'a>>(
        &mut self,
        raw: &'a RawValue,
        opening: char,
        thing: Thing,
    ) -> Option<T> {
        let first = self.start(raw) + 1;
        if !raw.get().starts_with(opening) {
            self.note(first, Wrong::Other(thing));
            return None;
        }
        let read = serde_json::from_str(raw.get()).ok();
        if read.is_none() {
            // Half of a character that is written as two is found only where its text is read.
            let file = self.file;
            self.faults.add(|| {
                let (line, column) = place(file, first);
                Fault::Syntax { line, column }
            });
        }
        read
    }

    fn note(&mut self, end: usize, wrong: Wrong) {
        let file = self.file;
        self.faults.add(|| {
            let (line, column) = place(file, end);
            Fault::Shape {
                line,
                column,
                wrong,
            }
        });
    }

    /// The byte at which a value begins, which is a part of the file.
    fn start(&self, raw: &RawValue) -> usize {
        raw.get().as_ptr().addr() - self.file.as_ptr().addr()
    }

    /// The byte behind a value.
    fn end(&self, raw: &RawValue) -> usize {
        self.start(raw) + raw.get().len()
    }

    /// The byte behind the name of the field that has a value.
    fn name_end(&self, value: &RawValue) -> usize {
        let before = self.file[..self.start(value)].trim_end();
        before.strip_suffix(':').unwrap_or(before).trim_end().len()
    }
}

/// Line and column, in characters, of what ends before a byte.
fn place(file: &str, end: usize) -> (usize, usize) {
    let before = &file[..end];
    let line = before.matches('\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or_default();
    (line, last.chars().count())
}

/// The fields of an object in their order, whether one stands twice or not.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Deserialize<'a> for Members<'a> {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(MembersVisitor).map(Members)
    }
}

struct MembersVisitor;

impl<'a> Visitor<'a> for MembersVisitor {
    type Value = Vec<(String, &'a RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
