//! In which language a page speaks, and its words: Fluent texts in
//! `locales/{id,en}`, those that all pages share here, a program's own beside it.
//!
//! Indonesian is the first language and stands in wherever nothing is asked for.
//! Templates hold no words of their own; a test (`proof`) finds an id that no
//! text has, and a text that only one language has.

#[cfg(any(test, feature = "proof"))]
pub mod proof;
mod voice;
mod written;

use fluent_templates::fluent_bundle::concurrent::FluentBundle;
use fluent_templates::fluent_bundle::{FluentResource, FluentValue};
use fluent_templates::{LanguageIdentifier, StaticLoader, langid};
use serde::{Deserialize, Serialize};

pub use voice::{Count, Moment, Phrase, Said, TextId, Voice, text_id};

fluent_templates::static_loader! {
    pub(crate) static SHARED = {
        locales: "./locales",
        fallback_language: "id",
        customise: |bundle| { prepare(bundle); },
    };
}

/// The texts of a program, made with `fluent_templates::static_loader!` and [`prepare`].
pub type Texts = &'static StaticLoader;

const ID: LanguageIdentifier = langid!("id");
const EN: LanguageIdentifier = langid!("en");

/// A language that every page has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "id")]
    Indonesian,
    #[serde(rename = "en")]
    English,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::Indonesian, Self::English];

    /// The language's tag (BCP 47), as in the attribute `lang`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Indonesian => "id",
            Self::English => "en",
        }
    }

    /// What the language calls itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::Indonesian => "Bahasa Indonesia",
            Self::English => "English",
        }
    }

    /// The one that a switch offers.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Indonesian => Self::English,
            Self::English => Self::Indonesian,
        }
    }

    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The language that an `Accept-Language` header (RFC 9110, 12.5.4) likes
    /// best; of two that it likes as much, the one that it names first.
    pub fn of_header(accepted: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        // Browsers send a handful; more is not worth reading.
        for range in accepted.split(',').take(16) {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let weight = weight.trim().strip_prefix("q=").unwrap_or_default();
            // Java and old phones still say `in` for Indonesian (ISO 639, before 1989).
            let language = match primary.to_ascii_lowercase().as_str() {
                "id" | "in" => Some(Self::Indonesian),
                "en" => Some(Self::English),
                _ => None,
            };
            let weight = weight.parse::<f32>().ok().filter(|weight| *weight > 0.0);
            if let (Some(language), Some(weight)) = (language, weight)
                && best.is_none_or(|(_, known)| weight > known)
            {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }

    fn id(self) -> &'static LanguageIdentifier {
        static IDS: [LanguageIdentifier; 2] = [ID, EN];
        match self {
            Self::Indonesian => &IDS[0],
            Self::English => &IDS[1],
        }
    }
}

/// Sets up the texts of one language: without isolation marks, which screens do
/// not need here and text messages would pay for, and with numbers grouped as
/// the language writes them.
pub fn prepare(bundle: &mut FluentBundle<&'static FluentResource>) {
    let english = bundle.locales.first() == Some(&EN);
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(if english {
        |value, _| grouped(Language::English, value)
    } else {
        |value, _| grouped(Language::Indonesian, value)
    }));
}

fn grouped(language: Language, value: &FluentValue<'_>) -> Option<String> {
    match value {
        // Counts only: a text that needs decimals is given them written.
        FluentValue::Number(number) if number.value.fract() == 0.0 => {
            Some(written::number(language, number.value as i64))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_decides_by_weight_then_by_order_and_indonesian_has_two_codes() {
        for (header, expected) in [
            ("en-GB,en;q=0.9", Some(Language::English)),
            ("id-ID,id;q=0.9,en-US;q=0.8", Some(Language::Indonesian)),
            ("in", Some(Language::Indonesian)),
            ("fr, en;q=0.3, id;q=0.7", Some(Language::Indonesian)),
            ("EN;q=0.5, id;q=0.5", Some(Language::English)),
            ("id;q=0, en;q=0.1", Some(Language::English)),
            ("fr", None),
            ("*", None),
            ("", None),
            ("en;q=many", None),
        ] {
            assert_eq!(Language::of_header(header), expected, "{header:?}");
        }
    }

    #[test]
    fn shared_texts_are_the_same_in_both_languages() {
        let differences = proof::differences(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(differences, Vec::<String>::new());
    }

    #[test]
    fn every_text_that_a_shared_page_needs_is_there_and_none_is_left_over() {
        let home = env!("CARGO_MANIFEST_DIR");
        assert_eq!(proof::missing(&[home]), Vec::<String>::new());
        assert_eq!(proof::unused(home), Vec::<String>::new());
    }
}
