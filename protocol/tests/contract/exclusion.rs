//! An excluded institution becomes no party, ceases to be one, and is skipped;
//! an excluded national desk has a stand-in. Nobody comes in by having its work.

use lapor_protocol::case::Effect::{Inapplicable, Stale, Unauthorised};
use lapor_protocol::case::{Reason, Share, State};

use crate::acts::*;
use crate::story::Story;
use crate::world::id;

#[test]
fn an_excluded_institution_becomes_no_party() {
    let mut story = Story::empty();
    story.new_case("kota-bandung", filed_excluding(&["kemenpu", "ombudsman"]));
    let excluded = Reason::Excluded;
    story.refused("kota-bandung", disposed("kemenpu"), Unauthorised, excluded);
    let with_copy = disposed_with("kemensos", &["kemenpu"]);
    story.refused("kota-bandung", with_copy, Unauthorised, excluded);
    story.refused(
        "kota-bandung",
        escalated("ombudsman"),
        Unauthorised,
        excluded,
    );
    story.refused(
        "kota-bandung",
        verified_for("kemenpu"),
        Unauthorised,
        excluded,
    );
    story.refused("kemenpu", noted(), Unauthorised, Reason::NeverParty);
}

#[test]
fn an_exclusion_takes_a_party_out_of_every_role_and_tells_it_so() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed_with("kemenpu", &["kemensos"]));
    story.applied("kemenpu", disposed_with("kemenhub", &["kemensos"]));
    story.applied("kemenhub", held());
    story.applied("kemenhub", excluding(&["kemenpu", "kemensos"]));
    story.stack_is(&["kota-bandung"]);
    assert!(!story.is_party("kemenpu") && !story.is_party("kemensos"));
    assert_eq!(
        story.share("kemenpu"),
        Some(Share::Whole),
        "the message that says so"
    );
    story.refused("kemenpu", recalled(), Stale, Reason::TermEnded);
    story.refused("kemensos", noted(), Stale, Reason::NoLongerParty);
    assert_eq!(story.share("kemenpu"), None, "and nothing more");
    story.applied("kemenhub", returned());
    story.stands("kota-bandung", State::Verified);
}

#[test]
fn neither_origin_nor_custodian_can_be_excluded() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", disposed("kemenpu"));
    story.applied("kemenpu", returned());
    let needed = Reason::ExcludesParty;
    story.refused(
        "kota-bandung",
        excluding(&["kota-bandung"]),
        Inapplicable,
        needed,
    );
    story.refused(
        "kota-bandung",
        excluding(&["nobody"]),
        Inapplicable,
        Reason::UnknownInstance,
    );
    story.applied("kota-bandung", excluding(&["kemenpu"]));
    let excluded = Reason::Excluded;
    story.refused("kota-bandung", disposed("kemenpu"), Unauthorised, excluded);
}

#[test]
fn a_filing_excludes_only_institutions_that_exist() {
    let mut story = Story::empty();
    let unknown = Reason::UnknownInstance;
    story.refused(
        "kota-bandung",
        filed_excluding(&["nobody"]),
        Inapplicable,
        unknown,
    );
    assert!(story.cases.is_empty());
}

#[test]
fn the_default_supervisor_stands_in_for_an_excluded_desk_with_its_authority() {
    let mut story = Story::empty();
    story.new_case("kota-tangerang", filed_excluding(&["pusat"]));
    assert!(!story.is_party("pusat") && story.is_party("ombudsman"));
    let excluded = Reason::Excluded;
    story.refused("kota-tangerang", disposed("pusat"), Unauthorised, excluded);
    story.refused("pusat", recalled(), Unauthorised, Reason::NeverDisposer);
    story.applied("kota-tangerang", returned());
    story.stands("ombudsman", State::Verified);
    // The desk's authority is `*`; the supervisor's own is nothing.
    story.applied("ombudsman", disposed("kemenhub"));
    story.applied("ombudsman", recalled());
    story.applied("ombudsman", redacted());
    story.stands("ombudsman", State::Verified);
}

#[test]
fn without_an_exclusion_the_supervisor_has_neither_role_nor_authority() {
    let mut story = Story::filed_at("kota-bandung");
    assert!(!story.is_party("ombudsman"));
    story.refused("ombudsman", recalled(), Unauthorised, Reason::NeverDisposer);
    story.applied("kota-bandung", escalated("ombudsman"));
    story.applied("ombudsman", taken_over());
    let out = Reason::OutsideAuthority;
    story.refused("ombudsman", disposed("kemenhub"), Unauthorised, out);
}

#[test]
fn excluding_the_desk_and_its_stand_in_leaves_no_desk() {
    let mut story = Story::empty();
    story.new_case("kota-bandung", filed_excluding(&["pusat", "ombudsman"]));
    assert_eq!(story.case().desk(story.world.now()), None);
    story.refused(
        "kota-bandung",
        returned(),
        Inapplicable,
        Reason::NobodyToReturnTo,
    );
    story.applied("kota-bandung", followed_up());
}

#[test]
fn a_desk_excluded_later_loses_its_reading_to_the_stand_in() {
    let mut story = Story::filed_at("kota-bandung");
    story.applied("kota-bandung", excluding(&["pusat"]));
    assert!(!story.is_party("pusat") && story.is_party("ombudsman"));
    assert_eq!(story.share("ombudsman"), Some(Share::Whole));
    assert!(story.case().ever_party.contains(&id("ombudsman")));
    story.refused("pusat", noted(), Stale, Reason::NoLongerParty);
}

