//! A story in order: what was said, how it was ruled, and the case at its end.

use lapor_protocol::case::{Case, Effect, Reason};
use lapor_protocol::ids::CaseId;

use super::ordered::{Node, object, of, text, utf8};
use crate::acts;
use crate::story::{Ruled, Story};

fn play() -> Story {
    let mut story = Story::empty();
    story.clock = super::cast::NOW;
    story.new_case("kota-bandung", acts::filed_excluding(&["kemensos"]));
    story.applied("kota-bandung", acts::verified());
    let before = story.term();
    story.refused(
        "kota-bandung",
        acts::disposed("kemensos"),
        Effect::Unauthorised,
        Reason::Excluded,
    );
    story.applied(
        "kota-bandung",
        acts::disposed_with("kemenpu", &["kemenhub"]),
    );
    let late = Some(before);
    story.refused_under(
        "kota-bandung",
        late,
        acts::held(),
        Effect::Stale,
        Reason::TermEnded,
    );
    story.applied("kemenpu", acts::noted());
    let request = story.applied("kemenpu", acts::identity_requested());
    story.applied(
        "kota-bandung",
        acts::identity_refused(request.id, "kemenpu"),
    );
    story.applied("kemenpu", acts::returned());
    story.applied("kota-bandung", acts::disposed("pusat"));
    story.applied("pusat", acts::disposed("kemenpu"));
    story.applied("pusat", acts::recalled());
    story.applied("pusat", acts::disposed("kemenpu"));
    let first = story.applied("kemenpu", acts::answered());
    story.applied("kota-bandung", acts::replied());
    let since = Reason::RepliedSince;
    story.refused(
        "kota-bandung",
        acts::silent(&first),
        Effect::Inapplicable,
        since,
    );
    story.applied("kota-bandung", acts::escalated("ombudsman"));
    story.applied("kemenhub", acts::supported());
    let second = story.applied("kemenpu", acts::answered());
    story.applied("kota-bandung", acts::silent(&second));
    story.applied("kota-bandung", acts::rated(4));
    story
}

fn ruled(ruled: &Ruled, case: CaseId, n: usize) -> Node {
    let mut fields = vec![
        ("case", text(&case)),
        ("case_seq", Node::Number(n as i64)),
        ("ordered_at", Node::Number(ruled.ordered_at)),
        ("directory", Node::Number(ruled.directory as i64)),
        ("effect", text(&ruled.ruling.effect.as_str())),
    ];
    if let Some(reason) = ruled.ruling.reason {
        fields.push(("reason", of(&reason)));
    }
    fields.push(("payload", utf8(&ruled.payload)));
    object(fields)
}

pub fn story() -> Node {
    let story = play();
    let case = story.case();
    let versions = story
        .world
        .versions
        .iter()
        .map(|version| text(&version.to_line()));
    let messages = (1..)
        .zip(&story.ruled)
        .map(|(n, one)| ruled(one, story.current, n));
    // The digest is over the case without the requests that not all know of.
    let shared = Case {
        identity_requests: std::collections::BTreeMap::new(),
        ..case.clone()
    };
    object([
        ("directory", Node::List(versions.collect())),
        ("messages", Node::List(messages.collect())),
        ("case", utf8(&serde_json::to_vec(&shared).unwrap())),
        ("digest", text(&case.digest())),
    ])
}
