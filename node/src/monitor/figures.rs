//! What `/metrics` reads when it is asked, from the same code as `status`. The
//! counters beside it are kept where things happen.

use lapor_web::monitor::{Figures, float, seconds};

use super::free_disk;
use crate::cities::CityFigures;
use crate::error::NodeError;
use crate::node::Node;
use crate::status::Status;
use crate::sync::Link;

pub async fn measure(link: &Link, figures: &mut Figures) -> Result<(), NodeError> {
    let node = link.node();
    figures.build_info("lapor_node_build_info", env!("CARGO_PKG_VERSION"));
    figures.gauge_if_known(
        "lapor_node_free_disk_bytes",
        "Bytes free where the node writes, on the fullest file system.",
        free_disk(node.settings()).map(float),
    );
    figures.gauge(
        "lapor_node_clock_doubt",
        "1 when the hub's certificate makes this node doubt its own clock.",
        float(u64::from(link.doubts_clock())),
    );
    let status = node.status().await?;
    figures.gauge(
        "lapor_node_alarm",
        "1 when `status` shows an alarm that only a person can end, such as a second copy of this node.",
        float(u64::from(status.alarm.is_some())),
    );
    link_figures(&status, figures);
    let now = node.clock().now_ms();
    backlog(&status, now, figures);
    letters(node, figures).await?;
    channels(node, figures).await?;
    webhooks(node, figures).await?;
    cities(node, figures).await?;
    figures.gauge(
        "lapor_node_directory_version",
        "Version of the directory that this node has.",
        float(status.directory),
    );
    figures.gauge_if_known(
        "lapor_node_certificate_expiry_timestamp_seconds",
        "When this node's certificate ends (Unix).",
        status.certificate_expires.map(seconds),
    );
    let cases = status.cases.iter();
    figures.gauges(
        "lapor_node_cases",
        "Cases of which this node hears, by state.",
        cases.map(|(state, count)| (vec![("state", state.as_str())], float(*count))),
    );
    Ok(())
}

fn link_figures(status: &Status, figures: &mut Figures) {
    let link = &status.link;
    figures.gauge(
        "lapor_node_link_connected",
        "1 while the hub answers.",
        float(u64::from(link.connected)),
    );
    figures.gauge_if_known(
        "lapor_node_link_since_timestamp_seconds",
        "Since when the link has been as it is (Unix).",
        link.since.map(seconds),
    );
    figures.gauge_if_known(
        "lapor_node_link_last_contact_timestamp_seconds",
        "When the hub last answered (Unix).",
        link.last_contact.map(seconds),
    );
    let maintenance = status.maintenance.as_ref();
    figures.gauge(
        "lapor_node_hub_maintenance",
        "1 while the hub is in the maintenance that it has announced.",
        float(u64::from(maintenance.is_some_and(|notice| notice.on))),
    );
    let stuck = link.stuck.iter();
    figures.gauges(
        "lapor_node_link_stuck",
        "1 with the part of the link's work that fails again and again for a reason of this machine.",
        stuck.map(|stuck| (vec![("step", &*stuck.step)], 1.0)),
    );
    let refused = link.code.as_deref().map(|code| (vec![("code", code)], 1.0));
    figures.gauges(
        "lapor_node_link_refused",
        "1 with the hub's code while it refuses this node.",
        refused,
    );
}

fn backlog(status: &Status, now: i64, figures: &mut Figures) {
    let (outbox, inbox) = (&status.outbox, &status.inbox);
    figures.gauge(
        "lapor_node_unsent_messages",
        "Own messages that are not durable at the hub.",
        float(outbox.unsent),
    );
    figures.gauge(
        "lapor_node_oldest_unsent_seconds",
        "For how long the oldest of them has waited; 0 if there is none.",
        outbox
            .oldest_unsent
            .map_or(0.0, |at| seconds((now - at).max(0))),
    );
    figures.gauge(
        "lapor_node_unruled_messages",
        "Own messages at the hub whose ruling has not come back.",
        float(outbox.unruled),
    );
    figures.gauge(
        "lapor_node_unapplied_items",
        "Received items that have not been looked at.",
        float(inbox.received),
    );
    figures.gauge(
        "lapor_node_waiting_items",
        "Received items whose case waits for an earlier one.",
        float(inbox.waiting),
    );
    figures.gauge(
        "lapor_node_parked_items",
        "Received items of a kind that needs a newer lapor-node.",
        float(inbox.parked),
    );
    figures.gauges(
        "lapor_node_quarantined_messages",
        "Messages set aside until a person looks, own (out) and received (in).",
        [
            (vec![("direction", "out")], float(outbox.quarantined)),
            (vec![("direction", "in")], float(inbox.quarantined)),
        ],
    );
    figures.gauges(
        "lapor_node_pending_blobs",
        "Attachments still to be sent or fetched.",
        [
            (vec![("direction", "out")], float(status.blobs_to_send)),
            (vec![("direction", "in")], float(status.blobs_to_fetch)),
        ],
    );
    figures.gauge(
        "lapor_node_picture_bytes",
        "Bytes of pictures of other institutions' programmes.",
        float(status.picture_bytes),
    );
    figures.gauge(
        "lapor_node_pictures_without_room",
        "Pictures of other institutions that were not fetched, because theirs fill node.picture_bytes.",
        float(status.pictures_without_room),
    );
}

