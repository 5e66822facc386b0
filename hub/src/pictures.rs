//! Pictures that programmes announced while this hub did not know of pictures:
//! read once from the stored messages, so that nobody publishes again.

use std::collections::HashMap;

use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::{Body, ProgrammePublished};
use lapor_protocol::message::Message;

use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::blobs::{Announced, Owner};
use crate::store::deliveries::PublicPlace;
use crate::store::state::PICTURES_READ;

/// Messages read at a time.
const PAGE: i64 = 500;

/// Notes the pictures of the latest message of each programme, once in the life
/// of a database.
pub async fn catch_up(ground: &Ground) -> Result<(), HubError> {
    let mut tx = ground.db.write().await?;
    if store::state::read(&mut tx, PICTURES_READ).await?.is_some() {
        return Ok(());
    }
    let mut latest: HashMap<(InstanceId, String), Vec<Announced>> = HashMap::new();
    let mut after = PublicPlace::default();
    loop {
        let page = store::deliveries::applied_in_public(&mut tx, &after, PAGE).await?;
        let Some((place, ..)) = page.last() else {
            break;
        };
        after = *place;
        for (_, number, line) in page {
            if let Some((author, programme)) = programme(&line)? {
                let pictures = announced(number, &author, &programme);
                latest.insert((author, programme.slug), pictures);
            }
        }
    }
    let rows = latest.into_values().flatten().collect();
    store::blobs::insert(&mut tx, rows).await?;
    store::state::write(&mut tx, PICTURES_READ, "1").await?;
    Ok(tx.commit().await?)
}

fn programme(line: &str) -> Result<Option<(InstanceId, ProgrammePublished)>, HubError> {
    let envelope = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
    let message = Message::parse(&envelope.payload).map_err(HubError::damaged)?;
    Ok(match message.body {
        Ok(Body::ProgrammePublished(programme)) => Some((message.header.author, programme)),
        _ => None,
    })
}

/// The pictures that a message of this number announces.
pub fn announced(
    number: i64,
    author: &InstanceId,
    programme: &ProgrammePublished,
) -> Vec<Announced> {
    let pictures = programme.pictures.iter().map(|picture| Announced {
        sha256: picture.sha256,
        number,
        of: Owner::Programme(programme.slug.clone()),
        author: author.clone(),
        size: picture.size,
    });
    pictures.collect()
}
