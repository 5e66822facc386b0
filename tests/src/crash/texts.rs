//! Text messages to the city while programs die. A stand-in of the gateway Kannel hands each over until
//! the node has taken it, and then once more, as gateways do; what the node answers is collected.
//!
//! A process that dies holds what it was at until its lease is over. So all programs of a run share a
//! clock that is late, and after a death it goes on by more than any lease.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use lapor_stand_ins::kannel::Gateway;
use lapor_web::clock::late::Lateness;
use tokio::time::{Instant, sleep, timeout};

use super::desk::Desk;
use super::place::{CITY, Place};
use super::workload::{Record, until};
use crate::demo::programs::clock_in;

const SITI: &str = "+628123456789";
const SECRET: &str = "rahasiakannel1708";
const PASSWORD: (&str, &str) = ("kannel-password", "sandi-kannel");
const DOOR: (&str, &str) = ("kannel-secret", SECRET);
/// Before the ticket in what is said of a report that was filed.
const BEFORE_TICKET: &str = "tiket: ";
const TICKET_SIGNS: usize = 11;
const GLANCE: Duration = Duration::from_millis(30);
const PATIENCE: Duration = Duration::from_secs(45);
/// Longer than the node takes to note a message.
const ANSWER: Duration = Duration::from_secs(20);
const MINUTE_MS: i64 = 60_000;
/// How late the clock of a run is, and how late once somebody has died.
const LATE_MS: i64 = 120 * MINUTE_MS;
const LESS_LATE_MS: i64 = LATE_MS - 15 * MINUTE_MS;

/// The gateway of the city, and what it was asked to say since a run began.
pub struct Texts {
    gateway: Gateway,
    told: Mutex<Vec<String>>,
}

/// What a run of text messages came to.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// Messages that the node has acknowledged.
    pub taken: usize,
    /// Different answers.
    pub answers: usize,
    /// Answers that were said again.
    pub doubled: usize,
}

impl Texts {
    pub async fn open() -> Self {
        Self {
            gateway: Gateway::open().await,
            told: Mutex::default(),
        }
    }

    /// Switches text messages on at the city, in the folder that every run begins with.
    pub fn switch_on(&self, place: &Place<'_>) -> Result<()> {
        let folder = place.folder.join(CITY);
        for (name, secret) in [PASSWORD, DOOR] {
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(folder.join(name));
            file?.write_all(format!("{secret}\n").as_bytes())?;
        }
        let config = place.node(CITY).config;
        let text = std::fs::read_to_string(&config)?;
        let (password, door) = (PASSWORD.0, DOOR.0);
        let send_url = &self.gateway.send_url;
        let sms = format!(
            "\n[channels.sms]\nnumber = \"1708\"\n\n[channels.sms.kannel]\nsend_url = \"{send_url}\"\n\
             username = \"lapor\"\npassword_file = \"{password}\"\nreceive_secret_file = \"{door}\"\n"
        );
        Ok(std::fs::write(&config, text + &sms)?)
    }

    /// Forgets what was said in the run before.
    pub fn begin(&self) {
        self.gateway.taken();
        self.told().clear();
    }

    /// Somebody reports, adds something and asks how far it is; waits until all of it is done.
    pub async fn play(&self, city: &Desk, record: &mut Record) -> Result<()> {
        let report = "Lampu jalan padam di Cihampelas sejak hari Minggu.";
        let filed = self.says(city, "m1", report).await?;
        let (_, behind) = filed
            .split_once(BEFORE_TICKET)
            .context("no ticket was told")?;
        let ticket: String = behind.chars().take(TICKET_SIGNS).collect();
        let more = format!("{ticket} Sekarang kabelnya terjuntai ke jalan.");
        self.says(city, "m2", &more).await?;
        self.says(city, "m3", &format!("STATUS {ticket}")).await?;
        for kind in ["report.filed", "case.replied"] {
            *record.meant.entry(kind.to_owned()).or_default() += 1;
        }
        let ruled = async || {
            let seen = city.read(&format!("tickets/{ticket}")).await?;
            Ok(seen.is_some_and(|case| case["case_seq"] == 2 && case["pending"] == 0))
        };
        until(city, "rulings on a text message", ruled).await?;
        until(city, "having said everything", async || {
            is_silent(city).await
        })
        .await?;
        let all = self.collected();
        let answers = distinct(&all).len();
        record.told = Some(Told {
            taken: 3,
            answers,
            doubled: all.len() - answers,
        });
        Ok(())
    }

    /// Hands a message over until it is taken, and once more; gives what is answered to it.
    async fn says(&self, city: &Desk, id: &str, text: &str) -> Result<String> {
        let before = distinct(&self.collected()).len();
        let door = city.at(&format!("/saluran/sms/kannel/{SECRET}"));
        for _ in 0..2 {
            self.hands_over(&door, (id, SITI, text)).await?;
        }
        let give_up = Instant::now() + PATIENCE;
        while Instant::now() < give_up {
            let told = distinct(&self.collected());
            ensure!(told.len() <= before + 1, "{id} was answered with {told:?}");
            if let Some(answer) = told.get(before) {
                return Ok(answer.clone());
            }
            sleep(GLANCE).await;
        }
        bail!("nothing is answered to {id}")
    }

    async fn hands_over(&self, door: &str, message: (&str, &str, &str)) -> Result<()> {
        let give_up = Instant::now() + PATIENCE;
        while Instant::now() < give_up {
            let asked = timeout(ANSWER, self.gateway.hands_over(door, message)).await;
            match asked {
                Ok(Ok(200)) => return Ok(()),
                Ok(Ok(status @ 400..500)) => bail!("{} is refused: {status}", message.0),
                // The node is away, or could not keep it: a gateway asks again.
                _ => sleep(GLANCE).await,
            }
        }
        bail!("{} is never taken", message.0)
    }

    /// All that was said in this run, in its order.
    fn collected(&self) -> Vec<String> {
        let mut told = self.told();
        let new = self.gateway.taken().into_iter();
        told.extend(new.filter_map(|mut asked| asked.remove("text")));
        told.clone()
    }

    fn told(&self) -> MutexGuard<'_, Vec<String>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nothing waits on any channel.
async fn is_silent(city: &Desk) -> Result<bool> {
    let Some(told) = city.read("channels").await? else {
        return Ok(false);
    };
    let channels = told["channels"].as_array().context("no list of channels")?;
    let waits = |way: &str| channels.iter().any(|one| one[way]["count"] != 0);
    Ok(!waits("waits_in") && !waits("waits_out"))
}

/// What was said, each once, in its order.
fn distinct(told: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for text in told {
        if !out.contains(text) {
            out.push(text.clone());
        }
    }
    out
}

/// Sets the clock of a federation that is about to be made.
pub fn make_late(folder: &Path) -> Result<()> {
    Ok(Lateness::of(LATE_MS).write(&clock_in(folder))?)
}

/// Lets the time pass for which what a dead process was at is held.
pub fn pass_leases(folder: &Path) -> Result<()> {
    Ok(Lateness::of(LESS_LATE_MS).write(&clock_in(folder))?)
}

/// Does so as soon as somebody has died; comes to no end but an error.
pub async fn pass_leases_after_death(deaths: &AtomicUsize, folder: &Path) -> anyhow::Error {
    while deaths.load(Ordering::SeqCst) == 0 {
        sleep(GLANCE).await;
    }
    match pass_leases(folder) {
        Ok(()) => std::future::pending().await,
        Err(error) => error,
    }
}
