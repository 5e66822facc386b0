//! Within the bounds of the small runs everything holds in every order of events, and a rule that
//! is left out is missed.

use lapor_model::rules::Rules;
use lapor_model::runs::{Run, SMALL};

const KEPT: Rules = Rules::KEPT;

fn run(name: &str) -> Run {
    let mut all = SMALL.iter();
    *all.find(|run| run.name == name)
        .expect("a run of that name")
}

/// In this run, without a rule, the property of this name is the first not to hold.
#[track_caller]
fn missed(rules: Rules, name: &str, property: &str) {
    let report = run(name).check(rules, 1);
    let (wrong, steps) = report.wrong.expect("a rule is left out and nobody notices");
    assert!(wrong.starts_with(property), "{wrong}: {steps:#?}");
}

#[test]
fn every_order_of_events_within_the_bounds_holds() {
    for run in SMALL {
        let report = run.check(KEPT, 2);
        println!("{}: {} states", run.name, report.states);
        assert!(report.wrong.is_none(), "{}: {report:#?}", run.name);
        assert!(report.missing.is_empty(), "{}: {report:#?}", run.name);
    }
}

#[test]
fn a_hub_that_takes_any_start_of_a_node_lets_a_restored_one_fork_its_chain() {
    let rules = Rules {
        boots: false,
        ..KEPT
    };
    missed(rules, "node restored", "S5");
}

#[test]
fn a_node_that_signs_before_it_compares_is_seen() {
    let rules = Rules {
        compares: false,
        ..KEPT
    };
    missed(rules, "node restored", "S6");
}

#[test]
fn a_node_that_does_not_take_back_what_was_accepted_never_comes_to_rest() {
    let rules = Rules {
        takes_back: false,
        ..KEPT
    };
    missed(rules, "node restored", "L2");
}

#[test]
fn a_node_that_acknowledges_before_it_keeps_is_seen() {
    let rules = Rules {
        keeps_first: false,
        ..KEPT
    };
    missed(rules, "nothing goes wrong", "S9");
}

#[test]
fn a_hub_that_takes_an_overtaken_acknowledgement_is_seen() {
    let rules = Rules {
        stale_acks: false,
        ..KEPT
    };
    missed(rules, "late and doubled", "S9");
}

#[test]
fn a_hub_that_answers_before_it_commits_loses_what_it_has_acknowledged() {
    let rules = Rules {
        commits_first: false,
        ..KEPT
    };
    missed(rules, "nothing goes wrong", "S2");
}

#[test]
fn a_hub_that_makes_a_second_receipt_of_one_range_is_seen() {
    let rules = Rules {
        stored_receipts: false,
        ..KEPT
    };
    missed(rules, "lost and crashed", "S10");
}

#[test]
fn a_hub_that_lets_an_ended_custody_act_has_its_ruling_disputed() {
    let rules = Rules {
        terms: false,
        ..KEPT
    };
    missed(rules, "nothing goes wrong", "S16");
}

#[test]
fn a_process_of_the_hub_that_wakes_up_unfenced_is_seen() {
    let rules = Rules {
        fences: false,
        ..KEPT
    };
    missed(rules, "standby", "S19");
}

#[test]
fn a_restored_hub_that_does_not_look_at_what_members_show_is_seen() {
    let rules = Rules {
        witnesses: false,
        ..KEPT
    };
    missed(rules, "hub restored", "L2");
}

#[test]
fn a_restored_hub_that_does_not_listen_first_waits_for_a_person() {
    let rules = Rules {
        listens: false,
        ..KEPT
    };
    missed(rules, "hub restored", "L2");
}

#[test]
fn a_recovered_hub_that_orders_anew_is_seen() {
    let rules = Rules {
        known_places: false,
        ..KEPT
    };
    missed(rules, "hub restored", "L2");
}

#[test]
fn a_member_that_brings_only_what_receipts_cover_leaves_the_hub_in_recovery() {
    let rules = Rules {
        brings_own: false,
        ..KEPT
    };
    missed(rules, "hub restored", "L2");
}

#[test]
fn a_node_that_does_not_ask_again_where_it_stands_never_learns_it() {
    let rules = Rules {
        asks_again: false,
        ..KEPT
    };
    missed(rules, "lost and crashed", "L2");
}
