//! What institutions are called on the console. One that has ended is shown with whom it was replaced
//! by; whoever takes the place of one that has lost its key bears its name, and is told from it by its
//! slug. And what else entries of the audit log concern: regions, keys and roots, with their codes
//! beside.

use lapor_protocol::directory::{Directory, DirectoryAt, InstanceEntry};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::regions::national;

use super::instances::one;
use super::{keys, roadmap};

/// Signs of a key or a root that tell it from others; all of it stands where it is looked after.
const SIGNS: usize = 8;

/// An institution's name, or its slug where the directory has none.
pub fn named(v: &Voice, directory: &Directory, slug: &str) -> String {
    let (world, id) = (directory.latest(), slug.parse().ok());
    let entry = id.and_then(|id| world.instance(&id));
    entry.map_or_else(|| slug.to_owned(), |entry| called(v, world, entry))
}

/// The name with the slug beside it, or the slug alone.
pub fn whom(v: &Voice, directory: &Directory, slug: &str) -> String {
    let name = named(v, directory, slug);
    if name == slug {
        return name;
    }
    format!("{name} ({slug})")
}

/// What one that the directory has is called.
pub fn called(v: &Voice, world: DirectoryAt<'_>, entry: &InstanceEntry) -> String {
    let name = entry.name.as_str();
    let Some(next) = &entry.successor else {
        return name.to_owned();
    };
    let other = world.instance(next).map(|next| next.name.as_str());
    let other = other.filter(|other| *other != name);
    v.with("name", name)
        .with("next", other.unwrap_or(next.as_str()))
        .say("instance-replaced")
}

/// What an entry of the audit log concerns, by its action and its subject, and where that is shown.
pub fn concerned(
    v: &Voice,
    directory: &Directory,
    (action, subject): (&str, &str),
) -> Option<(String, String)> {
    match action.split('.').next()? {
        "hub_key" => Some(of_keys(v, text_id("subject-hub-key"), subject)),
        "authority" => Some(of_keys(v, text_id("subject-root"), subject)),
        "roadmap" => {
            let code = subject.parse().ok()?;
            let said = v.with("name", national().display_name(&code)?);
            let said = said.with("code", subject).say("subject-region");
            Some((said, roadmap::at(&code)))
        }
        _ => {
            let id = subject.parse().ok()?;
            let world = directory.latest();
            Some((called(v, world, world.instance(&id)?), one(&id)))
        }
    }
}

fn of_keys(v: &Voice, words: TextId, subject: &str) -> (String, String) {
    let begin: String = subject.chars().take(SIGNS).collect();
    (v.with("begin", begin).say(words), keys::PATH.to_owned())
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use lapor_protocol::ids::InstanceKind;
    use lapor_web::language::Language;

    use super::*;
    use crate::console::texts;

    #[test]
    fn one_that_was_replaced_is_told_from_the_one_that_bears_its_name() {
        let registered = |slug: &str| {
            let (id, name) = (slug.parse().unwrap(), "Kementerian PU".to_owned());
            InstanceEntry::registered(id, InstanceKind::Kementerian, name)
        };
        let mut old = registered("kemen-pu");
        let new = registered("kemen-pu-2");
        old.successor = Some(new.id.clone());
        let directory = Directory::trusting(Vec::new());
        let world = directory.latest();
        for (language, said) in [
            (
                Language::Indonesian,
                "Kementerian PU (digantikan oleh kemen-pu-2)",
            ),
            (Language::English, "Kementerian PU (replaced by kemen-pu-2)"),
        ] {
            let v = Voice::new(language, texts(), Tz::Asia__Jakarta, 0);
            assert_eq!(called(&v, world, &old), said);
            assert_eq!(called(&v, world, &new), "Kementerian PU");
        }
    }
}
