//! Versions of the directory, each as the hub would sign it behind the one before.

use lapor_protocol::directory::{Directory, DirectoryAt};
use lapor_protocol::dsse::{self, Envelope};
use lapor_protocol::ids::Position;
use serde_json::Value;

use crate::Named;
use crate::cast::{HUB, HUB_KEY};
use crate::lines;

pub const ALL: &[Named] = &[("directory", directory)];

/// Versions, a line each: as it came, and with the place that comes next.
fn directory(bytes: &[u8]) {
    let mut directory = Directory::trusting(vec![HUB_KEY.clone()]);
    for line in lines(bytes).take(20) {
        let Ok(stated) = serde_json::from_slice::<Value>(line) else {
            continue;
        };
        take(&mut directory, line.to_vec());
        let next = following(&directory, stated);
        take(&mut directory, next);
    }
}

/// The same with the place that comes next.
fn following(directory: &Directory, mut stated: Value) -> Vec<u8> {
    if let Some(fields) = stated.as_object_mut() {
        fields.insert("version".into(), (directory.version() + 1).into());
        fields.insert("prev".into(), directory.head().to_hex().into());
    }
    stated.to_string().into_bytes()
}

fn take(directory: &mut Directory, payload: Vec<u8>) {
    let (version, head) = (directory.version(), directory.head());
    let envelope = Envelope::sign(dsse::DIRECTORY_TYPE, payload, &HUB);
    match directory.apply(&envelope) {
        Ok(stated) => {
            assert_eq!(stated.version, version + 1);
            assert_eq!(directory.head(), envelope.id());
            look_at(directory, stated.at);
        }
        Err(_) => assert_eq!((directory.version(), directory.head()), (version, head)),
    }
}

/// Asks what the programs ask of a directory.
fn look_at(directory: &Directory, now_ms: i64) {
    let latest = directory.latest();
    assert!(directory.published_at(latest.version()).is_some());
    directory.maintenance(now_ms);
    directory.last_begun(now_ms);
    for version in 0..=latest.version() {
        of_instances(directory.at(version));
    }
    assert!(directory.all_hub_keys().count() >= directory.hub_keys().len());
}

fn of_instances(at: DirectoryAt<'_>) {
    at.desk();
    at.default_supervisor();
    for entry in at.instances() {
        let identity = entry.identity.is_some();
        assert!(
            identity || entry.keys.is_empty(),
            "keys without who certifies them"
        );
        entry.sealing_key();
        at.is_or_succeeds(&entry.id, |_| false);
        let first = Position { epoch: 1, seq: 1 };
        for key in &entry.keys {
            entry.signing_key(&key.jwk.kid, first);
            assert!(entry.has_key(&key.jwk.kid));
        }
        for pattern in &entry.disposes_to {
            pattern.covers(&entry.id, entry.kind, entry.region.as_ref());
        }
    }
}
