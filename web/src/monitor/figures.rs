//! Numbers in the text form of Prometheus (exposition format 0.0.4), written
//! when they are asked for, so that what is gone is gone here too.

use std::fmt::Write as _;

/// A count as Prometheus has numbers.
#[expect(
    clippy::cast_precision_loss,
    reason = "a count beyond 2^53 would be rounded, and there is none"
)]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// Unix ms as Unix seconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "times are below 2^53 ms for 285,000 years"
)]
pub fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// What a program measured of itself, as text.
#[derive(Debug, Default)]
pub struct Figures(String);

impl Figures {
    /// One number.
    pub fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.gauges(name, help, [(Vec::new(), value)]);
    }

    /// A number that may not be known.
    pub fn gauge_if_known(&mut self, name: &str, help: &str, value: Option<f64>) {
        self.gauges(name, help, value.map(|value| (Vec::new(), value)));
    }

    /// One number for each set of labels. A name without numbers is told all
    /// the same, so that its absence is seen to be meant.
    pub fn gauges<'a>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (Vec<(&'a str, &'a str)>, f64)>,
    ) {
        let text = &mut self.0;
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in rows {
            text.push_str(name);
            for (index, (label, of)) in labels.iter().enumerate() {
                text.push(if index == 0 { '{' } else { ',' });
                let _ = write!(text, "{label}=\"{}\"", escape(of));
            }
            let end = if labels.is_empty() { "" } else { "}" };
            let _ = writeln!(text, "{end} {value}");
        }
    }

    /// `NAME_build_info` with the version, always 1.
    pub fn build_info(&mut self, name: &str, version: &str) {
        let help = "The version that runs; always 1.";
        self.gauges(name, help, [(vec![("version", version)], 1.0)]);
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

fn escape(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_prometheus_reads_them() {
        let mut figures = Figures::default();
        figures.gauge("free_bytes", "Free.", 1_234_567_890_123.0);
        let rows = [(vec![("instance", "kota-\"x\"\n"), ("a", "b")], 0.5)];
        figures.gauges("lag", "Behind.", rows);
        figures.gauge_if_known("backup", "Last.", None);
        insta::assert_snapshot!(figures.into_text(), @r#"
        # HELP free_bytes Free.
        # TYPE free_bytes gauge
        free_bytes 1234567890123
        # HELP lag Behind.
        # TYPE lag gauge
        lag{instance="kota-\"x\"\n",a="b"} 0.5
        # HELP backup Last.
        # TYPE backup gauge
        "#);
    }
}
