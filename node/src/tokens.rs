//! Bearer tokens of the API: who calls, and what that caller may do.
//!
//! A token is `lpt_` and a secret, see [`lapor_web::bearer`].

mod bounds;
mod scope;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use lapor_migrations::{Db, Tx};
use lapor_protocol::region::RegionCode;
use lapor_web::accounts::AccountId;
use lapor_web::bearer::{self, check_name, hash};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::casework::Sight;
use crate::chance::random;
use crate::error::NodeError;
use crate::hooks::{KEY_REVOKED, switch_off_of};
use crate::node::Node;
use crate::staff::{StaffRole, UnitId};
use crate::store;

pub use bounds::Bounds;
pub(crate) use bounds::sight_of_actor;
pub use scope::{Rights, Scope, ScopeError, Scopes, ScopesError};

const PREFIX: &str = "lpt_";
/// Before the name of a token where the audit log says who did something.
const ACTOR: &str = "token:";
/// What stands for a role where a token has scopes.
const SCOPES: &str = "scopes";
/// How much later a use must be than the one that was noted, to be noted as well.
const NOTED_MS: i64 = 3_600_000;

/// What a token may do, as a whole. One role a token: who opens identities handles no cases.
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

/// Who calls: a token that exists, is good still and is not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    pub name: String,
    pub rights: Rights,
    /// What it may see of the cases: all, unless it is bounded.
    pub sight: Sight,
    /// Unix ms.
    expires_at: Option<i64>,
}

/// A token as the operator sees it in a list; the secret cannot be seen again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenEntry {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What it may do, where that is no role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
    /// Units to whose cases it is bounded; empty where it is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<UnitId>,
    /// Provinces and regencies to whose cases it is bounded; empty where it is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<RegionCode>,
    /// Login of the account whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What the role of that account does not allow now: the token does not do it meanwhile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Scope>,
    /// Whether that account is disabled: the token opens nothing meanwhile.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub owner_disabled: bool,
    /// Unix ms.
    pub created_at: i64,
    /// Unix ms at which it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// Unix ms at which it was used last, to the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_at: Option<i64>,
    /// Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<i64>,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    pub name: &'a str,
    pub rights: Rights,
    /// To which cases it is bounded.
    pub bounds: Bounds,
    /// Unix ms at which it ends by itself.
    pub expires_at: Option<i64>,
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
        format!("{ACTOR}{}", self.name)
    }

    /// Whether it sees the cases of the whole institution.
    pub fn sees_all(&self) -> bool {
        self.sight == Sight::ALL
    }

    fn is_good(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|ends| now < ends)
    }
}

impl TokenEntry {
    /// Units and regions to which it is bounded, as they are written; empty where it is not.
    pub fn bounds(&self) -> String {
        let bounds = Bounds {
            units: self.units.clone(),
            regions: self.regions.clone(),
        };
        bounds.to_string()
    }

    /// Whether it opens anything now.
    pub fn is_good(&self, now: i64) -> bool {
        !self.owner_disabled && !self.is_over(now)
    }

    /// Whether it opens nothing ever again.
    pub fn is_over(&self, now: i64) -> bool {
        self.revoked_at.is_some() || self.expires_at.is_some_and(|ends| ends <= now)
    }

    /// The role or the scopes, as they are written.
    pub fn rights(&self) -> String {
        match self.role {
            Some(role) => role.to_string(),
            None => self
                .scopes
                .iter()
                .map(|scope| scope.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        }
    }
}

impl Node {
    /// Who has this token; `None` for one that is unknown, has ended, or was revoked more than a
    /// second ago, and while the account that owns it is disabled, from a second after that on. It may
    /// do no more than the role of that account allows, as of a second ago.
    pub async fn bearer(&self, secret: &str) -> Result<Option<Bearer>, NodeError> {
        if !bearer::has_shape(secret, PREFIX) {
            return Ok(None);
        }
        let (hash, now) = (hash(secret), self.clock().now_ms());
        if let Some(bearer) = self.recent_tokens().find(&hash, now) {
            return Ok(Some(bearer).filter(|bearer| bearer.is_good(now)));
        }
        let mut tx = self.db().read().await?;
        let known = store::token_scopes::known(&mut tx, &hash).await?;
        let Some((name, role, expires_at, used_at)) = known else {
            return Ok(None);
        };
        let mut rights = rights(&mut tx, &name, &role).await?;
        if let Some((_, role)) = store::token_owners::active(&mut tx, &name).await? {
            rights = rights.within(store::read(role.parse())?);
        }
        let sight = bounds::sight_of(&mut tx, &name).await?;
        drop(tx);
        let bearer = Bearer {
            name,
            rights,
            sight,
            expires_at,
        };
        if !bearer.is_good(now) {
            return Ok(None);
        }
        // A disk that is full keeps no application from what it reads.
        if used_at.is_none_or(|at| now - at >= NOTED_MS)
            && let Err(error) = self.note_use(&bearer.name, now).await
        {
            tracing::warn!(%error, token = bearer.name, "the use of a token could not be noted");
        }
        self.recent_tokens().note(hash, bearer.clone(), now);
        Ok(Some(bearer))
    }

