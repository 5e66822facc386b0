//! How a letter looks: plain text, Indonesian first, English below, who sends
//! it, and that no person typed it.

use crate::language::{Language, TextId, Texts, Voice};
use crate::page::Facts;

/// Between the two languages.
const RULE: &str = "----------------------------------------";

/// A letter in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Words {
    pub subject: String,
    pub body: String,
}

/// What a letter says in one language.
pub struct Said {
    pub subject: String,
    pub paragraphs: Vec<String>,
}

/// Writes letters of one program.
pub struct Letterhead {
    voices: [Voice; 2],
    institution: String,
    contact: Option<String>,
    site: String,
    automatic: TextId,
}

impl Letterhead {
    /// Letters of the moment `now_ms` from whoever `facts` names; `automatic` says that no person
    /// typed them, and `site` is where people open the pages.
    pub fn new(texts: Texts, facts: Facts, now_ms: i64, site: String, automatic: TextId) -> Self {
        let voice = |language| Voice::new(language, texts, facts.zone, now_ms);
        Self {
            voices: Language::ALL.map(voice),
            institution: facts.institution,
            contact: facts.contact,
            site,
            automatic,
        }
    }

    /// An address of this site, for a path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.site)
    }

    pub fn institution(&self) -> &str {
        &self.institution
    }

    /// A letter in both languages; its subject is Indonesian.
    pub fn write(&self, say: impl Fn(&Voice) -> Said) -> Words {
        let [first, second] = self.voices.each_ref().map(say);
        let own = self.part(&self.voices[0], &first.paragraphs);
        let other = self.part(&self.voices[1], &second.paragraphs);
        Words {
            subject: first.subject,
            body: format!("{own}\n{RULE}\n{}\n\n{other}", second.subject),
        }
    }

    /// The subject of a letter in its second language, from its body.
    pub fn second_subject(body: &str) -> Option<&str> {
        let (_, second) = body.split_once(&format!("\n{RULE}\n"))?;
        second.lines().next()
    }

    fn part(&self, v: &Voice, paragraphs: &[String]) -> String {
        let mut text = String::new();
        for paragraph in paragraphs {
            text.push_str(paragraph);
            text.push_str("\n\n");
        }
        text.push_str(&self.institution);
        text.push('\n');
        if let Some(contact) = &self.contact {
            text.push_str(contact);
            text.push('\n');
        }
        text.push_str(&v.say(self.automatic));
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::language::{SHARED, text_id};

    #[test]
    fn a_letter_says_its_subject_in_both_languages() {
        let facts = Facts {
            institution: "Hub".into(),
            zone: Tz::Asia__Jakarta,
            contact: None,
            national: None,
        };
        let automatic = text_id("form-required");
        let head = Letterhead::new(&SHARED, facts, 0, String::new(), automatic);
        let letter = head.write(|v| Said {
            subject: format!("subject in {}", v.language().tag()),
            paragraphs: vec!["words".into()],
        });
        assert_eq!(letter.subject, "subject in id");
        let second = Letterhead::second_subject(&letter.body);
        assert_eq!(second, Some("subject in en"));
        assert_eq!(Letterhead::second_subject("{}"), None, "no letter");
    }
}
