//! What a person does about a request that a city did not want, or of which no case could be made: it
//! is tried again with the next look, or dropped.

use super::State;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::cities::{self, NEVER, RequestRow};

impl Node {
    /// Tries one again, after whatever was wrong has been mended.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] where nobody has to look at it.
    pub async fn ask_city_again(&self, id: &str, actor: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let next = |row: &RequestRow| match State::named(&row.state) {
            Some(State::Refused) if row.token.is_some() => Some(State::Token),
            // It has been refused, and so was not taken.
            Some(State::Refused) => Some(State::Waiting),
            Some(State::Left) => Some(State::Left),
            _ => None,
        };
        self.resolve(id, actor, "city.asked_again", now, next).await
    }

    /// Drops one for good.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] where nobody has to look at it.
    pub async fn drop_at_city(&self, id: &str, actor: &str) -> Result<(), NodeError> {
        let next = |row: &RequestRow| match State::named(&row.state) {
            Some(State::Refused | State::Left | State::Waiting) => Some(State::Dropped),
            _ => None,
        };
        self.resolve(id, actor, "city.dropped", NEVER, next).await
    }

    async fn resolve(
        &self,
        id: &str,
        actor: &str,
        act: &str,
        due_at: i64,
        next: impl FnOnce(&RequestRow) -> Option<State>,
    ) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let row = cities::one(&mut tx, id).await?;
        let found = row.and_then(|row| next(&row).map(|state| (row, state)));
        let (row, state) = found.ok_or_else(|| NodeError::not_found("waiting request", &id))?;
        let (state, problem) = (state.as_str(), row.problem.as_deref());
        cities::settle(&mut tx, &row.id, state, due_at, problem).await?;
        let told = row.request.as_deref().unwrap_or("-");
        let detail = format!("{} {told}", row.city);
        let case = row.case_id.as_deref();
        store::audit::add(&mut tx, now, actor, act, case, &detail).await?;
        Ok(tx.commit().await?)
    }
}
