//! Escalation, taking over, succession and erasure.

use lapor_protocol::authority::Pattern;
use lapor_protocol::case::Effect::{Inapplicable, Stale, Unauthorised};
use lapor_protocol::case::{Reason, Share, State, Withheld};
use lapor_protocol::ids::InstanceKind;

use crate::acts::*;
use crate::story::Story;
use crate::world::id;

#[test]
fn a_supervisor_joins_by_escalation_even_before_its_node_has_joined() {
    for supervisor in ["ombudsman", "komisi-baru"] {
        let mut story = Story::filed_at("kota-bandung");
        story.applied("kota-bandung", escalated(supervisor));
        assert!(story.is_party(supervisor) && story.case().escalated);
        assert_eq!(story.share(supervisor), Some(Share::Whole));
    }
}

#[test]
fn only_the_origin_escalates_and_only_to_a_living_supervisor() {
    let mut story = Story::filed_at("kota-bandung");
    story.refused(
        "pusat",
        escalated("ombudsman"),
        Unauthorised,
        Reason::NotOrigin,
    );
    story.refused(
        "kota-bandung",
        escalated("nobody"),
        Unauthorised,
        Reason::UnknownInstance,
    );
    let wrong = Reason::NotSupervisor;
    story.refused("kota-bandung", escalated("kemenpu"), Inapplicable, wrong);
    story.world.dissolve("komisi-baru", "ombudsman");
    let gone = Reason::TargetNotActive;
    story.refused("kota-bandung", escalated("komisi-baru"), Inapplicable, gone);
}

#[test]
fn an_ended_case_can_still_be_escalated_and_taken_over() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", archived());
    story.applied("kota-bandung", escalated("ombudsman"));
    story.applied("ombudsman", taken_over());
    story.stands("ombudsman", State::Verified);
}

#[test]
fn a_supervisor_takes_over_and_the_former_custodian_stands_on_the_stack() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenpu"));
    let before = story.term();
    story.refused(
        "ombudsman",
        taken_over(),
        Unauthorised,
        Reason::NeverSupervisor,
    );
    story.applied("kota-bandung", escalated("ombudsman"));
    story.applied("ombudsman", noted());
    story.applied("ombudsman", taken_over());
    story.stands("ombudsman", State::Verified);
    story.stack_is(&["kota-bandung", "kemenpu"]);
    story.refused(
        "ombudsman",
        taken_over(),
        Inapplicable,
        Reason::AlreadyCustodian,
    );
    story.refused_under(
        "kemenpu",
        Some(before),
        followed_up(),
        Stale,
        Reason::TermEnded,
    );
    story.applied("ombudsman", returned());
    story.stands("kemenpu", State::Verified);
}

#[test]
fn what_a_supervisor_took_over_is_not_recalled_by_those_it_was_taken_from() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenpu"));
    story.applied("kota-bandung", escalated("ombudsman"));
    story.applied("ombudsman", taken_over());
    let taken = Reason::SupervisorTookOver;
    for former in ["kota-bandung", "kemenpu"] {
        story.refused(former, recalled(), Inapplicable, taken);
    }
    story.applied("pusat", recalled());
    story.stands("pusat", State::Verified);
}

#[test]
fn what_a_supervisor_gave_on_is_recalled_by_those_behind_it_and_by_none_before() {
    let mut story = Story::filed_at("kota-bandung");
    story.world.change("ombudsman", |entry| {
        entry.disposes_to = vec![Pattern::Kind(InstanceKind::Kementerian)];
    });
    story.applied("kota-bandung", disposed("kemenpu"));
    story.applied("kota-bandung", escalated("ombudsman"));
    story.applied("ombudsman", taken_over());
    story.applied("ombudsman", disposed("kemensos"));
    story.applied("kemensos", disposed("kemenhub"));
    let taken = Reason::SupervisorTookOver;
    for former in ["kota-bandung", "kemenpu"] {
        story.refused(former, recalled(), Inapplicable, taken);
    }
    story.applied("kemensos", recalled());
    story.stands("kemensos", State::Verified);
    story.applied("ombudsman", recalled());
    story.stands("ombudsman", State::Verified);
}

#[test]
fn a_supervisor_that_gave_back_leaves_recalls_as_they_were() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenpu"));
    story.applied("kota-bandung", escalated("ombudsman"));
    story.applied("ombudsman", taken_over());
    story.applied("ombudsman", returned());
    story.applied("kota-bandung", recalled());
    story.stands("kota-bandung", State::Verified);
}

