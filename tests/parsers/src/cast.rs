//! Who speaks: the institutions of `docs/vectors/protocol-1.json`, with the keys that stand there
//! for everybody to see.

use std::sync::LazyLock;

use lapor_protocol::directory::Directory;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::{Signer, Verifier};
use serde_json::Value;

static VECTORS: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../docs/vectors/protocol-1.json");
    serde_json::from_str(text).expect("the vectors are JSON")
});

pub static HUB: LazyLock<Signer> = LazyLock::new(|| Signer::from_seed(&[1; 32]));
pub static HUB_KEY: LazyLock<Verifier> = LazyLock::new(|| key_of(&HUB));
/// Signs what `kota-bandung` says.
pub static AUTHOR: LazyLock<Signer> = LazyLock::new(|| Signer::from_seed(&[3; 32]));
/// Signs nothing that is read anywhere.
pub static STRANGER: LazyLock<Verifier> = LazyLock::new(|| key_of(&Signer::from_seed(&[0x5e; 32])));

/// `kota-bandung` and `kemenpu` with their keys.
pub static MEMBERS: LazyLock<Directory> = LazyLock::new(|| {
    let versions = VECTORS["directory"].as_array().into_iter().flatten();
    directory(versions.map(|version| &version["line"]))
});
/// Eleven institutions of every kind, without keys.
pub static FEDERATION: LazyLock<Directory> = LazyLock::new(|| {
    let versions = VECTORS["story"]["directory"].as_array();
    directory(versions.into_iter().flatten())
});

pub fn author() -> InstanceId {
    "kota-bandung".parse().expect("a slug")
}

pub fn key_of(signer: &Signer) -> Verifier {
    Verifier::from_jwk(&signer.public()).expect("a sound key")
}

fn directory<'v>(lines: impl Iterator<Item = &'v Value>) -> Directory {
    let mut directory = Directory::trusting(vec![HUB_KEY.clone()]);
    for line in lines {
        let line = line.as_str().expect("an envelope is a line").as_bytes();
        let envelope = Envelope::parse(line).expect("a vector is read");
        directory.apply(&envelope).expect("a vector holds");
    }
    directory
}
