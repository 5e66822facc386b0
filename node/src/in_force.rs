//! What is in force at this node: `node.toml`, completed by what an admin has typed at the desk where
//! the file is silent: how it is reached and sends letters, and what is asked of answers. The file
//! always wins. The password of the mail server is sealed with the key of second factors, which stands
//! outside of the database; nothing shows or prints it again.

use std::fmt;
use std::sync::Arc;

use lapor_migrations::Db;
use lapor_protocol::kinds::Category;
use lapor_web::accounts::FactorKey;
use lapor_web::mail::{Encryption, Postbox};
use lapor_web::public_url::PublicUrl;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::NodeError;
use crate::node::Node;
use crate::post::MailSettingsError;
use crate::settings::Settings;
use crate::staff::StaffError;
use crate::store;

/// Name of the fact that holds what was typed.
const TYPED: &str = "typed_settings";
/// To whom the sealed password belongs; no account can be called so.
const OWNER: &str = "mail server";

/// How people reach the institution, as they read it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub address: String,
    pub telephone: String,
    pub hours: String,
}

/// A mail server without its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub user: Option<String>,
    pub from: String,
    pub reply_to: Option<String>,
}

/// Which public answers a superior signs before they are sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Each of them, whatever its category.
    pub all: bool,
    /// Those in these categories; a root stands for all below it.
    pub categories: Vec<Category>,
}

/// What an admin has typed at the desk, as it is stored.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub contact: Option<Contact>,
    pub public_url: Option<PublicUrl>,
    pub approval: Option<Approval>,
    /// Categories in which a proposal to close carries evidence.
    pub evidence: Option<Vec<Category>>,
    mail: Option<TypedMail>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TypedMail {
    server: MailServer,
    /// Sealed, in hex.
    password: Option<String>,
}

/// Who says what is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `node.toml` or the environment.
    File,
    /// An admin at the desk.
    Desk,
    Nobody,
}

/// What is in force, and who says it.
pub struct InForce {
    settings: Settings,
    typed: Typed,
    /// None where it cannot be opened, and where there is none.
    password: Option<Zeroizing<String>>,
    pub contact: Source,
    pub address: Source,
    pub mail: Source,
    pub approval: Source,
    pub evidence: Source,
}

impl Contact {
    /// In one line; none where nothing is said.
    pub fn line(&self) -> Option<String> {
        let parts = [&self.address, &self.telephone, &self.hours];
        let said: Vec<&str> = parts
            .into_iter()
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .collect();
        (!said.is_empty()).then(|| said.join("; "))
    }
}

impl Approval {
    /// In one line; none where nobody signs anything.
    pub fn line(&self) -> Option<String> {
        if self.all {
            return Some("all".to_owned());
        }
        named(&self.categories)
    }
}

impl Source {
    fn of(in_file: bool, typed: bool) -> Self {
        match (in_file, typed) {
            (true, _) => Self::File,
            (false, true) => Self::Desk,
            (false, false) => Self::Nobody,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "by node.toml",
            Self::Desk => "typed at the desk",
            Self::Nobody => "not set",
        })
    }
}

