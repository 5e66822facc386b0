//! `key.announced`: the successor of a signing or sealing key, in the owner's
//! own chain, signed by the old key and certified by the identity key.

use serde::{Deserialize, Serialize};

use super::{BodyError, Limited};
use crate::keys::{CertifiedKey, KeyUse};
use crate::message::Header;

pub use super::EmptyWords as Words;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct KeyAnnounced {
    /// Valid from the next position of the chain on.
    pub key: CertifiedKey,
}

impl Limited for KeyAnnounced {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        let problem = "only signing and sealing keys are announced";
        match self.key.use_for {
            KeyUse::Signing | KeyUse::Sealing => Ok(()),
            KeyUse::Identity => Err(BodyError::Field {
                field: "key",
                problem,
            }),
        }
    }
}
