//! What a reporter does in their conversation: each is an act of the origin,
//! judged like every other, with the reporter as its actor.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{Conversation, Notify};
use crate::casework::{Acted, NewAct, Once};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// An act of the reporter.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReporterAct {
    /// Answers the questions of a hold, in their order, or adds to the report.
    Complete {
        #[serde(default)]
        answers: Vec<String>,
        #[serde(default)]
        text: Option<String>,
        /// Ids of uploads made before.
        #[serde(default)]
        attachments: Vec<String>,
    },
    /// Answers a follow-up, also to say that it is not done: the case goes on,
    /// and a closed one is reopened.
    Reply {
        text: String,
        #[serde(default)]
        attachments: Vec<String>,
    },
    /// Confirms that it is done; the case is closed.
    Confirm {
        #[serde(default)]
        text: Option<String>,
    },
    /// Reopens a closed or archived case.
    Reopen {
        #[serde(default)]
        text: Option<String>,
    },
    /// Rates a close, 1 (poor) to 5 (good).
    Rate {
        score: u8,
        #[serde(default)]
        text: Option<String>,
    },
    /// Agrees that the Ombudsman joins.
    Escalate {
        #[serde(default)]
        text: Option<String>,
    },
}

impl ReporterAct {
    /// The same with uploads; what takes none stays as it is.
    #[must_use]
    pub fn with_files(mut self, uploads: Vec<String>) -> Self {
        if let Self::Complete { attachments, .. } | Self::Reply { attachments, .. } = &mut self {
            *attachments = uploads;
        }
        self
    }

    pub(super) fn into_act(self) -> NewAct {
        let (kind, body, words, attachments) = match self {
            Self::Complete {
                answers,
                text,
                attachments,
            } => {
                let mut words = Map::new();
                if !answers.is_empty() {
                    words.insert("answers".into(), json!(answers));
                }
                words.extend(text.map(|text| ("text".to_owned(), json!(text))));
                ("report.completed", json!({}), Some(words), attachments)
            }
            Self::Reply { text, attachments } => {
                ("case.replied", json!({}), said(Some(text)), attachments)
            }
            Self::Confirm { text } => (
                "case.closed",
                json!({"by": "reporter"}),
                said(text),
                Vec::new(),
            ),
            Self::Reopen { text } => ("case.reopened", json!({}), said(text), Vec::new()),
            Self::Rate { score, text } => (
                "case.rated",
                json!({"score": score}),
                said(text),
                Vec::new(),
            ),
            Self::Escalate { text } => (
                "case.escalated",
                json!({"consent": true}),
                said(text),
                Vec::new(),
            ),
        };
        NewAct {
            kind: kind.to_owned(),
            body: body.as_object().cloned().unwrap_or_default(),
            words,
            attachments,
        }
    }
}

impl Node {
    /// Does what the reporter says. With `once` the same request sent again
    /// acts no second time.
    ///
    /// # Errors
    /// [`NodeError::TooMany`] for more than a person has to say.
    pub async fn reporter_acts(
        &self,
        conversation: &Conversation,
        act: ReporterAct,
        once: Option<&Once>,
    ) -> Result<Acted, NodeError> {
        let (case, actor) = (conversation.case, conversation.actor());
        let known = match once {
            Some(once) => once.is_known(self).await?,
            None => false,
        };
        if !known {
            let now = self.clock().now_ms();
            self.guards().acting.attempt(&case.to_string(), now)?;
        }
        self.act_of_reporter(case, act.into_act(), &actor, once)
            .await
    }

    /// Chooses whether the reporter is told of what happens by e-mail.
    pub async fn choose_notifications(
        &self,
        conversation: &Conversation,
        notify: Notify,
    ) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        let case = self.filed_as(&mut tx, conversation.case).await?.to_string();
        store::reporters::set_notify(&mut tx, &case, notify.as_str()).await?;
        Ok(tx.commit().await?)
    }
}

fn said(text: Option<String>) -> Option<Map<String, Value>> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    Some(Map::from_iter([("text".to_owned(), json!(text))]))
}
