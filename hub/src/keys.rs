//! The hub's own keys as files: the signing key, and the TLS certificate with
//! its key. Private parts never leave these files and this process.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use lapor_certs::{Credential, Issuer, Serial, TlsKey, write_private};
use lapor_protocol::keys::Signer;
use zeroize::Zeroizing;

use crate::error::HubError;
use crate::settings::{Settings, SettingsError};
use crate::signing;
use lapor_web::accounts::FactorKey;
use lapor_web::chance::random;

const SIGNING: &str = "hub-signing.key";
const TLS: &str = "hub-tls.pem";
const FACTORS: &str = "factors.key";

/// Where the signing key of a hub with these settings stands.
pub fn signing_path(settings: &Settings) -> PathBuf {
    settings.storage.keys.join(SIGNING)
}

/// Makes a signing key: 32 bytes in hexadecimal, mode 0600.
pub fn create_signer(path: &Path) -> Result<Signer, HubError> {
    let seed = Zeroizing::new(random::<32>());
    let text = Zeroizing::new(hex::encode(seed.as_slice()));
    write_private(path, text.as_bytes())?;
    Ok(Signer::from_seed(&seed))
}

pub fn load_signer(path: &Path) -> Result<Signer, HubError> {
    let text = fs::read_to_string(path).map_err(|error| {
        let why = format!(
            "the signing key {}: {error}; put it back from the backup of the hub's keys",
            path.display()
        );
        io::Error::new(error.kind(), why)
    });
    let text = Zeroizing::new(text?);
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), seed.as_mut_slice()).map_err(|_| {
        HubError::damaged(format_args!(
            "{} is not 32 bytes in hexadecimal",
            path.display()
        ))
    })?;
    Ok(Signer::from_seed(&seed))
}

/// A signing key of a hub with these settings: the first one, or, once that has
/// been retired, another.
pub fn load_any_signer(settings: &Settings) -> Result<Signer, HubError> {
    let first = signing_path(settings);
    if !first.exists() {
        let mut others = signing::read_all(&settings.storage.keys)?.into_iter();
        if let Some((_, signer)) = others.next() {
            return Ok(signer);
        }
    }
    load_signer(&first)
}

/// Where the key stands with which the secrets of second factors are sealed in the database.
pub fn factor_path(settings: &Settings) -> PathBuf {
    settings.storage.keys.join(FACTORS)
}

/// Makes that key where there is none. Whoever loses it sets second factors up anew. Of several
/// that make one at once in a folder that they share, the first one's is everybody's.
pub fn make_factor_key(settings: &Settings) -> Result<(), HubError> {
    let path = factor_path(settings);
    if path.exists() {
        return Ok(());
    }
    let text = Zeroizing::new(hex::encode(random::<32>()));
    let own = path.with_file_name(format!("{FACTORS}.{}", hex::encode(random::<8>())));
    write_private(&own, text.as_bytes())?;
    // Another name of a whole file, which takes the place of none.
    let linked = fs::hard_link(&own, &path);
    fs::remove_file(&own)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
        _ => File::open(&settings.storage.keys)?.sync_all()?,
    }
    factor_key(&path)?;
    Ok(())
}

/// Reads it.
pub fn factor_key(path: &Path) -> io::Result<Zeroizing<[u8; 32]>> {
    let text = Zeroizing::new(fs::read_to_string(path)?);
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), key.as_mut_slice()).map_err(|_| {
        io::Error::other(format!("{} is not 32 bytes in hexadecimal", path.display()))
    })?;
    Ok(key)
}

/// Seals with that key what must be opened again: second factors, secrets of webhooks.
pub fn vault(settings: &Settings) -> FactorKey {
    let path = factor_path(settings);
    FactorKey::kept_by(move || factor_key(&path))
}

/// When the hub's certificate ends, Unix ms; `None` if there is none that can be read.
pub fn credential_ends(settings: &Settings) -> Option<i64> {
    let credential = Credential::load(&settings.storage.keys.join(TLS)).ok()?;
    credential.facts().ok().map(|facts| facts.not_after_ms)
}

/// The hub's certificate, issued anew when it is missing, past half of its
/// life, of a former issuer, or not for the names in the settings.
pub fn credential(
    settings: &Settings,
    issuer: &Issuer,
    now_ms: i64,
) -> Result<Credential, HubError> {
    let path = settings.storage.keys.join(TLS);
    let names_path = settings.storage.keys.join("hub-tls.names");
    let wanted = settings.names.join("\n");
    if path.exists() && fs::read_to_string(&names_path).is_ok_and(|names| names == wanted) {
        let credential = Credential::load(&path).map_err(HubError::damaged)?;
        let facts = credential.facts().map_err(HubError::damaged)?;
        let above = [issuer.certificate().clone(), issuer.root().clone()];
        if credential.chain()[1..] == above && now_ms < facts.half_life_ms() {
            return Ok(credential);
        }
    }
    let names = settings
        .server_names()
        .map_err(|error: SettingsError| HubError::damaged(error))?;
    let key = TlsKey::generate();
    let serial = Serial::from_random(random());
    let made = issuer.issue_hub(&key.public(), &names, now_ms, serial)?;
    let credential = Credential::new(made.chain, key).map_err(HubError::damaged)?;
    credential.save(&path).map_err(HubError::damaged)?;
    write_private(&names_path, wanted.as_bytes())?;
    Ok(credential)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn those_that_start_first_at_once_have_one_key_of_factors() {
        const STARTS: usize = 4;
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let settings = Settings::default().below(folder.path());
            fs::create_dir_all(&settings.storage.keys).unwrap();
            let together = Barrier::new(STARTS);
            let start = || {
                together.wait();
                make_factor_key(&settings).unwrap();
                *factor_key(&factor_path(&settings)).unwrap()
            };
            let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
                let starts: Vec<_> = (0..STARTS).map(|_| scope.spawn(start)).collect();
                starts
                    .into_iter()
                    .map(|start| start.join().unwrap())
                    .collect()
            });
            assert!(keys.iter().all(|key| *key == keys[0]));
            let files = fs::read_dir(&settings.storage.keys).unwrap();
            assert_eq!(files.count(), 1, "the key alone is left");
        }
    }
}
