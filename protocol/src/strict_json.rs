//! The JSON that a payload may be: no duplicate keys, no floats, integers of
//! at most 2^53 - 1, bounded depth. Two readers can then not see two things.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::limits::{JSON_DEPTH, MAX_INTEGER};
use crate::written::Form;

/// Reads the form of one whole JSON text; the error says what is not allowed and where.
pub fn read(bytes: &[u8]) -> Result<Form<'_>, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let written = Walk { depth: 0 }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(written)
}

#[derive(Clone, Copy)]
struct Walk {
    depth: usize,
}

impl Walk {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == JSON_DEPTH {
            return Err(E::custom(format!("nested deeper than {JSON_DEPTH}")));
        }
        Ok(Self {
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = Form<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Form<'de>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = Form<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without floats or duplicate keys")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Form<'de>, E> {
        Ok(Form::Bool)
    }

    fn visit_unit<E>(self) -> Result<Form<'de>, E> {
        Ok(Form::Null)
    }

    fn visit_str<E>(self, _: &str) -> Result<Form<'de>, E> {
        Ok(Form::Text)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Form<'de>, E> {
        if number < -MAX_INTEGER {
            Err(E::custom("integer beyond 2^53 - 1"))
        } else {
            Ok(Form::Number)
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Form<'de>, E> {
        if number > MAX_INTEGER as u64 {
            Err(E::custom("integer beyond 2^53 - 1"))
        } else {
            Ok(Form::Number)
        }
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Form<'de>, E> {
        Err(E::custom("a number that is not an integer"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Form<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Form::List(list))
    }

    /// Keys are compared after unescaping, so `"a"` and `"\u0061"` are the same key.
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Form<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut members = BTreeMap::new();
        while let Some(key) = entries.next_key_seed(Name)? {
            match members.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(entries.next_value_seed(inner)?);
                }
                Entry::Occupied(_) => {
                    return Err(de::Error::custom("a key stands twice in one object"));
                }
            }
        }
        Ok(Form::Object(members))
    }
}

/// A name, borrowed from the text unless it is escaped there. serde's own reader of such text
/// always makes a copy.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cow<'de, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn only_what_two_readers_see_alike_passes() {
        let deep_enough = format!("{}1{}", "[".repeat(16), "]".repeat(16));
        for good in [
            r#"{"a":1,"b":[null,true,"x"]}"#,
            "9007199254740991",
            "-9007199254740991",
            r#"{"a":{"a":1}}"#,
            r#"{"b":[],"a":{},"\u0063":"\n\u00e9","d":-1,"e":""}"#,
            &deep_enough,
        ] {
            let plain: Value = serde_json::from_str(good).unwrap();
            assert_eq!(
                read(good.as_bytes()).ok(),
                Some(Form::from(&plain)),
                "{good}"
            );
        }
        let too_deep = format!("[{deep_enough}]");
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":[{"b":1,"b":2}]}"#,
            "1.0",
            "1e3",
            "-0.0",
            "9007199254740992",
            "-9007199254740992",
            "18446744073709551616",
            "{} {}",
            "",
            "nul",
            &too_deep,
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(read(b"\"\xff\"").is_err(), "not UTF-8");
    }
}
