//! Webhooks as Standard Webhooks has them: a body that is signed together with its
//! id and its time, sent to an address that people have named.
//!
//! Nobody is led into the house by such an address: calls go to no address of this
//! machine, follow no redirect, use no proxy, and read nothing but the status.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

#[cfg(feature = "proof")]
pub mod tiny_receiver;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{StatusCode, Url};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::accounts::{AccountError, FactorKey};
use crate::chance::random;
use crate::hindrance::{Cause, Hindrance, with_causes};

const PREFIX: &str = "whsec_";
/// Bytes of a secret: what is made, and what the standard lets others make.
const MADE: usize = 32;
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(15);
/// Characters of an address, at most.
const LONGEST: usize = 500;

/// What both sides know; printed only by [`WebhookSecret::reveal`].
#[derive(Clone)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

/// Why a text is no secret of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is `whsec_` and base64 of 24 to 64 bytes")]
pub struct SecretError;

/// Why no webhook goes to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("expected an address such as https://alarm.example.go.id/lapor")]
    Unreadable,
    #[error("only https is sent to another machine")]
    Open,
    #[error("the address leads to this machine")]
    Own,
    #[error("the address leads into a network that is not open to everybody")]
    Inside,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// Perhaps later: no line, or an answer other than 2xx.
    Later(Hindrance),
    /// Never: the receiver says that it is gone (410), or the address may not be called.
    Never(Hindrance),
}

impl WebhookSecret {
    pub fn generate() -> Self {
        Self(Zeroizing::new(random::<MADE>().to_vec()))
    }

    /// `whsec_` and base64, as the receiver enters it.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", STANDARD.encode(&*self.0)))
    }

    /// As it is kept at rest, bound to the name of its row.
    pub fn seal(&self, vault: &FactorKey, owner: &str) -> Result<Vec<u8>, AccountError> {
        vault.seal(owner, self.reveal().as_bytes())
    }

    /// One that was sealed; `None` where another key has sealed it.
    pub fn open(vault: &FactorKey, owner: &str, sealed: &[u8]) -> Option<Self> {
        let opened = vault.open(owner, sealed).ok()?;
        std::str::from_utf8(&opened).ok()?.parse().ok()
    }

    /// `v1,` and base64 of HMAC-SHA256 over `ID.SECONDS.BODY`.
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(format!("{id}.{seconds}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// What a receiver may verify with: a call is signed with each.
pub struct Secrets(Vec<WebhookSecret>);

impl Secrets {
    /// The one in force, and where it was just changed the one before it.
    pub fn of(current: WebhookSecret, former: Option<WebhookSecret>) -> Self {
        Self(std::iter::once(current).chain(former).collect())
    }

    /// One signature for each, with spaces between.
    fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let signed = self.0.iter().map(|secret| secret.sign(id, seconds, body));
        signed.collect::<Vec<_>>().join(" ")
    }
}

impl FromStr for WebhookSecret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let text = text.strip_prefix(PREFIX).ok_or(SecretError)?;
        let bytes = STANDARD.decode(text).map_err(|_| SecretError)?;
        let fits = LENGTHS.contains(&bytes.len());
        fits.then(|| Self(Zeroizing::new(bytes))).ok_or(SecretError)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

/// Where webhooks may go.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Hosts under which this program is known outside of its machine.
    pub own: Vec<String>,
    /// Whether this machine may be called, and over plain HTTP.
    pub local: bool,
    /// Whether networks that are not open to everybody stay uncalled too, as where strangers have
    /// written the address.
    pub outside: bool,
}

impl Reach {
    /// Reads an address as somebody typed it.
    pub fn read(&self, text: &str) -> Result<Url, AddressError> {
        let url: Url = text.parse().map_err(|_| AddressError::Unreadable)?;
        let web = matches!(url.scheme(), "https" | "http");
        let bare = url.username().is_empty() && url.password().is_none();
        let Some(host) = url
            .host_str()
            .filter(|_| web && bare && text.len() <= LONGEST)
        else {
            return Err(AddressError::Unreadable);
        };
        if self.local {
            return Ok(url);
        }
        if url.scheme() != "https" {
            return Err(AddressError::Open);
        }
        let host = host.trim_matches(['[', ']']).trim_end_matches('.');
        let named = host == "localhost" || host.ends_with(".localhost");
        let known = self.own.iter().any(|own| own.eq_ignore_ascii_case(host));
        let ip: Option<IpAddr> = host.parse().ok();
        if named || known || ip.is_some_and(leads_here) {
            return Err(AddressError::Own);
        }
        if self.outside && ip.is_some_and(leads_inside) {
            return Err(AddressError::Inside);
        }
        Ok(url)
    }

    /// A client that finds no host that may not be called.
    pub fn keeps(&self, builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        if self.local {
            return builder;
        }
        let outside = self.outside;
        builder.dns_resolver(std::sync::Arc::new(Elsewhere { outside }))
    }
}

