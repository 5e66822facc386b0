//! Contacts that people prove with a code: to sign in as a citizen, to get a
//! new key for a lost one, to follow a case or a programme.
//!
//! Whether a ticket or a contact is known shows in no answer. Letters wait in
//! a queue for whoever sends them, and are worth nothing after the code is.

use std::fmt;
use std::net::IpAddr;

use lapor_migrations::Tx;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::ProgrammeRef;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use super::followed::{follow_programme, followed_text, read_followed};
use super::guard::neighbourhood;
use super::key::{SecretKey, grouped, random_digits};
use super::reach::{HOME, normalised, proved_contact, told_contacts};
use super::session::{self, Opened, replace_key};
use super::{Conversation, Notify, Verification, support};
use crate::casework::ticket;
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::citizens::{CodeRow, LetterRow};

const CODE_DIGITS: usize = 8;
/// For how long a code is worth something.
pub(crate) const CODE_LIFE_MS: i64 = 15 * 60_000;
const ATTEMPTS: i64 = 5;
const WRONG: &str = "this code does not fit or has expired; check it, or ask for a new one";

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CodePurpose {
    /// Sign in as a citizen; the first time makes the account.
    SignIn,
    /// Get a new key for a lost one.
    Recover,
    /// Prove the contact in a report.
    Confirm,
    /// Be told of what happens in a case.
    Follow,
}

/// A code that is on its way, if there is anyone to send it to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SentCode {
    /// Names the code when its digits are given.
    pub id: String,
    /// Unix ms.
    pub expires_at: i64,
}

/// What the right digits give.
#[derive(Clone, Serialize, ToSchema)]
#[serde(tag = "proved", rename_all = "snake_case")]
pub enum Proved {
    SignedIn(Opened),
    /// The key, told this once; the old one and all that it opened have ended.
    NewKey {
        key: String,
    },
    Confirmed,
    /// What ends the following, for the letters that it causes.
    Following {
        leave: String,
    },
}

/// A reporter who wants letters, and has proved where they go.
pub(crate) struct NewsReader {
    pub address: String,
    pub ticket: String,
    /// The case as it was filed: a half that was split off is its reporter's, too.
    pub filed_as: CaseId,
}

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    Code(CodePurpose),
}

/// Something to send to a contact.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    pub number: i64,
    /// An e-mail address, or a telephone number that begins with `+`.
    pub contact: String,
    pub kind: LetterKind,
    pub case: Option<CaseId>,
    /// Digits in groups of four.
    pub code: Option<String>,
    /// Unix ms.
    pub expires_at: i64,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({}, {:?})", self.number, self.kind)
    }
}

impl CodePurpose {
    const ALL: [Self; 4] = [Self::SignIn, Self::Recover, Self::Confirm, Self::Follow];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Recover => "recover",
            Self::Confirm => "confirm",
            Self::Follow => "follow",
        }
    }

    fn read(text: &str) -> Result<Self, NodeError> {
        let found = Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == text);
        found.ok_or_else(|| NodeError::damaged("a code is for nothing that is known"))
    }
}

impl Node {
    /// Sends a code with which a citizen signs in.
    pub async fn ask_sign_in(&self, contact: &str, address: IpAddr) -> Result<SentCode, NodeError> {
        let contact = normalised(contact)?;
        self.admit_code(Some(address), Some(&contact))?;
        self.send_code(CodePurpose::SignIn, Some(contact), None)
            .await
    }

