//! What somebody says to an officer: at the counter, in a letter, on the telephone. It is the
//! reporter's act and goes their way; the officer is its actor, and the audit log has for whom and
//! by which channel. Nothing here tells an officer who the reporter is.

use lapor_protocol::ids::CaseId;
use serde_json::Map;

use super::ReporterAct;
use super::session::shown_key;
use super::view::may;
use crate::casework::{Acted, Behalf, NewAct, Once};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

const KEY_NEEDED: &str = "the report was not brought to an officer; \
     its reporter is heard here with the secret key, or in their own conversation";

/// What may be said in a case at the counter now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AtCounter {
    /// Names of the reporter's acts.
    pub may: Vec<String>,
    /// An officer may take down what its reporter says of it without the key: one took the report
    /// in, or no key of it was ever given. Of any other the reporter shows the key.
    pub on_word: bool,
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
    fn behalf(&self, reporter: Option<String>, key_known: bool) -> Behalf {
        Behalf {
            reporter,
            channel: self.channel.to_owned(),
            key_shown: self.key.is_some(),
            key_known,
        }
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
            Ok(filed_as) => filed_as.to_string(),
            // What it was split from is here no more, and its reporter is not known.
            Err(NodeError::Locked(_)) => return Ok(counter),
            Err(error) => return Err(error),
        };
        let reporter = store::reporters::of_case(&mut tx, &filed_as).await?;
        let taken_in = store::audit::was_taken_in(&mut tx, &filed_as).await?;
        counter.on_word = taken_in || reporter.is_none();
        counter.may = may(&case);
        Ok(counter)
    }

    /// Does what a reporter says through an officer; sent again it acts no second time.
    ///
    /// # Errors
    /// [`NodeError::Locked`] for a key that does not fit, [`NodeError::Forbidden`] without one
    /// where it is needed.
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
        let reporter = store::reporters::of_case(&mut tx, &filed_as).await?;
        let taken_in = store::audit::was_taken_in(&mut tx, &filed_as).await?;
        drop(tx);
        match through.key {
            Some(key) => shown_key(self, key, reporter.as_ref()).await?,
            None if taken_in || reporter.is_none() => {}
            None => return Err(NodeError::Forbidden(KEY_NEEDED.into())),
        }
        let behalf = through.behalf(reporter.map(|row| row.id), taken_in);
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
        .behalf(None, false);
        self.act_for(case, act, through.actor, behalf, once).await
    }
}
