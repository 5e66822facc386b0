//! A stand-in's own listener, which ends with it.

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Serves until it is dropped.
pub struct Serving {
    /// Where it is, without a slash at the end.
    pub base: String,
    task: JoinHandle<()>,
}

impl Serving {
    pub(crate) async fn of(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("this machine has a free port");
        let address = listener.local_addr().expect("it is bound");
        let task = tokio::spawn(async move {
            // It ends with the task alone.
            axum::serve(listener, router).await.ok();
        });
        Self {
            base: format!("http://{address}"),
            task,
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a provider hands over: a body, and the headers that prove it.
#[derive(Clone)]
pub struct Knock {
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Knock {
    /// Hands it over; says how it was answered.
    pub async fn at(&self, url: &str) -> Result<u16, reqwest::Error> {
        let mut request = reqwest::Client::builder().no_proxy().build()?.post(url);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.header("content-type", "application/json");
        let answer = request.body(self.body.clone()).send().await?;
        Ok(answer.status().as_u16())
    }
}
