//! What a browser is called, from what it says of itself: enough to know one's own by.

use crate::language::Voice;

/// Browsers by a token of their own; those that pretend to be another come before it.
const BROWSERS: [(&str, &str); 7] = [
    ("SamsungBrowser/", "Samsung Internet"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
/// Systems likewise.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// `Chrome di Android`; one that is not known as it says itself.
pub(super) fn browser_name(v: &Voice, agent: &str) -> String {
    match named(agent) {
        Some((browser, system)) => v
            .with("browser", browser)
            .with("system", system)
            .say("session-browser"),
        None if agent.is_empty() => v.say("session-unnamed"),
        None => agent.to_owned(),
    }
}

/// Browser and system.
fn named(agent: &str) -> Option<(&'static str, &'static str)> {
    let first = |all: &[(&str, &'static str)]| {
        let found = all.iter().find(|(token, _)| agent.contains(token));
        found.map(|(_, name)| *name)
    };
    Some((first(&BROWSERS)?, first(&SYSTEMS)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_called_as_people_call_it() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/131.0.0.0 Mobile Safari/537.36",
                Some(("Chrome", "Android")),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                 Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                Some(("Edge", "Windows")),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                Some(("Safari", "iPhone")),
            ),
            ("curl/8.5.0", None),
        ] {
            assert_eq!(named(agent), name, "{agent}");
        }
    }
}
