//! Official region codes: province `32`, regency or city `32.73`, district
//! `32.73.01`, village `32.73.01.1001`. Only the shape is checked here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a region code such as 32, 32.73, 32.73.01 or 32.73.01.1001, got {0:?}")]
pub struct RegionError(String);

/// A region code of well-formed shape.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode(String);

impl RegionCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this region lies in `other` or is it.
    pub fn within(&self, other: &Self) -> bool {
        self.0 == other.0
            || self
                .0
                .strip_prefix(&other.0)
                .is_some_and(|rest| rest.starts_with('.'))
    }
}

impl FromStr for RegionCode {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Self, RegionError> {
        let widths: Vec<usize> = text.split('.').map(str::len).collect();
        let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if digits && [2, 2, 2, 4].starts_with(&widths) && !widths.is_empty() {
            Ok(Self(text.to_owned()))
        } else {
            Err(RegionError(text.chars().take(30).collect()))
        }
    }
}

impl TryFrom<String> for RegionCode {
    type Error = RegionError;

    fn try_from(text: String) -> Result<Self, RegionError> {
        text.parse()
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> Self {
        code.0
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_code_has_the_official_shape() {
        for good in ["32", "32.73", "32.73.01", "32.73.01.1001"] {
            assert!(good.parse::<RegionCode>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "3",
            "3273",
            "32.7",
            "32.73.1",
            "32.73.01.100",
            "32.",
            "ab",
            "32.73.01.1001.1",
        ] {
            assert!(bad.parse::<RegionCode>().is_err(), "{bad}");
        }
        let (city, province): (RegionCode, RegionCode) =
            ("32.73".parse().unwrap(), "32".parse().unwrap());
        assert!(city.within(&province) && !province.within(&city));
    }
}
