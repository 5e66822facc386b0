//! The methods of Telegram's Bot API that are used here. The bot's token stands in every address, so
//! no address is ever told.

use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::fetching::Interrupted;
use super::super::heard::{Address, MediaRef, Saying};
use super::super::media::{LeftOut, Pieces, Unfetched};
use super::super::provider::{NoAnswer, Provider, WAITED, is_page, undocumented};
use super::super::reasons::waited;
use super::super::settings::ChannelSettingsError;
use super::super::{Unsaid, words};
use super::settings::TelegramSettings;
use super::updates;

/// Seconds for which Telegram holds a call while nothing has come.
const HOLDS_S: u64 = 25;
/// Longer than it holds a call.
const WAIT: Duration = Duration::from_secs(HOLDS_S + 15);
const WHOLE: Duration = Duration::from_secs(20);
/// Bytes of a file that a bot may fetch.
const LARGEST_FILE: u64 = 20_000_000;
/// Updates at once.
const AT_ONCE: u32 = 100;
/// Who answers, in a reason.
const WHO: &str = "Telegram";
const KINDS: [&str; 2] = ["message", "edited_message"];

pub struct Api {
    provider: Provider,
    token: String,
}

/// Why a method came to nothing.
enum Failed {
    /// Telegram is not there, or something else answers.
    Away(String),
    /// It was asked, and may have done it.
    Lost(String),
    Refused {
        status: u16,
        retry_after: Option<Duration>,
    },
}

#[derive(Deserialize)]
struct Told {
    ok: bool,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

impl Api {
    pub fn of(settings: &TelegramSettings, token: String) -> Result<Self, ChannelSettingsError> {
        let shape = |token: &str| {
            let (bot, secret) = token.split_once(':')?;
            let fits = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            let fits = secret.len() >= 16 && secret.chars().all(fits);
            (fits && !bot.is_empty() && bot.bytes().all(|b| b.is_ascii_digit())).then_some(())
        };
        if shape(&token).is_none() {
            return Err(ChannelSettingsError::TelegramToken);
        }
        Ok(Self {
            provider: Provider::at("telegram.base_url", &settings.base_url)?,
            token,
        })
    }

    /// What has come since `offset`, each as it came; waits a while for something.
    pub async fn updates(&self, offset: Option<i64>) -> Result<Vec<Value>, Interrupted> {
        let asked = json!({
            "offset": offset,
            "limit": AT_ONCE,
            "timeout": HOLDS_S,
            "allowed_updates": KINDS,
        });
        match self.call("getUpdates", &asked, WAIT).await {
            Ok(Value::Array(updates)) => Ok(updates),
            Ok(_) => Err(String::from("getUpdates answers with no list").into()),
            // Either a webhook is set, which this node can end, or another program asks.
            Err(failed @ Failed::Refused { status: 409, .. }) => {
                let none = json!({"drop_pending_updates": false});
                self.call("deleteWebhook", &none, WHOLE).await.ok();
                Err(failed.into())
            }
            Err(failed) => Err(failed.into()),
        }
    }

    /// Has messages handed over at an address.
    pub async fn hand_over(&self, url: &str, secret: &str) -> Result<(), Interrupted> {
        let asked = json!({"url": url, "secret_token": secret, "allowed_updates": KINDS});
        Ok(self.call("setWebhook", &asked, WHOLE).await.map(drop)?)
    }

    pub async fn say(&self, to: &Address, what: &Saying) -> Result<Option<String>, Unsaid> {
        let nobody = || Unsaid::Never("it is for no chat".into());
        let chat: i64 = to.id.parse().map_err(|_| nobody())?;
        let mut asked = json!({
            "chat_id": chat,
            "text": what.words,
            "link_preview_options": {"is_disabled": true},
        });
        // In a group everybody would have the button.
        if chat > 0 {
            asked["reply_markup"] = button(what.asks_place);
        }
        match self.call("sendMessage", &asked, WHOLE).await {
            Ok(sent) => match sent["message_id"].as_i64() {
                Some(id) => Ok(Some(updates::message_id(chat, id))),
                // It may have been said.
                None => Err(Unsaid::Unanswered(undocumented(WHO, 200))),
            },
            Err(Failed::Away(problem)) => Err(Unsaid::Down(problem)),
            Err(Failed::Lost(problem)) => Err(Unsaid::Unanswered(problem)),
            Err(Failed::Refused {
                retry_after: Some(pause),
                ..
            }) => Err(Unsaid::Slower(pause)),
            Err(Failed::Refused { status, .. }) => Err(unsaid(status)),
        }
    }

