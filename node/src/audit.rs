//! The audit log of this node, for those who may read it. It is only ever
//! added to, by whatever was done in the same transaction; the database itself
//! refuses to change or delete an entry.

use std::collections::BTreeMap;

use lapor_protocol::ids::{CaseId, MessageId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Which entries; an empty text means any.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditQuery<'a> {
    /// Only entries before this one.
    pub before: Option<i64>,
    /// Only entries since this moment, and before that one, both in Unix ms.
    pub from: Option<i64>,
    pub until: Option<i64>,
    pub actor: &'a str,
    pub action: &'a str,
    pub case: &'a str,
    /// How many, at most.
    pub limit: u32,
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Entries are numbered without gaps.
    pub number: i64,
    /// Unix ms.
    pub at: i64,
    /// `account:ID`, `token:NAME`, `cli:USER`, or a part of the program.
    pub actor: String,
    /// What was done, such as `account.signed_in` or the kind of a message.
    pub action: String,
    /// The case that it concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Ids and names of programs; never the words of a case, never an identity.
    pub detail: String,
}

impl Node {
    /// Entries of the audit log, the latest first.
    pub async fn audit_log(&self, query: &AuditQuery<'_>) -> Result<Vec<AuditEntry>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::audit::page(
            &mut tx,
            query.before.unwrap_or(i64::MAX),
            query.from.unwrap_or(0)..query.until.unwrap_or(i64::MAX),
            (query.actor, query.action, query.case),
            query.limit,
        );
        let entries = rows
            .await?
            .into_iter()
            .map(|(number, at, actor, action, case, detail)| AuditEntry {
                number,
                at,
                actor,
                action,
                case,
                detail,
            });
        Ok(entries.collect())
    }
}

impl Node {
    /// Who made this institution's messages of a case, as the log names them, by the message.
    pub async fn authors(&self, case: CaseId) -> Result<BTreeMap<MessageId, String>, NodeError> {
        let mut tx = self.read_tx().await?;
        let noted = store::audit::authors(&mut tx, &case.to_string()).await?;
        let made = noted.into_iter();
        Ok(made
            .filter_map(|(actor, detail)| Some((detail.parse().ok()?, actor)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use lapor_migrations::{Tx, on};

    use super::*;
    use crate::testing::{Place, databases};

    async fn noted(place: &Place) {
        let mut tx = place.node.write_tx().await.unwrap();
        for (at, actor, action, case) in [
            (1, "account:a", "account.signed_in", None),
            (2, "token:desk", "case.verified", Some("c1")),
            (3, "account:a", "case.disposed", Some("c1")),
            (4, "account:b", "account.signed_in", None),
        ] {
            store::audit::add(&mut tx, at, actor, action, case, "")
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn the_log_is_read_backwards_by_who_what_and_case() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            noted(&place).await;
            let read = async |query: AuditQuery<'_>| {
                let query = AuditQuery { limit: 2, ..query };
                let entries = place.node.audit_log(&query).await.unwrap();
                entries
                    .into_iter()
                    .map(|entry| entry.at)
                    .collect::<Vec<_>>()
            };
            let any = AuditQuery::default();
            assert_eq!(read(any).await, [4, 3]);
            let first = place.node.audit_log(&AuditQuery { limit: 2, ..any }).await;
            let before = Some(first.unwrap()[1].number);
            assert_eq!(read(AuditQuery { before, ..any }).await, [2, 1]);
            let actor = "account:a";
            assert_eq!(read(AuditQuery { actor, ..any }).await, [3, 1]);
            let action = "account.signed_in";
            assert_eq!(
                read(AuditQuery {
                    actor,
                    action,
                    ..any
                })
                .await,
                [1]
            );
            assert_eq!(read(AuditQuery { case: "c1", ..any }).await, [3, 2]);
            let (from, until) = (Some(2), Some(4));
            assert_eq!(read(AuditQuery { until, ..any }).await, [3, 2]);
            assert_eq!(
                read(AuditQuery {
                    from,
                    until: Some(3),
                    ..any
                })
                .await,
                [2]
            );
        }
    }

    #[tokio::test]
    async fn an_entry_can_be_neither_changed_nor_deleted() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            noted(&place).await;
            for sql in [
                "update audit set actor = 'x'",
                "delete from audit where number = 1",
            ] {
                let mut tx: Tx = place.node.write_tx().await.unwrap();
                let done = on!(&mut tx, c => sqlx::query(sql).execute(c).await.map(drop));
                let refused = done.unwrap_err().to_string();
                assert!(refused.contains("audit log"), "{refused}");
            }
            let query = AuditQuery {
                limit: 9,
                ..AuditQuery::default()
            };
            assert_eq!(place.node.audit_log(&query).await.unwrap().len(), 4);
        }
    }
}
