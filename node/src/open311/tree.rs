//! What is answered, in its order: the same as XML and as JSON.

use std::fmt::Write as _;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::ser::{Serialize, SerializeMap, Serializer};

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Xml,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// Empty in XML, `null` in JSON.
    Nothing,
    Text(String),
    Whether(bool),
    Number(i64),
    Degrees(f64),
    /// Parts of one name.
    Many(&'static str, Vec<Tree>),
    Parts(Vec<(&'static str, Tree)>),
}

impl<T: Into<String>> From<T> for Tree {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

impl Tree {
    pub fn maybe(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Nothing, |text| Self::Text(text.into()))
    }

    /// The whole answer; `root` is the outermost element in XML.
    pub fn answer(&self, format: Format, root: &'static str, status: StatusCode) -> Response {
        let (kind, text) = match format {
            Format::Json => (
                "application/json; charset=utf-8",
                serde_json::to_string(self).unwrap_or_default(),
            ),
            Format::Xml => ("text/xml; charset=utf-8", self.xml(root)),
        };
        (status, [(CONTENT_TYPE, kind)], text).into_response()
    }

    fn xml(&self, root: &'static str) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        self.write_xml(root, &mut out);
        out
    }

    fn write_xml(&self, name: &'static str, out: &mut String) {
        out.push('<');
        out.push_str(name);
        if matches!(self, Self::Nothing) {
            out.push_str("/>");
            return;
        }
        out.push('>');
        match self {
            Self::Nothing => {}
            Self::Text(text) => escape(text, out),
            Self::Whether(whether) => drop(write!(out, "{whether}")),
            Self::Number(number) => drop(write!(out, "{number}")),
            Self::Degrees(degrees) => drop(write!(out, "{degrees}")),
            Self::Many(item, all) => all.iter().for_each(|one| one.write_xml(item, out)),
            Self::Parts(parts) => parts
                .iter()
                .for_each(|(name, part)| part.write_xml(name, out)),
        }
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Whether(whether) => serializer.serialize_bool(*whether),
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Degrees(degrees) => serializer.serialize_f64(*degrees),
            Self::Many(_, all) => serializer.collect_seq(all),
            Self::Parts(parts) => {
                let mut map = serializer.serialize_map(Some(parts.len()))?;
                for (name, part) in parts {
                    map.serialize_entry(name, part)?;
                }
                map.end()
            }
        }
    }
}

/// XML 1.0 has no place for most control characters, escaped or not (2.2).
fn escape(text: &str, out: &mut String) {
    for sign in text.chars() {
        match sign {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\t' | '\n' => out.push(sign),
            '\u{fffe}' | '\u{ffff}' => {}
            sign if sign.is_ascii_control() => {}
            sign => out.push(sign),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_the_same_in_xml_and_in_json() {
        let tree = Tree::Many(
            "request",
            vec![Tree::Parts(vec![
                ("status", "open".into()),
                ("description", "a < b & \u{1}c".into()),
                ("lat", Tree::Degrees(-6.9175)),
                ("media_url", Tree::Nothing),
                ("metadata", Tree::Whether(true)),
                ("order", Tree::Number(1)),
            ])],
        );
        insta::assert_snapshot!(tree.xml("service_requests"), @r#"
        <?xml version="1.0" encoding="utf-8"?>
        <service_requests><request><status>open</status><description>a &lt; b &amp; c</description><lat>-6.9175</lat><media_url/><metadata>true</metadata><order>1</order></request></service_requests>
        "#);
        let json = serde_json::to_string(&tree).unwrap();
        insta::assert_snapshot!(json, @r#"[{"status":"open","description":"a < b & \u0001c","lat":-6.9175,"media_url":null,"metadata":true,"order":1}]"#);
    }
}
