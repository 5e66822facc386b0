//! Bearer tokens of the console's API. One of the role operator acts, and is
//! somebody's: it may do what the account of its owner may, and where two must
//! agree both are told apart by their accounts.

use std::collections::BTreeMap;

use lapor_migrations::{Db, DbError, Tx};
use lapor_web::accounts::AccountId;
use lapor_web::bearer::{self, NameError, check_name, hash, owners};
use lapor_web::chance::random;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::console::{ConsoleRole, ConsoleRoleError};
use crate::store;

const PREFIX: &str = "lht_";
/// How the audit log names who calls with a token, before its name.
const ACTOR: &str = "token:";

/// Whose token it is, and what it may do.
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
    /// The role in which it calls, where that of its owner allows no more now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_to: Option<ConsoleRole>,
    /// Login of the account whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether that account is disabled: the token opens nothing meanwhile.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub owner_disabled: bool,
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
    pub role: ConsoleRole,
    /// The account whose it is; one that acts needs it.
    pub owner: Option<&'a AccountId>,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("a token of the role operator acts as somebody: name an active operator as its owner")]
    Ownerless,
    #[error(
        "name: there is a token {0} already, and the audit log must not confuse two; choose another"
    )]
    Taken(String),
    #[error("there is no active token {0}")]
    Unknown(String),
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Bearer {
    /// How the audit log names this caller.
    pub fn actor(&self) -> String {
        format!("{ACTOR}{}", self.name)
    }
}

/// The name of the token with which an actor of the audit log has called.
pub fn called_by(actor: &str) -> Option<&str> {
    actor.strip_prefix(ACTOR)
}

/// The person behind an actor of the audit log: of a token its owner, by their account.
pub async fn person(tx: &mut Tx, actor: &str) -> Result<String, DbError> {
    let owner = match called_by(actor) {
        Some(token) => owners::of(tx, token).await?,
        None => None,
    };
    Ok(owner.map_or_else(|| actor.to_owned(), |account| format!("account:{account}")))
}

/// Whether a token is there and not revoked.
pub async fn is_live(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    let all = bearer::store::all(tx).await?;
    Ok(all
        .iter()
        .any(|(_, known, _, _, revoked_at)| known == name && revoked_at.is_none()))
}

/// Who has this token; `None` for one that is unknown or revoked, and while the account that owns it is
/// disabled. It may do no more than the role of that account allows now.
pub async fn find(db: &Db, secret: &str) -> Result<Option<Bearer>, DbError> {
    if !bearer::has_shape(secret, PREFIX) {
        return Ok(None);
    }
    let mut tx = db.read().await?;
    let found = bearer::store::bearer(&mut tx, &hash(secret)).await?;
    let Some((name, role)) = found else {
        return Ok(None);
    };
    let mut role = role_of(&role)?;
    if let Some((_, owner)) = owners::active(&mut tx, &name).await? {
        role = role.within(role_of(&owner)?);
    }
    Ok(Some(Bearer { name, role }))
}

/// Makes a token that only reads and returns its secret, which is shown once and stored nowhere.
pub async fn create(
    db: &Db,
    name: &str,
    role: ConsoleRole,
    actor: &str,
    now: i64,
) -> Result<Zeroizing<String>, TokenError> {
    let owner = None;
    create_for(db, NewToken { name, role, owner }, actor, now).await
}

/// The same for somebody; one that acts is an active operator's.
pub async fn create_for(
    db: &Db,
    NewToken { name, role, owner }: NewToken<'_>,
    actor: &str,
    now: i64,
) -> Result<Zeroizing<String>, TokenError> {
    check_name(name)?;
    let secret = bearer::fresh(PREFIX);
    let id = hex::encode(random::<8>());
    let mut tx = db.write().await?;
    if bearer::store::exists(&mut tx, name).await? {
        return Err(TokenError::Taken(name.to_owned()));
    }
    bearer::store::add(&mut tx, &id, name, role.as_str(), &hash(&secret), now).await?;
    let mut detail = format!("{name} {role}");
    if let Some(account) = owner {
        owners::add(&mut tx, name, account.as_str()).await?;
        detail = format!("{detail} {}", account.actor());
    }
    if role.acts() && owner_in(&mut tx, name).await?.is_none() {
        return Err(TokenError::Ownerless);
    }
    store::audit::add(&mut tx, now, (actor, "token.created"), None, &detail).await?;
    tx.commit().await?;
    Ok(secret)
}

