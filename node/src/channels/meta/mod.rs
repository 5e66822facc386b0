//! WhatsApp, Messenger and the comments on a page of Facebook: three lines over one Graph API, and
//! one door at which it knocks.

mod door;
mod messenger;
mod page;
mod send;
mod settings;
mod signature;
mod whatsapp;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use door::routes;
pub use settings::{Comments, FacebookSettings, MetaSettings, MetaSettingsError, WhatsappSettings};

use super::receipts::Fate;
use super::settings::ChannelSettings;
use super::{Channel, Keyword, Raw};
use messenger::Messenger;
use page::Page;
use send::Graph;
use settings::secret;
use whatsapp::{Template, Whatsapp};

const WHATSAPP: &str = "whatsapp.phone_number_id";
const FACEBOOK: &str = "facebook.page_id";
/// What a body of WhatsApp is about.
const BUSINESS: &str = "whatsapp_business_account";

/// Where the id stands that a page's message gets.
const MESSAGE_ID: &str = "/message_id";

/// Who comments, and below which comment or post, by the ids of the provider.
pub(super) type Below = (String, String);

/// What is switched on of the provider's.
pub struct Meta {
    whatsapp: Option<Arc<Whatsapp>>,
    messenger: Option<Arc<Messenger>>,
    page: Option<Arc<Page>>,
    app_secret: Zeroizing<String>,
    /// Hash of the word with which the webhook is entered.
    verify: [u8; 32],
}

impl Meta {
    /// Everything that is on, or `None` where nothing is.
    pub fn of(settings: &ChannelSettings) -> Result<Option<Self>, MetaSettingsError> {
        let (whatsapp, facebook) = (&settings.whatsapp, &settings.facebook);
        let beside = match (&whatsapp.phone_number_id, &facebook.page_id) {
            (Some(_), _) => WHATSAPP,
            (None, Some(_)) => FACEBOOK,
            (None, None) => return Ok(None),
        };
        let of = |path: &Option<PathBuf>, field| secret(path.as_deref(), field, beside);
        let app_secret = of(&settings.meta.app_secret_file, "meta.app_secret_file")?;
        let verify = of(&settings.meta.verify_token_file, "meta.verify_token_file")?;
        let graph = Arc::new(Graph::of(&settings.meta)?);
        let (messenger, page) = on_facebook(settings, &graph)?;
        Ok(Some(Self {
            whatsapp: on_whatsapp(whatsapp, &graph)?,
            messenger,
            page,
            app_secret: Zeroizing::new(app_secret),
            verify: hashed(&verify),
        }))
    }

    pub fn lines(&self) -> Vec<Arc<dyn Channel>> {
        let whatsapp = self.whatsapp.clone().map(|line| line as Arc<dyn Channel>);
        let messenger = self.messenger.clone().map(|line| line as Arc<dyn Channel>);
        let page = self.page.clone().map(|line| line as Arc<dyn Channel>);
        [whatsapp, messenger, page].into_iter().flatten().collect()
    }

    /// Whether it needs the words of the table to know which comments are for this node.
    fn goes_by_keywords(&self) -> bool {
        let page = self.page.as_ref();
        page.is_some_and(|page| page.comments == Comments::Tagged)
    }

    /// Below what people comment on the page.
    pub(super) fn below(&self, body: &[u8]) -> Vec<Below> {
        let told: Value = serde_json::from_slice(body).unwrap_or_default();
        let page = self.page.as_ref().filter(|_| told["object"] == "page");
        let Some(page) = page else {
            return Vec::new();
        };
        let own = listed(&told["entry"]).iter();
        let own = own.filter(|entry| entry["id"] == *page.id);
        own.flat_map(Page::below).collect()
    }

    /// What has become of messages of ours by WhatsApp, by their ids there.
    pub(super) fn receipts(&self, body: &[u8]) -> Vec<(String, Fate)> {
        let told: Value = serde_json::from_slice(body).unwrap_or_default();
        let line = self.whatsapp.as_ref();
        let Some(line) = line.filter(|_| told["object"] == BUSINESS) else {
            return Vec::new();
        };
        let entries = listed(&told["entry"]).iter();
        entries.flat_map(|entry| line.receipts(entry)).collect()
    }

