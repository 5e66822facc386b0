//! Real TLS handshakes between hub and nodes, in memory, with clocks set by hand.

use std::sync::Arc;

use lapor_certs::tls::{self, ClockDoubt, Refusal, refusal_in};
use lapor_certs::{
    Authority, Credential, CredentialError, Issuer, PeerIdentity, Serial, TlsKey, TrustBundle,
};
use lapor_protocol::ids::Digest;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};
use rustls_pki_types::ServerName;

const NOW: i64 = 1_750_000_000_000;
const DAY: i64 = 86_400_000;
const YEAR: i64 = 365 * DAY;
const HUB: &str = "hub.lapor.test";

/// A federation with one hub; each test makes what it needs of it.
struct Federation {
    authority: Authority,
    issuer: Issuer,
    hub: Credential,
    roots: TrustBundle,
}

impl Federation {
    fn new() -> Self {
        let authority = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let issuer = authority.new_issuer(NOW).unwrap();
        let hub = hub_below(&issuer, &[HUB, "127.0.0.1"]);
        let roots = TrustBundle::new(vec![authority.root().clone()]).unwrap();
        Self {
            authority,
            issuer,
            hub,
            roots,
        }
    }

    fn server(&self, hub_now: i64) -> ServerConfig {
        tls::federation_server_config(&self.hub, &self.roots, tls::clock(move || hub_now)).unwrap()
    }

    fn enrolment_server(&self) -> ServerConfig {
        tls::enrolment_server_config(&self.hub, tls::clock(|| NOW)).unwrap()
    }
}

fn serial() -> Serial {
    Serial::from_random([1; 16])
}

fn hub_below(issuer: &Issuer, names: &[&str]) -> Credential {
    let key = TlsKey::generate();
    let names: Vec<ServerName<'_>> = names
        .iter()
        .map(|name| ServerName::try_from(*name).unwrap())
        .collect();
    let new = issuer
        .issue_hub(&key.public(), &names, NOW, serial())
        .unwrap();
    Credential::new(new.chain, key).unwrap()
}

fn node_below(issuer: &Issuer) -> Credential {
    let key = TlsKey::generate();
    let instance = "kota-bandung".parse().unwrap();
    let new = issuer
        .issue_instance(&key.public(), &instance, NOW, serial())
        .unwrap();
    Credential::new(new.chain, key).unwrap()
}

fn client(node: &Credential, roots: &TrustBundle, now: i64) -> (ClientConfig, Arc<ClockDoubt>) {
    let doubt = Arc::new(ClockDoubt::default());
    let clock = tls::clock(move || now);
    let config = tls::federation_client_config(node, roots, clock, doubt.clone()).unwrap();
    (config, doubt)
}

fn newcomer(pin: Digest, now: i64) -> ClientConfig {
    tls::enrolment_client_config(&[pin], tls::clock(move || now), Arc::default()).unwrap()
}

/// Both ends after a handshake that succeeded, or why the client thinks it failed.
fn shake(
    client: ClientConfig,
    server: ServerConfig,
    name: &str,
) -> Result<(ClientConnection, ServerConnection), Option<Refusal>> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    let mut refused = false;
    for _ in 0..10 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut pending = bytes.as_slice();
        while !pending.is_empty() && !refused {
            server.read_tls(&mut pending).unwrap();
            refused = server.process_new_packets().is_err();
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut pending = bytes.as_slice();
        while !pending.is_empty() {
            client.read_tls(&mut pending).unwrap();
            client
                .process_new_packets()
                .map_err(|error| refusal_in(&error))?;
        }
    }
    assert!(
        !refused,
        "the server refused and the client did not learn of it"
    );
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok((client, server))
}

fn refusal(client: ClientConfig, server: ServerConfig, name: &str) -> Refusal {
    let refused = shake(client, server, name).err();
    refused
        .expect("refused")
        .expect("for a reason that a node knows")
}

#[test]
fn an_instance_comes_in_and_is_known_by_name() {
    let federation = Federation::new();
    let node = node_below(&federation.issuer);
    for name in [HUB, "127.0.0.1"] {
        let (config, doubt) = client(&node, &federation.roots, NOW);
        let (client, server) = shake(config, federation.server(NOW), name).unwrap();
        assert!(!doubt.is_raised());
        assert_eq!(server.alpn_protocol(), Some(b"h2".as_slice()));
        let ours = federation.authority.trust_domain();
        let peer = &server.peer_certificates().unwrap()[0];
        assert_eq!(
            PeerIdentity::of(peer, ours),
            Ok(PeerIdentity::Instance("kota-bandung".parse().unwrap()))
        );
        let hub = &client.peer_certificates().unwrap()[0];
        assert_eq!(PeerIdentity::of(hub, ours), Ok(PeerIdentity::Hub));
        assert_eq!(client.tls13_tickets_received(), 0);
    }
}

#[test]
fn nobody_comes_in_without_a_certificate_of_the_federation() {
    let federation = Federation::new();
    let bare = newcomer(federation.authority.pin(), NOW);
    assert_eq!(
        refusal(bare, federation.server(NOW), HUB),
        Refusal::OurCertificateMissing
    );
    let foreign = node_below(&Federation::new().issuer);
    let (config, _) = client(&foreign, &federation.roots, NOW);
    assert_eq!(
        refusal(config, federation.server(NOW), HUB),
        Refusal::OurCertificateRefused
    );
}

