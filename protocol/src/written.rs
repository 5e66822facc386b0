//! The form in which a JSON text is written: which values stand where and under which names, and
//! nothing of what they say. Two clients in two languages must see the same form.
//!
//! Both the form and the comparison are made for every message, so names are borrowed from the text
//! and what was read is compared while it serialises, without a tree of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{self, Serialize, Serializer};
use serde_json::Value;

/// A JSON value as it is written; names after unescaping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form<'a> {
    Null,
    Bool,
    Number,
    Text,
    List(Vec<Form<'a>>),
    Object(BTreeMap<Cow<'a, str>, Form<'a>>),
}

impl<'a> Form<'a> {
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// What stands under a name, if this is an object that has it.
    pub fn member(&self, name: &str) -> Option<&Form<'a>> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }
}

/// Whether a value that was read from `written` stands there in the form in
/// which it is published: objects as objects, names as strings. serde also
/// reads a struct from an array of its fields and a name from `{"name":null}`;
/// a client in another language does not, and would fold another case.
pub fn states<T: Serialize + ?Sized>(written: Option<&Form<'_>>, read: &T) -> bool {
    written.is_some_and(|written| read.serialize(Against(written)).is_ok())
}

/// Something stands there in another form.
#[derive(Debug)]
struct OtherForm;

impl fmt::Display for OtherForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("written in another form")
    }
}

impl std::error::Error for OtherForm {}

impl ser::Error for OtherForm {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Same = Result<(), OtherForm>;

/// Takes a value as JSON would write it, and holds it against what is written.
#[derive(Clone, Copy)]
struct Against<'w>(&'w Form<'w>);

impl<'w> Against<'w> {
    fn null(self) -> Same {
        same(matches!(self.0, Form::Null))
    }

    fn text(self) -> Same {
        same(matches!(self.0, Form::Text))
    }

    fn items(self) -> Result<Items<'w>, OtherForm> {
        match self.0 {
            Form::List(written) => Ok(Items(written.iter())),
            _ => Err(OtherForm),
        }
    }

    fn members(self) -> Result<Members<'w>, OtherForm> {
        match self.0 {
            Form::Object(written) => Ok(Members {
                written: Some(written),
                name: String::new(),
            }),
            _ => Err(OtherForm),
        }
    }

    /// What is written under the name of a variant.
    fn variant(self, name: &str) -> Result<Option<Self>, OtherForm> {
        if self.0.is_object() {
            Ok(self.0.member(name).map(Against))
        } else {
            Err(OtherForm)
        }
    }
}

fn same(is_same: bool) -> Same {
    if is_same { Ok(()) } else { Err(OtherForm) }
}

/// A list beside the one that is written, as far as both go.
struct Items<'w>(std::slice::Iter<'w, Form<'w>>);

impl Items<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, read: &T) -> Same {
        // Beyond what is written stands what was read as a default.
        let written = self.0.next();
        written.map_or(Ok(()), |written| read.serialize(Against(written)))
    }
}

/// An object beside the one that is written; `None` beside a variant that is left out.
struct Members<'w> {
    written: Option<&'w BTreeMap<Cow<'w, str>, Form<'w>>>,
    /// Of the entry of a map whose value comes next.
    name: String,
}

impl Members<'_> {
    /// A field that was not written was read as its default.
    fn field<T: Serialize + ?Sized>(&self, name: &str, read: &T) -> Same {
        let written = self.written.and_then(|written| written.get(name));
        written.map_or(Ok(()), |written| read.serialize(Against(written)))
    }
}

macro_rules! plain {
    ($form:ident: $($name:ident($of:ty)),+ $(,)?) => {
        $(fn $name(self, _: $of) -> Same {
            same(matches!(self.0, Form::$form))
        })+
    };
}

impl<'w> Serializer for Against<'w> {
    type Ok = ();
    type Error = OtherForm;
    type SerializeSeq = Items<'w>;
    type SerializeTuple = Items<'w>;
    type SerializeTupleStruct = Items<'w>;
    type SerializeTupleVariant = Items<'w>;
    type SerializeMap = Members<'w>;
    type SerializeStruct = Members<'w>;
    type SerializeStructVariant = Members<'w>;

    plain!(Bool: serialize_bool(bool));
    plain!(
        Number: serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_f32(f32),
        serialize_f64(f64),
    );
    plain!(Text: serialize_char(char), serialize_str(&str));

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Same {
        self.text()
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Same {
        let mut items = self.items()?;
        bytes.iter().try_for_each(|byte| items.item(byte))
    }

    fn serialize_none(self) -> Same {
        self.null()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, read: &T) -> Same {
        read.serialize(self)
    }

    fn serialize_unit(self) -> Same {
        self.null()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Same {
        self.null()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Same {
        self.text()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, read: &T) -> Same {
        read.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        read: &T,
    ) -> Same {
        let written = self.variant(variant)?;
        written.map_or(Ok(()), |written| read.serialize(written))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'w>, OtherForm> {
        self.items()
    }

    fn serialize_tuple(self, _: usize) -> Result<Items<'w>, OtherForm> {
        self.items()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items<'w>, OtherForm> {
        self.items()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'w>, OtherForm> {
        let written = self.variant(variant)?;
        written.map_or(Ok(Items(std::slice::Iter::default())), Against::items)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'w>, OtherForm> {
        self.members()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'w>, OtherForm> {
        self.members()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members<'w>, OtherForm> {
        let left_out = Members {
            written: None,
            name: String::new(),
        };
        let written = self.variant(variant)?;
        written.map_or(Ok(left_out), Against::members)
    }
}

macro_rules! items {
    ($($of:ident: $each:ident),+ $(,)?) => {
        $(impl ser::$of for Items<'_> {
            type Ok = ();
            type Error = OtherForm;

            fn $each<T: Serialize + ?Sized>(&mut self, read: &T) -> Same {
                self.item(read)
            }

            fn end(self) -> Same {
                Ok(())
            }
        })+
    };
}

items!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
);

