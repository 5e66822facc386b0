//! Bodies of endpoints that are no signed form: what a hub reads of nodes, and nodes of the hub.

use std::fmt::Debug;

use crate::Named;
use lapor_protocol::page::{BatchLine, PageLine};
use lapor_protocol::problem::Problem;
use lapor_protocol::recovery::{RecoveryAnswer, RecoveryLine};
use lapor_protocol::wire::{
    CaseKeys, DirectoryPage, EpochAnswer, Health, OutboxAnswer, OutboxHead, WellKnown, read_object,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub const ALL: &[Named] = &[("body", body), ("problem", problem), ("line", line)];

/// A body, of each endpoint for which it may be one.
fn body(text: &[u8]) {
    read::<WellKnown>(text);
    read::<OutboxHead>(text);
    read::<OutboxAnswer>(text);
    read::<EpochAnswer>(text);
    read::<CaseKeys>(text);
    read::<DirectoryPage>(text);
    read::<Health>(text);
    read::<RecoveryAnswer>(text);
}

fn read<T: Serialize + DeserializeOwned + PartialEq + Debug>(text: &[u8]) {
    let Ok(told) = read_object::<T>(text) else {
        return;
    };
    let again = serde_json::to_vec(&told).expect("what was read is written");
    assert_eq!(read_object::<T>(&again).ok(), Some(told));
}

/// Why the hub refuses.
fn problem(text: &[u8]) {
    let Ok(problem) = serde_json::from_slice::<Problem>(text) else {
        return;
    };
    let again = serde_json::to_vec(&problem).expect("a problem is written");
    let again: Problem = serde_json::from_slice(&again).expect("and read");
    assert_eq!((again.code, again.retry), (problem.code, problem.retry));
    assert_eq!(again.detail, problem.detail);
}

/// A line of a batch, of a page, or of what a member brings back; its parts keep their bytes.
fn line(text: &[u8]) {
    let within = |part: &str| {
        let part = part.as_bytes();
        part.is_empty() || text.windows(part.len()).any(|window| window == part)
    };
    if let Ok(line) = read_object::<BatchLine<'_>>(text) {
        assert!(within(line.envelope.get()));
    }
    if let Ok(line) = serde_json::from_slice::<PageLine<'_>>(text) {
        let parts = [line.item, line.envelope, line.head];
        assert!(parts.into_iter().flatten().all(|part| within(part.get())));
    }
    if let Ok(line) = read_object::<RecoveryLine<'_>>(text) {
        let parts = [
            line.directory,
            line.receipt,
            line.own,
            line.item,
            line.envelope,
        ];
        assert!(parts.into_iter().flatten().all(|part| within(part.get())));
    }
}
