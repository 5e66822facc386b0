//! Posts as X hands them over.

use serde_json::{Value, json};

use super::{Person, Post};

/// A post of version 1.1, whose text is cut where it is long.
pub(super) fn old(post: &Post, base: &str) -> Value {
    let text = escaped(&post.text);
    let mut out = json!({
        "created_at": "Mon Sep 21 06:13:20 +0000 2026",
        "id": post.id,
        "id_str": post.id.to_string(),
        "text": text,
        "truncated": false,
        "in_reply_to_status_id_str": post.below.map(|below| below.to_string()),
        "user": {
            "id_str": post.author.id,
            "name": post.author.name,
            "screen_name": post.author.username,
        },
        "coordinates": post.place.map(|(latitude, longitude)| json!({
            "type": "Point",
            "coordinates": [longitude, latitude],
        })),
        "entities": {"hashtags": [], "user_mentions": []},
    });
    let media = post.picture.as_ref().map(|id| {
        json!({"media": [{
            "type": "photo",
            "media_url_https": format!("{base}/media/{id}"),
            "url": "https://t.co/bild",
        }]})
    });
    if text.chars().count() > 140 {
        let cut: String = text.chars().take(117).collect();
        out["text"] = json!(format!("{cut}\u{2026} https://t.co/mehr"));
        out["truncated"] = json!(true);
        out["extended_tweet"] = json!({"full_text": text, "extended_entities": media});
    } else if let Some(media) = media {
        out["extended_entities"] = media;
    }
    if let Some(of) = post.retweets {
        out["retweeted_status"] = json!({"id_str": of.to_string()});
    }
    out
}

/// A post of version 2.
pub(super) fn new(post: &Post) -> Value {
    let mut referenced = Vec::new();
    if let Some(below) = post.below {
        referenced.push(json!({"type": "replied_to", "id": below.to_string()}));
    }
    if let Some(of) = post.retweets {
        referenced.push(json!({"type": "retweeted", "id": of.to_string()}));
    }
    let mut history = vec![post.first.to_string()];
    if post.first != post.id {
        history.push(post.id.to_string());
    }
    let mut out = json!({
        "id": post.id.to_string(),
        "text": escaped(&post.text),
        "author_id": post.author.id,
        "conversation_id": post.began.to_string(),
        "edit_history_tweet_ids": history,
    });
    if !referenced.is_empty() {
        out["referenced_tweets"] = json!(referenced);
    }
    if let Some(id) = &post.picture {
        out["attachments"] = json!({"media_keys": [format!("3_{id}")]});
    }
    if let Some((latitude, longitude)) = post.place {
        let point = json!({"type": "Point", "coordinates": [longitude, latitude]});
        out["geo"] = json!({"coordinates": point});
    }
    out
}

/// What is told beside posts of version 2.
pub(super) fn beside(posts: &[&Post], base: &str) -> Value {
    let users = posts.iter().map(|post| {
        let Person { id, name, username } = &post.author;
        json!({"id": id, "name": name, "username": username})
    });
    let media = posts.iter().filter_map(|post| {
        let id = post.picture.as_ref()?;
        let url = format!("{base}/media/{id}");
        Some(json!({"media_key": format!("3_{id}"), "type": "photo", "url": url}))
    });
    json!({"users": users.collect::<Vec<_>>(), "media": media.collect::<Vec<_>>()})
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
