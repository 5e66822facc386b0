//! The bounds within which the federation is checked: each run says what may go wrong in it.

use crate::acts::Act;
use crate::rules::Bounds;

/// A name and its bounds.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub name: &'static str,
    pub bounds: Bounds,
}

const NOTHING: Bounds = Bounds::NOTHING;

/// What the tests check.
pub const SMALL: [Run; 18] = [
    Run {
        name: "nothing goes wrong",
        bounds: Bounds {
            acks: true,
            ..NOTHING
        },
    },
    Run {
        name: "lost and crashed",
        bounds: Bounds {
            crashes: 1,
            lost: 1,
            ..NOTHING
        },
    },
    Run {
        name: "late and doubled",
        bounds: Bounds {
            delayed: 1,
            doubled: 1,
            ..NOTHING
        },
    },
    Run {
        name: "standby, lost",
        bounds: Bounds {
            standbys: 1,
            lost: 1,
            ..NOTHING
        },
    },
    Run {
        name: "two processes, lost",
        bounds: Bounds {
            replicas: 1,
            lost: 1,
            ..NOTHING
        },
    },
    Run {
        name: "node restored",
        bounds: Bounds {
            node_restores: 1,
            unmarked: true,
            ..NOTHING
        },
    },
    Run {
        name: "node restored twice",
        bounds: Bounds {
            without: Some(Act::Recalled),
            node_restores: 2,
            ..NOTHING
        },
    },
    Run {
        name: "node restored, late",
        bounds: Bounds {
            without: Some(Act::Recalled),
            delayed: 1,
            node_restores: 1,
            unmarked: true,
            ..NOTHING
        },
    },
    Run {
        name: "hub restored",
        bounds: Bounds {
            hub_restores: 1,
            ..NOTHING
        },
    },
    Run {
        name: "hub restored, lost and crashed",
        bounds: Bounds {
            without: Some(Act::Disposed),
            crashes: 1,
            lost: 1,
            hub_restores: 1,
            ..NOTHING
        },
    },
    Run {
        name: "hub restored, too quick",
        bounds: Bounds {
            hub_restores: 1,
            unmarked: true,
            impatient: true,
            ..NOTHING
        },
    },
    Run {
        name: "acks, lost and crashed",
        bounds: Bounds {
            without: Some(Act::Recalled),
            acks: true,
            crashes: 1,
            lost: 1,
            ..NOTHING
        },
    },
    Run {
        name: "acks, late and doubled",
        bounds: Bounds {
            without: Some(Act::Recalled),
            acks: true,
            delayed: 1,
            doubled: 1,
            ..NOTHING
        },
    },
    Run {
        name: "acks, node restored",
        bounds: Bounds {
            without: Some(Act::Recalled),
            acks: true,
            node_restores: 1,
            unmarked: true,
            ..NOTHING
        },
    },
    Run {
        name: "acks, hub restored",
        bounds: Bounds {
            without: Some(Act::Disposed),
            acks: true,
            hub_restores: 1,
            ..NOTHING
        },
    },
    // Two batches of a node are under way at once.
    Run {
        name: "two batches, lost and crashed",
        bounds: Bounds {
            behind: 1,
            crashes: 1,
            lost: 1,
            ..NOTHING
        },
    },
    Run {
        name: "two batches, late and doubled",
        bounds: Bounds {
            behind: 1,
            delayed: 1,
            doubled: 1,
            ..NOTHING
        },
    },
    Run {
        name: "two batches, hub restored, lost",
        bounds: Bounds {
            without: Some(Act::Recalled),
            behind: 1,
            lost: 1,
            hub_restores: 1,
            ..NOTHING
        },
    },
];

/// What `make model` checks beside these.
pub const LARGE: [Run; 10] = [
    Run {
        name: "lost, crashed, late and doubled",
        bounds: Bounds {
            crashes: 1,
            lost: 1,
            delayed: 1,
            doubled: 1,
            ..NOTHING
        },
    },
    Run {
        name: "lost and crashed twice, late",
        bounds: Bounds {
            crashes: 2,
            lost: 2,
            delayed: 1,
            ..NOTHING
        },
    },
    Run {
        name: "standby, lost, crashed and late",
        bounds: Bounds {
            crashes: 1,
            lost: 1,
            delayed: 1,
            standbys: 1,
            ..NOTHING
        },
    },
    Run {
        name: "two processes, lost, crashed and late",
        bounds: Bounds {
            crashes: 1,
            lost: 1,
            delayed: 1,
            replicas: 1,
            ..NOTHING
        },
    },
    Run {
        name: "node restored, lost, crashed and late",
        bounds: Bounds {
            crashes: 1,
            lost: 1,
            delayed: 1,
            node_restores: 1,
            unmarked: true,
            ..NOTHING
        },
    },
    Run {
        name: "nodes restored twice",
        bounds: Bounds {
            node_restores: 2,
            unmarked: true,
            ..NOTHING
        },
    },
    Run {
        name: "hub restored, lost, crashed and late",
        bounds: Bounds {
            crashes: 1,
            lost: 1,
            delayed: 1,
            hub_restores: 1,
            unmarked: true,
            impatient: true,
            ..NOTHING
        },
    },
    Run {
        name: "acks, lost, late and doubled",
        bounds: Bounds {
            acks: true,
            lost: 1,
            delayed: 1,
            doubled: 1,
            ..NOTHING
        },
    },
    Run {
        name: "acks, node restored, lost",
        bounds: Bounds {
            acks: true,
            lost: 1,
            node_restores: 1,
            unmarked: true,
            ..NOTHING
        },
    },
    Run {
        name: "acks, hub restored, late",
        bounds: Bounds {
            acks: true,
            delayed: 1,
            hub_restores: 1,
            ..NOTHING
        },
    },
];
