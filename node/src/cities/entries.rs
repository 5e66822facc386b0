//! Answers of GeoReport services as lists of named texts, whether they come as JSON or as XML. What
//! is nested deeper is passed over: nothing of it is needed here.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde_json::Value;

use super::settings::Format;

/// A service, a request or an error.
pub type Entry = BTreeMap<String, String>;

/// How deep in XML the fields of an entry are.
const FIELD: usize = 3;

/// Reads an answer; an error says what it is instead, and none of its words.
pub fn read(format: Format, body: &[u8]) -> Result<Vec<Entry>, String> {
    match format {
        Format::Json => json(body),
        Format::Xml => xml(body),
    }
}

fn json(body: &[u8]) -> Result<Vec<Entry>, String> {
    let told: Value = serde_json::from_slice(body).map_err(|_| "the answer is no JSON")?;
    let all = match told {
        Value::Array(all) => all,
        one @ Value::Object(_) => vec![one],
        _ => return Err("the answer is no list".into()),
    };
    Ok(all.into_iter().filter_map(entry).collect())
}

fn entry(value: Value) -> Option<Entry> {
    let Value::Object(fields) = value else {
        return None;
    };
    let text = |value| match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(whether) => Some(whether.to_string()),
        _ => None,
    };
    let told = fields.into_iter();
    let told = told.filter_map(|(name, value)| Some((name, text(value)?)));
    Some(told.filter(|(_, text)| !text.trim().is_empty()).collect())
}

fn xml(body: &[u8]) -> Result<Vec<Entry>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the answer is not UTF-8")?;
    let mut reader = Reader::from_str(text);
    let (mut all, mut entry) = (Vec::new(), Entry::new());
    let (mut depth, mut name, mut value) = (0_usize, String::new(), String::new());
    loop {
        match reader.read_event().map_err(|_| "the answer is no XML")? {
            Event::Start(tag) => {
                depth += 1;
                if depth == FIELD {
                    let local = tag.local_name();
                    let local: &str = local.as_ref();
                    local.clone_into(&mut name);
                    value.clear();
                }
            }
            Event::End(_) => {
                match depth {
                    FIELD if !value.trim().is_empty() => {
                        entry.insert(std::mem::take(&mut name), value.trim().to_owned());
                    }
                    2 => all.push(std::mem::take(&mut entry)),
                    _ => {}
                }
                depth = depth.saturating_sub(1);
            }
            Event::Text(piece) if depth == FIELD => value.push_str(&piece.xml10_content()),
            Event::CData(piece) if depth == FIELD => value.push_str(&piece.xml10_content()),
            Event::GeneralRef(named) if depth == FIELD => {
                match (named.resolve_char_ref(), resolve_predefined_entity(&named)) {
                    (Ok(Some(sign)), _) => value.push(sign),
                    (_, Some(known)) => value.push_str(known),
                    _ => return Err("the answer is no XML".into()),
                }
            }
            Event::Eof if depth == 0 => return Ok(all),
            Event::Eof => return Err("the answer ends in the middle".into()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"[{"service_request_id": 638344, "status": "open",
        "description": "Lampu & tiang\nroboh", "lat": -6.9, "media_url": null, "notes": {"a": 1}}]"#;
    const XML: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>
        <service_requests><request><service_request_id>638344</service_request_id>
        <status>open</status><description>Lampu &amp; tiang&#10;roboh</description><lat>-6.9</lat>
        <media_url/><notes><a>1</a></notes></request></service_requests>";

    #[test]
    fn an_answer_says_the_same_in_json_and_in_xml() {
        let one = read(Format::Json, JSON.as_bytes()).unwrap();
        assert_eq!(one[0]["service_request_id"], "638344");
        assert_eq!(one[0]["description"], "Lampu & tiang\nroboh");
        assert_eq!(one[0].len(), 4, "{one:?}");
        assert_eq!(read(Format::Xml, XML.as_bytes()).unwrap(), one);
    }

    #[test]
    fn what_is_no_answer_is_refused_without_its_words() {
        for (format, body) in [
            (Format::Json, "rahasia"),
            (Format::Json, "\"rahasia\""),
            (Format::Xml, "<a><b>rahasia"),
            (Format::Xml, "<a>&rahasia;</b></a>"),
            (Format::Xml, "<a><b><c>&rahasia;</c></b></a>"),
        ] {
            let problem = read(format, body.as_bytes()).unwrap_err();
            assert!(problem.starts_with("the answer"), "{problem}");
            assert!(!problem.contains("rahasia"), "{problem}");
        }
        assert_eq!(read(Format::Xml, b"<services/>").unwrap(), Vec::new());
        assert_eq!(read(Format::Json, b"[]").unwrap(), Vec::new());
    }
}
