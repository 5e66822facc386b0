//! Attachments: encrypted in chunks under a key derived from the case's
//! content key, so that a large file never stands in memory as a whole.
//!
//! Layout: `LB1\0`, a 19-byte nonce prefix, then chunks of 64 KiB plaintext,
//! each XChaCha20-Poly1305 under prefix, chunk number (u32, big endian) and a
//! last-chunk flag (the STREAM construction of Hoang, Reyhanitabar, Rogaway
//! and Vizár), so that neither order nor end can be changed.

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

use crate::entropy::Entropy;
use crate::seal::{ContentKey, SealError};

/// Plaintext bytes of every chunk but the last.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes before the first chunk.
pub const HEADER_BYTES: usize = 4 + PREFIX;
/// Ciphertext bytes of every chunk but the last.
pub const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + 16;
const PREFIX: usize = 19;
const MAGIC: &[u8; 4] = b"LB1\0";
const LABEL: &[u8] = b"lapor blob v1\0";

/// Seals or opens one blob chunk by chunk, in order.
pub struct BlobCipher {
    cipher: XChaCha20Poly1305,
    prefix: [u8; PREFIX],
    next: u32,
}

impl BlobCipher {
    /// Starts a new blob; write [`Self::header`] first.
    pub fn sealing(key: &ContentKey, entropy: &mut dyn Entropy) -> Self {
        let mut prefix = [0; PREFIX];
        entropy.fill(&mut prefix);
        Self::with(key, prefix)
    }

    /// Starts to open a blob whose first [`HEADER_BYTES`] are given.
    pub fn opening(key: &ContentKey, header: &[u8]) -> Result<Self, SealError> {
        let prefix = header.strip_prefix(MAGIC).ok_or(SealError::Encoding)?;
        let prefix = <[u8; PREFIX]>::try_from(prefix).map_err(|_| SealError::Encoding)?;
        Ok(Self::with(key, prefix))
    }

    pub fn header(&self) -> Vec<u8> {
        [MAGIC.as_slice(), &self.prefix].concat()
    }

    /// Seals the next chunk of at most [`CHUNK_BYTES`]; only the last may be shorter.
    pub fn seal(&mut self, chunk: &[u8], last: bool) -> Result<Vec<u8>, SealError> {
        if chunk.len() > CHUNK_BYTES || (chunk.len() < CHUNK_BYTES && !last) {
            return Err(SealError::TooLong(chunk.len()));
        }
        let nonce = self.nonce(last)?;
        self.cipher
            .encrypt(&nonce, chunk)
            .map_err(|_| SealError::Key)
    }

    /// Opens the next chunk of at most [`SEALED_CHUNK_BYTES`].
    pub fn open(&mut self, chunk: &[u8], last: bool) -> Result<Vec<u8>, SealError> {
        let nonce = self.nonce(last)?;
        self.cipher
            .decrypt(&nonce, chunk)
            .map_err(|_| SealError::Key)
    }

    fn with(key: &ContentKey, prefix: [u8; PREFIX]) -> Self {
        let cipher = XChaCha20Poly1305::new((&*key.derive(LABEL)).into());
        Self {
            cipher,
            prefix,
            next: 0,
        }
    }

    fn nonce(&mut self, last: bool) -> Result<XNonce, SealError> {
        let mut nonce = [0; 24];
        nonce[..PREFIX].copy_from_slice(&self.prefix);
        nonce[PREFIX..PREFIX + 4].copy_from_slice(&self.next.to_be_bytes());
        nonce[23] = u8::from(last);
        self.next = self.next.checked_add(1).ok_or(SealError::Encoding)?;
        Ok(XNonce::from(nonce))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Seeded;

    fn sealed(key: &ContentKey, text: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut cipher = BlobCipher::sealing(key, &mut Seeded::new(5));
        let chunks: Vec<&[u8]> = text.chunks(CHUNK_BYTES).collect();
        let count = chunks.len();
        let out = chunks
            .iter()
            .enumerate()
            .map(|(n, c)| cipher.seal(c, n + 1 == count).unwrap())
            .collect();
        (cipher.header(), out)
    }

    #[test]
    fn a_blob_opens_in_order_and_to_its_end_only() {
        let key = ContentKey::generate(&mut Seeded::new(4));
        let text: Vec<u8> = (0..CHUNK_BYTES * 2 + 10).map(|n| (n % 251) as u8).collect();
        let (header, chunks) = sealed(&key, &text);
        let mut cipher = BlobCipher::opening(&key, &header).unwrap();
        let opened: Vec<u8> = chunks
            .iter()
            .enumerate()
            .flat_map(|(n, c)| cipher.open(c, n == 2).unwrap())
            .collect();
        assert_eq!(opened, text);
        let mut swapped = BlobCipher::opening(&key, &header).unwrap();
        assert_eq!(swapped.open(&chunks[1], false), Err(SealError::Key));
        let mut cut = BlobCipher::opening(&key, &header).unwrap();
        assert_eq!(cut.open(&chunks[0], true), Err(SealError::Key));
        let stranger = ContentKey::generate(&mut Seeded::new(6));
        let mut other = BlobCipher::opening(&stranger, &header).unwrap();
        assert_eq!(other.open(&chunks[0], false), Err(SealError::Key));
        assert!(BlobCipher::opening(&key, &header[1..]).is_err());
    }
}