/// All tokens, oldest first.
pub async fn list(db: &Db) -> Result<Vec<TokenEntry>, DbError> {
    let mut tx = db.read().await?;
    let rows = bearer::store::all(&mut tx).await?;
    let mut owners: BTreeMap<String, String> = owners::logins(&mut tx).await?.into_iter().collect();
    let disabled = owners::disabled(&mut tx).await?;
    let roles: BTreeMap<String, String> = owners::roles(&mut tx).await?.into_iter().collect();
    rows.into_iter()
        .map(|(_, name, role, created_at, revoked_at)| {
            let role = role_of(&role)?;
            let of_owner = roles.get(&name);
            let of_owner = of_owner.and_then(|role| role.parse::<ConsoleRole>().ok());
            let held_to = of_owner.map(|owner| role.within(owner));
            Ok(TokenEntry {
                owner: owners.remove(&name),
                owner_disabled: disabled.contains(&name),
                name,
                role,
                held_to: held_to.filter(|held| *held != role),
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

/// The account for which a token acts, if it is an active operator's.
pub async fn owner(db: &Db, name: &str) -> Result<Option<String>, DbError> {
    let mut tx = db.read().await?;
    owner_in(&mut tx, name).await
}

async fn owner_in(tx: &mut Tx, name: &str) -> Result<Option<String>, DbError> {
    match owners::active(tx, name).await? {
        Some((account, role)) => Ok(role_of(&role)?.acts().then_some(account)),
        None => Ok(None),
    }
}

fn role_of(text: &str) -> Result<ConsoleRole, DbError> {
    text.parse()
        .map_err(|error: ConsoleRoleError| DbError::Corrupt(format!("a stored token: {error}")))
}

#[cfg(test)]
mod tests {
    use lapor_migrations::throwaway::databases_of;
    use lapor_migrations::{Schema, on};

    use super::*;

    #[tokio::test]
    async fn a_token_reads_until_it_is_revoked_and_none_acts_for_nobody() {
        for test in databases_of(Schema::Hub).await {
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
            assert!(matches!(acting, Err(TokenError::Ownerless)), "{name}");
            revoke(&db, "grafana", "test", 3).await.unwrap();
            assert_eq!(find(&db, &secret).await.unwrap(), None, "{name}");
            let twice = revoke(&db, "grafana", "test", 4).await;
            assert!(matches!(twice, Err(TokenError::Unknown(_))), "{name}");
            let listed = list(&db).await.unwrap();
            assert_eq!((listed[0].created_at, listed[0].revoked_at), (1, Some(3)));
        }
    }

    #[tokio::test]
    async fn a_token_reads_no_more_than_the_role_of_its_owner_allows_now() {
        const HIRES: &str = "insert into accounts
                (id, login, name, role, state, factor_step, created_at, changed_at)
            values ('0123456789abcdef', 'siti@pusat.example', 'Siti', 'operator', 'active', 0, 1, 1)";
        const MOVES: &str = "update accounts set role = $1";
        for test in databases_of(Schema::Hub).await {
            let name = test.name;
            let db = test.migrated(Schema::Hub).await.unwrap();
            let mut tx = db.write().await.unwrap();
            on!(&mut tx, c => sqlx::query(HIRES).execute(c).await.map(drop)).unwrap();
            tx.commit().await.unwrap();
            let siti: AccountId = "0123456789abcdef".parse().unwrap();
            let new = NewToken {
                name: "otomat",
                role: ConsoleRole::Operator,
                owner: Some(&siti),
            };
            let secret = create_for(&db, new, "test", 1).await.unwrap();
            for owner in ConsoleRole::ALL {
                let mut tx = db.write().await.unwrap();
                let moved = on!(&mut tx, c => sqlx::query(MOVES)
                    .bind(owner.as_str())
                    .execute(c)
                    .await
                    .map(drop));
                moved.unwrap();
                tx.commit().await.unwrap();
                let found = find(&db, &secret).await.unwrap().unwrap();
                assert_eq!(found.role, owner, "{name}");
                let held = Some(owner).filter(|owner| !owner.acts());
                assert_eq!(list(&db).await.unwrap()[0].held_to, held, "{name}");
            }
        }
    }
}
