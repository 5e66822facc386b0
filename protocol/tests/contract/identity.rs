//! What not every party may read: identities, internal notes, strangers.

use lapor_protocol::case::Effect::{Inapplicable, Stale, Unauthorised};
use lapor_protocol::case::{Reason, Share, Withheld};
use lapor_protocol::ids::MessageId;

use crate::acts::*;
use crate::story::Story;

const WHOLE: Option<Share> = Some(Share::Whole);
const OWN: Option<Share> = Some(Share::Without(Withheld::Own));
const HIDDEN: Option<Share> = Some(Share::Without(Withheld::NotEntitled));
const RULING: Option<Share> = Some(Share::Without(Withheld::RulingOnly));

/// Bandung's case with the ministry, a copy and a supervisor.
fn with_many_parties() -> Story {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed_with("kemenpu", &["kemensos"]));
    story.applied("kota-bandung", escalated("ombudsman"));
    story
}

#[track_caller]
fn shares(story: &Story, expected: &[(&str, Option<Share>)]) {
    for (slug, share) in expected {
        assert_eq!(story.share(slug), *share, "{slug}");
    }
}

#[test]
fn a_message_goes_whole_to_the_parties_and_its_ruling_to_the_author() {
    let mut story = with_many_parties();
    story.applied("kemenpu", followed_up());
    let all = [
        ("kota-bandung", WHOLE),
        ("kemenpu", OWN),
        ("kemensos", WHOLE),
        ("ombudsman", WHOLE),
        ("pusat", WHOLE),
        ("kemenhub", None),
    ];
    shares(&story, &all);
    assert_eq!(story.audience.len(), 5);
}

#[test]
fn a_new_party_reads_what_brought_it_in_and_a_former_one_what_put_it_out() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenpu"));
    shares(&story, &[("kemenpu", WHOLE), ("kota-bandung", OWN)]);
    story.applied("kota-bandung", recalled());
    shares(&story, &[("kemenpu", WHOLE)]);
    story.applied("kota-bandung", verified());
    shares(&story, &[("kemenpu", None)]);
}

#[test]
fn an_identity_request_is_seen_by_the_origin_only() {
    let mut story = with_many_parties();
    story.applied("kemenpu", identity_requested());
    let seen = [
        ("kota-bandung", WHOLE),
        ("kemenpu", OWN),
        ("kemensos", HIDDEN),
        ("ombudsman", HIDDEN),
        ("pusat", HIDDEN),
    ];
    shares(&story, &seen);
    story.refused(
        "kota-bandung",
        identity_requested(),
        Stale,
        Reason::TermEnded,
    );
    story.refused(
        "kemensos",
        identity_requested(),
        Unauthorised,
        Reason::NeverCustodian,
    );
}

#[test]
fn an_identity_goes_to_the_desk_that_asked_and_to_no_other() {
    let mut story = with_many_parties();
    let request = story.applied("kemenpu", identity_requested());
    let answer = identity_disclosed(request.id, "kemenpu");
    story.refused("kemenpu", answer.clone(), Unauthorised, Reason::NotOrigin);
    let other = identity_disclosed(request.id, "kemensos");
    story.refused("kota-bandung", other, Inapplicable, Reason::NotRequested);
    let unknown = identity_disclosed(MessageId::mint(9, [9; 10]), "kemenpu");
    story.refused("kota-bandung", unknown, Inapplicable, Reason::NotRequested);
    story.applied("kota-bandung", answer.clone());
    let seen = [("kemenpu", WHOLE), ("kemensos", HIDDEN), ("pusat", HIDDEN)];
    shares(&story, &seen);
    story.refused("kota-bandung", answer, Inapplicable, Reason::NotRequested);
}

