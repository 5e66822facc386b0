//! Certificates that live thirty days: renewed while the exchange goes on,
//! recovered by whoever was away too long or lost the file, and never mistaken
//! for a membership that has ended.

use std::sync::Arc;

use http::Method;
use lapor_certs::tls::Refusal;
use lapor_certs::{Credential, Vault};
use lapor_hub::app::Hub;
use lapor_hub::audit::By;
use lapor_hub::changeover;
use lapor_hub::clock::Clock as _;
use lapor_hub::deeds::{self, Deed};
use lapor_hub::ground::Ground;
use lapor_hub::membership::{self, MembershipError};
use lapor_node::folder::{credential_path, roots_path};
use lapor_node::jobs::{Job, Jobs};
use lapor_node::sync::{Link, LinkError};
use lapor_protocol::case::State;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT, TANGERANG};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{DAY_MS, Fleet, Institution, Weather, kinds};

fn serial(at: &Institution) -> String {
    let credential = Credential::load(&credential_path(&at.settings.node.keys));
    credential.unwrap().facts().unwrap().serial
}

fn issuer(at: &Institution) -> Vec<u8> {
    let credential = Credential::load(&credential_path(&at.settings.node.keys));
    credential.unwrap().chain()[1].to_vec()
}

/// Has the hub look after its certificate, and waits until it shows another one.
async fn shows_another(hub: &Hub) {
    let mut shown = hub.watch_certificate();
    shown.mark_unchanged();
    hub.look_after_certificate();
    shown.changed().await.unwrap();
}

/// Does something about the authority, as a command would.
async fn acts(ground: &Ground, deed: Deed) -> Result<(), MembershipError> {
    let done = deeds::act(ground, &By::actor("cli:test"), &deed).await;
    ground.reload_certifier().unwrap();
    done
}

/// The process ends and begins, and makes another handshake.
async fn begins_again(at: &mut Institution) {
    at.stop().await;
    at.start().await;
}

/// Runs the job as the scheduler would. Returns how many jobs were done.
async fn looks_after_it(at: &Institution) -> usize {
    let jobs = Jobs::of(at.link());
    jobs.note(Job::Certificate).await.unwrap();
    jobs.work().await.unwrap()
}

