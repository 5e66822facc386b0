//! What this node says, in words that fit the channel: of what does not fit the middle is cut, and
//! neither the ticket nor what is asked.

use lapor_protocol::case::State;
use lapor_protocol::kinds::case_held::AnswerForm;
use lapor_web::language::{Language, TextId, Voice, text_id};

use super::manner::Manner;
use super::media::LeftOut;
use super::sms::alphabet;
use super::talk::{Say, Sure};
use crate::casework::course::Event;
use crate::casework::tracking::Tracked;
use crate::doors::{facts, texts};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::onward::portal_of;
use crate::portal::{archive_words, name_of, standing_words};

/// Less of a text tells nothing.
const LEAST: usize = 20;
const CUT: &str = "...";
/// Signs of the name of an institution, and of a place.
const NAME_SIGNS: usize = 40;
const PLACE_SIGNS: usize = 200;
/// Choices of a question are cut to so many signs where there is no room for all of them.
const CHOICE_SIGNS: [usize; 6] = [200, 40, 20, 10, 4, 2];
/// Behind a choice that is cut.
const CUT_CHOICE: &str = "..";

/// Something to be said, with what of it may be cut.
pub struct Piece {
    pub head: String,
    pub body: Option<String>,
    pub tail: Option<String>,
    /// Shorter heads with their tails, for where the first leave no room for what is between them.
    pub shorter: Vec<(String, Option<String>)>,
}

/// A head and a tail as they are written on a channel.
struct Frame {
    head: String,
    tail: Option<String>,
    manner: Manner,
}

impl Piece {
    pub fn of(head: String) -> Self {
        Self {
            head,
            body: None,
            tail: None,
            shorter: Vec::new(),
        }
    }

    /// With what tells it from all others, at the end of its first part.
    #[must_use]
    pub fn told_apart(self, mark: Option<&str>) -> Self {
        let Some(mark) = mark else {
            return self;
        };
        let shorter = self.shorter.into_iter();
        Self {
            head: ending_with(&self.head, mark),
            shorter: shorter
                .map(|(head, tail)| (ending_with(&head, mark), tail))
                .collect(),
            ..self
        }
    }

    /// With one more sentence at its end.
    #[must_use]
    pub fn ending(self, sentence: &str) -> Self {
        let ended = |tail: Option<String>| {
            Some(tail.map_or_else(|| sentence.to_owned(), |tail| format!("{tail} {sentence}")))
        };
        let shorter = self.shorter.into_iter();
        Self {
            tail: ended(self.tail),
            shorter: shorter.map(|(head, tail)| (head, ended(tail))).collect(),
            ..self
        }
    }

    /// As it is said on a channel; never more than there is room for.
    pub fn fitted(&self, manner: Manner) -> String {
        if let Some(whole) = self.unchanged().filter(|_| manner.wide) {
            return whole;
        }
        let body = self.body.as_deref().map(|body| manner.written(body.trim()));
        let body = body.as_deref();
        let whole = Frame::of(&self.head, self.tail.as_deref(), manner);
        let mut shorter = self
            .shorter
            .iter()
            .map(|(head, tail)| Frame::of(head, tail.as_deref(), manner));
        whole
            .around_some_of(body)
            .or_else(|| shorter.find_map(|frame| frame.around_some_of(body)))
            .unwrap_or_else(|| first(&whole.around(None), manner.room, manner))
    }

    /// The words as they are, where they need letters that text messages lack, and are short enough
    /// for a message that has these.
    fn unchanged(&self) -> Option<String> {
        let body = self.body.as_deref().map(str::trim);
        let parts = [Some(self.head.as_str()), body, self.tail.as_deref()];
        let whole = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let needed = alphabet::plain(&whole) != whole;
        (needed && alphabet::units(&whole) <= alphabet::UNITS).then_some(whole)
    }
}

impl Frame {
    fn of(head: &str, tail: Option<&str>, manner: Manner) -> Self {
        Self {
            head: manner.written(head),
            tail: tail.map(|tail| manner.written(tail)),
            manner,
        }
    }