async fn channels(node: &Node, figures: &mut Figures) -> Result<(), NodeError> {
    let queues = node.channel_queues().await?;
    let states = queues.taken.iter();
    figures.gauges(
        "lapor_node_channel_messages",
        "Messages of channels that wait, that this version cannot read, and that wait for a person.",
        states.map(|(state, count)| (vec![("state", *state)], float(*count))),
    );
    let of = |channel, way| vec![("channel", channel), ("way", way)];
    let waiting = || queues.waiting.iter();
    figures.gauges(
        "lapor_node_channel_waiting",
        "What waits on channels, to be looked at (in) and to be said (out).",
        waiting().map(|(channel, way, count, _)| (of(channel.as_str(), *way), float(*count))),
    );
    figures.gauges(
        "lapor_node_channel_oldest_waiting_seconds",
        "For how long the oldest of it has waited.",
        waiting().map(|(channel, way, _, age)| (of(channel.as_str(), *way), seconds(*age))),
    );
    figures.gauges(
        "lapor_node_channel_line_up",
        "1 while the provider of a channel takes what is said, and lets messages be fetched.",
        queues
            .lines
            .iter()
            .map(|(channel, up)| (vec![("channel", *channel)], float(u64::from(*up)))),
    );
    Ok(())
}

async fn webhooks(node: &Node, figures: &mut Figures) -> Result<(), NodeError> {
    let hooks = node.webhook_figures().await?;
    figures.gauges(
        "lapor_node_webhooks",
        "Webhooks that are on, and that are off.",
        [
            (vec![("state", "on")], float(hooks.on)),
            (vec![("state", "off")], float(hooks.off)),
        ],
    );
    figures.gauge(
        "lapor_node_webhooks_late_seconds",
        "For how long the change has waited that a webhook has been told of least soon; 0 if none waits.",
        seconds(hooks.late_ms),
    );
    Ok(())
}

async fn cities(node: &Node, figures: &mut Figures) -> Result<(), NodeError> {
    let all = node.city_figures().await?;
    figures.gauges(
        "lapor_node_city_up",
        "1 while a city's own Open311 service answers all that it is asked.",
        all.iter().map(|city| {
            (
                city_label(city),
                float(u64::from(city.troubled_since.is_none())),
            )
        }),
    );
    figures.gauges(
        "lapor_node_city_last_contact_timestamp_seconds",
        "When it last did (Unix).",
        all.iter()
            .filter_map(|city| Some((city_label(city), seconds(city.contact_at?)))),
    );
    let states = all.iter().flat_map(|city| {
        city.counts.named().map(|(state, count)| {
            let labels = vec![("city", city.name.as_str()), ("state", state)];
            (labels, float(count.unsigned_abs()))
        })
    });
    figures.gauges(
        "lapor_node_city_requests",
        "Requests of cities that are cases here, cases that are requests there, and those on their way or refused.",
        states,
    );
    let waits = all.iter();
    figures.gauges(
        "lapor_node_city_oldest_waiting_seconds",
        "For how long the case that waits longest for a city has; 0 if none does.",
        waits.map(|city| (city_label(city), seconds(city.waits_ms))),
    );
    Ok(())
}

fn city_label(city: &CityFigures) -> Vec<(&str, &str)> {
    vec![("city", city.name.as_str())]
}

async fn letters(node: &Node, figures: &mut Figures) -> Result<(), NodeError> {
    let queue = node.letter_queue().await?;
    figures.gauges(
        "lapor_node_letters",
        "Letters that wait, and those that were refused and that nobody has dropped.",
        [
            (vec![("state", "waiting")], float(queue.waiting)),
            (vec![("state", "refused")], float(queue.refused)),
        ],
    );
    figures.gauge(
        "lapor_node_letters_late_seconds",
        "For how long the letter that is due longest has been; 0 if none is.",
        seconds(queue.late_ms),
    );
    Ok(())
}