/// Whether an address is one of this machine, or of no machine at all. A socket can be bound
/// to what is one's own and to nothing else, unless the machine lets anybody bind to anything.
fn leads_here(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    let carried = match ip {
        IpAddr::V6(ip) => carried(ip),
        IpAddr::V4(_) => None,
    };
    let linked = match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    ip.is_loopback()
        || ip.is_unspecified()
        || ip.is_multicast()
        || linked
        || carried.is_some_and(|ip| leads_here(ip.into()))
        || (can_bind(ip) && !can_bind(nobody(ip)))
}

/// Whether an address is of a network that is not open to everybody (RFC 1918, RFC 6598, RFC 4193).
fn leads_inside(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => {
            ip.is_unique_local() || carried(ip).is_some_and(|ip| leads_inside(ip.into()))
        }
    }
}

/// The address of IPv4 to which a network hands on what is sent to this one: by NAT64 (RFC 6052),
/// 6to4 (RFC 3056) or as of old (RFC 4291, 2.5.5.1).
fn carried(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let ([0x64, 0xff9b, 0, 0, 0, 0, high, low]
    | [0, 0, 0, 0, 0, 0, high, low]
    | [0x2002, high, low, ..]) = ip.segments()
    else {
        return None;
    };
    Some(Ipv4Addr::from_bits(
        (u32::from(high) << 16) | u32::from(low),
    ))
}

fn can_bind(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// An address of the same family that no machine has (RFC 5737, RFC 3849).
fn nobody(like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    }
}

/// Sends webhooks.
pub struct Caller {
    client: reqwest::Client,
    reach: Reach,
}

/// One webhook on its way.
pub struct Call<'a> {
    pub address: &'a str,
    /// Stays the same over all tries, so that a receiver can tell a repetition.
    pub id: &'a str,
    /// Unix ms; when this try is made.
    pub at: i64,
    pub body: &'a str,
    pub secrets: &'a Secrets,
}

/// Why no webhooks can be sent; the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum CallerError {
    #[error("{path} cannot be used: {problem}")]
    Roots { path: PathBuf, problem: String },
    #[error("webhooks cannot be sent: {0}")]
    Client(String),
}

impl Caller {
    /// `roots` in PEM, beside those that the machine trusts.
    pub fn of(reach: Reach, roots: Option<&[u8]>) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(WHOLE);
        builder = reach.keeps(builder);
        if let Some(pem) = roots {
            builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem)?);
        }
        Ok(Self {
            client: builder.build()?,
            reach,
        })
    }

    /// The same with the roots in a file.
    pub fn reading(reach: Reach, roots: Option<&Path>) -> Result<Self, CallerError> {
        let Some(path) = roots else {
            return Self::of(reach, None).map_err(|error| CallerError::Client(error.to_string()));
        };
        let wrong = |problem: String| CallerError::Roots {
            path: path.to_owned(),
            problem,
        };
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        Self::of(reach, Some(&pem)).map_err(|error| wrong(error.to_string()))
    }

    /// Once this is `Ok` the receiver has it.
    pub async fn call(&self, call: &Call<'_>) -> Result<(), Unanswered> {
        let url = self.reach.read(call.address);
        let url = url.map_err(|error| Unanswered::Never(Hindrance::new(Cause::Address, error)))?;
        let seconds = call.at.div_euclid(1000);
        let asked = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", call.id)
            .header("webhook-timestamp", seconds)
            .header(
                "webhook-signature",
                call.secrets.sign(call.id, seconds, call.body),
            )
            .body(call.body.to_owned());
        let answer = asked.send().await.map_err(|error| {
            let cause = cause(&error);
            // The address may hold a secret of its own.
            Unanswered::Later(Hindrance::new(cause, line(&error.without_url())))
        })?;
        let answered = |status: StatusCode| {
            let status = status.as_u16();
            Hindrance::new(Cause::Http { status }, format_args!("HTTP {status}"))
        };
        match answer.status() {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(Unanswered::Never(answered(StatusCode::GONE))),
            status => Err(Unanswered::Later(answered(status))),
        }
    }
}

/// Why no answer came.
fn cause(error: &reqwest::Error) -> Cause {
    if error.is_timeout() {
        return Cause::Timeout;
    }
    let mut next = std::error::Error::source(error);
    while let Some(inner) = next {
        if inner.is::<AddressError>() {
            return Cause::Address;
        }
        next = inner.source();
    }
    if error.is_dns() {
        return Cause::NoHost;
    }
    Cause::of_line(error)
}

/// An error with its causes, in one line.
fn line(error: &reqwest::Error) -> String {
    let text = with_causes(error);
    let plain = text.chars().filter(|c| !c.is_control());
    plain.take(200).collect()
}

