//! Attachments: taken in as uploads, encrypted under the case's key when a
//! message uses them, opened again for whoever may read the case.
//!
//! Files stream through in chunks; none stands in memory as a whole.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use lapor_migrations::Tx;
use lapor_protocol::blob::{BlobCipher, CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES};
use lapor_protocol::ids::{CaseId, Digest, MessageId};
use lapor_protocol::limits::ATTACHMENTS;
use lapor_protocol::message::Attachment;
use lapor_protocol::seal::ContentKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use utoipa::ToSchema;

use super::act::content_key;
use crate::chance::{SystemEntropy, random};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::blobs::BlobRow;

/// An upload that nobody uses is removed after a day.
const UPLOAD_LIFE_MS: i64 = 86_400_000;
const EXPIRED_AT_ONCE: i64 = 1000;

/// A file that waits to be used by a report or an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadReceipt {
    /// Goes into `attachments` of a report or an act.
    pub upload: String,
    pub size: u64,
    pub media_type: String,
}

/// A decrypted attachment on its way out.
pub struct Opened {
    pub media_type: String,
    /// Bytes of the plaintext.
    pub size: u64,
    pub body: BoxStream<'static, io::Result<Bytes>>,
}

/// What an encrypted upload becomes in a message.
pub(crate) struct Encrypted {
    pub attachment: Attachment,
    upload: String,
}

impl Node {
    /// Takes in a file; it is on disk when this returns.
    pub async fn receive_upload<S, E>(
        &self,
        media_type: &str,
        mut body: S,
    ) -> Result<UploadReceipt, NodeError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin + Send,
        E: std::fmt::Display,
    {
        let shape = (3..=100).contains(&media_type.len()) && media_type.contains('/');
        if !shape {
            return Err(NodeError::Invalid(
                "the media type must be given, for instance image/jpeg".into(),
            ));
        }
        let id = hex::encode(random::<16>());
        let path = upload_path(self, &id);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).await?;
        let limit = self.settings().api.upload_bytes;
        let size = match write_upload(&path, limit, &mut body).await {
            Ok(size) => size,
            Err(error) => {
                fs::remove_file(&path).await.ok();
                return Err(error);
            }
        };
        lapor_killpoints::pass("upload.kept");
        let mut tx = self.write_tx().await?;
        let now = self.clock().now_ms();
        store::blobs::add_upload(&mut tx, &id, media_type, size as i64, now).await?;
        tx.commit().await?;
        Ok(UploadReceipt {
            upload: id,
            size,
            media_type: media_type.to_owned(),
        })
    }

    /// Opens an attachment of a case, decrypting as it is read.
    pub async fn open_attachment(&self, case: CaseId, sha256: Digest) -> Result<Opened, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::blobs::of_case(&mut tx, &case.to_string()).await?;
        let row = rows.into_iter().find(|row| row.sha256 == sha256.as_bytes());
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

/// Encrypts uploads under a key.
pub(crate) async fn encrypt_under(
    node: &Node,
    key: &ContentKey,
    uploads: &[String],
) -> Result<Vec<Encrypted>, NodeError> {
    if uploads.len() > ATTACHMENTS {
        return Err(NodeError::Invalid(format!(
            "attachments: at most {ATTACHMENTS} go with one message"
        )));
    }
    let mut out = Vec::with_capacity(uploads.len());
    for id in uploads {
        let mut tx = node.read_tx().await?;
        let known = store::blobs::upload(&mut tx, id).await?;
        let (media_type, _) = known.ok_or_else(|| NodeError::not_found("upload", id))?;
        drop(tx);
        let (sha256, size) = encrypt_file(node, key, &upload_path(node, id)).await?;
        out.push(Encrypted {
            attachment: Attachment {
                sha256,
                size,
                media_type,
            },
            upload: id.clone(),
        });
    }
    Ok(out)
}

