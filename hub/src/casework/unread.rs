//! Cases that cannot be read: the disk gives back other bytes of one of their messages, or what is
//! stored of them does not hold together. The figures pass them over, say how many there are, and take
//! them in as soon as they can be read again. Nobody's figures wait for another's case.

use std::collections::{BTreeSet, HashMap};

use lapor_migrations::{DbError, Tx};
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::CaseId;

use super::{calendar, put};
use crate::app::Hub;
use crate::casefile::{self, CaseFile};
use crate::damage;
use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::casework::weeks;
use crate::store::state::CASEWORK_UNREAD;

/// More are no matter of single cases any more, and the figures stop.
const MOST: usize = 1_000;

/// Cases as far as they can be read.
#[derive(Default)]
pub struct Loaded {
    pub files: HashMap<CaseId, CaseFile>,
    unread: Vec<(CaseId, HubError)>,
}

impl Loaded {
    pub async fn of(
        tx: &mut Tx,
        directory: &Directory,
        cases: &[CaseId],
    ) -> Result<Self, HubError> {
        match casefile::load(tx, directory, cases.iter().copied()).await {
            Err(error) if is_of_a_case(&error) => {}
            loaded => {
                return Ok(Self {
                    files: loaded?,
                    unread: Vec::new(),
                });
            }
        }
        // One of them cannot be read; each by itself tells which.
        let mut loaded = Self::default();
        for case in cases {
            match casefile::load_one(tx, directory, *case).await {
                Ok(file) => loaded.files.extend(file.map(|file| (*case, file))),
                Err(error) if is_of_a_case(&error) => loaded.unread.push((*case, error)),
                Err(error) => return Err(error),
            }
        }
        Ok(loaded)
    }

    /// Has the authors of damaged messages asked for them. The caller holds no transaction.
    pub async fn note(&self, ground: &Ground) {
        for (_, error) in &self.unread {
            if let HubError::Message(id) = error {
                damage::note(ground, *id).await;
            }
        }
    }

    /// Writes down which of these are passed over, and which are no more. What was counted of weeks
    /// without one that is back is counted anew.
    pub async fn write_down(&self, tx: &mut Tx) -> Result<(), HubError> {
        let before = all(tx).await?;
        let mut unread = before.clone();
        unread.retain(|case| !self.files.contains_key(case));
        if unread.len() < before.len() {
            weeks::forget(tx).await?;
        }
        for (case, error) in &self.unread {
            if unread.insert(*case) {
                tracing::error!(%case, %error, "a case cannot be read; the figures of casework pass it over until it can");
            }
        }
        if unread.len() > MOST {
            return Err(HubError::damaged(format_args!(
                "more than {MOST} cases cannot be read"
            )));
        }
        if unread != before {
            let text = serde_json::to_string(&unread).map_err(HubError::damaged)?;
            store::state::write(tx, CASEWORK_UNREAD, &text).await?;
        }
        Ok(())
    }
}

/// Those that are passed over. A list that cannot be read is none.
pub async fn all(tx: &mut Tx) -> Result<BTreeSet<CaseId>, HubError> {
    let listed = store::state::read(tx, CASEWORK_UNREAD).await?;
    let listed = listed.and_then(|text| serde_json::from_str(&text).ok());
    Ok(listed.unwrap_or_default())
}

/// Takes in those that can be read again; how many these were.
pub async fn again(hub: &Hub) -> Result<usize, HubError> {
    let ground = &hub.ground;
    let directory = ground.directory.current();
    let mut tx = ground.db.read().await?;
    let passed: Vec<CaseId> = all(&mut tx).await?.into_iter().collect();
    let loaded = Loaded::of(&mut tx, &directory, &passed).await?;
    tx.rollback().await?;
    // What was noted before may have found no room.
    loaded.note(ground).await;
    let back: Vec<CaseId> = loaded.files.into_keys().collect();
    if back.is_empty() {
        return Ok(0);
    }
    let mut tx = ground.db.write().await?;
    let calendar = calendar::in_force(&mut tx, &directory).await?.calendar;
    // They may have gone on meanwhile.
    let loaded = Loaded::of(&mut tx, &directory, &back).await?;
    put(hub, &mut tx, loaded.files.values(), &calendar).await?;
    loaded.write_down(&mut tx).await?;
    tx.commit().await?;
    Ok(loaded.files.len())
}

/// Whether it says something of a single case, and not of the database or this process.
fn is_of_a_case(error: &HubError) -> bool {
    matches!(
        error,
        HubError::Message(_) | HubError::Damaged(_) | HubError::Database(DbError::Corrupt(_))
    )
}
