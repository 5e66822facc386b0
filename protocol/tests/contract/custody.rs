//! Who has a case: disposition, return, recall, and a custodian that is dead.

use lapor_protocol::case::Effect::{Inapplicable, Stale, Unauthorised};
use lapor_protocol::case::{Effect, Reason, State};

use crate::acts::*;
use crate::story::Story;

fn at_the_ministry() -> Story {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("pusat"));
    story.applied("pusat", disposed("kemenpu"));
    story
}

#[test]
fn a_report_is_born_with_its_origin_as_custodian() {
    let story = Story::filed_at("kota-bandung");
    story.stands("kota-bandung", State::Received);
    assert_eq!(story.case().origin.as_str(), "kota-bandung");
    assert!(
        story.is_party("pusat"),
        "the national desk reads every case"
    );
    assert!(!story.is_party("kemenpu"));
}

#[test]
fn a_second_filing_under_the_same_id_is_refused_to_all() {
    let mut story = Story::filed_at("kota-bandung");
    story.refused("kota-bandung", filed(), Inapplicable, Reason::CaseExists);
    story.refused("kemenpu", filed(), Unauthorised, Reason::CaseExists);
}

#[test]
fn custody_moves_along_the_stack() {
    let mut story = at_the_ministry();
    story.stands("kemenpu", State::Disposed);
    story.stack_is(&["kota-bandung", "pusat"]);
    story.applied("kemenpu", disposed("kemensos"));
    story.applied("kemensos", returned());
    story.stands("kemenpu", State::Verified);
    story.stack_is(&["kota-bandung", "pusat"]);
    assert_eq!(story.case().hops, 1);
}

#[test]
fn a_disposition_reaches_only_whom_the_authority_covers() {
    let mut story = Story::filed_at("kota-bandung");
    let out = Reason::OutsideAuthority;
    story.refused("kota-bandung", disposed("bumn-pln"), Unauthorised, out);
    story.refused(
        "kota-bandung",
        disposed("nobody"),
        Unauthorised,
        Reason::UnknownInstance,
    );
    story.refused(
        "kemenpu",
        disposed("kemensos"),
        Unauthorised,
        Reason::NeverCustodian,
    );
    story.applied("kota-bandung", disposed("pusat"));
    story.refused(
        "pusat",
        disposed("bumn-pln"),
        Inapplicable,
        Reason::TargetNotActive,
    );
    story.refused(
        "pusat",
        disposed("pusat"),
        Inapplicable,
        Reason::TargetIsCustodian,
    );
    story.refused(
        "kota-bandung",
        disposed("kemenpu"),
        Stale,
        Reason::TermEnded,
    );
}

#[test]
fn a_province_disposes_to_its_own_cities_only() {
    let mut story = Story::filed_at("prov-jawa-barat");
    let out = Reason::OutsideAuthority;
    story.refused(
        "prov-jawa-barat",
        disposed("kota-tangerang"),
        Unauthorised,
        out,
    );
    story.applied("prov-jawa-barat", disposed("kota-bandung"));
}

#[test]
fn copies_read_and_note_but_never_move_the_case() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed_with("kemenpu", &["kemensos"]));
    assert!(story.is_party("kemensos"));
    story.applied("kemensos", noted());
    story.refused(
        "kemensos",
        followed_up(),
        Unauthorised,
        Reason::NeverCustodian,
    );
    story.refused("kemensos", recalled(), Unauthorised, Reason::NeverDisposer);
    story.applied("kemenpu", returned());
    assert!(story.is_party("kemensos"), "a copy stays one");
}

#[test]
fn a_return_skips_who_cannot_act_and_ends_at_the_desk() {
    let mut story = at_the_ministry();
    story.applied("kemenpu", disposed("kemensos"));
    story.world.suspend("kemenpu");
    story.applied("kemensos", returned());
    story.stands("pusat", State::Verified);
    story.stack_is(&["kota-bandung"]);
    story.applied("pusat", returned());
    story.stands("kota-bandung", State::Verified);
    story.applied("kota-bandung", returned());
    story.stands("pusat", State::Verified);
    story.stack_is(&[]);
    story.refused("pusat", returned(), Inapplicable, Reason::NobodyToReturnTo);
    assert_eq!(story.case().hops, 3);
}

#[test]
fn a_stack_of_dead_institutions_returns_to_the_desk_and_is_emptied() {
    let mut story = Story::filed_at("kota-tangerang");
    story.applied("kota-tangerang", disposed("kota-bandung"));
    story.applied("kota-bandung", disposed("kemenpu"));
    story.world.suspend("kota-bandung");
    story.world.suspend("kota-tangerang");
    story.applied("kemenpu", returned());
    story.stands("pusat", State::Verified);
    story.stack_is(&[]);
}

