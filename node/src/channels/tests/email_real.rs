//! With a real server of IMAP: Debian's Dovecot tells of letters, gives them, lays them elsewhere and
//! numbers them anew. Its program for one line is asked directly, as if somebody had logged in.

use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lapor_web::mail::tiny_server::TinyServer;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use super::Talked;
use super::email::{Desk, REPORT, letter};
use crate::channels::{email, run};

const DOVECONF: &str = "/usr/bin/doveconf";
const IMAP: &str = "/usr/lib/dovecot/imap";
/// Nobody's, where root tests: it may read no mail.
const NOBODY: u32 = 65_534;

/// Whether Dovecot is here; where everything is proved it must be.
fn is_here() -> bool {
    let here = [DOVECONF, IMAP].iter().all(|at| Path::new(at).exists());
    assert!(
        here || std::env::var_os("CI").is_none(),
        "no Dovecot here: `.ci/need dovecot`"
    );
    if !here {
        println!("left out: no Dovecot here; `.ci/need dovecot` installs it");
    }
    here
}

/// A mailbox on disk, and a door to it.
struct Dovecot {
    folder: PathBuf,
    port: u16,
    _temporary: tempfile::TempDir,
    listening: tokio::task::JoinHandle<()>,
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Dovecot {
    async fn open() -> io::Result<Self> {
        let temporary = tempfile::tempdir()?;
        let root = temporary.path();
        let folder = root.join("surat");
        let own = std::fs::metadata(root)?;
        let (owner, group) = match (own.uid(), own.gid()) {
            (0, _) => (NOBODY, NOBODY),
            own => own,
        };
        for made in ["", "new", "cur", "tmp"] {
            std::fs::create_dir_all(folder.join(made))?;
            chown(folder.join(made), Some(owner), None)?;
        }
        std::fs::set_permissions(root, PermissionsExt::from_mode(0o755))?;
        let (at, box_) = (root.display(), folder.display());
        let settings = format!(
            "mail_location = maildir:{box_}\nbase_dir = {at}\nstate_dir = {at}\nlog_path = {box_}/log\nssl = no\nstats_writer_socket_path =\ndefault_login_user = nobody\ndefault_internal_user = nobody\ndefault_internal_group = nogroup\nmail_uid = {owner}\nmail_gid = {group}\nfirst_valid_uid = 1\nfirst_valid_gid = 1\n"
        );
        let file = root.join("dovecot.conf");
        std::fs::write(&file, settings)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let file = file.clone();
                tokio::spawn(async move {
                    // A client that has gone is nobody's trouble.
                    carried(stream, &file).await.ok();
                });
            }
        });
        Ok(Self {
            folder,
            port,
            _temporary: temporary,
            listening,
        })
    }

    /// A letter arrives, at this moment of the node.
    fn arrives(&self, desk: &Desk, name: &str, letter: &str) {
        let now = u64::try_from(desk.talked.node().clock().now_ms()).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now);
        let (begun, here) = (
            self.folder.join("tmp").join(name),
            self.folder.join("new").join(name),
        );
        std::fs::write(&begun, letter).unwrap();
        let file = std::fs::File::options().append(true).open(&begun).unwrap();
        file.set_modified(now).unwrap();
        std::fs::rename(begun, here).unwrap();
    }

    fn count(&self, folder: &str) -> usize {
        ["new", "cur"]
            .iter()
            .filter_map(|part| std::fs::read_dir(self.folder.join(folder).join(part)).ok())
            .map(Iterator::count)
            .sum()
    }

    /// What it knows of numbers goes, but that they were given; what was laid away is back.
    fn is_rebuilt(&self, done: &str) {
        for entry in std::fs::read_dir(self.folder.join(done).join("cur")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            std::fs::rename(entry.path(), self.folder.join("new").join(name)).unwrap();
        }
        for entry in std::fs::read_dir(&self.folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let tells_numbers = ["dovecot-uidlist", "dovecot.index"];
            if tells_numbers.iter().any(|tells| name.starts_with(tells)) {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

/// Carries a line to a program that takes everybody for its user.
async fn carried(stream: TcpStream, settings: &Path) -> io::Result<()> {
    let mut program = Command::new(DOVECONF);
    program
        .arg("-c")
        .arg(settings)
        .args(["-m", "imap", "-e", IMAP]);
    program
        .env("USER", "lapor")
        .env("HOME", settings.parent().unwrap());
    program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut program = program.spawn()?;
    let (mut asks, mut says) = (
        program.stdin.take().unwrap(),
        program.stdout.take().unwrap(),
    );
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut greeting = BufReader::new(&mut says);
    let mut line = String::new();
    greeting.read_line(&mut line).await?;
    write.write_all(line.as_bytes()).await?;
    line.clear();
    read.read_line(&mut line).await?;
    let tag = line.split(' ').next().unwrap_or_default();
    write
        .write_all(format!("{tag} OK come in\r\n").as_bytes())
        .await?;
    let asking = async move {
        let asked = copy(&mut read, &mut asks).await;
        // Who has gone is told so.
        drop(asks);
        asked
    };
    let (asked, said) = tokio::join!(asking, copy(&mut greeting, &mut write));
    asked.and(said).map(drop)
}

#[tokio::test]
async fn dovecot_hands_letters_over_and_no_letter_is_lost_or_doubled() {
    if !is_here() {
        return;
    }
    for mut desk in Desk::open().await {
        let dovecot = Dovecot::open().await.unwrap();
        let done = ".Sudah";
        let settings = &mut desk.talked.place.settings.channels.email;
        settings.imap.port = dovecot.port;
        settings.imap.done_folder = Some("Sudah".into());
        let mut desk = with_a_new_line(desk);
        // The cursor is of another mailbox, which this one replaces.
        dovecot.arrives(&desk, "a", &letter("a1", "Lampu jalan", REPORT));
        let filed = desk.hears().await;
        assert_eq!(filed.len(), 1);
        assert_eq!((dovecot.count(""), dovecot.count(done)), (0, 1));
        dovecot.is_rebuilt(done);
        desk = with_a_new_line(desk);
        assert_eq!(desk.line.fetch_letters(desk.talked.node()).await, Ok(1));
        assert!(desk.goes_on().await.is_empty());
        assert_eq!((dovecot.count(""), dovecot.count(done)), (0, 1));
        is_told_while_it_waits(&desk, &dovecot).await;
    }
}

fn with_a_new_line(mut desk: Desk) -> Desk {
    let settings = &desk.talked.place.settings.channels.email;
    let line = email::of(settings, desk.talked.place.node.shared_clock());
    desk.line = Arc::new(line.unwrap().unwrap());
    desk.talked = Talked::over(desk.talked.place, desk.line.clone());
    desk.line.set_up(desk.talked.node());
    desk
}

async fn is_told_while_it_waits(desk: &Desk, dovecot: &Dovecot) {
    let smtp: &TinyServer = &desk.smtp;
    let before = smtp.taken().len();
    let stop = CancellationToken::new();
    let node = desk.talked.node().clone();
    let running = tokio::spawn(run(node, desk.talked.lines.clone(), stop.clone()));
    let text = "Jalan berlubang di depan pasar Sukajadi.";
    dovecot.arrives(desk, "b", &letter("a2", "Jalan berlubang", text));
    while smtp.taken().len() == before {
        smtp.took().await;
    }
    stop.cancel();
    running.await.unwrap();
    assert_eq!(desk.talked.cases().await.len(), 2);
}