#[test]
fn whoever_has_the_work_of_an_excluded_institution_becomes_no_party() {
    let mut story = Story::empty();
    let case = story.new_case("kota-bandung", filed_excluding(&["kemenlama"]));
    story.world.dissolve("kemenlama", "kemensos");
    story.world.dissolve("kemensos", "kemenhub");
    let excluded = Reason::Excluded;
    for target in ["kemensos", "kemenhub"] {
        story.refused("kota-bandung", disposed(target), Unauthorised, excluded);
    }
    let with_copy = disposed_with("kemenpu", &["kemenhub"]);
    story.refused("kota-bandung", with_copy, Unauthorised, excluded);
    assert!(!story.is_party("kemenhub"));
    story.new_case("kota-bandung", filed());
    story.applied("kota-bandung", disposed("kemenhub"));
    story.current = case;
    story.applied("kota-bandung", disposed("kemenpu"));
}

#[test]
fn no_other_act_brings_in_whoever_has_the_work_of_an_excluded_institution() {
    let mut story = Story::empty();
    let excluded = Reason::Excluded;
    let out = ["komisi-baru", "kemenlama"];
    let target = story.new_case("kota-bandung", filed_excluding(&out));
    story.world.dissolve("komisi-baru", "ombudsman");
    let supervisor = escalated("ombudsman");
    story.refused("kota-bandung", supervisor, Unauthorised, excluded);
    story.world.dissolve("kemenlama", "bumn-pln");
    let represented = verified_for("bumn-pln");
    story.refused("kota-bandung", represented, Unauthorised, excluded);
    story.world.dissolve("bumn-pln", "kota-tangerang");
    story.new_case("kota-tangerang", filed());
    let link = linked(target, "kota-tangerang");
    story.refused("pusat", link, Unauthorised, excluded);
    story.current = target;
    story.applied("kota-bandung", disposed("kemenpu"));
    story.world.dissolve("kemenpu", "kota-tangerang");
    story.refused("pusat", succeeded("kemenpu"), Unauthorised, excluded);
}

#[test]
fn what_an_institution_was_before_it_had_the_work_of_an_excluded_one_it_stays() {
    let mut story = Story::empty();
    story.new_case("kota-bandung", filed_excluding(&["kemenlama"]));
    story.applied("kota-bandung", disposed_with("kemenpu", &["kemenhub"]));
    story.applied("kemenpu", disposed("kemensos"));
    story.world.dissolve("kemenlama", "kemenpu");
    assert!(story.is_party("kemenpu") && story.is_party("kemenhub"));
    story.applied("kemenpu", noted());
    story.applied("kemensos", returned());
    story.stands("kemenpu", State::Verified);
    story.applied("kemenpu", disposed("kemensos"));
    story.applied("kemenpu", recalled());
    story.applied("kemenpu", disposed("kemensos"));
    let excluded = Reason::Excluded;
    let back = disposed("kemenpu");
    story.refused("kemensos", back.clone(), Unauthorised, excluded);
    story.applied("kemensos", held());
    story.applied("kemensos", excluding(&["kemenpu"]));
    assert!(!story.is_party("kemenpu"), "once it is excluded itself");
    story.applied("kota-bandung", recalled());
    story.refused("kota-bandung", back, Unauthorised, excluded);
}

#[test]
fn an_origin_with_the_work_of_an_excluded_institution_keeps_its_reports_and_their_duplicates() {
    let mut story = Story::empty();
    story.world.dissolve("kemenlama", "kota-bandung");
    let first = story.new_case("kota-bandung", filed_excluding(&["kemenlama"]));
    story.new_case("kota-bandung", filed());
    story.applied("kota-bandung", linked(first, "kota-bandung"));
    story.current = first;
    story.applied("kota-bandung", disposed("kemenpu"));
    story.applied("kemenpu", returned());
    story.stands("kota-bandung", State::Verified);
}

#[test]
fn no_stand_in_is_an_excluded_one_under_another_name() {
    let mut story = Story::empty();
    let neither = story.new_case("kota-bandung", filed_excluding(&["pusat", "ombudsman"]));
    let only_desk = story.new_case("kota-bandung", filed_excluding(&["pusat"]));
    story.world.replace("ombudsman", "ombudsman-baru");
    for (case, stands_in) in [(neither, false), (only_desk, true)] {
        story.current = case;
        story.applied("kota-bandung", followed_up());
        assert_eq!(story.is_party("ombudsman-baru"), stands_in);
        let desk = story.case().desk(story.world.now());
        assert_eq!(desk.is_some(), stands_in);
    }
}

#[test]
fn a_desk_keeps_what_it_had_before_it_got_the_work_of_an_excluded_institution() {
    let mut story = Story::empty();
    let before = story.new_case("kota-bandung", filed_excluding(&["kemenlama"]));
    story.world.dissolve("kemenlama", "pusat");
    story.new_case("kota-bandung", filed_excluding(&["kemenlama"]));
    assert!(!story.is_party("pusat") && story.is_party("ombudsman"));
    story.refused("pusat", recalled(), Unauthorised, Reason::NeverDisposer);
    story.applied("ombudsman", recalled());
    story.current = before;
    assert!(story.is_party("pusat") && !story.is_party("ombudsman"));
    story.applied("pusat", recalled());
}
