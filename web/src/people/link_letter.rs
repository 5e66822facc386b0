//! The letter that brings somebody the link to a password, so that no administrator has to hand it
//! over. It goes to the mail server at once and is kept nowhere: the link stands in the letter alone.

use super::{Office, PASSWORD};
use crate::accounts::{Account, Purpose, Secret};
use crate::language::{TextId, Voice, text_id};
use crate::mail::{Letterhead, Parcel, Said};

/// Sends the link to the address of the account; else what kept the letter back.
pub async fn send<O: Office>(office: &O, account: &Account, secret: &Secret) -> Result<(), String> {
    let Some(postbox) = office.postbox()? else {
        return Err("mail.host".to_owned());
    };
    let (head, now) = (office.letterhead(), office.clock().now_ms());
    let link = head.at(&format!("{PASSWORD}/{}", secret.reveal()));
    let until = now + Purpose::Invitation.lasts_ms();
    let words = head.write(|v| say(&head, v, account, (&link, until)));
    let parcel = Parcel {
        address: account.login.as_str(),
        subject: &words.subject,
        body: &words.body,
        leave: None,
        answer: None,
        at: now,
    };
    let sent = postbox.send(&parcel).await;
    sent.map_err(|trouble| trouble.problem().to_owned())
}

fn say(head: &Letterhead, v: &Voice, account: &Account, (link, until): (&str, i64)) -> Said {
    let (subject, about) = words(account);
    Said {
        subject: v.with("institution", head.institution()).say(subject),
        paragraphs: vec![
            v.with("name", account.name.as_str())
                .with("institution", head.institution())
                .say(about),
            link.to_owned(),
            v.with("until", v.moment(until)).say("link-letter-until"),
            v.say("link-letter-unexpected"),
        ],
    }
}

/// Whoever has no password yet is invited, whoever had one gets another.
fn words(account: &Account) -> (TextId, TextId) {
    if account.has_password {
        (
            text_id("link-letter-new-subject"),
            text_id("link-letter-new"),
        )
    } else {
        (
            text_id("link-letter-invited-subject"),
            text_id("link-letter-invited"),
        )
    }
}
