//! What is said there later, and days on which nothing is told.

use lapor_stand_ins::mood::Trouble;

use super::*;

const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn what_is_said_later_is_brought_once() {
    for bridge in bridges().await {
        bridge.sp4n.has(complaint(21, "Belum Ditindaklanjuti"));
        bridge.brings(21).await;
        assert_eq!(
            bridge.case("7654321").await.summary.state,
            Some(State::Verified)
        );
        let quiet = bridge.follows(Which::All, false).await.unwrap();
        assert_eq!(quiet.summary(), "1 unchanged");
        for id in 3..7 {
            let text = format!("Langkah {id}.");
            bridge
                .sp4n
                .says(21, said(id, "Pemerintah Kota Bandung", "reply", &text));
        }
        bridge.sp4n.has(complaint(21, "Selesai"));
        let tried = bridge.follows(Which::All, true).await.unwrap();
        assert_eq!(bridge.case("7654321").await.history.len(), 2);
        assert_eq!(bridge.follows(Which::All, false).await.unwrap(), tried);
        assert_eq!(tried.summary(), "1 updated");
        let view = bridge.case("7654321").await;
        assert_eq!(
            (view.summary.state, view.history.len()),
            (Some(State::Archived), 7)
        );
        let over = bridge.follows(Which::All, false).await.unwrap();
        assert_eq!(over.lines, [], "what has ended is not asked for");
    }
}

#[tokio::test]
async fn a_damaged_case_ends_no_run() {
    for bridge in bridges().await {
        for id in [21, 22] {
            bridge.sp4n.has(complaint(id, "Diproses"));
            bridge.brings(id).await;
        }
        let damaged = bridge.case("7654321").await.summary.case;
        bridge.damages(&damaged.to_string()).await;
        bridge.sp4n.says(
            22,
            said(3, "Pemerintah Kota Bandung", "reply", "Sudah menyala."),
        );
        let followed = bridge.follows(Which::All, false).await.unwrap();
        assert_eq!(followed.summary(), "1 updated, 1 refused");
        assert_eq!(remarks(&followed), [(None, "case")]);
        let view = bridge.case("7654322").await;
        assert_eq!(view.summary.state, Some(State::InProgress));
        assert_eq!(bridge.hands_over(false).await.summary(), "1 refused");
    }
}

#[tokio::test]
async fn an_outage_puts_off_and_loses_nothing() {
    for bridge in bridges().await {
        for id in 21..24 {
            bridge.sp4n.has(complaint(id, "Diproses"));
        }
        // The list and the first complaint are told, and then nothing.
        bridge
            .sp4n
            .mood
            .orders([Trouble::Slow(std::time::Duration::ZERO); 4]);
        bridge.sp4n.mood.orders([Trouble::Busy(60)]);
        let cut = bridge.import(&Source::List, terms(false)).await;
        assert!(cut.interrupted.as_ref().unwrap().contains("429"), "{cut:?}");
        assert_eq!(cases(&bridge.place, None).await.len(), 1);
        let on = bridge.import(&Source::List, terms(false)).await;
        assert_eq!(on.counts().get(&Became::Imported), Some(&2));
        assert_eq!(cases(&bridge.place, None).await.len(), 3);

        bridge.sp4n.says(
            22,
            said(3, "Pemerintah Kota Bandung", "reply", "Sudah menyala."),
        );
        assert_eq!(bridge.follows(Which::Due, false).await.unwrap().lines, []);
        bridge.place.clock.advance(4 * HOUR_MS);
        bridge.sp4n.mood.is_away(true);
        let node = &bridge.place.node;
        let failed = node.tend_bridge().await.unwrap_err();
        assert!(failed.to_string().contains("502"), "{failed}");
        bridge.sp4n.mood.is_away(false);
        node.tend_bridge().await.unwrap();
        let view = bridge.case("7654322").await;
        assert_eq!(view.summary.state, Some(State::InProgress));
        assert_eq!(bridge.follows(Which::Due, false).await.unwrap().lines, []);
        let runs = node.bridge_runs().await.unwrap();
        assert!(runs.iter().any(|run| run.problem.is_some()), "{runs:?}");
    }
}

