//! The audit proves a record that is true, and names what was changed in one
//! that is not.

use std::collections::BTreeMap;

use lapor_protocol::audit::{Audit, Extent, Finding, Ruled, Tally, Wrong};
use lapor_protocol::case::{Effect, Reason, Ruling};
use lapor_protocol::delivery::StreamHead;
use lapor_protocol::directory::Directory;
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::{CaseId, Position};
use lapor_protocol::keys::{CertifiedKey, KeyUse, Signer, Verifier};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Message;
use lapor_protocol::receipt::{Receipt, Stream};

use crate::acts;
use crate::story::Story;
use crate::world::{World, id};

/// A record as a hub publishes it.
struct Record {
    world: World,
    envelopes: Vec<(String, Vec<Ruled>)>,
    receipts: Vec<Envelope>,
    heads: Vec<Envelope>,
}

fn hub() -> Signer {
    Signer::from_seed(&[1; 32])
}

fn signing(slug: &str) -> Signer {
    let mut seed = [0; 32];
    seed[..slug.len()].copy_from_slice(slug.as_bytes());
    Signer::from_seed(&seed)
}

/// Two cases at three institutions, one merged into the other, with acts that
/// had no effect among them.
fn told() -> Story {
    let mut story = Story::filed_at("kota-bandung");
    let first = story.current;
    story.applied("kota-bandung", acts::verified());
    story.applied("kota-bandung", acts::disposed("kemenpu"));
    story.refused(
        "kemensos",
        acts::followed_up(),
        Effect::Unauthorised,
        Reason::NeverCustodian,
    );
    story.applied("kemenpu", acts::followed_up());
    story.new_case("kota-bandung", acts::filed());
    story.applied("kota-bandung", acts::disposed("kemenpu"));
    story.applied("kemenpu", acts::linked(first, "kota-bandung"));
    story.current = first;
    story.applied("kemenpu", acts::returned());
    story
}

/// Signs a story's messages, numbers them as a hub does, and writes receipts.
fn recorded(story: Story) -> Record {
    let mut world = story.world;
    for slug in ["kota-bandung", "kemenpu", "kemensos"] {
        let identity = signing(&format!("i-{slug}"));
        world.change(slug, |entry| {
            let first = Position { epoch: 1, seq: 1 };
            let key = signing(slug).public();
            entry.identity = Some(identity.public());
            let key = CertifiedKey::certify(&identity, &entry.id, KeyUse::Signing, key, first);
            entry.keys = vec![key];
        });
    }
    let mut places: BTreeMap<CaseId, u64> = BTreeMap::new();
    let mut chains: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut envelopes = Vec::new();
    for ruled in story.ruled {
        let message = Message::parse(&ruled.payload).unwrap();
        let author = message.header.author.clone();
        let envelope = Envelope::sign(MESSAGE_TYPE, ruled.payload, &signing(author.as_str()));
        chains.entry(author).or_default().push(envelope.id());
        let other = message.body.as_ref().ok().and_then(Body::other_case);
        let second = other.filter(|_| ruled.ruling.applied());
        let legs = message.header.case.into_iter().chain(second).map(|case| {
            let place = places.entry(case).or_default();
            *place += 1;
            Ruled {
                case: Some(case),
                case_seq: Some(*place),
                envelope_id: envelope.id(),
                ruling: ruled.ruling,
                directory: ruled.directory,
                ordered_at: ruled.ordered_at,
            }
        });
        let legs = legs.collect();
        envelopes.push((envelope.to_line(), legs));
    }
    let receipt =
        |(author, ids): (_, Vec<_>)| Receipt::accepted(author, 1, 1, &ids, 0).sign(&hub());
    Record {
        world,
        envelopes,
        receipts: chains.into_iter().map(receipt).collect(),
        heads: Vec::new(),
    }
}

fn head(audit: &Audit, slug: &str) -> StreamHead {
    let items = audit.stream(Some(&id(slug)));
    StreamHead {
        recipient: Some(id(slug)),
        stream: Stream::Inbox,
        depoch: 1,
        dseq: items.len() as u64,
        hash: *items.last().unwrap(),
        at: 0,
    }
}

