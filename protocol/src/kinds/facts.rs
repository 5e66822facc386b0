//! Clear facts that several kinds state, and the two plainest kinds of words.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{BodyError, checks};
use crate::ids::InstanceId;
use crate::limits::TEXT_CHARS;

/// *Klasifikasi*: what the reporter wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    /// *Pengaduan*.
    Complaint,
    /// *Permintaan informasi*.
    InformationRequest,
    /// *Aspirasi*.
    Aspiration,
}

/// A category of the taxonomy, one or two levels: `Perhubungan/Angkutan Laut`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Category(String);

impl Category {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn root(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(root, _)| root)
    }
}

impl TryFrom<String> for Category {
    type Error = BodyError;

    fn try_from(text: String) -> Result<Self, BodyError> {
        let parts: Vec<&str> = text.split('/').collect();
        let shape = parts.len() <= 2
            && parts
                .iter()
                .all(|part| !part.is_empty() && part.trim() == *part && part.chars().count() <= 80)
            && !text.chars().any(char::is_control);
        if shape {
            Ok(Self(text))
        } else {
            Err(BodyError::Field {
                field: "category",
                problem: "expected ROOT or ROOT/SUB, each of at most 80 characters",
            })
        }
    }
}

impl From<Category> for String {
    fn from(category: Category) -> Self {
        category.0
    }
}

impl fmt::Debug for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who ended a case; statistics never mix the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    /// The reporter confirmed.
    Reporter,
    /// Nobody answered the follow-up in time.
    Silence,
}

/// A development programme, named by its owner and a slug of the owner's choice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProgrammeRef {
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub owner: InstanceId,
    pub slug: String,
}

/// The words of a kind, checked before they are sealed.
pub trait WordsCheck: DeserializeOwned {
    fn check(&self) -> Result<(), BodyError>;
}

/// Words of a kind that needs none; a comment is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmptyWords {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl WordsCheck for EmptyWords {
    fn check(&self) -> Result<(), BodyError> {
        self.text
            .as_deref()
            .map_or(Ok(()), |text| checks::chars("text", text, TEXT_CHARS))
    }
}

/// Words of a kind whose sense is a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextWords {
    pub text: String,
}

impl WordsCheck for TextWords {
    fn check(&self) -> Result<(), BodyError> {
        checks::filled("text", &self.text, TEXT_CHARS)
    }
}
