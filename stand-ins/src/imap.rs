//! A server of one mailbox by IMAP4rev1 (RFC 3501), with IDLE (RFC 2177), MOVE (RFC 6851) and UIDPLUS
//! (RFC 4315) where it offers them: letters arrive, are fetched, marked and laid elsewhere. It is
//! away, breaks off, numbers its letters anew or refuses, as it is ordered.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub const USER: &str = "lapor@bandung.go.id";
/// With signs that have to be quoted.
pub const PASSWORD: &str = r#"kunci "surel" \17"#;
pub const INBOX: &str = "INBOX";
/// What it offers beside the least.
pub const ALL: [&str; 3] = ["IDLE", "MOVE", "UIDPLUS"];

/// How a line is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Open,
    StartTls,
    Tls,
}

/// A letter as it lies in a folder.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    pub uid: u32,
    pub letter: Vec<u8>,
    pub flags: BTreeSet<String>,
    /// Unix seconds.
    came_at: i64,
}

/// The server; dropped, it lets nobody in any more.
pub struct Imap {
    pub port: u16,
    /// Its certificate, for `localhost`, in PEM.
    pub certificate: String,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

struct Shared {
    state: Mutex<State>,
    /// Counts what has changed, for whoever waits.
    changes: watch::Sender<u64>,
    /// How many wait for letters.
    waiting: watch::Sender<usize>,
}

struct State {
    folders: BTreeMap<String, Vec<Kept>>,
    validity: u32,
    next: u32,
    offers: Vec<&'static str>,
    away: bool,
    breaks_at: Option<&'static str>,
    refuses: Option<&'static str>,
    withholds: Option<u32>,
    heard: Vec<String>,
}

impl Imap {
    pub async fn open(door: Door) -> io::Result<Self> {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let own = own.map_err(io::Error::other)?;
        let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key.into())
            .map_err(io::Error::other)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                folders: BTreeMap::from([(INBOX.to_owned(), Vec::new())]),
                validity: 1_700_000_000,
                next: 1,
                offers: ALL.to_vec(),
                away: false,
                breaks_at: None,
                refuses: None,
                withholds: None,
                heard: Vec::new(),
            }),
            changes: watch::Sender::new(0),
            waiting: watch::Sender::new(0),
        });
        let of_all = Arc::clone(&shared);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, acceptor) = (Arc::clone(&of_all), acceptor.clone());
                tokio::spawn(async move {
                    // A client that has gone is nobody's trouble.
                    let_in(&shared, stream, acceptor, door).await.ok();
                });
            }
        });
        Ok(Self {
            port,
            certificate: own.cert.pem(),
            shared,
            listening,
        })
    }

    /// A letter arrives at a moment, Unix ms.
    pub fn arrives(&self, letter: &[u8], at: i64) {
        let mut state = self.shared.state();
        let uid = state.next;
        state.next += 1;
        let kept = Kept {
            uid,
            letter: letter.to_vec(),
            flags: BTreeSet::new(),
            came_at: at.div_euclid(1000),
        };
        state
            .folders
            .entry(INBOX.to_owned())
            .or_default()
            .push(kept);
        drop(state);
        self.shared.changed();
    }

    /// Its numbers are of this validity, as of a server that was set up anew.
    pub fn is_of(&self, validity: u32) {
        self.shared.state().validity = validity;
    }

    /// What lies in a folder.
    pub fn folder(&self, name: &str) -> Vec<Kept> {
        let state = self.shared.state();
        state.folders.get(name).cloned().unwrap_or_default()
    }

    /// Everything is back in the inbox, under other numbers: a server that was set up anew.
    pub fn is_rebuilt(&self) {
        let mut state = self.shared.state();
        let all = std::mem::take(&mut state.folders).into_values().flatten();
        let mut all: Vec<Kept> = all.collect();
        all.reverse();
        for (uid, kept) in (1..).zip(&mut all) {
            (kept.uid, kept.flags) = (uid, BTreeSet::new());
        }
        state.next = u32::try_from(all.len() + 1).unwrap_or(u32::MAX);
        state.validity += 1;
        state.folders.insert(INBOX.to_owned(), all);
        drop(state);
        self.shared.changed();
    }

    /// Whether it hangs up on everybody, also on who waits.
    pub fn is_away(&self, away: bool) {
        self.shared.state().away = away;
        self.shared.changed();
    }

    pub fn offers(&self, what: &[&'static str]) {
        self.shared.state().offers = what.to_vec();
    }

    /// Hangs up once, in place of doing this.
    pub fn breaks_at(&self, verb: &'static str) {
        self.shared.state().breaks_at = Some(verb);
    }

    /// Refuses this, until it refuses something else or nothing.
    pub fn refuses(&self, verb: Option<&'static str>) {
        self.shared.state().refuses = verb;
    }

    /// Never gives the letter of a number, though it has it.
    pub fn withholds(&self, uid: u32) {
        self.shared.state().withholds = Some(uid);
    }

    /// Every command without its tag, in the order in which they came.
    pub fn heard(&self) -> Vec<String> {
        self.shared.state().heard.clone()
    }

    /// Waits until somebody waits for letters.
    pub async fn is_waited_for(&self) {
        let mut waiting = self.shared.waiting.subscribe();
        // The sender is there as long as this is.
        waiting.wait_for(|waiting| *waiting > 0).await.ok();
    }
}