    fn around(&self, body: Option<&str>) -> String {
        let between = if self.manner.short { " " } else { "\n\n" };
        let parts = [Some(self.head.as_str()), body, self.tail.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        parts.join(between)
    }

    /// With as much of the body as there is room for; `None` where that would tell nothing.
    fn around_some_of(&self, body: Option<&str>) -> Option<String> {
        let manner = self.manner;
        let whole = self.around(body);
        if manner.size(&whole) <= manner.room {
            return Some(whole);
        }
        let taken = manner.size(&self.around(Some(CUT)));
        let cut = first(body?, manner.room.saturating_sub(taken), manner);
        let tells = cut.chars().count() >= LEAST;
        tells.then(|| self.around(Some(&format!("{}{CUT}", cut.trim_end()))))
    }
}

/// The voice in which a node talks to whoever writes to it.
pub fn voice(node: &Node) -> Voice {
    let now = node.clock().now_ms();
    Voice::new(Language::Indonesian, texts(), facts(node).zone, now)
}

/// A name that leaves room for other words.
pub fn short(name: &str) -> String {
    shortened(name, NAME_SIGNS)
}

fn shortened(text: &str, signs: usize) -> String {
    if text.chars().count() <= signs {
        return text.to_owned();
    }
    let cut: String = text.chars().take(signs - CUT.len()).collect();
    format!("{}{CUT}", cut.trim_end())
}

/// A sentence without the full stop behind a name that ends as a sentence does: `LAPOR!.`
pub fn ended(mut sentence: String) -> String {
    if ["!.", "?.", ".."].iter().any(|end| sentence.ends_with(end)) {
        sentence.pop();
    }
    sentence
}

/// A sentence with something in brackets, before its full stop.
fn ending_with(sentence: &str, mark: &str) -> String {
    match sentence.strip_suffix('.') {
        Some(bare) if !bare.ends_with('.') => format!("{bare} ({mark})."),
        _ => format!("{sentence} ({mark})"),
    }
}

/// What is said to somebody. `filed` is the ticket of what was filed with it, `key` a new key.
pub async fn said(
    node: &Node,
    manner: Manner,
    say: &Say,
    filed: Option<&str>,
    key: Option<&str>,
) -> Result<Piece, NodeError> {
    match say {
        Say::Status(typed) => status(node, manner, &voice(node), typed).await,
        plain => Ok(sentence(node, plain, filed, key)),
    }
}

/// The same of all that needs nothing looked up; of a status only its ticket.
pub fn sentence(node: &Node, say: &Say, filed: Option<&str>, key: Option<&str>) -> Piece {
    spoken(&voice(node), &node.site(), say, filed, key)
}

pub fn spoken(v: &Voice, portal: &str, say: &Say, filed: Option<&str>, key: Option<&str>) -> Piece {
    let of = |ticket: &str| v.with("ticket", ticket);
    Piece::of(match say {
        Say::Filed => of(filed.unwrap_or_default()).say("chat-filed"),
        Say::Again(ticket) => of(ticket).say("chat-again"),
        Say::NoReport => v.say("chat-no-report"),
        Say::Help => v.say("chat-help"),
        Say::Stopped => v.say("chat-stopped"),
        Say::Started => v.say("chat-started"),
        Say::Portal => v.with("portal", portal).say("chat-portal"),
        Say::Key(ticket) => of(ticket)
            .with("key", key.unwrap_or_default())
            .with("portal", portal)
            .say("chat-key"),
        Say::Dropped => v.say("chat-dropped"),
        Say::PassedOn(ticket) => of(ticket).say("chat-passed-on"),
        Say::Confirmed(ticket) => of(ticket).say("chat-confirmed"),
        Say::Rated => v.say("chat-rated"),
        Say::NotNow(ticket) => of(ticket).say("chat-not-now"),
        Say::Hint(form) => return hinted(v, form),
        Say::AskRating => v.say("chat-ask-rating"),
        Say::AskWords => v.say("chat-ask-words"),
        Say::AskPlace => v.say("chat-ask-place"),
        Say::Directly => v.say("chat-directly"),
        Say::AskPicture => v.say("chat-ask-picture"),
        Say::AskSure(sure) => return meant(v, sure),
        Say::Wordless => v.say("chat-wordless"),
        Say::ByReply => v.say("chat-by-reply"),
        Say::LeftOut(why) => v.say(left_out(*why)),
        Say::Status(ticket) => ticket.clone(),
        Say::Question {
            ticket,
            question,
            form,
        } => return asked(v, ticket, question, form),
    })
}

/// A report before it is filed: of its words as many as there is room for.
fn meant(v: &Voice, sure: &Sure) -> Piece {
    let place = match &sure.place {
        Some(place) => {
            let place = shortened(place, PLACE_SIGNS);
            Some(v.with("place", place).say("chat-sure-place"))
        }
        None => sure.shared.then(|| v.say("chat-sure-shared")),
    };
    let files = (sure.files > 0).then(|| v.with("count", sure.files).say("chat-sure-files"));
    let tail = [place, files, Some(v.say("chat-ask-sure"))];
    Piece {
        body: Some(format!("\"{}\"", sure.content)),
        tail: Some(tail.into_iter().flatten().collect::<Vec<_>>().join("\n")),
        ..Piece::of(v.say("chat-sure"))
    }
}

/// What stands on a button that shares a place.
pub fn share_place() -> String {
    Voice::new(
        Language::Indonesian,
        texts(),
        chrono_tz::Tz::Asia__Jakarta,
        0,
    )
    .say("chat-share-place")
}

/// A question of a hold and how it is answered.
pub fn asked(v: &Voice, ticket: &str, question: &str, form: &AnswerForm) -> Piece {
    let brief = || v.with("ticket", ticket).say("chat-question-brief");
    let shorter = shorter_hints(v, form).into_iter();
    Piece {
        head: v.with("ticket", ticket).say("chat-question"),
        body: Some(question.to_owned()),
        tail: Some(hint(v, form)),
        shorter: shorter.map(|hint| (brief(), Some(hint))).collect(),
    }
}

/// How a question is answered, by itself.
fn hinted(v: &Voice, form: &AnswerForm) -> Piece {
    let shorter = shorter_hints(v, form).into_iter();
    Piece {
        shorter: shorter.map(|hint| (hint, None)).collect(),
        ..Piece::of(hint(v, form))
    }
}

fn left_out(why: LeftOut) -> TextId {
    match why {
        LeftOut::Large => text_id("chat-left-large"),
        LeftOut::Kind => text_id("chat-left-kind"),
        LeftOut::Gone => text_id("chat-left-gone"),
        LeftOut::Many => text_id("chat-left-many"),
    }
}

fn hint(v: &Voice, form: &AnswerForm) -> String {
    match form {
        AnswerForm::YesNo => v.say("chat-hint-yes-no"),
        AnswerForm::Choice { choices } => choosing(v, choices, usize::MAX),
        AnswerForm::Date => v.say("chat-hint-date"),
        AnswerForm::Place => v.say("chat-hint-place"),
        AnswerForm::Picture | AnswerForm::Text => v.say("chat-hint-text"),
    }
}

/// The same with less and less of what can be chosen.
fn shorter_hints(v: &Voice, form: &AnswerForm) -> Vec<String> {
    let AnswerForm::Choice { choices } = form else {
        return Vec::new();
    };
    let cut = CHOICE_SIGNS.map(|signs| choosing(v, choices, signs));
    cut.into()
}

fn choosing(v: &Voice, choices: &[String], signs: usize) -> String {
    let numbered = choices.iter().enumerate().map(|(at, choice)| {
        let begins: String = choice.chars().take(signs).collect();
        let cut = begins.len() < choice.len();
        let end = if cut { CUT_CHOICE } else { "" };
        format!("{} {}{end}", at + 1, begins.trim_end())
    });
    let choices = numbered.collect::<Vec<_>>().join(", ");
    v.with("choices", choices).say("chat-hint-choice")
}

/// How far a case is, as anybody may know who has its ticket; where everybody reads, not why it ended.
async fn status(node: &Node, manner: Manner, v: &Voice, typed: &str) -> Result<Piece, NodeError> {
    node.guards().ticket.attempt(typed, node.clock().now_ms())?;
    let tracked = match node.track(typed).await {
        Ok(tracked) => tracked,
        Err(NodeError::Invalid(_) | NodeError::NotFound { .. }) => {
            return Ok(Piece::of(v.say("chat-status-unknown")));
        }
        Err(error) => return Err(error),
    };
    let state = if tracked.left {
        v.say("left-badge")
    } else {
        v.say(standing_words(tracked.state, tracked.outcome, tracked.replied).0)
    };
    let named = |id| short(&name_of(node, id));
    let at = tracked.custodian.as_ref().filter(|_| !tracked.left);
    let at = at.map(named);
    let said = v.with("ticket", &tracked.ticket).with("state", state);
    let head = match at {
        Some(institution) => ended(said.with("institution", institution).say("chat-status-at")),
        None => said.say("chat-status"),
    };
    let latest = tracked.course.last();
    let told = latest.map(|step| v.with("date", v.date(step.at)).say("chat-status-since"));
    let origin = tracked
        .onward
        .as_ref()
        .and_then(|left| left.origin.as_ref());
    let onward = origin.map(|id| v.with("institution", named(id)).say("chat-status-onward"));
    let portal = origin.and_then(|id| portal_of(node, id));
    let led = onward.clone().zip(portal);
    let led = led.map(|(onward, to)| format!("{onward} {to}"));
    let mut shorter: Vec<_> = led.iter().map(|_| (head.clone(), onward.clone())).collect();
    let head = match archived(v, &tracked).filter(|_| !manner.public) {
        Some(why) => {
            let whole = format!("{head} {why}");
            shorter.push((whole.clone(), None));
            whole
        }
        None => head,
    };
    Ok(Piece {
        shorter,
        tail: led.or(onward).or(told),
        ..Piece::of(head)
    })
}

/// Why a case was archived, where that is how it stands.
fn archived(v: &Voice, tracked: &Tracked) -> Option<String> {
    let stands = tracked.state == State::Archived && !tracked.left;
    let mut course = tracked.course.iter().rev().filter(|_| stands);
    course.find_map(|step| match step.event {
        Event::Archived(reason) => Some(v.say(archive_words(reason))),
        _ => None,
    })
}

/// The beginning of a text that fits into a room.
fn first(text: &str, room: usize, manner: Manner) -> String {
    let mut out = String::new();
    let mut taken = 0;
    for c in text.chars() {
        taken += manner.size(c.encode_utf8(&mut [0; 4]));
        if taken > room {
            break;
        }
        out.push(c);
    }
    out
}

/// Why there is nothing to read here of a secret report.
pub fn secret(node: &Node, v: &Voice, ticket: &str) -> Piece {
    let said = v.with("ticket", ticket).with("portal", node.site());
    Piece::of(said.say(text_id("chat-news-secret")))
}

#[cfg(test)]
mod tests {
    use super::super::manner::Name;
    use super::*;

