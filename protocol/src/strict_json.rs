//! The JSON that a payload may be: no duplicate keys, no floats, integers of
//! at most 2^53 - 1, bounded depth. Two readers can then not see two things.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Serialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::limits::{JSON_DEPTH, MAX_INTEGER};

/// Checks one whole JSON text; the error says what is not allowed and where.
pub fn check(bytes: &[u8]) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Walk { depth: 0 }.deserialize(&mut reader)?;
    reader.end()
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
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without floats or duplicate keys")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        if number < -MAX_INTEGER {
            Err(E::custom("integer beyond 2^53 - 1"))
        } else {
            Ok(())
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        if number > MAX_INTEGER as u64 {
            Err(E::custom("integer beyond 2^53 - 1"))
        } else {
            Ok(())
        }
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        Err(E::custom("a number that is not an integer"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut seen: HashSet<Cow<'de, str>> = HashSet::new();
        while let Some(Key(key)) = entries.next_key()? {
            if !seen.insert(key) {
                return Err(de::Error::custom("a key stands twice in one object"));
            }
            entries.next_value_seed(inner)?;
        }
        Ok(())
    }
}

/// A map key, borrowed where it has no escapes. It is compared after
/// unescaping, so `"a"` and `"\u0061"` are the same key.
struct Key<'de>(Cow<'de, str>);

impl<'de> de::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        reader.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_what_two_readers_see_alike_passes() {
        let deep_enough = format!("{}1{}", "[".repeat(16), "]".repeat(16));
        for good in [
            r#"{"a":1,"b":[null,true,"x"]}"#,
            "9007199254740991",
            "-9007199254740991",
            r#"{"a":{"a":1}}"#,
            &deep_enough,
        ] {
            assert!(check(good.as_bytes()).is_ok(), "{good}");
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
            assert!(check(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(check(b"\"\xff\"").is_err(), "not UTF-8");
    }
}
