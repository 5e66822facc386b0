//! A report of here in the fields of there. Each field is a text of the settings, in which names in
//! braces stand for what the report says: nobody has published what the fields are called.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a report says, by the name that stands for it.
pub type Said = BTreeMap<&'static str, String>;

/// What may stand in braces.
const NAMES: [&str; 9] = [
    "title",
    "content",
    "classification",
    "category",
    "region",
    "region_code",
    "place",
    "incident_date",
    "anonymous",
];
/// Where the mark is by which a report is known again.
const CONTENT: &str = "content";
/// By the names under which complaints are read.
const USUAL: [(&str, &str); 9] = [
    ("title", "{title}"),
    ("content", "{content}"),
    ("classification_name", "{classification}"),
    ("category_name", "{category}"),
    ("location_name", "{region}"),
    ("place", "{place}"),
    ("date_of_incident", "{incident_date}"),
    ("is_anonymous", "{anonymous}"),
    ("is_secret", "0"),
];

/// The fields of the settings, or the usual ones where they name none.
pub fn in_force(named: &BTreeMap<String, String>) -> Cow<'_, BTreeMap<String, String>> {
    if named.is_empty() {
        let usual = USUAL.map(|(name, text)| (name.to_owned(), text.to_owned()));
        Cow::Owned(BTreeMap::from(usual))
    } else {
        Cow::Borrowed(named)
    }
}

/// What is wrong with fields, if anything is.
pub fn check(fields: &BTreeMap<String, String>) -> Result<(), String> {
    let mut has_content = false;
    for text in fields.values() {
        let mut rest = text.as_str();
        while let Some((_, name, after)) = cut(rest) {
            if !NAMES.contains(&name) {
                let known = NAMES.join(", ");
                return Err(format!("{{{name}}} stands for nothing; known are {known}"));
            }
            has_content |= name == CONTENT;
            rest = after;
        }
    }
    if has_content {
        Ok(())
    } else {
        Err("expected a field with {content}, by which a report is known again".to_owned())
    }
}

/// The fields with what a report says. One that would say nothing of it is left out.
pub fn filled(fields: &BTreeMap<String, String>, said: &Said) -> Vec<(String, String)> {
    let filled = fields.iter().map(|(field, text)| {
        let (mut out, mut rest) = (String::new(), text.as_str());
        let mut says = cut(rest).is_none();
        while let Some((before, name, after)) = cut(rest) {
            let value = said.get(name).map_or("", String::as_str);
            says |= !value.is_empty();
            out.push_str(before);
            out.push_str(value);
            rest = after;
        }
        out.push_str(rest);
        says.then(|| (field.clone(), out))
    });
    filled.flatten().collect()
}

/// What stands before the first name in braces, the name, and what stands behind it.
fn cut(text: &str) -> Option<(&str, &str, &str)> {
    let (before, behind) = text.split_once('{')?;
    let (name, after) = behind.split_once('}')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(texts: &[(&str, &str)]) -> BTreeMap<String, String> {
        let texts = texts.iter();
        texts
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn fields_are_filled_in_once_and_those_that_say_nothing_are_left_out() {
        let said = Said::from([
            ("title", "Lampu {content}".to_owned()),
            ("content", "Gelap.".to_owned()),
            ("place", String::new()),
        ]);
        let fields = fields(&[
            ("isi", "{title}: {content}"),
            ("lokasi", "{place}"),
            ("sumber", "daerah"),
        ]);
        assert_eq!(check(&fields), Ok(()));
        let expected = [("isi", "Lampu {content}: Gelap."), ("sumber", "daerah")];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(filled(&fields, &said), expected);
    }

    #[test]
    fn a_name_that_stands_for_nothing_and_a_form_without_words_are_said() {
        assert_eq!(check(&in_force(&BTreeMap::new())), Ok(()));
        let wrong = check(&fields(&[("a", "{content}"), ("b", "{reporter}")])).unwrap_err();
        assert!(
            wrong.starts_with("{reporter} stands for nothing"),
            "{wrong}"
        );
        let wrong = check(&fields(&[("a", "{title}")])).unwrap_err();
        assert!(
            wrong.starts_with("expected a field with {content}"),
            "{wrong}"
        );
    }
}
