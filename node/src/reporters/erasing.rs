//! Erasures whose days have passed: the words go everywhere, and with a reporter's own wish
//! everything here that says who reported. One that could not be begun waits again, one that a
//! reporter wished and that is over goes on where another half comes, and one that was done before a
//! restore goes on where its message comes back.

use std::collections::{BTreeMap, BTreeSet};

use lapor_migrations::Tx;
use lapor_protocol::case::Reason;
use lapor_protocol::ids::CaseId;

use crate::backup::{RESTORED, restored_at};
use crate::casework::AT_WORK;
use crate::chance::random;
use crate::error::NodeError;
use crate::feed;
use crate::node::Node;
use crate::store;
use crate::store::erasures::ErasureRow;

const AT_ONCE: i64 = 100;
/// How the audit log names whoever does what a reporter asked for.
const ACTOR: &str = "erasure";

impl Node {
    /// Does the erasures that are due; none begins while this node's clock is in doubt. Returns how
    /// many.
    pub(crate) async fn erase_due(&self) -> Result<usize, NodeError> {
        let now = self.clock().now_ms();
        // What a crash cut short before anything was erased.
        self.put_back(None).await?;
        let mut tx = self.read_tx().await?;
        let mut due = due(&mut tx, now).await?;
        drop(tx);
        let waits = |row: &ErasureRow| row.state == "waiting";
        // What has begun to be erased is finished whatever the clock says.
        if due.iter().any(waits) && !self.may_be_final() {
            due.retain(|row| !waits(row));
        }
        let mut done = 0;
        for row in due {
            // It may have been called off while others were erased.
            let mut tx = self.write_tx().await?;
            let begun = store::erasures::begin(&mut tx, &row.id, now).await?;
            tx.commit().await?;
            if begun == 0 {
                continue;
            }
            let erased = match &row.asked_by {
                Some(actor) => self.erase_as_decided(&row, actor, now).await,
                None => self.erase(&row, now).await,
            };
            match erased {
                Ok(ended) => done += usize::from(ended),
                Err(NodeError::Database(error)) if !error.spares_others() => {
                    return Err(error.into());
                }
                // Somebody else has it in hand, or has put it back.
                Err(NodeError::NotFound { what: AT_WORK, .. }) => {}
                // What is wrong with one case keeps no other from being erased; it is tried again.
                Err(error) => {
                    tracing::error!(%error, case = row.case_id, "a report cannot be erased");
                    self.put_back(Some(&row.id)).await?;
                }
            }
        }
        Ok(done)
    }

