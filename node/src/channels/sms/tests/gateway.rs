//! A stand-in for Kannel's `sendsms`: it parses what it is asked by itself, and answers as ordered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use lapor_web::serving;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

type Asked = BTreeMap<String, String>;

#[derive(Clone)]
struct Orders {
    status: Arc<Mutex<u16>>,
    taken: Arc<Mutex<Vec<Asked>>>,
}

pub struct Gateway {
    pub send_url: String,
    orders: Orders,
}

impl Gateway {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let send_url = format!("http://{}/cgi-bin/sendsms", listener.local_addr().unwrap());
        let orders = Orders {
            status: Arc::new(Mutex::new(202)),
            taken: Arc::default(),
        };
        let router = Router::new()
            .route("/cgi-bin/sendsms", get(sendsms))
            .with_state(orders.clone());
        tokio::spawn(serving::serve(listener, router, CancellationToken::new()));
        Self { send_url, orders }
    }

    pub fn answers(&self, status: u16) {
        *self.orders.status.lock().unwrap() = status;
    }

    /// What it was asked to send since this was last called.
    pub fn taken(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.orders.taken.lock().unwrap())
    }
}

async fn sendsms(
    State(orders): State<Orders>,
    Query(asked): Query<Asked>,
) -> (StatusCode, &'static str) {
    let status = *orders.status.lock().unwrap();
    if status == 202 {
        orders.taken.lock().unwrap().push(asked);
    }
    (
        StatusCode::from_u16(status).unwrap(),
        "0: Accepted for delivery",
    )
}
