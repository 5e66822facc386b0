//! From which address a request comes. Behind a proxy that is what the proxy
//! says, and only a proxy that the operator has named is believed: anybody
//! else could write another address for each guess.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::request::Parts;

/// The nearest address that is none of the trusted proxies'; the rest of
/// `X-Forwarded-For` is hearsay. Without a connection, as in a test of a router,
/// it is the unspecified address.
pub fn address(parts: &Parts, proxies: &[IpAddr]) -> IpAddr {
    let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let mut nearest = connected.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |connected| {
        connected.0.ip().to_canonical()
    });
    let lines = parts.headers.get_all("x-forwarded-for").iter().rev();
    let said = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.rsplit(','));
    for hop in said {
        if !proxies.contains(&nearest) {
            break;
        }
        let Ok(before) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        nearest = before.to_canonical();
    }
    nearest
}

/// An IPv4 address is its holder's; of IPv6 every holder has a /64.
pub fn network(remote: IpAddr) -> IpAddr {
    match remote.to_canonical() {
        IpAddr::V6(address) => {
            let holder = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(holder))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn seen(connected: &str, forwarded: &[&str]) -> String {
        let mut request = Request::get("/");
        for line in forwarded {
            request = request.header("x-forwarded-for", *line);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let connected: SocketAddr = connected.parse().unwrap();
        parts.extensions.insert(ConnectInfo(connected));
        let proxies = ["127.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        address(&parts, &proxies).to_string()
    }

    #[test]
    fn only_a_named_proxy_is_believed_and_only_about_its_own_caller() {
        for (connected, forwarded, expected) in [
            ("192.0.2.7:1", &["198.51.100.1"][..], "192.0.2.7"),
            ("127.0.0.1:1", &[], "127.0.0.1"),
            ("127.0.0.1:1", &["198.51.100.1"], "198.51.100.1"),
            (
                "127.0.0.1:1",
                &["203.0.113.9, 198.51.100.1"],
                "198.51.100.1",
            ),
            (
                "127.0.0.1:1",
                &["203.0.113.9", "198.51.100.1, 10.0.0.2"],
                "198.51.100.1",
            ),
            ("127.0.0.1:1", &["198.51.100.1, unknown"], "127.0.0.1"),
            ("[::ffff:127.0.0.1]:1", &["2001:db8::1"], "2001:db8::1"),
        ] {
            assert_eq!(seen(connected, forwarded), expected, "{forwarded:?}");
        }
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_bucket() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}
