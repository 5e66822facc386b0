//! Pictures of programmes: taken from uploads when a programme is published,
//! kept as its latest messages name them, and read by everybody.
//!
//! A picture is a file under its digest, as attachments are, and is not
//! encrypted. One that is not here leaves the programme as readable as before.

use std::collections::HashMap;
use std::io::ErrorKind;

use lapor_migrations::{Tx, Value};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::kinds::programme_published::{PICTURE_TYPES, Picture};
use lapor_protocol::kinds::{Body, ProgrammePublished};
use lapor_protocol::limits::{PICTURE_BYTES, PICTURES};
use tokio::fs;

use super::publish::Base;
use super::{AtHub, NewPicture, NewProgramme, PictureCopy, PictureState, Programme, Publication};
use crate::casework::{Coordinates, Shelving, blob_path};
use crate::error::NodeError;
use crate::media::upload_path;
use crate::node::Node;
use crate::store;
use crate::store::pictures::PictureRow;
use crate::store::uploads::READY;

const PUBLISHED: &str = "programme.published";

/// A picture of a programme on its way out.
pub struct OpenedPicture {
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl Node {
    /// Publishes a programme of this institution with its pictures. `actor` is
    /// who did it, for the audit log.
    pub async fn publish_programme(
        &self,
        new: NewProgramme,
        actor: &str,
    ) -> Result<Publication, NodeError> {
        let base = new.base.map_or(Base::Any, Base::Message);
        self.publish_upon(base, new, actor).await
    }

    /// The same of one that there is not yet: where somebody else has published one of this slug
    /// meanwhile, it stays and nothing is published.
    pub async fn publish_new_programme(
        &self,
        new: NewProgramme,
        actor: &str,
    ) -> Result<Publication, NodeError> {
        self.publish_upon(Base::Nothing, new, actor).await
    }

    async fn publish_upon(
        &self,
        base: Base,
        new: NewProgramme,
        actor: &str,
    ) -> Result<Publication, NodeError> {
        let uploads: Vec<String> = new
            .pictures
            .iter()
            .flatten()
            .filter_map(|picture| picture.upload.clone())
            .collect();
        let body = self.programme_body(new).await?;
        self.publish_using(body, &uploads, base, actor).await
    }

    /// What a programme says on the wire; pictures that are new are put where
    /// they stay.
    pub(super) async fn programme_body(&self, new: NewProgramme) -> Result<Body, NodeError> {
        let me = self.instance()?;
        let mut tx = self.read_tx().await?;
        let row = store::public::programme(&mut tx, me.as_str(), &new.slug).await?;
        drop(tx);
        let known = match row {
            Some(row) => pictures_of(&row.published)?,
            None => Vec::new(),
        };
        let pictures = match new.pictures {
            None => known,
            Some(wanted) if wanted.len() > PICTURES => {
                let problem = format!("pictures: a programme has at most {PICTURES}");
                return Err(NodeError::Invalid(problem));
            }
            Some(wanted) => {
                let mut pictures = Vec::with_capacity(wanted.len());
                for picture in wanted {
                    pictures.push(self.picture(picture, &known).await?);
                }
                pictures
            }
        };
        Ok(Body::ProgrammePublished(ProgrammePublished {
            slug: new.slug,
            name: new.name,
            region: new.region,
            budget_idr: new.budget_idr,
            start: new.start,
            end: new.end,
            description: new.description,
            pictures,
            coordinates: new.coordinates.map(Coordinates::micro),
        }))
    }

    /// Opens a picture that a programme shows.
    pub async fn open_picture(
        &self,
        owner: &InstanceId,
        slug: &str,
        sha256: Digest,
    ) -> Result<OpenedPicture, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::pictures::of_programme(&mut tx, owner.as_str(), slug).await?;
        drop(tx);
        let row = rows.into_iter().find(|row| row.sha256 == sha256.as_bytes());
        let row = row.ok_or_else(|| NodeError::not_found("picture", &sha256))?;
        match copy(&row)?.state {
            PictureState::Here => {}
            PictureState::Awaited => return Err(NodeError::BlobPending),
            PictureState::Refused | PictureState::NoRoom => {
                return Err(NodeError::not_found("picture", &sha256));
            }
        }
        match fs::read(blob_path(self, &sha256)).await {
            Ok(bytes) => Ok(OpenedPicture {
                media_type: row.media_type,
                bytes,
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // Lost with a disk or a backup without it; the hub may have it.
                let mut tx = self.write_tx().await?;
                store::pictures::set_state(&mut tx, &row, "to_fetch", None).await?;
                tx.commit().await?;
                Err(NodeError::BlobPending)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn picture(&self, new: NewPicture, known: &[Picture]) -> Result<Picture, NodeError> {
        match (new.upload, new.sha256) {
            (Some(upload), None) => self.picture_of_upload(&upload, new.alt).await,
            (None, Some(sha256)) => {
                let known = known.iter().find(|picture| picture.sha256 == sha256);
                let known = known.cloned().ok_or_else(|| {
                    NodeError::Invalid(format!("pictures: the programme shows no picture {sha256}"))
                })?;
                Ok(Picture {
                    alt: new.alt,
                    ..known
                })
            }
            _ => Err(NodeError::Invalid(
                "pictures: name either an upload or the sha256 of a picture that is there".into(),
            )),
        }
    }

    /// Puts a new picture where it stays. If nothing is published after all, it
    /// is swept up like what a crash leaves.
    async fn picture_of_upload(&self, upload: &str, alt: String) -> Result<Picture, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::uploads::one(&mut tx, upload).await?;
        drop(tx);
        let row = row.ok_or_else(|| NodeError::not_found("upload", &upload))?;
        if row.state != READY {
            return Err(NodeError::Invalid(format!(
                "pictures: the upload {upload} has not arrived as a whole"
            )));
        }
        if !PICTURE_TYPES.contains(&row.media_type.as_str()) {
            return Err(NodeError::MediaType(format!(
                "by its content the file is {}; a picture of a programme is JPEG, PNG or WebP",
                row.media_type
            )));
        }
        if row.size as u64 > PICTURE_BYTES {
            return Err(NodeError::TooLarge(format!(
                "a picture of a programme has at most {PICTURE_BYTES} bytes, so that it is seen on a slow line; send a smaller one"
            )));
        }
        let source = upload_path(self, upload);
        let bytes = fs::read(&source).await?;
        let mut shelving = Shelving::begin(&source).await?;
        shelving.write(&bytes).await?;
        let (sha256, size) = shelving.finish(self).await?;
        Ok(Picture {
            sha256,
            size,
            media_type: row.media_type,
            alt,
        })
    }
}

/// Brings the rows of a programme's pictures in line with what its messages
/// name: the latest on the public stream, and the own pending one on top.
pub(super) async fn settle(
    tx: &mut Tx,
    owner: &str,
    slug: &str,
    latest: Option<&str>,
) -> Result<(), NodeError> {
    let published = store::public::latest_published(tx, PUBLISHED, slug, owner).await?;
    let published = match published {
        Some(row) => pictures_of(&row.body)?,
        None => Vec::new(),
    };
    let mut wanted: HashMap<Digest, (Picture, &str)> = HashMap::new();
    for picture in latest.map(pictures_of).transpose()?.unwrap_or_default() {
        wanted.insert(picture.sha256, (picture, "pending"));
    }
    for picture in published {
        wanted.insert(picture.sha256, (picture, "to_fetch"));
    }
    for row in store::pictures::of_programme(tx, owner, slug).await? {
        let same = |(picture, _): &&(Picture, &str)| {
            picture.media_type == row.media_type && picture.size == row.size as u64
        };
        let sha256 = store::digest(&row.sha256)?;
        let Some((_, state)) = wanted.get(&sha256).filter(same) else {
            store::pictures::remove(tx, &row).await?;
            continue;
        };
        let own = match (row.state.as_str(), *state) {
            ("pending", "to_fetch") => Some("to_send"),
            // Taken away and shown again: what the hub has had of it may be erased.
            ("held" | "to_send" | "to_fetch", "pending") => Some("pending"),
            _ => None,
        };
        if let Some(state) = own {
            store::pictures::set_state(tx, &row, state, None).await?;
        }
        wanted.remove(&sha256);
    }
    for (sha256, (picture, state)) in wanted {
        let row = PictureRow {
            owner: owner.to_owned(),
            slug: slug.to_owned(),
            sha256: sha256.as_bytes().to_vec(),
            size: picture.size as i64,
            media_type: picture.media_type,
            state: state.to_owned(),
            reason: None,
        };
        store::pictures::add(tx, &row).await?;
    }
    Ok(())
}

/// Says of the pictures of a page of programmes which are here.
pub(super) async fn note_copies(tx: &mut Tx, page: &mut [Programme]) -> Result<(), NodeError> {
    let named = page.iter().flat_map(|programme| {
        let slug = programme.published.slug.as_str();
        [Value::from(programme.owner.as_str()), Value::from(slug)]
    });
    let named: Vec<Value> = named.collect();
    let mut copies: HashMap<(String, String, Vec<u8>), PictureCopy> = HashMap::new();
    for row in store::pictures::of_these(tx, named).await? {
        let copy = copy(&row)?;
        copies.insert((row.owner, row.slug, row.sha256), copy);
    }
    for programme in page {
        let (owner, slug) = (programme.owner.to_string(), &programme.published.slug);
        let pictures = programme.published.pictures.iter();
        let copies = pictures.filter_map(|picture| {
            let sha256 = picture.sha256.as_bytes().to_vec();
            copies.get(&(owner.clone(), slug.clone(), sha256)).cloned()
        });
        programme.pictures = copies.collect();
    }
    Ok(())
}

fn copy(row: &PictureRow) -> Result<PictureCopy, NodeError> {
    Ok(PictureCopy {
        sha256: store::digest(&row.sha256)?,
        state: match row.state.as_str() {
            "pending" | "to_send" | "held" => PictureState::Here,
            "to_fetch" => PictureState::Awaited,
            "no_room" => PictureState::NoRoom,
            _ => PictureState::Refused,
        },
        at_hub: match (row.state.as_str(), &row.reason) {
            ("to_send", Some(_)) => Some(AtHub::Refused),
            ("pending" | "to_send", _) => Some(AtHub::Waiting),
            ("held", _) => Some(AtHub::There),
            _ => None,
        },
        reason: row.reason.clone(),
    })
}

fn pictures_of(body: &str) -> Result<Vec<Picture>, NodeError> {
    let programme: ProgrammePublished = store::read(serde_json::from_str(body))?;
    Ok(programme.pictures)
}
