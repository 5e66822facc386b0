//! The account of a citizen: an address that was proved, the reports that belong to it, and what is
//! followed at that address without another proof. It is optional, opens nothing that a key does not,
//! and goes with what is followed when its owner says so; reports stay.

use std::net::IpAddr;

use lapor_migrations::Tx;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::ProgrammeRef;

use super::followed::note_follower;
use super::session::key_was_used;
use super::support::forget_contact;
use super::{Notify, Visitor};
use crate::casework::{CaseSummary, summaries};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::reporters::ReporterRow;

const REPORTS_SHOWN: i64 = 500;
const SIGN_IN: &str = "sign in with the account's address first";
const OTHERS: &str = "the report belongs to the account of another address";

/// What somebody who has signed in begins when they follow a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    Follows,
    /// It is their own report: they are told as its reporter from now on, and follow nothing.
    IsTold,
    /// The same, and they were told before.
    WasTold,
}

impl Node {
    /// The contact with which a citizen has signed in.
    pub async fn account_of(&self, visitor: &Visitor) -> Result<Option<String>, NodeError> {
        let Some(citizen) = visitor.citizen() else {
            return Ok(None);
        };
        let mut tx = self.read_tx().await?;
        Ok(store::citizens::contact(&mut tx, citizen).await?)
    }

    /// The cases that belong to a citizen's account, latest first, 500 at most.
    pub async fn reports_of(&self, visitor: &Visitor) -> Result<Vec<CaseSummary>, NodeError> {
        let mut tx = self.read_tx().await?;
        let cases = match visitor.citizen() {
            Some(citizen) => store::reporters::of_citizen(&mut tx, citizen, REPORTS_SHOWN).await?,
            None => visitor.case().iter().map(CaseId::to_string).collect(),
        };
        let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
        summaries(&mut tx, &cases).await
    }

    /// Gives the report of a ticket to the account of whoever shows its key.
    ///
    /// # Errors
    /// [`NodeError::Locked`] if ticket and key do not fit or nobody has signed in,
    /// [`NodeError::TooMany`] after too many attempts, [`NodeError::Forbidden`] for a report of
    /// another account.
    pub async fn add_to_account(
        &self,
        visitor: &Visitor,
        typed_ticket: &str,
        typed_key: &str,
        address: IpAddr,
    ) -> Result<(), NodeError> {
        let citizen = visitor.citizen().ok_or(NodeError::Locked(SIGN_IN))?;
        let (case, hash) = self.held_with(typed_ticket, typed_key, address).await?;
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        if store::citizens::contact(&mut tx, citizen).await?.is_none() {
            return Err(NodeError::Locked(SIGN_IN));
        }
        let row = key_was_used(&mut tx, &case, &hash).await?;
        match row.citizen.as_deref() {
            Some(own) if own == citizen => {}
            Some(_) => return Err(NodeError::Forbidden(OTHERS.into())),
            None => {
                store::reporters::set_citizen(&mut tx, &case, citizen).await?;
                let actor = format!("reporter:{}", row.id);
                let at = Some(case.as_str());
                store::audit::add(&mut tx, now, &actor, "citizen.report_added", at, "").await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Follows a public case at the contact of a citizen's account, to which no code goes: it was
    /// proved. Whoever follows already goes on. A report that belongs to the account, or a part that
    /// was split off from it, makes no follower of its reporter, to whom news go to the same contact;
    /// who followed it before does no more.
    ///
    /// # Errors
    /// [`NodeError::Locked`] if nobody has signed in, [`NodeError::NotFound`] for a case that not
    /// everybody may read, [`NodeError::TooMany`] after too many attempts.
    pub async fn follow_signed_in(
        &self,
        visitor: &Visitor,
        case: CaseId,
        address: IpAddr,
    ) -> Result<Begun, NodeError> {
        self.admit_attempt(address)?;
        self.public_case(case).await?;
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let contact = own_contact(&mut tx, visitor).await?;
        let text = case.to_string();
        let begun = if let Some(own) = self.own_report(&mut tx, visitor, case).await? {
            store::support::end_following(&mut tx, &text, &contact).await?;
            store::support::forget_leaves(&mut tx, &text, &contact).await?;
            if Notify::read(&own.notify) == Notify::Email {
                Begun::WasTold
            } else {
                let wanted = Notify::Email.as_str();
                store::reporters::set_notify(&mut tx, &own.case_id, wanted).await?;
                Begun::IsTold
            }
        } else {
            store::support::follow(&mut tx, &text, &contact, now).await?;
            Begun::Follows
        };
        tx.commit().await?;
        Ok(begun)
    }

    /// The report as which a case was filed, if it belongs to the account of whoever has signed in.
    async fn own_report(
        &self,
        tx: &mut Tx,
        visitor: &Visitor,
        case: CaseId,
    ) -> Result<Option<ReporterRow>, NodeError> {
        let filed_as = match self.filed_as(tx, case).await {
            Ok(filed_as) => filed_as.to_string(),
            // What it was split from is here no more.
            Err(NodeError::Locked(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let row = store::reporters::of_case(tx, &filed_as).await?;
        let own = |row: &ReporterRow| {
            row.citizen.is_some() && row.citizen.as_deref() == visitor.citizen()
        };
        Ok(row.filter(own))
    }

    /// The same for a programme, from what was published of it until now.
    ///
    /// # Errors
    /// As for a case.
    pub async fn follow_programme_signed_in(
        &self,
        visitor: &Visitor,
        programme: &ProgrammeRef,
        address: IpAddr,
    ) -> Result<(), NodeError> {
        self.admit_attempt(address)?;
        self.programme(&programme.owner, &programme.slug).await?;
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let contact = own_contact(&mut tx, visitor).await?;
        note_follower(&mut tx, programme, &contact, now).await?;
        Ok(tx.commit().await?)
    }

    /// Removes the account of a citizen with its links to reports and what is followed at its
    /// address, also what waits to be sent there of that, and tells it there. The reports stay, each
    /// with its own key.
    ///
    /// # Errors
    /// [`NodeError::Locked`] if nobody has signed in, or the account is gone.
    pub async fn erase_account(&self, visitor: &Visitor) -> Result<(), NodeError> {
        let citizen = visitor.citizen().ok_or(NodeError::Locked(SIGN_IN))?;
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let contact = own_contact(&mut tx, visitor).await?;
        let reports = store::citizens::remove(&mut tx, citizen, &contact).await?;
        // With the account goes the proof on which the address follows.
        forget_contact(&mut tx, &contact).await?;
        // The id means nothing any more; the address is in no log.
        let actor = format!("citizen:{citizen}");
        let told = reports.to_string();
        store::audit::add(&mut tx, now, &actor, "citizen.account_erased", None, &told).await?;
        self.tell_account_erased(&mut tx, &contact).await?;
        tx.commit().await?;
        self.ring_post();
        Ok(())
    }
}

/// The contact of the account with which somebody has signed in.
async fn own_contact(tx: &mut Tx, visitor: &Visitor) -> Result<String, NodeError> {
    let citizen = visitor.citizen().ok_or(NodeError::Locked(SIGN_IN))?;
    let contact = store::citizens::contact(tx, citizen).await?;
    contact.ok_or(NodeError::Locked(SIGN_IN))
}