impl InForce {
    /// The file, and what was typed where it is silent.
    pub fn of(file: &Settings, typed: Typed, vault: &FactorKey) -> Self {
        let mut settings = file.clone();
        let portal = &mut settings.portal;
        let contact = Source::of(portal.contact.is_some(), typed.contact.is_some());
        let address = Source::of(portal.public_url.is_some(), typed.public_url.is_some());
        let mail = Source::of(settings.mail.is_on(), typed.mail.is_some());
        let line = || typed.contact.as_ref().and_then(Contact::line);
        portal.contact = portal.contact.take().or_else(line);
        portal.public_url = portal
            .public_url
            .take()
            .or_else(|| typed.public_url.clone());
        // Of the rules of approval nothing is mixed either.
        let signed = file.answers.approval.is_some() || !file.categories.supervision.is_empty();
        let approval = Source::of(signed, typed.approval.is_some());
        if let (Source::Desk, Some(of)) = (approval, &typed.approval) {
            settings.answers.approval = Some(of.all);
            settings.categories.supervision.clone_from(&of.categories);
        }
        let proved = !file.categories.evidence.is_empty();
        let evidence = Source::of(proved, typed.evidence.is_some());
        if let (Source::Desk, Some(of)) = (evidence, &typed.evidence) {
            settings.categories.evidence.clone_from(of);
        }
        let mut password = None;
        if let (Source::Desk, Some(of)) = (mail, &typed.mail) {
            settings.mail = settings.mail.by(&of.server);
            password = of.password.as_ref().and_then(|sealed| open(vault, sealed));
        }
        Self {
            settings,
            typed,
            password,
            contact,
            address,
            mail,
            approval,
            evidence,
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Which public answers a superior signs.
    pub fn approved(&self) -> Approval {
        Approval {
            all: self.settings.answers.approval == Some(true),
            categories: self.settings.categories.supervision.clone(),
        }
    }

    /// What was typed, whether the file lets it be in force or not.
    pub fn typed(&self) -> &Typed {
        &self.typed
    }

    /// What is needed to hand letters over; `None` where no server is set.
    pub fn postbox(&self) -> Result<Option<Postbox>, MailSettingsError> {
        let mail = &self.settings.mail;
        match self.mail {
            Source::Desk => {
                let password = self.password.as_ref().map(|password| password.as_str());
                if mail.user.is_some() && password.is_none() {
                    return Err(MailSettingsError::Sealed);
                }
                mail.postbox_with(password)
            }
            Source::File | Source::Nobody => mail.postbox(),
        }
    }

    /// The password that was typed before, for the same log-in at the same server only: whoever names
    /// another server must know it.
    pub fn password_for(&self, server: &MailServer) -> Option<&Zeroizing<String>> {
        let known = &self.typed.mail.as_ref()?.server;
        let entrance = |of: &MailServer| (of.host.clone(), of.port, of.encryption, of.user.clone());
        (entrance(known) == entrance(server))
            .then_some(self.password.as_ref())
            .flatten()
    }
}

impl Typed {
    /// The mail server, without its password.
    pub fn server(&self) -> Option<&MailServer> {
        self.mail.as_ref().map(|mail| &mail.server)
    }
}

impl Node {
    /// Keeps how the institution is reached; one that says nothing is none.
    pub async fn keep_contact(&self, contact: Contact, actor: &str) -> Result<(), NodeError> {
        let contact = contact.line().is_some().then_some(contact);
        let kept = |typed: &mut Typed| typed.contact = contact;
        self.keep(actor, ("setup.contact", ""), kept).await
    }

    /// Keeps where people open the portal.
    pub async fn keep_address(
        &self,
        address: Option<PublicUrl>,
        actor: &str,
    ) -> Result<(), NodeError> {
        let detail = address.as_ref().map(ToString::to_string);
        let kept = |typed: &mut Typed| typed.public_url = address;
        let deed = ("setup.address", detail.as_deref().unwrap_or_default());
        self.keep(actor, deed, kept).await
    }

    /// Keeps which public answers a superior signs; those who write answers are asked by it at once.
    pub async fn keep_approval(&self, approval: Approval, actor: &str) -> Result<(), NodeError> {
        let line = approval.line();
        let kept = |typed: &mut Typed| typed.approval = line.is_some().then_some(approval);
        let deed = ("setup.approval", line.as_deref().unwrap_or_default());
        self.keep(actor, deed, kept).await
    }

    /// Keeps in which categories a proposal to close carries evidence.
    pub async fn keep_evidence(
        &self,
        categories: Vec<Category>,
        actor: &str,
    ) -> Result<(), NodeError> {
        let line = named(&categories);
        let kept = |typed: &mut Typed| typed.evidence = line.is_some().then_some(categories);
        let deed = ("setup.evidence", line.as_deref().unwrap_or_default());
        self.keep(actor, deed, kept).await
    }

    /// Keeps by whose server letters go out; the queue goes on by it at once.
    pub async fn keep_mail(
        &self,
        server: MailServer,
        password: Option<&str>,
        actor: &str,
    ) -> Result<(), StaffError> {
        let seal = |password: &str| self.vault().seal(OWNER, password.as_bytes());
        let sealed = password.map(seal).transpose()?;
        let host = server.host.clone();
        let mail = TypedMail {
            server,
            password: sealed.map(hex::encode),
        };
        let kept = |typed: &mut Typed| typed.mail = Some(mail);
        Ok(self.keep(actor, ("setup.mail", &host), kept).await?)
    }

    /// Forgets the mail server that was typed, with its password.
    pub async fn forget_mail(&self, actor: &str) -> Result<(), NodeError> {
        let kept = |typed: &mut Typed| typed.mail = None;
        self.keep(actor, ("setup.mail_removed", ""), kept).await
    }

    /// Takes up what another process may have kept.
    pub(crate) async fn read_typed(&self) -> Result<(), NodeError> {
        let typed = typed(self.db()).await?;
        self.put_in_force(typed);
        Ok(())
    }

    async fn keep(
        &self,
        actor: &str,
        (action, detail): (&'static str, &str),
        change: impl FnOnce(&mut Typed) + Send,
    ) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let mut typed = parsed(store::chain::fact(&mut tx, TYPED).await?)?;
        change(&mut typed);
        let text = serde_json::to_string(&typed).expect("what is typed is text");
        store::chain::set_fact(&mut tx, TYPED, &text).await?;
        store::audit::add(&mut tx, now, actor, action, None, detail).await?;
        tx.commit().await?;
        self.read_typed().await
    }
}

/// What was typed at the desk of a node with this database.
pub(crate) async fn typed(db: &Db) -> Result<Typed, NodeError> {
    let mut tx = db.read().await?;
    parsed(store::chain::fact(&mut tx, TYPED).await?)
}

fn parsed(fact: Option<String>) -> Result<Typed, NodeError> {
    fact.map_or_else(
        || Ok(Typed::default()),
        |text| store::read(serde_json::from_str(&text)),
    )
}

/// Categories in one line; none where there are none.
pub fn named(categories: &[Category]) -> Option<String> {
    let names: Vec<&str> = categories.iter().map(Category::as_str).collect();
    Some(names.join("; ")).filter(|names| !names.is_empty())
}

fn open(vault: &FactorKey, sealed: &str) -> Option<Zeroizing<String>> {
    let opened = hex::decode(sealed)
        .ok()
        .and_then(|sealed| vault.open(OWNER, &sealed).ok());
    let text = opened.and_then(|bytes| std::str::from_utf8(&bytes).map(str::to_owned).ok());
    if text.is_none() {
        tracing::error!(
            "the password of the mail server cannot be opened; type it again at the desk"
        );
    }
    text.map(Zeroizing::new)
}

/// What is in force, for whoever waits for something else.
pub(crate) type Changes = tokio::sync::watch::Receiver<Arc<InForce>>;

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> FactorKey {
        FactorKey::kept_by(move || Ok(Zeroizing::new([byte; 32])))
    }

    fn server() -> MailServer {
        MailServer {
            host: "localhost".into(),
            port: 2525,
            encryption: Encryption::None,
            user: Some("lapor".into()),
            from: "lapor@bandung.go.id".into(),
            reply_to: None,
        }
    }

    fn typed() -> Typed {
        let sealed = vault(1).seal(OWNER, b"kunci surel").unwrap();
        Typed {
            contact: Some(Contact {
                address: "Jalan Wastukencana 2".into(),
                telephone: String::new(),
                hours: "Senin-Jumat 08.00-16.00".into(),
            }),
            public_url: PublicUrl::try_from("https://lapor.bandung.go.id".to_owned()).ok(),
            approval: None,
            evidence: None,
            mail: Some(TypedMail {
                server: server(),
                password: Some(hex::encode(sealed)),
            }),
        }
    }

    #[test]
    fn what_was_typed_completes_the_file_where_that_is_silent() {
        let mut file = Settings::default();
        let now = InForce::of(&file, typed(), &vault(1));
        assert_eq!([now.contact, now.address, now.mail], [Source::Desk; 3]);
        let portal = &now.settings().portal;
        let contact = portal.contact.as_deref();
        assert_eq!(
            contact,
            Some("Jalan Wastukencana 2; Senin-Jumat 08.00-16.00")
        );
        assert!(now.settings().is_https());
        assert!(now.postbox().unwrap().is_some());

        file.portal.contact = Some("Telepon 022 123".into());
        file.mail.host = Some("smtp.bandung.go.id".into());
        file.mail.from = Some("lapor@bandung.go.id".into());
        let now = InForce::of(&file, typed(), &vault(1));
        let sources = [now.contact, now.address, now.mail];
        assert_eq!(sources, [Source::File, Source::Desk, Source::File]);
        assert_eq!(
            now.settings().mail,
            file.mail,
            "of a server nothing is mixed"
        );
        let contact = now.settings().portal.contact.as_deref();
        assert_eq!(contact, Some("Telepon 022 123"));
    }

    #[test]
    fn a_rule_of_the_file_is_not_mixed_with_one_of_the_desk() {
        let category = |name: &str| Category::try_from(name.to_owned()).unwrap();
        let typed = Typed {
            approval: Some(Approval {
                all: true,
                categories: vec![category("Perhubungan")],
            }),
            evidence: Some(vec![category("Kesehatan")]),
            ..Typed::default()
        };
        let mut file = Settings::default();
        let now = InForce::of(&file, typed.clone(), &vault(1));
        assert_eq!([now.approval, now.evidence], [Source::Desk; 2]);
        assert_eq!(Some(now.approved()), typed.approval);
        assert_eq!(now.settings().categories.evidence, [category("Kesehatan")]);

        file.categories.supervision = vec![category("Netralitas ASN")];
        let now = InForce::of(&file, typed.clone(), &vault(1));
        assert_eq!([now.approval, now.evidence], [Source::File, Source::Desk]);
        let approved = Approval {
            all: false,
            categories: file.categories.supervision.clone(),
        };
        assert_eq!(now.approved(), approved);

        file = Settings::default();
        file.answers.approval = Some(false);
        let now = InForce::of(&file, typed, &vault(1));
        assert_eq!(now.approval, Source::File, "no is said as well");
        assert_eq!(now.approved(), Approval::default());
    }

    #[test]
    fn a_password_opens_by_the_nodes_key_alone_and_for_the_same_server_alone() {
        let now = InForce::of(&Settings::default(), typed(), &vault(1));
        let known = now.password_for(&server()).map(|known| known.as_str());
        assert_eq!(known, Some("kunci surel"));
        let elsewhere = MailServer {
            host: "smtp.jahat.example".into(),
            ..server()
        };
        assert!(now.password_for(&elsewhere).is_none());
        let text = serde_json::to_string(&typed()).unwrap();
        assert!(!text.contains("kunci"), "{text}");
        let lost = InForce::of(&Settings::default(), typed(), &vault(2));
        let trouble = lost.postbox().err().unwrap();
        assert!(trouble.to_string().contains("type it again"), "{trouble}");
    }
}
