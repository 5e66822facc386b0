//! The categories of an edition, from JSON, as far as they can be read.

use std::collections::HashMap;

use lapor_protocol::kinds::TaxonomyUpdated;
use lapor_protocol::kinds::taxonomy_updated::TaxonomyRoot;
use serde_json::value::RawValue;

use super::json::{EDITION, Walk};
use super::{Entry, EntryFlaw, Fault, Faults, Part, bounds};
use crate::categories::{folded, unfit};

const ROOTS: &str = "roots";

/// Names that have been read, as people tell them apart, and where each stood.
type Seen = HashMap<String, usize>;

/// Whole where there are no faults.
pub fn of_json(text: &str, name: &str) -> (Option<TaxonomyUpdated>, Faults) {
    let mut walk = Walk::of(text);
    let new = walked(&mut walk, name);
    (new, walk.faults)
}

fn walked(walk: &mut Walk<'_>, name: &str) -> Option<TaxonomyUpdated> {
    let whole = walk.whole()?;
    let file = walk.object(whole, &[EDITION, ROOTS])?;
    let edition = walk.edition(&file, name);
    let listed = walk.needed(&file, ROOTS)?;
    let listed = walk.list(listed)?;
    if listed.is_empty() {
        walk.faults.add(|| Fault::EmptyList(ROOTS));
    }
    if let Some(most) = bounds::most_roots(listed.len()) {
        walk.faults.add(|| Fault::Many { most });
    }
    let (mut seen, mut roots) = (Seen::new(), Vec::new());
    for (number, raw) in (1..).zip(listed) {
        roots.extend(root(walk, (number, raw), &mut seen));
    }
    Some(TaxonomyUpdated {
        edition: edition?,
        roots,
    })
}

fn root<'a>(
    walk: &mut Walk<'a>,
    (number, raw): (usize, &'a RawValue),
    seen: &mut Seen,
) -> Option<TaxonomyRoot> {
    let root = walk.object(raw, &["name", "below"])?;
    let name = walk.needed_text(&root, "name");
    let named = name.clone().unwrap_or_default();
    let add = |walk: &mut Walk<'a>, flaw| {
        let entry = Entry {
            part: Part::Category,
            number,
            named: named.clone(),
        };
        walk.faults.add(|| Fault::Entry { entry, flaw });
    };
    if let Some(name) = &name
        && let Some(flaw) = of_name(bounds::of_root_name(name), (name, number), seen)
    {
        add(walk, flaw);
    }
    let below = match root.field("below") {
        Some(below) => walk.list(below)?,
        None => Vec::new(),
    };
    if let Some(most) = bounds::most_below(below.len()) {
        add(walk, EntryFlaw::Crowded { most });
    }
    let below = names_below(walk, (number, &named), below);
    Some(TaxonomyRoot { name: name?, below })
}

fn names_below<'a>(
    walk: &mut Walk<'a>,
    (number, root): (usize, &str),
    below: Vec<&'a RawValue>,
) -> Vec<String> {
    let (mut seen, mut names) = (Seen::new(), Vec::new());
    for (place, raw) in (1..).zip(below) {
        let Some(name) = walk.text(raw) else {
            continue;
        };
        let flaw = of_name(bounds::of_below_name(&name), (&name, place), &mut seen);
        if let Some(flaw) = flaw {
            let entry = Entry {
                part: Part::Below { place },
                number,
                named: match flaw {
                    EntryFlaw::SameName { .. } | EntryFlaw::Unfit(_) => format!("{root}/{name}"),
                    _ => root.to_owned(),
                },
            };
            walk.faults.add(|| Fault::Entry { entry, flaw });
        }
        names.push(name);
    }
    names
}

/// What is wrong with a name: a limit that it breaks, that no category is called so, or that it stood
/// before.
fn of_name(
    broken: Option<EntryFlaw>,
    (name, place): (&str, usize),
    seen: &mut Seen,
) -> Option<EntryFlaw> {
    let unfit = || unfit(name).map(EntryFlaw::Unfit);
    broken.or_else(unfit).or_else(|| {
        let before = seen.insert(folded(name), place)?;
        Some(EntryFlaw::SameName { before })
    })
}
