//! JSON that keeps the order of its fields, whatever features serde_json is
//! built with, so that the vectors are the same bytes everywhere.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    let named = fields
        .into_iter()
        .map(|(name, node)| (name.to_owned(), node));
    Node::Object(named.collect())
}

pub fn text<T: ToString + ?Sized>(value: &T) -> Node {
    Node::Text(value.to_string())
}

/// Exact bytes that are UTF-8, as text.
pub fn utf8(bytes: &[u8]) -> Node {
    Node::Text(String::from_utf8(bytes.to_vec()).unwrap())
}

pub fn hexed(bytes: impl AsRef<[u8]>) -> Node {
    let digits = bytes.as_ref().iter().map(|byte| format!("{byte:02x}"));
    Node::Text(digits.collect())
}

/// A typed value with its fields in the order in which the wire has them.
pub fn of<T: Serialize>(value: &T) -> Node {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

impl Node {
    /// The value at a path such as `/messages/0/payload`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        let mut node = self;
        for step in path.split('/').skip(1) {
            node = match node {
                Self::Object(fields) => &fields.iter().find(|(name, _)| name == step)?.1,
                Self::List(items) => items.get(step.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(node)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => out.serialize_unit(),
            Self::Bool(value) => out.serialize_bool(*value),
            Self::Number(value) => out.serialize_i64(*value),
            Self::Text(value) => out.serialize_str(value),
            Self::List(items) => out.collect_seq(items),
            Self::Object(fields) => {
                let mut map = out.serialize_map(Some(fields.len()))?;
                for (name, node) in fields {
                    map.serialize_entry(name, node)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without floats")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
        i64::try_from(value).map(Node::Number).map_err(E::custom)
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Node::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            all.push(entry);
        }
        Ok(Node::Object(all))
    }
}