    /// The account that owns a token.
    pub async fn owner_of(&self, bearer: &Bearer) -> Result<Option<String>, NodeError> {
        let mut tx = self.read_tx().await?;
        Ok(store::token_owners::of(&mut tx, &bearer.name).await?)
    }

    async fn note_use(&self, token: &str, now: i64) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        store::token_scopes::used(&mut tx, token, now).await?;
        Ok(tx.commit().await?)
    }
}

async fn rights(tx: &mut Tx, token: &str, role: &str) -> Result<Rights, NodeError> {
    if role != SCOPES {
        return Ok(Rights::Role(store::read(role.parse())?));
    }
    let scopes = store::token_scopes::of(tx, token).await?;
    let scopes: Vec<Scope> = store::read(scopes.iter().map(|scope| scope.parse()).collect())?;
    Ok(Rights::Scopes(store::read(Scopes::new(scopes))?))
}

/// Makes a token that nobody owns and returns its secret, which is shown once and stored nowhere.
pub async fn create(
    db: &Db,
    name: &str,
    role: Role,
    actor: &str,
    now: i64,
) -> Result<Zeroizing<String>, NodeError> {
    let new = NewToken {
        name,
        rights: role.into(),
        bounds: Bounds::default(),
        expires_at: None,
        owner: None,
    };
    create_for(db, new, actor, now).await
}

