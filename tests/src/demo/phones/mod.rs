//! The telephones of a demo: stand-ins for the providers of every channel, what people say there and
//! are told, a page on which anybody goes on, and the conversations that are played.
//!
//! The national desk talks on all channels of others, as it has 1708; the city has Open311, and beside
//! it a service of its own that the node follows and feeds. Nothing of it leaves this machine.

mod bubbles;
mod city;
mod figures;
mod lines;
mod mail;
mod network;
mod office;
mod page;
mod settings;
mod talks;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use lapor_migrations::Db;
use lapor_stand_ins::meta::{self, Meta, Told};
use lapor_stand_ins::serving::Knock;
use lapor_stand_ins::telegram::Telegram;
use lapor_stand_ins::x::{Person, Shape, Written, X};
use lapor_web::chance::random;
use lapor_web::clock::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::drawing::drawing;
use super::folder::Folder;
use super::ledger::node_database;
use super::letters::Letters;
use super::play::Nodes;
use super::programs::Programs;
use super::scenes::CITY;
use super::troupe::Troupe;
use bubbles::{Bubbles, By};
use city::City;
use lines::Line;
use mail::Mail;
use network::Network;
use office::Office;

pub use figures::{Figures, Talked};

/// How often the stand-ins are looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How often the node of the city is looked at.
const FOLLOWS: Duration = Duration::from_secs(1);
/// What the stand-ins of Meta know the application by.
const META_SECRET: &str = "rahasia-aplikasi-demo";
const META_TOKEN: &str = "EAAdemo";

/// Who writes where a provider says more than a number. Nobody is called so.
const WHATSAPP: (&str, &str) = ("6281200000018", "Warganet Rekaan");
const PAGE_FAN: (&str, &str) = ("5523456789012345", "Rina Rekaan");
const MESSENGER: &str = "7123456789012345";
const TELEGRAM: i64 = 4_200_017;
/// Where people are who share where they are.
const PLACE: (f64, f64, &str) = (-6.9175, 107.6191, "Jalan Braga, Bandung");

/// Everything that ends with the demo.
pub struct Phones {
    pub page: String,
    held: Arc<Held>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// The stand-ins, and what is said there.
pub struct Held {
    bubbles: Bubbles,
    network: Network,
    x: X,
    posts: Mutex<Posts>,
    meta: Meta,
    telegram: Telegram,
    mail: Mail,
    city: City,
    office: Office,
    doors: OnceLock<Doors>,
}

/// Where the nodes are.
struct Doors {
    desk: SocketAddr,
    city: city::Node,
}

struct Posts {
    /// When somebody last posted, Unix ms.
    at: i64,
    /// Below what an answer stands.
    last: Option<i64>,
}

impl Phones {
    /// Opens the stand-ins and the page, before any node serves.
    pub async fn open(folder: &Folder, letters: &Letters) -> anyhow::Result<Self> {
        let now = SystemClock.now_ms();
        let telegram = Telegram::open().await;
        telegram.holds(true);
        // A node asks for what came later than the last that it was given, by any demo of this folder.
        telegram.goes_on_from(now / 1000);
        let held = Arc::new(Held {
            bubbles: Bubbles::open(folder.bubbles())?,
            network: Network::open().await?,
            x: X::open(now).await,
            posts: Mutex::new(Posts {
                at: now,
                last: None,
            }),
            meta: Meta::open(META_SECRET, META_TOKEN).await?,
            telegram,
            mail: Mail::open(letters.fresh.clone()).await?,
            city: City::open()?,
            office: Office::open(folder.city_service()).await?,
            doors: OnceLock::new(),
        });
        let (page, serving) = page::open(Arc::clone(&held)).await?;
        Ok(Self {
            page,
            held,
            tasks: Mutex::new(vec![serving]),
        })
    }

    /// Configures the nodes for the channels, while they rest, and starts the gateway.
    pub async fn switch_on(
        &self,
        folder: &Folder,
        programs: &Programs,
        troupe: &Troupe,
    ) -> anyhow::Result<()> {
        let doors = settings::switch_on(&self.held, folder, programs, troupe).await?;
        self.held.doors.get_or_init(|| doors);
        let db = node_database(folder, CITY).await?;
        let known = figures::followed(&db).await?.into_iter();
        let known: BTreeSet<String> = known.map(|(number, _)| number).collect();
        let [heard, told, followed] = [(); 3].map(|()| Arc::clone(&self.held));
        let network = tokio::spawn(async move { heard.network.listen(&heard.bubbles).await });
        let others = tokio::spawn(async move { told.listen().await });
        let city = tokio::spawn(async move { followed.is_followed(&db, known).await });
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.extend([network, others, city]);
        Ok(())
    }

    /// Plays a conversation on every channel.
    pub async fn talk(&self, folder: &Folder, nodes: &Nodes) -> anyhow::Result<()> {
        Box::pin(talks::hold(&self.held, folder, nodes)).await
    }

