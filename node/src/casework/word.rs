//! Whose word an act is, and what its author saw: what an institution asks of an act beyond the
//! rules depends on it, and the audit log tells it.

use lapor_migrations::Tx;
use lapor_protocol::case::State;
use lapor_protocol::deadline::ClockKind;
use lapor_protocol::ids::MessageId;
use serde_json::Value;

use super::NewAct;
use super::approval::Signature;
use crate::error::NodeError;
use crate::store;

const THROUGH_OFFICER: &str = "through_officer";
/// What is not found where an erasure was put back, or taken up by somebody else.
pub(crate) const AT_WORK: &str = "erasure that is being done";

/// Whose word an act is: of its officers an institution asks more than the rules do.
pub(super) enum Word {
    Officer,
    /// An officer's answer that a superior has signed.
    Signed(Signature),
    /// Said by the reporter, in their own conversation.
    Reporter,
    /// Said to an officer.
    Counter(Behalf),
}

/// For whom an officer acts, as the audit log names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// The reporter, by an id of the log's own.
    Reporter(String),
    /// The reporter of a case that was filed without a key.
    Keyless,
    /// Somebody else.
    Visitor,
}

/// For whom an officer acts and how they came, with nothing that tells who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Behalf {
    pub who: Who,
    /// `walk-in`, `letter` or `phone`.
    pub channel: String,
    /// Whether the reporter's key was shown; otherwise there is the officer's word alone.
    pub key_shown: bool,
    /// Whether an officer took the report in and saw the key on the slip: then it proves nothing.
    pub key_known: bool,
}

/// How an act is done.
pub(super) struct Terms {
    pub word: Word,
    /// The state that its author saw, where another would make it another act.
    pub only_in: Option<State>,
    /// The erasure that is done with it.
    pub erasure: Option<String>,
}

impl From<Word> for Terms {
    fn from(word: Word) -> Self {
        Self {
            word,
            only_in: None,
            erasure: None,
        }
    }
}

/// Refuses a close by silence: who might profit from silence does not keep its clock, and nobody says
/// that it has run out.
pub(crate) fn closes_by_silence(act: &NewAct) -> Result<(), NodeError> {
    let by = act.body.get("by").and_then(Value::as_str);
    if act.kind != "case.closed" || by != Some("silence") {
        return Ok(());
    }
    let days = ClockKind::Silence
        .term()
        .map_or(0, |term| term.working_days);
    Err(NodeError::Forbidden(format!(
        "a case closes by itself after {days} working days of silence, or as many as the custodian has \
         stated; of a reporter who is content say `\"by\": \"reporter\"`"
    )))
}

impl Terms {
    /// What it rests on still stands: the draft that was signed, the erasure that has begun.
    pub async fn hold(&self, tx: &mut Tx) -> Result<(), NodeError> {
        if let Word::Signed(signature) = &self.word {
            signature.holds(tx).await?;
        }
        let Some(id) = &self.erasure else {
            return Ok(());
        };
        let begun = store::erasures::one(tx, id).await?;
        let begun = begun.filter(|row| row.state == "erasing");
        begun
            .map(drop)
            .ok_or_else(|| NodeError::not_found(AT_WORK, id))
    }
}

impl Word {
    /// Whether there is no more to it than that an officer says so.
    pub fn is_officers(&self) -> bool {
        match self {
            Self::Officer => true,
            Self::Counter(behalf) => behalf.key_known || !behalf.key_shown,
            Self::Signed(_) | Self::Reporter => false,
        }
    }

    /// Has a close say whose word it is that the reporter is content. An application may say that
    /// it has it from the reporter; at the counter it is known.
    pub fn stated_in(&self, act: &mut NewAct) {
        let confirms = act.body.get("by").and_then(Value::as_str) == Some("reporter");
        if act.kind != "case.closed" || !confirms {
            return;
        }
        let own = act.body.get(THROUGH_OFFICER).and_then(Value::as_bool);
        let told = match self {
            Self::Officer => own.unwrap_or(true),
            _ => self.is_officers(),
        };
        act.body.insert(THROUGH_OFFICER.into(), told.into());
    }
}

impl Behalf {
    /// As the audit log has it.
    pub(super) fn told(&self, id: MessageId) -> String {
        let who = match &self.who {
            Who::Reporter(id) => format!("reporter:{id}"),
            Who::Keyless => "reporter".to_owned(),
            Who::Visitor => "visitor".to_owned(),
        };
        let proof = if self.key_shown { "key" } else { "word" };
        format!("{who} {} {proof} {id}", self.channel)
    }
}
