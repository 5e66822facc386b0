//! How a letter looks: plain text, Indonesian first, English below, who sends
//! it, and that no person typed it.

use lapor_web::language::{Language, Voice};

use super::LEAVE;
use crate::doors::{facts, texts};
use crate::node::Node;

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

/// Writes letters of one institution.
pub struct Letterhead {
    voices: [Voice; 2],
    institution: String,
    contact: Option<String>,
    site: String,
}

impl Letterhead {
    pub fn of(node: &Node) -> Self {
        let (facts, now) = (facts(node), node.clock().now_ms());
        let voice = |language| Voice::new(language, texts(), facts.zone, now);
        Self {
            voices: Language::ALL.map(voice),
            institution: facts.institution,
            contact: facts.contact,
            site: site(node),
        }
    }

    /// An address of this site, for a path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.site)
    }

    /// How a letter ends to somebody who may have no more of them; `leave` is the secret for it.
    pub fn leave_foot(&self, v: &Voice, leave: &str) -> [String; 2] {
        let at = self.at(&format!("{LEAVE}/{leave}"));
        [v.say("letter-stop"), at]
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
        text.push_str(&v.say("letter-automatic"));
        text.push('\n');
        text
    }
}

/// The site as its visitors open it.
pub fn site(node: &Node) -> String {
    let settings = node.settings();
    settings.site(settings.api.listen)
}
