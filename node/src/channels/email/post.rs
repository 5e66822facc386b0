//! Letters that go out: by the mail server of this node, to whoever wrote, in the thread of their
//! letter. What they wrote is never repeated: a stranger could have this node carry it to others.

use lapor_web::language::Voice;
use lapor_web::mail::{Answer, Parcel, Postbox, Undelivered};

use super::super::heard::{Address, Saying};
use super::super::{Unsaid, words};
use super::letter;
use crate::doors::facts;
use crate::node::Node;

/// What is needed to write as the institution.
pub struct Post {
    postbox: Postbox,
    voice: Voice,
    institution: String,
    contact: Option<String>,
}

impl Post {
    /// As it is set up now, or why nothing can go out.
    pub fn of(node: &Node) -> Result<Self, String> {
        let postbox = node
            .in_force()
            .postbox()
            .map_err(|error| error.to_string())?;
        let facts = facts(node);
        Ok(Self {
            postbox: postbox.ok_or("mail.host is not set: this node sends no letters")?,
            voice: words::voice(node),
            institution: facts.institution,
            contact: facts.contact,
        })
    }

    /// Hands a letter over; answers with its id.
    pub async fn say(
        &self,
        own: &str,
        to: &Address,
        what: &Saying,
        now: i64,
    ) -> Result<Option<String>, Unsaid> {
        let domain = own.rsplit_once('@').map_or(own, |(_, domain)| domain);
        let id = letter::new_id(domain);
        let subject = match &what.about {
            Some(ticket) => self.voice.with("ticket", ticket).say("chat-letter-about"),
            None => self.voice.say("chat-letter-subject"),
        };
        let answer = Answer {
            id: &id,
            to: what.reply_to.as_deref(),
            back_to: own,
        };
        let parcel = Parcel {
            address: &to.id,
            subject: &subject,
            body: &self.written(&what.words),
            leave: None,
            answer: Some(&answer),
            at: now,
        };
        match self.postbox.send(&parcel).await {
            Ok(()) => Ok(Some(id)),
            Err(Undelivered::Down(problem)) => Err(Unsaid::Down(problem.said)),
            Err(Undelivered::Later(problem) | Undelivered::Broken(problem)) => {
                Err(Unsaid::Later(problem.said))
            }
            Err(Undelivered::Refused(problem)) => Err(Unsaid::Never(problem.said)),
        }
    }

    fn written(&self, words: &str) -> String {
        let above = self.voice.say("chat-letter-above");
        let mut text = format!("{above}\n\n{words}\n\n{}\n", self.institution);
        if let Some(contact) = &self.contact {
            text.push_str(contact);
            text.push('\n');
        }
        text.push_str(&self.voice.say("chat-letter-foot"));
        text.push('\n');
        text
    }
}
