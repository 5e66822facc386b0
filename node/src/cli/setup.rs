//! Making a node, joining, and looking after its database and configuration.

use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use lapor_certs::{Credential, exposed_files};
use lapor_migrations::{Db, DbOptions, Schema};
use lapor_web::listeners::all_free;
use lapor_web::monitor::Listen;
use lapor_web::room::try_writing;
use lapor_web::sign_on::SignOnError;
use lapor_web::webhook::{Caller, Reach};

use super::{Failure, Out, Place, exit, mail};
use crate::bridge::Sp4n;
use crate::channels::{Lines, try_mailbox};
use crate::cities::Cities;
use crate::enrolment::{self, Enrolled};
use crate::error::NodeError;
use crate::folder::{self, NodeKeys, credential_path};
use crate::in_force::{InForce, named};
use crate::node::{Node, read_joined};
use crate::settings::Settings;
use crate::sync::trusted;
use crate::tiles::Tiles;

/// Bytes of an invitation line, far more than one has.
const LINE_BYTES: u64 = 64 * 1024;

#[derive(Debug, Args)]
pub struct Init {
    /// Folder of the node; made if it is missing
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Where the API listens
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where monitoring listens, or `off`; the port after --listen if not given
    #[arg(long, value_name = "ADDR")]
    monitor_listen: Option<Listen>,
    /// sqlite://FILE, or postgres://USER@HOST/NAME?sslmode=verify-full
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

#[derive(Debug, Args)]
pub struct Enrol {
    /// The invitation line, or - to read it from standard input
    #[arg(value_name = "LINE")]
    line: String,
}

pub async fn init(args: &Init, out: Out<'_>) -> Result<(), Failure> {
    let mut settings = Settings::default();
    if let Some(listen) = args.listen {
        settings.api.listen = listen;
    }
    let beside = || Listen::beside(settings.api.listen);
    settings.monitor.listen = args.monitor_listen.unwrap_or_else(beside);
    if let Some(url) = &args.database_url {
        settings.database.url.clone_from(url);
    }
    folder::begin(&args.dir)?;
    // Before anything is written: a wrong address would show at `enrol` only.
    reaches_database(&settings.clone().below(&args.dir)).await?;
    let config = folder::init(&args.dir, &settings)?;
    let config = config.display();
    writeln!(out, "Made {config}.")?;
    writeln!(
        out,
        "Next: ask the federation's staff for an invitation line and run"
    )?;
    writeln!(out, "  lapor-node --config {config} enrol LINE")?;
    Ok(())
}

pub async fn enrol(place: &Place, args: Enrol, out: Out<'_>) -> Result<(), Failure> {
    let settings = place.settings()?;
    let line = if args.line == "-" {
        first_line()?
    } else {
        args.line
    };
    let joined = enrolment::enrol(&settings, line.trim(), place.clock.clone()).await?;
    tell_joined(&joined, &place.config, out)
}

/// What was joined, and what is left to do.
fn tell_joined(joined: &Enrolled, config: &Path, out: Out<'_>) -> Result<(), Failure> {
    writeln!(out, "Joined as {}.", joined.instance)?;
    writeln!(out, "  hub                   {}", joined.hub)?;
    writeln!(out, "  root                  {}", joined.root_pin)?;
    writeln!(
        out,
        "  identity of this node {}",
        joined.identity_fingerprint
    )?;
    writeln!(
        out,
        "Read the identity to the federation's staff over the phone; they see the same one."
    )?;
    writeln!(
        out,
        "Unless you were invited without an approval, this node sends and receives nothing until they approve it; it tries by itself, and `lapor-node status` says how it stands."
    )?;
    writeln!(out, "Next: lapor-node --config {} serve", config.display())?;
    Ok(())
}

pub async fn migrate(place: &Place, out: Out<'_>) -> Result<(), Failure> {
    let settings = place.settings()?;
    let db = Db::open(&settings.database.url, Schema::Node, &DbOptions::default()).await?;
    let report = db.migrate().await;
    db.close().await;
    let report = report?;
    for migration in &report.applied {
        writeln!(out, "Applied {migration}.")?;
    }
    writeln!(out, "The database has schema {}.", report.version)?;
    Ok(())
}

/// Tries everything that `serve` will need, and says what each is.
pub async fn check_config(place: &Place, out: Out<'_>) -> Result<(), Failure> {
    let settings = place.settings()?;
    writeln!(out, "{}: read", place.config.display())?;
    settings.log.parse_filter()?;
    writeln!(out, "log.filter: {}", settings.log.filter)?;
    for (name, path) in [
        ("node.keys", &settings.node.keys),
        ("node.blobs", &settings.node.blobs),
    ] {
        folder_exists(name, path)?;
        writeln!(out, "{name}: {}", path.display())?;
    }
    try_writing(&settings.node.blobs)
        .map_err(|said| Failure::new(exit::IO, format!("node.blobs: {said}")))?;
    listens(&settings, out)?;
    private_keys(&settings.node.keys)?;
    let postbox = settings.mail.postbox()?;
    channels(&settings, out).await?;
    cities(&settings, out)?;
    if let Some(base) = Sp4n::of(&settings.bridge)?.and(settings.bridge.base_url.as_ref()) {
        writeln!(out, "bridge: {base}")?;
    }
    Caller::reading(Reach::default(), settings.webhooks.roots.as_deref())?;
    tiles(&settings, out).await?;
    let db = Db::open(&settings.database.url, Schema::Node, &DbOptions::default()).await?;
    let current = check_database(&db, &settings.node.keys, out).await;
    db.close().await;
    if !current? {
        mail::check(postbox, out).await?;
        return single_sign_on(&settings, place.clock.now_ms(), out).await;
    }
    // Nothing is migrated by this: the schema is current.
    let node = Node::open(&settings, place.clock.clone()).await?;
    in_force(&node.in_force(), out).await?;
    for (setting, category) in node.unknown_settings().await? {
        let edition = node.categories().await?.edition;
        writeln!(
            out,
            "categories.{setting}: {} is not in edition {edition}, so no report has it; see `lapor-node category list`",
            category.as_str()
        )?;
    }
    single_sign_on(node.in_force().settings(), place.clock.now_ms(), out).await?;
    match node.instance() {
        Ok(instance) => {
            writeln!(out, "This node has joined as {instance}.")?;
            certificates(&node, out)?;
        }
        Err(_) => writeln!(
            out,
            "This node has not joined; run `lapor-node enrol LINE`."
        )?,
    }
    node.db().close().await;
    Ok(())
}

/// What may be typed at the desk, and who has said it: the file, or an admin where that is silent.
async fn in_force(in_force: &InForce, out: Out<'_>) -> Result<(), Failure> {
    let settings = in_force.settings();
    let portal = &settings.portal;
    let address = portal.public_url.as_ref().map(ToString::to_string);
    for (field, value, source) in [
        ("portal.public_url", address, in_force.address),
        ("portal.contact", portal.contact.clone(), in_force.contact),
        ("mail.host", settings.mail.host.clone(), in_force.mail),
        (
            "answers.approval",
            in_force.approved().line(),
            in_force.approval,
        ),
        (
            "categories.evidence",
            named(&settings.categories.evidence),
            in_force.evidence,
        ),
    ] {
        match value {
            Some(value) => writeln!(out, "{field}: {value}, {source}")?,
            None => writeln!(out, "{field}: {source}")?,
        }
    }
    mail::check(in_force.postbox()?, out).await
}

async fn channels(settings: &Settings, out: Out<'_>) -> Result<(), Failure> {
    let names = Lines::of(&settings.channels)?.names();
    if names.is_empty() {
        writeln!(
            out,
            "channels: none; this node talks on its own pages alone"
        )?;
    } else {
        writeln!(out, "channels: {}", names.join(", "))?;
    }
    // A mailbox that is away is no mistake in the settings.
    match try_mailbox(&settings.channels).await? {
        Some(Ok(letters)) => writeln!(
            out,
            "channels.email.imap.host: answers, and has {letters} letters"
        )?,
        Some(Err(problem)) => writeln!(
            out,
            "channels.email.imap.host: {problem}; letters would wait there"
        )?,
        None => {}
    }
    Ok(())
}

fn cities(settings: &Settings, out: Out<'_>) -> Result<(), Failure> {
    let cities = Cities::of(&settings.cities)?;
    if !settings.cities.is_empty() {
        writeln!(out, "cities: {}", cities.names().join(", "))?;
    }
    Ok(())
}

/// Whether the schema is current. Only looks: a program that knows an earlier
/// schema may be serving on it.
async fn check_database(db: &Db, keys: &Path, out: Out<'_>) -> Result<bool, Failure> {
    let pending = db.pending_migrations().await?;
    if pending.is_empty() {
        writeln!(out, "database.url: opened, its schema is current")?;
        return Ok(true);
    }
    writeln!(out, "database.url: opened")?;
    for migration in pending {
        writeln!(out, "  to be applied by `serve`: {migration}")?;
    }
    let joined = match db.schema_version().await? {
        0 => None,
        _ => read_joined(db).await?,
    };
    if let Some(joined) = joined {
        NodeKeys::load(keys).map_err(NodeError::from)?;
        writeln!(out, "This node has joined as {}.", joined.instance)?;
    } else {
        writeln!(
            out,
            "This node has not joined; run `lapor-node enrol LINE`."
        )?;
    }
    Ok(false)
}

/// Whether the database of these settings can be reached, and is a node's or empty.
async fn reaches_database(settings: &Settings) -> Result<(), Failure> {
    let db = Db::open(&settings.database.url, Schema::Node, &DbOptions::default()).await?;
    let looked = db.pending_migrations().await;
    db.close().await;
    looked?;
    Ok(())
}

/// Proves the file of street tiles, if one is named.
async fn tiles(settings: &Settings, out: Out<'_>) -> Result<(), Failure> {
    let Some(file) = &settings.portal.tiles else {
        return Ok(());
    };
    let tiles = Tiles::open(file)
        .await
        .map_err(|unfit| Failure::new(exit::CONFIGURATION, unfit.to_string()))?;
    let (farthest, nearest) = tiles.zooms;
    let kind = tiles.media_type;
    Ok(writeln!(
        out,
        "portal.tiles: {kind}, zoom {farthest} to {nearest}"
    )?)
}

/// Proves `[single_sign_on]`; a provider that is away is no mistake in the file.
async fn single_sign_on(settings: &Settings, now: i64, out: Out<'_>) -> Result<(), Failure> {
    match settings.sign_on().prove(now).await {
        Err(SignOnError::Off) => {}
        Err(SignOnError::Settings(error)) => {
            return Err(Failure::new(exit::CONFIGURATION, error.to_string()));
        }
        Err(error) => writeln!(out, "single_sign_on.issuer: {error}")?,
        Ok(()) => writeln!(out, "single_sign_on.issuer: answers")?,
    }
    Ok(())
}

fn listens(settings: &Settings, out: Out<'_>) -> Result<(), Failure> {
    let mut addresses = vec![("api.listen", settings.api.listen)];
    let monitor = settings.monitor.listen.0;
    addresses.extend(monitor.map(|listen| ("monitor.listen", listen)));
    let free = all_free(&addresses)
        .map_err(|unfit| Failure::new(exit::CONFIGURATION, unfit.to_string()))?;
    let said = if free {
        "is free"
    } else {
        "is in use; that is right if this node is running"
    };
    for (field, address) in addresses {
        writeln!(out, "{field}: {address} {said}")?;
    }
    Ok(())
}

/// Refuses keys that others on this machine may read.
pub(super) fn private_keys(folder: &Path) -> Result<(), Failure> {
    let exposed = exposed_files(folder).map_err(|error| {
        let message = format!("node.keys: {} cannot be read: {error}", folder.display());
        Failure::new(exit::of_needed(&error), message)
    })?;
    let Some(first) = exposed.first() else {
        return Ok(());
    };
    let message = format!(
        "node.keys: others than its user may read {}; take that from them with `chmod go= {}/*`. If anybody may have, the federation's staff make the certificates of this institution void, and `lapor-node keys rotate signing` and `sealing` replace these two keys; for identity.key there is no other, and the institution is replaced: see \"stolen keys\" in docs/operations.md",
        first.display(),
        folder.display()
    );
    Err(Failure::new(exit::CONFIGURATION, message))
}

/// The roots must be there; a certificate that is lost brings itself back.
fn certificates(node: &Node, out: Out<'_>) -> Result<(), Failure> {
    let keys = &node.settings().node.keys;
    trusted(keys).map_err(|unusable| Failure::new(exit::CONFIGURATION, unusable.to_string()))?;
    writeln!(out, "roots.pem: read")?;
    match Credential::load(&credential_path(keys)) {
        Ok(_) => writeln!(out, "tls.pem: read")?,
        Err(error) => {
            let message = format!(
                "tls.pem: {error}; `serve` recovers it with the identity key at once when it reaches the hub, `lapor-node recover` does so now"
            );
            return Err(Failure::new(exit::CONFIGURATION, message));
        }
    }
    Ok(())
}

fn folder_exists(name: &str, path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Ok(());
    }
    let message = format!(
        "{name}: there is no folder {}; restore it, or correct the path",
        path.display()
    );
    Err(Failure::new(exit::CONFIGURATION, message))
}