    fn piece(body: &str) -> Piece {
        Piece {
            body: Some(body.into()),
            tail: Some("Balas YA atau TIDAK.".into()),
            ..Piece::of("4F7KX-92MQ3: ditanya".into())
        }
    }

    #[test]
    fn a_report_is_told_with_its_place_and_files_before_it_is_filed() {
        let v = Voice::new(Language::Indonesian, texts(), chrono_tz::Tz::UTC, 0);
        let chat = Name::Messenger.manner();
        let sure = Sure {
            content: "Lampu padam.\nGelap sekali.".into(),
            place: Some("Jalan Braga".into()),
            shared: true,
            files: 2,
        };
        let told = meant(&v, &sure).fitted(chat);
        assert!(
            told.starts_with(
                "Kami kirim laporan ini:\n\n\"Lampu padam.\nGelap sekali.\"\n\n\
                 Tempat: Jalan Braga\nFoto atau berkas: 2\nBalas YA"
            ),
            "{told}"
        );
        let bare = Sure {
            place: None,
            shared: false,
            files: 0,
            ..sure.clone()
        };
        let told = meant(&v, &bare).fitted(chat);
        assert!(
            !told.contains("Tempat") && !told.contains("berkas"),
            "{told}"
        );
        let long = Sure {
            content: "Lampu padam. ".repeat(300),
            place: Some("Jalan Braga ".repeat(300)),
            ..sure
        };
        let told = meant(&v, &long).fitted(chat);
        assert!(chat.size(&told) <= chat.room && told.contains("Balas YA"));
        assert!(told.contains("Foto atau berkas: 2"), "{told}");
    }