    /// Sends a code for a new key to the proved contact of a ticket. Without
    /// one there is no way back, which the answer does not tell. Counted for each network that asks with
    /// the ticket: a stranger who knows it uses up what is their own.
    pub async fn ask_recovery(
        &self,
        typed_ticket: &str,
        address: IpAddr,
    ) -> Result<SentCode, NodeError> {
        let ticket = ticket::parse(typed_ticket);
        let network = neighbourhood(address);
        let asking = ticket.as_ref().map(|ticket| format!("{ticket} {network}"));
        self.admit_code(Some(address), asking.as_deref())?;
        let now = self.clock().now_ms();
        if let Some(ticket) = &ticket {
            self.guards().recovery.attempt(ticket, now)?;
        }
        let row = match &ticket {
            Some(ticket) => self.reporter_of(ticket).await?,
            None => None,
        };
        let case = row
            .as_ref()
            .map(|row| store::case_id(&row.case_id))
            .transpose()?;
        let contact = match row {
            Some(row) => proved_contact(&mut self.read_tx().await?, &row).await?,
            None => None,
        };
        // Too many are not refused: that would tell that the ticket has a contact.
        let contact = contact.filter(|contact| {
            let sent = self.guards().recovery.attempt(contact, now);
            sent.is_ok()
        });
        self.send_code(
            CodePurpose::Recover,
            contact,
            case.map(|case| case.to_string()),
        )
        .await
    }

    /// Sends a code to the contact that the report told, to prove it.
    pub async fn ask_confirmation(
        &self,
        conversation: &Conversation,
    ) -> Result<SentCode, NodeError> {
        self.ask_proof(conversation.case).await
    }

    /// The same for whoever has just filed the report, and has not opened a conversation.
    pub async fn ask_proof(&self, case: CaseId) -> Result<SentCode, NodeError> {
        let mut tx = self.read_tx().await?;
        let case = self.filed_as(&mut tx, case).await?;
        let told = told_contacts(&mut tx, &case.to_string()).await?;
        drop(tx);
        let ways = self.code_ways();
        let reached = told.iter().find(|contact| ways.reach(contact));
        // Where nothing is sent the code waits in vain, as one to a contact that nobody has.
        let contact = reached.or(told.first()).cloned().ok_or_else(|| {
            NodeError::Invalid(
                "contact: the report holds no e-mail address and no telephone number".into(),
            )
        })?;
        self.admit_code(None, Some(&contact))?;
        self.send_code(CodePurpose::Confirm, Some(contact), Some(case.to_string()))
            .await
    }

    /// Sends a code with which somebody follows a public case.
    pub async fn ask_following(
        &self,
        case: CaseId,
        contact: &str,
        address: IpAddr,
    ) -> Result<SentCode, NodeError> {
        let contact = normalised(contact)?;
        self.admit_code(Some(address), Some(&contact))?;
        self.public_case(case).await?;
        self.send_code(CodePurpose::Follow, Some(contact), Some(case.to_string()))
            .await
    }

    /// Sends a code with which somebody begins to follow a programme.
    pub async fn ask_following_programme(
        &self,
        programme: &ProgrammeRef,
        contact: &str,
        address: IpAddr,
    ) -> Result<SentCode, NodeError> {
        let contact = normalised(contact)?;
        self.admit_code(Some(address), Some(&contact))?;
        self.programme(&programme.owner, &programme.slug).await?;
        let about = followed_text(programme);
        self.send_code(CodePurpose::Follow, Some(contact), Some(about))
            .await
    }

    /// Uses a code up, and does what it is for.
    ///
    /// # Errors
    /// [`NodeError::Locked`] if it does not fit; after five attempts never again.
    pub async fn prove_code(
        &self,
        id: &str,
        typed: &str,
        address: IpAddr,
    ) -> Result<Proved, NodeError> {
        self.prove(id, typed, address, None).await
    }

    /// The same for a code with which somebody follows a case; one for anything else
    /// does not fit and stays what it is.
    pub async fn prove_following(
        &self,
        id: &str,
        typed: &str,
        address: IpAddr,
    ) -> Result<(), NodeError> {
        let only = Some(CodePurpose::Follow);
        self.prove(id, typed, address, only).await.map(drop)
    }