#[test]
fn custody_never_returns_to_a_desk_that_cannot_act() {
    let mut story = Story::empty();
    story.world.suspend("ombudsman");
    story.new_case("kota-bandung", filed_excluding(&["pusat"]));
    story.refused(
        "kota-bandung",
        returned(),
        Inapplicable,
        Reason::NobodyToReturnTo,
    );
}

#[test]
fn a_recall_takes_the_case_back_and_cuts_the_stack_down() {
    let mut story = at_the_ministry();
    story.applied("kemenpu", disposed("kemensos"));
    story.refused("kemenhub", recalled(), Unauthorised, Reason::NeverDisposer);
    story.applied("kota-bandung", recalled());
    story.stands("kota-bandung", State::Verified);
    story.stack_is(&[]);
    let already = Reason::TermEnded;
    story.refused("kota-bandung", recalled(), Stale, already);
    story.refused("kemenpu", recalled(), Stale, already);
    story.applied("pusat", recalled());
    story.stands("pusat", State::Verified);
    story.refused("pusat", recalled(), Inapplicable, Reason::AlreadyCustodian);
}

#[test]
fn whoever_stands_twice_on_the_stack_recalls_to_the_last_time() {
    let mut story = Story::filed_at("kemenpu");
    story.applied("kemenpu", disposed("kemensos"));
    story.applied("kemensos", disposed("kemenpu"));
    story.applied("kemenpu", disposed("kemenhub"));
    story.stack_is(&["kemenpu", "kemensos", "kemenpu"]);
    story.applied("kemenpu", recalled());
    story.stands("kemenpu", State::Verified);
    story.stack_is(&["kemenpu", "kemensos"]);
}

#[test]
fn a_recall_ends_only_the_custody_that_its_author_had_seen() {
    let mut story = at_the_ministry();
    let seen = story.term();
    story.applied("kemenpu", disposed("kemensos"));
    story.refused_under("pusat", Some(seen), recalled(), Stale, Reason::TermEnded);
    story.applied("pusat", recalled());
}

#[test]
fn a_dead_node_loses_custody_and_its_late_acts_until_it_is_given_the_case_again() {
    let mut story = at_the_ministry();
    let dead = story.term();
    story.applied("pusat", recalled());
    story.applied("pusat", disposed("kemenpu"));
    story.stands("kemenpu", State::Disposed);
    // It was offline and answers under the custody that was recalled meanwhile.
    let ended = Reason::TermEnded;
    story.refused_under("kemenpu", Some(dead), answered(), Stale, ended);
    story.applied("kemenpu", answered());
    story.stands("kemenpu", State::Answered);
}

#[test]
fn of_two_acts_that_race_for_custody_the_first_in_the_order_wins() {
    let mut story = Story::filed_at("kota-bandung");
    let term = story.term();
    story.applied("kota-bandung", disposed("kemenpu"));
    let ended = Reason::TermEnded;
    story.refused_under(
        "kota-bandung",
        Some(term.clone()),
        disposed("pusat"),
        Stale,
        ended,
    );
    story.refused_under("kota-bandung", Some(term), verified(), Stale, ended);
    story.stands("kemenpu", State::Disposed);
}

#[test]
fn a_desk_that_stands_in_for_an_institution_stops_once_the_case_moves_on() {
    let mut story = Story::filed_at("pusat");
    story.applied("pusat", verified_for("bumn-pln"));
    assert_eq!(
        story.case().on_behalf_of.as_ref().unwrap().as_str(),
        "bumn-pln"
    );
    story.refused(
        "pusat",
        verified_for("nobody"),
        Unauthorised,
        Reason::UnknownInstance,
    );
    story.refused(
        "pusat",
        verified_for("kemenpu"),
        Inapplicable,
        Reason::HasJoined,
    );
    story.applied("pusat", disposed("kemenpu"));
    assert_eq!(story.case().on_behalf_of, None);
}

#[test]
fn nothing_is_disposed_returned_or_recalled_once_a_case_has_ended() {
    let mut story = at_the_ministry();
    story.applied("kemenpu", archived());
    story.refused(
        "kemenpu",
        disposed("kemensos"),
        Inapplicable,
        Reason::NotOpen,
    );
    story.refused("kemenpu", returned(), Inapplicable, Reason::NotOpen);
    story.refused("pusat", recalled(), Inapplicable, Reason::NotOpen);
}

#[test]
fn states_and_effects_are_called_what_they_are_written_as() {
    for state in State::ALL {
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
    }
    for effect in [
        Effect::Applied,
        Effect::Malformed,
        Effect::Duplicate,
        Effect::Unauthorised,
        Effect::Stale,
        Effect::Inapplicable,
    ] {
        assert_eq!(serde_json::to_value(effect).unwrap(), effect.as_str());
    }
}
