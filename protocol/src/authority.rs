//! Whom an instance may dispose to: patterns over slugs, kinds and regions,
//! set by central staff and kept in the directory.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{InstanceId, InstanceKind};
use crate::region::RegionCode;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a pattern is *, slug:NAME, slug:PREFIX*, kind:KIND, region:CODE or region:CODE.*, not {0:?}"
)]
pub struct PatternError(String);

/// One pattern of an instance's authority; written as `*`, `slug:kemenkes-*`,
/// `kind:kota` or `region:32.*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Pattern {
    Anyone,
    Slug(InstanceId),
    SlugPrefix(String),
    Kind(InstanceKind),
    Region(RegionCode),
    /// Everything below a region, the region's own government not included.
    Below(RegionCode),
}

impl Pattern {
    pub fn covers(&self, id: &InstanceId, kind: InstanceKind, region: Option<&RegionCode>) -> bool {
        match self {
            Self::Anyone => true,
            Self::Slug(slug) => slug == id,
            Self::SlugPrefix(prefix) => id.as_str().starts_with(prefix),
            Self::Kind(wanted) => *wanted == kind,
            Self::Region(wanted) => region == Some(wanted),
            Self::Below(wanted) => region.is_some_and(|r| r != wanted && r.within(wanted)),
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let wrong = || PatternError(text.chars().take(60).collect());
        if text == "*" {
            return Ok(Self::Anyone);
        }
        let (field, value) = text.split_once(':').ok_or_else(wrong)?;
        match (field, value.strip_suffix('*')) {
            ("slug", Some(prefix)) => {
                let shape = !prefix.is_empty()
                    && prefix
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                if shape {
                    Ok(Self::SlugPrefix(prefix.to_owned()))
                } else {
                    Err(wrong())
                }
            }
            ("slug", None) => value.parse().map(Self::Slug).map_err(|_| wrong()),
            ("kind", None) => value.parse().map(Self::Kind).map_err(|_| wrong()),
            ("region", None) => value.parse().map(Self::Region).map_err(|_| wrong()),
            ("region", Some(below)) => {
                let code = below.strip_suffix('.').ok_or_else(wrong)?;
                code.parse().map(Self::Below).map_err(|_| wrong())
            }
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anyone => f.write_str("*"),
            Self::Slug(slug) => write!(f, "slug:{slug}"),
            Self::SlugPrefix(prefix) => write!(f, "slug:{prefix}*"),
            Self::Kind(kind) => write!(f, "kind:{kind}"),
            Self::Region(code) => write!(f, "region:{code}"),
            Self::Below(code) => write!(f, "region:{code}.*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_what_it_says() {
        let city: InstanceId = "kota-bandung".parse().unwrap();
        let region: RegionCode = "32.73".parse().unwrap();
        for (pattern, covered) in [
            ("*", true),
            ("slug:kota-bandung", true),
            ("slug:kota-*", true),
            ("slug:kab-*", false),
            ("kind:kota", true),
            ("kind:bumn", false),
            ("region:32.73", true),
            ("region:32", false),
            ("region:32.*", true),
            ("region:32.73.*", false),
            ("region:36.*", false),
        ] {
            let parsed: Pattern = pattern.parse().unwrap();
            assert_eq!(parsed.to_string(), pattern);
            assert_eq!(
                parsed.covers(&city, InstanceKind::Kota, Some(&region)),
                covered,
                "{pattern}"
            );
        }
        for bad in [
            "",
            "**",
            "slug:",
            "slug:*",
            "slug:A",
            "kind:x",
            "region:3",
            "region:32*",
            "x:y",
        ] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }
}
