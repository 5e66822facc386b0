//! What each account wants to be written, and whom a letter about a case reaches.

use std::collections::HashMap;

use lapor_web::accounts::{Account, AccountId, AccountState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::casework::Sight;
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::{StaffError, StaffRole};
use crate::store;

/// When an account is written to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LetterChoice {
    /// Once each working day, if there is anything to say.
    #[default]
    Digest,
    /// At once.
    Each,
    None,
}

/// An account that may be written to.
pub(super) struct Reader {
    pub account: Account,
    pub role: StaffRole,
    pub choice: LetterChoice,
    /// Day of the last digest, as `2026-11-26`.
    pub digest_on: Option<String>,
}

impl Reader {
    /// By what work on a case is theirs.
    pub fn works(&self) -> (&str, StaffRole, Option<&str>) {
        let account = &self.account;
        (account.id.as_str(), self.role, account.unit.as_deref())
    }
}

impl LetterChoice {
    pub const ALL: [Self; 3] = [Self::Digest, Self::Each, Self::None];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::Each => "each",
            Self::None => "none",
        }
    }

    /// `None` for what is no choice.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == text)
    }
}

impl Node {
    /// What they may see at the desk, and so in a letter.
    pub(super) async fn sight_of(&self, reader: &Reader) -> Result<Sight, NodeError> {
        self.sight(reader.role, reader.account.unit.as_deref())
            .await
    }

    /// What an account has chosen; by itself, a digest.
    pub async fn letter_choice(&self, account: &AccountId) -> Result<LetterChoice, NodeError> {
        let mut tx = self.read_tx().await?;
        let stored = store::told::choice(&mut tx, account.as_str()).await?;
        Ok(stored
            .as_deref()
            .and_then(LetterChoice::read)
            .unwrap_or_default())
    }

    /// Chooses what an account is written.
    pub async fn choose_letters(
        &self,
        account: &AccountId,
        choice: LetterChoice,
    ) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        store::told::choose(&mut tx, account.as_str(), choice.as_str()).await?;
        Ok(tx.commit().await?)
    }

    /// The accounts that can log in and want letters.
    pub(super) async fn readers(&self) -> Result<Vec<Reader>, StaffError> {
        let accounts = self.accounts().list().await?;
        let mut tx = self.read_tx().await.map_err(StaffError::from)?;
        let chosen = store::told::choices(&mut tx)
            .await
            .map_err(NodeError::from)?;
        let mut chosen: HashMap<_, _> = chosen
            .into_iter()
            .map(|(account, choice, day)| (account, (choice, day)))
            .collect();
        let reader = |account: Account| {
            let (choice, digest_on) = chosen.remove(account.id.as_str()).unwrap_or_default();
            Some(Reader {
                role: account.role.code.parse().ok()?,
                choice: LetterChoice::read(&choice).unwrap_or_default(),
                digest_on,
                account,
            })
        };
        // Whoever has been invited and has not come yet may have another address.
        let came = |account: &Account| account.has_password || self.sign_on().is_on();
        let active = accounts
            .into_iter()
            .filter(|account| account.state == AccountState::Active && came(account));
        Ok(active
            .filter_map(reader)
            .filter(|reader| reader.choice != LetterChoice::None)
            .collect())
    }
}