    #[test]
    fn a_name_that_ends_as_a_sentence_does_has_no_full_stop_behind_it() {
        for (sentence, said) in [
            ("Di Desk Nasional LAPOR!.", "Di Desk Nasional LAPOR!"),
            ("Di Dinas Kependudukan d....", "Di Dinas Kependudukan d..."),
            ("Di Kota Bandung.", "Di Kota Bandung."),
        ] {
            assert_eq!(ended(sentence.into()), said);
        }
    }

    #[test]
    fn what_tells_a_text_apart_stands_in_its_first_part_however_short_that_is() {
        let x = Name::X.manner();
        let of = |head: &str| Piece {
            shorter: vec![("Pendek.".into(), None)],
            ..piece_of(head)
        };
        for (head, said) in [
            ("Tindak lanjut.", "Tindak lanjut (21.13).\n\nKabar."),
            (
                "Di Dinas Kependudukan d...",
                "Di Dinas Kependudukan d... (21.13)\n\nKabar.",
            ),
            ("Di Desk LAPOR!", "Di Desk LAPOR! (21.13)\n\nKabar."),
        ] {
            assert_eq!(of(head).told_apart(Some("21.13")).fitted(x), said);
        }
        let long = of(&"kata ".repeat(60)).told_apart(Some("21.13"));
        assert_eq!(long.fitted(x), "Pendek (21.13).");
        assert_eq!(
            of("Tentang.").told_apart(None).fitted(x),
            "Tentang.\n\nKabar."
        );
    }

