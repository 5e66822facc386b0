//! What a collector of OpenTelemetry is told: one trace for each case, from the
//! filing to the answer across institutions, and no word of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::{NAME_CANARY, WORDS_CANARY, report};
use lapor_tests::fleet::{Fleet, kinds};
use lapor_tests::invariants::Canaries;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;

/// Stands in for a collector: keeps what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Bytes>>>);

impl Collector {
    /// Where it listens.
    async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let kept = Arc::clone(&self.0);
        let take = move |body: Bytes| async move { kept.lock().unwrap().push(body) };
        let router = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        at
    }

    fn spans(&self) -> Vec<Span> {
        let bodies = self.0.lock().unwrap();
        let told = bodies
            .iter()
            .map(|body| ExportTraceServiceRequest::decode(&body[..]).unwrap());
        told.flat_map(|told| told.resource_spans)
            .flat_map(|of| of.scope_spans)
            .flat_map(|of| of.spans)
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_one_trace_from_the_report_to_the_answer_of_another_institution() {
    for kind in kinds() {
        let collector = Collector::default();
        let at = collector.listen().await;
        let to_hub = at.clone();
        let members = [PUSAT, BANDUNG, KEMENPU];
        let change = |settings: &mut lapor_hub::settings::Settings| {
            settings.traces.endpoint = to_hub;
        };
        let mut fleet = Fleet::with(kind, &members, 1, change).await;
        for slug in fleet.slugs() {
            let institution = fleet.at_mut(slug);
            institution.stop().await;
            institution.settings.traces.endpoint.clone_from(&at);
            institution.start().await;
        }
        let case = fleet
            .at("kota-bandung")
            .file(report("Jembatan retak"))
            .await;
        fleet.settle().await;
        fleet.at("pusat").recall(case).await;
        fleet.at("pusat").dispose(case, "kemenpu").await;
        fleet.settle().await;
        fleet.at("kemenpu").answer(case, "Retakan ditutup.").await;
        fleet.settle().await;
        for institution in fleet.running() {
            institution.node().spans().flush();
        }
        fleet.hub.hub().spans().flush();

        let trace = case.to_string().replace('-', "");
        let spans = collector.spans();
        let of_case = spans
            .iter()
            .filter(|span| hex::encode(&span.trace_id) == trace);
        let of_case: Vec<&Span> = of_case.collect();
        let named = |name: &str| of_case.iter().filter(|span| span.name == name).count();
        // All three hold the case once it is disposed, and hear the answer.
        for (name, count) in [
            ("report.filed sent", 1),
            ("report.filed ordered", 1),
            ("case.disposed sent", 1),
            ("case.followed_up sent", 1),
            ("case.followed_up ordered", 1),
            ("case.followed_up taken in", 3),
        ] {
            assert_eq!(named(name), count, "{name}");
        }
        let known: BTreeSet<&[u8]> = of_case.iter().map(|span| &span.span_id[..]).collect();
        assert_eq!(known.len(), of_case.len(), "each span has an id of its own");
        let roots = of_case.iter().filter(|span| span.parent_span_id.is_empty());
        assert_eq!(roots.count(), 1);
        for span in &of_case {
            let parent = &span.parent_span_id[..];
            assert!(parent.is_empty() || known.contains(parent), "{}", span.name);
        }
        let canaries = Canaries::new(&[WORDS_CANARY.to_owned(), NAME_CANARY.to_owned()]);
        for body in collector.0.lock().unwrap().iter() {
            assert!(canaries.found_in(body).is_empty());
        }
        fleet.ends_well().await;
    }
}
