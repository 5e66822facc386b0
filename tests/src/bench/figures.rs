//! Figures as they are told: the median over the repeats with their spread,
//! the target, and whether it is met.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// One figure measured several times.
#[derive(Debug, Clone, Default)]
pub struct Spread(Vec<f64>);

impl Spread {
    pub fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// The one added last.
    pub fn last(&self) -> f64 {
        self.0.last().copied().unwrap_or(f64::NAN)
    }

    /// The middle one; of an even number the lower of the two in the middle.
    pub fn median(&self) -> f64 {
        quantile(&mut self.0.clone(), 0.5)
    }

    /// The median with the lowest and the highest, rounded to `digits`.
    pub fn told(&self, digits: i32) -> Value {
        let low = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.0.iter().copied().fold(0.0, f64::max);
        let runs: Vec<f64> = self
            .0
            .iter()
            .map(|figure| rounded(*figure, digits))
            .collect();
        json!({
            "median": rounded(self.median(), digits),
            "lowest": rounded(low, digits),
            "highest": rounded(high, digits),
            "runs": runs,
        })
    }

    /// As [`Self::told`], beside a target that is a least value.
    pub fn at_least(&self, target: f64, digits: i32) -> Value {
        self.judged("at_least", target, self.median() >= target, digits)
    }

    /// As [`Self::told`], beside a target that is a highest value.
    pub fn at_most(&self, target: f64, digits: i32) -> Value {
        self.judged("at_most", target, self.median() <= target, digits)
    }

    fn judged(&self, kind: &str, target: f64, met: bool, digits: i32) -> Value {
        let mut told = self.told(digits);
        told["target"] = json!({ kind: target });
        told["met"] = json!(met);
        told["of_target"] = json!(rounded(self.median() / target, 2));
        told
    }
}

/// Of all waits of a run, in milliseconds.
pub fn quantile_ms(waits: &[Duration], share: f64) -> f64 {
    let mut ms: Vec<f64> = waits
        .iter()
        .map(|wait| wait.as_secs_f64() * 1000.0)
        .collect();
    quantile(&mut ms, share)
}

pub fn rounded(figure: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (figure * scale).round() / scale
}

/// How many a second since `began`.
pub fn rate(count: usize, began: Instant) -> f64 {
    count as f64 / began.elapsed().as_secs_f64()
}

/// The figure below or at which this share of them are; sorts them.
pub fn quantile(figures: &mut [f64], share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let last = figures.len().saturating_sub(1);
    let place = (last as f64 * share).floor() as usize;
    figures.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_judged_and_the_spread_is_shown() {
        let mut spread = Spread::default();
        for figure in [9000.4, 7000.0, 8500.0] {
            spread.add(figure);
        }
        let told = spread.at_least(8000.0, 0);
        assert_eq!(told["median"], 8500.0);
        assert_eq!(
            (&told["lowest"], &told["highest"]),
            (&json!(7000.0), &json!(9000.0))
        );
        assert_eq!(told["met"], true);
        assert_eq!(spread.at_most(8000.0, 0)["met"], false);
    }

    #[test]
    fn a_quantile_is_one_of_the_waits() {
        let waits: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert!((quantile_ms(&waits, 0.5) - 50.0).abs() < f64::EPSILON);
        assert!((quantile_ms(&waits, 0.99) - 99.0).abs() < f64::EPSILON);
    }
}