    /// Of one erasure or all that have begun: where nothing was erased yet it waits again, and can
    /// be called off until it is tried again.
    async fn put_back(&self, id: Option<&str>) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        store::erasures::put_back(&mut tx, id).await?;
        Ok(tx.commit().await?)
    }

    /// Erases the words of a case as the institution decided, and says whether this ended it. What the
    /// rules do not allow any more ends without effect.
    pub(super) async fn erase_as_decided(
        &self,
        row: &ErasureRow,
        actor: &str,
        now: i64,
    ) -> Result<bool, NodeError> {
        let case = store::case_id(&row.case_id)?;
        let erased = match self.act_erasing(case, &row.reason, actor, &row.id).await {
            Ok(_) => true,
            // The process ended between the message and what follows it, or another institution was faster.
            Err(NodeError::NotAllowed(refused)) => {
                refused.ruling.reason == Some(Reason::AlreadyRedacted)
            }
            Err(NodeError::NotFound { what: "case", .. }) => false,
            Err(error) => return Err(error),
        };
        let (state, action) = if erased {
            ("done", "erasure.done")
        } else {
            ("withdrawn", "erasure.lapsed")
        };
        let mut tx = self.write_tx().await?;
        if erased {
            // Letters that wait may hold its title. The reporter was told ahead: the address is erased too.
            store::letters::forget(&mut tx, &row.case_id).await?;
            self.unsay_on_channels(&mut tx, case).await?;
        }
        let ended = end(&mut tx, row, (state, action), actor, now).await?;
        tx.commit().await?;
        Ok(ended && erased)
    }

    /// Erases all that a reporter wished to be erased, and says whether this ended it. The message
    /// first: if the process ends between, the rest is tried again and the message is not, because
    /// the case is erased.
    pub(super) async fn erase(&self, row: &ErasureRow, now: i64) -> Result<bool, NodeError> {
        loop {
            let family = self.redact_family(row).await?;
            if let Some(ended) = self.forget_family(row, &family, now).await? {
                return Ok(ended);
            }
        }
    }

    /// Erases the words of a case and of what was split from it; which these are.
    async fn redact_family(&self, row: &ErasureRow) -> Result<BTreeSet<CaseId>, NodeError> {
        let case = store::case_id(&row.case_id)?;
        let mut tx = self.read_tx().await?;
        let family = self.family(&mut tx, case).await?;
        drop(tx);
        // The whole first: while it stands nothing has been erased.
        self.redact(case, row).await?;
        for half in family.iter().filter(|id| **id != case) {
            self.redact(*half, row).await?;
        }
        Ok(family)
    }

    /// Erases what says here who reported these cases, and says whether this ended it; `None`, and nothing
    /// is done, where another half has come meanwhile, whose words stand.
    pub(super) async fn forget_family(
        &self,
        row: &ErasureRow,
        family: &BTreeSet<CaseId>,
        now: i64,
    ) -> Result<Option<bool>, NodeError> {
        let text = &row.case_id;
        let mut tx = self.write_tx().await?;
        if self.family(&mut tx, store::case_id(text)?).await? != *family {
            return Ok(None);
        }
        // A half may be known by its whole before it comes itself.
        if self.any_words_stand(&mut tx, family).await? {
            return Ok(None);
        }
        store::secrets::erase_identity(&mut tx, text).await?;
        store::reporters::forget(&mut tx, text).await?;
        store::citizens::forget(&mut tx, text).await?;
        for id in family.iter().map(ToString::to_string) {
            store::letters::forget(&mut tx, &id).await?;
            self.forget_on_channels(&mut tx, &id).await?;
            store::told::forget(&mut tx, &id).await?;
            store::support::forget(&mut tx, &id).await?;
            store::support::forget_led(&mut tx, &id).await?;
            store::consents::forget_reasons(&mut tx, &id).await?;
        }
        let ended = end(&mut tx, row, ("done", "erasure.done"), ACTOR, now).await?;
        tx.commit().await?;
        Ok(Some(ended))
    }

    /// A case and all that was split from it, and from that again, as far as this node knows them.
    pub(crate) async fn family(
        &self,
        tx: &mut Tx,
        case: CaseId,
    ) -> Result<BTreeSet<CaseId>, NodeError> {
        let (mut family, mut open) = (BTreeSet::from([case]), vec![case]);
        while let Some(id) = open.pop() {
            match self.shown_case(tx, id).await {
                Ok(shown) => open.extend(shown.children.iter().filter(|one| family.insert(**one))),
                Err(NodeError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(family)
    }

    /// Erases the words of a case, unless that has been done.
    async fn redact(&self, case: CaseId, row: &ErasureRow) -> Result<(), NodeError> {
        let mut tx = self.read_tx().await?;
        let stand = self.words_stand(&mut tx, case).await?;
        drop(tx);
        if !stand {
            return Ok(());
        }
        self.act_erasing(case, &row.reason, ACTOR, &row.id)
            .await
            .map(drop)
    }

    /// Whether a case has words that are this node's to erase; of one that it does not know or did not
    /// take in, there are none.
    async fn words_stand(&self, tx: &mut Tx, case: CaseId) -> Result<bool, NodeError> {
        match self.shown_case(tx, case).await {
            Ok(shown) => Ok(!shown.redacted && shown.origin == *self.instance()?),
            Err(NodeError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn any_words_stand(
        &self,
        tx: &mut Tx,
        family: &BTreeSet<CaseId>,
    ) -> Result<bool, NodeError> {
        for id in family {
            if self.words_stand(tx, *id).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Halves have come, split off by whoever may not have heard yet that a reporter had the whole
    /// erased: the job erases them too. A case that cannot be told keeps no other from being taken in.
    pub(crate) async fn erase_late(
        &self,
        tx: &mut Tx,
        halves: &BTreeSet<CaseId>,
    ) -> Result<(), NodeError> {
        for half in halves {
            match self.take_up_again(tx, *half).await {
                Err(error @ NodeError::Database(_)) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, case = %half, "whether a half is to be erased cannot be told");
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// This node erased these cases before it was restored: what their messages alone do not forget, the
    /// job does. A case that cannot be told keeps no other from being taken in.
    pub(crate) async fn go_on_erasing(
        &self,
        tx: &mut Tx,
        erased: &BTreeMap<CaseId, bool>,
    ) -> Result<(), NodeError> {
        for (case, wished) in erased {
            match self.go_on_with(tx, *case, *wished).await {
                Err(error @ NodeError::Database(_)) => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, %case, "what an erasure leaves of a report cannot be told");
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Goes on with the erasure by which a case was erased before a restore. An officer may have given a
    /// reporter's reason: unless the backup knows of the wish and no words of the whole family stand, a
    /// person confirms it, noted anew of the whole where it is unknown.
    async fn go_on_with(&self, tx: &mut Tx, case: CaseId, wished: bool) -> Result<(), NodeError> {
        let (now, text) = (self.clock().now_ms(), case.to_string());
        // Letters of before the backup may hold its title.
        store::letters::forget(tx, &text).await?;
        let of_case = store::erasures::of_case(tx, &text).await?;
        let decided = |row: &&ErasureRow| row.asked_by.is_some() && row.ended_at.is_none();
        if let Some(row) = of_case.iter().find(decided) {
            store::erasures::go_on(tx, &row.id, now).await?;
        }
        let whole = self.filed_as(tx, case).await?;
        let shown = self.shown_case(tx, whole).await?;
        if !wished || !shown.redacted || shown.origin != *self.instance()? {
            return Ok(());
        }
        let rows = store::erasures::of_case(tx, &whole.to_string()).await?;
        let own = |row: &&ErasureRow| row.asked_by.is_none() && row.state != "withdrawn";
        let Some(row) = rows.iter().rfind(own) else {
            return doubt_wish(tx, whole, now).await;
        };
        let restored_at = restored_at(tx).await?;
        let known = restored_at.is_some_and(|at| row.asked_at < at);
        let family = self.family(tx, whole).await?;
        if known && !self.any_words_stand(tx, &family).await? {
            store::erasures::go_on(tx, &row.id, now).await?;
        }
        Ok(())
    }

    /// Goes on with the erasure of a whole that its reporter wished, where it is over and words of a
    /// half stand.
    async fn take_up_again(&self, tx: &mut Tx, half: CaseId) -> Result<(), NodeError> {
        let whole = self.filed_as(tx, half).await?;
        let rows = store::erasures::of_case(tx, &whole.to_string()).await?;
        let wished = |row: &&ErasureRow| row.asked_by.is_none() && row.state == "done";
        let Some(done) = rows.iter().find(wished) else {
            return Ok(());
        };
        let family = self.family(tx, whole).await?;
        if self.any_words_stand(tx, &family).await? {
            store::erasures::take_up_again(tx, &done.id).await?;
        }
        Ok(())
    }
}

/// Notes what a reporter may have wished, of which nothing is left but that words are gone: a person
/// confirms it.
async fn doubt_wish(tx: &mut Tx, case: CaseId, now: i64) -> Result<(), NodeError> {
    let row = ErasureRow {
        id: hex::encode(random::<16>()),
        case_id: case.to_string(),
        state: "asked".into(),
        asked_at: now,
        due_at: now,
        ended_at: None,
        reason: "reporter_request".into(),
        asked_by: None,
        confirmed_by: None,
    };
    store::erasures::add(tx, &row).await?;
    let case = Some(row.case_id.as_str());
    Ok(store::audit::add(tx, now, ACTOR, "erasure.doubted", case, &row.id).await?)
}

/// Ends an erasure and notes it, unless another has done so; whether it was ended here.
async fn end(
    tx: &mut Tx,
    row: &ErasureRow,
    (state, action): (&str, &str),
    actor: &str,
    now: i64,
) -> Result<bool, NodeError> {
    let ended = store::erasures::end(tx, &row.id, state, now).await? > 0;
    if ended {
        let case = Some(row.case_id.as_str());
        store::audit::add(tx, now, actor, action, case, &row.id).await?;
    }
    if ended && state == "done" {
        let change = feed::of_case(&row.case_id, feed::ERASED, None, now);
        feed::note(tx, &[change]).await?;
    }
    Ok(ended)
}

/// Those that are due and not over: what has begun goes before what waits. None while the node has been
/// restored and has not met the hub: it does not know yet what it has erased.
async fn due(tx: &mut Tx, by: i64) -> Result<Vec<ErasureRow>, NodeError> {
    if store::chain::fact(tx, RESTORED).await?.is_some() {
        return Ok(Vec::new());
    }
    let mut rows = store::erasures::due(tx, "erasing", by, AT_ONCE).await?;
    rows.extend(store::erasures::due(tx, "waiting", by, AT_ONCE).await?);
    Ok(rows)
}
