//! Link, unlink and split: one message, ordered in two cases.

use lapor_protocol::case::Effect::{Inapplicable, Stale, Unauthorised};
use lapor_protocol::case::{Reason, Ruling, Share, State, Withheld};
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::case_split::Inheritance;

use crate::acts::*;
use crate::story::Story;
use crate::world::id;

/// Two cases with the ministry: the first of Bandung, the second of Tangerang.
fn two_cases() -> (Story, CaseId, CaseId) {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenpu"));
    let first = story.current;
    let second = story.new_case("kota-tangerang", filed());
    story.applied("kota-tangerang", disposed("pusat"));
    story.applied("pusat", disposed("kemenpu"));
    (story, first, second)
}

#[test]
fn a_link_merges_one_case_and_brings_its_origin_into_the_other() {
    let (mut story, first, second) = two_cases();
    story.applied("kemenpu", linked(first, "kota-tangerang"));
    story.stands("kemenpu", State::Merged);
    assert_eq!(story.case().merged.as_ref().unwrap().into, first);
    story.current = first;
    story.stands("kemenpu", State::Disposed);
    assert!(story.is_party("kota-tangerang"));
    story.applied("kemenpu", answered());
    assert_eq!(
        story.share("kota-tangerang"),
        Some(Share::Whole),
        "it hears every follow-up"
    );
    story.applied("kemenpu", noted());
    let hidden = Share::Without(Withheld::NotEntitled);
    assert_eq!(
        story.share("kota-tangerang"),
        Some(hidden),
        "but no internal note"
    );
    assert_ne!(first, second);
}

#[test]
fn unlinking_restores_the_former_state_in_both_cases() {
    let (mut story, first, second) = two_cases();
    story.applied("kemenpu", held());
    let link = story.applied("kemenpu", linked(first, "kota-tangerang"));
    story.refused(
        "kemenhub",
        unlinked(&link, first),
        Unauthorised,
        Reason::NotLinker,
    );
    story.refused(
        "kemenpu",
        unlinked(&link, second),
        Inapplicable,
        Reason::NotMerged,
    );
    story.applied("kemenpu", unlinked(&link, first));
    story.stands("kemenpu", State::Held);
    story.applied("kota-tangerang", completed());
    story.stands("kemenpu", State::Disposed);
    story.refused(
        "kemenpu",
        unlinked(&link, first),
        Inapplicable,
        Reason::NotMerged,
    );
    story.current = first;
    assert!(!story.is_party("kota-tangerang"));
}

#[test]
fn the_origin_the_desk_and_a_supervisor_undo_the_link_of_another() {
    for who in ["kota-tangerang", "pusat", "ombudsman"] {
        let (mut story, first, second) = two_cases();
        story.applied("kota-tangerang", escalated("ombudsman"));
        let link = story.applied("kemenpu", linked(first, "kota-tangerang"));
        let another = unlinked(&link, second);
        story.refused(who, another, Inapplicable, Reason::NotMerged);
        story.applied(who, unlinked(&link, first));
        story.stands("kemenpu", State::Disposed);
        story.current = first;
        assert!(!story.is_party("kota-tangerang"), "{who}");
    }
}

#[test]
fn nobody_else_undoes_the_link_of_another() {
    let (mut story, first, _) = two_cases();
    story.applied("kemenpu", disposed_with("kemensos", &["kemenhub"]));
    let link = story.applied("pusat", linked(first, "kota-tangerang"));
    for who in [
        "kemensos",
        "kemenpu",
        "kemenhub",
        "kota-bandung",
        "ombudsman",
    ] {
        let undone = unlinked(&link, first);
        story.refused(who, undone, Unauthorised, Reason::NotLinker);
    }
}

#[test]
fn the_link_of_a_dissolved_institution_is_undone_by_others() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenlama"));
    let first = story.current;
    story.new_case("kota-tangerang", filed());
    story.applied("kota-tangerang", disposed("pusat"));
    story.applied("pusat", disposed("kemenlama"));
    let link = story.applied("kemenlama", linked(first, "kota-tangerang"));
    story.world.dissolve("kemenlama", "kemenpu");
    story.applied("kota-tangerang", unlinked(&link, first));
    story.stands("kemenlama", State::Disposed);
}

#[test]
fn the_linker_is_custodian_or_desk_and_a_party_of_both() {
    let (mut story, first, _) = two_cases();
    let link = linked(first, "kota-tangerang");
    story.refused(
        "kemenhub",
        link.clone(),
        Unauthorised,
        Reason::NeverCustodian,
    );
    story.refused(
        "kota-tangerang",
        link.clone(),
        Unauthorised,
        Reason::NeverParty,
    );
    let unknown = linked(CaseId::mint(9, [9; 10]), "kota-tangerang");
    story.refused("kemenpu", unknown, Unauthorised, Reason::NoSuchCase);
    let origin = linked(first, "kota-bandung");
    story.refused("kemenpu", origin, Inapplicable, Reason::OriginDiffers);
    story.applied("kemenpu", returned());
    story.refused("kemenpu", link.clone(), Stale, Reason::TermEnded);
    story.applied("pusat", link);
}

