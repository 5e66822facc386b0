//! What is asked and by whom, and how it is refused: with a list of errors in the caller's format.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::response::Response;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Method, StatusCode, Uri};
use lapor_web::page::{Form, come_back};
use lapor_web::{ApiProblem, bearer};

use super::tree::{Format, Tree};
use crate::api::{Address, problem};
use crate::error::NodeError;
use crate::node::Node;
use crate::tokens::{Bearer, Scope};

/// The field and the parameter that tell a key.
pub const KEY: &str = "api_key";
const JURISDICTION: &str = "jurisdiction_id";

/// A request, read as far as its address tells.
pub struct Asked {
    pub format: Format,
    /// The last part of the path, without its ending.
    pub name: String,
    /// The parameters of the address.
    pub query: Form,
    address: IpAddr,
    /// A key in the head.
    key: Option<String>,
}

/// Why something is refused.
#[derive(Debug)]
pub struct Refused {
    status: StatusCode,
    said: String,
    /// In how many seconds the same may be asked again, where that is known.
    retry_after_s: Option<u32>,
}

/// An answer before it is written.
pub type Told = Result<(StatusCode, &'static str, Tree), Refused>;

impl Refused {
    pub fn wrong(said: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, said)
    }

    pub fn missing(said: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, said)
    }

    fn forbidden(said: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, said)
    }

    fn new(status: StatusCode, said: impl Into<String>) -> Self {
        Self {
            status,
            said: said.into(),
            retry_after_s: None,
        }
    }

    fn answer(self, format: Format) -> Response {
        let error = Tree::Parts(vec![
            ("code", Tree::Number(self.status.as_u16().into())),
            ("description", self.said.into()),
        ]);
        let answer = Tree::Many("error", vec![error]).answer(format, "errors", self.status);
        come_back(answer, self.retry_after_s)
    }
}

impl From<ApiProblem> for Refused {
    /// GeoReport knows 400 for whatever is wrong with a request.
    fn from(problem: ApiProblem) -> Self {
        let status = match problem.status() {
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                StatusCode::BAD_REQUEST
            }
            status => status,
        };
        Self {
            retry_after_s: problem.retry_after_s(),
            ..Self::new(status, problem.code().replace('_', " "))
        }
    }
}

impl From<NodeError> for Refused {
    fn from(error: NodeError) -> Self {
        let refused = Self::from(problem(&error));
        if refused.status.is_server_error() {
            return refused;
        }
        Self {
            said: error.to_string(),
            ..refused
        }
    }
}

impl Asked {
    /// Writes what is told in the format that was asked for.
    pub fn answer(&self, told: Told) -> Response {
        match told {
            Ok((status, root, tree)) => tree.answer(self.format, root, status),
            Err(refused) => refused.answer(self.format),
        }
    }

    /// Refuses a jurisdiction that is not this institution.
    pub fn is_here(&self, node: &Node, form: Option<&Form>) -> Result<(), Refused> {
        let named = form.map(|form| form.text(JURISDICTION));
        let named = named
            .filter(|named| !named.is_empty())
            .unwrap_or_else(|| self.query.text(JURISDICTION));
        let own = node.instance()?;
        if named.is_empty() || named == own.as_str() {
            return Ok(());
        }
        let said = format!("jurisdiction_id {named} was not found; this is {own}");
        Err(Refused::missing(said))
    }

    /// Who calls, if a key is told: in the head (`Authorization: Bearer`), the form or the address.
    pub async fn caller(
        &self,
        node: &Node,
        in_form: Option<&str>,
    ) -> Result<Option<Bearer>, Refused> {
        let told = [self.key.as_deref(), in_form, Some(self.query.text(KEY))];
        let told = told.into_iter().flatten().find(|key| !key.is_empty());
        let Some(key) = told else {
            return Ok(None);
        };
        if !node.settings().is_https() && !self.address.is_loopback() {
            let said = "api_key: a key is told over https only; set portal.public_url";
            return Err(Refused::forbidden(said));
        }
        let known = node.bearer(key).await?;
        let known = known.filter(|bearer| bearer.rights.allow(Scope::Open311Write));
        known.map(Some).ok_or_else(|| {
            Refused::forbidden("api_key: unknown, ended, or without the scope open311:write")
        })
    }

    /// Refuses a list to whoever tells no key and asks too often.
    pub fn may_list(&self, node: &Node, caller: Option<&Bearer>) -> Result<(), Refused> {
        if caller.is_none() {
            node.admit_search(self.address)?;
        }
        Ok(())
    }

    /// Who calls; whoever tells no key is refused.
    pub async fn must_call(&self, node: &Node, in_form: Option<&str>) -> Result<Bearer, Refused> {
        let caller = self.caller(node, in_form).await?;
        caller.ok_or_else(|| Refused::forbidden("api_key was not provided"))
    }
}

/// What is answered where there is no such path.
pub async fn missing(uri: Uri) -> Response {
    nothing_at(&uri)
}

/// What is answered where a path is asked in another way than it knows.
pub async fn not_taken(method: Method, uri: Uri) -> Response {
    let said = format!("{method} is not taken at this path");
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, said).answer(format_of(&uri))
}

fn nothing_at(uri: &Uri) -> Response {
    Refused::missing("there is nothing at this path").answer(format_of(uri))
}

/// The format that an address asks for; JSON where it asks for none.
fn format_of(uri: &Uri) -> Format {
    ending(uri).map_or(Format::Json, |(_, format)| format)
}

/// The last part of an address without its ending, and the format that this names.
fn ending(uri: &Uri) -> Option<(&str, Format)> {
    let last = uri.path().rsplit('/').next()?;
    match last.rsplit_once('.')? {
        (name, "json") => Some((name, Format::Json)),
        (name, "xml") => Some((name, Format::Xml)),
        _ => None,
    }
}

/// The key that a form tells.
pub fn key_in(form: &Form) -> Option<&str> {
    Some(form.text(KEY)).filter(|key| !key.is_empty())
}

impl FromRequestParts<Arc<Node>> for Asked {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, Response> {
        let Some((name, format)) = ending(&parts.uri) else {
            return Err(nothing_at(&parts.uri));
        };
        let name = name.to_owned();
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let Query(query) = query.map_err(|_| {
            Refused::wrong("the parameters of the address cannot be read").answer(format)
        })?;
        let key = parts.headers.get(AUTHORIZATION);
        let key = key.and_then(bearer::secret_of).map(str::to_owned);
        let Ok(Address(address)) = Address::from_request_parts(parts, node).await;
        Ok(Self {
            format,
            name,
            query: Form::of(query),
            address,
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;

    use super::*;

    #[test]
    fn whoever_is_to_come_back_is_told_in_how_many_seconds() {
        for format in [Format::Json, Format::Xml] {
            for (error, expected) in [
                (NodeError::TooMany { retry_after_s: 90 }, Some("90")),
                (NodeError::Busy { retry_after_s: 7 }, Some("7")),
                (NodeError::Locked("no"), None),
            ] {
                let answer = Refused::from(error).answer(format);
                let told = answer.headers().get(RETRY_AFTER);
                assert_eq!(told.map(|told| told.to_str().unwrap()), expected);
            }
        }
    }
}