macro_rules! members {
    ($($of:ident),+ $(,)?) => {
        $(impl ser::$of for Members<'_> {
            type Ok = ();
            type Error = OtherForm;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                read: &T,
            ) -> Same {
                self.field(name, read)
            }

            fn end(self) -> Same {
                Ok(())
            }
        })+
    };
}

members!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = OtherForm;

    /// Numbers and the like are names by their text, as JSON has no others.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Same {
        self.name = match serde_json::to_value(name).map_err(|_| OtherForm)? {
            Value::String(name) => name,
            other => other.to_string(),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, read: &T) -> Same {
        self.field(&self.name, read)
    }

    fn end(self) -> Same {
        Ok(())
    }
}

#[cfg(test)]
impl<'a> From<&'a Value> for Form<'a> {
    /// The form of a tree that somebody else has read.
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                let named = members.iter().map(|(name, held)| {
                    let name = Cow::Borrowed(name.as_str());
                    (name, Self::from(held))
                });
                Self::Object(named.collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::*;

    /// What is asked, by two trees.
    fn same_form(written: &Value, read: &Value) -> bool {
        match (written, read) {
            (Value::Object(written), Value::Object(read)) => read.iter().all(|(name, read)| {
                let written = written.get(name);
                written.is_none_or(|written| same_form(written, read))
            }),
            (Value::Array(written), Value::Array(read)) => {
                written.iter().zip(read).all(|(w, r)| same_form(w, r))
            }
            (Value::String(_), Value::String(_))
            | (Value::Number(_), Value::Number(_))
            | (Value::Bool(_), Value::Bool(_))
            | (Value::Null, Value::Null) => true,
            _ => false,
        }
    }

    #[derive(Serialize)]
    struct Part {
        name: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<char>,
    }

    #[derive(Serialize)]
    enum Act {
        Plain,
        Told(Part),
        Moved(u8, u8),
        Held { until: i64 },
    }

    #[derive(Serialize)]
    #[serde(tag = "as")]
    enum Tagged {
        Part(Part),
        Place { at: u32 },
    }

    #[derive(Serialize)]
    struct Unsaid;

    #[derive(Serialize)]
    struct Whole {
        is_open: bool,
        left_out: Option<u64>,
        nothing: (),
        unsaid: Unsaid,
        pair: (u8, &'static str),
        parts: Vec<Part>,
        counts: BTreeMap<u8, i16>,
        acts: Vec<Act>,
        tagged: Vec<Tagged>,
    }

    /// A value with each of its places in turn written otherwise, left out or doubled.
    fn rewritten(value: &Value) -> Vec<Value> {
        let mut all = vec![
            json!(null),
            json!(true),
            json!(1),
            json!("x"),
            json!([]),
            json!([1, "x"]),
            json!({}),
            json!({ "name": null }),
        ];
        match value {
            Value::Object(members) => {
                for (name, held) in members {
                    let mut without = members.clone();
                    without.remove(name);
                    all.push(Value::Object(without));
                    for other in rewritten(held) {
                        let mut with = members.clone();
                        with.insert(name.clone(), other);
                        all.push(Value::Object(with));
                    }
                }
            }
            Value::Array(items) => {
                for (at, held) in items.iter().enumerate() {
                    let mut without = items.clone();
                    without.remove(at);
                    all.push(Value::Array(without));
                    let mut twice = items.clone();
                    twice.insert(at, held.clone());
                    all.push(Value::Array(twice));
                    for other in rewritten(held) {
                        let mut with = items.clone();
                        with[at] = other;
                        all.push(Value::Array(with));
                    }
                }
            }
            _ => {}
        }
        all
    }

    #[test]
    fn what_is_read_is_held_against_what_is_written_as_two_trees_would_be() {
        let part = |name, note| Part { name, note };
        let read = Whole {
            is_open: true,
            left_out: None,
            nothing: (),
            unsaid: Unsaid,
            pair: (1, "x"),
            parts: vec![part("a", None), part("b", Some('c'))],
            counts: BTreeMap::from([(1, -1), (2, 2)]),
            acts: vec![
                Act::Plain,
                Act::Told(part("d", None)),
                Act::Moved(1, 2),
                Act::Held { until: -3 },
            ],
            tagged: vec![Tagged::Part(part("e", None)), Tagged::Place { at: 4 }],
        };
        let tree = serde_json::to_value(&read).unwrap();
        assert!(states(Some(&Form::from(&tree)), &read));
        assert!(!states(None, &read));
        let (mut alike, mut other) = (0, 0);
        for written in rewritten(&tree) {
            let expected = same_form(&written, &tree);
            let held = states(Some(&Form::from(&written)), &read);
            assert_eq!(held, expected, "{written}");
            if held {
                alike += 1;
            } else {
                other += 1;
            }
        }
        assert!(alike > 30 && other > 30, "{alike} and {other}");
    }
}
