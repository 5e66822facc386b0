//! What happened to each message, told to a collector of OpenTelemetry (OTLP over
//! HTTP): when its author stored it and the hub had it, when the hub ordered it,
//! when each institution took it in.
//!
//! All messages of a case are one trace, from the filing to the answer, however
//! many institutions they come from: its id is that of the case, and every span
//! has an id that follows from its message, so that nothing is agreed upon and
//! nothing extra crosses the wire. No span says a word of a case.

use std::fmt;
use std::time::{Duration, SystemTime};

use lapor_protocol::ids::CaseId;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor as _,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How long the last spans may take when the program ends.
const PARTING: Duration = Duration::from_secs(2);
/// The message that begins a case, and so its trace.
const FIRST: &str = "report.filed";

/// Section `traces` of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TraceSettings {
    /// Where a collector takes spans, such as `http://127.0.0.1:4318/v1/traces`;
    /// nothing is told where it is empty.
    pub endpoint: String,
    /// One case in so many is traced, the same ones at every program with this number.
    pub one_in: u32,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            one_in: 1,
        }
    }
}

impl TraceSettings {
    /// Why it cannot be used, for whoever wrote it.
    pub fn wrong(&self) -> Option<&'static str> {
        let is_url = self.endpoint.is_empty()
            || self
                .endpoint
                .parse::<http::Uri>()
                .is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some());
        if !is_url {
            Some("traces.endpoint is no address such as http://127.0.0.1:4318/v1/traces")
        } else if self.one_in == 0 {
            Some("traces.one_in must be at least 1")
        } else {
            None
        }
    }
}

/// Where a message has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// From the act until the hub had it, at its author.
    Sent,
    /// From the arrival at the hub until it was ordered.
    Ordered,
    /// From its place in the order until this institution had taken it in.
    TakenIn,
}

/// One message at one step.
#[derive(Debug, Clone, Copy)]
pub struct Passage<'a> {
    pub step: Step,
    /// A message without a case is a trace of its own.
    pub case: Option<CaseId>,
    /// SHA-256 of what was signed.
    pub envelope: &'a [u8; 32],
    pub kind: &'a str,
    /// Whose program tells this: a slug, or `hub`.
    pub place: &'a str,
    /// What became of it, such as `applied`.
    pub state: Option<&'a str>,
    /// Unix ms.
    pub from: i64,
    /// Unix ms.
    pub until: i64,
}

/// The collector, if there is one.
pub struct Spans {
    to: Option<(BatchSpanProcessor, InstrumentationScope)>,
    one_in: u64,
}

impl Spans {
    /// Nothing is told.
    pub fn none() -> Self {
        Self {
            to: None,
            one_in: 1,
        }
    }

    /// `program` is `lapor-hub` or `lapor-node`. A collector that is away or cannot
    /// be used keeps nobody from starting; the log says so.
    pub fn open(settings: &TraceSettings, program: &'static str, version: &'static str) -> Self {
        if settings.endpoint.is_empty() {
            return Self::none();
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(&settings.endpoint)
            .build();
        let exporter = match exporter {
            Ok(exporter) => exporter,
            Err(error) => {
                tracing::error!(%error, "no traces are told: traces.endpoint cannot be used");
                return Self::none();
            }
        };
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        let version = KeyValue::new("service.version", version);
        let resource = Resource::builder_empty()
            .with_service_name(program)
            .with_attribute(version);
        processor.set_resource(&resource.build());
        Self {
            to: Some((processor, InstrumentationScope::builder("lapor").build())),
            one_in: u64::from(settings.one_in.max(1)),
        }
    }

    /// Whether anything is told at all.
    pub fn are_told(&self) -> bool {
        self.to.is_some()
    }

    /// Tells of a message; what the collector is too slow for is dropped.
    pub fn tell(&self, passage: &Passage<'_>) {
        let Some((processor, scope)) = &self.to else {
            return;
        };
        let trace = passage.trace_id();
        if !tail(trace).is_multiple_of(self.one_in) {
            return;
        }
        processor.on_end(passage.span(trace, scope));
    }

    /// Sends what waits; for a test.
    pub fn flush(&self) {
        if let Some((processor, _)) = &self.to
            && let Err(error) = processor.force_flush()
        {
            tracing::warn!(%error, "spans could not be sent to the collector");
        }
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spans")
            .field("told", &self.are_told())
            .finish_non_exhaustive()
    }
}

impl Drop for Spans {
    fn drop(&mut self) {
        if let Some((processor, _)) = &self.to
            && let Err(error) = processor.shutdown_with_timeout(PARTING)
        {
            tracing::debug!(%error, "the last spans could not be sent to the collector");
        }
    }
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Ordered => "ordered",
            Self::TakenIn => "taken in",
        }
    }

    fn kind(self) -> SpanKind {
        match self {
            Self::Sent => SpanKind::Producer,
            Self::Ordered => SpanKind::Server,
            Self::TakenIn => SpanKind::Consumer,
        }
    }
}

