//! How reports come in, in words that hub and node share.

use crate::language::{Voice, text_id};

/// How a report came in, in words; a channel that this program does not know as it is.
pub fn channel_words(v: &Voice, channel: &str) -> String {
    let words = match channel {
        "web" => text_id("channel-web"),
        "mobile" => text_id("channel-mobile"),
        "sms" => text_id("channel-sms"),
        "email" => text_id("channel-email"),
        "whatsapp" => text_id("channel-whatsapp"),
        "x" => text_id("channel-x"),
        "facebook" => text_id("channel-facebook"),
        "messenger" => text_id("channel-messenger"),
        "telegram" => text_id("channel-telegram"),
        "social" => text_id("channel-social"),
        "walk-in" => text_id("channel-counter"),
        "letter" => text_id("channel-letter"),
        "phone" => text_id("channel-phone"),
        _ => return channel.replace(['_', '-'], " "),
    };
    v.say(words)
}