/// The same for somebody, with scopes, or with bounds.
pub async fn create_for(
    db: &Db,
    new: NewToken<'_>,
    actor: &str,
    now: i64,
) -> Result<Zeroizing<String>, NodeError> {
    let name = new.name;
    check_name(name).map_err(|error| NodeError::Invalid(error.to_string()))?;
    let secret = bearer::fresh(PREFIX);
    let id = hex::encode(random::<8>());
    let mut tx = db.write().await?;
    if bearer::store::exists(&mut tx, name).await? {
        return Err(NodeError::Invalid(format!(
            "name: there is a token {name} already, and the audit log must not confuse two; choose another"
        )));
    }
    let role = match &new.rights {
        Rights::Role(role) => role.as_str(),
        Rights::Scopes(_) => SCOPES,
    };
    bearer::store::add(&mut tx, &id, name, role, &hash(&secret), now).await?;
    if let Rights::Scopes(scopes) = &new.rights {
        for scope in scopes.iter() {
            store::token_scopes::add(&mut tx, name, scope.as_str()).await?;
        }
    }
    if let Some(at) = new.expires_at {
        store::token_scopes::ends(&mut tx, name, at).await?;
    }
    new.bounds.put(&mut tx, name).await?;
    let mut detail = format!("{name} {}", new.rights);
    if !new.bounds.is_none() {
        detail = format!("{detail} within {}", new.bounds);
    }
    if let Some(account) = new.owner {
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
    let disabled = store::token_owners::disabled(&mut tx).await?;
    let mut scopes: BTreeMap<String, Vec<Scope>> = BTreeMap::new();
    for (token, scope) in store::token_scopes::all(&mut tx).await? {
        scopes
            .entry(token)
            .or_default()
            .push(store::read(scope.parse())?);
    }
    let roles = store::token_owners::roles(&mut tx).await?;
    let roles: BTreeMap<String, String> = roles.into_iter().collect();
    let times = store::token_scopes::times(&mut tx).await?.into_iter();
    let mut times: BTreeMap<String, _> = times
        .map(|(name, ends, used)| (name, (ends, used)))
        .collect();
    let mut bounded = BTreeMap::new();
    for (_, name, ..) in &rows {
        bounded.insert(name.clone(), bounds::of(&mut tx, name).await?);
    }
    rows.into_iter()
        .map(|(_, name, role, created_at, revoked_at)| {
            let Bounds { units, regions } = bounded.remove(&name).unwrap_or_default();
            let (expires_at, used_at) = times.remove(&name).unwrap_or_default();
            let role = (role != SCOPES)
                .then(|| store::read(role.parse()))
                .transpose()?;
            let scopes = scopes.remove(&name).unwrap_or_default();
            let owner_role = roles
                .get(&name)
                .and_then(|role| role.parse::<StaffRole>().ok());
            Ok(TokenEntry {
                owner: owners.remove(&name),
                withheld: owner_role.map_or_else(Vec::new, |owner| withheld(role, &scopes, owner)),
                owner_disabled: disabled.contains(&name),
                scopes,
                units,
                regions,
                name,
                role,
                created_at,
                expires_at,
                used_at,
                revoked_at,
            })
        })
        .collect()
}

/// What of a role or of scopes an owner in this role may not do.
fn withheld(role: Option<Role>, scopes: &[Scope], owner: StaffRole) -> Vec<Scope> {
    let held = |scope: Scope| role.is_some_and(|role| role.has(scope)) || scopes.contains(&scope);
    let all = Scope::ALL.into_iter();
    all.filter(|scope| held(*scope) && !scope.is_for(owner))
        .collect()
}

/// Ends a token; its next request is refused, and the webhooks that it has made are off.
pub async fn revoke(db: &Db, name: &str, actor: &str, now: i64) -> Result<(), NodeError> {
    let mut tx = db.write().await?;
    if bearer::store::revoke(&mut tx, name, now).await? == 0 {
        return Err(NodeError::not_found("active token", &name));
    }
    store::audit::add(&mut tx, now, actor, "token.revoked", None, name).await?;
    let maker = format!("{ACTOR}{name}");
    switch_off_of(&mut tx, &maker, KEY_REVOKED, (actor, now)).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lapor_migrations::{Schema, on};
    use lapor_web::accounts::NewAccount;
    use lapor_web::bearer::RECENT_MS;

    use super::*;
    use crate::testing::{Place, databases};

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
                rights: Role::Officer.into(),
                sight: Sight::ALL,
                expires_at: None,
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
    async fn a_token_opens_nothing_while_its_owner_is_disabled_and_nobodys_goes_on() {
        for test in databases().await {
            let name = test.name;
            let place = Place::joined("kota-bandung", test).await;
            let (node, db) = (&place.node, place.node.db());
            let new = NewAccount {
                login: "siti@bandung.go.id",
                name: "Siti",
                role: "officer",
                unit: None,
            };
            let (account, _) = node.create_account("test", &new).await.unwrap();
            let new = NewToken {
                name: "sitis",
                rights: Role::Officer.into(),
                bounds: Bounds::default(),
                expires_at: None,
                owner: Some(&account.id),
            };
            let owned = create_for(db, new, "test", 1).await.unwrap();
            let nobodys = create(db, "app", Role::Officer, "test", 1).await.unwrap();
            let known = async |secret: &str| node.bearer(secret).await.unwrap().is_some();
            let good = async || {
                let listed = list(db).await.unwrap().into_iter();
                let good = listed.filter(|token| token.is_good(node.clock().now_ms()));
                good.map(|token| token.name).collect::<BTreeSet<_>>()
            };
            assert!(known(&owned).await && known(&nobodys).await, "{name}");
            assert_eq!(good().await.len(), 2, "{name}");
            let accounts = node.accounts();
            accounts.disable("test", &account.id).await.unwrap();
            place.clock.advance(RECENT_MS);
            assert!(!known(&owned).await, "{name}: out at once");
            assert!(known(&nobodys).await, "{name}: it is nobody's");
            assert_eq!(good().await, BTreeSet::from(["app".to_owned()]), "{name}");
            accounts.enable("test", &account.id).await.unwrap();
            assert!(known(&owned).await, "{name}: it is theirs again");
            assert_eq!(good().await.len(), 2, "{name}");
        }
    }

    #[tokio::test]
    async fn a_token_does_no_more_than_the_role_of_its_owner_allows_now() {
        for test in databases().await {
            let name = test.name;
            let place = Place::joined("kota-bandung", test).await;
            let (node, db) = (&place.node, place.node.db());
            let siti = NewAccount {
                login: "siti@bandung.go.id",
                name: "Siti",
                role: "admin",
                unit: None,
            };
            let other = NewAccount {
                login: "dewi@bandung.go.id",
                ..siti
            };
            node.create_account("test", &other).await.unwrap();
            let (account, _) = node.create_account("test", &siti).await.unwrap();
            let scopes = Scopes::new([Scope::CasesRead, Scope::StaffWrite]).unwrap();
            let mut secrets = Vec::new();
            for (name, rights) in [
                ("role", Role::Admin.into()),
                ("scopes", Rights::Scopes(scopes)),
            ] {
                let new = NewToken {
                    name,
                    rights,
                    bounds: Bounds::default(),
                    expires_at: None,
                    owner: Some(&account.id),
                };
                secrets.push(create_for(db, new, "test", 1).await.unwrap());
            }
            for (role, hires) in [("admin", true), ("officer", false), ("admin", true)] {
                let new = NewAccount { role, ..siti };
                let changed = node.change_account("test", &account.id, &new);
                changed.await.unwrap();
                place.clock.advance(RECENT_MS);
                for secret in &secrets {
                    let rights = node.bearer(secret).await.unwrap().unwrap().rights;
                    assert_eq!(rights.allow(Scope::StaffWrite), hires, "{name} {role}");
                    assert!(rights.allow(Scope::CasesRead), "{name} {role}");
                }
                for token in list(db).await.unwrap() {
                    let withheld = token.withheld.contains(&Scope::StaffWrite);
                    assert_eq!(withheld, !hires, "{name} {role}");
                    assert!(!token.withheld.contains(&Scope::CasesRead));
                }
            }
        }
    }

    #[tokio::test]
    async fn a_token_is_good_although_its_use_cannot_be_noted() {
        // The use of one is noted, that of another is refused.
        const REFUSES: &str =
            "create unique index refuses on tokens (role) where used_at is not null";
        for test in databases().await {
            let name = test.name;
            let place = Place::joined("kota-bandung", test).await;
            let (node, db) = (&place.node, place.node.db());
            let mut tx = node.write_tx().await.unwrap();
            on!(&mut tx, c => sqlx::query(REFUSES).execute(c).await.map(drop)).unwrap();
            tx.commit().await.unwrap();
            for app in ["first", "second"] {
                let secret = create(db, app, Role::Reader, "test", 1).await.unwrap();
                let bearer = node.bearer(&secret).await.unwrap();
                assert_eq!(
                    bearer.map(|bearer| bearer.name).as_deref(),
                    Some(app),
                    "{name}"
                );
            }
            let listed = list(db).await.unwrap();
            let unused: Vec<&str> = listed
                .iter()
                .filter(|token| token.used_at.is_none())
                .map(|token| token.name.as_str())
                .collect();
            assert_eq!(unused, ["second"], "{name}");
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

    #[tokio::test]
    async fn a_token_with_scopes_may_do_these_until_it_ends_and_its_use_is_noted_by_the_hour() {
        for test in databases().await {
            let name = test.name;
            let place = Place::joined("kota-bandung", test).await;
            let (node, db, now) = (&place.node, place.node.db(), place.node.clock().now_ms());
            let scopes = Scopes::new([Scope::CasesRead, Scope::ReportsFile]).unwrap();
            let new = NewToken {
                name: "app",
                rights: Rights::Scopes(scopes),
                bounds: Bounds::default(),
                expires_at: Some(now + 3 * NOTED_MS),
                owner: None,
            };
            let secret = create_for(db, new, "test", now).await.unwrap();
            let bearer = node.bearer(&secret).await.unwrap().unwrap();
            for scope in Scope::ALL {
                let held = [Scope::CasesRead, Scope::ReportsFile].contains(&scope);
                assert_eq!(bearer.rights.allow(scope), held, "{name} {scope}");
            }
            place.clock.advance(NOTED_MS - 1);
            assert!(node.bearer(&secret).await.unwrap().is_some());
            let listed = list(db).await.unwrap();
            assert_eq!(
                (listed[0].role, listed[0].used_at),
                (None, Some(now)),
                "{name}"
            );
            assert_eq!(listed[0].rights(), "cases:read reports:file");
            place.clock.advance(2 * NOTED_MS);
            assert!(node.bearer(&secret).await.unwrap().is_some());
            let listed = list(db).await.unwrap();
            assert_eq!(listed[0].used_at, Some(now + 3 * NOTED_MS - 1), "{name}");
            place.clock.advance(1);
            assert_eq!(
                node.bearer(&secret).await.unwrap(),
                None,
                "{name}: it has ended"
            );
            assert!(!list(db).await.unwrap()[0].is_good(node.clock().now_ms()));
        }
    }
}