#[test]
fn a_supervisor_that_was_excluded_takes_nothing_over() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", escalated("ombudsman"));
    story.applied("kota-bandung", excluding(&["ombudsman"]));
    story.refused("ombudsman", taken_over(), Stale, Reason::NoLongerParty);
}

#[test]
fn a_successor_takes_every_place_of_the_dissolved() {
    let mut story = Story::filed_at("kemenlama");
    story.applied("kemenlama", disposed("kemensos"));
    story.applied("kemensos", disposed_with("kemenlama", &["kemenlama"]));
    let not_yet = Reason::NotDissolved;
    story.refused("pusat", succeeded("kemenlama"), Inapplicable, not_yet);
    story.world.dissolve("kemenlama", "kemenhub");
    story.refused(
        "kemensos",
        succeeded("kemenlama"),
        Unauthorised,
        Reason::NotDesk,
    );
    story.applied("pusat", succeeded("kemenlama"));
    story.stands("kemenhub", State::Disposed);
    story.stack_is(&["kemenhub", "kemensos"]);
    assert_eq!(story.case().origin, id("kemenhub"));
    assert!(!story.is_party("kemenlama") && story.case().copies.contains(&id("kemenhub")));
    let over = Reason::NeverParty;
    story.refused("pusat", succeeded("kemenlama"), Inapplicable, over);
    story.applied("kemenhub", answered());
    story.applied("kemenhub", confirmed());
}

#[test]
fn an_excluded_or_dead_successor_takes_no_place() {
    let mut story = Story::empty();
    story.new_case("kemenlama", filed_excluding(&["kemenhub"]));
    story.world.dissolve("kemenlama", "kemenhub");
    let excluded = Reason::Excluded;
    story.refused("pusat", succeeded("kemenlama"), Unauthorised, excluded);
    story.world.dissolve("kemenlama", "bumn-pln");
    story.refused(
        "pusat",
        succeeded("kemenlama"),
        Inapplicable,
        Reason::NotDissolved,
    );
}

#[test]
fn origin_and_desk_erase_the_words_once_and_the_skeleton_goes_on() {
    for author in ["kota-bandung", "pusat"] {
        let mut story = Story::filed_at("kota-bandung");
        story.applied("kota-bandung", disposed("kemenpu"));
        story.refused("kemenpu", redacted(), Unauthorised, Reason::NotOrigin);
        story.applied(author, redacted());
        assert!(story.case().redacted);
        story.refused("pusat", redacted(), Inapplicable, Reason::AlreadyRedacted);
        story.applied("kemenpu", answered());
        story.applied("kota-bandung", confirmed());
        story.stands("kemenpu", State::Closed);
    }
}

#[test]
fn an_erasure_reaches_everyone_who_ever_was_a_party_and_nobody_else() {
    let mut story = Story::empty();
    story.new_case("kota-bandung", filed_excluding(&["kota-tangerang"]));
    story.applied("kota-bandung", disposed_with("kemenpu", &["kemensos"]));
    story.applied("kemenpu", returned());
    story.applied("kota-bandung", excluding(&["kemensos"]));
    story.applied("pusat", recalled());
    story.applied("pusat", disposed("kemenhub"));
    story.applied("pusat", recalled());
    story.applied("pusat", followed_up());
    for left in ["kemenpu", "kemensos", "kemenhub"] {
        assert!(!story.is_party(left));
        assert_eq!(story.share(left), None, "{left} hears nothing of the rest");
    }
    story.applied("kota-bandung", redacted());
    for left in ["kemenpu", "kemensos", "kemenhub"] {
        assert_eq!(story.share(left), Some(Share::Alone), "{left}");
    }
    assert_eq!(story.share("pusat"), Some(Share::Whole));
    assert_eq!(
        story.share("kota-bandung"),
        Some(Share::Without(Withheld::Own))
    );
    for stranger in ["kota-tangerang", "ombudsman"] {
        assert_eq!(story.share(stranger), None, "{stranger} never had it");
    }
    story.refused("pusat", redacted(), Inapplicable, Reason::AlreadyRedacted);
    assert_eq!(story.share("kemenpu"), None, "one without effect");
}
