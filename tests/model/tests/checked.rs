//! Within the bounds of the small runs everything holds in every order of events, and a rule that
//! is left out is missed.

use lapor_model::checking::Report;
use lapor_model::rules::Rules;
use lapor_model::runs::{Run, SMALL};

const KEPT: Rules = Rules::KEPT;
/// Which says how many states each run has.
const PROOF: &str = include_str!("../../../docs/proof.md");

fn run(name: &str) -> Run {
    let mut all = SMALL.iter();
    *all.find(|run| run.name == name)
        .expect("a run of that name")
}

/// In this run, without a rule, this property does not hold; before it is found, none is found to
/// be missed but it and the `others`.
#[track_caller]
fn missed(rules: Rules, name: &str, property: &str, others: &[&str]) {
    let report = run(name).miss(rules, property);
    println!("{property}: {} states, {:?}", report.states, report.took);
    let of = |(name, _): &(&'static str, _)| name.split(' ').next();
    let wrong: Vec<_> = report.wrong.iter().filter_map(of).collect();
    assert!(wrong.contains(&property), "{name}: {wrong:?}");
    let others_only = wrong
        .iter()
        .all(|name| *name == property || others.contains(name));
    assert!(others_only, "{name}: {:#?}", report.wrong);
}

/// `1234567` as people write it.
fn in_thousands(count: usize) -> String {
    let digits = count.to_string();
    let digits = digits.as_bytes().rchunks(3).rev();
    let groups = digits.map(|group| String::from_utf8_lossy(group));
    groups.collect::<Vec<_>>().join(",")
}

/// Everything holds in this run, and what it is about comes about.
#[track_caller]
fn holds(run: Run) -> Report {
    let report = run.check(KEPT, 1);
    println!("{}: {} states, {:?}", run.name, report.states, report.took);
    assert!(report.wrong.is_empty(), "{}: {report:#?}", run.name);
    assert!(report.missing.is_empty(), "{}: {report:#?}", run.name);
    report
}

#[test]
fn every_order_of_events_within_the_bounds_holds() {
    for run in SMALL {
        let report = holds(run);
        let row = format!("| {} | {} |", run.name, in_thousands(report.states));
        assert!(PROOF.contains(&row), "docs/proof.md does not say {row}");
    }
}

#[test]
fn a_hub_that_takes_any_start_of_a_node_lets_a_restored_one_fork_its_chain() {
    let rules = Rules {
        boots: false,
        ..KEPT
    };
    missed(rules, "node restored, late", "S5", &[]);
}

#[test]
fn a_node_that_signs_before_it_compares_is_seen() {
    let rules = Rules {
        compares: false,
        ..KEPT
    };
    missed(rules, "node restored", "S6", &[]);
}

#[test]
fn a_node_that_does_not_take_back_what_was_accepted_never_comes_to_rest() {
    let rules = Rules {
        takes_back: false,
        ..KEPT
    };
    missed(rules, "node restored", "L2", &[]);
}

#[test]
fn a_node_that_acknowledges_before_it_keeps_is_seen() {
    let rules = Rules {
        keeps_first: false,
        ..KEPT
    };
    missed(rules, "nothing goes wrong", "S9", &[]);
}

#[test]
fn a_hub_that_takes_an_overtaken_acknowledgement_is_seen() {
    let rules = Rules {
        stale_acks: false,
        ..KEPT
    };
    missed(rules, "acks, late and doubled", "S9", &[]);
}

#[test]
fn a_hub_that_answers_before_it_commits_loses_what_it_has_acknowledged() {
    let rules = Rules {
        commits_first: false,
        ..KEPT
    };
    missed(rules, "nothing goes wrong", "S2", &["S10"]);
}

#[test]
fn a_hub_that_makes_a_second_receipt_of_one_range_is_seen() {
    let rules = Rules {
        stored_receipts: false,
        ..KEPT
    };
    missed(rules, "lost and crashed", "S10", &[]);
}

#[test]
fn a_hub_that_lets_an_ended_custody_act_has_its_ruling_disputed() {
    let rules = Rules {
        terms: false,
        ..KEPT
    };
    missed(rules, "nothing goes wrong", "S16", &[]);
}

#[test]
fn a_process_of_the_hub_that_wakes_up_unfenced_is_seen() {
    let rules = Rules {
        fences: false,
        ..KEPT
    };
    missed(rules, "standby, lost", "S19", &[]);
}

#[test]
fn a_process_of_the_hub_that_does_not_follow_the_other_is_seen() {
    let rules = Rules {
        follows: false,
        ..KEPT
    };
    missed(rules, "two processes, lost", "S8", &[]);
}

#[test]
fn a_restored_hub_that_does_not_look_at_what_members_show_is_seen() {
    let rules = Rules {
        witnesses: false,
        ..KEPT
    };
    missed(rules, "hub restored", "L2", &[]);
}

#[test]
fn a_restored_hub_that_does_not_listen_first_waits_for_a_person() {
    let rules = Rules {
        listens: false,
        ..KEPT
    };
    missed(rules, "hub restored", "L2", &[]);
}

#[test]
fn a_recovered_hub_that_orders_anew_is_seen() {
    let rules = Rules {
        known_places: false,
        ..KEPT
    };
    missed(rules, "hub restored", "L2", &[]);
}

#[test]
fn a_member_that_brings_only_what_receipts_cover_leaves_the_hub_in_recovery() {
    let rules = Rules {
        brings_own: false,
        ..KEPT
    };
    missed(rules, "hub restored, lost and crashed", "L2", &[]);
}

#[test]
fn a_node_that_does_not_ask_again_where_it_stands_never_learns_it() {
    let rules = Rules {
        asks_again: false,
        ..KEPT
    };
    missed(rules, "lost and crashed", "L2", &[]);
}

#[test]
fn a_hub_that_orders_what_does_not_continue_a_chain_holds_no_prefix_any_more() {
    let rules = Rules {
        chains: false,
        ..KEPT
    };
    let others = ["S1", "S7", "S8", "S10"];
    missed(rules, "lost and crashed", "S1", &others);
    missed(rules, "lost and crashed", "S7", &others);
}

#[test]
fn a_hub_that_gives_a_receipt_for_what_it_refuses_is_seen() {
    let rules = Rules {
        plain_refusals: false,
        ..KEPT
    };
    missed(rules, "node restored, late", "S11", &["S10"]);
}

#[test]
fn a_hub_that_notes_a_start_that_it_refuses_stands_the_only_copy_down() {
    let rules = Rules {
        untraced: false,
        ..KEPT
    };
    missed(rules, "node restored, late", "L1", &["L2"]);
}

#[test]
fn a_node_that_takes_their_places_from_accepted_messages_breaks_its_receipts() {
    let rules = Rules {
        keeps_accepted: false,
        ..KEPT
    };
    missed(rules, "node restored", "S3", &[]);
}

#[test]
fn a_node_that_applies_and_does_not_mark_it_gives_a_message_its_effect_twice() {
    let rules = Rules {
        marks: false,
        ..KEPT
    };
    missed(rules, "nothing goes wrong", "S4", &["S16"]);
}

#[test]
fn a_node_that_does_not_hear_again_of_what_came_back_waits_for_its_ruling() {
    let rules = Rules {
        hears_again: false,
        ..KEPT
    };
    missed(rules, "node restored twice", "L2", &[]);
}

#[test]
fn a_node_that_takes_the_hub_s_word_for_a_receipt_waits_for_ever_once_that_is_put_back() {
    let rules = Rules {
        proved: false,
        ..KEPT
    };
    missed(rules, "hub restored, lost and crashed", "L2", &[]);
}
