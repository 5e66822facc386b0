//! A hub that answers every call as a test says.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use lapor_protocol::problem::{Code, Problem};

use crate::sync::{Answer, Call, LinkError, Transport};

type Says = dyn Fn(&Call) -> Result<Answer, LinkError> + Send + Sync;

pub struct SaidHub(Box<Says>);

impl SaidHub {
    pub fn of(
        says: impl Fn(&Call) -> Result<Answer, LinkError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self(Box::new(says)))
    }
}

impl Transport for SaidHub {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, LinkError>> {
        Box::pin(std::future::ready((self.0)(&call)))
    }

    fn take_up_certificate(&self) -> Result<bool, LinkError> {
        Ok(false)
    }
}

pub fn answered(body: impl Into<bytes::Bytes>) -> Answer {
    Answer {
        status: 200,
        headers: http::HeaderMap::new(),
        body: body.into(),
    }
}

pub fn refused(code: Code) -> LinkError {
    LinkError::Refused(Box::new(Problem::new(code).into()))
}