/// Notes encrypted blobs with their message, to be sent once it is accepted,
/// and uses up their uploads: one that another message has used meanwhile is
/// refused, and with it the whole act.
pub(crate) async fn record(
    tx: &mut Tx,
    case: CaseId,
    message: MessageId,
    encrypted: &[Encrypted],
) -> Result<(), NodeError> {
    for Encrypted { attachment, upload } in encrypted {
        if store::blobs::remove_upload(tx, upload).await? == 0 {
            return Err(NodeError::not_found("upload", upload));
        }
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

/// Removes the files of uploads that have been used. A failure leaves a file
/// behind and nothing else.
pub(crate) async fn forget_uploads(node: &Node, uploads: &[String]) {
    for id in uploads {
        lapor_killpoints::pass("upload.forget");
        if let Err(error) = fs::remove_file(upload_path(node, id)).await {
            tracing::warn!(%error, "an upload that has been used could not be removed");
        }
    }
}

/// Removes uploads that no report or act has used within a day, some at most.
/// Returns how many.
pub(crate) async fn expire_uploads(node: &Node) -> Result<usize, NodeError> {
    let before = node.clock().now_ms() - UPLOAD_LIFE_MS;
    let mut tx = node.write_tx().await?;
    let old = store::blobs::uploads_before(&mut tx, before, EXPIRED_AT_ONCE).await?;
    for id in &old {
        store::blobs::remove_upload(&mut tx, id).await?;
    }
    tx.commit().await?;
    forget_uploads(node, &old).await;
    Ok(old.len())
}

/// Where the ciphertext of a blob lies.
pub(crate) fn blob_path(node: &Node, sha256: &Digest) -> PathBuf {
    let hex = sha256.to_hex();
    node.settings().node.blobs.join(&hex[..2]).join(hex)
}

fn upload_path(node: &Node, id: &str) -> PathBuf {
    node.settings().node.blobs.join("uploads").join(id)
}

async fn write_upload<S, E>(path: &Path, limit: u64, body: &mut S) -> Result<u64, NodeError>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin + Send,
    E: std::fmt::Display,
{
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .await?;
    let mut size = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|e| NodeError::Invalid(format!("the upload broke off: {e}")))?;
        size += chunk.len() as u64;
        if size > limit {
            return Err(NodeError::TooLarge(format!(
                "an attachment has at most {limit} bytes"
            )));
        }
        file.write_all(&chunk).await?;
        lapor_killpoints::pass("upload.piece");
    }
    if size == 0 {
        return Err(NodeError::Invalid("the upload is empty".into()));
    }
    // A write ends in the background; only this tells that the last one failed.
    file.flush().await?;
    file.sync_all().await?;
    Ok(size)
}

async fn encrypt_file(
    node: &Node,
    key: &ContentKey,
    source: &Path,
) -> Result<(Digest, u64), NodeError> {
    let mut input = File::open(source).await?;
    let part = source.with_extension("sealed");
    let mut output = File::create(&part).await?;
    let mut cipher = BlobCipher::sealing(key, &mut SystemEntropy);
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut piece = cipher.header();
    let mut chunk = read_chunk(&mut input, CHUNK_BYTES).await?;
    loop {
        hash.update(&piece);
        size += piece.len() as u64;
        output.write_all(&piece).await?;
        if chunk.is_empty() {
            break;
        }
        let next = read_chunk(&mut input, CHUNK_BYTES).await?;
        piece = cipher
            .seal(&chunk, next.is_empty())
            .map_err(NodeError::damaged)?;
        chunk = next;
    }
    output.flush().await?;
    output.sync_all().await?;
    let sha256 = Digest::new(hash.finalize().into());
    let path = blob_path(node, &sha256);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).await?;
    lapor_killpoints::pass("seal.written");
    fs::rename(&part, &path).await?;
    lapor_killpoints::pass("seal.renamed");
    Ok((sha256, size))
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
