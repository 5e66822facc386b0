//! `directory.json`: the latest directory as one object, with every key there
//! ever was, for readers who do not fold versions.

use std::collections::BTreeMap;

use lapor_protocol::directory::{Directory, InstanceEntry};
use lapor_protocol::ids::Position;
use lapor_protocol::keys::{Jwk, KeyUse, Verifier};
use serde_json::{Value, json};

/// The object; equal directories give equal objects.
pub fn object(directory: &Directory) -> Value {
    let world = directory.latest();
    let instances: Vec<Value> = world
        .instances()
        .map(|entry| {
            // A later entry says how long a key was valid.
            let all = directory.history_of(&entry.id).flat_map(keys_of);
            let keys: BTreeMap<String, Value> = all.collect();
            let mut object = json!({
                "id": entry.id,
                "kind": entry.kind,
                "name": entry.name,
                "status": entry.status,
                "keys": keys.into_values().collect::<Vec<_>>(),
            });
            if let Some(region) = &entry.region {
                object["region"] = json!(region);
            }
            object
        })
        .collect();
    let hub_keys: Vec<Jwk> = directory.all_hub_keys().map(Verifier::jwk).collect();
    json!({ "hub_keys": hub_keys, "instances": instances })
}

/// Keys by their ids, as RFC 8037 JWKs with use and life.
fn keys_of(entry: &InstanceEntry) -> Vec<(String, Value)> {
    let identity = entry.identity.as_ref().map(|jwk| {
        let first = Position { epoch: 1, seq: 1 };
        (jwk.kid.to_string(), key(jwk, KeyUse::Identity, first))
    });
    let certified = entry.keys.iter().map(|certified| {
        let mut object = key(&certified.jwk, certified.use_for, certified.valid_from);
        object["cert"] = json!(certified.cert);
        if let Some(end) = certified.valid_to {
            object["valid_to"] = json!(end);
        }
        (certified.jwk.kid.to_string(), object)
    });
    identity.into_iter().chain(certified).collect()
}

fn key(jwk: &Jwk, use_for: KeyUse, valid_from: Position) -> Value {
    let mut object = json!(jwk);
    object["use_for"] = json!(use_for);
    object["valid_from"] = json!(valid_from);
    object
}
