//! What a message means: a command, an answer, a report, or nothing of the kind. Pure: no database,
//! no network, no clock of its own.

mod answers;
mod commands;
mod draft;
mod edits;
mod report;
#[cfg(test)]
mod tests;

use lapor_protocol::ids::{CaseId, InstanceId, MessageId};
use lapor_protocol::kinds::case_held::AnswerForm;
use lapor_protocol::kinds::{Category, Classification};
use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};

use super::heard::{Heard, Sort};
use super::manner::Manner;
use super::media::LeftOut;
use crate::casework::{Coordinates, ticket};
use crate::reporters::ReporterAct;
use commands::Command;

pub use draft::Draft;
pub use report::{Marks, begins_with_keyword, is_free, is_links_only, normalised, told};

/// Help is sent to somebody this often at most.
const HELP_MS: i64 = 24 * 60 * 60 * 1000;

/// What of a conversation is open.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// What no conversation hears twice of the row in which it is asked; `None` where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_in: Option<String>,
    /// When help was last sent, Unix ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helped_at: Option<i64>,
}

/// What this node has asked in a case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// The questions of a hold, of which these are answered.
    Hold {
        case: CaseId,
        hold: MessageId,
        answers: Vec<String>,
        /// Uploads that came with them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
    },
    /// Whether it is done.
    Close { case: CaseId },
    /// How it was.
    Rating { case: CaseId },
}

/// A question, with what no conversation hears twice of the row in which it is asked.
pub struct Asking {
    pub asked: Asked,
    pub once: String,
}

/// A case of whoever writes, as far as the talk needs it.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnCase {
    pub case: CaseId,
    pub ticket: String,
    /// Names of the acts that are allowed now.
    pub may: Vec<String>,
    pub hold: Option<Hold>,
}

/// Questions that wait.
#[derive(Clone, PartialEq, Eq)]
pub struct Hold {
    pub message: MessageId,
    pub questions: Vec<String>,
    pub forms: Vec<AnswerForm>,
}

/// What is known of a conversation when a message is read.
pub struct Known<'a> {
    pub manner: Manner,
    pub marks: Marks<'a>,
    /// Tickets of the own cases, latest first.
    pub tickets: &'a [(CaseId, String)],
    /// The cases that the message may be about.
    pub cases: &'a [OwnCase],
    /// The case of the message that this one answers.
    pub referred: Option<CaseId>,
    /// It is said below what somebody else has reported.
    pub of_another: bool,
    /// Anybody may have written it in their name.
    pub unproved: bool,
    /// What was filed here lately, to which a picture without words belongs.
    pub recent: Option<CaseId>,
    /// The ticket under which this very text was reported a while ago.
    pub again: Option<String>,
    /// The case in which something is asked that was not said yet when the message came.
    pub unsaid: Option<CaseId>,
    pub stopped: bool,
}

/// A report as somebody said it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub classification: Classification,
    pub title: String,
    pub content: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// The word of the table that it began with, in capitals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested: Option<InstanceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    pub anonymous: bool,
    pub secret: bool,
    /// The provider's ids of the messages in which it was said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
    /// Uploads that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// What follows from a message.
#[derive(Clone, PartialEq, Eq)]
pub enum Deed {
    File(Box<Said>),
    Act {
        case: CaseId,
        act: ReporterAct,
    },
    /// It belongs to a report that is told piece by piece.
    Drafted,
    /// It is an answer, but not the last, or none that fits.
    Asked,
    /// It is answered, and nothing else.
    Answered(&'static str),
    /// It is no report; its words stay for a while.
    Aside,
    /// No news any more, and again.
    Stop,
    Start,
    /// A new key for the portal.
    Key(CaseId),
}

/// What this node says.
#[derive(Clone, PartialEq, Eq)]
pub enum Say {
    /// The report was filed; its ticket is known then.
    Filed,
    Again(String),
    /// How far the case of a ticket is, as it was typed.
    Status(String),
    NoReport,
    Help,
    Stopped,
    Started,
    Portal,
    /// The new key of a ticket's case.
    Key(String),
    Dropped,
    PassedOn(String),
    Confirmed(String),
    Rated,
    NotNow(String),
    Question {
        ticket: String,
        question: String,
        form: AnswerForm,
    },
    /// How a question is answered.
    Hint(AnswerForm),
    /// How it was, once more.
    AskRating,
    AskWords,
    AskPlace,
    AskPicture,
    AskSure(Sure),
    /// Where people talk to each other: that this node listens elsewhere.
    Directly,
    /// Files without a word are no report.
    Wordless,
    /// This may be somebody else: they should answer something that was said to them.
    ByReply,
    /// A file is left out.
    LeftOut(LeftOut),
}

/// What of a report is told before it is filed.
#[derive(Clone, PartialEq, Eq)]
pub struct Sure {
    pub content: String,
    pub place: Option<String>,
    /// A place was shared by its coordinates.
    pub shared: bool,
    /// How many files go with it.
    pub files: usize,
}

impl Talk {
    pub fn ask(&mut self, asking: Asking) {
        (self.asked, self.asked_in) = (Some(asking.asked), Some(asking.once));
    }