#[tokio::test]
async fn a_certificate_is_renewed_at_half_of_its_life_while_the_exchange_goes_on() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let first = serial(fleet.at("kota-bandung"));
        fleet.pass(14 * DAY_MS);
        assert_eq!(looks_after_it(fleet.at("kota-bandung")).await, 1);
        assert_eq!(serial(fleet.at("kota-bandung")), first, "not yet");
        let status = fleet.at("kota-bandung").node().status().await.unwrap();
        let renews = status.certificate_renews;

        // A process that ends and begins renews no sooner and no later.
        let institution = fleet.at_mut("kota-bandung");
        institution.stop().await;
        institution.start().await;
        let status = fleet.at("kota-bandung").node().status().await.unwrap();
        assert_eq!(status.certificate_renews, renews);
        fleet.pass(5 * DAY_MS);
        let (bandung, pusat) = (fleet.at("kota-bandung"), fleet.at("pusat"));
        let working = [bandung, pusat].map(Institution::work);
        let before = bandung.file(report("Sebelum")).await;
        assert_eq!(looks_after_it(bandung).await, 1);
        let after = bandung.file(report("Sesudah")).await;
        pusat
            .until("heard of both", async || {
                pusat.knows(before).await && pusat.knows(after).await
            })
            .await;
        drop(working);
        assert_ne!(serial(bandung), first);
        let status = bandung.node().status().await.unwrap();
        assert_eq!(status.certificate_days, Some(30));

        // Beyond the life of the first one, over new connections.
        fleet.pass(14 * DAY_MS);
        fleet.restart_hub().await;
        let later = fleet.at("kota-bandung").file(report("Jauh sesudah")).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(later).await, State::Received);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_hub_that_is_away_at_half_life_is_asked_again() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        let first = serial(bandung);
        fleet.pass(20 * DAY_MS);
        bandung.line().weather(Weather::CUT);
        assert_eq!(looks_after_it(bandung).await, 0, "the line is cut");
        bandung.line().weather(Weather::CLEAR);
        let jobs = Jobs::of(bandung.link());
        assert_eq!(jobs.work().await.unwrap(), 0, "it has been put off");
        fleet.pass(3_600_000);
        assert_eq!(jobs.work().await.unwrap(), 1);
        assert_ne!(serial(bandung), first);
        // The hub has certified, and its answer is lost: the old one is good.
        fleet.pass(20 * DAY_MS);
        let second = serial(bandung);
        bandung
            .line()
            .lose_answers(Method::POST, "/certificates/renew", 1);
        assert_eq!(looks_after_it(bandung).await, 0);
        assert_eq!(serial(bandung), second);
        bandung.file(report("Masih tersambung")).await;
        fleet.settle().await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn whoever_was_away_for_months_comes_back_by_itself() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = fleet
            .at("kota-bandung")
            .file(report("Jembatan retak"))
            .await;
        fleet.settle().await;
        fleet.at_mut("kota-bandung").stop().await;
        fleet.at("pusat").recall(case).await;
        fleet.at("pusat").dispose(case, "kemenpu").await;
        for _ in 0..5 {
            fleet.pass(19 * DAY_MS);
            for slug in ["pusat", "kemenpu"] {
                looks_after_it(fleet.at(slug)).await;
            }
            fleet.hub.hub().look_after_certificate();
            fleet.settle().await;
        }
        fleet.at_mut("kota-bandung").start().await;
        let bandung = fleet.at("kota-bandung");
        let during = bandung.file(report("Selama terputus")).await;
        let refused = bandung.link().catch_up().await.unwrap_err();
        assert_eq!(refused.certificate_fault(), Some("certificate_expired"));
        let said = bandung.link().state();
        assert_eq!(said.code.as_deref(), Some("certificate_expired"));

        let working = [bandung, fleet.at("pusat")].map(Institution::work);
        let pusat = fleet.at("pusat");
        pusat
            .until("heard of it", async || pusat.knows(during).await)
            .await;
        drop(working);
        fleet.settle().await;
        assert!(bandung.link().state().connected);
        assert_eq!(bandung.custodian(case).await, "kemenpu");
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_certificate_is_good_to_its_last_second_and_is_recovered_a_second_later() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let path = credential_path(&fleet.at("kota-bandung").settings.node.keys);
        let ends = Credential::load(&path).unwrap().facts().unwrap();
        // Whoever else has one renews it in time.
        fleet.pass(20 * DAY_MS);
        assert_eq!(looks_after_it(fleet.at("pusat")).await, 1);
        fleet.pass(ends.not_after_ms - fleet.clock.now_ms());
        let first = serial(fleet.at("kota-bandung"));
        let mut filed = Vec::new();
        for fault in [None, Some("certificate_expired")] {
            // Only a handshake looks at the clock.
            begins_again(fleet.at_mut("kota-bandung")).await;
            let bandung = fleet.at("kota-bandung");
            filed.push(bandung.file(report("Pada batasnya")).await);
            let met = bandung.link().catch_up().await.err();
            let met = met.as_ref().map(LinkError::certificate_fault);
            assert_eq!(met, fault.map(Some));
            assert_eq!(serial(bandung), first);
            fleet.pass(1000);
        }
        fleet.settle().await;
        assert_ne!(serial(fleet.at("kota-bandung")), first);
        for case in filed {
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_hub_whose_own_certificate_has_run_out_is_heard_and_the_clocks_are_doubted() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        // It lives for ninety days, and for so long nobody has looked after it.
        fleet.pass(91 * DAY_MS);
        let mut filed = Vec::new();
        for doubted in [true, false] {
            begins_again(fleet.at_mut("kota-bandung")).await;
            let case = fleet.at("kota-bandung").file(report("Tetap sampai")).await;
            filed.push(case);
            fleet.settle().await;
            assert_eq!(fleet.at("kota-bandung").link().doubts_clock(), doubted);
            if doubted {
                shows_another(fleet.hub.hub()).await;
            }
        }
        for case in filed {
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_lost_or_damaged_certificate_is_recovered_with_the_identity_key() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        for damage in [None, Some("no certificate")] {
            let first = serial(fleet.at("kota-bandung"));
            let institution = fleet.at_mut("kota-bandung");
            institution.stop().await;
            let path = credential_path(&institution.settings.node.keys);
            match damage {
                None => std::fs::remove_file(&path).unwrap(),
                Some(text) => std::fs::write(&path, text).unwrap(),
            }
            institution.start().await;
            let bandung = fleet.at("kota-bandung");
            let case = bandung.file(report("Tanpa sertifikat")).await;
            let outcome = bandung.link().catch_up().await.unwrap_err();
            assert_eq!(outcome.certificate_fault(), Some("certificate_unusable"));
            let said = bandung.link().state();
            assert_eq!(said.code.as_deref(), Some("certificate_unusable"));
            fleet.settle().await;
            assert_ne!(serial(fleet.at("kota-bandung")), first);
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
            fleet.pass(DAY_MS);
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn whose_certificates_are_made_void_gets_another_by_itself_and_goes_on() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let (first, untouched) = (serial(bandung), serial(pusat));
        let working = [bandung, pusat].map(Institution::work);
        let before = bandung.file(report("Sebelum")).await;
        let heard = async || pusat.knows(before).await;
        pusat.until("heard of a report", heard).await;
        let by = By::actor("test");
        membership::void_certificates(&fleet.hub.hub().ground, &by, &BANDUNG.id())
            .await
            .unwrap();
        let other = async || serial(bandung) != first;
        bandung.until("another certificate", other).await;
        let after = bandung.file(report("Sesudah")).await;
        let heard = async || pusat.knows(after).await;
        pusat.until("heard of another report", heard).await;
        drop(working);
        fleet.settle().await;
        assert!(bandung.link().state().connected);
        assert_eq!(serial(pusat), untouched);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn another_issuer_takes_over_with_half_of_the_nodes_offline_and_all_come_back() {
    for kind in kinds() {
        let members = [PUSAT, BANDUNG, KEMENPU, TANGERANG];
        let mut fleet = Fleet::gather(kind, &members).await;
        let former = issuer(fleet.at("pusat"));
        for slug in ["kota-bandung", "kota-tangerang"] {
            fleet.at_mut(slug).stop().await;
        }
        let vault = Vault::at(&fleet.hub.settings.storage.authority);
        let next = vault.authority().unwrap().new_issuer(fleet.clock.now_ms());
        vault.replace_issuer(&next.unwrap()).unwrap();
        fleet.hub.hub().ground.reload_certifier().unwrap();
        fleet.hub.hub().look_after_certificate();
        fleet.pass(20 * DAY_MS);
        for slug in ["pusat", "kemenpu"] {
            looks_after_it(fleet.at(slug)).await;
            assert_ne!(issuer(fleet.at(slug)), former, "{slug}");
        }
        // One comes back in time with a certificate of the former issuer.
        fleet.at_mut("kota-bandung").start().await;
        let first = fleet.at("kota-bandung").file(report("Dari Bandung")).await;
        fleet.settle().await;
        looks_after_it(fleet.at("kota-bandung")).await;
        // The other comes when its own has expired.
        fleet.pass(20 * DAY_MS);
        for slug in ["pusat", "kemenpu", "kota-bandung"] {
            looks_after_it(fleet.at(slug)).await;
        }
        fleet.at_mut("kota-tangerang").start().await;
        let second = fleet
            .at("kota-tangerang")
            .file(report("Dari Tangerang"))
            .await;
        fleet.settle().await;
        for case in [first, second] {
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        }
        for slug in fleet.slugs() {
            assert_ne!(issuer(fleet.at(slug)), former, "{slug}");
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn another_authority_takes_over_once_every_node_trusts_it() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let ground = Arc::clone(&fleet.hub.hub().ground);
        let former = ground.certifier().issuer.root_pin();
        let root = changeover::prepare(&ground).unwrap();
        let act = async |deed| acts(&ground, deed).await;
        act(Deed::AnnounceAuthority { root }).await.unwrap();
        let even_so = false;
        let certify = || Deed::UseAuthority { root, even_so };
        let withdraw = || Deed::WithdrawAuthority {
            root: former,
            even_so,
        };
        for slug in ["pusat", "kota-bandung"] {
            fleet.at(slug).link().report_health().await.unwrap();
        }
        let early = act(certify()).await.unwrap_err();
        assert!(early.to_string().contains("2 institutions"), "{early}");
        fleet.pass(20 * DAY_MS);
        for slug in ["pusat", "kota-bandung"] {
            looks_after_it(fleet.at(slug)).await;
            fleet.at(slug).link().report_health().await.unwrap();
        }
        let shown = ground.certifier().issuer.root_pin();
        assert_eq!(
            shown, former,
            "the former one certifies until it is decided"
        );
        act(certify()).await.unwrap();
        assert_eq!(ground.certifier().issuer.root_pin(), root);
        assert!(
            act(withdraw()).await.is_err(),
            "certificates stand below it"
        );
        shows_another(fleet.hub.hub()).await;
        fleet.pass(20 * DAY_MS);
        for slug in ["pusat", "kota-bandung"] {
            looks_after_it(fleet.at(slug)).await;
            fleet.at(slug).link().report_health().await.unwrap();
        }
        let mut shown = fleet.hub.hub().watch_certificate();
        let hub = Arc::clone(fleet.hub.hub());
        let open = || hub.open_connections(&BANDUNG.id());
        assert!(open() > 0);
        shown.mark_unchanged();
        act(withdraw()).await.unwrap();
        hub.look_after_certificate();
        shown.changed().await.unwrap();
        let ended = async || open() == 0;
        let bandung = fleet.at("kota-bandung");
        bandung.until("its open connection ends", ended).await;
        drop((ground, hub));
        fleet.restart_hub().await;
        let case = fleet.at("kota-bandung").file(report("Sesudahnya")).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        let trusted = fleet.hub.hub().ground.certifier().bundle.pins();
        assert_eq!(trusted, [root]);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn an_authority_that_takes_over_too_soon_cuts_off_who_was_away_until_it_is_given_the_roots() {
    for kind in kinds() {
        let members = [PUSAT, BANDUNG, KEMENPU, TANGERANG];
        let mut fleet = Fleet::gather(kind, &members).await;
        let ground = Arc::clone(&fleet.hub.hub().ground);
        let root = changeover::prepare(&ground).unwrap();
        let act = async |deed| acts(&ground, deed).await;
        let certify = |even_so| Deed::UseAuthority { root, even_so };
        act(Deed::AnnounceAuthority { root }).await.unwrap();
        let away = ["kota-bandung", "kota-tangerang"];
        for slug in away {
            fleet.at_mut(slug).stop().await;
        }
        fleet.pass(20 * DAY_MS);
        for slug in ["pusat", "kemenpu"] {
            looks_after_it(fleet.at(slug)).await;
            fleet.at(slug).link().report_health().await.unwrap();
        }
        let early = act(certify(false)).await.unwrap_err();
        assert!(early.to_string().contains("2 institutions"), "{early}");
        act(certify(true)).await.unwrap();
        shows_another(fleet.hub.hub()).await;
        drop(ground);
        fleet.restart_hub().await;
        let mut filed = vec![fleet.at("kemenpu").file(report("Dari Kemenpu")).await];
        fleet.settle().await;
        assert!(fleet.at("pusat").knows(filed[0]).await);

        let roots = roots_path(&fleet.at("pusat").settings.node.keys);
        for slug in away {
            fleet.at_mut(slug).start().await;
            let institution = fleet.at(slug);
            filed.push(institution.file(report("Dari yang terputus")).await);
            let cut_off = institution.link().catch_up().await.unwrap_err();
            let untrusted = matches!(cut_off, LinkError::Tls(Refusal::HubNotTrusted));
            assert!(untrusted, "{slug}: {cut_off}");
            let institution = fleet.at_mut(slug);
            institution.stop().await;
            let own = roots_path(&institution.settings.node.keys);
            std::fs::copy(&roots, own).unwrap();
            institution.start().await;
        }
        fleet.settle().await;
        for case in filed {
            assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_node_that_runs_takes_up_the_roots_that_a_recovery_beside_it_has_brought() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let ground = Arc::clone(&fleet.hub.hub().ground);
        let former = ground.certifier().issuer.root_pin();
        let root = changeover::prepare(&ground).unwrap();
        let act = async |deed| acts(&ground, deed).await.unwrap();
        act(Deed::AnnounceAuthority { root }).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        for institution in [bandung, pusat] {
            // As `lapor-node recover` does in a process of its own.
            let beside = Link::connect(Arc::clone(institution.node())).unwrap();
            beside.recover_certificate().await.unwrap();
        }
        let even_so = true;
        act(Deed::UseAuthority { root, even_so }).await;
        let withdraw = Deed::WithdrawAuthority {
            root: former,
            even_so,
        };
        act(withdraw).await;
        shows_another(fleet.hub.hub()).await;
        let working = [bandung, pusat].map(Institution::work);
        let case = bandung.file(report("Sesudahnya")).await;
        let known = async || pusat.knows(case).await;
        pusat.until("heard of a report", known).await;
        drop((working, ground));
        fleet.settle().await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn suspended_and_revoked_are_no_matter_of_certificates_and_are_told_apart() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let (first, other) = (
            serial(fleet.at("kota-bandung")),
            serial(fleet.at("kemenpu")),
        );
        fleet.suspend("kota-bandung").await;
        fleet.revoke("kemenpu").await;
        let says = |at: &Institution| at.link().state().code.unwrap_or_default();
        for (slug, code) in [
            ("kota-bandung", "instance_suspended"),
            ("kemenpu", "instance_revoked"),
        ] {
            assert_eq!(fleet.at(slug).catch_up().await, 0);
            assert_eq!(says(fleet.at(slug)), code, "with a live certificate");
        }
        fleet.pass(40 * DAY_MS);
        looks_after_it(fleet.at("pusat")).await;
        fleet.restart_hub().await;
        for (slug, code) in [
            ("kota-bandung", "instance_suspended"),
            ("kemenpu", "instance_revoked"),
        ] {
            // The handshake fails first, then the identity key is refused.
            for _ in 0..3 {
                assert_eq!(fleet.at(slug).catch_up().await, 0);
                assert_eq!(says(fleet.at(slug)), code, "with an expired certificate");
            }
            let status = fleet.at(slug).node().status().await.unwrap();
            assert_eq!(status.link.code.as_deref(), Some(code));
            assert!(status.certificate_days.unwrap() < 0);
        }
        assert_eq!(serial(fleet.at("kota-bandung")), first);
        assert_eq!(serial(fleet.at("kemenpu")), other);

        fleet.resume("kota-bandung").await;
        let case = fleet.at("kota-bandung").file(report("Kembali")).await;
        fleet.settle().await;
        assert_ne!(serial(fleet.at("kota-bandung")), first);
        assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        fleet.ends_well().await;
    }
}
