//! Somebody at the console: sets it up by the link that the hub prints, and
//! reads the pages as they stand. Beside them the metrics, which must say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};

use super::founding::Place;
use crate::bench::programs::Running;

pub const LOGIN: &str = "pusat@armada.example";
pub const PASSWORD: &str = "gerimis tujuh kelapa sepeda";
const NAME: &str = "Petugas Pusat";
const PATIENCE: Duration = Duration::from_secs(30);
/// The console closes a connection that idles for thirty; a request that is sent just then is lost.
const IDLE: Duration = Duration::from_secs(10);

/// A browser with a session.
pub struct Person {
    client: reqwest::Client,
    base: String,
    monitor: String,
    cookies: BTreeMap<String, String>,
}

/// One look at the page of the federation.
pub struct Look {
    /// By slug.
    pub tiles: BTreeMap<String, Tile>,
    /// The provinces on the map that are yellow or red, by the codes in their links.
    pub provinces: BTreeSet<String>,
}

pub struct Tile {
    pub colour: String,
    /// Name, state and reasons.
    pub said: String,
}

impl Tile {
    pub fn is_well(&self) -> bool {
        self.colour == "hijau"
    }
}

impl Person {
    /// Starts a hub that nobody has set up, and does so.
    pub async fn begins(place: &Place) -> Result<(Running, Self)> {
        let hub = place.start("set up")?;
        let said = hub.greeting.last();
        let link = said.and_then(|line| line.split_whitespace().last());
        let link = link.context("the hub printed no link")?;
        let person = Self::sets_up(link, place.console, place.monitor).await?;
        Ok((hub, person))
    }

    /// Chooses a password under the link of the first set-up.
    async fn sets_up(link: &str, console: SocketAddr, monitor: SocketAddr) -> Result<Self> {
        let mut person = Self {
            client: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .timeout(PATIENCE)
                .pool_idle_timeout(IDLE)
                .build()?,
            base: format!("http://{console}"),
            monitor: format!("http://{monitor}"),
            cookies: BTreeMap::new(),
        };
        let fields = [
            ("name", NAME),
            ("login", LOGIN),
            ("password", PASSWORD),
            ("again", PASSWORD),
        ];
        let form: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace(' ', "+").replace('@', "%40")))
            .collect();
        let request = person.client.post(link);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.body(form.join("&")).send().await?;
        ensure!(
            answer.status() == StatusCode::SEE_OTHER && answer.headers().contains_key(LOCATION),
            "the first set-up of the console failed: {}",
            answer.status()
        );
        for line in answer.headers().get_all(SET_COOKIE) {
            let pair = line.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie without a value")?;
            person.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(person)
    }

    /// Opens a page; whatever is not one is an error.
    pub async fn opens(&self, path: &str) -> Result<String> {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self.client.get(format!("{}{path}", self.base));
        let request = request
            .header(ACCEPT, "text/html")
            .header(COOKIE, cookies.join("; "));
        let answer = request.send().await?;
        let status = answer.status();
        ensure!(status == StatusCode::OK, "{path}: {status}");
        Ok(answer.text().await?)
    }

    /// Looks at the federation.
    pub async fn looks(&self) -> Result<Look> {
        Look::read(&self.opens("/konsol").await?)
    }

    /// Who has which findings by the metrics: slug and concern.
    pub async fn measures(&self) -> Result<BTreeSet<(String, String)>> {
        let request = self.client.get(format!("{}/metrics", self.monitor));
        let text = request.send().await?.error_for_status()?.text().await?;
        let lines = text.lines();
        let found = lines.filter_map(|line| {
            let labels = line.strip_prefix("lapor_hub_instance_finding{")?;
            Some((label(labels, "instance")?, label(labels, "concern")?))
        });
        Ok(found.collect())
    }
}

impl Look {
    fn read(page: &str) -> Result<Self> {
        let tiles = links(page, "i-").map(|(slug, link)| {
            let class = field(link, "class").unwrap_or_default();
            let tile = Tile {
                colour: class.split(' ').nth(1).unwrap_or_default().to_owned(),
                said: field(link, "aria-label").unwrap_or_default().to_owned(),
            };
            (slug.to_owned(), tile)
        });
        let tiles: BTreeMap<String, Tile> = tiles.collect();
        let mute = tiles.iter().find(|(_, tile)| tile.said.is_empty());
        if let Some((slug, _)) = mute {
            bail!("the tile of {slug} says nothing; the page is not what this program reads");
        }
        let ill = links(page, "m-").filter_map(|(_, link)| {
            let colour = field(link, "class")?;
            let (_, codes) = field(link, "href")?.split_once("provinsi=")?;
            matches!(colour, "kuning" | "merah").then(|| codes.replace("%2C", ","))
        });
        let ill: Vec<String> = ill.collect();
        let provinces = ill.iter().flat_map(|codes| codes.split(','));
        Ok(Self {
            provinces: provinces.map(str::to_owned).collect(),
            tiles,
        })
    }
}

/// The links of a page whose ids begin so: the rest of the id, and the tag.
fn links<'a>(page: &'a str, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    page.split("<a id=\"").skip(1).filter_map(move |rest| {
        let (id, _) = rest.split_once('"')?;
        let (tag, _) = rest.split_once('>')?;
        Some((id.strip_prefix(prefix)?, tag))
    })
}

fn field<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn label(labels: &str, name: &str) -> Option<String> {
    let (_, rest) = labels.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../hub/templates/console/federation.html");

    /// The tile of the page's own template, filled.
    fn tile(said: &str) -> String {
        let (_, rest) = TEMPLATE
            .split_once("{% for tile in group.tiles %}")
            .unwrap();
        let (tile, _) = rest.split_once("{% endfor %}").unwrap();
        let filled = [
            ("{{ tile.slug }}", "kota-palu"),
            ("{{ tile.colour }}", "merah"),
            ("{{ tile.size }}", "1"),
            ("{{ tile.at }}", "/konsol/instansi/kota-palu"),
            ("{{ tile.said }}", said),
        ];
        let filled = filled.iter().fold(tile.to_owned(), |tile, (name, value)| {
            assert!(tile.contains(name), "{tile}");
            tile.replace(name, value)
        });
        assert!(!filled.contains("{{"), "{filled}");
        filled
    }

    #[test]
    fn a_tile_is_read_as_it_stands_on_the_page() {
        let said = "Kota Palu: Merah; Tidak terdengar selama 50 detik";
        let look = Look::read(&tile(said)).unwrap();
        let tile = &look.tiles["kota-palu"];
        assert_eq!((tile.colour.as_str(), tile.said.as_str()), ("merah", said));
        assert!(!tile.is_well() && look.provinces.is_empty());
    }

    #[test]
    fn a_page_whose_tiles_say_nothing_is_not_taken_for_one() {
        let problem = Look::read(&tile("")).err().unwrap().to_string();
        assert!(problem.contains("kota-palu says nothing"), "{problem}");
    }
}
