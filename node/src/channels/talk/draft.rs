//! A report that is told piece by piece where people chat: where it is, whether it is meant so.

use lapor_web::regions::national;
use serde::{Deserialize, Serialize};

use super::commands::{is_courtesy, is_yes};
use super::{Deed, Said, Say, Talk, Turn};
use crate::channels::heard::Heard;

/// A report that is not filed yet.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub said: Said,
    pub asks: Asks,
    /// When something was last said to it, Unix ms.
    pub at: i64,
}

/// What was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asks {
    Place,
    Sure,
}

/// Begins a draft and asks for what is missing.
pub fn begin(talk: &Talk, said: Said, now: i64) -> Turn {
    let mentioned = !national().mentioned(&said.content).is_empty();
    let placed = mentioned || said.coordinates.is_some();
    let asks = if placed { Asks::Sure } else { Asks::Place };
    kept(
        talk,
        Draft {
            said,
            asks,
            at: now,
        },
    )
}

/// What somebody says to a draft.
pub fn go_on(talk: &Talk, draft: &Draft, heard: &Heard, now: i64) -> Turn {
    let text = heard.text.trim();
    let mut draft = Draft {
        at: now,
        ..draft.clone()
    };
    if let Some(place) = heard.location {
        draft.said.coordinates = Some(place);
        draft.asks = Asks::Sure;
        return kept(talk, draft);
    }
    let wishes = wished(text, &mut draft.said);
    match draft.asks {
        Asks::Sure if wishes.is_empty() || is_yes(&wishes) => filed(talk, draft.said),
        _ if is_courtesy(text) => kept(talk, draft),
        // It answers another question.
        Asks::Place if is_yes(text) => kept(talk, draft),
        Asks::Place => {
            draft.said.region = national().meant(text).or(draft.said.region);
            draft.said.place = Some(text.to_owned());
            draft.asks = Asks::Sure;
            kept(talk, draft)
        }
        Asks::Sure => {
            draft.said.content = format!("{}\n{text}", draft.said.content);
            kept(talk, draft)
        }
    }
}

/// Takes out of an answer whether the report is to be anonymous or secret.
fn wished(text: &str, said: &mut Said) -> String {
    let words = text.split_whitespace().filter(|word| {
        let bare = word
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_uppercase();
        said.anonymous |= bare == "ANONIM";
        said.secret |= bare == "RAHASIA";
        !["ANONIM", "RAHASIA"].contains(&bare.as_str())
    });
    words.collect::<Vec<_>>().join(" ")
}

fn filed(talk: &Talk, said: Said) -> Turn {
    let talk = Talk {
        draft: None,
        ..talk.clone()
    };
    Turn::of(&talk, Deed::File(Box::new(said)), vec![Say::Filed])
}

fn kept(talk: &Talk, draft: Draft) -> Turn {
    let asks = match draft.asks {
        Asks::Place => Say::AskPlace,
        Asks::Sure => Say::AskSure(draft.said.title.clone()),
    };
    let talk = Talk {
        draft: Some(draft),
        ..talk.clone()
    };
    Turn::of(&talk, Deed::Answered("draft"), vec![asks])
}
