//! The ways by which reports and news come in and go out, as the configuration switches them on.

use serde::Serialize;
use utoipa::ToSchema;

use crate::channels::Name;
use crate::error::NodeError;
use crate::node::Node;

/// A way in or out.
#[derive(Serialize, ToSchema)]
pub struct WayLine {
    /// A channel such as `sms`, `letters` (mail that goes out), `open311`, `sp4n`, `city` or `webhooks`.
    way: &'static str,
    /// `name` of a city; `null` of other ways, and where there is no city.
    city: Option<String>,
    /// Whether it is switched on.
    on: bool,
    /// What the other side, the line or the node said of it last, where something is the matter.
    problem: Option<String>,
}

impl WayLine {
    fn new(way: &'static str, on: bool, problem: Option<String>) -> Self {
        Self {
            way,
            city: None,
            on,
            problem: problem.filter(|_| on),
        }
    }
}

/// Every way that this program knows.
pub async fn ways(node: &Node) -> Result<Vec<WayLine>, NodeError> {
    let figures = node.channel_figures_of_late().await?;
    let names = Name::ALL.map(Name::as_str).into_iter();
    let channels = names.map(|name| {
        let found = figures.iter().find(|one| one.channel == name);
        let down = found.and_then(|one| one.outage.first());
        let problem = down.map(|(problem, _)| problem);
        WayLine::new(name, found.is_some_and(|one| one.on), problem)
    });
    let mut all: Vec<WayLine> = channels.collect();
    all.push(letters(node).await?);
    let settings = node.settings();
    all.push(WayLine::new("open311", settings.open311.enabled, None));
    let runs = node.bridge_runs().await?;
    let latest = runs.into_iter().next();
    let problem = latest.and_then(|run| run.problem);
    let on = settings.bridge.base_url.is_some();
    all.push(WayLine::new("sp4n", on, problem));
    all.extend(cities(node).await?);
    let hooks = node.webhooks().await?;
    let on = !hooks.is_empty();
    let problem = hooks.into_iter().find_map(|hook| hook.problem);
    all.push(WayLine::new("webhooks", on, problem));
    Ok(all)
}

async fn letters(node: &Node) -> Result<WayLine, NodeError> {
    let postbox = node.in_force().postbox();
    let postbox = postbox.map_err(|error| error.to_string());
    let problem = match postbox.map(|postbox| postbox.is_some()) {
        Ok(false) => return Ok(WayLine::new("letters", false, None)),
        Err(error) => Some(error),
        Ok(true) => {
            let post = node.post_status().await?;
            let mut troubled = post.troubled.into_iter();
            let held = troubled.find(|letter| !letter.refused);
            held.map(|letter| letter.problem)
        }
    };
    Ok(WayLine::new("letters", true, problem))
}

async fn cities(node: &Node) -> Result<Vec<WayLine>, NodeError> {
    let all = node.city_figures().await?;
    if all.is_empty() {
        return Ok(vec![WayLine::new("city", false, None)]);
    }
    let ways = all.into_iter().map(|city| {
        let problem = city.troubled_since.and(city.problem);
        WayLine {
            city: Some(city.name),
            ..WayLine::new("city", true, problem)
        }
    });
    Ok(ways.collect())
}
