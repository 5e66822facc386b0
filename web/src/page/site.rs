//! What a program tells the shell about itself.

use std::sync::Arc;

use chrono_tz::Tz;

use super::Shelf;
use super::flash::Seal;
use crate::clock::Clock;
use crate::language::{TextId, Texts, Voice};

/// Says something of an area, by its root.
pub type Announced = Box<dyn Fn(&'static str, &Voice) -> Option<String> + Send + Sync>;

/// One program's pages.
pub struct Site {
    /// The program's own texts.
    pub texts: Texts,
    /// Parts of the site with a navigation each; the one whose `root` is the
    /// longest beginning of a path has it. The first stands in for the others.
    pub areas: &'static [Area],
    pub shelf: Shelf,
    /// The area that can be installed on a telephone, if there is one.
    pub app: Option<App>,
    /// Where the documentation of an API stands, if there is one.
    pub docs_at: Option<&'static str>,
    /// Where it is said what is kept of whoever comes, if it is.
    pub privacy_at: Option<&'static str>,
    /// Whether browsers come by HTTPS, so that cookies are sent by nothing else; asked whenever one is
    /// given, because an admin may say so while the program runs.
    pub https: Box<dyn Fn() -> bool + Send + Sync>,
    pub clock: Arc<dyn Clock>,
    /// Asked on every request, because the directory may change what it says.
    pub facts: Box<dyn Fn() -> Facts + Send + Sync>,
    /// How many things wait behind a line of a navigation, by where it leads.
    pub waiting: Box<dyn Fn(&'static str) -> u64 + Send + Sync>,
    /// What everybody is told at the head of each page of an area, by its root.
    pub announced: Announced,
    pub(super) seal: Seal,
}

/// What may change while the program runs.
pub struct Facts {
    /// The institution whose pages these are, as people call it.
    pub institution: String,
    /// Where its days begin and end.
    pub zone: Tz,
    /// How to reach people there, in the operator's words.
    pub contact: Option<String>,
    /// The national portal, where these are pages of another.
    pub national: Option<String>,
}

/// A part of the site.
pub struct Area {
    /// Where it begins, such as `/` or `/meja`.
    pub root: &'static str,
    /// What it is called in the title of its pages.
    pub name: TextId,
    pub links: &'static [Link],
    /// Whether only those who have logged in see its links, and how much waits behind them.
    pub for_members: bool,
}

/// An area as an application.
pub struct App {
    /// Root of its area.
    pub root: &'static str,
    /// Where its manifest stands (W3C, Web Application Manifest).
    pub manifest_at: &'static str,
    /// A script of the shelf on each of its pages.
    pub script: &'static str,
}

/// A line of a navigation.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    pub to: &'static str,
    pub name: TextId,
}

impl Site {
    pub fn new(
        texts: Texts,
        areas: &'static [Area],
        clock: Arc<dyn Clock>,
        facts: impl Fn() -> Facts + Send + Sync + 'static,
    ) -> Self {
        assert!(!areas.is_empty(), "a site has at least one area");
        Self {
            texts,
            areas,
            shelf: Shelf::shared(),
            app: None,
            docs_at: None,
            privacy_at: None,
            https: Box::new(|| false),
            clock,
            facts: Box::new(facts),
            waiting: Box::new(|_| 0),
            announced: Box::new(|_, _| None),
            seal: Seal::fresh(),
        }
    }

    pub(super) fn area_of(&self, path: &str) -> &'static Area {
        self.areas
            .iter()
            .filter(|area| is_below(path, area.root))
            .max_by_key(|area| area.root.len())
            .unwrap_or(&self.areas[0])
    }
}

/// Whether a path is `root` or stands below it, by whole segments.
pub(super) fn is_below(path: &str, root: &str) -> bool {
    let rest = path.strip_prefix(root.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_below_a_root_by_whole_segments() {
        for (path, root, expected) in [
            ("/meja", "/meja", true),
            ("/meja/kasus/1", "/meja", true),
            ("/mejaku", "/meja", false),
            ("/lacak", "/", true),
            ("/", "/", true),
            ("/", "/meja", false),
        ] {
            assert_eq!(is_below(path, root), expected, "{path} {root}");
        }
    }
}
