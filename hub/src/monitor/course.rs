//! The figures of casework over the last thirty days, and how far each
//! institution has come, as the console's pages have them.

use lapor_web::monitor::{Figures, float, seconds};

use crate::app::Hub;
use crate::casework::Kept;
use crate::casework::figures::{Figures as Casework, Period, Sum};
use crate::error::HubError;
use crate::levels;
use crate::store::code_of;

/// Milliseconds over which it is counted; what the pages begin with.
const SPAN_MS: i64 = 30 * 86_400_000;
const MEDIAN: &str = "0.5";
const NINETIETH: &str = "0.9";

/// A metric, what it is, and where it stands in a sum.
type Counted = (&'static str, &'static str, fn(&Sum) -> i64);
type Row<'a> = (Vec<(&'a str, &'a str)>, f64);

pub async fn measure(hub: &Hub, figures: &mut Figures) -> Result<(), HubError> {
    // A scrape costs what a page does: what took long to count may be a minute old.
    let counted = Kept::figures(hub, Period::Last(SPAN_MS)).await?;
    let mut tx = hub.ground.db.read().await?;
    // As they were noted within the last minute: to find them walks the casework of a month.
    let reached = levels::noted(&mut tx, "").await?;
    tx.rollback().await?;
    federation(figures, &counted);
    institutions(figures, &counted);
    let reached: Vec<(&str, String)> = reached
        .iter()
        .map(|(id, (level, _))| (id.as_str(), code_of(level)))
        .collect();
    figures.gauges(
        "lapor_hub_instance_level",
        "1 for the level of the road map at which an institution stands.",
        reached
            .iter()
            .map(|(id, level)| (vec![("instance", *id), ("level", level.as_str())], 1.0)),
    );
    Ok(())
}

fn federation(figures: &mut Figures, counted: &Casework) {
    let all = &counted.federation;
    figures.gauge(
        "lapor_hub_casework_filed_cases",
        "Cases that were taken in within thirty days.",
        count(counted.filed),
    );
    figures.gauge(
        "lapor_hub_casework_open_cases",
        "Cases that stand open.",
        count(all.open),
    );
    figures.gauge_if_known(
        "lapor_hub_casework_misrouted_ratio",
        "Dispositions given back of those that ended within thirty days.",
        misrouted(all),
    );
    figures.gauges(
        "lapor_hub_casework_answer_seconds",
        "How long reporters waited for the first answer, of those given within thirty days.",
        answers(all).map(|(quantile, value)| (vec![("quantile", quantile)], value)),
    );
    figures.gauge(
        "lapor_hub_casework_received_cases",
        "Times that a case came to an institution within thirty days.",
        count(all.received),
    );
    figures.gauge(
        "lapor_hub_casework_ended_dispositions",
        "Dispositions that ended within thirty days.",
        count(all.ended),
    );
    figures.gauge(
        "lapor_hub_casework_answered_cases",
        "First answers that were given within thirty days.",
        count(all.answered),
    );
    hops(figures, counted);
    let steps = counted.by_step.iter();
    let waiting = steps.filter_map(|of| Some((of.step.as_str(), of.waiting?)));
    figures.gauges(
        "lapor_hub_casework_step_waiting_cases",
        "Cases at a step.",
        waiting.map(|(step, cases)| (vec![("step", step)], count(cases))),
    );
    let steps = counted.by_step.iter();
    let overdue = steps.filter_map(|of| Some((of.step.as_str(), of.overdue?)));
    figures.gauges(
        "lapor_hub_casework_step_overdue_cases",
        "Cases overdue at a step.",
        overdue.map(|(step, cases)| (vec![("step", step)], count(cases))),
    );
    let steps = counted.by_step.iter();
    let ran_out = steps.filter_map(|of| Some((of.step.as_str(), of.ran_out?)));
    figures.gauges(
        "lapor_hub_casework_step_ran_out_clocks",
        "Clocks of a step that ran out within thirty days.",
        ran_out.map(|(step, clocks)| (vec![("step", step)], count(clocks))),
    );
}