/// Finds hosts, but none of this machine.
struct Elsewhere {
    /// Nor of a network that is not open to everybody.
    outside: bool,
}

impl Resolve for Elsewhere {
    fn resolve(&self, name: Name) -> Resolving {
        let outside = self.outside;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let barred = |ip| leads_here(ip) || (outside && leads_inside(ip));
            let others: Vec<SocketAddr> = found.filter(|at| !barred(at.ip())).collect();
            if others.is_empty() {
                let wrong = if outside {
                    AddressError::Inside
                } else {
                    AddressError::Own
                };
                return Err(wrong.into());
            }
            Ok(Box::new(others.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard's reference libraries.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let secret: WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let signed = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_read_as_it_was_shown_and_never_printed() {
        let made = WebhookSecret::generate();
        let read: WebhookSecret = made.reveal().parse().unwrap();
        assert_eq!(read.sign("a", 1, "b"), made.sign("a", 1, "b"));
        assert_eq!(format!("{made:?}"), "WebhookSecret(..)");
        for wrong in [
            "",
            "whsec_",
            "whsec_AAAA",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ] {
            assert!(wrong.parse::<WebhookSecret>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn while_a_secret_is_changed_both_sign() {
        let (new, old) = (WebhookSecret::generate(), WebhookSecret::generate());
        let (one, other) = (new.sign("a", 1, "b"), old.sign("a", 1, "b"));
        let both = Secrets::of(new.clone(), Some(old));
        assert_eq!(both.sign("a", 1, "b"), format!("{one} {other}"));
        assert_eq!(Secrets::of(new, None).sign("a", 1, "b"), one);
    }

    #[test]
    fn no_webhook_goes_to_this_machine() {
        let reach = Reach {
            own: vec!["hub.lapor.go.id".into()],
            ..Reach::default()
        };
        for (text, wrong) in [
            ("https://alarm.example/lapor", None),
            ("https://192.0.2.7/", None),
            ("http://alarm.example/", Some(AddressError::Open)),
            ("https://127.0.0.1:8080/", Some(AddressError::Own)),
            ("https://127.9.9.9/", Some(AddressError::Own)),
            ("https://[::1]/", Some(AddressError::Own)),
            ("https://[::ffff:127.0.0.1]/", Some(AddressError::Own)),
            ("https://[64:ff9b::7f00:1]/", Some(AddressError::Own)),
            ("https://[64:ff9b::a9fe:a9fe]/", Some(AddressError::Own)),
            ("https://[2002:a9fe:a9fe::1]/", Some(AddressError::Own)),
            ("https://[::127.0.0.1]/", Some(AddressError::Own)),
            ("https://[64:ff9b::c000:207]/", None),
            ("https://[2002:c000:207::1]/", None),
            ("https://10.254.253.252/", None),
            ("https://0.0.0.0/", Some(AddressError::Own)),
            ("https://169.254.169.254/", Some(AddressError::Own)),
            ("https://localhost./", Some(AddressError::Own)),
            ("https://HUB.lapor.go.id/x", Some(AddressError::Own)),
            ("https://a:b@alarm.example/", Some(AddressError::Unreadable)),
            ("ftp://alarm.example/", Some(AddressError::Unreadable)),
            ("alarm", Some(AddressError::Unreadable)),
        ] {
            assert_eq!(reach.read(text).err(), wrong, "{text}");
        }
        let near = Reach {
            local: true,
            ..reach
        };
        assert!(near.read("http://127.0.0.1:8080/").is_ok());
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_not_found() {
        let elsewhere = Elsewhere { outside: false };
        let found = elsewhere.resolve("localhost".parse().unwrap()).await;
        assert!(found.is_err());
    }

    #[tokio::test]
    async fn what_strangers_name_leads_into_no_network_that_is_not_open() {
        let reach = Reach {
            outside: true,
            ..Reach::default()
        };
        for inside in [
            "10.254.253.252",
            "172.31.253.7",
            "192.168.253.7",
            "100.64.253.7",
            "[fd00::1]",
            "[::ffff:10.254.253.252]",
            "[64:ff9b::afe:fdfc]",
            "[2002:afe:fdfc::1]",
        ] {
            let wrong = reach.read(&format!("https://{inside}/foto.jpg")).err();
            assert_eq!(wrong, Some(AddressError::Inside), "{inside}");
        }
        let here = reach.read("https://169.254.169.254/").err();
        assert_eq!(here, Some(AddressError::Own));
        for open in ["192.0.2.7", "100.128.0.1", "[2001:db8::7]"] {
            let read = reach.read(&format!("https://{open}/foto.jpg"));
            assert!(read.is_ok(), "{open}");
        }
        let named = |outside| Elsewhere { outside }.resolve("10.254.253.252".parse().unwrap());
        assert!(named(true).await.is_err());
        assert!(named(false).await.is_ok());
    }
}