    /// What of a body is said to whom, in its order; what is not understood goes as a whole to the
    /// first line, which keeps it. `own` are the comments below what their author has reported.
    pub(super) fn messages(
        &self,
        body: &[u8],
        keywords: &[Keyword],
        own: &BTreeSet<Below>,
    ) -> Vec<(Arc<dyn Channel>, Vec<Raw>)> {
        let told: Value = serde_json::from_slice(body).unwrap_or_default();
        let (Some(object), Some(entries)) = (told["object"].as_str(), told["entry"].as_array())
        else {
            let raw = Raw {
                id: format!("body {}", hex::encode(Sha256::digest(body))),
                body: body.to_vec(),
            };
            let first = self.lines().into_iter().next();
            return first.map(|line| (line, vec![raw])).into_iter().collect();
        };
        let of_page = |entry: &&Value, page: &str| object == "page" && entry["id"] == *page;
        let mut out: Vec<(Arc<dyn Channel>, Vec<Raw>)> = Vec::new();
        if let Some(line) = self.whatsapp.as_ref().filter(|_| object == BUSINESS) {
            let said = entries.iter().flat_map(|entry| line.messages(entry));
            out.push((line.clone(), said.collect()));
        }
        if let Some(line) = &self.messenger {
            let own = entries.iter().filter(|entry| of_page(entry, &line.page));
            out.push((
                line.clone(),
                own.flat_map(|entry| line.messages(entry)).collect(),
            ));
        }
        if let Some(line) = &self.page {
            let entries = entries.iter().filter(|entry| of_page(entry, &line.id));
            let said = entries.flat_map(|entry| line.messages(entry, keywords, own));
            out.push((line.clone(), said.collect()));
        }
        out.retain(|(_, said)| !said.is_empty());
        out
    }
}

fn on_whatsapp(
    settings: &WhatsappSettings,
    graph: &Arc<Graph>,
) -> Result<Option<Arc<Whatsapp>>, MetaSettingsError> {
    let Some(id) = settings.phone_number_id.clone() else {
        return Ok(None);
    };
    let token = secret(
        settings.token_file.as_deref(),
        "whatsapp.token_file",
        WHATSAPP,
    )?;
    let language = settings.template_language.clone();
    let template = settings.template.clone();
    Ok(Some(Arc::new(Whatsapp {
        graph: graph.clone(),
        id,
        token,
        template: template.map(|name| Template { name, language }),
    })))
}

type OnFacebook = (Option<Arc<Messenger>>, Option<Arc<Page>>);

fn on_facebook(
    settings: &ChannelSettings,
    graph: &Arc<Graph>,
) -> Result<OnFacebook, MetaSettingsError> {
    let facebook = &settings.facebook;
    let Some(id) = facebook.page_id.clone() else {
        return Ok((None, None));
    };
    let file: Option<&Path> = facebook.page_token_file.as_deref();
    let token = secret(file, "facebook.page_token_file", FACEBOOK)?;
    let messenger = facebook.messenger.then(|| {
        Arc::new(Messenger {
            graph: graph.clone(),
            page: id.clone(),
            token: token.clone(),
        })
    });
    let page = (facebook.comments != Comments::None).then(|| {
        Arc::new(Page {
            graph: graph.clone(),
            id: id.clone(),
            token: token.clone(),
            comments: facebook.comments,
            account: settings.x.account.clone(),
        })
    });
    Ok((messenger, page))
}

fn hashed(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn listed(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The provider's id of something, or what tells it apart where there is none.
fn id_or_hash(id: &Value, whole: &Value) -> String {
    match id.as_str() {
        Some(id) => id.to_owned(),
        None => format!("hash {}", hex::encode(Sha256::digest(whole.to_string()))),
    }
}
