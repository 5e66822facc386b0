//! The JSON that a payload may be: no duplicate keys, no floats, integers of
//! at most 2^53 - 1, bounded depth. Two readers can then not see two things.

use std::fmt;

use serde::Serialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

use crate::limits::{JSON_DEPTH, MAX_INTEGER};

/// Reads one whole JSON text as it is written; the error says what is not allowed and where.
pub fn read(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let written = Walk { depth: 0 }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(written)
}

/// Whether a value that was read from `written` stands there in the form in
/// which it is published: objects as objects, names as strings. serde also
/// reads a struct from an array of its fields and a name from `{"name":null}`;
/// a client in another language does not, and would fold another case.
pub fn states<T: Serialize>(written: &Value, read: &T) -> bool {
    let read = serde_json::to_value(read).expect("a message serialises");
    same_form(written, &read)
}

fn same_form(written: &Value, read: &Value) -> bool {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => read.iter().all(|(name, read)| {
            // A field that was not written was read as its default.
            written
                .get(name)
                .is_none_or(|written| same_form(written, read))
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
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without floats or duplicate keys")
    }

    fn visit_bool<E>(self, held: bool) -> Result<Value, E> {
        Ok(Value::Bool(held))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        if number < -MAX_INTEGER {
            Err(E::custom("integer beyond 2^53 - 1"))
        } else {
            Ok(Value::from(number))
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        if number > MAX_INTEGER as u64 {
            Err(E::custom("integer beyond 2^53 - 1"))
        } else {
            Ok(Value::from(number))
        }
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Value, E> {
        Err(E::custom("a number that is not an integer"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    /// Keys are compared after unescaping, so `"a"` and `"\u0061"` are the same key.
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut members = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            match members.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(entries.next_value_seed(inner)?);
                }
                Entry::Occupied(_) => {
                    return Err(de::Error::custom("a key stands twice in one object"));
                }
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
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
            assert_eq!(read(good.as_bytes()).ok(), Some(plain), "{good}");
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