    /// The row of what is asked here, if `next` is what is open once it was answered: in its case
    /// nothing is asked then, or something else.
    pub fn answered(&self, next: &Self) -> Option<&str> {
        let (asked, once) = (self.asked.as_ref()?, self.asked_in.as_deref()?);
        match &next.asked {
            None => Some(once),
            Some(other) if other.case() != asked.case() => None,
            Some(_) => (next.asked_in.as_deref() != Some(once)).then_some(once),
        }
    }
}

impl Say {
    /// Whether it asks something new in a case.
    pub fn asks_in_case(&self) -> bool {
        matches!(self, Self::Question { .. } | Self::Confirmed(_))
    }

    /// The ticket that it names.
    pub fn ticket(&self) -> Option<&str> {
        match self {
            Self::Again(ticket)
            | Self::Key(ticket)
            | Self::PassedOn(ticket)
            | Self::Confirmed(ticket)
            | Self::NotNow(ticket)
            | Self::Question { ticket, .. } => Some(ticket),
            _ => None,
        }
    }

    pub fn asks_place(&self) -> bool {
        match self {
            Self::AskPlace => true,
            Self::Question { form, .. } | Self::Hint(form) => *form == AnswerForm::Place,
            _ => false,
        }
    }
}

/// One step of a conversation.
#[derive(Clone, PartialEq, Eq)]
pub struct Turn {
    pub talk: Talk,
    pub deed: Deed,
    pub says: Vec<Say>,
}

impl Turn {
    pub(super) fn of(talk: &Talk, deed: Deed, says: Vec<Say>) -> Self {
        Self {
            talk: talk.clone(),
            deed,
            says,
        }
    }

    /// The uploads of what is made of a message, where it takes any.
    pub(super) fn files(&mut self) -> Option<&mut Vec<String>> {
        match &mut self.deed {
            Deed::File(said) => Some(&mut said.files),
            Deed::Act {
                act:
                    ReporterAct::Complete { attachments, .. } | ReporterAct::Reply { attachments, .. },
                ..
            } => Some(attachments),
            Deed::Drafted => self.talk.draft.as_mut().map(|draft| &mut draft.said.files),
            Deed::Asked => match &mut self.talk.asked {
                Some(Asked::Hold { files, .. }) => Some(files),
                _ => None,
            },
            _ => None,
        }
    }

    /// Tells as many files of a report that is to be filed as there are now.
    pub(super) fn recount(&mut self) {
        let count = self.files().map_or(0, |files| files.len());
        for say in &mut self.says {
            if let Say::AskSure(sure) = say {
                sure.files = count;
            }
        }
    }
}

impl Known<'_> {
    fn case(&self, id: CaseId) -> Option<&OwnCase> {
        self.cases.iter().find(|own| own.case == id)
    }

    fn ticket_of(&self, id: CaseId) -> String {
        let own = self.case(id).map(|own| own.ticket.clone());
        own.unwrap_or_default()
    }
}

impl OwnCase {
    fn may(&self, act: &str) -> bool {
        self.may.iter().any(|allowed| allowed == act)
    }
}

impl Asked {
    pub fn case(&self) -> CaseId {
        match self {
            Self::Hold { case, .. } | Self::Close { case } | Self::Rating { case } => *case,
        }
    }
}