impl Drop for Imap {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

async fn let_in(
    shared: &Shared,
    stream: TcpStream,
    acceptor: TlsAcceptor,
    door: Door,
) -> io::Result<()> {
    if door == Door::Tls {
        let secured = acceptor.accept(stream).await?;
        return Talk::with(shared, secured, false).goes_on().await.map(drop);
    }
    let mut talk = Talk::with(shared, stream, door == Door::StartTls);
    if !talk.goes_on().await? {
        return Ok(());
    }
    let secured = acceptor.accept(talk.line.into_inner()).await?;
    let mut talk = Talk::with(shared, secured, false);
    talk.greets = false;
    talk.goes_on().await.map(drop)
}

/// One line with a client.
struct Talk<'a, S: AsyncRead + AsyncWrite> {
    shared: &'a Shared,
    line: BufStream<S>,
    greets: bool,
    /// Nothing but encryption is begun.
    is_bare: bool,
    is_in: bool,
    folder: Option<String>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Talk<'a, S> {
    fn with(shared: &'a Shared, stream: S, is_bare: bool) -> Self {
        Self {
            shared,
            line: BufStream::new(stream),
            greets: true,
            is_bare,
            is_in: false,
            folder: None,
        }
    }

    /// Talks until the end, or until the line is to be encrypted: then true.
    async fn goes_on(&mut self) -> io::Result<bool> {
        if self.shared.state().away {
            return Ok(false);
        }
        if self.greets {
            self.says("* OK at your service").await?;
        }
        while let Some(command) = self.reads().await? {
            let (tag, order) = command.split_once(' ').unwrap_or((&command, ""));
            let words: Vec<String> = words(order);
            let verb = match words.first().map(|verb| verb.to_uppercase()) {
                Some(verb) if verb == "UID" => words.get(1).map(|verb| verb.to_uppercase()),
                verb => verb,
            };
            let verb = verb.unwrap_or_default();
            if self.is_refused(order, &verb, tag).await? {
                continue;
            }
            if self.hangs_up_at(&verb) {
                return Ok(false);
            }
            if verb == "STARTTLS" && self.is_bare {
                self.says(&format!("{tag} OK begin")).await?;
                return Ok(true);
            }
            let ended = self.obeys(&verb, &words).await?;
            self.says(&format!("{tag} {ended}")).await?;
            if verb == "LOGOUT" {
                break;
            }
        }
        Ok(false)
    }

    fn hangs_up_at(&self, verb: &str) -> bool {
        let mut state = self.shared.state();
        let breaks = state.breaks_at == Some(verb);
        if breaks {
            state.breaks_at = None;
        }
        breaks || state.away
    }

    async fn is_refused(&mut self, order: &str, verb: &str, tag: &str) -> io::Result<bool> {
        let refuses = {
            let mut state = self.shared.state();
            state.heard.push(order.to_owned());
            state.refuses == Some(verb)
        };
        if refuses {
            self.says(&format!("{tag} NO not today")).await?;
        }
        Ok(refuses)
    }

