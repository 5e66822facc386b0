//! What an authority can be given for, to choose from by its name: kinds,
//! institutions and regions, each as the pattern that is then written. Whoever
//! knows the patterns types them.

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
