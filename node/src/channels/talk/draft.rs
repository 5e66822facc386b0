//! A report that is told piece by piece where people chat: what it is, where, with which picture,
//! and whether it is meant so.

use lapor_web::regions::national;
use serde::{Deserialize, Serialize};

use super::commands::{is_courtesy, is_none, is_skip, is_yes};
use super::{Deed, Known, Said, Say, Sure, Talk, Turn, report};
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
    Words,
    Place,
    Picture,
    Sure,
}

/// Begins a draft and asks for what is missing.
pub fn begin(talk: &Talk, said: Said, heard: &Heard, now: i64) -> Turn {
    let files = !heard.media.is_empty();
    let asks = missing(&said, files);
    kept(
        talk,
        Draft {
            said,
            asks,
            at: now,
        },
    )
}

/// Begins one with a picture or a place, and asks what it is about.
pub fn unsaid(talk: &Talk, heard: &Heard, now: i64) -> Turn {
    let named = heard.location.is_some() && !heard.text.trim().is_empty();
    let draft = Draft {
        said: Said {
            place: named.then(|| heard.text.trim().to_owned()),
            ..report::unsaid(heard)
        },
        asks: Asks::Words,
        at: now,
    };
    kept(talk, draft)
}

/// What somebody says to a draft.
pub fn go_on(talk: &Talk, draft: &Draft, heard: &Heard, known: &Known<'_>, now: i64) -> Turn {
    let mut draft = Draft {
        at: now,
        ..draft.clone()
    };
    draft.said.messages.extend(heard.id.clone());
    if let Some(place) = heard.location {
        named(&mut draft.said, heard.text.trim());
        report::lies_at(&mut draft.said, place);
    }
    if draft.asks == Asks::Words {
        return worded(talk, draft, heard, known, now);
    }
    let files = !heard.media.is_empty();
    if heard.text.trim().is_empty() || heard.location.is_some() {
        let more = files && heard.location.is_none() && draft.asks != Asks::Picture;
        if draft.asks != Asks::Sure {
            draft.asks = missing(&draft.said, files);
        }
        // Pictures come one by one: each is not answered.
        return if more {
            silent(talk, draft)
        } else {
            kept(talk, draft)
        };
    }
    answered(talk, draft, heard.text.trim(), files)
}

/// The first words of a report that began with a picture or a place.
fn worded(talk: &Talk, draft: Draft, heard: &Heard, known: &Known<'_>, now: i64) -> Turn {
    let words = heard.location.is_none();
    if let Some(said) = report::read(heard, known.marks).filter(|_| words) {
        let mut said = Said {
            files: draft.said.files,
            messages: draft.said.messages,
            ..said
        };
        match draft.said.place {
            // A region in the words goes before one in the name of a place.
            Some(place) if national().mentioned(&said.content).is_empty() => {
                named(&mut said, &place);
            }
            place => said.place = place,
        }
        if let Some(at) = draft.said.coordinates {
            report::lies_at(&mut said, at);
        }
        return begin(talk, said, heard, now);
    }
    if heard.is_wordless() && !heard.media.is_empty() {
        return silent(talk, draft);
    }
    kept(talk, draft)
}

/// An answer in words to what was asked last.
fn answered(talk: &Talk, mut draft: Draft, text: &str, files: bool) -> Turn {
    let wishes = wished(text, &mut draft.said);
    match draft.asks {
        Asks::Sure if wishes.is_empty() || is_yes(&wishes) => return filed(talk, draft.said),
        Asks::Picture if is_none(text) => draft.asks = Asks::Sure,
        // It answers nothing, or another question.
        _ if is_courtesy(text) || is_yes(text) || is_skip(text) => {
            if draft.asks == Asks::Picture && files {
                draft.asks = Asks::Sure;
            }
        }
        Asks::Place => {
            named(&mut draft.said, text);
            draft.asks = missing(&draft.said, files);
        }
        Asks::Words | Asks::Picture | Asks::Sure => {
            draft.said.content = format!("{}\n{text}", draft.said.content);
            draft.asks = Asks::Sure;
        }
    }
    kept(talk, draft)
}

/// Takes the name of a place, which may name a region.
fn named(said: &mut Said, place: &str) {
    if place.is_empty() {
        return;
    }
    if let Some(region) = national().meant(place) {
        report::lies_in(said, region);
    }
    said.place = Some(place.to_owned());
}

/// What is asked next; `files` is whether some come just now.
fn missing(said: &Said, files: bool) -> Asks {
    let mentioned = || !national().mentioned(&said.content).is_empty();
    if said.coordinates.is_none() && said.place.is_none() && !mentioned() {
        Asks::Place
    } else if said.files.is_empty() && !files {
        Asks::Picture
    } else {
        Asks::Sure
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
        Asks::Words => Say::AskWords,
        Asks::Place => Say::AskPlace,
        Asks::Picture => Say::AskPicture,
        Asks::Sure => Say::AskSure(meant(&draft.said)),
    };
    let mut turn = silent(talk, draft);
    turn.says.push(asks);
    turn
}

/// What is told of a report before it is filed.
fn meant(said: &Said) -> Sure {
    Sure {
        content: said.content.clone(),
        place: said.place.clone(),
        shared: said.coordinates.is_some(),
        files: said.files.len(),
    }
}

/// A draft of which nothing is asked anew.
fn silent(talk: &Talk, draft: Draft) -> Turn {
    let talk = Talk {
        draft: Some(draft),
        ..talk.clone()
    };
    Turn::of(&talk, Deed::Drafted, Vec::new())
}
