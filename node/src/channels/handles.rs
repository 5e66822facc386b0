//! Who writes: found by a hash, kept sealed, and told only as the identity of their report.

use lapor_migrations::Tx;

use super::heard::Address;
use super::manner::Name;
use crate::casework::Reporter;
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::threads::ThreadRow;

/// How logs name a conversation: enough to find it, and nobody's number.
pub fn log_name(channel: &str, thread: &str) -> String {
    format!("{channel}\u{b7}{}", thread.get(..4).unwrap_or_default())
}

impl Node {
    /// The conversation with somebody, made if it is the first word; their address stands as they
    /// have it now.
    pub(super) async fn thread_with(
        &self,
        tx: &mut Tx,
        channel: Name,
        address: &Address,
        now: i64,
    ) -> Result<String, NodeError> {
        let name = channel.as_str();
        let key = self.switch().hash("thread", &[name, &address.id])?;
        if let Some(known) = store::channels::threads::by_key(tx, name, &key).await? {
            let sealed = self.switch().seal(&owner(&known.id), address)?;
            store::channels::threads::heard(tx, &known.id, &sealed, now).await?;
            store::channels::outbox::open(tx, &known.id, now).await?;
            return Ok(known.id);
        }
        let id = hex::encode(random::<16>());
        let row = ThreadRow {
            sealed: Some(self.switch().seal(&owner(&id), address)?),
            id: id.clone(),
            channel: name.to_owned(),
            talk: None,
            turn: 0,
            heard_at: now,
            wake_at: None,
            stopped_at: None,
        };
        store::channels::threads::add(tx, &row, &key).await?;
        Ok(id)
    }

    /// Whom a conversation reaches; nobody after an erasure.
    pub(super) fn address_of(&self, thread: &ThreadRow) -> Result<Option<Address>, NodeError> {
        let sealed = thread.sealed.as_deref();
        sealed
            .map(|sealed| self.switch().open(&owner(&thread.id), sealed))
            .transpose()
    }
}

/// Under which name an address is sealed.
fn owner(thread: &str) -> String {
    format!("channel thread {thread}")
}

/// The identity of whoever writes, within the closed words of a disclosure.
pub(super) fn reporter(channel: Name, address: &Address) -> Reporter {
    let is_phone = {
        let digits = address.id.strip_prefix('+').unwrap_or(&address.id);
        (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let own = address.name.clone();
    match channel {
        Name::Sms | Name::Whatsapp if is_phone => Reporter {
            name: own,
            phone: Some(address.id.clone()),
            ..Reporter::default()
        },
        Name::Email => Reporter {
            name: own,
            email: Some(address.id.clone()),
            ..Reporter::default()
        },
        _ => {
            let handle = format!("{}: {}", label(channel), address.id);
            Reporter {
                name: Some(own.map_or_else(|| handle.clone(), |own| format!("{own} ({handle})"))),
                ..Reporter::default()
            }
        }
    }
}

/// What a provider calls itself.
fn label(channel: Name) -> &'static str {
    match channel {
        Name::Sms => "SMS",
        Name::X => "X",
        Name::Facebook => "Facebook",
        Name::Messenger => "Messenger",
        Name::Whatsapp => "WhatsApp",
        Name::Telegram => "Telegram",
        Name::Email => "e-mail",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_in_the_words_of_an_identity() {
        let address = |id: &str, name: Option<&str>| Address {
            id: id.into(),
            name: name.map(str::to_owned),
        };
        let by_number = reporter(Name::Sms, &address("+628123456789", None));
        assert_eq!(by_number.phone.as_deref(), Some("+628123456789"));
        assert_eq!(by_number.name, None);
        let masked = reporter(Name::Sms, &address("BANK-INFO", None));
        assert_eq!(
            (masked.phone, masked.name.as_deref()),
            (None, Some("SMS: BANK-INFO"))
        );
        let by_handle = reporter(Name::X, &address("@budi", Some("Budi")));
        assert_eq!(by_handle.name.as_deref(), Some("Budi (X: @budi)"));
        let scoped = reporter(Name::Whatsapp, &address("ID.88", Some("Siti")));
        assert_eq!(scoped.name.as_deref(), Some("Siti (WhatsApp: ID.88)"));
        let by_mail = reporter(Name::Email, &address("siti@contoh.id", Some("Siti")));
        assert_eq!(by_mail.email.as_deref(), Some("siti@contoh.id"));
        for (name, at) in [
            (Name::Facebook, "Facebook"),
            (Name::Messenger, "Messenger"),
            (Name::Telegram, "Telegram"),
        ] {
            let told = reporter(name, &address("77", None));
            assert_eq!(told.name, Some(format!("{at}: 77")));
        }
    }

    #[test]
    fn a_log_names_a_channel_and_a_conversation_and_nobody() {
        assert_eq!(log_name("sms", "4f2a99"), "sms\u{b7}4f2a");
    }
}
