//! To administrators: a webhook was switched off, because nothing arrives there.

use lapor_migrations::Tx;

use super::officers::desk_foot;
use super::{Draft, Kind, NEWS_KEPT_MS, Said, letterhead};
use crate::desk;
use crate::error::NodeError;
use crate::node::Node;

impl Node {
    /// The addresses of administrators who want letters; none where no letters are sent.
    pub(crate) async fn administrators(&self) -> Vec<String> {
        if !self.sends_letters() {
            return Vec::new();
        }
        let readers = self.readers().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the administrators are not told of a webhook");
            Vec::new()
        });
        let administrators = readers
            .into_iter()
            .filter(|reader| reader.role.administers());
        administrators
            .map(|reader| reader.account.login.as_str().to_owned())
            .collect()
    }

    /// Writes to them, in the transaction in which it is switched off.
    pub(crate) async fn write_webhook_off(
        &self,
        tx: &mut Tx,
        administrators: &[String],
        (name, problem): (&str, &str),
    ) -> Result<(), NodeError> {
        for address in administrators {
            let head = letterhead(self);
            let words = head.write(|v| {
                let mut paragraphs = vec![
                    v.with("name", name)
                        .with("problem", problem)
                        .say("letter-webhook-off"),
                    head.at(desk::WEBHOOKS),
                ];
                paragraphs.extend(desk_foot(&head, v));
                Said {
                    subject: v.with("name", name).say("letter-webhook-off-subject"),
                    paragraphs,
                }
            });
            let draft = Draft {
                kind: Kind::Notice,
                address,
                case: None,
                words,
                leave: None,
                expires_at: Some(self.clock().now_ms() + NEWS_KEPT_MS),
            };
            self.write_letter(tx, draft).await?;
        }
        Ok(())
    }
}
