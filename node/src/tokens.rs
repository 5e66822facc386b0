//! Bearer tokens of the API: who calls, and what that caller may do.
//!
//! A token is `lpt_` and a secret, see [`lapor_web::bearer`].

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use lapor_migrations::Db;
use lapor_web::accounts::AccountId;
use lapor_web::bearer::{self, check_name, hash};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

const PREFIX: &str = "lpt_";

/// What a token may do. One role a token: who opens identities handles no cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// All that an officer may; later also the settings of the node.
    Admin,
    /// Reads, files, acts.
    Officer,
    /// Reads only.
    Reader,
    /// *Penjaga identitas*: reads, opens identities, discloses or refuses them.
    Identity,
}

/// A name of a role that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is admin, officer, reader or identity")]
pub struct RoleError;

/// Who calls: a token that exists and is not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    pub name: String,
    pub role: Role,
}

/// A token as the operator sees it in a list; the secret cannot be seen again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenEntry {
    pub name: String,
    pub role: Role,
    /// Login of the account whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Unix ms.
    pub created_at: i64,
    /// Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<i64>,
}

/// A token to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    pub name: &'a str,
    pub role: Role,
    /// The account whose it is: as that person it speaks where a second person must agree.
    pub owner: Option<&'a AccountId>,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Admin, Self::Officer, Self::Reader, Self::Identity];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Officer => "officer",
            Self::Reader => "reader",
            Self::Identity => "identity",
        }
    }

    /// Files reports and acts on cases.
    pub fn handles_cases(self) -> bool {
        matches!(self, Self::Admin | Self::Officer)
    }

    /// Publishes for the whole federation, where the institution may.
    pub fn administers(self) -> bool {
        self == Self::Admin
    }

    /// Opens identities, and answers requests for them.
    pub fn opens_identities(self) -> bool {
        self == Self::Identity
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(RoleError)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Bearer {
    /// How the audit log names this caller.
    pub fn actor(&self) -> String {
        format!("token:{}", self.name)
    }
}

impl Node {
    /// Who has this token; `None` for one that is unknown or was revoked more than a second ago.
    pub async fn bearer(&self, secret: &str) -> Result<Option<Bearer>, NodeError> {
        if !bearer::has_shape(secret, PREFIX) {
            return Ok(None);
        }
        let (hash, now) = (hash(secret), self.clock().now_ms());
        if let Some(bearer) = self.recent_tokens().find(&hash, now) {
            return Ok(Some(bearer));
        }
        let mut tx = self.db().read().await?;
        let Some((name, role)) = bearer::store::bearer(&mut tx, &hash).await? else {
            return Ok(None);
        };
        let role = store::read(role.parse())?;
        let bearer = Bearer { name, role };
        self.recent_tokens().note(hash, bearer.clone(), now);
        Ok(Some(bearer))
    }
}

/// Makes a token that nobody owns and returns its secret, which is shown once and stored nowhere.
pub async fn create(
    db: &Db,
    name: &str,
    role: Role,
    actor: &str,
    now: i64,
) -> Result<Zeroizing<String>, NodeError> {
    let owner = None;
    create_for(db, NewToken { name, role, owner }, actor, now).await
}

/// The same for somebody.
pub async fn create_for(
    db: &Db,
    NewToken { name, role, owner }: NewToken<'_>,
    actor: &str,
    now: i64,
) -> Result<Zeroizing<String>, NodeError> {
    check_name(name).map_err(|error| NodeError::Invalid(error.to_string()))?;
    let secret = bearer::fresh(PREFIX);
    let id = hex::encode(random::<8>());
    let mut tx = db.write().await?;
    if bearer::store::exists(&mut tx, name).await? {
        return Err(NodeError::Invalid(format!(
            "name: there is a token {name} already, and the audit log must not confuse two; choose another"
        )));
    }
    bearer::store::add(&mut tx, &id, name, role.as_str(), &hash(&secret), now).await?;
    let mut detail = format!("{name} {role}");
    if let Some(account) = owner {
        store::token_owners::add(&mut tx, name, account.as_str()).await?;
        detail = format!("{detail} {}", account.actor());
    }
    store::audit::add(&mut tx, now, actor, "token.created", None, &detail).await?;
    tx.commit().await?;
    Ok(secret)
}

/// All tokens, oldest first.
pub async fn list(db: &Db) -> Result<Vec<TokenEntry>, NodeError> {
    let mut tx = db.read().await?;
    let rows = bearer::store::all(&mut tx).await?;
    let owners = store::token_owners::logins(&mut tx).await?;
    let mut owners: BTreeMap<String, String> = owners.into_iter().collect();
    rows.into_iter()
        .map(|(_, name, role, created_at, revoked_at)| {
            Ok(TokenEntry {
                owner: owners.remove(&name),
                name,
                role: store::read(role.parse())?,
                created_at,
                revoked_at,
            })
        })
        .collect()
}

/// Ends a token; its next request is refused.
pub async fn revoke(db: &Db, name: &str, actor: &str, now: i64) -> Result<(), NodeError> {
    let mut tx = db.write().await?;
    if bearer::store::revoke(&mut tx, name, now).await? == 0 {
        return Err(NodeError::not_found("active token", &name));
    }
    store::audit::add(&mut tx, now, actor, "token.revoked", None, name).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;
    use lapor_migrations::throwaway::databases;

    use lapor_web::bearer::RECENT_MS;

    use super::*;
    use crate::testing::Place;

    #[tokio::test]
    async fn a_token_names_its_bearer_until_a_second_after_it_is_revoked() {
        for test in databases().await {
            let name = test.name;
            let place = Place::joined("kota-bandung", test).await;
            let (node, db) = (&place.node, place.node.db());
            let secret = create(db, "desk-app", Role::Officer, "test", 1)
                .await
                .unwrap();
            let known = Bearer {
                name: "desk-app".into(),
                role: Role::Officer,
            };
            assert_eq!(
                node.bearer(&secret).await.unwrap(),
                Some(known.clone()),
                "{name}"
            );
            let wrong = secret.replace("lpt_", "lpx_");
            assert_eq!(node.bearer(&wrong).await.unwrap(), None);
            revoke(db, "desk-app", "test", 2).await.unwrap();
            place.clock.advance(RECENT_MS - 1);
            assert_eq!(node.bearer(&secret).await.unwrap(), Some(known), "{name}");
            place.clock.advance(1);
            assert_eq!(node.bearer(&secret).await.unwrap(), None, "{name}");
            assert!(matches!(
                revoke(db, "desk-app", "test", 3).await,
                Err(NodeError::NotFound { .. })
            ));
            let listed = list(db).await.unwrap();
            assert_eq!((listed[0].created_at, listed[0].revoked_at), (1, Some(2)));
        }
    }

    #[tokio::test]
    async fn a_name_is_used_once_even_after_it_is_revoked() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            create(&db, "a", Role::Reader, "test", 1).await.unwrap();
            revoke(&db, "a", "test", 2).await.unwrap();
            assert!(matches!(
                create(&db, "a", Role::Admin, "test", 3).await,
                Err(NodeError::Invalid(_))
            ));
            let bad = create(&db, "two words", Role::Admin, "test", 3).await;
            assert!(matches!(bad, Err(NodeError::Invalid(_))));
        }
    }
}