impl Passage<'_> {
    /// The case's id, or the beginning of the envelope's.
    fn trace_id(&self) -> TraceId {
        let id = self.case.map_or_else(
            || {
                let mut id = [0; 16];
                id.copy_from_slice(&self.envelope[..16]);
                id
            },
            |case| case.uuid().into_bytes(),
        );
        TraceId::from_bytes(id)
    }

    /// The first message of a case is the root; every other is told below it.
    fn sent_id(&self) -> SpanId {
        match self.case.filter(|_| self.kind == FIRST) {
            Some(case) => root(case),
            None => span_id(&[b"sent", self.envelope]),
        }
    }

    fn ids(&self) -> (SpanId, SpanId) {
        let ordered = span_id(&[b"ordered", self.envelope]);
        match (self.step, self.case) {
            (Step::Sent, Some(case)) if self.kind != FIRST => (self.sent_id(), root(case)),
            (Step::Sent, _) => (self.sent_id(), SpanId::INVALID),
            (Step::Ordered, _) => (ordered, self.sent_id()),
            (Step::TakenIn, _) => {
                let id = span_id(&[b"taken in", self.envelope, self.place.as_bytes()]);
                (id, ordered)
            }
        }
    }

    fn span(&self, trace: TraceId, scope: &InstrumentationScope) -> SpanData {
        let (id, parent) = self.ids();
        let context =
            SpanContext::new(trace, id, TraceFlags::SAMPLED, false, TraceState::default());
        let mut attributes = vec![
            KeyValue::new("lapor.kind", self.kind.to_owned()),
            KeyValue::new("lapor.envelope", hex::encode(self.envelope)),
            KeyValue::new("lapor.place", self.place.to_owned()),
        ];
        let state = self
            .state
            .map(|state| KeyValue::new("lapor.state", state.to_owned()));
        attributes.extend(state);
        SpanData {
            span_context: context,
            parent_span_id: parent,
            parent_span_is_remote: self.step != Step::Sent,
            span_kind: self.step.kind(),
            name: format!("{} {}", self.kind, self.step.name()).into(),
            start_time: instant(self.from.min(self.until)),
            end_time: instant(self.until),
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: scope.clone(),
        }
    }
}

fn root(case: CaseId) -> SpanId {
    span_id(&[b"case", case.uuid().as_bytes()])
}

fn span_id(parts: &[&[u8]]) -> SpanId {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    let mut id = [0; 8];
    id.copy_from_slice(&hash.finalize()[..8]);
    SpanId::from_bytes(id)
}

fn tail(trace: TraceId) -> u64 {
    let mut tail = [0; 8];
    tail.copy_from_slice(&trace.to_bytes()[8..]);
    u64::from_be_bytes(tail)
}

fn instant(ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(ms.try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = "019abcde-0000-7000-8000-000000000001";

    fn passage(step: Step, kind: &'static str, envelope: &'static [u8; 32]) -> Passage<'static> {
        Passage {
            step,
            case: Some(CASE.parse().unwrap()),
            envelope,
            kind,
            place: "kota-bandung",
            state: None,
            from: 5,
            until: 9,
        }
    }

    #[test]
    fn all_that_happens_to_a_case_is_one_trace_below_its_filing() {
        let (filed, answered) = (&[1; 32], &[2; 32]);
        let root = passage(Step::Sent, "report.filed", filed);
        assert_eq!(root.trace_id().to_string(), CASE.replace('-', ""));
        assert_eq!(root.ids().1, SpanId::INVALID);
        let ordered = passage(Step::Ordered, "report.filed", filed);
        assert_eq!(ordered.ids().1, root.ids().0);
        let taken_in = passage(Step::TakenIn, "report.filed", filed);
        assert_eq!(taken_in.ids().1, ordered.ids().0);
        let elsewhere = Passage {
            place: "pusat",
            ..taken_in
        };
        assert_ne!(elsewhere.ids().0, taken_in.ids().0);
        let answer = passage(Step::Sent, "case.followed_up", answered);
        assert_eq!(answer.ids().1, root.ids().0);
        assert_eq!(answer.trace_id(), root.trace_id());
    }

    #[test]
    fn a_message_without_a_case_is_a_trace_of_its_own() {
        let alone = Passage {
            case: None,
            ..passage(Step::Sent, "programme.published", &[3; 32])
        };
        assert_eq!(alone.trace_id().to_string(), "03".repeat(16));
        assert_eq!(alone.ids().1, SpanId::INVALID);
    }

    #[test]
    fn an_address_that_is_none_is_refused_before_anything_starts() {
        let settings = |endpoint: &str, one_in| TraceSettings {
            endpoint: endpoint.to_owned(),
            one_in,
        };
        assert_eq!(settings("", 1).wrong(), None);
        assert_eq!(
            settings("http://127.0.0.1:4318/v1/traces", 10).wrong(),
            None
        );
        assert!(settings("collector", 1).wrong().is_some());
        assert!(settings("", 0).wrong().is_some());
    }
}