/// By the number of the institution on the case's way; 4 stands for all later ones.
const HOPS: [Counted; 7] = [
    (
        "lapor_hub_casework_hop_received_cases",
        "Times that a case came to the institution of a hop within thirty days.",
        |sum| sum.received,
    ),
    (
        "lapor_hub_casework_hop_ended_dispositions",
        "Dispositions of a hop that ended within thirty days.",
        |sum| sum.ended,
    ),
    (
        "lapor_hub_casework_hop_answered_cases",
        "First answers that were given at a hop within thirty days.",
        |sum| sum.answered,
    ),
    (
        "lapor_hub_casework_hop_open_cases",
        "Cases that stand open at a hop.",
        |sum| sum.open,
    ),
    (
        "lapor_hub_casework_hop_unaccepted_dispositions",
        "Dispositions of a hop with which nothing was done.",
        |sum| sum.unaccepted,
    ),
    (
        "lapor_hub_casework_hop_unanswered_cases",
        "Open cases at a hop that nobody has answered.",
        |sum| sum.unanswered,
    ),
    (
        "lapor_hub_casework_hop_overdue_cases",
        "Open cases overdue, by the number of the institution on the case's way; 4 stands for all later ones.",
        |sum| sum.overdue,
    ),
];

/// Overdue and unanswered cases are measured for those that have none, too.
const INSTITUTIONS: [Counted; 4] = [
    (
        "lapor_hub_instance_open_cases",
        "Cases that stand open at the institution.",
        |sum| sum.open,
    ),
    (
        "lapor_hub_instance_received_cases",
        "Times that a case came to the institution within thirty days.",
        |sum| sum.received,
    ),
    (
        "lapor_hub_instance_ended_dispositions",
        "Dispositions to the institution that ended within thirty days.",
        |sum| sum.ended,
    ),
    (
        "lapor_hub_instance_answered_cases",
        "First answers that the institution gave within thirty days.",
        |sum| sum.answered,
    ),
];

fn hops(figures: &mut Figures, counted: &Casework) {
    let each = || counted.by_hop.iter();
    for (name, help, of) in HOPS {
        let rows = each().map(|(hop, sum)| (vec![("hop", hop.as_str())], count(of(sum))));
        figures.gauges(name, help, rows);
    }
    let ratios = each().filter_map(|(hop, sum)| Some((hop, misrouted(sum)?)));
    figures.gauges(
        "lapor_hub_casework_hop_misrouted_ratio",
        "Dispositions of a hop that were given back, of those that ended within thirty days.",
        ratios.map(|(hop, ratio)| (vec![("hop", hop.as_str())], ratio)),
    );
    let waits = each().flat_map(|(hop, sum)| {
        answers(sum).map(move |(quantile, value)| -> Row<'_> {
            (vec![("hop", hop), ("quantile", quantile)], value)
        })
    });
    figures.gauges(
        "lapor_hub_casework_hop_answer_seconds",
        "How long the institution of a hop took to its first answer, of those given within thirty days.",
        waits,
    );
}

fn institutions(figures: &mut Figures, counted: &Casework) {
    let each = || counted.by_institution.iter();
    for (name, help, of) in INSTITUTIONS {
        let rows = each().map(|(id, sum)| (vec![("instance", id.as_str())], count(of(sum))));
        figures.gauges(name, help, rows);
    }
    let ratios = each().filter_map(|(id, sum)| Some((id, misrouted(sum)?)));
    figures.gauges(
        "lapor_hub_instance_misrouted_ratio",
        "Dispositions to the institution that it gave back, of those that ended within thirty days.",
        ratios.map(|(id, ratio)| (vec![("instance", id.as_str())], ratio)),
    );
    let waits = each().flat_map(|(id, sum)| {
        answers(sum).map(move |(quantile, value)| -> Row<'_> {
            (vec![("instance", id), ("quantile", quantile)], value)
        })
    });
    figures.gauges(
        "lapor_hub_instance_answer_seconds",
        "How long the institution took to its first answer, of those given within thirty days.",
        waits,
    );
}

fn answers(sum: &Sum) -> impl Iterator<Item = (&'static str, f64)> + use<> {
    let known = [
        (MEDIAN, sum.answer_median_ms),
        (NINETIETH, sum.answer_ninetieth_ms),
    ];
    let known = known.into_iter();
    known.filter_map(|(quantile, ms)| Some((quantile, seconds(ms?))))
}

fn misrouted(sum: &Sum) -> Option<f64> {
    Some(count(sum.misrouted_per_mille()?) / 1000.0)
}

fn count(cases: i64) -> f64 {
    float(cases.unsigned_abs())
}
