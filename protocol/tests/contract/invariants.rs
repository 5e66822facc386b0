//! What must hold after every applied message, whoever wrote it.

use lapor_protocol::case::{Case, Effect, Share, Withheld, audience};
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Message;

#[track_caller]
pub fn hold(message: &Message, before: Option<&Case>, after: &Case, world: DirectoryAt<'_>) {
    let kind = &message.header.kind;
    let parties = after.parties(world);
    assert!(
        parties.contains(&after.origin),
        "{kind}: the origin is a party"
    );
    assert!(
        parties.contains(&after.custodian),
        "{kind}: the custodian is a party"
    );
    assert!(after.ever_custodian.contains(&after.custodian), "{kind}");
    assert!(
        after.stack.iter().all(|d| after.ever_disposer.contains(d)),
        "{kind}"
    );
    for excluded in &after.excluded {
        assert!(
            !parties.contains(excluded),
            "{kind}: {excluded} is excluded"
        );
        assert!(
            !after.stack.contains(excluded),
            "{kind}: {excluded} is on the stack"
        );
        assert!(!after.is_party(excluded, world) && !after.is_desk_side(excluded, world));
    }
    if let Some(before) = before {
        let known = before.parties(world);
        for party in parties.difference(&known) {
            let had_it = before.ever_party.contains(party);
            assert!(
                had_it || !after.excludes(party, world),
                "{kind} brings in {party}"
            );
        }
    }
    for instance in world.instances() {
        let listed = parties.contains(&instance.id);
        assert_eq!(
            listed,
            after.is_party(&instance.id, world),
            "{kind}: {}",
            instance.id
        );
    }
    let confidential = message.body.as_ref().is_ok_and(Body::is_confidential);
    if let (true, Some(before)) = (confidential, before) {
        assert_eq!(
            before.digest(),
            after.digest(),
            "{kind} is no part of the shared fold"
        );
    }
    for (recipient, share) in audience(message, Effect::Applied, before, Some(after), world) {
        let was = before.is_some_and(|case| case.is_party(&recipient, world));
        let author = recipient == message.header.author;
        let former = share == Share::Alone;
        let had = before.is_some_and(|case| case.ever_party.contains(&recipient));
        assert!(
            !former || (had && !was && matches!(message.body, Ok(Body::CaseRedacted(_)))),
            "{kind} reaches {recipient}, which has no part in the case"
        );
        assert!(
            was || author || former || !after.excluded.contains(&recipient),
            "{kind}: {recipient}"
        );
        let hidden = share == Share::Without(Withheld::NotEntitled);
        assert!(
            !hidden || confidential,
            "{kind} moves the fold and is withheld from {recipient}"
        );
    }
    let text = serde_json::to_string(after).unwrap();
    assert_eq!(&serde_json::from_str::<Case>(&text).unwrap(), after);
}