/// The own ticket with which a text begins, and what follows it.
pub fn named<'t>(text: &'t str, tickets: &[(CaseId, String)]) -> Option<(CaseId, &'t str)> {
    let text = text.trim_start();
    // A ticket is typed in one word, or with a space in the middle.
    let ends = text.char_indices().filter(|(_, c)| c.is_whitespace());
    let ends = ends.map(|(at, _)| at).take(2).chain([text.len()]);
    let mut found = ends.filter_map(|end| {
        let (typed, rest) = text.split_at(end);
        let typed = ticket::parse(typed.trim_end_matches([':', '.', ',']))?;
        let own = tickets.iter().find(|(_, own)| *own == typed)?;
        Some((own.0, rest.trim_start_matches([' ', ':', '.', ',']).trim()))
    });
    found.next()
}

/// Whether a text orders something, so that it is no part of another.
pub fn is_command(text: &str) -> bool {
    commands::read(text.trim()).is_some()
}

/// Whether somebody wants no news any more, and says nothing else.
pub fn is_stop(heard: &Heard) -> bool {
    heard.sort == Sort::Word && commands::read(heard.text.trim()) == Some(Command::Stop)
}

/// Whether a text is a command, a greeting or thanks, and tells nothing.
pub fn is_small(text: &str) -> bool {
    commands::is_courtesy(text) || commands::read(text).is_some()
}

/// Reads what somebody said.
pub fn hear(talk: &Talk, heard: &Heard, known: &Known<'_>, now: i64) -> Turn {
    let text = heard.text.trim();
    match heard.sort {
        Sort::Noise => return Turn::of(talk, Deed::Aside, Vec::new()),
        Sort::Elsewhere => return daily(talk, Deed::Aside, Say::Directly, now),
        Sort::Edit => {
            if let Some(turn) = edits::changed(talk, heard, known) {
                return turn;
            }
        }
        Sort::Word => {}
    }
    // What others say below a report is theirs, and no word of its reporter.
    if known.manner.public && known.of_another {
        return Turn::of(talk, Deed::Aside, Vec::new());
    }
    if let Some(command) = commands::read(text) {
        return obey(talk, command, known, now);
    }
    if let Some((case, rest)) = named(text, known.tickets) {
        if rest.is_empty() && heard.media.is_empty() {
            let status = Say::Status(known.ticket_of(case));
            return Turn::of(talk, Deed::Answered("status"), vec![status]);
        }
        if known.unproved {
            return Turn::of(talk, Deed::Aside, vec![Say::ByReply]);
        }
        return answers::to_case(talk, case, answers::Words::of(rest, heard), known);
    }
    // A place that is shared is said by its coordinates; where it is told beside words, by these.
    let shared = heard
        .location
        .filter(|_| text.is_empty() || known.manner.asks);
    let shared = shared.map(|at| format!("{}, {}", at.latitude(), at.longitude()));
    let words = answers::Words::of(shared.as_deref().unwrap_or(text), heard);
    if let Some(case) = known.referred.filter(|_| words.say_something()) {
        return answers::to_case(talk, case, words, known);
    }
    if let Some(draft) = &talk.draft {
        return draft::go_on(talk, draft, heard, known, now);
    }
    // Who says that it is a report answers nothing with it.
    let may_answer = !known.unproved && !report::is_announced(text);
    let answer = may_answer.then(|| answers::to_question(talk, words, known));
    if let Some(turn) = answer.flatten() {
        return turn;
    }
    reported(talk, heard, known, now)
}

/// What becomes of a draft after which nothing was said: it is filed as it is, if it says anything.
pub fn silence(talk: &Talk) -> Option<Turn> {
    let draft = talk.draft.as_ref()?;
    let talk = Talk {
        draft: None,
        ..talk.clone()
    };
    if draft.asks == draft::Asks::Words {
        let wordless = Deed::Answered("wordless");
        return Some(Turn::of(&talk, wordless, vec![Say::Wordless]));
    }
    let deed = Deed::File(Box::new(draft.said.clone()));
    Some(Turn::of(&talk, deed, vec![Say::Filed]))
}

