//! Pictures of programmes on their way: own ones to the hub once it has their
//! message, those of others from it, at once and in the background.
//!
//! What comes is believed by its digest and by its content. A picture that is
//! not what its message says is refused, and the programme is shown without it.

use lapor_protocol::problem::Code;
use tokio::fs;

use super::{Link, LinkError};
use crate::casework::{blob_path, sync_name};
use crate::error::NodeError;
use crate::media;
use crate::store;
use crate::store::pictures::PictureRow;

/// Pictures looked at in one step.
const STEP: i64 = 20;

/// What became of a picture.
enum Moved {
    Settled,
    /// The hub does not take it, and why.
    Unwelcome(String),
    /// Those of other institutions fill their room here.
    NoRoom,
    /// Not what it was announced as, and why.
    Refused(String),
    /// Its file is lost here and may be at the hub.
    Lost,
    Later,
}

impl Link {
    /// Moves pictures, another page at each call. Returns how many are settled.
    pub async fn move_pictures(&self) -> Result<usize, LinkError> {
        self.read_announced_pictures().await?;
        let mut count = 0;
        let mut free = self.room_for_others().await?;
        for (n, state) in ["to_send", "to_fetch", "no_room"].into_iter().enumerate() {
            let (owner, slug, sha256) = self.asked().pictures[n].clone();
            let mut tx = self.node.read_tx().await?;
            let after = (owner.as_str(), slug.as_str(), sha256.as_slice());
            let rows = store::pictures::in_state(&mut tx, state, after, STEP).await?;
            drop(tx);
            let last_page = (rows.len() as i64) < STEP;
            for row in rows {
                count += usize::from(self.move_picture(&row, &mut free).await?);
                self.asked().pictures[n] = (row.owner, row.slug, row.sha256);
            }
            if last_page {
                self.asked().pictures[n] = Default::default();
            }
        }
        Ok(count)
    }

    /// Whether something is settled about a picture. An error is one that the
    /// others would meet too.
    async fn move_picture(&self, row: &PictureRow, free: &mut u64) -> Result<bool, LinkError> {
        let moved = match row.state.as_str() {
            "to_send" => self.send_picture(row).await,
            _ => self.fetch_picture(row, free).await,
        };
        let programme = format!("{}/{}", row.owner, row.slug);
        let sha256 = store::digest(&row.sha256)?;
        let (state, reason) = match moved {
            Ok(Moved::Settled) => ("held", None),
            Ok(Moved::Lost) => ("to_fetch", None),
            Ok(Moved::Later) if row.state == "no_room" => ("to_fetch", None),
            Ok(Moved::Later) => return Ok(false),
            Ok(Moved::Unwelcome(reason)) => ("to_send", Some(reason)),
            Ok(Moved::NoRoom) => ("no_room", None),
            Ok(Moved::Refused(reason)) => {
                tracing::error!(programme, %sha256, reason, "a picture is not what its message says; the programme is shown without it");
                ("refused", Some(reason))
            }
            Err(error) if error.spares_others() => {
                tracing::warn!(programme, %sha256, %error, "a picture cannot be moved");
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        if row.state == state && row.reason == reason {
            return Ok(false);
        }
        let mut tx = self.node.write_tx().await?;
        store::pictures::set_state(&mut tx, row, state, reason.as_deref()).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn send_picture(&self, row: &PictureRow) -> Result<Moved, LinkError> {
        let sha256 = store::digest(&row.sha256)?;
        if !fs::try_exists(blob_path(&self.node, &sha256))
            .await
            .map_err(NodeError::from)?
        {
            return Ok(Moved::Lost);
        }
        match self.send_blob(&sha256, row.size as u64).await {
            Ok(()) => Ok(Moved::Settled),
            // A later message has taken the picture away, or the hub does not know pictures yet.
            Err(error) if error.code() == Some(Code::BlobUnknown) => Ok(Moved::Later),
            // Offered again all the same: there may be room by then.
            Err(error) if error.spares_others() => match error.code() {
                Some(code) => Ok(Moved::Unwelcome(code.as_str().to_owned())),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Bytes that pictures of other institutions may still take here, so that none
    /// of them fills this disk.
    async fn room_for_others(&self) -> Result<u64, LinkError> {
        let me = self.node.instance()?.as_str();
        let mut tx = self.node.read_tx().await?;
        let used = store::pictures::bytes_of_others(&mut tx, me).await?;
        Ok(self.node.settings().node.picture_bytes.saturating_sub(used))
    }

    async fn fetch_picture(&self, row: &PictureRow, free: &mut u64) -> Result<Moved, LinkError> {
        let sha256 = store::digest(&row.sha256)?;
        let size = row.size as u64;
        let takes = if row.owner == self.node.instance()?.as_str() {
            0
        } else {
            size
        };
        if takes > *free {
            return Ok(Moved::NoRoom);
        }
        let part = match self.fetch_part(&sha256, size).await {
            Ok(part) => part,
            Err(error)
                if matches!(
                    error.code(),
                    Some(Code::BlobPending | Code::BlobUnknown | Code::RangeUnsatisfiable)
                ) =>
            {
                return Ok(Moved::Later);
            }
            // Asked for again, the same would come.
            Err(LinkError::Hub(told)) => return Ok(Moved::Refused(told)),
            Err(error) => return Err(error),
        };
        let bytes = fs::read(&part).await.map_err(NodeError::from)?;
        if let Err(reason) = media::check_picture(&bytes, &row.media_type) {
            fs::remove_file(&part).await.map_err(NodeError::from)?;
            return Ok(Moved::Refused(reason));
        }
        let path = blob_path(&self.node, &sha256);
        fs::rename(&part, &path).await.map_err(NodeError::from)?;
        sync_name(&self.node, &path).await?;
        *free -= takes;
        Ok(Moved::Settled)
    }
}