    async fn obeys(&mut self, verb: &str, words: &[String]) -> io::Result<&'static str> {
        let by_uid = words[0].eq_ignore_ascii_case("UID");
        let rest = &words[1 + usize::from(by_uid)..];
        match verb {
            "CAPABILITY" => {
                let offers = self.shared.state().offers.join(" ");
                self.says(&format!("* CAPABILITY IMAP4rev1 {offers}"))
                    .await?;
            }
            "NOOP" => {}
            "LOGOUT" => self.says("* BYE until tomorrow").await?,
            "LOGIN" => {
                self.is_in = !self.is_bare && *rest == [USER, PASSWORD];
                if !self.is_in {
                    return Ok("NO [AUTHENTICATIONFAILED] who are you?");
                }
            }
            _ if !self.is_in => return Ok("NO log in first"),
            "CREATE" => {
                let mut state = self.shared.state();
                if state.folders.contains_key(&rest[0]) {
                    return Ok("NO [ALREADYEXISTS] it is there");
                }
                state.folders.insert(rest[0].clone(), Vec::new());
            }
            "SELECT" => return self.selects(&rest[0]).await,
            _ if self.folder.is_none() => return Ok("BAD select a folder first"),
            "IDLE" => self.waits().await?,
            "SEARCH" if by_uid => {
                let found = self.finds(rest);
                let numbers: Vec<String> = found.iter().map(ToString::to_string).collect();
                self.says(&format!("* SEARCH {}", numbers.join(" ")))
                    .await?;
            }
            "FETCH" if by_uid => self.fetches(&rest[0], &rest[1]).await?,
            "STORE" if by_uid => {
                let mark = rest[2].trim_matches(['(', ')']).to_owned();
                self.each(&rest[0], |kept| {
                    kept.flags.insert(mark.clone());
                });
            }
            "COPY" | "MOVE" if by_uid => return Ok(self.lays(&rest[0], &rest[1], verb == "MOVE")),
            "EXPUNGE" => {
                let only = rest.first().cloned();
                let goes = |kept: &Kept| {
                    let named = only
                        .as_ref()
                        .is_none_or(|only| *only == kept.uid.to_string());
                    named && kept.flags.contains("\\Deleted")
                };
                let folder = self.folder.clone().unwrap_or_default();
                let mut state = self.shared.state();
                state
                    .folders
                    .entry(folder)
                    .or_default()
                    .retain(|kept| !goes(kept));
            }
            _ => return Ok("BAD what?"),
        }
        Ok("OK done")
    }

    async fn selects(&mut self, name: &str) -> io::Result<&'static str> {
        let (count, validity, next) = {
            let state = self.shared.state();
            let Some(folder) = state.folders.get(name) else {
                return Ok("NO there is no such folder");
            };
            (folder.len(), state.validity, state.next)
        };
        self.folder = Some(name.to_owned());
        self.says("* FLAGS (\\Seen \\Deleted)").await?;
        self.says(&format!("* {count} EXISTS")).await?;
        self.says(&format!("* OK [UIDVALIDITY {validity}] as ever"))
            .await?;
        self.says(&format!("* OK [UIDNEXT {next}] expected"))
            .await?;
        Ok("OK [READ-WRITE] go on")
    }

    /// Tells of letters until the client has heard enough.
    async fn waits(&mut self) -> io::Result<()> {
        let mut changes = self.shared.changes.subscribe();
        let known = self.here().len();
        self.says("+ waiting").await?;
        self.shared.waiting.send_modify(|waiting| *waiting += 1);
        let ended = loop {
            if self.shared.state().away {
                break Err(io::ErrorKind::ConnectionAborted.into());
            }
            let count = self.here().len();
            if count > known {
                self.says(&format!("* {count} EXISTS")).await?;
                break self.reads().await.map(drop);
            }
            tokio::select! {
                said = self.reads() => break said.map(drop),
                _ = changes.changed() => {}
            }
        };
        self.shared.waiting.send_modify(|waiting| *waiting -= 1);
        ended
    }

    fn here(&self) -> Vec<Kept> {
        let state = self.shared.state();
        let folder = self
            .folder
            .as_ref()
            .and_then(|name| state.folders.get(name));
        folder.cloned().unwrap_or_default()
    }

    /// `UID 5:* SINCE 26-Nov-2026`
    fn finds(&self, terms: &[String]) -> Vec<u32> {
        let here = self.here();
        let latest = here.iter().map(|kept| kept.uid).max().unwrap_or_default();
        let fits = |kept: &&Kept| {
            terms.chunks(2).all(|term| match term {
                [name, value] if name == "UID" => within(value, kept.uid, latest),
                [name, day] if name == "SINCE" => {
                    let day = NaiveDate::parse_from_str(day, "%d-%b-%Y");
                    let came = DateTime::from_timestamp(kept.came_at, 0);
                    day.is_ok_and(|day| came.is_some_and(|came| came.date_naive() >= day))
                }
                _ => false,
            })
        };
        here.iter().filter(fits).map(|kept| kept.uid).collect()
    }

    async fn fetches(&mut self, uid: &str, what: &str) -> io::Result<()> {
        let withheld = self.shared.state().withholds;
        for (place, kept) in (1..).zip(self.here()) {
            if kept.uid.to_string() != uid || Some(kept.uid) == withheld {
                continue;
            }
            let head = format!("* {place} FETCH (UID {uid}");
            if what.contains("RFC822.SIZE") {
                let came = DateTime::from_timestamp(kept.came_at, 0).unwrap_or_default();
                let came = came.format("%d-%b-%Y %H:%M:%S +0000");
                let size = kept.letter.len();
                self.says(&format!(
                    "{head} RFC822.SIZE {size} INTERNALDATE \"{came}\")"
                ))
                .await?;
            } else {
                let most = what
                    .split_once("<0.")
                    .and_then(|(_, most)| most.split_once('>'));
                let most = most.and_then(|(most, _)| most.parse().ok());
                let end = most.unwrap_or(usize::MAX).min(kept.letter.len());
                let part = if most.is_some() { "<0>" } else { "" };
                let head = format!("{head} BODY[]{part} {{{end}}}\r\n");
                self.line.write_all(head.as_bytes()).await?;
                self.line.write_all(&kept.letter[..end]).await?;
                self.says(")").await?;
            }
        }
        Ok(())
    }

    fn each(&self, uid: &str, change: impl Fn(&mut Kept)) {
        let folder = self.folder.clone().unwrap_or_default();
        let mut state = self.shared.state();
        let here = state.folders.entry(folder).or_default();
        here.iter_mut()
            .filter(|kept| kept.uid.to_string() == uid)
            .for_each(change);
    }

    fn lays(&self, uid: &str, into: &str, moves: bool) -> &'static str {
        let folder = self.folder.clone().unwrap_or_default();
        let offered = self.shared.state().offers.contains(&"MOVE");
        if moves && !offered {
            return "BAD it cannot be moved";
        }
        let mut state = self.shared.state();
        if !state.folders.contains_key(into) {
            return "NO [TRYCREATE] there is no such folder";
        }
        let here = state.folders.entry(folder).or_default();
        let fits = |kept: &Kept| kept.uid.to_string() == uid;
        let those: Vec<Kept> = here.iter().filter(|kept| fits(kept)).cloned().collect();
        here.retain(|kept| !(moves && fits(kept)));
        state
            .folders
            .entry(into.to_owned())
            .or_default()
            .extend(those);
        "OK done"
    }

    async fn says(&mut self, line: &str) -> io::Result<()> {
        self.line
            .write_all(format!("{line}\r\n").as_bytes())
            .await?;
        self.line.flush().await
    }

    async fn reads(&mut self) -> io::Result<Option<String>> {
        let mut text = String::new();
        let read = self.line.read_line(&mut text).await?;
        Ok((read > 0).then(|| text.trim_end().to_owned()))
    }
}

