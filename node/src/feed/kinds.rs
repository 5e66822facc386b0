//! What a change can be, which scope it needs to be seen, and how a reader says which are wanted.

use lapor_protocol::kinds::Body;

use super::Subject;
use crate::error::NodeError;
use crate::store::changes::ChangeRow;
use crate::tokens::{Rights, Scope};

/// An own message has come to nothing: what was told of it before holds no longer.
pub(crate) const REFUSED: &str = "message.refused";
/// The words of a report, and what told who reported, are erased here.
pub(crate) const ERASED: &str = "erasure.done";
/// What begins so tells of a clock.
const CLOCKS: &str = "deadline.";
/// What happens here without a message.
const WITHOUT_MESSAGE: [&str; 5] = [
    REFUSED,
    ERASED,
    "deadline.warning",
    "deadline.overdue",
    "deadline.escalated",
];
/// Of a key nobody is told.
const UNTOLD: &str = "key.announced";
/// Patterns that one reader may name.
const MOST: usize = 40;

/// Which changes are wanted: kinds, `case.*` for all that begin so, `*` for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(Vec<String>);

/// The kinds that the feed has, messages first.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    let messages = Body::KINDS.iter().copied();
    messages
        .filter(|kind| *kind != UNTOLD)
        .chain(WITHOUT_MESSAGE)
}

impl Wanted {
    pub fn all() -> Self {
        Self(vec!["*".to_owned()])
    }

    /// Reads patterns; none are all. `field` is what they are called where they were given.
    ///
    /// # Errors
    /// [`NodeError::Invalid`] of one that no change fits, with the field and the kinds there are.
    pub fn read<'a>(
        field: &str,
        patterns: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, NodeError> {
        let mut read: Vec<String> = Vec::new();
        for pattern in patterns.into_iter().map(str::trim) {
            if !kinds().any(|kind| fits(pattern, kind)) {
                return Err(NodeError::Invalid(format!(
                    "{field}: there is no change of the kind {:?}; `*` is all, `case.*` all that begin so, and the kinds are {}",
                    pattern.chars().take(60).collect::<String>(),
                    kinds().collect::<Vec<_>>().join(", ")
                )));
            }
            if !read.iter().any(|known| known == pattern) {
                read.push(pattern.to_owned());
            }
        }
        if read.len() > MOST {
            return Err(NodeError::Invalid(format!(
                "{field}: at most {MOST} can be named; `*` is all"
            )));
        }
        Ok(if read.is_empty() {
            Self::all()
        } else {
            Self(read)
        })
    }

    /// As they were written; a kind that a later version no longer has fits nothing.
    pub(crate) fn stored(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_owned).collect())
    }

    /// As they are stored and shown, with spaces between.
    pub fn written(&self) -> String {
        self.0.join(" ")
    }

    pub fn patterns(&self) -> &[String] {
        &self.0
    }

    pub fn takes(&self, kind: &str) -> bool {
        self.0.iter().any(|pattern| fits(pattern, kind))
    }

    /// The scopes that see all of this.
    pub fn needs(&self) -> Vec<Scope> {
        let mut scopes: Vec<Scope> = kinds()
            .filter(|kind| self.takes(kind))
            .map(|kind| scope_of(subject_of(kind), kind))
            .collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }
}

/// Whether a caller may see a change.
pub(super) fn is_seen(rights: &Rights, row: &ChangeRow) -> bool {
    let subject = Subject::named(&row.subject);
    subject.is_some_and(|subject| rights.allow(scope_of(subject, &row.kind)))
}

fn scope_of(subject: Subject, kind: &str) -> Scope {
    match subject {
        Subject::Case if kind.starts_with(CLOCKS) => Scope::DeadlinesRead,
        Subject::Case => Scope::CasesRead,
        Subject::Programme | Subject::Edition => Scope::ReferenceRead,
    }
}

/// What a kind of change is about; a message that came to nothing is mostly about a case.
pub(super) fn subject_of(kind: &str) -> Subject {
    match kind.split('.').next() {
        Some("programme") => Subject::Programme,
        Some("taxonomy" | "calendar") => Subject::Edition,
        _ => Subject::Case,
    }
}

fn fits(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(group) => group.ends_with('.') && kind.starts_with(group),
        None => pattern == kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_a_kind_a_group_or_all() {
        let read = |text: &str| Wanted::read("kind", text.split_whitespace());
        let some = read("case.disposed deadline.* case.disposed").unwrap();
        assert_eq!(some.written(), "case.disposed deadline.*");
        assert!(some.takes("case.disposed") && some.takes("deadline.overdue"));
        assert!(!some.takes("case.closed") && !some.takes("report.filed"));
        assert_eq!(some.needs(), [Scope::CasesRead, Scope::DeadlinesRead]);
        assert_eq!(read("").unwrap(), Wanted::all());
        assert_eq!(read("programme.*").unwrap().needs(), [Scope::ReferenceRead]);
        for wrong in ["case", "case*", "key.announced", "case.dispose", "**"] {
            let refused = read(wrong).unwrap_err().to_string();
            let begins = format!("kind: there is no change of the kind {wrong:?}; ");
            assert!(refused.starts_with(&begins), "{refused}");
            assert!(refused.contains("report.filed, "), "{refused}");
        }
        assert!(kinds().all(|kind| Wanted::all().takes(kind)));
    }
}