    /// What the nodes know of conversations, by channel.
    pub async fn figures(&self, folder: &Folder) -> anyhow::Result<Figures> {
        figures::of(folder, self.held.network.via()).await
    }

    /// Keeps what was said.
    pub fn keep(&self) -> anyhow::Result<()> {
        self.held.office.keep()?;
        self.held.bubbles.keep()
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        let tasks = self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner);
        for task in tasks {
            task.abort();
        }
    }
}

impl Held {
    /// Somebody writes on a channel, and its provider hands it over.
    async fn writes(&self, line: Line, by: By, text: &str) -> anyhow::Result<()> {
        let doors = self.doors()?;
        if !(line == Line::City && office::is_done(text)) {
            self.bubbles.add(line, by, text);
        }
        match line {
            Line::Sms => self.network.writes(text).await,
            Line::X => self.posts(doors, by, text).await,
            Line::Facebook => {
                let id = format!("{}_{}", meta::PAGE_ID, fresh());
                let comment = meta::comment(PAGE_FAN, &id, text);
                self.knocks(doors, &comment).await
            }
            Line::Messenger => {
                let message = json!({"mid": format!("m_{}", fresh()), "text": text});
                let message = meta::messenger(MESSENGER, &message);
                self.knocks(doors, &message).await
            }
            Line::Whatsapp => {
                let message = json!({"type": "text", "text": {"body": text}});
                self.by_whatsapp(doors, &message).await
            }
            Line::Telegram => {
                self.telegram.writes(TELEGRAM, text);
                Ok(())
            }
            Line::Email => {
                self.mail.writes(text);
                Ok(())
            }
            Line::City if office::is_done(text) => {
                let number = self.office.last_open();
                let number = number.context("layanan kota tidak punya laporan yang terbuka")?;
                self.closes(&number, text);
                Ok(())
            }
            Line::City => {
                self.office.hears(text);
                Ok(())
            }
            Line::Open311 => {
                let (id, notice) = self.city.files(&doors.city, text).await?;
                let told = format!("{id}: {notice}");
                self.bubbles.add(line, By::Institution, told);
                self.city.follows(id);
                Ok(())
            }
        }
    }

    /// Somebody writes a letter that answers none.
    fn begins_letter(&self, text: &str) -> anyhow::Result<()> {
        self.doors()?;
        self.bubbles.add(Line::Email, By::Citizen, text);
        self.mail.begins(text);
        Ok(())
    }

    /// An officer of the city closes a request of its own service.
    fn closes(&self, number: &str, said: &str) {
        self.bubbles.add(Line::City, By::City, said);
        self.office.closes(number, said);
    }

    /// Somebody shares where they are.
    async fn shares_place(&self, line: Line) -> anyhow::Result<()> {
        let doors = self.doors()?;
        let (latitude, longitude, name) = PLACE;
        let at = format!("Lokasi: {name} ({latitude}, {longitude})");
        self.bubbles.add(line, By::Citizen, at);
        if line == Line::Telegram {
            let location = json!({"latitude": latitude, "longitude": longitude});
            self.telegram.sends(TELEGRAM, json!({"location": location}));
            return Ok(());
        }
        let location = json!({"latitude": latitude, "longitude": longitude, "name": name});
        let message = json!({"type": "location", "location": location});
        self.by_whatsapp(doors, &message).await
    }

    /// Somebody sends a picture.
    async fn sends_picture(&self, line: Line) -> anyhow::Result<()> {
        let doors = self.doors()?;
        let picture = drawing(self.bubbles.count() as u32);
        self.bubbles.add(line, By::Citizen, "Gambar: foto.png");
        if line == Line::Telegram {
            self.telegram.sends_picture(TELEGRAM, "", &picture);
            return Ok(());
        }
        let id = fresh();
        self.meta.keeps(&id, "image/png", picture);
        let image = json!({"id": id, "mime_type": "image/png"});
        let message = json!({"type": "image", "image": image});
        self.by_whatsapp(doors, &message).await
    }

    async fn by_whatsapp(&self, doors: &Doors, message: &Value) -> anyhow::Result<()> {
        let id = format!("wamid.{}", fresh());
        let body = meta::whatsapp(WHATSAPP, &id, message);
        self.knocks(doors, &body).await
    }

    /// Meta hands something over.
    async fn knocks(&self, doors: &Doors, body: &Value) -> anyhow::Result<()> {
        let signed = self.meta.signed(body.to_string());
        let knock = Knock {
            headers: vec![("x-hub-signature-256", signed.signature)],
            body: signed.body.into_bytes(),
        };
        handed(&knock, &format!("http://{}/saluran/meta", doors.desk)).await
    }

