//! What the origin says for the reporter, and how a case is answered, closed,
//! reopened and rated.

use lapor_protocol::case::Effect::{Inapplicable, Stale, Unauthorised};
use lapor_protocol::case::{Reason, State};
use lapor_protocol::ids::MessageRef;
use lapor_protocol::kinds::ClosedBy;

use crate::acts::*;
use crate::story::Story;

/// The ministry has the case; gives its follow-up.
fn followed(act: lapor_protocol::kinds::Body) -> (Story, MessageRef) {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenpu"));
    let follow_up = story.applied("kemenpu", act);
    (story, follow_up)
}

#[test]
fn verification_is_the_custodians_and_belongs_to_the_start() {
    let mut story = Story::filed_at("kota-bandung");
    story.refused("kemenpu", verified(), Unauthorised, Reason::NeverCustodian);
    story.applied("kota-bandung", verified());
    story.applied("kota-bandung", held());
    story.applied("kota-bandung", verified());
    story.stands("kota-bandung", State::Verified);
    story.applied("kota-bandung", followed_up());
    story.refused("kota-bandung", verified(), Inapplicable, Reason::WrongState);
}

#[test]
fn a_completion_brings_a_held_case_back_to_what_it_was() {
    for (before, act) in [
        (State::Received, None),
        (State::Verified, Some(verified())),
        (State::InProgress, Some(followed_up())),
        (State::Answered, Some(answered())),
    ] {
        let mut story = Story::filed_at("kota-bandung");
        if let Some(act) = act {
            story.applied("kota-bandung", act);
        }
        story.applied("kota-bandung", held());
        story.applied("kota-bandung", held());
        story.stands("kota-bandung", State::Held);
        story.applied("kota-bandung", completed());
        story.stands("kota-bandung", before);
        story.applied("kota-bandung", completed());
        story.stands("kota-bandung", before);
    }
}

#[test]
fn a_hold_is_the_custodians_and_a_completion_the_origins() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenpu"));
    story.refused("kota-bandung", held(), Stale, Reason::TermEnded);
    story.refused("kemenpu", completed(), Unauthorised, Reason::NotOrigin);
    story.applied("kemenpu", held());
    story.applied("kota-bandung", completed());
    story.stands("kemenpu", State::Disposed);
    story.applied("kemenpu", archived());
    story.refused("kemenpu", held(), Inapplicable, Reason::NotOpen);
    story.applied("kota-bandung", completed());
    story.stands("kemenpu", State::Archived);
}

#[test]
fn a_held_case_that_moves_on_forgets_its_hold() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", held());
    story.applied("kota-bandung", disposed("kemenpu"));
    story.applied("kota-bandung", completed());
    story.stands("kemenpu", State::Disposed);
}

#[test]
fn an_archive_is_the_custodians_and_only_once() {
    let mut story = Story::filed_at("kota-bandung");
    story.refused("pusat", archived(), Unauthorised, Reason::NeverCustodian);
    story.applied("kota-bandung", archived());
    story.stands("kota-bandung", State::Archived);
    story.refused("kota-bandung", archived(), Inapplicable, Reason::NotOpen);
}

#[test]
fn only_a_custodian_follows_up_and_only_while_the_case_is_open() {
    let (mut story, _) = followed(answered());
    story.stands("kemenpu", State::Answered);
    story.refused("kota-bandung", followed_up(), Stale, Reason::TermEnded);
    story.refused(
        "kemensos",
        followed_up(),
        Unauthorised,
        Reason::NeverCustodian,
    );
    story.applied("kemenpu", followed_up());
    story.stands("kemenpu", State::InProgress);
    story.applied("kota-bandung", confirmed());
    story.refused("kemenpu", followed_up(), Inapplicable, Reason::NotOpen);
}

#[test]
fn a_case_is_closed_by_the_reporter_or_by_silence_and_by_nobody_else() {
    for by in [ClosedBy::Reporter, ClosedBy::Silence] {
        let (mut story, follow_up) = followed(answered());
        let close = match by {
            ClosedBy::Reporter => confirmed(),
            ClosedBy::Silence => silent(&follow_up),
        };
        story.refused("kemenpu", close.clone(), Unauthorised, Reason::NotOrigin);
        story.refused("pusat", close.clone(), Unauthorised, Reason::NotOrigin);
        story.applied("kota-bandung", close.clone());
        story.stands("kemenpu", State::Closed);
        assert_eq!(story.case().close.as_ref().unwrap().by, by);
        story.refused("kota-bandung", close, Inapplicable, Reason::WrongState);
    }
}

