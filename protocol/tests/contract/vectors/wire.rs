//! Bodies of endpoints that are no signed form, for the published page.

use lapor_protocol::chain::ChainHead;
use lapor_protocol::ids::{Digest, Position};
use lapor_protocol::kinds::Body;
use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::receipt::Receipt;
use lapor_protocol::seen;
use lapor_protocol::wire::{
    CaseKeys, DirectoryPage, EpochAnswer, Health, Holds, Limits, OutboxAnswer, OutboxException,
    OutboxHead, Reached, WellKnown,
};

use super::cast::{self, NOW};
use super::delivered::{self, batch_line, key_for_the_ministry};
use super::ordered::{Node, object, of, text};
use super::signed::{self, epoch_exchange, versions};

pub fn examples() -> Node {
    let ids = cast::ids(&cast::chain());
    let head = ChainHead {
        epoch: 1,
        seq: 3,
        id: ids[2],
    };
    let receipt = Receipt::accepted(cast::bandung(), 1, 1, &ids, NOW).sign(&cast::hub());
    let shown = [delivered::head(), receipt.clone(), signed::directory_head()];
    let shown: Vec<String> = shown.iter().filter_map(seen::shown).collect();
    let gap = OutboxException {
        epoch: 1,
        seq: 5,
        code: Code::SequenceGap,
        detail: Some("expected position 1.4, got 1.5".into()),
    };
    let mut problem = Problem::new(Code::SequenceGap).with_detail("expected position 1.4, got 1.5");
    problem.request = Some("01k2".into());
    problem.expected = Some(serde_json::to_value(cast::FIRST).unwrap());
    object([
        ("well_known", of(&well_known())),
        ("batch_line", batch_line()),
        (
            "outbox_head",
            of(&OutboxHead {
                head,
                accepted: 3,
                archived: 0,
            }),
        ),
        (
            "outbox_answer",
            of(&OutboxAnswer {
                accepted_through: 3,
                head,
                exceptions: vec![gap],
                receipts: vec![receipt],
            }),
        ),
        ("epoch_request", of(&epoch_exchange().0)),
        (
            "epoch_answer",
            of(&EpochAnswer {
                grant: epoch_exchange().1,
            }),
        ),
        (
            "case_keys",
            of(&CaseKeys {
                case: cast::case(),
                wraps: vec![key_for_the_ministry()],
                missing: vec![crate::world::id("kemensos")],
            }),
        ),
        (
            "directory_page",
            of(&DirectoryPage {
                versions: vec![versions()[1].clone()],
                head: Some(signed::directory_head()),
                latest: 2,
            }),
        ),
        ("health", of(&health())),
        ("seen", text(&shown.join(","))),
        ("problem", of(&problem)),
    ])
}

fn well_known() -> WellKnown {
    WellKnown {
        trust_domain: "lapor.test".into(),
        versions: vec!["1".into()],
        software: "lapor-hub 0.1.0".into(),
        time: NOW,
        key_ids: vec![cast::hub().kid().clone()],
        kinds: Body::KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
        limits: Limits::default(),
    }
}

fn health() -> Health {
    Health {
        software: "lapor-node 0.1.0".into(),
        time: NOW,
        unsent: 2,
        oldest_unsent: Some(NOW - 90_000),
        unapplied: 0,
        quarantined: 0,
        parked: 0,
        directory: 2,
        certificate_expires: NOW + 30 * 86_400_000,
        free_disk_bytes: Some(4_000_000_000),
        last_backup: None,
        chain: Some(Position { epoch: 1, seq: 7 }),
        inbox: Some(Reached {
            depoch: 1,
            accepted: 12,
            settled: 12,
        }),
        holds: Some(Holds {
            taxonomy: Some("2026.2".into()),
            calendar: None,
            regions: Some("idn-area-data 4.0.1".into()),
            roots: vec![Digest::of(b"root")],
            certified_by: Some(Digest::of(b"root")),
        }),
        portal: Some("https://lapor.bandung.go.id".into()),
    }
}
