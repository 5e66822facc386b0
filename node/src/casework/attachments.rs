//! Attachments: uploads encrypted under the case's key when a
//! message uses them, and opened again for whoever may read the case.
//!
//! Files stream through in chunks; none stands in memory as a whole.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use lapor_migrations::Tx;
use lapor_protocol::blob::{BlobCipher, CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES};
use lapor_protocol::ids::{CaseId, Digest, MessageId};
use lapor_protocol::limits::ATTACHMENTS;
use lapor_protocol::message::Attachment;
use lapor_protocol::seal::ContentKey;
use sha2::{Digest as _, Sha256};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::act::content_key;
use crate::chance::{SystemEntropy, random};
use crate::error::NodeError;
use crate::media::{upload_path, use_up};
use crate::node::Node;
use crate::store;
use crate::store::blobs::BlobRow;
use crate::store::uploads::READY;

/// A decrypted attachment on its way out.
pub struct Opened {
    pub media_type: String,
    /// Bytes of the plaintext.
    pub size: u64,
    pub body: BoxStream<'static, io::Result<Bytes>>,
}

impl Opened {
    /// How the name of a file of its kind ends.
    pub fn extension(&self) -> &'static str {
        match &*self.media_type {
            "image/jpeg" => "jpg",
            "image/png" => "png",
            "image/webp" => "webp",
            "application/pdf" => "pdf",
            "video/mp4" => "mp4",
            "video/quicktime" => "mov",
            "video/webm" => "webm",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
            "application/vnd.oasis.opendocument.text" => "odt",
            "application/vnd.oasis.opendocument.spreadsheet" => "ods",
            "text/plain" => "txt",
            _ => "bin",
        }
    }
}

/// What an encrypted upload becomes in a message.
pub(crate) struct Encrypted {
    pub attachment: Attachment,
    pub upload: String,
}

impl Node {
    /// Opens an attachment of a case, decrypting as it is read.
    pub async fn open_attachment(&self, case: CaseId, sha256: Digest) -> Result<Opened, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::blobs::of_case(&mut tx, &case.to_string()).await?;
        let named = rows
            .into_iter()
            .filter(|row| row.sha256 == sha256.as_bytes());
        // Another message may name the digest with a size that its bytes do not have: that never comes.
        let row = named.min_by_key(|row| row.state == "to_fetch");
        let row = row.ok_or_else(|| NodeError::not_found("attachment", &sha256))?;
        match row.state.as_str() {
            "to_fetch" => return Err(NodeError::BlobPending),
            "erased" => return Err(NodeError::Redacted(case)),
            _ => {}
        }
        let key = content_key(&mut tx, case)
            .await?
            .ok_or(NodeError::KeyMissing(case))?;
        drop(tx);
        open(&blob_path(self, &sha256), &key, row).await
    }
}

/// Opens an upload that waits, as it was kept.
pub(super) async fn open_upload(
    node: &Node,
    upload: &str,
    media_type: String,
) -> Result<Opened, NodeError> {
    let file = File::open(upload_path(node, upload)).await?;
    let size = file.metadata().await?.len();
    let body = stream::try_unfold(file, |mut file| async move {
        let chunk = read_chunk(&mut file, CHUNK_BYTES).await?;
        Ok((!chunk.is_empty()).then(|| (Bytes::from(chunk), file)))
    });
    Ok(Opened {
        media_type,
        size,
        body: body.boxed(),
    })
}

/// Encrypts uploads under the key of a case that exists.
pub(crate) async fn encrypt(
    node: &Node,
    case: CaseId,
    uploads: &[String],
) -> Result<Vec<Encrypted>, NodeError> {
    if uploads.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = node.read_tx().await?;
    let key = content_key(&mut tx, case)
        .await?
        .ok_or(NodeError::KeyMissing(case))?;
    drop(tx);
    encrypt_under(node, &key, uploads).await
}

/// Refuses more uploads than one message can take.
pub(crate) fn few_enough(uploads: &[String]) -> Result<(), NodeError> {
    if uploads.len() > ATTACHMENTS {
        let problem = format!("attachments: at most {ATTACHMENTS} go with one message");
        return Err(NodeError::Invalid(problem));
    }
    Ok(())
}

/// Encrypts uploads under a key.
pub(crate) async fn encrypt_under(
    node: &Node,
    key: &ContentKey,
    uploads: &[String],
) -> Result<Vec<Encrypted>, NodeError> {
    few_enough(uploads)?;
    let mut out = Vec::with_capacity(uploads.len());
    for id in uploads {
        let mut tx = node.read_tx().await?;
        let known = store::uploads::one(&mut tx, id).await?;
        let row = known.ok_or_else(|| NodeError::not_found("upload", id))?;
        drop(tx);
        if row.state != READY {
            return Err(NodeError::Invalid(format!(
                "attachments: the upload {id} has not arrived as a whole"
            )));
        }
        let (sha256, size) = encrypt_file(node, key, &upload_path(node, id)).await?;
        out.push(Encrypted {
            attachment: Attachment {
                sha256,
                size,
                media_type: row.media_type,
            },
            upload: id.clone(),
        });
    }
    Ok(out)
}

