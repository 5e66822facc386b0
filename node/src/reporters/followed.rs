//! Programmes that people follow by e-mail. Where a code or a way to leave names the case that it is
//! about, one of a programme names that, as `OWNER/SLUG`, which no case is called.

use lapor_migrations::Tx;
use lapor_protocol::kinds::ProgrammeRef;

use super::support::leave_for;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::followed::FollowerRow;

/// A programme as codes and ways to leave name it.
pub(crate) fn followed_text(programme: &ProgrammeRef) -> String {
    format!("{}/{}", programme.owner, programme.slug)
}

/// The programme that a code or a way to leave is about, if it is about one.
pub(super) fn read_followed(text: &str) -> Option<ProgrammeRef> {
    let (owner, slug) = text.split_once('/')?;
    Some(ProgrammeRef {
        owner: owner.parse().ok()?,
        slug: slug.to_owned(),
    })
}

/// Follows a programme for a proved contact from now on.
pub(super) async fn note_follower(
    tx: &mut Tx,
    programme: &ProgrammeRef,
    contact: &str,
    now: i64,
) -> Result<(), NodeError> {
    let row = FollowerRow {
        owner: programme.owner.to_string(),
        slug: programme.slug.clone(),
        contact: contact.to_owned(),
        told: 0,
    };
    Ok(store::followed::follow(tx, &row, now).await?)
}

/// The same; gives what ends it.
pub(super) async fn follow_programme(
    tx: &mut Tx,
    programme: &ProgrammeRef,
    contact: &str,
    now: i64,
) -> Result<String, NodeError> {
    note_follower(tx, programme, contact, now).await?;
    leave_for(tx, &followed_text(programme), contact).await
}

/// Ends what a way to leave is about, if that is a programme; says whether it is.
pub(super) async fn unfollow_programme(
    tx: &mut Tx,
    about: &str,
    contact: &str,
) -> Result<bool, NodeError> {
    let Some(programme) = read_followed(about) else {
        return Ok(false);
    };
    let owner = programme.owner.as_str();
    store::followed::leave(tx, owner, &programme.slug, contact).await?;
    Ok(true)
}

impl Node {
    /// Contacts of those who follow a programme, 1,000 at most.
    pub async fn programme_followers(
        &self,
        programme: &ProgrammeRef,
    ) -> Result<Vec<String>, NodeError> {
        let mut tx = self.read_tx().await?;
        let owner = programme.owner.as_str();
        Ok(store::followed::of_programme(&mut tx, owner, &programme.slug, 1000).await?)
    }
}