impl Record {
    fn audit(&self, extent: Extent) -> Audit {
        let key = Verifier::from_jwk(&hub().public()).unwrap();
        let mut directory = Directory::trusting(vec![key]);
        for version in &self.world.versions {
            directory.apply(version).unwrap();
        }
        let mut audit = Audit::new(directory, extent);
        for (line, rulings) in &self.envelopes {
            audit.envelope(line.as_bytes());
            for ruled in rulings {
                audit.ruling(ruled);
            }
        }
        for receipt in &self.receipts {
            audit.receipt(receipt);
        }
        for head in &self.heads {
            audit.head(head);
        }
        audit
    }

    fn findings(&self) -> Vec<Finding> {
        self.audit(Extent::Whole).finish().1
    }

    #[track_caller]
    fn contradicted(&self, wrong: impl Fn(&Wrong) -> bool) {
        let findings = self.findings();
        let named = findings.iter().any(|finding| wrong(&finding.wrong));
        assert!(named, "{findings:?}");
    }
}

#[test]
fn a_true_record_is_proved_and_folds_to_the_same_cases() {
    let story = told();
    let cases = story.cases.clone();
    let mut record = recorded(story);
    let honest = head(&record.audit(Extent::Whole), "kemenpu");
    assert_eq!(honest.dseq, 10, "every message of both cases");
    record.heads = vec![honest.sign(&hub())];
    let mut audit = record.audit(Extent::Whole);
    let (tally, findings) = audit.finish();
    assert_eq!(findings, []);
    let expected = Tally {
        envelopes: 9,
        rulings: 10,
        applied: 9,
        receipts: 3,
        heads: 1,
        cases: 2,
    };
    assert_eq!(tally, expected);
    for (id, case) in &cases {
        assert_eq!(audit.case(*id).unwrap().digest(), case.digest());
    }
}

#[test]
fn who_has_left_a_case_is_told_of_its_erasure_alone_and_of_all_if_it_comes_back() {
    let erased = || {
        let mut story = Story::filed_at("kota-bandung");
        story.applied("kota-bandung", acts::disposed("kemenpu"));
        story.applied("kemenpu", acts::returned());
        story.applied("kota-bandung", acts::followed_up());
        story.applied("kota-bandung", acts::redacted());
        story
    };
    let mut back = erased();
    back.applied("kota-bandung", acts::disposed("kemenpu"));
    // Report, disposal, return and erasure; then what it had missed, the erasure in its turn, the disposal.
    for (story, items) in [(erased(), 4), (back, 7)] {
        let mut audit = recorded(story).audit(Extent::Whole);
        assert_eq!(audit.stream(Some(&id("kemenpu"))).len(), items);
        let (_, findings) = audit.finish();
        assert_eq!(findings, []);
    }
}

#[test]
fn a_changed_or_missing_line_is_named() {
    let mut record = recorded(told());
    let (line, rulings) = record.envelopes.remove(3);
    record.contradicted(|wrong| matches!(wrong, Wrong::Receipt(_)));
    record.envelopes.insert(3, (line, rulings));

    record.envelopes.remove(1);
    record.contradicted(|wrong| matches!(wrong, Wrong::Gap { .. }));
    record.contradicted(|wrong| matches!(wrong, Wrong::CaseSeq { expected: 2, .. }));
    record.contradicted(|wrong| matches!(wrong, Wrong::Receipt(_)));
    let forged = Envelope::sign(
        MESSAGE_TYPE,
        Envelope::parse(record.envelopes[1].0.as_bytes())
            .unwrap()
            .payload,
        &signing("kemensos"),
    );
    record.envelopes[1].0 = forged.to_line();
    record.contradicted(|wrong| matches!(wrong, Wrong::Key(_)));
}

#[test]
fn a_changed_ruling_is_named() {
    let stale = Ruling {
        effect: Effect::Stale,
        reason: Some(Reason::TermEnded),
    };
    let mut record = recorded(told());
    record.envelopes[4].1[0].ruling = stale;
    record.contradicted(
        |wrong| matches!(wrong, Wrong::Ruling { ruled, .. } if ruled.effect == Effect::Stale),
    );

    let mut record = recorded(told());
    record.envelopes[3].1[0].ruling = Ruling::APPLIED;
    record.contradicted(
        |wrong| matches!(wrong, Wrong::Ruling { expected, .. } if expected.effect == Effect::Unauthorised),
    );
}

