//! SMS on the stage: people have written what looks like no report, and a gateway refuses the
//! answers, so that every page of channels has something to show.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lapor_node::channels::{self, Keyword, Lines, NewKeyword};
use lapor_node::node::Node;
use lapor_node::settings::Settings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const SECRET: &str = "rahasia0123456789abcdef";
/// Who has written what; the last cannot be read.
const WRITTEN: [(&str, &str); 5] = [
    ("628111111111", "dari=%2B628111111111&isi=Lampu+mati+pak"),
    ("628111111112", "dari=%2B628111111111&isi=halo+min"),
    ("628111111113", "dari=%2B628111111111&isi=di+Cikutra"),
    ("628222222221", "dari=%2B628222222222&isi=Pak+tolong"),
    ("628222222222", "dari=%2B628222222222&coding=1&isi=%00%01"),
];
/// Of them those that lie aside in the end.
const ASIDE: u64 = 4;
const PATIENCE: Duration = Duration::from_mins(1);

/// Switches SMS on at an institution that does not run yet. The gateway is there until `shutdown`.
pub async fn switch_on(
    settings: &mut Settings,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let gateway = TcpListener::bind("127.0.0.1:0").await?;
    let sms = &mut settings.channels.sms;
    sms.number = Some("1708".into());
    sms.kannel.send_url = Some(format!("http://{}/cgi-bin/sendsms", gateway.local_addr()?));
    sms.kannel.username = Some("lapor".into());
    let folder = &settings.node.keys;
    sms.kannel.password_file = Some(secret_file(folder, "kannel-password")?);
    sms.kannel.receive_secret_file = Some(secret_file(folder, "kannel-secret")?);
    settings.channels.keywords = vec![keyword("SAMPAH", "Lingkungan Hidup dan Kehutanan")?];
    tokio::spawn(shutdown.clone().run_until_cancelled_owned(refuse(gateway)));
    Ok(())
}

/// Lets people write, and waits until it lies aside. Returns a conversation that can be blocked.
pub async fn furnish(
    node: &Arc<Node>,
    base: &str,
    shutdown: &CancellationToken,
) -> anyhow::Result<String> {
    let word = NewKeyword {
        keyword: keyword("LAMPU", "Perhubungan")?,
        campaign: Some("Bandung Terang".into()),
        until: None,
        known: false,
    };
    node.put_keyword(&word, "stage").await?;
    let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
    for (id, written) in WRITTEN {
        let at = format!("{base}/saluran/sms/kannel/{SECRET}?id={id}&{written}");
        client.get(at).send().await?.error_for_status()?;
    }
    let lines = Lines::of(&node.settings().channels)?;
    tokio::spawn(channels::run(node.clone(), lines, shutdown.clone()));
    tokio::time::timeout(PATIENCE, heard(node))
        .await
        .context("nobody has looked at what came in")??;
    let talks = node.conversations(None, false).await?.all;
    let [first, .., last] = talks.as_slice() else {
        anyhow::bail!("there is one conversation at most");
    };
    node.block(&last.thread, 30, "Berulang kali mengancam petugas", "stage")
        .await?;
    Ok(first.thread.clone())
}

async fn heard(node: &Node) -> anyhow::Result<()> {
    while node.lying_aside().await? < ASIDE || node.not_said().await?.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn keyword(word: &str, category: &str) -> anyhow::Result<Keyword> {
    Ok(Keyword {
        word: word.into(),
        category: Some(category.to_owned().try_into()?),
        region: Some("32.73".parse()?),
        suggested: None,
    })
}

fn secret_file(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&path)?;
    writeln!(file, "{SECRET}")?;
    Ok(path)
}

/// A gateway that takes nothing.
async fn refuse(gateway: TcpListener) {
    while let Ok((mut asked, _)) = gateway.accept().await {
        let mut head = [0; 4096];
        // Whatever was asked, and however the connection ends.
        let _ = asked.read(&mut head).await;
        let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let _ = asked.write_all(answer).await;
    }
}