#[test]
fn an_origin_that_the_target_excludes_is_not_linked_into_it() {
    let mut story = Story::empty();
    let first = story.new_case("kota-bandung", filed_excluding(&["kota-tangerang"]));
    story.new_case("kota-tangerang", filed());
    let excluded = Reason::Excluded;
    story.refused(
        "pusat",
        linked(first, "kota-tangerang"),
        Unauthorised,
        excluded,
    );
}

#[test]
fn links_form_no_cycle_and_end_in_no_ended_case() {
    let (mut story, first, second) = two_cases();
    let itself = linked(second, "kota-tangerang");
    story.refused("kemenpu", itself, Inapplicable, Reason::SameCase);
    story.applied("kemenpu", linked(first, "kota-tangerang"));
    story.refused(
        "kemenpu",
        linked(first, "kota-tangerang"),
        Inapplicable,
        Reason::NotOpen,
    );
    story.current = first;
    story.refused(
        "kemenpu",
        linked(second, "kota-bandung"),
        Inapplicable,
        Reason::NotOpen,
    );
}

#[test]
fn a_link_under_a_used_id_does_not_take_the_place_of_anothers() {
    let (mut story, first, _) = two_cases();
    let link = story.applied("kemenpu", linked(first, "kota-tangerang"));
    story.new_case("prov-jawa-barat", filed());
    story.applied("prov-jawa-barat", returned());
    let copy = linked(first, "prov-jawa-barat");
    let (ruling, _) = story.rule_as("pusat", link.id, None, copy);
    assert_eq!(ruling.reason, Some(Reason::CaseTaken));
    story.current = first;
    assert!(story.is_party("kota-tangerang"));
}

#[test]
fn a_split_child_inherits_parties_exclusions_and_origin() {
    let mut story = Story::empty();
    story.new_case("kota-bandung", filed_excluding(&["kota-tangerang"]));
    story.applied("kota-bandung", disposed_with("kemenpu", &["kemensos"]));
    story.applied("kota-bandung", escalated("ombudsman"));
    let parent = story.current;
    let child = CaseId::mint(77, [7; 10]);
    let inherits = Inheritance::of(story.case());
    story.applied("kemenpu", split(child, inherits));
    assert_eq!(story.case().children, [child]);
    story.stands("kemenpu", State::Disposed);
    story.current = child;
    story.stands("kemenpu", State::Verified);
    story.stack_is(&["kota-bandung"]);
    assert_eq!(story.case().parent, Some(parent));
    assert_eq!(story.case().origin, id("kota-bandung"));
    for party in ["kota-bandung", "kemensos", "ombudsman", "pusat"] {
        assert!(story.is_party(party), "{party}");
    }
    let excluded = Reason::Excluded;
    story.refused(
        "kemenpu",
        disposed("kota-tangerang"),
        Unauthorised,
        excluded,
    );
    story.applied("ombudsman", taken_over());
    story.applied("ombudsman", returned());
    story.applied("kemenpu", returned());
    story.stands("kota-bandung", State::Verified);
}

#[test]
fn a_split_loses_nobody_who_joined_meanwhile_and_takes_no_used_id() {
    let mut story = Story::filed_at("kota-bandung");
    let before = Inheritance::of(story.case());
    let child = CaseId::mint(77, [7; 10]);
    story.applied("kota-bandung", escalated("ombudsman"));
    let differs = Reason::InheritanceDiffers;
    story.refused(
        "kota-bandung",
        split(child, before.clone()),
        Inapplicable,
        differs,
    );
    story.refused(
        "pusat",
        split(child, before),
        Unauthorised,
        Reason::NeverCustodian,
    );
    let now = Inheritance::of(story.case());
    story.applied("kota-bandung", split(child, now.clone()));
    story.refused(
        "kota-bandung",
        split(child, now),
        Inapplicable,
        Reason::CaseTaken,
    );
}

#[test]
fn nothing_is_linked_or_split_after_the_end() {
    let (mut story, first, _) = two_cases();
    story.applied("kemenpu", archived());
    story.refused(
        "kemenpu",
        linked(first, "kota-tangerang"),
        Inapplicable,
        Reason::NotOpen,
    );
    let inherits = Inheritance::of(story.case());
    let child = split(CaseId::mint(77, [7; 10]), inherits);
    story.refused("kemenpu", child, Inapplicable, Reason::NotOpen);
}

#[test]
fn a_merged_case_is_left_in_peace_and_still_heard() {
    let (mut story, first, _) = two_cases();
    story.applied("kemenpu", linked(first, "kota-tangerang"));
    story.refused("kemenpu", followed_up(), Inapplicable, Reason::NotOpen);
    story.refused(
        "kota-tangerang",
        reopened(),
        Inapplicable,
        Reason::NotClosed,
    );
    story.refused(
        "kota-tangerang",
        escalated("ombudsman"),
        Inapplicable,
        Reason::NotOpen,
    );
    let (ruling, _) = story.rule("kota-tangerang", None, replied());
    assert_eq!(ruling, Ruling::APPLIED);
    story.stands("kemenpu", State::Merged);
}
