//! The headers of a page: what it may load, where its forms may go, which of
//! the device's doors it may ask to open. The API keeps the entrance's defaults.

use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Everything from this site alone, and no script or style within a page.
const CONTENT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src 'self' blob:; font-src 'none'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; \
    worker-src 'self'";
/// `no-referrer` would make browsers send `Origin: null` with our own forms,
/// which is how a form of another site looks (Fetch, 3.2.5).
const REFERRER: &str = "same-origin";
const DEVICE: &str = "geolocation=(self), camera=(self), microphone=(), payment=(), usb=(), \
    serial=(), bluetooth=(), midi=(), display-capture=(), browsing-topics=()";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

pub fn guard_page(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, CONTENT),
        (REFERRER_POLICY, REFERRER),
        (PERMISSIONS_POLICY, DEVICE),
        (OPENER_POLICY, "same-origin"),
        (VARY, "Cookie, Accept-Language"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
