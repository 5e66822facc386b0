//! Codes for reporters and links to new passwords, as letters. Both are worth
//! nothing soon, and whoever did not ask for one can throw it away.

use std::net::IpAddr;

use lapor_web::accounts::{Account, Login, Purpose, Secret};
use lapor_web::language::{TextId, Voice, text_id};

use super::{Draft, Kind, Letterhead, Said, letterhead};
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::{CodePurpose, Letter, LetterKind};
use crate::staff::{PASSWORD, StaffError};
use crate::store;

/// Letters of reporters that are written in one transaction.
const AT_ONCE: u16 = 50;

impl Node {
    /// Writes the letters of codes that wait for an address of e-mail. Those for
    /// telephones stay where they are, for whatever sends short messages.
    pub(super) async fn write_codes(&self) -> Result<usize, NodeError> {
        let (mut after, mut written) = (0, 0);
        loop {
            let letters = self.letters_by_mail(after, AT_ONCE).await?;
            let Some(last) = letters.last() else {
                return Ok(written);
            };
            after = last.number;
            let head = letterhead(self);
            let mut tx = self.write_tx().await?;
            for letter in &letters {
                // Another process may have taken it meanwhile.
                if store::citizens::remove_letter(&mut tx, letter.number).await? == 0 {
                    continue;
                }
                let words = head.write(|v| code(&head, v, letter));
                let draft = Draft {
                    kind: Kind::Code,
                    address: &letter.contact,
                    case: None,
                    words,
                    leave: None,
                    expires_at: Some(letter.expires_at),
                };
                self.write_letter(&mut tx, draft).await?;
                written += 1;
            }
            tx.commit().await?;
        }
    }

    /// Notes that somebody has forgotten the password of an address. Whether an
    /// account has it is looked up later, so that neither the answer nor its
    /// time tells.
    ///
    /// # Errors
    /// [`AccountError::Login`], [`AccountError::Throttled`]
    pub async fn ask_reset(&self, login: &str, from: IpAddr) -> Result<(), StaffError> {
        let login = self.accounts().admit_forgotten(login, from)?;
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        store::letters::ask_reset(&mut tx, login.as_str(), now)
            .await
            .map_err(NodeError::from)?;
        tx.commit().await.map_err(NodeError::from)?;
        self.ring_post();
        Ok(())
    }

    /// Writes the links to new passwords that have been asked for. One that a
    /// crash loses is asked for again.
    pub(super) async fn write_resets(&self) -> Result<usize, StaffError> {
        let mut tx = self.write_tx().await?;
        let asked = store::letters::take_resets(&mut tx, i64::from(AT_ONCE))
            .await
            .map_err(NodeError::from)?;
        tx.commit().await.map_err(NodeError::from)?;
        let mut written = 0;
        for login in asked {
            let login: Login = login.parse()?;
            if let Some((account, secret)) = self.accounts().forgot(&login).await? {
                self.write_reset(&account, &secret).await?;
                written += 1;
            }
        }
        Ok(written)
    }

    async fn write_reset(&self, account: &Account, secret: &Secret) -> Result<(), NodeError> {
        let head = letterhead(self);
        let at = head.at(&format!("{PASSWORD}/{}", secret.reveal()));
        let words = head.write(|v| Said {
            subject: v
                .with("institution", head.institution())
                .say("letter-reset-subject"),
            paragraphs: vec![
                v.with("name", &account.name).say("letter-reset"),
                at.clone(),
                v.say("letter-reset-ignore"),
            ],
        });
        let draft = Draft {
            kind: Kind::Reset,
            address: account.login.as_str(),
            case: None,
            words,
            leave: None,
            expires_at: Some(self.clock().now_ms() + Purpose::Reset.lasts_ms()),
        };
        let mut tx = self.write_tx().await?;
        self.write_letter(&mut tx, draft).await?;
        Ok(tx.commit().await?)
    }
}

fn code(head: &Letterhead, v: &Voice, letter: &Letter) -> Said {
    let LetterKind::Code(purpose) = letter.kind;
    let (subject, about) = purpose_words(purpose);
    let code = letter.code.as_deref().unwrap_or_default();
    Said {
        subject: v.with("institution", head.institution()).say(subject),
        paragraphs: vec![
            v.with("institution", head.institution()).say(about),
            v.with("code", code).say("letter-code"),
            v.with("until", v.moment(letter.expires_at))
                .say("letter-code-until"),
            v.say("letter-code-ignore"),
        ],
    }
}

fn purpose_words(purpose: CodePurpose) -> (TextId, TextId) {
    match purpose {
        CodePurpose::SignIn => (text_id("letter-sign-in-subject"), text_id("letter-sign-in")),
        CodePurpose::Recover => (text_id("letter-recover-subject"), text_id("letter-recover")),
        CodePurpose::Confirm => (text_id("letter-confirm-subject"), text_id("letter-confirm")),
        CodePurpose::Follow => (text_id("letter-follow-subject"), text_id("letter-follow")),
    }
}
