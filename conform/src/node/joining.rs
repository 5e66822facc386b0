//! How a node joins, and what each of its requests must show.

use anyhow::{Context as _, Result, bail, ensure};
use lapor_protocol::delivery::Cursor;
use lapor_protocol::keys::Verifier;
use lapor_protocol::limits::{BATCH_BYTES, PAGE_ITEMS};
use lapor_protocol::wire::{BOOT_HEADER, NDJSON, VERSION, VERSION_HEADER};
use serde_json::{Value, json};

use super::seen::{Call, Seen};
use super::world::World;
use crate::check::Untried;

/// Of a body of JSON.
const JSON_BYTES: usize = 262_144;

pub fn joins(seen: &Seen, _: &World) -> Result<()> {
    let (_, outcome) = seen.enrolments.first().context("it did not join")?;
    outcome.clone().map_err(anyhow::Error::msg)
}

/// Whether an object has exactly these members.
fn has_exactly(object: &Value, names: &[&str]) -> bool {
    let Some(members) = object.as_object() else {
        return false;
    };
    members.len() == names.len() && names.iter().all(|name| members.contains_key(*name))
}

pub fn shows_keys(seen: &Seen, _: &World) -> Result<()> {
    const JWK: [&str; 4] = ["kty", "crv", "x", "kid"];
    const CERTIFIED: [&str; 7] = ["kty", "crv", "x", "kid", "use_for", "valid_from", "cert"];
    let joined = &seen.joined;
    ensure!(joined.is_object(), "it did not join");
    let identity = &joined["identity"];
    ensure!(has_exactly(identity, &JWK), "an identity key: {identity}");
    ensure!(identity["crv"] == "Ed25519", "an identity key: {identity}");
    for (use_for, curve) in [("signing", "Ed25519"), ("sealing", "X25519")] {
        let key = &joined[use_for];
        ensure!(has_exactly(key, &CERTIFIED), "a {use_for} key: {key}");
        let stated = (&key["use_for"], &key["crv"]);
        ensure!(
            stated == (&json!(use_for), &json!(curve)),
            "a {use_for} key: {key}"
        );
    }
    let (request, outcome) = seen.enrolments.first().context("it did not join")?;
    outcome.clone().map_err(anyhow::Error::msg)?;
    let identity = Verifier::from_jwk(&request.identity)?;
    for key in [&request.signing, &request.sealing] {
        key.check(&identity, &request.instance)?;
    }
    Ok(())
}

pub fn versions(seen: &Seen, _: &World) -> Result<()> {
    ensure!(!seen.calls.is_empty(), "it asked for nothing");
    for call in &seen.calls {
        let version = call.headers.get(VERSION_HEADER).map(String::as_str);
        let Call { method, path, .. } = call;
        ensure!(
            version == Some(VERSION) || path == "/.well-known/lapor",
            "{method} {path} states version {version:?}"
        );
    }
    Ok(())
}

pub fn bodies(seen: &Seen, _: &World) -> Result<()> {
    ensure!(!seen.calls.is_empty(), "it asked for nothing");
    for call in &seen.calls {
        let Call {
            method,
            path,
            certificates,
            bytes,
            ..
        } = call;
        ensure!(
            *certificates == 2,
            "{method} {path} came with {certificates} certificates, expected leaf and issuer"
        );
        let (media, most) = match (method.as_str(), path.ends_with("/outbox")) {
            ("POST", true) => (NDJSON, BATCH_BYTES),
            ("POST", false) => ("application/json", JSON_BYTES),
            _ => continue,
        };
        let stated = call.headers.get("content-type").map(String::as_str);
        ensure!(stated == Some(media), "{method} {path} of type {stated:?}");
        ensure!(*bytes <= most, "{method} {path} with {bytes} bytes");
    }
    Ok(())
}

pub fn parameters(seen: &Seen, _: &World) -> Result<()> {
    let pages = seen.calls_of("GET", "/inbox");
    for call in pages.chain(seen.calls_of("GET", "/public")) {
        let pairs = call.query.split('&').filter_map(|one| one.split_once('='));
        for (name, value) in pairs {
            let read = match name {
                "after" => value.parse::<Cursor>().is_ok(),
                "limit" => value
                    .parse()
                    .is_ok_and(|limit| (1..=PAGE_ITEMS).contains(&limit)),
                "wait" => value.parse::<u64>().is_ok(),
                _ => true,
            };
            ensure!(read, "{} asks for {name}={value}", call.path);
        }
    }
    ensure!(!seen.pages.is_empty(), "it never read its inbox");
    Ok(())
}

pub fn directory(seen: &Seen, world: &World) -> Result<()> {
    let (first, _) = seen.since.first().context("it never asked")?;
    ensure!(*first == 0, "it begins after version {first}");
    let latest = world.directory.len() as u64;
    let later = seen.since.iter().all(|(since, _)| *since <= latest);
    ensure!(later, "it asks for what is behind the latest version");
    Ok(())
}

pub fn misprints(seen: &Seen, _: &World) -> Result<()> {
    let printed = seen.since.iter().enumerate();
    let printed = printed.filter_map(|(at, (since, misprint))| Some((at, since, (*misprint)?)));
    let printed: Vec<_> = printed.collect();
    if printed.is_empty() {
        return Err(Untried("the directory did not come to go on".into()).into());
    }
    for (at, since, misprint) in printed {
        let Some((next, _)) = seen.since.get(at + 1) else {
            bail!("it did not ask again after a version that was {misprint:?}");
        };
        ensure!(
            next == since,
            "after a version that was {misprint:?} it asked behind {next}, not {since}"
        );
    }
    Ok(())
}

pub fn notices(seen: &Seen, _: &World) -> Result<()> {
    let noticed = seen.noticed_in;
    let version = noticed.ok_or_else(|| Untried("the directory did not come to go on".into()))?;
    ensure!(
        seen.since.iter().any(|(since, _)| *since >= version),
        "it did not go on from version {version}, which calls a maintenance off"
    );
    Ok(())
}

pub fn impostors(seen: &Seen, world: &World) -> Result<()> {
    for (impostor, asked) in &seen.impostors {
        ensure!(!asked, "it asked an impostor for something: {impostor:?}");
    }
    if seen.impostors.len() < world.impostors.len() {
        let why = "it did not connect again as often as there are impostors";
        return Err(Untried(why.into()).into());
    }
    Ok(())
}

pub fn compares(seen: &Seen, _: &World) -> Result<()> {
    let place = |method, path: &str| {
        let whole = format!("/federation/v1{path}");
        let mut calls = seen.calls.iter();
        calls.position(|call| call.method == method && call.path == whole)
    };
    let compared = place("GET", "/outbox/head").context("it never compared heads")?;
    if let Some(sent) = place("POST", "/outbox") {
        ensure!(compared < sent, "it sent before it compared heads");
    }
    let heads = seen.calls_of("GET", "/outbox/head");
    for call in heads.chain(seen.calls_of("POST", "/outbox")) {
        let boot = call.headers.get(BOOT_HEADER);
        let boot = boot.with_context(|| format!("{} {} states none", call.method, call.path))?;
        let sound = |value: &str| {
            let digit = |sign: char| sign.is_ascii_hexdigit() && !sign.is_ascii_uppercase();
            value.len() == 32 && value.chars().all(digit)
        };
        let mut values = boot.split(',').map(str::trim);
        ensure!(
            values.clone().count() <= 2 && values.all(sound),
            "Lapor-Boot is {boot:?}"
        );
    }
    Ok(())
}
