//! The mail server of a demo: takes every letter and keeps it as a file, and delivers none.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Bytes of a line and of a letter, far more than the programs write.
const LINE: u64 = 4096;
const LETTER: usize = 1024 * 1024;

/// Letters that came and that nobody has asked for yet. Clones are the same letters.
#[derive(Clone, Default)]
pub struct Fresh(Arc<Mutex<Vec<String>>>);

impl Fresh {
    pub fn add(&self, letter: String) {
        self.all().push(letter);
    }

    /// All of them, once.
    pub fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.all())
    }

    fn all(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listens until it is dropped.
pub struct Letters {
    pub port: u16,
    pub fresh: Fresh,
    listening: JoinHandle<()>,
}

impl Letters {
    /// Keeps letters in `folder`. A demo that is started again listens where it did, at `port`.
    pub async fn listen(folder: PathBuf, port: u16) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        let kept = std::fs::read_dir(&folder)?.count();
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.with_context(|| format!("port {port} for letters"))?;
        let port = listener.local_addr()?.port();
        let fresh = Fresh::default();
        let shelf = Arc::new(Shelf {
            folder,
            number: AtomicUsize::new(kept),
            fresh: fresh.clone(),
        });
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shelf = Arc::clone(&shelf);
                // Whoever breaks off comes again.
                tokio::spawn(async move { converse(stream, &shelf).await.ok() });
            }
        });
        Ok(Self {
            port,
            fresh,
            listening,
        })
    }
}

impl Drop for Letters {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Where letters are kept.
struct Shelf {
    folder: PathBuf,
    number: AtomicUsize,
    fresh: Fresh,
}

impl Shelf {
    async fn keep(&self, letter: String) -> std::io::Result<()> {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let path = self.folder.join(format!("{number:04}.txt"));
        tokio::fs::write(path, &letter).await?;
        self.fresh.add(letter);
        Ok(())
    }
}

async fn converse(stream: TcpStream, shelf: &Shelf) -> std::io::Result<()> {
    let mut line = BufStream::new(stream);
    let mut answer = "220 demo";
    loop {
        line.write_all(format!("{answer}\r\n").as_bytes()).await?;
        line.flush().await?;
        let command = read_line(&mut line).await?.to_uppercase();
        answer = match command
            .split([' ', ':', '\r', '\n'])
            .next()
            .unwrap_or_default()
        {
            "" => return Ok(()),
            "QUIT" => "221 bye",
            "DATA" => {
                line.write_all(b"354 go on\r\n").await?;
                line.flush().await?;
                let letter = read_letter(&mut line).await?;
                shelf.keep(letter).await?;
                "250 taken"
            }
            "EHLO" | "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP" => "250 fine",
            _ => "502 unknown",
        };
    }
}

/// A letter until the line with nothing but a full stop.
async fn read_letter(line: &mut BufStream<TcpStream>) -> std::io::Result<String> {
    let mut letter = String::new();
    loop {
        let text = read_line(line).await?;
        if text.is_empty() || letter.len() > LETTER {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if text.trim_end() == "." {
            return Ok(letter);
        }
        letter.push_str(text.strip_prefix('.').unwrap_or(&text));
    }
}

/// A line with its end; nothing when the other side has gone.
async fn read_line(line: &mut BufStream<TcpStream>) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    line.take(LINE).read_until(b'\n', &mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_letter_is_kept_as_a_file() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("letters");
        let letters = Letters::listen(folder.clone(), 0).await.unwrap();
        let stream = TcpStream::connect(("127.0.0.1", letters.port))
            .await
            .unwrap();
        let mut line = BufStream::new(stream);
        let said = "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n\
                    Subject: x\r\n\r\n..two\r\n.\r\nQUIT\r\n";
        line.write_all(said.as_bytes()).await.unwrap();
        line.flush().await.unwrap();
        let mut heard = String::new();
        while !heard.contains("221") {
            let answer = read_line(&mut line).await.unwrap();
            assert_ne!(answer, "", "it breaks off after {heard}");
            heard.push_str(&answer);
        }
        let kept = std::fs::read_to_string(folder.join("0001.txt")).unwrap();
        assert_eq!(kept, "Subject: x\r\n\r\n.two\r\n");
        assert_eq!(letters.fresh.taken(), [kept]);
        assert!(letters.fresh.taken().is_empty());
    }
}