    async fn prove(
        &self,
        id: &str,
        typed: &str,
        address: IpAddr,
        only: Option<CodePurpose>,
    ) -> Result<Proved, NodeError> {
        let now = self.clock().now_ms();
        self.admit_attempt(address)?;
        // Made before the transaction: it takes time that others should not wait, and that nobody takes
        // who has no code for a key.
        let (key, mut tx) = (SecretKey::mint(), self.read_tx().await?);
        let asked = store::citizens::code(&mut tx, id).await?;
        drop(tx);
        let secret = match asked.filter(|row| row.purpose == CodePurpose::Recover.as_str()) {
            Some(_) => Some(key.hashed().await?),
            None => None,
        };
        let mut tx = self.write_tx().await?;
        let row = store::citizens::code(&mut tx, id).await?;
        let usable = |row: &CodeRow| {
            row.expires_at > now
                && row.attempts < ATTEMPTS
                && only.is_none_or(|only| row.purpose == only.as_str())
        };
        let Some(row) = row.filter(usable) else {
            return Err(NodeError::Locked(WRONG));
        };
        let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
        // Who asked twice may hold either message in their hand.
        let mut alike = store::citizens::codes_like(&mut tx, &row).await?;
        // A code that went to nobody opens nothing, whatever is guessed.
        alike.retain(|row| usable(row) && !row.contact.is_empty());
        let fits = |row: &CodeRow| bool::from(hash(&row.id, &digits).ct_eq(&row.hash));
        if alike.iter().filter(|row| fits(row)).count() == 0 {
            store::citizens::count_attempt(&mut tx, id).await?;
            tx.commit().await?;
            return Err(NodeError::Locked(WRONG));
        }
        for row in &alike {
            store::citizens::use_up_code(&mut tx, &row.id).await?;
        }
        let case = row.case_id.as_deref();
        let proved = match CodePurpose::read(&row.purpose)? {
            CodePurpose::SignIn => {
                let fresh = hex::encode(random::<16>());
                let citizen = store::citizens::citizen(&mut tx, &fresh, &row.contact, now).await?;
                store::reporters::gather(&mut tx, &row.contact).await?;
                Proved::SignedIn(session::open(&mut tx, None, Some(&citizen), now).await?)
            }
            CodePurpose::Recover => {
                let (case, secret) = case.zip(secret).ok_or(NodeError::Locked(WRONG))?;
                replace_key(&mut tx, case, &secret, "recovery", now).await?;
                Proved::NewKey {
                    key: key.reveal().to_string(),
                }
            }
            CodePurpose::Confirm => {
                let case = case.ok_or(NodeError::Locked(WRONG))?;
                let (level, proved) = (Verification::Contact.as_str(), Some(&*row.contact));
                store::reporters::set_verification(&mut tx, case, level, proved).await?;
                store::reporters::gather(&mut tx, &row.contact).await?;
                if let Some(reporter) = store::reporters::of_case(&mut tx, case).await? {
                    let actor = format!("reporter:{}", reporter.id);
                    let action = "reporter.contact_proved";
                    store::audit::add(&mut tx, now, &actor, action, Some(case), "").await?;
                }
                Proved::Confirmed
            }
            CodePurpose::Follow => {
                let case = case.ok_or(NodeError::Locked(WRONG))?;
                let leave = match read_followed(case) {
                    Some(programme) => {
                        let contact = &row.contact;
                        follow_programme(&mut tx, &programme, contact, now).await?
                    }
                    None => support::follow(&mut tx, case, &row.contact, now).await?,
                };
                Proved::Following { leave }
            }
        };
        tx.commit().await?;
        Ok(proved)
    }

