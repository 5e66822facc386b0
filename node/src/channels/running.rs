//! The work of the channels while a node serves: one task listens, and one for each line speaks, so
//! that a slow provider holds up nobody else.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::delivery::Spoken;
use super::{Channel, Lines};
use crate::error::NodeError;
use crate::node::Node;

/// How often a queue is looked at when nobody rings.
const LOOK: Duration = Duration::from_secs(5);
/// Between two handfuls, which makes five messages a second at most.
const BREATH: Duration = Duration::from_secs(1);

/// Listens and speaks until `shutdown`, where a channel is on.
pub async fn run(node: Arc<Node>, lines: Lines, shutdown: CancellationToken) {
    if lines.0.is_empty() {
        return;
    }
    let speaking = lines.0.iter().map(|line| speak(&node, &**line));
    let fetching = lines.0.iter().map(|line| line.listen(&node, &shutdown));
    let working = async { tokio::join!(listen(&node, &lines), join_all(speaking)) };
    let working = async {
        tokio::select! {
            _ = working => {}
            () = shutdown.cancelled() => {}
        }
    };
    // Who keeps a line open takes leave of it.
    tokio::join!(working, join_all(fetching));
}

/// Makes something of a handful of what came in, and writes what has become news. Returns how much
/// there was.
pub async fn hear(node: &Node, lines: &Lines) -> Result<usize, NodeError> {
    let heard = node.hear_round(lines).await?;
    let told = node.write_channel_news().await?;
    let codes = node.write_phone_codes().await?;
    Ok(heard + told + codes)
}

/// Says all that is due; a line that is down rests.
pub async fn say(node: &Node, lines: &Lines) -> Result<(), NodeError> {
    for line in &lines.0 {
        while matches!(node.say_round(&**line).await?, Spoken::Worked(_)) {}
    }
    Ok(())
}

async fn listen(node: &Node, lines: &Lines) {
    loop {
        match hear(node, lines).await {
            Ok(0) => {
                let rung = node.switch().heard.notified();
                // Either way there may be something now.
                let _ = tokio::time::timeout(LOOK, rung).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "what came in on channels could not be looked at");
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

async fn speak(node: &Node, line: &dyn Channel) {
    loop {
        match node.say_round(line).await {
            Ok(Spoken::Worked(_)) => tokio::time::sleep(BREATH).await,
            Ok(Spoken::Quiet | Spoken::Paused) => {
                let rung = node.switch().to_say.notified();
                let _ = tokio::time::timeout(LOOK, rung).await;
            }
            Err(error) => {
                tracing::warn!(%error, channel = line.name().as_str(), "what is to be said could not be looked at");
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}