#[test]
fn nothing_is_closed_before_a_public_follow_up() {
    let mut story = Story::filed_at("kota-bandung");
    story.refused(
        "kota-bandung",
        confirmed(),
        Inapplicable,
        Reason::WrongState,
    );
    story.applied("kota-bandung", archived());
    story.applied("kota-bandung", reopened());
    story.stands("kota-bandung", State::InProgress);
    story.refused(
        "kota-bandung",
        confirmed(),
        Inapplicable,
        Reason::NoFollowUp,
    );
    story.applied("kota-bandung", followed_up());
    story.applied("kota-bandung", confirmed());
}

#[test]
fn silence_is_broken_by_a_reply_and_by_a_later_follow_up() {
    let (mut story, first) = followed(answered());
    story.applied("kota-bandung", replied());
    let since = Reason::RepliedSince;
    story.refused("kota-bandung", silent(&first), Inapplicable, since);
    let second = story.applied("kemenpu", followed_up());
    story.refused("kota-bandung", silent(&first), Inapplicable, since);
    story.applied("kota-bandung", silent(&second));
    story.stands("kemenpu", State::Closed);
}

#[test]
fn a_held_case_is_not_closed_by_silence() {
    let (mut story, follow_up) = followed(answered());
    story.applied("kemenpu", held());
    story.refused(
        "kota-bandung",
        silent(&follow_up),
        Inapplicable,
        Reason::WrongState,
    );
}

#[test]
fn a_reply_after_a_close_reopens_and_needs_a_new_follow_up() {
    let (mut story, follow_up) = followed(answered());
    story.applied("kota-bandung", silent(&follow_up));
    story.applied("kota-bandung", replied());
    story.stands("kemenpu", State::InProgress);
    let none = Reason::NoFollowUp;
    story.refused("kota-bandung", silent(&follow_up), Inapplicable, none);
}

#[test]
fn a_reply_is_the_origins_and_leaves_an_archive_archived() {
    let (mut story, _) = followed(answered());
    story.refused("kemenpu", replied(), Unauthorised, Reason::NotOrigin);
    story.applied("kota-bandung", replied());
    story.stands("kemenpu", State::Answered);
    story.applied("kemenpu", archived());
    story.applied("kota-bandung", replied());
    story.stands("kemenpu", State::Archived);
}

#[test]
fn origin_and_custodian_reopen_what_has_ended() {
    for author in ["kota-bandung", "kemenpu"] {
        let (mut story, _) = followed(answered());
        story.refused(author, reopened(), Inapplicable, Reason::NotClosed);
        story.applied("kota-bandung", confirmed());
        story.refused("pusat", reopened(), Unauthorised, Reason::NotReopener);
        story.applied(author, reopened());
        story.stands("kemenpu", State::InProgress);
        story.applied("kemenpu", archived());
        story.applied(author, reopened());
    }
}

#[test]
fn a_former_custodian_does_not_reopen() {
    let (mut story, _) = followed(followed_up());
    story.applied("kemenpu", disposed("kemensos"));
    story.applied("kemensos", archived());
    story.refused("kemenpu", reopened(), Stale, Reason::TermEnded);
}

#[test]
fn a_rating_is_kept_with_the_close_it_rates() {
    let (mut story, _) = followed(answered());
    story.refused("kota-bandung", rated(4), Inapplicable, Reason::NotClosed);
    story.applied("kota-bandung", confirmed());
    story.refused("kemenpu", rated(5), Unauthorised, Reason::NotOrigin);
    story.applied("kota-bandung", rated(2));
    assert_eq!(story.case().close.as_ref().unwrap().score, Some(2));
    story.applied("kota-bandung", replied());
    story.applied("kemenpu", answered());
    story.applied("kota-bandung", confirmed());
    assert_eq!(story.case().close.as_ref().unwrap().score, None);
}

#[test]
fn support_counts_from_anyone_while_the_case_is_open() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kemenhub", supported());
    story.applied("kota-bandung", supported());
    assert_eq!(story.case().supports, 2);
    assert!(!story.is_party("kemenhub"), "who supports becomes no party");
    story.applied("kota-bandung", archived());
    story.refused("kemenhub", supported(), Inapplicable, Reason::NotOpen);
}

#[test]
fn a_filing_from_the_future_or_before_time_starts_no_absurd_clock() {
    let mut story = Story::empty();
    story.clock = -5;
    story.new_case("kota-bandung", filed());
    assert_eq!(story.case().filed_at, 0);
}