fn obey(talk: &Talk, command: Command<'_>, known: &Known<'_>, now: i64) -> Turn {
    let latest = known.tickets.first();
    let says = |deed, say| Turn::of(talk, deed, vec![say]);
    match command {
        Command::Stop | Command::Start if known.unproved => says(Deed::Aside, Say::ByReply),
        Command::Stop => {
            let said = (!known.stopped).then_some(Say::Stopped);
            Turn::of(talk, Deed::Stop, said.into_iter().collect())
        }
        Command::Start if known.stopped => says(Deed::Start, Say::Started),
        // Who begins a chat begins with this.
        Command::Start if known.manner.asks => {
            help_wanted(talk, Deed::Answered("help"), known, now)
        }
        Command::Start => says(Deed::Start, Say::Started),
        Command::Status(typed) if !typed.is_empty() => {
            says(Deed::Answered("status"), Say::Status(typed.to_owned()))
        }
        Command::Status(_) => {
            let status = latest.map_or(Say::NoReport, |(_, own)| Say::Status(own.clone()));
            says(Deed::Answered("status"), status)
        }
        Command::Help => help_wanted(talk, Deed::Answered("help"), known, now),
        Command::Key => match latest {
            Some((case, own)) if known.manner.proven && !known.manner.public => {
                says(Deed::Key(*case), Say::Key(own.clone()))
            }
            _ => says(Deed::Answered("portal"), Say::Portal),
        },
        Command::Drop => {
            let dropped = talk.draft.is_some();
            let mut turn = says(Deed::Answered("dropped"), Say::Dropped);
            turn.talk.draft = None;
            if dropped {
                turn
            } else {
                help_wanted(talk, Deed::Aside, known, now)
            }
        }
    }
}

/// Says what can be written here to whoever has ordered something, each time; where everybody reads
/// it, or where it may be somebody else, once a day.
fn help_wanted(talk: &Talk, deed: Deed, known: &Known<'_>, now: i64) -> Turn {
    if known.manner.public || known.unproved {
        return help(talk, deed, now);
    }
    let mut turn = Turn::of(talk, deed, vec![Say::Help]);
    turn.talk.helped_at = Some(now);
    turn
}

/// Says what can be written here, once a day.
fn help(talk: &Talk, deed: Deed, now: i64) -> Turn {
    daily(talk, deed, Say::Help, now)
}

fn daily(talk: &Talk, deed: Deed, say: Say, now: i64) -> Turn {
    let lately = talk.helped_at.is_some_and(|at| now - at < HELP_MS);
    let mut turn = Turn::of(talk, deed, Vec::new());
    if !lately {
        turn.talk.helped_at = Some(now);
        turn.says.push(say);
    }
    turn
}

fn reported(talk: &Talk, heard: &Heard, known: &Known<'_>, now: i64) -> Turn {
    // Thanks of somebody who has reported are for that.
    let has_reported = !known.tickets.is_empty() && heard.media.is_empty();
    if has_reported && commands::is_thanks(&heard.text) {
        return Turn::of(talk, Deed::Aside, Vec::new());
    }
    // The words beside a place are its name.
    let words =
        (heard.location.is_none() || !known.manner.asks).then(|| report::read(heard, known.marks));
    let Some(said) = words.flatten() else {
        return wordless(talk, heard, known, now);
    };
    if let Some(ticket) = &known.again {
        return Turn::of(
            talk,
            Deed::Answered("again"),
            vec![Say::Again(ticket.clone())],
        );
    }
    if said.secret && known.manner.public {
        return Turn::of(talk, Deed::Aside, vec![Say::Portal]);
    }
    if known.manner.asks {
        return draft::begin(talk, said, heard, now);
    }
    Turn::of(talk, Deed::File(Box::new(said)), vec![Say::Filed])
}

/// What is no report by its words: a picture belongs to what was filed lately, or begins one where
/// people chat, as a place does.
fn wordless(talk: &Talk, heard: &Heard, known: &Known<'_>, now: i64) -> Turn {
    let files = !heard.media.is_empty();
    let recent = known.recent.filter(|_| !known.unproved);
    let recent = recent.and_then(|case| known.case(case));
    if let Some(own) = recent.filter(|own| files && own.may("complete")) {
        let text = heard.text.trim();
        return match &own.hold {
            Some(_) => answers::to_case(talk, own.case, answers::Words::of(text, heard), known),
            None => answers::added(talk, own, text),
        };
    }
    if known.manner.asks && (files || heard.location.is_some()) {
        return draft::unsaid(talk, heard, now);
    }
    if known.manner.public {
        // Nobody wants to be taught in front of everybody.
        return Turn::of(talk, Deed::Aside, Vec::new());
    }
    if report::is_keyword(&heard.text, known.marks) {
        return help_wanted(talk, Deed::Aside, known, now);
    }
    help(talk, Deed::Aside, now)
}