/// Notes encrypted blobs with their message, to be sent once it is accepted,
/// and uses up their uploads: one that another message has used meanwhile, or
/// that a drafted answer keeps, is refused, and with it the whole act.
pub(crate) async fn record(
    tx: &mut Tx,
    case: CaseId,
    message: MessageId,
    encrypted: &[Encrypted],
) -> Result<(), NodeError> {
    for Encrypted { attachment, upload } in encrypted {
        use_up(tx, upload).await?;
        let row = BlobRow {
            sha256: attachment.sha256.as_bytes().to_vec(),
            case_id: case.to_string(),
            message_id: message.to_string(),
            size: attachment.size as i64,
            media_type: attachment.media_type.clone(),
            state: "to_send".into(),
            progress: 0,
        };
        store::blobs::add(tx, &row).await?;
    }
    Ok(())
}

/// Where the ciphertext of a blob lies.
pub(crate) fn blob_path(node: &Node, sha256: &Digest) -> PathBuf {
    let hex = sha256.to_hex();
    node.settings().node.blobs.join(&hex[..2]).join(hex)
}

/// Where a blob is put together that was announced with a size. Who announces the same digest with
/// another one has a part of its own there: what is wrong with one announcement ends no other's fetch.
pub(crate) fn part_path(node: &Node, sha256: &Digest, size: u64) -> PathBuf {
    blob_path(node, sha256).with_extension(format!("{size}.part"))
}

/// Makes the name durable that a file has been given on its shelf, as its bytes are: what a row names is there
/// after a power cut, also where it stands on another disk than the database.
pub(crate) async fn sync_name(node: &Node, path: &Path) -> Result<(), NodeError> {
    let blobs = node.settings().node.blobs.as_path();
    for folder in [path.parent().unwrap_or(blobs), blobs] {
        File::open(folder).await?.sync_all().await?;
    }
    Ok(())
}

/// What an upload becomes, on its way to the shelf.
pub(crate) struct Shelving {
    part: Part,
    file: File,
    hash: Sha256,
    size: u64,
}

impl Shelving {
    /// Begins beside an upload, in a file of this attempt: two at once do not meet in it.
    pub async fn begin(source: &Path) -> Result<Self, NodeError> {
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        let attempt = hex::encode(random::<8>());
        let part = source.with_file_name(format!("{name}-{attempt}.sealed"));
        Ok(Self {
            file: File::create(&part).await?,
            part: Part(part),
            hash: Sha256::new(),
            size: 0,
        })
    }

    pub async fn write(&mut self, piece: &[u8]) -> Result<(), NodeError> {
        self.hash.update(piece);
        self.size += piece.len() as u64;
        Ok(self.file.write_all(piece).await?)
    }

    /// Puts the file under its digest once it is on disk. Returns that and its bytes.
    pub async fn finish(mut self, node: &Node) -> Result<(Digest, u64), NodeError> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        let sha256 = Digest::new(self.hash.finalize().into());
        let path = blob_path(node, &sha256);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).await?;
        lapor_killpoints::pass("seal.written");
        fs::rename(&self.part.0, &path).await?;
        lapor_killpoints::pass("seal.renamed");
        sync_name(node, &path).await?;
        Ok((sha256, self.size))
    }
}

/// A file on its way, of which nothing is left where whoever waits for it goes away; on its shelf it has another
/// name.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

async fn encrypt_file(
    node: &Node,
    key: &ContentKey,
    source: &Path,
) -> Result<(Digest, u64), NodeError> {
    let mut input = File::open(source).await?;
    let mut shelving = Shelving::begin(source).await?;
    let mut cipher = BlobCipher::sealing(key, &mut SystemEntropy);
    let mut piece = cipher.header();
    let mut chunk = read_chunk(&mut input, CHUNK_BYTES).await?;
    loop {
        shelving.write(&piece).await?;
        if chunk.is_empty() {
            break;
        }
        let next = read_chunk(&mut input, CHUNK_BYTES).await?;
        piece = cipher
            .seal(&chunk, next.is_empty())
            .map_err(NodeError::damaged)?;
        chunk = next;
    }
    shelving.finish(node).await
}

async fn open(path: &Path, key: &ContentKey, row: BlobRow) -> Result<Opened, NodeError> {
    let mut file = File::open(path).await?;
    let header = read_chunk(&mut file, HEADER_BYTES).await?;
    let cipher = BlobCipher::opening(key, &header).map_err(NodeError::damaged)?;
    let sealed = (row.size as u64).saturating_sub(HEADER_BYTES as u64);
    let chunks = sealed.div_ceil(SEALED_CHUNK_BYTES as u64);
    let first = read_chunk(&mut file, SEALED_CHUNK_BYTES).await?;
    let body = stream::try_unfold(
        (file, cipher, first),
        |(mut file, mut cipher, chunk)| async move {
            if chunk.is_empty() {
                return Ok(None);
            }
            let next = read_chunk(&mut file, SEALED_CHUNK_BYTES).await?;
            let plain = cipher
                .open(&chunk, next.is_empty())
                .map_err(io::Error::other)?;
            Ok(Some((Bytes::from(plain), (file, cipher, next))))
        },
    );
    Ok(Opened {
        media_type: row.media_type,
        size: sealed.saturating_sub(chunks * 16),
        body: body.boxed(),
    })
}

/// Reads up to `size` bytes; fewer only at the end of the file.
async fn read_chunk(file: &mut File, size: usize) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::with_capacity(size);
    file.take(size as u64).read_to_end(&mut chunk).await?;
    Ok(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_leaves_no_part() {
        let folder = tempfile::tempdir().unwrap();
        let here = || std::fs::read_dir(folder.path()).unwrap().count();
        let source = folder.path().join("upload");
        let mut shelving = Shelving::begin(&source).await.unwrap();
        shelving.write(b"ciphertext").await.unwrap();
        assert_eq!(here(), 1);
        drop(shelving);
        assert_eq!(here(), 0);
    }
}
