//! Our line with a message centre of others: npm's `smpp` binds it, hands over, takes and tells.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines as Read};
use tokio::process::{ChildStdout, Command};
use tokio_util::sync::CancellationToken;

use super::spoken::{self, SITI};
use crate::channels::{Lines, run};
use crate::testing::{Place, databases};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/browser");

/// Whether it is here; where everything is proved it must be.
fn is_here() -> bool {
    let here = Path::new(FOLDER).join("node_modules/smpp").exists();
    assert!(
        here || std::env::var_os("CI").is_none(),
        "no npm smpp here: `.ci/need node-modules`"
    );
    if !here {
        println!("left out: no npm smpp here; `.ci/need node-modules` installs it");
    }
    here
}

/// The next thing that happens there.
async fn next(told: &mut Read<BufReader<ChildStdout>>) -> Value {
    let line = told.next_line().await.unwrap().expect("it goes on");
    serde_json::from_str(&line).unwrap()
}

#[tokio::test]
async fn a_message_centre_of_others_is_content_with_our_line() {
    if !is_here() {
        return;
    }
    for db in databases().await {
        let mut command = Command::new("node");
        let command = command.arg("smsc.mjs").current_dir(FOLDER);
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut centre = command.kill_on_drop(true).spawn().unwrap();
        let mut told = BufReader::new(centre.stdout.take().unwrap()).lines();
        let port = next(&mut told).await["port"].as_u64().unwrap();

        let mut place = Place::joined("kota-bandung", db).await;
        let address = format!("127.0.0.1:{port}");
        place.settings.channels.sms = spoken::settings(&place.settings.node.keys, &address);
        place.node = place.reopened().await;
        let (node, stop) = (place.node.clone(), CancellationToken::new());
        let lines = Lines::of(&node.settings().channels).unwrap();
        let running = tokio::spawn(run(Arc::clone(&node), lines, stop.clone()));

        let bound = next(&mut told).await;
        assert!(
            bound["known"] == true && bound["version"] == 0x34,
            "{bound}"
        );
        let delivered = next(&mut told).await;
        assert!(
            delivered["what"] == "delivered" && delivered["status"] == 0,
            "{delivered}"
        );
        let said = next(&mut told).await;
        for (field, value) in [
            ("what", Value::from("submitted")),
            ("from", "1708".into()),
            ("to", SITI[1..].into()),
            ("esm_class", 0.into()),
            ("registered_delivery", 1.into()),
            ("data_coding", 0.into()),
        ] {
            assert_eq!(said[field], value, "{said}");
        }
        let text = said["text"].as_str().unwrap();
        assert!(
            text.starts_with("Laporan Anda kami terima. Nomor tiket: "),
            "{text}"
        );
        let receipt = next(&mut told).await;
        assert!(
            receipt["what"] == "told" && receipt["status"] == 0,
            "{receipt}"
        );
        let report = spoken::reports(&node).await.remove(0);
        assert_eq!(
            report,
            "Lampu jalan padam di Cihampelas [blok A] sejak Minggu."
        );
        stop.cancel();
        running.await.unwrap();
        assert_eq!(next(&mut told).await["what"], "unbound");
    }
}