/// Whether a number is in `7`, `5:9` or `5:*`, where the star is the latest.
fn within(set: &str, uid: u32, latest: u32) -> bool {
    let number = |text: &str| {
        if text == "*" {
            Some(latest)
        } else {
            text.parse().ok()
        }
    };
    let (from, to) = set.split_once(':').unwrap_or((set, set));
    let (Some(from), Some(to)) = (number(from), number(to)) else {
        return false;
    };
    (from.min(to)..=from.max(to)).contains(&uid)
}

/// The words of an order: bare, in quotes, or in brackets as one.
fn words(order: &str) -> Vec<String> {
    let (mut out, mut word) = (Vec::new(), String::new());
    let (mut quoted, mut depth, mut escaped, mut is_word) = (false, 0_i32, false, false);
    for c in order.chars() {
        match c {
            _ if escaped => {
                word.push(c);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' => (quoted, is_word) = (!quoted, true),
            ' ' if !quoted && depth == 0 => {
                if is_word {
                    out.push(std::mem::take(&mut word));
                }
                is_word = false;
            }
            _ => {
                depth += i32::from(c == '(' && !quoted) - i32::from(c == ')' && !quoted);
                word.push(c);
                is_word = true;
            }
        }
    }
    if is_word {
        out.push(word);
    }
    out
}
