//! The shell's own cookies: never for a script, never sent along by another site.

use axum_extra::extract::cookie::{Cookie, SameSite};
use http::HeaderMap;
use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};

/// The value of a cookie that the visitor brought.
pub fn brought<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).into_iter();
    all.filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// Gives the visitor a cookie; zero seconds take it away.
pub fn give(headers: &mut HeaderMap, name: &'static str, value: &str, seconds: i64, https: bool) {
    let mut cookie = Cookie::new(name, value.to_owned());
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(https);
    // `Max-Age` by text: the cookie crate would bring a second crate for time.
    let line = format!("{cookie}; Max-Age={seconds}");
    if let Ok(line) = HeaderValue::from_str(&line) {
        headers.append(SET_COOKIE, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_across_headers() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; ab=2"));
        headers.append(COOKIE, HeaderValue::from_static("b=3=4"));
        assert_eq!(brought(&headers, "ab"), Some("2"));
        assert_eq!(brought(&headers, "b"), Some("3=4"));
        assert_eq!(brought(&headers, "c"), None);
    }

    #[test]
    fn a_cookie_is_for_this_site_and_no_script() {
        let mut headers = HeaderMap::new();
        give(&mut headers, "a", "1", 60, true);
        let line = headers[SET_COOKIE].to_str().unwrap();
        assert_eq!(
            line,
            "a=1; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60"
        );
    }
}