    /// Somebody posts: what names the account begins, all else is said below what was said last.
    async fn posts(&self, doors: &Doors, by: By, text: &str) -> anyhow::Result<()> {
        let author = match by {
            By::Other => Person::of("7000019", "Dewi Rekaan", "dewi_rekaan"),
            _ => Person::of("7000017", "Rina Rekaan", "rina_rekaan"),
        };
        let knock = {
            let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
            let now = SystemClock.now_ms();
            self.x.passes(now - posts.at);
            posts.at = now;
            let begins = text.contains('@') || text.to_lowercase().contains("#lapor");
            let below = posts.last.filter(|_| !begins);
            let written = Written {
                text,
                below,
                ..Written::default()
            };
            let id = self.x.posts(&author, written);
            if begins {
                posts.last = Some(id);
            }
            self.x.knock(id, Shape::AccountActivity)
        };
        handed(&knock, &format!("http://{}/saluran/x", doors.desk)).await
    }

    fn doors(&self) -> anyhow::Result<&Doors> {
        self.doors.get().context("the nodes do not serve yet")
    }

    /// Notes what people are told, for as long as the demo plays.
    async fn listen(&self) {
        let mut every = tokio::time::interval(LOOK);
        loop {
            every.tick().await;
            for reply in self.x.replies() {
                let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
                posts.last = Some(reply.id);
                self.bubbles.add(Line::X, By::Institution, reply.text);
            }
            for told in self.meta.told() {
                let (line, by, text) = heard(&told);
                self.bubbles.add(line, by, text);
            }
            for said in self.telegram.said() {
                let text = said["text"].as_str().unwrap_or_default();
                self.bubbles.add(Line::Telegram, By::Institution, text);
            }
            for (line, news) in [
                (Line::Email, self.mail.answers()),
                (Line::City, self.office.fed()),
            ] {
                for text in news {
                    self.bubbles.add(line, By::Institution, text);
                }
            }
            if let Some(doors) = self.doors.get() {
                for news in self.city.news(&doors.city).await {
                    self.bubbles.add(Line::Open311, By::Institution, news);
                }
            }
        }
    }

    /// Notes which requests of the city have become cases of its node, beside those that were known.
    async fn is_followed(&self, db: &Db, mut known: BTreeSet<String>) {
        let mut every = tokio::time::interval(FOLLOWS);
        loop {
            every.tick().await;
            // A database that is busy now is looked at again.
            let all = figures::followed(db).await.unwrap_or_default();
            for (number, case) in all {
                if known.insert(number.clone()) {
                    let text = format!("{number}: laporan {case}");
                    self.bubbles.add(Line::City, By::Institution, text);
                }
            }
        }
    }
}

/// What Meta was told to say: on which line, to whom, and what.
fn heard(told: &Told) -> (Line, By, String) {
    let body = &told.body;
    let text = [
        &body["text"]["body"],
        &body["interactive"]["body"]["text"],
        &body["message"]["text"],
        &body["message"],
    ];
    let text = text.into_iter().find_map(Value::as_str).unwrap_or_default();
    let (line, by) = if body["messaging_product"] == "whatsapp" {
        (Line::Whatsapp, By::Institution)
    } else if told.to.ends_with("/comments") {
        (Line::Facebook, By::Institution)
    } else if body["recipient"]["comment_id"].is_string() {
        (Line::Facebook, By::Privately)
    } else {
        (Line::Messenger, By::Institution)
    };
    (line, by, text.to_owned())
}

async fn handed(knock: &Knock, url: &str) -> anyhow::Result<()> {
    let status = knock.at(url).await.context("the node does not answer")?;
    ensure!(status == 200, "the node refuses it: {status}");
    Ok(())
}

/// What no other message is called.
fn fresh() -> String {
    hex::encode(random::<8>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meta_is_told_to_say_stands_where_it_is_read() {
        for (to, body, expected) in [
            (
                "1/messages",
                json!({"messaging_product": "whatsapp", "text": {"body": "a"}}),
                (Line::Whatsapp, By::Institution, "a"),
            ),
            (
                "1/messages",
                json!({"messaging_product": "whatsapp", "interactive": {"body": {"text": "b"}}}),
                (Line::Whatsapp, By::Institution, "b"),
            ),
            (
                "2/messages",
                json!({"recipient": {"comment_id": "3"}, "message": {"text": "c"}}),
                (Line::Facebook, By::Privately, "c"),
            ),
            (
                "2/messages",
                json!({"recipient": {"id": "3"}, "message": {"text": "d"}}),
                (Line::Messenger, By::Institution, "d"),
            ),
            (
                "3/comments",
                json!({"message": "e"}),
                (Line::Facebook, By::Institution, "e"),
            ),
        ] {
            let (line, by, text) = heard(&Told {
                to: to.into(),
                body,
            });
            assert_eq!((line, by, text.as_str()), expected);
        }
    }
}
