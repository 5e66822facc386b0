//! What an authority can be given for, to choose from by its name: kinds,
//! institutions and regions, each as the pattern that is then written. Whoever
//! knows the patterns types them, and reads what they mean once they are sent.

use lapor_protocol::authority::Pattern;
use lapor_protocol::directory::{Directory, Status};
use lapor_protocol::ids::InstanceKind;
use lapor_web::language::Voice;
use lapor_web::regions::national;

use super::words::kind_words;

/// Patterns with their names.
pub fn named(v: &Voice, directory: &Directory) -> Vec<(String, String)> {
    let kinds = InstanceKind::ALL.into_iter();
    let kinds = kinds.map(|kind| (Pattern::Kind(kind), v.say(kind_words(kind))));
    let instances = directory.latest().instances();
    let instances = instances.filter(|entry| entry.status != Status::Revoked);
    let instances = instances.map(|entry| (Pattern::Slug(entry.id.clone()), entry.name.clone()));
    let regions = national().all().flat_map(|region| {
        let below = v.with("name", region.name.as_str()).say("pattern-below");
        let below = (Pattern::Below(region.code.clone()), below);
        let itself = (Pattern::Region(region.code.clone()), region.name.clone());
        let has_below = !region.code.as_str().contains('.');
        [Some(itself), has_below.then_some(below)]
    });
    std::iter::once((Pattern::Anyone, v.say("pattern-anyone")))
        .chain(kinds)
        .chain(instances)
        .chain(regions.flatten())
        .map(|(pattern, name)| (pattern.to_string(), name))
        .collect()
}

/// What patterns mean, each with its name; `known` are those of [`named`].
pub fn meant<'a>(
    v: &Voice,
    known: &[(String, String)],
    patterns: impl IntoIterator<Item = &'a Pattern>,
) -> Vec<(String, String)> {
    let patterns = patterns.into_iter();
    let said = patterns.map(|pattern| {
        let written = pattern.to_string();
        let found = known.iter().find(|(one, _)| *one == written);
        let name = match (found, pattern) {
            (Some((_, name)), _) => name.clone(),
            (None, Pattern::SlugPrefix(prefix)) => v.with("prefix", prefix).say("pattern-prefix"),
            (None, Pattern::Below(code)) => match national().region(code) {
                Some(region) => v.with("name", &region.name).say("pattern-below"),
                None => v.say("pattern-unnamed"),
            },
            (None, _) => v.say("pattern-unnamed"),
        };
        (written, name)
    });
    said.collect()
}

/// The same of what stands in a field, as far as it is patterns.
pub fn meant_by(v: &Voice, known: &[(String, String)], typed: &str) -> Vec<(String, String)> {
    let patterns = typed.split_whitespace();
    let patterns: Vec<Pattern> = patterns.filter_map(|word| word.parse().ok()).collect();
    meant(v, known, &patterns)
}
