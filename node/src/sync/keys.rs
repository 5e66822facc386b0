//! Asking for the content keys that this node lacks.

use http::Method;
use lapor_migrations::Tx;
use lapor_protocol::case::Case;
use lapor_protocol::delivery::Item;
use lapor_protocol::ids::CaseId;
use lapor_protocol::message::Message;
use lapor_protocol::problem::Code;
use lapor_protocol::seal::{ContentKey, Subject};
use lapor_protocol::wire::{CaseKeys, PREFIX};

use super::learn::{find_key, ticket_of, unwrap};
use super::{Call, Link, LinkError};
use crate::casework::{kept_message, refresh_case};
use crate::damage;
use crate::error::NodeError;
use crate::store;

/// Cases looked at in one step.
const STEP: i64 = 50;

impl Link {
    /// Asks for the keys of cases whose words this node cannot read, another
    /// page at each call. Returns how many came.
    pub async fn exchange_keys(&self) -> Result<usize, LinkError> {
        let after = self.asked().keys.clone();
        let mut tx = self.node.read_tx().await?;
        let lacking = store::cases::without_key(&mut tx, &after, STEP).await?;
        drop(tx);
        let last_page = (lacking.len() as i64) < STEP;
        let mut count = 0;
        for (id, fold) in lacking {
            match self.look_for_key(&id, &fold).await {
                Ok(came) => count += usize::from(came),
                // What is wrong with one keeps no other from being asked about.
                Err(error) if error.spares_others() => {
                    tracing::warn!(case = id, %error, "the key of a case cannot be taken in");
                }
                Err(error) => return Err(error),
            }
            self.asked().keys = id;
        }
        if last_page {
            self.asked().keys.clear();
        }
        Ok(count)
    }

    /// Whether the key of a case has come now.
    async fn look_for_key(&self, id: &str, fold: &str) -> Result<bool, LinkError> {
        let case = serde_json::from_str::<Case>(fold);
        let Ok(case) = case.inspect_err(|_| damage::tell("cases", id)) else {
            return Ok(false);
        };
        let Some(key) = self.ask_for_key(&case).await? else {
            return Ok(false);
        };
        Ok(self.keep_key(case.id, &key).await?)
    }

    /// From the hub, or for a split from the parent's key that has come since.
    async fn ask_for_key(&self, case: &Case) -> Result<Option<ContentKey>, LinkError> {
        let mut tx = self.node.read_tx().await?;
        if let Some(message) = beginning(&mut tx, case.id).await? {
            let subject = Subject::Case(case.id);
            let found = find_key(&mut tx, &self.node, &[], subject, case, &message).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        drop(tx);
        let path = format!("{PREFIX}/cases/{}/keys", case.id);
        let keys: CaseKeys = match self.call(Call::new(Method::GET, path)).await {
            Ok(answer) => answer.json()?,
            // No party any more, and none of its keys came before: other
            // cases must not wait for this one.
            Err(error) if error.code() == Some(Code::CaseUnknown) => return Ok(None),
            // What the hub keeps of it may be damaged, and it is asked about again in its turn.
            Err(error) if error.code() == Some(Code::Internal) => {
                tracing::warn!(case = %case.id, %error, "the key of a case does not come now");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let subject = Subject::Case(case.id);
        Ok(unwrap(&self.node, &keys.wraps, subject, &case.commitment)?)
    }

    /// Keeps a key that came late, the ticket that it opens, and the words for lists and search. Not of
    /// a case that was erased while the key was on its way: nothing is to open its words again.
    async fn keep_key(&self, case: CaseId, key: &ContentKey) -> Result<bool, NodeError> {
        let id = case.to_string();
        let mut tx = self.node.write_tx().await?;
        let row = store::cases::case(&mut tx, &id).await?;
        let Some(mut row) = row.filter(|row| row.erased == 0) else {
            return Ok(false);
        };
        store::secrets::add_content_key(
            &mut tx,
            &Subject::Case(case).to_string(),
            &id,
            key.as_bytes(),
        )
        .await?;
        if let Some(filing) = beginning(&mut tx, case).await?
            && let Some(ticket) = ticket_of(&mut tx, &filing, case).await?
        {
            row.ticket.get_or_insert(ticket);
            store::cases::put(&mut tx, &[row]).await?;
        }
        refresh_case(&self.node, &mut tx, &id).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The message that gave birth to a case; `None` where it is not here, or damaged.
async fn beginning(tx: &mut Tx, case: CaseId) -> Result<Option<Message>, NodeError> {
    let history = store::inbox::history(tx, &case.to_string()).await?;
    let mut lines = history.into_iter();
    let first = lines.find_map(|(item, foreign, own, _)| Some((item, foreign.or(own)?)));
    Ok(first.and_then(|(item, line)| {
        let item: Item = serde_json::from_str(&item).ok()?;
        kept_message(&line, item.envelope_id)
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use lapor_migrations::on;
    use lapor_protocol::receipt::Stream;

    use super::*;
    use crate::testing::{FromDesk, PaperHub, Place, SaidHub, answered, databases, refused};

    #[tokio::test]
    async fn a_case_of_which_the_hub_cannot_answer_keeps_no_other_from_being_asked_about() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let paper = PaperHub::of(&place);
            let mut cases = [(); 3].map(|()| FromDesk::given(&paper, "kota-bandung").case);
            cases.sort_unstable();
            let link = Link::over(place.node.clone(), paper.clone()).unwrap();
            link.pull(Stream::Inbox, 0).await.unwrap();
            let asked = Arc::new(Mutex::new(Vec::new()));
            let told = asked.clone();
            let hub = SaidHub::of(move |call| {
                let case: CaseId = call.path.split('/').nth_back(1).unwrap().parse().unwrap();
                told.lock().unwrap().push(case);
                if case == cases[0] {
                    return Err(refused(Code::Internal));
                }
                if case == cases[1] {
                    return Ok(answered("no keys"));
                }
                let keys = CaseKeys {
                    case,
                    wraps: Vec::new(),
                    missing: Vec::new(),
                };
                Ok(answered(serde_json::to_vec(&keys).unwrap()))
            });
            let link = Link::over(place.node.clone(), hub).unwrap();
            assert_eq!(link.exchange_keys().await.unwrap(), 0);
            assert_eq!(*asked.lock().unwrap(), cases);
        }
    }

    #[tokio::test]
    async fn a_key_that_comes_behind_the_erasure_of_its_case_is_not_kept() {
        const ERASED: &str = "update cases set erased = 1 where case_id = $1";
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let paper = PaperHub::of(&place);
            let cases = [(); 2].map(|()| FromDesk::given(&paper, "kota-bandung").case);
            let [erased, other] = cases;
            let link = Link::over(place.node.clone(), paper.clone()).unwrap();
            link.pull(Stream::Inbox, 0).await.unwrap();
            let (text, mut tx) = (erased.to_string(), place.node.write_tx().await.unwrap());
            let done =
                on!(&mut tx, c => sqlx::query(ERASED).bind(&text).execute(c).await.map(drop));
            done.unwrap();
            tx.commit().await.unwrap();
            let key = ContentKey::from_bytes(&[7; 32]).unwrap();
            for (case, kept) in [(erased, false), (other, true)] {
                assert_eq!(link.keep_key(case, &key).await.unwrap(), kept);
                let mut tx = place.node.read_tx().await.unwrap();
                let subject = Subject::Case(case).to_string();
                let held = store::secrets::content_key(&mut tx, &subject).await;
                assert_eq!(held.unwrap().is_some(), kept);
            }
        }
    }
}
