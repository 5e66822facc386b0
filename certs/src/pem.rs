//! PEM text (RFC 7468) of certificates. It only converts: whoever reads
//! certificates here must still verify them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

/// More text than any chain or bundle of ours can need, in bytes.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// Writes certificates one after the other, in the order given.
pub(crate) fn certificates_to_pem(certificates: &[CertificateDer<'_>]) -> String {
    let mut text = String::new();
    for certificate in certificates {
        text.push_str("-----BEGIN CERTIFICATE-----\n");
        let encoded = B64.encode(certificate);
        for line in encoded.as_bytes().chunks(64) {
            text.extend(line.iter().copied().map(char::from));
            text.push('\n');
        }
        text.push_str("-----END CERTIFICATE-----\n");
    }
    text
}

/// Reads between one and `limit` certificates; other sections are skipped.
/// The error says what is wrong with the text.
pub(crate) fn certificates_from_pem(
    text: &str,
    limit: usize,
) -> Result<Vec<CertificateDer<'static>>, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("more than {MAX_BYTES} bytes of PEM"));
    }
    let mut certificates = Vec::new();
    for section in CertificateDer::pem_slice_iter(text.as_bytes()) {
        if certificates.len() == limit {
            return Err(format!("more than {limit} certificates"));
        }
        certificates.push(section.map_err(|error| error.to_string())?);
    }
    if certificates.is_empty() {
        return Err("no certificate in the PEM text".into());
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_survives_a_round_trip_and_is_bounded() {
        let all: Vec<_> = [3usize, 64, 200]
            .map(|length| CertificateDer::from(vec![7u8; length]))
            .to_vec();
        let text = certificates_to_pem(&all);
        assert!(text.lines().all(|line| line.len() <= 64));
        assert_eq!(certificates_from_pem(&text, 3).unwrap(), all);
        assert!(certificates_from_pem(&text, 2).is_err());
        assert!(certificates_from_pem("", 2).is_err());
        assert!(certificates_from_pem(&" ".repeat(MAX_BYTES + 1), 2).is_err());
    }
}
