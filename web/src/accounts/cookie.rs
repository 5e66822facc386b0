//! The cookies that carry tokens: unreadable for scripts, not sent along by
//! other sites' forms, and bound to this very host where the program is reached
//! over TLS (`__Host-`, RFC 6265bis, 4.1.3.2).

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::Secret;

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticket {
    /// A session in use.
    Session,
    /// Between the password and the second factor.
    Code,
}

/// How cookies are written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cookies {
    secure: bool,
}

impl Cookies {
    /// For a program that is reached under this address. Only plain HTTP, on
    /// this machine or in a test, gives cookies that go over a plain line.
    pub fn under(public_url: &str) -> Self {
        Self {
            secure: !public_url.starts_with("http://"),
        }
    }

    /// `Set-Cookie` for a token.
    pub fn set(self, ticket: Ticket, token: &Secret, lasts_s: i64) -> HeaderValue {
        let mut value = self.line(ticket, token.reveal(), lasts_s);
        value.set_sensitive(true);
        value
    }

    /// `Set-Cookie` that removes it.
    pub fn clear(self, ticket: Ticket) -> HeaderValue {
        self.line(ticket, "", 0)
    }

    /// The token that came with a request.
    pub fn read(self, ticket: Ticket, headers: &HeaderMap) -> Option<Secret> {
        let name = self.name(ticket);
        let lines = headers.get_all(COOKIE).iter();
        let pairs = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        let value = pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)?
            .1;
        Secret::presented(value)
    }

    fn line(self, ticket: Ticket, value: &str, lasts_s: i64) -> HeaderValue {
        let name = self.name(ticket);
        let secure = if self.secure { "; Secure" } else { "" };
        let line =
            format!("{name}={value}; Path=/; Max-Age={lasts_s}; HttpOnly; SameSite=Lax{secure}");
        // Names are ours, a token is letters, digits, hyphens and underscores.
        HeaderValue::from_str(&line).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    fn name(self, ticket: Ticket) -> &'static str {
        match (ticket, self.secure) {
            (Ticket::Session, true) => "__Host-lapor-session",
            (Ticket::Session, false) => "lapor-session",
            (Ticket::Code, true) => "__Host-lapor-code",
            (Ticket::Code, false) => "lapor-code",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_over_tls_is_bound_to_its_host() {
        let token = Secret::random();
        let line = Cookies::under("https://lapor.bandung.go.id").set(Ticket::Session, &token, 60);
        let expected = format!(
            "__Host-lapor-session={}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
            token.reveal()
        );
        assert_eq!(line.to_str().unwrap(), expected);
        assert!(line.is_sensitive());
        let plain = Cookies::under("http://127.0.0.1:8090").clear(Ticket::Code);
        assert_eq!(
            plain.to_str().unwrap(),
            "lapor-code=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_token_is_read_under_its_own_name_only() {
        let (token, cookies) = (Secret::random(), Cookies::under("https://lapor.example"));
        let mut headers = HeaderMap::new();
        let line = format!(
            "lapor-session=x; a=b; __Host-lapor-session={}",
            token.reveal()
        );
        headers.append(COOKIE, line.parse().unwrap());
        let read = cookies.read(Ticket::Session, &headers).unwrap();
        assert_eq!(read.reveal(), token.reveal());
        assert!(cookies.read(Ticket::Code, &headers).is_none());
        // One that a plain page, or another host of the domain, could have planted.
        assert!(
            Cookies::under("http://lapor.example")
                .read(Ticket::Session, &headers)
                .is_none()
        );
    }
}
