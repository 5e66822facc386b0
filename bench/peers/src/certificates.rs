//! Certificates of the line between the two servers, P-256 as those of a federation.

use std::path::Path;

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};

/// Writes `root.pem`, and `hub` and `node`, each as `.pem` and `.key`.
pub fn make(folder: &Path) -> Result<()> {
    let mut params = named("root", vec![])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    std::fs::write(folder.join("root.pem"), root.pem())?;
    for name in ["hub", "node"] {
        let key = KeyPair::generate()?;
        let leaf = named(name, vec!["127.0.0.1".to_owned()])?.signed_by(&key, &root)?;
        std::fs::write(folder.join(format!("{name}.pem")), leaf.pem())?;
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem())?;
    }
    Ok(())
}

fn named(name: &str, addresses: Vec<String>) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(addresses)?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}