#[tokio::test]
async fn a_complaint_that_is_not_told_any_more_holds_up_no_other() {
    for bridge in bridges().await {
        let node = &bridge.place.node;
        for id in [21, 22] {
            bridge.sp4n.has(complaint(id, "Diproses"));
            bridge.brings(id).await;
            let answer = said(3, "Pemerintah Kota Bandung", "reply", "Sudah menyala.");
            bridge.sp4n.says(id, answer);
        }
        let answered = async || {
            let all = cases(&bridge.place, None).await.into_iter();
            let answered = all.filter(|case| case.state == Some(State::InProgress));
            answered.count()
        };
        bridge.place.clock.advance(4 * HOUR_MS);
        // The list is told.
        let told = Trouble::Slow(std::time::Duration::ZERO);
        bridge.sp4n.mood.orders([told, Trouble::Fails(500)]);
        let failed = node.tend_bridge().await.unwrap_err();
        assert!(failed.to_string().contains("500"), "{failed}");
        assert_eq!(answered().await, 1);
        bridge.place.clock.advance(4 * HOUR_MS);
        node.tend_bridge().await.unwrap();
        assert_eq!(answered().await, 2);
    }
}

#[tokio::test]
async fn a_complaint_that_is_gone_holds_up_no_other() {
    for bridge in bridges().await {
        bridge.sp4n.has(complaint(22, "Diproses"));
        let source = Source::Numbers(vec!["21".into(), "../22".into(), "22".into()]);
        let report = bridge.import(&source, terms(false)).await;
        assert_eq!(report.summary(), "1 imported, 2 refused, 1 remark");
        assert!(report.lines[0].what.contains("nothing under this number"));
        assert!(report.lines[1].what.contains("signs that no number has"));
    }
}

#[tokio::test]
async fn keys_that_are_refused_are_the_operators_to_mend() {
    for mut bridge in bridges().await {
        let wrong = kept(&bridge.place, "sp4n-token", "salah");
        bridge.place.settings.bridge.token_file = Some(wrong);
        bridge.place.node = bridge.place.reopened().await;
        bridge.sp4n.has(complaint(21, "Diproses"));
        let report = bridge.brings(21).await;
        let problem = report.interrupted.unwrap();
        assert!(problem.contains("401; see bridge.auth_file"), "{problem}");
        assert_eq!(report.lines, []);
    }
}

#[tokio::test]
async fn why_a_complaint_in_progress_stays_verified_is_said_as_it_is() {
    for bridge in bridges().await {
        let answers = |from: &str| Some(said(3, from, "reply", "Sudah menyala."));
        let mut nameless = said(3, "", "reply", "Sudah menyala.");
        nameless["institution_from_name"] = json!(null);
        for (id, follow_up, why) in [
            (21, None, "no answer came with it"),
            (
                22,
                answers("Pemerintah Kota Antah"),
                "Pemerintah Kota Antah is nobody in the directory, and what it answered stands as a note",
            ),
            (
                23,
                Some(nameless),
                "what was answered says of nobody who, and stands as a note",
            ),
            (
                24,
                answers("Kementerian PU"),
                "no public answer of this institution came with it",
            ),
        ] {
            bridge.sp4n.has(complaint(id, "Diproses"));
            if let Some(follow_up) = follow_up {
                bridge.sp4n.says(id, follow_up);
            }
            let report = bridge.brings(id).await;
            let of_status = report.lines.iter().filter(|line| line.field == "status");
            let told: Vec<_> = of_status.map(|line| line.what.as_str()).collect();
            assert_eq!(told, [format!("{why}; it stays verified")]);
            let view = bridge.case(&format!("76543{id}")).await;
            assert_eq!(view.summary.state, Some(State::Verified));
            if id == 23 {
                let note = "Sudah menyala.\n\n— SP4N-LAPOR!, 4 September 2026";
                assert_eq!(super::told(&view).pop().unwrap().1, note);
            }
        }
    }
}
