//! What people do about who is told: add, change, switch off and remove, try and
//! send again. Each is written into the audit log in its own transaction; no
//! secret is.

use lapor_migrations::{DbError, Tx};
use lapor_web::webhook::WebhookSecret;
use zeroize::Zeroizing;

use super::acts::{ActError, Channel, Recipient, owner};
use super::gather::{TEST, delivery};
use super::letter;
use super::rule::fresh_id;
use crate::app::Hub;
use crate::audit::By;
use crate::keys;
use crate::store::alarms::recipients::RecipientRow;
use crate::store::alarms::{deliveries, recipients as stored};
use crate::store::audit;

/// Recipients that are told, at most; each has at most one letter on its way.
const MOST: usize = 100;

/// Adds a recipient; the secret of a webhook, which is shown this once.
pub async fn add(
    hub: &Hub,
    actor: &str,
    channel: Channel,
    (name, address): (&str, &str),
) -> Result<Option<Zeroizing<String>>, ActError> {
    let (now, id) = (hub.now_ms(), fresh_id());
    let secret = match channel {
        Channel::Mail => None,
        Channel::Webhook => Some(WebhookSecret::generate()),
    };
    let row = RecipientRow {
        secret: secret
            .as_ref()
            .map(|secret| seal(hub, &id, secret))
            .transpose()?,
        channel: channel.code().to_owned(),
        name: name.to_owned(),
        address: address.to_owned(),
        enabled: 1,
        id,
    };
    let mut tx = hub.ground.db.write().await?;
    let known = stored::all(&mut tx).await?;
    if is_full(&known) {
        return Err(ActError::TooMany);
    }
    if is_known(&known, &row, address) {
        return Err(ActError::Known);
    }
    stored::add(&mut tx, &row, now).await?;
    let did = (actor, "alarm.recipient_added");
    note(&mut tx, now, did, &described(row)).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(secret.map(|secret| secret.reveal()))
}

/// Changes a name and, if one is given, the address; what waits goes to the new one. Where two must
/// agree, nobody alone has somebody who is told be told no more by that.
pub async fn change(
    hub: &Hub,
    actor: &str,
    id: &str,
    (name, address): (&str, Option<&str>),
    second_person: bool,
) -> Result<(), ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let known = stored::all(&mut tx).await?;
    let row = known.iter().find(|row| row.id == id);
    let before = row.cloned().ok_or(ActError::Gone)?;
    let address = address.unwrap_or(&before.address);
    if second_person && before.enabled != 0 && address != before.address {
        return Err(ActError::AddressStays);
    }
    if is_known(&known, &before, address) {
        return Err(ActError::Known);
    }
    stored::change(&mut tx, id, name, address).await?;
    let after = RecipientRow {
        name: name.to_owned(),
        address: address.to_owned(),
        ..before.clone()
    };
    let detail = format!("{}; before: {}", described(after), described(before));
    let did = (actor, "alarm.recipient_changed");
    note(&mut tx, now, did, &detail).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

/// Tells a recipient again.
pub async fn enable(hub: &Hub, actor: &str, id: &str) -> Result<(), ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let row = stored::one(&mut tx, id).await?.ok_or(ActError::Gone)?;
    if row.enabled == 0 && is_full(&stored::all(&mut tx).await?) {
        return Err(ActError::TooMany);
    }
    stored::enable(&mut tx, id, true).await?;
    let did = (actor, "alarm.recipient_enabled");
    note(&mut tx, now, did, &described(row)).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

/// Tells a recipient no more: what waits for them is dropped.
pub async fn disable_in(tx: &mut Tx, now: i64, by: &By<'_>, id: &str) -> Result<(), ActError> {
    let row = stored::one(tx, id).await?.ok_or(ActError::Gone)?;
    stored::enable(tx, id, false).await?;
    deliveries::stop_for(tx, id, "the recipient was switched off", now).await?;
    let detail = format!("{}: {}", described(row), by.detail());
    note(tx, now, (by.actor, "alarm.recipient_disabled"), &detail).await?;
    Ok(())
}

/// Forgets a recipient: what waits is dropped, and no rule names them any more.
pub async fn remove_in(tx: &mut Tx, now: i64, by: &By<'_>, id: &str) -> Result<(), ActError> {
    let row = stored::one(tx, id).await?.ok_or(ActError::Gone)?;
    deliveries::stop_for(tx, id, "the recipient was removed", now).await?;
    deliveries::forget_recipient(tx, id).await?;
    stored::remove(tx, id).await?;
    let detail = format!("{}: {}", described(row), by.detail());
    note(tx, now, (by.actor, "alarm.recipient_removed"), &detail).await?;
    Ok(())
}

/// Makes another secret of a webhook, which is shown this once; the former signs nothing more.
pub async fn new_secret(hub: &Hub, actor: &str, id: &str) -> Result<Zeroizing<String>, ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let row = stored::one(&mut tx, id).await?;
    let row = row.filter(|row| Channel::of(row) == Channel::Webhook);
    let row = row.ok_or(ActError::Gone)?;
    let secret = WebhookSecret::generate();
    stored::change_secret(&mut tx, id, &seal(hub, id, &secret)?).await?;
    note(
        &mut tx,
        now,
        (actor, "alarm.secret_changed"),
        &described(row),
    )
    .await?;
    tx.commit().await?;
    Ok(secret.reveal())
}

/// Puts a letter or a webhook on its way that says it is a test.
pub async fn test(hub: &Hub, actor: &str, id: &str) -> Result<(), ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let row = stored::one(&mut tx, id).await?;
    let row = row.filter(|row| row.enabled != 0).ok_or(ActError::Gone)?;
    let written = match Channel::of(&row) {
        Channel::Mail => letter::test_mail(hub),
        Channel::Webhook => letter::test_webhook(hub)?,
    };
    let on_its_way = delivery(id, TEST, written, (0, now));
    deliveries::add(&mut tx, &on_its_way, "").await?;
    note(&mut tx, now, (actor, "alarm.test_sent"), &described(row)).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

/// Sends something again that was sent or given up, under the id that it has.
pub async fn send_again(hub: &Hub, actor: &str, id: &str) -> Result<(), ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let recipient = deliveries::again(&mut tx, id, now).await?;
    let recipient = recipient.ok_or(ActError::Gone)?;
    let row = stored::one(&mut tx, &recipient).await?;
    let row = row.filter(|row| row.enabled != 0).ok_or(ActError::Gone)?;
    note(&mut tx, now, (actor, "alarm.sent_again"), &described(row)).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

fn seal(hub: &Hub, id: &str, secret: &WebhookSecret) -> Result<Vec<u8>, ActError> {
    Ok(secret.seal(&keys::vault(hub.settings()), &owner(id))?)
}

fn is_full(known: &[RecipientRow]) -> bool {
    known.iter().filter(|row| row.enabled != 0).count() >= MOST
}

/// Whether somebody else is told at an address in the same way.
fn is_known(known: &[RecipientRow], row: &RecipientRow, address: &str) -> bool {
    let mut others = known.iter().filter(|other| other.id != row.id);
    others.any(|other| other.channel == row.channel && other.address == address)
}

async fn note(tx: &mut Tx, now: i64, did: (&str, &str), detail: &str) -> Result<(), DbError> {
    audit::add(tx, now, did, None, detail).await
}

fn described(row: RecipientRow) -> String {
    let shown = Recipient::from(row);
    format!("{} {} {}", shown.channel.code(), shown.name, shown.address)
}