    /// Letters that wait to be sent, behind a number, oldest first.
    pub async fn letters(&self, after: i64, limit: u16) -> Result<Vec<Letter>, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let rows = store::citizens::letters(&mut tx, after, now, i64::from(limit)).await?;
        rows.into_iter().map(read_letter).collect()
    }

    /// Those of them that go to an address of e-mail.
    pub(crate) async fn letters_by_mail(
        &self,
        after: i64,
        limit: u16,
    ) -> Result<Vec<Letter>, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let rows = store::citizens::letters_by_mail(&mut tx, after, now, i64::from(limit)).await?;
        rows.into_iter().map(read_letter).collect()
    }

    /// Those of them that go to a telephone at home.
    pub(crate) async fn letters_by_phone(&self, limit: u16) -> Result<Vec<Letter>, NodeError> {
        let (now, home) = (self.clock().now_ms(), format!("{HOME}%"));
        let mut tx = self.read_tx().await?;
        let rows = store::citizens::letters_to(&mut tx, &home, now, i64::from(limit)).await?;
        rows.into_iter().map(read_letter).collect()
    }

    /// Removes a letter that has been sent, or cannot be.
    pub async fn letter_done(&self, number: i64) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        store::citizens::remove_letter(&mut tx, number).await?;
        Ok(tx.commit().await?)
    }

    /// Whom letters about a case go to, if its reporter is known here and wants them.
    pub(crate) async fn news_reader(
        &self,
        tx: &mut Tx,
        case: CaseId,
    ) -> Result<Option<NewsReader>, NodeError> {
        let filed_as = match self.filed_as(tx, case).await {
            Ok(filed_as) => filed_as,
            // What it was split from is here no more.
            Err(NodeError::Locked(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let text = filed_as.to_string();
        let Some(row) = store::reporters::of_case(tx, &text).await? else {
            return Ok(None);
        };
        let contact = match Notify::read(&row.notify) {
            Notify::Email => proved_contact(tx, &row).await?,
            Notify::Off => None,
        };
        let filed = store::cases::case(tx, &text).await?;
        let ticket = filed.and_then(|filed| filed.ticket);
        let address = contact.filter(|contact| contact.contains('@'));
        Ok(address.zip(ticket).map(|(address, ticket)| NewsReader {
            address,
            ticket,
            filed_as,
        }))
    }

    /// What is no ticket names nobody: then the address alone is counted.
    fn admit_code(&self, address: Option<IpAddr>, name: Option<&str>) -> Result<(), NodeError> {
        let (now, guards) = (self.clock().now_ms(), self.guards());
        if let Some(address) = address {
            self.admit_attempt(address)?;
        }
        name.map_or(Ok(()), |name| guards.code.attempt(name, now))
    }

    /// With nobody to send it to there is a code all the same, and no letter.
    async fn send_code(
        &self,
        purpose: CodePurpose,
        contact: Option<String>,
        about: Option<String>,
    ) -> Result<SentCode, NodeError> {
        let now = self.clock().now_ms();
        let (id, digits) = (hex::encode(random::<16>()), random_digits(CODE_DIGITS));
        let row = CodeRow {
            hash: hash(&id, &digits).to_vec(),
            id,
            purpose: purpose.as_str().into(),
            contact: contact.clone().unwrap_or_default(),
            case_id: about,
            attempts: 0,
            expires_at: now + CODE_LIFE_MS,
        };
        let mut tx = self.write_tx().await?;
        store::citizens::add_code(&mut tx, &row).await?;
        if let Some(contact) = contact {
            let letter = LetterRow {
                number: 0,
                contact,
                kind: purpose.as_str().into(),
                case_id: row
                    .case_id
                    .clone()
                    .filter(|about| read_followed(about).is_none()),
                code: Some(grouped(&digits)),
                created_at: now,
                expires_at: row.expires_at,
            };
            store::citizens::add_letter(&mut tx, &letter).await?;
        }
        tx.commit().await?;
        self.ring_post();
        self.switch().heard.notify_one();
        Ok(SentCode {
            id: row.id,
            expires_at: row.expires_at,
        })
    }
}

fn hash(id: &str, digits: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(id.as_bytes());
    hash.update(digits.as_bytes());
    hash.finalize().into()
}

fn read_letter(row: LetterRow) -> Result<Letter, NodeError> {
    Ok(Letter {
        number: row.number,
        contact: row.contact,
        kind: LetterKind::Code(CodePurpose::read(&row.kind)?),
        case: row.case_id.as_deref().map(store::case_id).transpose()?,
        code: row.code,
        expires_at: row.expires_at,
    })
}
