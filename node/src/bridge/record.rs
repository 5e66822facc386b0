//! A row of a table or an object of JSON as fields and texts: both are read by the same names, be
//! they Indonesian or English, texts or numbers, said or missing.

use std::collections::BTreeMap;

use serde_json::Value;

/// Fields as they came. Never printed: it holds words and names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Record(BTreeMap<String, String>);

impl Record {
    /// A row under its headings.
    pub fn of_row(row: BTreeMap<String, String>) -> Self {
        let named = row.into_iter();
        Self(named.map(|(name, text)| (folded(&name), text)).collect())
    }

    /// An object. What lies in another object is known by its name, and its number by `_id`; of a list
    /// only the length is.
    pub fn of_json(value: &Value) -> Self {
        let mut fields = BTreeMap::new();
        for (name, value) in value.as_object().into_iter().flatten() {
            let name = folded(name);
            match value {
                Value::Object(inner) => {
                    for (part, more) in [("name", ""), ("id", "_id")] {
                        if let Some(text) = inner.get(part).and_then(scalar) {
                            fields.entry(format!("{name}{more}")).or_insert(text);
                        }
                    }
                }
                Value::Array(list) => {
                    fields.insert(name, list.len().to_string());
                }
                one => {
                    if let Some(text) = scalar(one) {
                        fields.insert(name, text);
                    }
                }
            }
        }
        Self(fields)
    }

    /// The first of some fields that says anything.
    pub fn told(&self, names: &[&str]) -> Option<&str> {
        let told = names.iter().filter_map(|name| self.0.get(*name));
        told.map(|text| text.trim()).find(|text| !text.is_empty())
    }

    /// Whether any of some fields is there, said or not.
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.contains_key(*name))
    }

    /// Whether one of some fields says yes; `None` for what is neither yes nor no.
    pub fn is(&self, names: &[&str]) -> Option<bool> {
        let told = self.told(names).unwrap_or_default().to_lowercase();
        match told.as_str() {
            "" | "0" | "false" | "tidak" | "no" | "publik" => Some(false),
            "1" | "true" | "ya" | "yes" | "y" | "anonim" | "rahasia" => Some(true),
            _ => None,
        }
    }
}

/// `Nomor Tiket` is `nomor_tiket`.
fn folded(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let parts = name.split(|c: char| !c.is_alphanumeric());
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(told) => Some(told.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_and_objects_are_read_by_the_same_names() {
        let row = [
            ("Nomor Tiket", " 7654321 "),
            ("JUDUL", ""),
            ("Judul-Laporan", "Lampu"),
        ];
        let row = row.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let row = Record::of_row(row.into());
        assert_eq!(row.told(&["nomor_tiket"]), Some("7654321"));
        assert_eq!(row.told(&["judul", "judul_laporan"]), Some("Lampu"));
        assert!(row.has(&["judul"]) && !row.has(&["isi"]));
        let object = Record::of_json(&json!({
            "id": 12, "status": {"id": 3, "name": "Selesai"}, "is_secret": "Ya", "is_anonymous": false,
            "attachments": [1, 2], "nothing": null,
        }));
        let told = |name: &str| object.told(&[name]);
        assert_eq!((told("id"), told("status")), (Some("12"), Some("Selesai")));
        assert_eq!((told("status_id"), told("nothing")), (Some("3"), None));
        assert_eq!(told("attachments"), Some("2"));
        assert_eq!(object.is(&["is_secret"]), Some(true));
        assert_eq!(object.is(&["is_anonymous"]), Some(false));
        assert_eq!(object.is(&["status"]), None);
    }
}