#[test]
fn a_ruling_goes_by_who_had_the_work_of_whom_in_the_version_that_it_names() {
    let mut story = Story::empty();
    story.new_case("kota-bandung", acts::filed_excluding(&["kemenlama"]));
    story.applied("kota-bandung", acts::disposed("kemenpu"));
    story.applied("kemenpu", acts::returned());
    let before = story.world.version();
    story.world.dissolve("kemenlama", "kemenpu");
    let excluded = Reason::Excluded;
    let again = acts::disposed("kemenpu");
    story.refused("kota-bandung", again, Effect::Unauthorised, excluded);
    let mut record = recorded(story);
    assert_eq!(record.findings(), []);
    record.envelopes[3].1[0].ruling = Ruling::APPLIED;
    record.contradicted(
        |wrong| matches!(wrong, Wrong::Ruling { expected, .. } if expected.reason == Some(excluded)),
    );
    record.envelopes[3].1[0].directory = before;
    assert_eq!(record.findings(), []);
}

#[test]
fn swapped_rulings_and_orders_are_named() {
    let mut record = recorded(told());
    let first = record.envelopes[1].1[0].clone();
    record.envelopes[1].1[0] = record.envelopes[2].1[0].clone();
    record.envelopes[2].1[0] = first;
    record.contradicted(|wrong| *wrong == Wrong::RulingElsewhere);

    let mut record = recorded(told());
    record.envelopes.swap(1, 2);
    record.contradicted(|wrong| matches!(wrong, Wrong::CaseSeq { .. }));

    let mut record = recorded(told());
    let earlier = record.envelopes[1].1[0].ordered_at;
    record.envelopes[4].1[0].ordered_at = earlier - 1;
    record.contradicted(|wrong| *wrong == Wrong::Backdated);

    // What a restored hub got back stands behind what it had ordered meanwhile, but never behind
    // something later of the same author.
    let mut record = recorded(told());
    let [own, others] = [2, 3].map(|at: usize| record.envelopes[at].1[0].ordered_at);
    record.envelopes[5].1[0].ordered_at = others;
    assert_eq!(record.findings(), []);
    record.envelopes[5].1[0].ordered_at = own - 1;
    record.contradicted(|wrong| *wrong == Wrong::Backdated);

    let mut record = recorded(told());
    record.envelopes[7].1.pop();
    record.contradicted(|wrong| *wrong == Wrong::Unruled);
}

#[test]
fn a_head_over_other_items_is_named() {
    let mut record = recorded(told());
    let honest = head(&record.audit(Extent::Whole), "kota-bandung");
    let short = StreamHead {
        dseq: honest.dseq - 1,
        ..honest.clone()
    };
    let misaddressed = StreamHead {
        recipient: Some(id("kemensos")),
        ..honest.clone()
    };
    let ahead = StreamHead {
        dseq: honest.dseq + 1,
        ..honest
    };
    for lie in [short, misaddressed, ahead] {
        record.heads = vec![lie.sign(&hub())];
        record.contradicted(|wrong| matches!(wrong, Wrong::Head(_)));
    }
}

#[test]
fn nothing_beyond_a_revocation_stands() {
    let mut record = recorded(told());
    record.world.change("kemenpu", |entry| {
        entry.revoked_at = Some(Position { epoch: 1, seq: 2 });
    });
    record.contradicted(|wrong| *wrong == Wrong::Revoked);
}

#[test]
fn a_receipt_for_other_messages_is_named() {
    let mut record = recorded(told());
    let ids = [lapor_protocol::ids::Digest::of(b"another")];
    let lie = Receipt::accepted(id("kemensos"), 1, 1, &ids, 0);
    record.receipts[0] = lie.sign(&hub());
    record.contradicted(|wrong| matches!(wrong, Wrong::Receipt(_)));
    record.receipts[0] = lie.sign(&signing("kemensos"));
    record.contradicted(|wrong| matches!(wrong, Wrong::Receipt(_)));
}

#[test]
fn a_second_receipt_for_a_position_is_named_unless_it_is_the_first_again() {
    let mut record = recorded(told());
    let hub_key = Verifier::from_jwk(&hub().public()).unwrap();
    let stated = Receipt::open(&record.receipts[0], &hub_key).unwrap();
    record.receipts.push(record.receipts[0].clone());
    assert_eq!(record.findings(), [], "sent again, and answered as before");
    let earlier = Receipt {
        at: stated.at - 86_400_000,
        ..stated
    };
    record.receipts[1] = earlier.sign(&hub());
    record.contradicted(
        |wrong| matches!(wrong, Wrong::Receipt(why) if why.contains("states something else")),
    );
}