    pub async fn fetch(&self, what: &MediaRef) -> Result<Pieces, Unfetched> {
        if what.size.is_some_and(|size| size > LARGEST_FILE) {
            return Err(Unfetched::Never(LeftOut::Large));
        }
        let asked = json!({"file_id": what.at});
        let found = match self.call("getFile", &asked, WHOLE).await {
            Ok(found) => found,
            Err(Failed::Refused { status: 400, .. }) => {
                return Err(Unfetched::Never(LeftOut::Gone));
            }
            Err(failed) => return Err(Unfetched::Later(Interrupted::from(failed).problem)),
        };
        let path = found["file_path"].as_str().filter(|path| is_path(path));
        let url = path.and_then(|path| self.at(&format!("file/bot{}/{path}", self.token)));
        let url = url.ok_or(Unfetched::Never(LeftOut::Gone))?;
        self.provider.file(url).await
    }

    fn at(&self, path: &str) -> Option<Url> {
        self.provider.url(path)
    }

    async fn call(&self, method: &str, asked: &Value, wait: Duration) -> Result<Value, Failed> {
        let url = self.at(&format!("bot{}/{method}", self.token));
        let url = url.ok_or_else(|| Failed::Away("its address is none".into()))?;
        let request = self.provider.post(url).json(asked).timeout(wait);
        let answer = self.provider.tell(request).await?;
        let status = answer.status;
        if status == WAITED {
            return Err(Failed::Lost(waited(WHO)));
        }
        let told: Option<Told> = serde_json::from_slice(&answer.body).ok();
        match told {
            Some(told) if status == 200 && told.ok => Ok(told.result),
            Some(told) if !told.ok => Err(Failed::Refused {
                status,
                retry_after: told.parameters.retry_after.map(Duration::from_secs),
            }),
            _ if (200..300).contains(&status) && !is_page(&answer.body) => {
                Err(Failed::Lost(undocumented(WHO, status)))
            }
            _ => Err(Failed::Away(undocumented(WHO, status))),
        }
    }
}

impl From<NoAnswer> for Failed {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::Away(problem) => Self::Away(problem),
            NoAnswer::Lost(problem) => Self::Lost(problem),
        }
    }
}

impl From<Failed> for Interrupted {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Away(problem) | Failed::Lost(problem) => problem.into(),
            Failed::Refused {
                status,
                retry_after,
            } => Self {
                problem: format!("Telegram answers {status}{}", meaning(status)),
                pause: retry_after,
            },
        }
    }
}

fn meaning(status: u16) -> &'static str {
    match status {
        401 | 404 => "; is the token the bot's?",
        409 => "; does another program fetch the messages of this bot?",
        _ => "",
    }
}

/// What a refusal means for what was to be said.
fn unsaid(status: u16) -> Unsaid {
    match status {
        // Whoever blocks a bot, or has gone, wants nothing of it.
        403 => Unsaid::Stopped,
        // A wrong token is ours to mend, and costs no message anything.
        401 | 404 => Unsaid::Down(format!("Telegram refuses this bot ({status})")),
        429 => Unsaid::Slower(Duration::from_mins(1)),
        400..500 => Unsaid::Never(format!("Telegram refuses the message ({status})")),
        _ => Unsaid::Down(format!("Telegram answers {status}")),
    }
}

/// A button that shares where one is, or none.
fn button(asks_place: bool) -> Value {
    if !asks_place {
        return json!({"remove_keyboard": true});
    }
    let share = json!({"text": words::share_place(), "request_location": true});
    json!({"keyboard": [[share]], "one_time_keyboard": true, "resize_keyboard": true})
}

fn is_path(path: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    path.chars().all(fits) && !path.contains("..")
}
