//! The hub is stopped in order, and killed; how long it takes until every
//! institution is back in step, and whether the console accuses anybody.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use super::Stage;
use super::script::{AWAY, PROMISED, all_well, in_step};
use crate::bench::figures::rounded;

/// Both ways of ending; what was measured, and whether all were in time.
pub async fn both(stage: &mut Stage) -> Result<(Value, bool)> {
    let mut restarts = Vec::new();
    let mut in_time = true;
    for killed in [false, true] {
        let signal = if killed { "SIGKILL" } else { "SIGTERM" };
        stage.end_hub(killed).await?;
        tokio::time::sleep(AWAY).await;
        let began = Instant::now();
        stage.hub = Some(stage.place.start("console")?);
        let serving = began.elapsed();
        let in_step = in_step(&stage.nodes, began).await?;
        let well = all_well(&stage.person).await?;
        in_time &= in_step <= PROMISED && in_step + well <= PROMISED;
        eprintln!("fleet: {signal}: all in step {in_step:.1?} after the start");
        let seconds = |of: Duration| rounded(of.as_secs_f64(), 1);
        restarts.push(json!({
            "signal": signal,
            "away_s": seconds(AWAY),
            "serving_after_s": seconds(serving),
            "all_in_step_after_s": seconds(in_step),
            "console_well_after_s": seconds(in_step + well),
        }));
    }
    Ok((json!(restarts), in_time))
}
