//! What somebody says to an officer: at the counter, in a letter, on the telephone. It is the
//! reporter's act and goes their way; the officer is its actor, and the audit log has for whom and
//! by which channel. Nothing here tells an officer who the reporter is.

use lapor_migrations::Tx;
use lapor_protocol::case::Case;
use lapor_protocol::ids::CaseId;
use serde_json::Map;

use super::ReporterAct;
use super::lost_key::KeyGiver;
use super::session::shown_key;
use super::view::may;
use crate::casework::{Acted, Behalf, NewAct, Once, Who};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::reporters::ReporterRow;

const KEY_NEEDED: &str = "the report was not brought to an officer; \
     its reporter is heard here with the secret key, or in their own conversation";

/// What may be said in a case at the counter now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AtCounter {
    /// Names of the reporter's acts.
    pub may: Vec<String>,
    /// An officer may take down what its reporter says of it without the key: one took the report
    /// in, or no key of it was ever given. Of any other, and of one whose words were erased, the
    /// reporter shows the key.
    pub on_word: bool,
    /// Its reporter has a key of it, and may get another in the place of one that was lost: by whom.
    pub key_giver: Option<KeyGiver>,
    /// It is public, and somebody else may say that they have the same trouble.
    pub is_supported: bool,
}

/// Somebody who speaks through an officer.
#[derive(Clone, Copy)]
pub struct Through<'a> {
    pub actor: &'a str,
    /// `walk-in`, `letter` or `phone`.
    pub channel: &'a str,
    /// The reporter's key as it was typed.
    pub key: Option<&'a str>,
}

impl Through<'_> {
    fn behalf(&self, who: Who, key_known: bool) -> Behalf {
        Behalf {
            who,
            channel: self.channel.to_owned(),
            key_shown: self.key.is_some(),
            key_known,
        }
    }
}

/// How the reporter of a case is known here.
pub(super) struct Known {
    row: Option<ReporterRow>,
    taken_in: bool,
    /// The words of the case were erased, or the reporter had everything about them forgotten.
    erased: bool,
}

impl Known {
    pub(super) async fn of(tx: &mut Tx, case: &Case, filed_as: &str) -> Result<Self, NodeError> {
        let erasures = store::erasures::of_case(tx, filed_as).await?;
        Ok(Self {
            row: store::reporters::of_case(tx, filed_as).await?,
            taken_in: store::audit::was_taken_in(tx, filed_as).await?,
            erased: case.redacted || erasures.iter().any(|row| row.state == "done"),
        })
    }

    /// Whether an officer may take down what the reporter says without the key.
    fn on_word(&self) -> bool {
        !self.erased && (self.taken_in || self.row.is_none())
    }

    /// The reporter, where they hold a key and have not been forgotten.
    pub(super) fn keyed(self) -> Option<ReporterRow> {
        self.row.filter(|_| !self.erased)
    }

    /// Whether nobody can be told to be the reporter any more.
    fn is_forgotten(&self) -> bool {
        self.erased && self.row.is_none()
    }
}

impl Node {
    /// What may be said in a case at the counter now.
    pub async fn at_counter(&self, id: CaseId) -> Result<AtCounter, NodeError> {
        let mut tx = self.read_tx().await?;
        let case = self.shown_case(&mut tx, id).await?;
        let row = store::cases::case(&mut tx, &id.to_string()).await?;
        let public = row.is_some_and(|row| row.public == 1);
        let mut counter = AtCounter {
            is_supported: public && case.state.is_open(),
            ..AtCounter::default()
        };
        if case.origin != *self.instance()? {
            return Ok(counter);
        }
        let filed_as = match self.filed_as(&mut tx, id).await {
            Ok(filed_as) => filed_as,
            // What it was split from is here no more, and its reporter is not known.
            Err(NodeError::Locked(_)) => return Ok(counter),
            Err(error) => return Err(error),
        };
        let known = Known::of(&mut tx, &case, &filed_as.to_string()).await?;
        counter.on_word = known.on_word();
        if !known.is_forgotten() {
            counter.may = may(&case);
        }
        if known.keyed().is_some() {
            let filed = self.shown_case(&mut tx, filed_as).await?;
            counter.key_giver = Some(KeyGiver::of(&case, &filed));
        }
        Ok(counter)
    }

    /// Does what a reporter says through an officer; sent again it acts no second time.
    ///
    /// # Errors
    /// [`NodeError::Locked`] for a key that does not fit, [`NodeError::Forbidden`] without one
    /// where it is needed, [`NodeError::Redacted`] where the reporter was forgotten.
    pub async fn reporter_says(
        &self,
        case: CaseId,
        through: Through<'_>,
        act: ReporterAct,
        once: &Once,
    ) -> Result<Acted, NodeError> {
        let act = act.into_act();
        // What has been done under this key is asked for no second time.
        if let Some(done) = once.asking(&(case, &act))?.answered(self).await? {
            return Ok(done);
        }
        let mut tx = self.read_tx().await?;
        let filed_as = self.filed_as(&mut tx, case).await?.to_string();
        let shown = self.shown_case(&mut tx, case).await?;
        let known = Known::of(&mut tx, &shown, &filed_as).await?;
        drop(tx);
        if known.is_forgotten() {
            return Err(NodeError::Redacted(case));
        }
        match through.key {
            Some(key) => shown_key(self, key, known.row.as_ref()).await?,
            None if known.on_word() => {}
            None => return Err(NodeError::Forbidden(KEY_NEEDED.into())),
        }
        let who = known.row.map_or(Who::Keyless, |row| Who::Reporter(row.id));
        let behalf = through.behalf(who, known.taken_in);
        self.act_for(case, act, through.actor, behalf, once).await
    }

    /// Counts somebody who has the same trouble and says so to an officer.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] for a case that not everybody may read.
    pub async fn visitor_supports(
        &self,
        case: CaseId,
        through: Through<'_>,
        once: &Once,
    ) -> Result<Acted, NodeError> {
        self.public_case(case).await?;
        let act = NewAct {
            kind: "case.supported".into(),
            body: Map::new(),
            words: None,
            attachments: Vec::new(),
        };
        let behalf = Through {
            key: None,
            ..through
        }
        .behalf(Who::Visitor, false);
        self.act_for(case, act, through.actor, behalf, once).await
    }
}
