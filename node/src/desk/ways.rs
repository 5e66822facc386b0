//! By which ways reports and news come in and go out, as the configuration switches them on: how each
//! stands, the page about it, and where one that is off is switched on.

use lapor_web::intake::channel_words;
use lapor_web::language::Voice;

use super::{Answer, WEBHOOKS, channels, letters};
use crate::api::problem;
use crate::channels::{ChannelFigures, Name};
use crate::cities::CityFigures;
use crate::node::Node;

/// A way in or out.
pub struct Way {
    pub name: String,
    pub tone: &'static str,
    pub state: String,
    /// What there is to know of that, in words.
    pub about: Option<String>,
    /// What the other side, the line or the node said of it.
    pub said: Option<String>,
    /// The page about it.
    pub to: Option<String>,
}

impl Way {
    fn new(name: String, (tone, state): (&'static str, String)) -> Self {
        Self {
            name,
            tone,
            state,
            about: None,
            said: None,
            to: None,
        }
    }

    /// One that whoever runs the machine switches on, in a part of `node.toml`.
    fn off(v: &Voice, name: String, section: &str) -> Self {
        let how = v.with("section", section).say("way-off-how");
        Self {
            about: Some(how),
            ..Self::new(name, ("quiet", v.say("channel-off")))
        }
    }
}

/// Every way that this program knows.
pub async fn ways(node: &Node, v: &Voice) -> Answer<Vec<Way>> {
    let figures = node.channel_figures_of_late().await;
    let figures = figures.map_err(|error| problem(&error))?;
    let names = Name::ALL.into_iter();
    let mut all: Vec<Way> = names.map(|name| channel(v, name, &figures)).collect();
    all.push(mail(node, v).await?);
    all.push(open311(node, v));
    all.push(bridge(node, v).await?);
    all.extend(cities(node, v).await?);
    all.push(hooks(node, v).await?);
    Ok(all)
}

fn channel(v: &Voice, name: Name, figures: &[ChannelFigures]) -> Way {
    let called = channel_words(v, name.as_str());
    let found = figures.iter().find(|one| one.channel == name.as_str());
    let Some(figures) = found.filter(|one| one.on) else {
        return Way::off(v, called, section(name));
    };
    let (about, said) = channels::channel_outage(v, figures).unzip();
    Way {
        about,
        said,
        to: Some(channels::channel_at(name.as_str())),
        ..Way::new(called, channels::channel_state(v, figures))
    }
}

fn section(name: Name) -> &'static str {
    match name {
        Name::Sms => "[channels.sms]",
        Name::X => "[channels.x]",
        Name::Facebook | Name::Messenger => "[channels.meta], [channels.facebook]",
        Name::Whatsapp => "[channels.meta], [channels.whatsapp]",
        Name::Telegram => "[channels.telegram]",
        Name::Email => "[channels.email]",
    }
}

/// Letters that go out.
async fn mail(node: &Node, v: &Voice) -> Answer<Way> {
    let name = v.say("way-letters");
    let to = Some(letters::PATH.to_owned());
    let postbox = node.in_force().postbox();
    let postbox = postbox.map_err(|error| error.to_string());
    match postbox.map(|postbox| postbox.is_some()) {
        Ok(false) => {
            return Ok(Way {
                about: Some(v.say("way-letters-off-how")),
                ..Way::off(v, name, "[mail]")
            });
        }
        Err(error) => {
            return Ok(Way {
                said: Some(error),
                to,
                ..Way::new(name, ("alert", v.say("way-unusable")))
            });
        }
        Ok(true) => {}
    }
    let post = node.post_status().await.map_err(|error| problem(&error))?;
    let held = post.troubled.into_iter().find(|letter| !letter.refused);
    Ok(match held {
        Some(letter) => Way {
            about: Some(v.with("n", post.waiting).say("way-letters-held")),
            said: Some(letter.problem),
            to,
            ..Way::new(name, ("alert", v.say("way-troubled")))
        },
        None => Way {
            to,
            ..Way::new(name, ("done", v.say("way-on")))
        },
    })
}

/// This node's own service, for the applications of a city.
fn open311(node: &Node, v: &Voice) -> Way {
    let name = v.say("channel-open311");
    let settings = node.settings();
    if !settings.open311.enabled {
        return Way::off(v, name, "[open311]");
    }
    let is_open = !settings.is_https();
    Way {
        about: is_open.then(|| v.say("way-open311-near")),
        to: Some(channels::PATH.to_owned()),
        ..Way::new(name, ("done", v.say("way-on")))
    }
}

/// SP4N-LAPOR!, as its latest run that came to anything says.
async fn bridge(node: &Node, v: &Voice) -> Answer<Way> {
    let name = v.say("way-bridge");
    if node.settings().bridge.base_url.is_none() {
        return Ok(Way::off(v, name, "[bridge]"));
    }
    let runs = node.bridge_runs().await.map_err(|error| problem(&error))?;
    let Some(latest) = runs.into_iter().next() else {
        return Ok(Way {
            about: Some(v.say("way-bridge-about")),
            ..Way::new(name, ("quiet", v.say("way-bridge-not-yet")))
        });
    };
    let at = v.with("at", v.moment(latest.ended_at));
    let state = if latest.problem.is_some() {
        ("alert", at.say("way-bridge-broken"))
    } else {
        ("done", at.say("way-bridge-ran"))
    };
    Ok(Way {
        about: Some(v.say("way-bridge-about")),
        said: latest.problem,
        ..Way::new(name, state)
    })
}

async fn cities(node: &Node, v: &Voice) -> Answer<Vec<Way>> {
    let all = node.city_figures().await.map_err(|error| problem(&error))?;
    if all.is_empty() {
        return Ok(vec![Way::off(v, v.say("cities-title"), "[[cities]]")]);
    }
    let way = |city: &CityFigures| {
        let (about, said) = channels::city_trouble(v, city).unzip();
        Way {
            about,
            said,
            to: Some(channels::city_at(&city.name)),
            ..Way::new(city.title.clone(), channels::city_state(v, city))
        }
    };
    Ok(all.iter().map(way).collect())
}

/// All webhooks together; they are made at the desk and need no configuration.
async fn hooks(node: &Node, v: &Voice) -> Answer<Way> {
    let name = v.say("webhooks-title");
    let to = Some(WEBHOOKS.to_owned());
    let all = node.webhooks().await.map_err(|error| problem(&error))?;
    if all.is_empty() {
        return Ok(Way {
            about: Some(v.say("way-webhooks-off-how")),
            to,
            ..Way::new(name, ("quiet", v.say("channel-none-yet")))
        });
    }
    let count = all.len();
    let troubled: Vec<String> = all.into_iter().filter_map(|hook| hook.problem).collect();
    let of = v.with("n", troubled.len()).with("of", count);
    Ok(match troubled.into_iter().next() {
        Some(first) => Way {
            about: Some(of.say("way-webhooks-troubled")),
            said: Some(first),
            to,
            ..Way::new(name, ("alert", v.say("way-troubled")))
        },
        None => Way {
            to,
            ..Way::new(name, ("done", v.say("way-on")))
        },
    })
}
