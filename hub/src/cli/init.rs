//! Making a hub: folder, authority, signing key, database, and last the
//! configuration, so that an interrupted `init` can be run again and a
//! finished one is never overwritten.

use std::fmt::Write as _;
use std::fs::DirBuilder;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use lapor_certs::{Authority, HubUrl, TrustDomain, Vault, VaultError, write_private};
use lapor_web::monitor::Listen;

use super::{Failure, Out, exit};
use crate::clock::Clock;
use crate::ground::Ground;
use crate::keys;
use crate::settings::{EnrolmentSettings, ListenerSettings, Settings};

#[derive(Debug, Args)]
pub struct Init {
    /// Folder of the hub; made if it is missing
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Name of the federation, in every certificate and for ever
    #[arg(long, value_name = "DOMAIN", default_value = "lapor.local")]
    trust_domain: TrustDomain,
    /// Where institutions connect
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7443")]
    federation_address: SocketAddr,
    /// Where newcomers join
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7444")]
    enrolment_address: SocketAddr,
    /// Where monitoring listens, or `off`; the port after --enrolment-address if not given
    #[arg(long, value_name = "ADDR:PORT")]
    monitor_address: Option<Listen>,
    /// Where the console of central staff listens, over plain HTTP, or `off`
    #[arg(long, value_name = "ADDR:PORT", default_value = "off")]
    console_address: Listen,
    /// DNS name or IP address under which institutions reach the hub; the first
    /// one stands in invitations
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// `sqlite://FILE` or `postgres://USER@HOST/NAME?sslmode=verify-full`
    #[arg(long, value_name = "URL", default_value = "sqlite://hub.db")]
    database_url: String,
}

pub async fn init(init: &Init, out: &mut Out<'_>, clock: Arc<dyn Clock>) -> Result<(), Failure> {
    let config = init.dir.join("hub.toml");
    if config.exists() {
        let shown = config.display();
        let message = format!(
            "{shown} exists already and is never overwritten; serve it with `lapor-hub --config {shown} serve`, or choose another --dir"
        );
        return Err(Failure::new(exit::CANNOT_CREATE, message));
    }
    let written = settings(init)?;
    let text = write_toml(&written);
    // What is written must be what will be read.
    Settings::parse(&text, std::collections::HashMap::new())?;
    make_folder(&init.dir)?;
    let folder = init.dir.canonicalize()?;
    let settings = written.below(&folder);
    make_folder(&settings.storage.keys)?;
    make_folder(&settings.storage.blobs)?;
    found_authority(&settings, &init.trust_domain, clock.now_ms())?;
    let signing = keys::signing_path(&settings);
    if !signing.exists() {
        keys::create_signer(&signing)?;
    }
    let ground = Ground::open(settings, clock).await?;
    let certifier = ground.certifier();
    keys::credential(&ground.settings, &certifier.issuer, ground.clock.now_ms())?;
    ground.db.close().await;
    // The address of a database may hold a password.
    write_private(&config, text.as_bytes()).map_err(|error| cannot_create(&config, &error))?;
    writeln!(out.answer, "a hub has been made in {}", folder.display())?;
    writeln!(out.answer, "  federation   {}", ground.trust_domain)?;
    writeln!(out.answer, "  root pin     {}", certifier.issuer.root_pin())?;
    writeln!(out.answer, "  signing key  {}", ground.signer().kid())?;
    writeln!(
        out.answer,
        "  for members  {}",
        ground.settings.federation.public_url
    )?;
    writeln!(
        out.answer,
        "  to join      {}",
        ground.settings.enrolment.public_url
    )?;
    let shown = config.display();
    writeln!(
        out.explanation,
        "next: `lapor-hub --config {shown} instance invite pusat --kind pusat` prints the line with which the national desk joins; `lapor-hub --config {shown} serve` serves. \
         The root's private key, authority/root.key.pem, is needed for new issuers only: keep it offline."
    )?;
    Ok(())
}

