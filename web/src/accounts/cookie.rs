//! The cookies that carry tokens: unreadable for scripts, not sent along by
//! other sites' forms, and bound to this very host where the program is reached
//! over TLS (`__Host-`, RFC 6265bis, 4.1.3.2).

use http::HeaderMap;

use super::{Opened, Secret};
use crate::page::cookies::{brought, give};

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
    /// Whether browsers come by HTTPS, so that cookies are sent by nothing else.
    pub https: bool,
}

impl Cookies {
    /// Gives the visitor the token of a session that has begun.
    pub fn give(self, headers: &mut HeaderMap, ticket: Ticket, opened: &Opened) {
        let (name, token) = (self.name(ticket), opened.token.reveal());
        give(headers, name, token, opened.lasts_s, self.https);
    }

    /// Takes a token away from the visitor.
    pub fn take(self, headers: &mut HeaderMap, ticket: Ticket) {
        give(headers, self.name(ticket), "", 0, self.https);
    }

    /// The token that came with a request.
    pub fn read(self, ticket: Ticket, headers: &HeaderMap) -> Option<Secret> {
        brought(headers, self.name(ticket)).and_then(Secret::presented)
    }

    fn name(self, ticket: Ticket) -> &'static str {
        match (ticket, self.https) {
            (Ticket::Session, true) => "__Host-lapor-session",
            (Ticket::Session, false) => "lapor-session",
            (Ticket::Code, true) => "__Host-lapor-code",
            (Ticket::Code, false) => "lapor-code",
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::{COOKIE, SET_COOKIE};

    use super::*;

    const TLS: Cookies = Cookies { https: true };
    const PLAIN: Cookies = Cookies { https: false };

    #[test]
    fn a_cookie_over_tls_is_bound_to_its_host() {
        let mut headers = HeaderMap::new();
        TLS.take(&mut headers, Ticket::Session);
        PLAIN.take(&mut headers, Ticket::Code);
        let lines: Vec<&str> = headers
            .get_all(SET_COOKIE)
            .iter()
            .map(|line| line.to_str().unwrap())
            .collect();
        let [tls, plain] = lines[..] else {
            panic!("{lines:?}");
        };
        assert!(tls.starts_with("__Host-lapor-session=; "), "{tls}");
        for part in ["; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=0"] {
            assert!(tls.contains(part) && plain.contains(part), "{lines:?}");
        }
        assert!(tls.contains("; Secure") && !tls.contains("Domain"), "{tls}");
        assert!(
            plain.starts_with("lapor-code=; ") && !plain.contains("Secure"),
            "{plain}"
        );
    }

    #[test]
    fn a_token_is_read_under_its_own_name_only() {
        let token = Secret::random();
        let mut headers = HeaderMap::new();
        let line = format!(
            "lapor-session=x; a=b; __Host-lapor-session={}",
            token.reveal()
        );
        headers.append(COOKIE, line.parse().unwrap());
        let read = TLS.read(Ticket::Session, &headers).unwrap();
        assert_eq!(read.reveal(), token.reveal());
        assert!(TLS.read(Ticket::Code, &headers).is_none());
        // One that a plain page, or another host of the domain, could have planted.
        assert!(PLAIN.read(Ticket::Session, &headers).is_none());
    }
}
