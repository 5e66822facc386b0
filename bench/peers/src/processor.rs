//! Processor time of a process, from proc(5): user and system, in hundredths of a second on every
//! Linux.

use anyhow::{Context as _, Result};

/// Of this process, and of the children for which it has waited.
pub struct Own {
    pub own: f64,
    pub children: f64,
}

/// Seconds that another process has used.
pub fn seconds(pid: u32) -> Result<f64> {
    let ticks = ticks(&pid.to_string())?;
    Ok((ticks[0] + ticks[1]) / 100.0)
}

pub fn own() -> Result<Own> {
    let ticks = ticks("self")?;
    Ok(Own {
        own: (ticks[0] + ticks[1]) / 100.0,
        children: (ticks[2] + ticks[3]) / 100.0,
    })
}

/// utime, stime, cutime, cstime.
fn ticks(process: &str) -> Result<[f64; 4]> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, rest) = stat.rsplit_once(')').context("a process without a name")?;
    let mut ticks = [0.0; 4];
    for (tick, word) in ticks.iter_mut().zip(rest.split_whitespace().skip(11)) {
        *tick = word.parse()?;
    }
    Ok(ticks)
}
