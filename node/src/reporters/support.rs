//! *Saya juga mengalami*: support instead of a second report, counted once for
//! a browser or a citizen, and following what happens by e-mail.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lapor_migrations::Tx;
use lapor_protocol::ids::CaseId;
use serde_json::Map;
use sha2::{Digest, Sha256};

use super::followed::unfollow_programme;
use super::guard::neighbourhood;
use super::{Notify, Visitor};
use crate::casework::{NewAct, count_act};
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// For how long a report of which nobody hears any more may lead back to one that was merged into it.
const LED_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Who supports.
pub enum Supporter<'a> {
    /// A random token of the browser's, at least 16 characters; kept as a hash.
    Browser(&'a str),
    Visitor(&'a Visitor),
}

impl Supporter<'_> {
    fn hash(&self, case: CaseId) -> Result<[u8; 32], NodeError> {
        let text = match self {
            Self::Browser(token) if (16..=128).contains(&token.len()) => format!("browser:{token}"),
            Self::Browser(_) => {
                let problem = "browser: expected a random token of 16 to 128 characters";
                return Err(NodeError::Invalid(problem.into()));
            }
            Self::Visitor(visitor) => match (visitor.citizen(), visitor.case()) {
                (Some(citizen), _) => format!("citizen:{citizen}"),
                (None, own) => format!("case:{own:?}"),
            },
        };
        // With the case in it, two cases do not show that one person supports both.
        Ok(Sha256::digest(format!("{case} {text}").as_bytes()).into())
    }
}

impl Node {
    /// Counts somebody who has the same trouble; says whether they are new.
    /// A report that not everybody may read cannot be supported and is not found.
    pub async fn support(
        &self,
        case: CaseId,
        supporter: Supporter<'_>,
        address: IpAddr,
    ) -> Result<bool, NodeError> {
        let now = self.clock().now_ms();
        self.guards()
            .support
            .attempt(&neighbourhood(address), now)?;
        self.public_case(case).await?;
        let (text, hash) = (case.to_string(), supporter.hash(case)?);
        let mut tx = self.write_tx().await?;
        if !store::support::add(&mut tx, &text, &hash, now).await? {
            return Ok(false);
        }
        let act = NewAct {
            kind: "case.supported".into(),
            body: Map::new(),
            words: None,
            attachments: Vec::new(),
        };
        // Who is known has been counted: neither is kept without the other.
        let acted = self.act_within(&mut tx, case, act, "public").await?;
        if acted.is_ok() {
            tx.commit().await?;
            self.ring_outgoing();
        } else {
            tx.rollback().await?;
        }
        count_act(&acted);
        acted.map(|_| true)
    }

    /// Ends following, or the letters to the reporter of a case, by what a letter
    /// said; the address is forgotten. What has ended is no error.
    pub async fn unfollow(&self, leave: &str) -> Result<(), NodeError> {
        let hash = Sha256::digest(leave.as_bytes());
        let mut tx = self.write_tx().await?;
        if let Some((case, contact)) = store::support::leaver(&mut tx, &hash).await? {
            let of_programme = unfollow_programme(&mut tx, &case, &contact).await?;
            if !of_programme && contact.is_empty() {
                store::reporters::set_notify(&mut tx, &case, Notify::Off.as_str()).await?;
            } else if !of_programme {
                leave_all(&mut tx, &case, &contact).await?;
            }
            store::support::forget_leaves(&mut tx, &case, &contact).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Forgets the addresses of those whom no merge that is undone brings anything new any more.
    pub(crate) async fn expire_led(&self) -> Result<(), NodeError> {
        let before = self.clock().now_ms() - LED_KEPT_MS;
        let mut tx = self.write_tx().await?;
        for (case, contact) in store::support::expire_led(&mut tx, before).await? {
            store::support::forget_leaves(&mut tx, &case, &contact).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Contacts of those who follow a case, a page after a contact.
    pub async fn followers(
        &self,
        case: CaseId,
        after: &str,
        limit: u16,
    ) -> Result<Vec<String>, NodeError> {
        let mut tx = self.read_tx().await?;
        let case = case.to_string();
        let rows = store::support::followers(&mut tx, &case, after, i64::from(limit)).await?;
        Ok(rows.into_iter().map(|(contact, _)| contact).collect())
    }

    /// Errors: `NotFound` for a case that not everybody may read.
    pub(super) async fn public_case(&self, case: CaseId) -> Result<(), NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::cases::case(&mut tx, &case.to_string()).await?;
        row.filter(|row| row.public == 1)
            .map(drop)
            .ok_or_else(|| NodeError::not_found("case", &case))
    }
}

/// What ends the letters to a follower of a case, or to its reporter, whose
/// contact is not said; for one letter.
pub(crate) async fn leave_for(tx: &mut Tx, case: &str, contact: &str) -> Result<String, NodeError> {
    let leave = URL_SAFE_NO_PAD.encode(random::<24>());
    let hash = Sha256::digest(leave.as_bytes());
    store::support::add_leave(tx, &hash, case, contact).await?;
    Ok(leave)
}

/// Follows a case for a proved contact; gives what ends it.
pub(crate) async fn follow(
    tx: &mut Tx,
    case: &str,
    contact: &str,
    now: i64,
) -> Result<String, NodeError> {
    store::support::follow(tx, case, contact, now).await?;
    leave_for(tx, case, contact).await
}

/// Forgets an address: what it follows, and the letters that wait to bring it news of that. What goes to
/// it as the reporter of a case stays.
pub(super) async fn forget_contact(tx: &mut Tx, contact: &str) -> Result<(), NodeError> {
    for (number, leave) in store::letters::with_leave(tx, contact).await? {
        let hash = Sha256::digest(leave.as_bytes());
        let leaver = store::support::leaver(tx, &hash).await?;
        if leaver.is_some_and(|(_, of)| of == contact) {
            store::letters::withdraw(tx, number).await?;
        }
    }
    store::followed::forget_contact(tx, contact).await?;
    Ok(store::support::forget_contact(tx, contact).await?)
}

/// Ends a following with all to which merges led on from it and from which they led there, and
/// forgets the address.
async fn leave_all(tx: &mut Tx, case: &str, contact: &str) -> Result<(), NodeError> {
    for case in store::support::way(tx, case, contact).await? {
        store::support::end_leading(tx, &case, contact).await?;
        store::support::end_following(tx, &case, contact).await?;
        store::support::forget_leaves(tx, &case, contact).await?;
    }
    Ok(())
}
