//! Bearer tokens of the console's API. A token reads and does nothing else:
//! what changes the federation is done by people, who give a reason.

use lapor_migrations::{Db, DbError};
use lapor_web::bearer::{self, NameError, check_name, hash};
use lapor_web::chance::random;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::console::{ConsoleRole, ConsoleRoleError};
use crate::store;

const PREFIX: &str = "lht_";

/// Whose token it is, and what it may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    pub name: String,
    pub role: ConsoleRole,
}

/// A token in a list; its secret cannot be seen again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenEntry {
    pub name: String,
    pub role: ConsoleRole,
    /// Unix ms.
    pub created_at: i64,
    /// Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<i64>,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("a token only reads: its role is observer or auditor")]
    Acts,
    #[error(
        "name: there is a token {0} already, and the audit log must not confuse two; choose another"
    )]
    Taken(String),
    #[error("there is no active token {0}")]
    Unknown(String),
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Who has this token; `None` for one that is unknown or revoked.
pub async fn find(db: &Db, secret: &str) -> Result<Option<Bearer>, DbError> {
    if !bearer::has_shape(secret, PREFIX) {
        return Ok(None);
    }
    let mut tx = db.read().await?;
    let found = bearer::store::bearer(&mut tx, &hash(secret)).await?;
    found
        .map(|(name, role)| {
            Ok(Bearer {
                name,
                role: role_of(&role)?,
            })
        })
        .transpose()
}

/// Makes a token and returns its secret, which is shown once and stored nowhere.
pub async fn create(
    db: &Db,
    name: &str,
    role: ConsoleRole,
    actor: &str,
    now: i64,
) -> Result<Zeroizing<String>, TokenError> {
    check_name(name)?;
    if role.acts() {
        return Err(TokenError::Acts);
    }
    let secret = bearer::fresh(PREFIX);
    let id = hex::encode(random::<8>());
    let mut tx = db.write().await?;
    if bearer::store::exists(&mut tx, name).await? {
        return Err(TokenError::Taken(name.to_owned()));
    }
    bearer::store::add(&mut tx, &id, name, role.as_str(), &hash(&secret), now).await?;
    let detail = format!("{name} {role}");
    store::audit::add(&mut tx, now, (actor, "token.created"), None, &detail).await?;
    tx.commit().await?;
    Ok(secret)
}

/// All tokens, oldest first.
pub async fn list(db: &Db) -> Result<Vec<TokenEntry>, DbError> {
    let mut tx = db.read().await?;
    let rows = bearer::store::all(&mut tx).await?;
    rows.into_iter()
        .map(|(_, name, role, created_at, revoked_at)| {
            Ok(TokenEntry {
                name,
                role: role_of(&role)?,
                created_at,
                revoked_at,
            })
        })
        .collect()
}

/// Ends a token; its next request is refused.
pub async fn revoke(db: &Db, name: &str, actor: &str, now: i64) -> Result<(), TokenError> {
    let mut tx = db.write().await?;
    if bearer::store::revoke(&mut tx, name, now).await? == 0 {
        return Err(TokenError::Unknown(name.to_owned()));
    }
    store::audit::add(&mut tx, now, (actor, "token.revoked"), None, name).await?;
    Ok(tx.commit().await?)
}

fn role_of(text: &str) -> Result<ConsoleRole, DbError> {
    text.parse()
        .map_err(|error: ConsoleRoleError| DbError::Corrupt(format!("a stored token: {error}")))
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;
    use lapor_migrations::throwaway::databases;

    use super::*;

    #[tokio::test]
    async fn a_token_reads_until_it_is_revoked_and_none_may_act() {
        for test in databases().await {
            let name = test.name;
            let db = test.migrated(Schema::Hub).await.unwrap();
            let secret = create(&db, "grafana", ConsoleRole::Observer, "test", 1)
                .await
                .unwrap();
            let known = Bearer {
                name: "grafana".into(),
                role: ConsoleRole::Observer,
            };
            assert_eq!(find(&db, &secret).await.unwrap(), Some(known), "{name}");
            assert_eq!(find(&db, "lht_x").await.unwrap(), None, "{name}");
            let again = create(&db, "grafana", ConsoleRole::Auditor, "test", 2).await;
            assert!(matches!(again, Err(TokenError::Taken(_))), "{name}");
            let acting = create(&db, "bot", ConsoleRole::Operator, "test", 2).await;
            assert!(matches!(acting, Err(TokenError::Acts)), "{name}");
            revoke(&db, "grafana", "test", 3).await.unwrap();
            assert_eq!(find(&db, &secret).await.unwrap(), None, "{name}");
            let twice = revoke(&db, "grafana", "test", 4).await;
            assert!(matches!(twice, Err(TokenError::Unknown(_))), "{name}");
            let listed = list(&db).await.unwrap();
            assert_eq!((listed[0].created_at, listed[0].revoked_at), (1, Some(3)));
        }
    }
}