/// The file with a sentence for each field.
pub fn write_toml(settings: &Settings) -> String {
    let quote = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let path = |path: &Path| quote(&path.to_string_lossy());
    let names: Vec<String> = settings.names.iter().map(|name| quote(name)).collect();
    let storage = &settings.storage;
    let limits = &settings.limits;
    let mut text = String::from(
        "# The hub of a Lapor federation. Relative paths are relative to this file.\n\
         # LAPOR_HUB__SECTION__FIELD in the environment overrides a field.\n\n",
    );
    let mut line = |text_line: String| {
        text.push_str(&text_line);
        text.push('\n');
    };
    line("# DNS names and IP addresses of the hub; its certificate carries them.".into());
    line(format!("names = [{}]\n", names.join(", ")));
    line("[database]".into());
    line("# sqlite://FILE or postgres://USER@HOST/NAME?sslmode=verify-full".into());
    line(format!("url = {}\n", quote(&settings.database.url)));
    for (section, comment, (listen, public_url)) in [
        (
            "federation",
            "Members connect here with their certificates.",
            (&settings.federation.listen, &settings.federation.public_url),
        ),
        (
            "enrolment",
            "Newcomers join here with an invitation.",
            (&settings.enrolment.listen, &settings.enrolment.public_url),
        ),
    ] {
        line(format!("[{section}]\n# {comment}"));
        line(format!("listen = {}", quote(&listen.to_string())));
        line("# As they see it; stands in invitations.".into());
        line(format!("public_url = {}\n", quote(public_url.as_str())));
    }
    line("# Whoever joins waits until an operator has compared its key and approved it.".into());
    line(format!("approval = {}\n", settings.enrolment.approval));
    line("[storage]".into());
    line(format!(
        "# Signing key and TLS certificate.\nkeys = {}",
        path(&storage.keys)
    ));
    line(format!(
        "# Root and issuer.\nauthority = {}",
        path(&storage.authority)
    ));
    line(format!(
        "# Attachments, encrypted by their authors.\nblobs = {}\n",
        path(&storage.blobs)
    ));
    let _ = write!(
        text,
        "[limits]\n\
         # Of each institution, a second on average, and at once after a silence.\n\
         envelopes_per_second = {}\nenvelope_burst = {}\nbytes_per_second = {}\nbyte_burst = {}\n\
         # Of the attachments of each institution together, and of the pictures of its programmes.\n\
         blob_quota_bytes = {}\npicture_quota_bytes = {}\n\
         # Of one network without a certificate (to join or to recover one), a second and at once;\n\
         # and of all networks together, a second.\n\
         joins_per_second = {}\njoin_burst = {}\nall_joins_per_second = {}\n\
         # Batches that may wait to be ordered.\nqueued_batches = {}\n\
         # Messages of recent cases kept in memory.\ncached_messages = {}\n\
         # Seconds between two pieces of a request's body.\nbody_seconds = {}\n\
         # Seconds for requests under way when the hub stops.\ndrain_seconds = {}\n\n\
         [monitor]\n# /healthz, /readyz and /metrics, for the operators' own network only; or off\n\
         listen = {}\n# Not ready with fewer free bytes than these.\nfree_disk_bytes = {}\n\n\
         [console]\n# Pages for central staff, over plain HTTP: for this machine or a proxy; or off\n\
         listen = {}\n# Another operator confirms a dangerous act before it is done.\nsecond_person = {}\n\n\
         [log]\n# human or json\nformat = {}\n# For instance info or lapor_hub=debug\nfilter = {}\n",
        limits.envelopes_per_second,
        limits.envelope_burst,
        limits.bytes_per_second,
        limits.byte_burst,
        limits.blob_quota_bytes,
        limits.picture_quota_bytes,
        limits.joins_per_second,
        limits.join_burst,
        limits.all_joins_per_second,
        limits.queued_batches,
        limits.cached_messages,
        limits.body_seconds,
        limits.drain_seconds,
        quote(&settings.monitor.listen.to_string()),
        settings.monitor.free_disk_bytes,
        quote(&settings.console.listen.to_string()),
        settings.console.second_person,
        serde_json::to_string(&settings.log.format).unwrap_or_default(),
        quote(&settings.log.filter),
    );
    text
}

fn settings(init: &Init) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    settings.names = if !init.names.is_empty() {
        init.names.clone()
    } else if init.federation_address.ip().is_unspecified() {
        settings.names
    } else {
        vec![init.federation_address.ip().to_string(), "localhost".into()]
    };
    let first = settings.names[0].clone();
    settings.federation = listener(&first, init.federation_address)?;
    settings.enrolment = EnrolmentSettings {
        approval: true,
        ..listener(&first, init.enrolment_address)?.into()
    };
    settings.database.url.clone_from(&init.database_url);
    let beside = || Listen::beside(init.enrolment_address);
    settings.monitor.listen = init.monitor_address.unwrap_or_else(beside);
    settings.console.listen = init.console_address;
    Ok(settings)
}

fn listener(name: &str, listen: SocketAddr) -> Result<ListenerSettings, Failure> {
    let host = if name.contains(':') {
        format!("[{name}]")
    } else {
        name.to_owned()
    };
    let url = format!("https://{host}:{}", listen.port());
    let public_url: HubUrl = url.parse().map_err(|_| {
        let message = format!("--name {name:?} is neither a DNS name nor an IP address");
        Failure::new(exit::USAGE, message)
    })?;
    Ok(ListenerSettings { listen, public_url })
}

fn found_authority(settings: &Settings, domain: &TrustDomain, now_ms: i64) -> Result<(), Failure> {
    let vault = Vault::at(&settings.storage.authority);
    if vault.exists() {
        return Ok(());
    }
    let failed = |error: VaultError| Failure::new(exit::CANNOT_CREATE, error.to_string());
    let authority = Authority::create(domain, now_ms).map_err(|e| failed(e.into()))?;
    let issuer = authority.new_issuer(now_ms).map_err(|e| failed(e.into()))?;
    vault.found(&authority, &issuer).map_err(failed)
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| cannot_create(path, &error))
}

fn cannot_create(path: &Path, error: &io::Error) -> Failure {
    let code = match error.kind() {
        io::ErrorKind::PermissionDenied => exit::PERMISSION,
        _ => exit::CANNOT_CREATE,
    };
    let message = format!(
        "{} cannot be made: {error}; choose another --dir",
        path.display()
    );
    Failure::new(code, message)
}
