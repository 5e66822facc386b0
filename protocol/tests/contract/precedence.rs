//! Of several reasons to refuse, the first of: malformed, duplicate,
//! unauthorised, stale, inapplicable.

use lapor_protocol::case::Effect::{self, Duplicate, Inapplicable, Malformed, Stale, Unauthorised};
use lapor_protocol::case::{Reason, Ruling, Share, Withheld, rule};
use lapor_protocol::ids::{CaseId, Digest, MessageRef, Position};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Message;

use crate::acts::*;
use crate::story::Story;
use crate::world::{World, id};

/// A case that ended with the ministry, and a term that is long over.
fn ended() -> (Story, MessageRef) {
    let mut story = Story::filed_at("kota-bandung");
    let old = story.term();
    story.applied("kota-bandung", disposed("kemenpu"));
    story.applied("kemenpu", archived());
    (story, old)
}

#[test]
fn every_custodial_act_is_unauthorised_before_stale_before_inapplicable() {
    let custodial: [fn() -> Body; 8] = [
        verified,
        held,
        archived,
        || disposed("pusat"),
        returned,
        followed_up,
        identity_requested,
        || split(CaseId::mint(5, [5; 10]), inherited()),
    ];
    for act in custodial {
        let (mut story, old) = ended();
        let old = Some(old);
        story.refused_under(
            "kemensos",
            old.clone(),
            act(),
            Unauthorised,
            Reason::NeverCustodian,
        );
        story.refused_under("kota-bandung", old, act(), Stale, Reason::TermEnded);
        let now = Some(story.term());
        let (ruling, _) = story.rule("kemenpu", now, act());
        assert_eq!(ruling.effect, Inapplicable, "{}", act().kind());
    }
}

fn inherited() -> lapor_protocol::kinds::case_split::Inheritance {
    lapor_protocol::kinds::case_split::Inheritance::of(Story::filed_at("kota-bandung").case())
}

#[test]
fn a_target_outside_the_authority_is_named_before_a_stale_term() {
    let (mut story, old) = ended();
    let old = Some(old);
    let out = Reason::OutsideAuthority;
    story.refused_under(
        "kota-bandung",
        old.clone(),
        disposed("ombudsman"),
        Unauthorised,
        out,
    );
    let stale = Reason::TermEnded;
    story.refused_under("kota-bandung", old, disposed("pusat"), Stale, stale);
    story.refused("kemenpu", disposed("pusat"), Inapplicable, Reason::NotOpen);
}

#[test]
fn a_link_to_itself_by_a_stranger_or_under_an_old_term_is_not_merely_inapplicable() {
    let (mut story, old) = ended();
    let itself = linked(story.current, "kota-bandung");
    let old = Some(old);
    let never = Reason::NeverCustodian;
    story.refused_under("kemensos", old.clone(), itself.clone(), Unauthorised, never);
    story.refused_under(
        "kota-bandung",
        old,
        itself.clone(),
        Stale,
        Reason::TermEnded,
    );
    story.refused("kemenpu", itself, Inapplicable, Reason::SameCase);
}

#[test]
fn a_custodian_that_names_another_term_is_stale_also_when_custody_came_back() {
    let mut story = Story::filed_at("kota-bandung");
    let birth = Some(story.term());
    story.applied("kota-bandung", disposed("kemenpu"));
    story.applied("kemenpu", returned());
    story.refused_under("kota-bandung", birth, verified(), Stale, Reason::TermEnded);
    story.applied("kota-bandung", verified());
}

fn message(author: &str, case: CaseId, kind: &str, body: &str) -> Message {
    let at = Position { epoch: 1, seq: 1 };
    let text = format!(
        r#"{{"v":1,"kind":"{kind}","id":"018bcfe5-6800-7000-8000-000000000001","author":"{author}","epoch":{},"seq":{},"prev":"{}","case":"{case}","created_at":0,"body":{body}}}"#,
        at.epoch,
        at.seq,
        Digest::ZERO
    );
    Message::parse(text.as_bytes()).unwrap()
}

#[test]
fn a_broken_body_is_malformed_before_anything_else_and_shown_to_nobody() {
    let story = Story::filed_at("kota-bandung");
    let case = Some(story.case());
    let world = story.world.now();
    for (kind, body, reason) in [
        ("case.rated", r#"{"score":9}"#, Reason::BodyInvalid),
        ("case.verified", "{}", Reason::BodyInvalid), // no term
        ("case.teleported", "{}", Reason::KindUnknown),
        ("programme.published", "{}", Reason::BodyInvalid),
    ] {
        let message = message("kota-bandung", story.current, kind, body);
        let ruling = rule(&message, true, case, None, world);
        let expected = Ruling {
            effect: Malformed,
            reason: Some(reason),
        };
        assert_eq!(ruling, expected, "{kind}");
        let shares = lapor_protocol::case::audience(&message, Malformed, case, case, world);
        for (recipient, share) in shares {
            let own = recipient == id("kota-bandung");
            let expected = if own {
                Withheld::Own
            } else {
                Withheld::NotEntitled
            };
            assert_eq!(share, Share::Without(expected), "{recipient}");
        }
    }
}

#[test]
fn a_used_id_is_a_duplicate_whatever_it_says_and_concerns_its_author_alone() {
    let mut story = Story::filed_at("kota-bandung");
    let first = story.applied("kota-bandung", verified());
    let before = story.case().clone();
    for body in [verified(), archived(), disposed("nobody")] {
        let term = Some(story.term());
        let (ruling, _) = story.rule_as("kota-bandung", first.id, term, body);
        let expected = Ruling {
            effect: Duplicate,
            reason: None,
        };
        assert_eq!(ruling, expected);
        assert_eq!(story.audience.len(), 1);
        assert_eq!(
            story.share("kota-bandung"),
            Some(Share::Without(Withheld::Own))
        );
    }
    assert_eq!(story.case(), &before);
    // Another author may use the id: an id is unique per author.
    let (ruling, _) = story.rule_as("pusat", first.id, None, noted());
    assert_eq!(ruling.effect, Effect::Applied);
}

#[test]
fn a_kind_without_a_case_is_never_judged_on_one() {
    let story = Story::filed_at("kota-bandung");
    let world = World::new();
    let mut message = message("pusat", story.current, "case.replied", "{}");
    message.body = Body::of_kind("taxonomy.updated", r#"{"edition":"1","roots":[]}"#);
    let ruling = rule(&message, false, Some(story.case()), None, world.now());
    assert_eq!(ruling.effect, Inapplicable);
}