#[test]
fn a_refusal_answers_the_request_too_and_only_the_requester_reads_it() {
    let mut story = with_many_parties();
    let request = story.applied("kemenpu", identity_requested());
    let refusal = identity_refused(request.id, "kemenpu");
    story.refused("pusat", refusal.clone(), Unauthorised, Reason::NotOrigin);
    story.applied("kota-bandung", refusal.clone());
    shares(&story, &[("kemenpu", WHOLE), ("ombudsman", HIDDEN)]);
    let disclosed = identity_disclosed(request.id, "kemenpu");
    story.refused(
        "kota-bandung",
        disclosed,
        Inapplicable,
        Reason::NotRequested,
    );
    story.refused("kota-bandung", refusal, Inapplicable, Reason::NotRequested);
}

#[test]
fn nobody_is_told_an_identity_after_leaving_the_case() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenpu"));
    let request = story.applied("kemenpu", identity_requested());
    story.applied("kota-bandung", recalled());
    let answer = identity_disclosed(request.id, "kemenpu");
    story.refused("kota-bandung", answer, Inapplicable, Reason::NoLongerParty);
}

#[test]
fn who_holds_the_identity_asks_nobody_and_nobody_asks_after_the_end() {
    let mut story = Story::filed_at("kota-bandung");
    let holder = Reason::HolderAsks;
    story.refused("kota-bandung", identity_requested(), Inapplicable, holder);
    story.applied("kota-bandung", disposed("kemenpu"));
    story.applied("kemenpu", archived());
    story.refused(
        "kemenpu",
        identity_requested(),
        Inapplicable,
        Reason::NotOpen,
    );
}

#[test]
fn a_request_under_a_used_id_does_not_take_the_place_of_anothers() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenpu"));
    let request = story.applied("kemenpu", identity_requested());
    story.applied("kemenpu", disposed("kemensos"));
    let term = Some(story.term());
    let (ruling, _) = story.rule_as("kemensos", request.id, term, identity_requested());
    assert!(!ruling.applied());
    story.applied("kota-bandung", identity_refused(request.id, "kemenpu"));
}

#[test]
fn a_note_is_read_by_the_desks_and_never_by_a_bare_origin() {
    let mut story = with_many_parties();
    story.applied("kemenpu", disposed("kemenhub"));
    story.applied("kemenhub", noted());
    let seen = [
        ("kota-bandung", WHOLE), // as a disposer on the stack
        ("kemenpu", WHOLE),
        ("kemensos", WHOLE),
        ("ombudsman", WHOLE),
        ("pusat", WHOLE),
        ("kemenhub", OWN),
    ];
    shares(&story, &seen);
    story.applied("pusat", recalled());
    story.stack_is(&[]);
    story.applied("pusat", noted());
    shares(&story, &[("kota-bandung", HIDDEN), ("kemensos", WHOLE)]);
    story.applied("kota-bandung", noted());
    shares(&story, &[("kota-bandung", OWN), ("pusat", WHOLE)]);
    story.refused("kemenlama", noted(), Unauthorised, Reason::NeverParty);
}

#[test]
fn a_stranger_learns_its_ruling_and_the_parties_that_something_was_refused() {
    let mut story = with_many_parties();
    story.refused("kemenlama", replied(), Unauthorised, Reason::NotOrigin);
    let seen = [
        ("kemenlama", RULING),
        ("kemenpu", HIDDEN),
        ("kota-bandung", HIDDEN),
    ];
    shares(&story, &seen);
    story.applied("kemenlama", supported());
    shares(&story, &[("kemenlama", RULING), ("kota-bandung", WHOLE)]);
}

#[test]
fn a_late_act_of_a_former_party_is_still_mail_for_the_parties() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenpu"));
    let term = story.term();
    story.applied("kota-bandung", recalled());
    let ended = Reason::TermEnded;
    story.refused_under("kemenpu", Some(term), followed_up(), Stale, ended);
    shares(&story, &[("kota-bandung", WHOLE), ("kemenpu", RULING)]);
}

#[test]
fn an_act_on_a_case_that_never_was_concerns_its_author_alone() {
    let mut story = Story::empty();
    story.refused("kemenpu", replied(), Unauthorised, Reason::NoSuchCase);
    shares(&story, &[("kemenpu", RULING)]);
    story.refused("kemenpu", supported(), Inapplicable, Reason::NoSuchCase);
    assert_eq!(story.audience.len(), 1);
}
