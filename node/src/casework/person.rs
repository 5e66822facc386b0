//! Who is meant by a name of the audit log, where it takes two: an account is somebody, and a token is
//! whoever owns it, so that somebody with two tokens is one person.

use lapor_migrations::Tx;

use crate::error::NodeError;
use crate::staff::StaffRole;
use crate::store;

const NOBODY: &str = "where a second person must agree, each of the two is known by an account: use \
     a token whose owner may do this (`lapor-node token create --owner LOGIN`), or the desk";

/// Who is meant by a name of the audit log: of a token its owner.
pub(crate) async fn person_of(tx: &mut Tx, actor: &str) -> Result<String, NodeError> {
    let owner = match token_of(actor) {
        Some(token) => store::token_owners::of(tx, token).await?,
        None => None,
    };
    Ok(owner.map_or_else(|| actor.to_owned(), |account| named(&account)))
}

/// The same of whoever acts where another must agree: a token that nobody owns is nobody.
pub(super) async fn known_person(tx: &mut Tx, actor: &str) -> Result<String, NodeError> {
    let person = person_of(tx, actor).await?;
    if token_of(&person).is_some() {
        return Err(nobody());
    }
    Ok(person)
}

/// The same of whoever decides: the owner of a token works here still, in a role that may. Of an
/// account that was asked where it came in.
pub(super) async fn person_who(
    tx: &mut Tx,
    actor: &str,
    may: fn(StaffRole) -> bool,
) -> Result<String, NodeError> {
    match token_of(actor) {
        Some(token) => owner_who(tx, token, may).await?.ok_or_else(nobody),
        None => Ok(actor.to_owned()),
    }
}

/// The owner of a token, who works here still, in a role that may.
pub(super) async fn owner_who(
    tx: &mut Tx,
    token: &str,
    may: fn(StaffRole) -> bool,
) -> Result<Option<String>, NodeError> {
    let Some((account, role)) = store::token_owners::active(tx, token).await? else {
        return Ok(None);
    };
    let role: StaffRole = store::read(role.parse())?;
    Ok(may(role).then(|| named(&account)))
}

/// Whether this person has worked on a case, by themselves or by a token of theirs.
pub(super) async fn has_handled(tx: &mut Tx, case: &str, actor: &str) -> Result<bool, NodeError> {
    let person = person_of(tx, actor).await?;
    Ok(store::audit::has_handled(tx, case, (actor, &person)).await?)
}

fn token_of(actor: &str) -> Option<&str> {
    actor.strip_prefix("token:")
}

fn named(account: &str) -> String {
    format!("account:{account}")
}

fn nobody() -> NodeError {
    NodeError::Forbidden(NOBODY.into())
}