#[test]
fn a_hubs_certificate_does_not_come_in_as_a_client() {
    let federation = Federation::new();
    let posing = hub_below(&federation.issuer, &["elsewhere.lapor.test"]);
    let (config, _) = client(&posing, &federation.roots, NOW);
    assert_eq!(
        refusal(config, federation.server(NOW), HUB),
        Refusal::OurCertificateRefused
    );
}

#[test]
fn an_instances_certificate_does_not_pass_for_the_hub() {
    let federation = Federation::new();
    let node = node_below(&federation.issuer);
    let clock = tls::clock(|| NOW);
    let posing = tls::federation_server_config(&node, &federation.roots, clock).unwrap();
    let (config, _) = client(&node, &federation.roots, NOW);
    let refused = refusal(config, posing, HUB);
    assert!(matches!(
        refused,
        Refusal::HubNamedOtherwise | Refusal::HubNotTrusted
    ));
}

#[test]
fn an_expired_certificate_is_refused_as_expired() {
    let federation = Federation::new();
    let node = node_below(&federation.issuer);
    let (config, _) = client(&node, &federation.roots, NOW + 31 * DAY);
    assert_eq!(
        refusal(config, federation.server(NOW + 31 * DAY), HUB),
        Refusal::OurCertificateExpired
    );
    let (config, _) = client(&node, &federation.roots, NOW + 29 * DAY);
    assert!(shake(config, federation.server(NOW + 29 * DAY), HUB).is_ok());
}

#[test]
fn a_wrong_clock_of_the_node_is_a_doubt_and_no_stop() {
    let federation = Federation::new();
    let node = node_below(&federation.issuer);
    for wrong in [0, NOW - YEAR, NOW + YEAR, NOW + 10 * YEAR] {
        let (config, doubt) = client(&node, &federation.roots, wrong);
        assert!(shake(config, federation.server(NOW), HUB).is_ok());
        assert!(doubt.is_raised());
        let join = newcomer(federation.authority.pin(), wrong);
        assert!(shake(join, federation.enrolment_server(), HUB).is_ok());
        // It excuses nothing else.
        let (config, _) = client(&node, &federation.roots, wrong);
        assert_eq!(
            refusal(config, federation.server(NOW), "other.lapor.test"),
            Refusal::HubNamedOtherwise
        );
        let other = Federation::new();
        let (config, _) = client(&node, &other.roots, wrong);
        assert_eq!(
            refusal(config, federation.server(NOW), HUB),
            Refusal::HubNotTrusted
        );
    }
}

#[test]
fn a_hub_of_another_root_or_name_is_refused() {
    let federation = Federation::new();
    let other = Federation::new();
    let node = node_below(&federation.issuer);
    let (config, _) = client(&node, &federation.roots, NOW);
    assert_eq!(
        refusal(config, other.server(NOW), HUB),
        Refusal::HubNotTrusted
    );
    let (config, _) = client(&node, &federation.roots, NOW);
    assert_eq!(
        refusal(config, federation.server(NOW), "hub.lapor.example"),
        Refusal::HubNamedOtherwise
    );
}

#[test]
fn a_newcomer_trusts_the_pinned_root_only() {
    let federation = Federation::new();
    let join = |pin| newcomer(pin, NOW);
    assert!(
        shake(
            join(federation.authority.pin()),
            federation.enrolment_server(),
            HUB
        )
        .is_ok()
    );
    assert_eq!(
        refusal(
            join(Digest::of(b"other")),
            federation.enrolment_server(),
            HUB
        ),
        Refusal::HubNotPinned
    );
    assert_eq!(
        refusal(
            join(federation.authority.pin()),
            federation.enrolment_server(),
            "hub.lapor.example"
        ),
        Refusal::HubNamedOtherwise
    );
}

#[test]
fn showing_the_pinned_root_beside_a_chain_of_another_is_refused() {
    let federation = Federation::new();
    let impostor = Federation::new();
    let mut chain = impostor.hub.chain().to_vec();
    chain.push(federation.authority.root().clone());
    let key = TlsKey::from_pem(&impostor.hub.key().to_pem()).unwrap();
    let hub = Credential::new(chain, key).unwrap();
    let server = tls::enrolment_server_config(&hub, tls::clock(|| NOW)).unwrap();
    assert_eq!(
        refusal(newcomer(federation.authority.pin(), NOW), server, HUB),
        Refusal::HubNotTrusted
    );
}

#[test]
fn an_enrolment_listener_that_hides_the_root_cannot_be_made() -> Result<(), CredentialError> {
    let federation = Federation::new();
    let key = TlsKey::from_pem(&federation.hub.key().to_pem()).unwrap();
    let short = Credential::new(federation.hub.chain()[..2].to_vec(), key)?;
    let result = tls::enrolment_server_config(&short, tls::clock(|| NOW));
    assert!(matches!(result, Err(tls::TlsError::RootMissing)));
    let none = tls::enrolment_client_config(&[], tls::clock(|| NOW), Arc::default());
    assert!(matches!(none, Err(tls::TlsError::NoPin)));
    Ok(())
}

#[test]
fn a_new_issuer_below_the_same_root_disturbs_nobody() {
    let federation = Federation::new();
    let old_node = node_below(&federation.issuer);
    let successor = federation.authority.new_issuer(NOW).unwrap();
    let new_node = node_below(&successor);
    let new_hub = hub_below(&successor, &[HUB]);
    for hub in [&federation.hub, &new_hub] {
        for node in [&old_node, &new_node] {
            let clock = tls::clock(|| NOW);
            let server = tls::federation_server_config(hub, &federation.roots, clock).unwrap();
            let (config, _) = client(node, &federation.roots, NOW);
            assert!(shake(config, server, HUB).is_ok());
        }
    }
}
