//! The listener for whoever watches a program: `/healthz` (it runs), `/readyz`
//! (it can do its work, and why not), `/metrics` for Prometheus. It asks for no
//! token and tells no secret, no case and no words; it belongs on loopback or
//! in a network of the operators' own.

mod figures;
mod listen;
mod readiness;
mod traffic;

use std::error::Error;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::future::BoxFuture;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub use figures::{Figures, float, seconds};
pub use listen::Listen;
pub use readiness::{Check, Readiness, Standing, free_disk_bytes, room, writes_files};
pub use traffic::{Traffic, count};

use crate::{ApiProblem, serving};

/// What a probe gets before it counts as failed; a monitor waits no longer.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often histograms are drained where nobody asks for them.
const UPKEEP: Duration = Duration::from_secs(5);
/// Seconds, from a tenth of a millisecond to a long poll.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0,
];
/// Things that share one transaction.
const SIZES: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 500.0, 2000.0];

/// A program that lets itself be watched.
pub trait Monitored: Send + Sync + 'static {
    /// Says what the program's counters mean.
    fn describe(&self);
    /// Tries what the program needs for its work.
    fn checks(&self) -> BoxFuture<'_, Vec<Check>>;
    /// Reads what is a state, when it is asked for: a number that is kept
    /// beside the thing it counts drifts away from it.
    fn measure<'a>(
        &'a self,
        figures: &'a mut Figures,
    ) -> BoxFuture<'a, Result<(), Box<dyn Error + Send + Sync>>>;
}

struct Watched {
    program: Arc<dyn Monitored>,
    /// Probes write to the disk: one at a time, however many ask.
    turn: Mutex<()>,
}

/// Serves until `shutdown`.
pub async fn serve(
    listener: TcpListener,
    program: Arc<dyn Monitored>,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let serving = serving::serve(listener, router(program), shutdown);
    tokio::pin!(serving);
    loop {
        tokio::select! {
            ended = &mut serving => return ended,
            () = tokio::time::sleep(UPKEEP) => recorder().run_upkeep(),
        }
    }
}

/// The three routes. From now on the program's counters count.
pub fn router(program: Arc<dyn Monitored>) -> Router {
    recorder();
    program.describe();
    let turn = Mutex::new(());
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(async || ApiProblem::not_found())
        .method_not_allowed_fallback(async || ApiProblem::method_not_allowed())
        .with_state(Arc::new(Watched { program, turn }))
}

async fn readyz(State(watched): State<Arc<Watched>>) -> Response {
    let checking = async {
        let _turn = watched.turn.lock().await;
        watched.program.checks().await
    };
    let checks = tokio::time::timeout(PATIENCE, checking).await;
    let checks = checks.unwrap_or_else(|_| {
        let why = format!("no answer within {} seconds", PATIENCE.as_secs());
        vec![Check::failed("answers", why)]
    });
    let readiness = Readiness::of(checks);
    for check in readiness.troubles() {
        tracing::warn!(check = check.name, why = check.detail, "a check fails");
    }
    let status = if readiness.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let no_store = [(CACHE_CONTROL, "no-store")];
    (status, no_store, Json(readiness)).into_response()
}

async fn metrics(State(watched): State<Arc<Watched>>) -> Response {
    let measuring = async {
        let _turn = watched.turn.lock().await;
        let mut figures = Figures::default();
        let outcome = watched.program.measure(&mut figures).await;
        if let Err(error) = outcome {
            tracing::warn!(error, "not everything could be measured");
        }
        figures.into_text()
    };
    let Ok(mut text) = tokio::time::timeout(PATIENCE, measuring).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    text.push_str(&recorder().render());
    let form = "text/plain; version=0.0.4; charset=utf-8";
    ([(CONTENT_TYPE, form), (CACHE_CONTROL, "no-store")], text).into_response()
}

/// The counters of this process. There is one set, also where tests run many
/// programs in one process.
fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let buckets = |builder: PrometheusBuilder, suffix: &str, bounds: &[f64]| {
            builder
                .set_buckets_for_metric(Matcher::Suffix(suffix.to_owned()), bounds)
                .expect("bounds are given")
        };
        let builder = buckets(PrometheusBuilder::new(), "_seconds", &SECONDS);
        let recorder = buckets(builder, "_size", &SIZES).build_recorder();
        let handle = recorder.handle();
        // Somebody else's recorder would be a mistake of this program; it
        // then counts, and this one stays empty.
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::error!("another recorder of metrics is installed");
        }
        handle
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    /// A program whose checks turn out as they were put in.
    struct Paper(Vec<Check>);

    impl Monitored for Paper {
        fn describe(&self) {
            metrics::describe_counter!("paper_written_total", "Sheets written.");
        }

        fn checks(&self) -> BoxFuture<'_, Vec<Check>> {
            Box::pin(async { self.0.clone() })
        }

        fn measure<'a>(
            &'a self,
            figures: &'a mut Figures,
        ) -> BoxFuture<'a, Result<(), Box<dyn Error + Send + Sync>>> {
            Box::pin(async {
                figures.gauge("paper_sheets", "Sheets.", 3.0);
                Err("the drawer is locked".into())
            })
        }
    }

    async fn ask(checks: Vec<Check>, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let router = router(Arc::new(Paper(checks)));
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn readiness_names_each_check_and_only_a_failed_one_makes_it_503() {
        let fine = Check::ok("signing");
        let (status, body) = ask(vec![fine.clone()], "/readyz").await;
        assert_eq!(status, StatusCode::OK);
        insta::assert_snapshot!(body, @r#"{"status":"ready","checks":[{"name":"signing","status":"ok"}]}"#);
        let away = Check::degraded("hub", "out of reach");
        let (status, body) = ask(vec![fine.clone(), away.clone()], "/readyz").await;
        assert_eq!(status, StatusCode::OK);
        insta::assert_snapshot!(body, @r#"{"status":"degraded","checks":[{"name":"signing","status":"ok"},{"name":"hub","status":"degraded","detail":"out of reach"}]}"#);
        let full = Check::failed("disk", "full");
        let (status, body) = ask(vec![away, full], "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.starts_with(r#"{"status":"not_ready""#), "{body}");
    }

    #[tokio::test]
    async fn what_could_be_measured_is_told_beside_the_counters() {
        metrics::counter!("paper_before_total").increment(1);
        let (status, _) = ask(Vec::new(), "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        metrics::counter!("paper_written_total", "tray" => "upper").increment(2);
        let (_, body) = ask(Vec::new(), "/metrics").await;
        assert!(
            body.contains("# TYPE paper_sheets gauge\npaper_sheets 3\n"),
            "{body}"
        );
        let help = "# HELP paper_written_total Sheets written.\n";
        assert!(body.contains(help), "{body}");
        assert!(
            body.contains("paper_written_total{tray=\"upper\"} 2"),
            "{body}"
        );
    }

    #[tokio::test]
    async fn there_is_nothing_else() {
        let (status, body) = ask(Vec::new(), "/healthz").await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "ok\n"));
        let (status, _) = ask(Vec::new(), "/debug").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}