/// An invitation is a secret, and arguments can be seen by others on the machine.
fn first_line() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(LINE_BYTES)
        .read_to_string(&mut text)?;
    match text.lines().find(|line| !line.trim().is_empty()) {
        Some(line) => Ok(line.to_owned()),
        None => Err(Failure::new(
            exit::DATA,
            "standard input holds no invitation line",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_cannot_be_read_for_the_moment_are_no_mistake_in_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let absent = private_keys(&folder.path().join("keys")).unwrap_err();
        assert_eq!(absent.code, exit::CONFIGURATION);
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(private_keys(&file).unwrap_err().code, exit::IO);
    }

    #[test]
    fn who_has_joined_is_told_of_the_approval_that_is_waited_for() {
        let joined = Enrolled {
            instance: "kota-bandung".parse().unwrap(),
            hub: "https://hub.test:7443".into(),
            root_pin: "ab".into(),
            identity_fingerprint: "cd".into(),
        };
        let mut out = Vec::<u8>::new();
        tell_joined(&joined, Path::new("/srv/node.toml"), &mut out).unwrap();
        let told = String::from_utf8(out).unwrap();
        for part in [
            "Joined as kota-bandung.",
            "until they approve it",
            "Next: lapor-node --config /srv/node.toml serve",
        ] {
            assert!(told.contains(part), "{told}");
        }
    }
}
