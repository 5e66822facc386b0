//! The gateway Kannel, as a program beside it sees it
//! (https://www.kannel.org/download/kannel-userguide-snapshot/userguide.html): it is asked by
//! `sendsms` to say something, and hands over what people write to the address of an `sms-service`.
//! Long messages it has joined before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;

use crate::serving::Serving;

/// What it says of what it takes.
const ACCEPTED: &str = "0: Accepted for delivery";

/// What it was asked, by the names of the parameters.
pub type Asked = BTreeMap<String, String>;

pub struct Gateway {
    /// Where it is asked to say something.
    pub send_url: String,
    orders: Orders,
    _serving: Serving,
}

#[derive(Clone)]
struct Orders {
    answer: Arc<Mutex<(u16, &'static str)>>,
    taken: Arc<Mutex<Vec<Asked>>>,
}

impl Gateway {
    pub async fn open() -> Self {
        let orders = Orders {
            answer: Arc::new(Mutex::new((202, ACCEPTED))),
            taken: Arc::default(),
        };
        let router = Router::new()
            .route("/cgi-bin/sendsms", get(sendsms))
            .with_state(orders.clone());
        let serving = Serving::of(router).await;
        Self {
            send_url: format!("{}/cgi-bin/sendsms", serving.base),
            orders,
            _serving: serving,
        }
    }

    /// How it answers from now on.
    pub fn answers(&self, status: u16) {
        self.says(status, ACCEPTED);
    }

    /// What it says from now on, or what stands in its place.
    pub fn says(&self, status: u16, body: &'static str) {
        *locked(&self.orders.answer) = (status, body);
    }

    /// What it was asked to say since this was last called.
    pub fn taken(&self) -> Vec<Asked> {
        std::mem::take(&mut *locked(&self.orders.taken))
    }

    /// Hands a message over at `get_url`; says how it was answered.
    pub async fn hands_over(
        &self,
        get_url: &str,
        (id, from, text): (&str, &str, &str),
    ) -> Result<u16, reqwest::Error> {
        let parameters = [
            ("id", id),
            ("dari", from),
            ("coding", "0"),
            ("charset", "UTF-8"),
            ("isi", text),
        ];
        let client = reqwest::Client::builder().no_proxy().build()?;
        let answer = client.get(get_url).query(&parameters).send().await?;
        Ok(answer.status().as_u16())
    }
}

async fn sendsms(
    State(orders): State<Orders>,
    Query(asked): Query<Asked>,
) -> (StatusCode, &'static str) {
    let (status, body) = *locked(&orders.answer);
    if status == 202 {
        locked(&orders.taken).push(asked);
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, body)
}

fn locked<T>(what: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