    fn piece_of(head: &str) -> Piece {
        Piece {
            tail: Some("Kabar.".into()),
            ..Piece::of(head.into())
        }
    }

    #[test]
    fn of_what_does_not_fit_the_middle_is_cut() {
        let sms = Name::Sms.manner();
        assert_eq!(
            piece("Apakah lampu masih padam?").fitted(sms),
            "4F7KX-92MQ3: ditanya Apakah lampu masih padam? Balas YA atau TIDAK."
        );
        let cut = piece(&"Apakah lampu masih padam? ".repeat(20)).fitted(sms);
        assert!(
            sms.size(&cut) <= sms.room && cut.chars().count() > 150,
            "{cut}"
        );
        assert!(
            cut.starts_with("4F7KX-92MQ3: ditanya Apakah")
                && cut.ends_with("... Balas YA atau TIDAK.")
        );
        let wide = sms.for_telephone(true);
        let told = |body: &str| piece(body).fitted(wide);
        assert!(
            told("Lampu \u{1f4a1} padam?").contains("Lampu \u{1f4a1} padam?"),
            "a telephone that has such letters is told them"
        );
        assert!(!told(&"Lampu \u{1f4a1} padam? ".repeat(5)).contains('\u{1f4a1}'));
        let full = Piece {
            tail: Some("B".repeat(130)),
            ..piece("Apakah lampu masih padam?")
        };
        assert!(!full.fitted(sms).contains("Apakah"));
        let endless = Piece::of("kata ".repeat(50)).fitted(sms);
        assert_eq!(sms.size(&endless), sms.room);
    }
}