#[test]
fn a_receipt_that_is_older_than_the_one_before_it_is_named_over_epochs_too() {
    let mut record = recorded(told());
    let author = id("kota-bandung");
    let lines = record.envelopes.iter().map(|(line, _)| line.as_bytes());
    let ids: Vec<_> = lines
        .map(|line| Envelope::parse(line).unwrap())
        .filter(|envelope| Message::parse(&envelope.payload).unwrap().header.author == author)
        .map(|envelope| envelope.id())
        .collect();
    let receipt = |from: usize, to: usize, at| {
        Receipt::accepted(author.clone(), 1, from as u64, &ids[from - 1..to], at)
    };
    let older = |wrong: &Wrong| {
        let odd = matches!(wrong, Wrong::ReceiptTime(why) if why.contains("older than the one"));
        odd && !wrong.contradicts()
    };
    for (second, named) in [(10, false), (11, false), (9, true)] {
        let two = [receipt(1, 1, 10), receipt(2, ids.len(), second)];
        record.receipts = two.map(|receipt| receipt.sign(&hub())).into();
        let findings = record.findings();
        let found = findings.iter().any(|finding| older(&finding.wrong));
        assert_eq!((found, findings.len()), (named, usize::from(named)));
    }
    let next = Receipt {
        epoch: 2,
        ..receipt(1, 1, 9)
    };
    record.receipts = [receipt(1, ids.len(), 10), next]
        .map(|of| of.sign(&hub()))
        .into();
    record.contradicted(older);
}

#[test]
fn a_receipt_that_ends_before_it_begins_is_named() {
    let mut record = recorded(told());
    let ids = [lapor_protocol::ids::Digest::of(b"another")];
    let receipt = Receipt::accepted(id("kemensos"), 1, 2, &ids, 0);
    record.receipts[0] = Receipt { to: 1, ..receipt }.sign(&hub());
    record.contradicted(|wrong| matches!(wrong, Wrong::Receipt(_)));
}

#[test]
fn one_case_alone_is_proved_with_the_ids_of_what_lies_between() {
    let story = told();
    let case = story.current;
    let digest = story.cases[&case].digest();
    let mut record = recorded(story);
    let (of_case, others): (Vec<_>, Vec<_>) = std::mem::take(&mut record.envelopes)
        .into_iter()
        .partition(|(_, rulings)| rulings.iter().any(|ruled| ruled.case == Some(case)));
    record.envelopes = of_case;
    for (_, rulings) in &mut record.envelopes {
        rulings.retain(|ruled| ruled.case == Some(case));
    }
    let mut audit = record.audit(Extent::Cases);
    for (line, _) in &others {
        let envelope = Envelope::parse(line.as_bytes()).unwrap();
        let header = Message::parse(&envelope.payload).unwrap().header;
        audit.stub(&header.author, header.epoch, header.seq, envelope.id());
    }
    assert_eq!(audit.finish().1, []);
    assert_eq!(audit.case(case).unwrap().digest(), digest);
}

#[test]
fn a_silence_that_was_closed_too_early_is_flagged_and_one_in_time_is_not() {
    const DAY: i64 = 86_400_000;
    // Monday, 5 January 2026, 08:00 in Jakarta; the silence lasts to the 19th.
    const MONDAY: i64 = 1_767_574_800_000;
    for (days, early) in [(1, true), (14, true), (15, false)] {
        let mut story = Story::empty();
        story.clock = MONDAY;
        story.new_case("kota-bandung", acts::filed());
        story.applied("kota-bandung", acts::disposed("kemenpu"));
        let follow_up = story.applied("kemenpu", acts::answered());
        story.clock = MONDAY + days * DAY;
        story.applied("kota-bandung", acts::silent(&follow_up));
        let record = recorded(story);
        let found = record.findings();
        let hasty = |finding: &Finding| matches!(finding.wrong, Wrong::Silence { .. });
        assert_eq!(found.len(), usize::from(early), "{days} days: {found:?}");
        assert!(found.iter().all(hasty), "{found:?}");
    }
}
