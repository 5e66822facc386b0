//! What the tests of a program ask of its texts: both languages have the same
//! ids with the same variables, every id that is used exists, none is left over.
//!
//! Ids are found where they stand as literals: `say("...")` in templates and
//! code, `text_id("...")` in tables. Only tests call this.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A text's variables, by its id.
type Texts = BTreeMap<String, BTreeSet<String>>;

/// What one language of the crate at `home` has and the other has not.
pub fn differences(home: &str) -> Vec<String> {
    let [id, en] = ["id", "en"].map(|language| texts(home, language));
    assert!(!id.is_empty(), "there are no texts below {home}");
    let mut out = Vec::new();
    for name in id.keys().chain(en.keys()).collect::<BTreeSet<_>>() {
        match (id.get(name), en.get(name)) {
            (Some(_), None) => out.push(format!("{name} is missing in en")),
            (None, Some(_)) => out.push(format!("{name} is missing in id")),
            (ours, theirs) if ours != theirs => {
                out.push(format!("{name} has {ours:?} in id, {theirs:?} in en"));
            }
            _ => {}
        }
    }
    out
}

/// Ids that templates and code of the first of `homes` use and that none of
/// them has.
pub fn missing(homes: &[&str]) -> Vec<String> {
    let known: BTreeSet<String> = homes
        .iter()
        .flat_map(|home| texts(home, "id").into_keys())
        .collect();
    let used = used(homes[0]);
    assert!(!used.is_empty(), "nothing says a text below {}", homes[0]);
    used.difference(&known).cloned().collect()
}

/// Ids that nothing below `home` uses.
pub fn unused(home: &str) -> Vec<String> {
    let used = used(home);
    texts(home, "id")
        .into_keys()
        .filter(|id| !used.contains(id))
        .collect()
}

fn texts(home: &str, language: &str) -> Texts {
    let mut out = Texts::new();
    for (path, text) in files(&Path::new(home).join("locales").join(language), &["ftl"]) {
        let mut current = None;
        for line in text.lines() {
            let begins = line.starts_with(|c: char| c.is_ascii_lowercase());
            if let Some((id, _)) = line.split_once(" =").filter(|_| begins) {
                let twice = out.insert(id.to_owned(), BTreeSet::new()).is_some();
                assert!(!twice, "{id} stands twice in {language}, again in {path}");
                current = Some(id.to_owned());
            }
            let Some(variables) = current.as_ref().and_then(|id| out.get_mut(id)) else {
                continue;
            };
            variables.extend(line.split('$').skip(1).map(name_at));
        }
    }
    out
}

fn used(home: &str) -> BTreeSet<String> {
    let home = Path::new(home);
    let mut out = BTreeSet::new();
    for (_, text) in files(&home.join("templates"), &["html", "txt"])
        .into_iter()
        .chain(files(&home.join("src"), &["rs"]))
    {
        // What the tests of a file say are not texts of the program.
        let text = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        for marker in ["say(\"", "text_id(\""] {
            out.extend(text.split(marker).skip(1).map(name_at));
        }
    }
    // Prose about the markers, as above, names no text.
    out.remove("");
    out.remove("...");
    out
}

fn name_at(text: &str) -> String {
    let named = |c: &char| c.is_ascii_alphanumeric() || *c == '-' || *c == '_' || *c == '.';
    text.chars().take_while(named).collect()
}

fn files(folder: &Path, endings: &[&str]) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return out;
    };
    for entry in entries.map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            out.extend(files(&path, endings));
        } else if endings.iter().any(|e| path.extension() == Some(e.as_ref())) {
            let text = std::fs::read_to_string(&path).unwrap();
            out.push((path.display().to_string(), text));
        }
    }
    out
}
