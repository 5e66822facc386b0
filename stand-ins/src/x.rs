//! X (https://docs.x.com): people post, posts are handed over in the shapes of account activity, X
//! Activity and the filtered stream, signed with the secret of an application; it is looked through
//! for mentions and words, and takes replies that are signed with OAuth 1.0a.

mod oauth;
mod shapes;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use self::oauth::{bearer, may, pairs};
use self::shapes::{beside, new, old};
use crate::mood::{Mood, Trouble, behind};
use crate::serving::{Knock, Serving};

/// Number and name of the account to which people write.
pub const ACCOUNT_ID: &str = "2244994945";
pub const ACCOUNT: &str = "LAPOR1708";
pub const CONSUMER_KEY: &str = "xvz1evFS4wEEPTGEFPHBog";
pub const CONSUMER_SECRET: &str = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw";
pub const TOKEN: &str = "2244994945-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb";
pub const TOKEN_SECRET: &str = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE";
pub const BEARER: &str = "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0";

/// Bodies as the provider publishes them.
pub const ACCOUNT_ACTIVITY: &str = include_str!("../fixtures/x/account_activity.json");
pub const FILTERED_STREAM: &str = include_str!("../fixtures/x/filtered_stream.json");

/// When numbers of posts begin, Unix ms.
const EPOCH_MS: i64 = 1_288_834_974_657;
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

pub struct X {
    pub mood: Arc<Mood>,
    inner: Arc<Inner>,
    serving: Serving,
}

struct Inner {
    mood: Arc<Mood>,
    state: Mutex<World>,
}

#[derive(Default)]
struct World {
    /// Unix ms.
    now: i64,
    posts: Vec<Post>,
    count: i64,
    replies: Vec<Reply>,
    pictures: BTreeMap<String, Vec<u8>>,
    page: usize,
    /// How the next replies are refused.
    refused: VecDeque<&'static str>,
    looks: usize,
}

#[derive(Clone)]
struct Post {
    id: i64,
    author: Person,
    text: String,
    below: Option<i64>,
    began: i64,
    picture: Option<String>,
    place: Option<(f64, f64)>,
    retweets: Option<i64>,
    first: i64,
}

/// Who posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub username: String,
}

/// What somebody posts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written<'a> {
    pub text: &'a str,
    /// The post that it answers.
    pub below: Option<i64>,
    /// The id of a picture that X keeps.
    pub picture: Option<String>,
    /// Latitude and longitude.
    pub place: Option<(f64, f64)>,
    /// The post that it repeats.
    pub retweets: Option<i64>,
    /// The post that it changes.
    pub changes: Option<i64>,
}

/// What the account said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub id: i64,
    pub text: String,
    pub below: String,
}

/// A shape in which posts are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    AccountActivity,
    XActivity,
    FilteredStream,
}

impl Person {
    pub fn of(id: &str, name: &str, username: &str) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            username: username.into(),
        }
    }
}

impl X {
    /// `now` is the time there, Unix ms.
    pub async fn open(now: i64) -> Self {
        let mood = Arc::new(Mood::default());
        let world = World {
            now,
            page: 100,
            ..World::default()
        };
        let inner = Arc::new(Inner {
            mood: Arc::clone(&mood),
            state: Mutex::new(world),
        });
        let router = Router::new()
            .route("/2/users/{id}/mentions", get(mentions))
            .route("/2/tweets/search/recent", get(search))
            .route("/2/tweets", post(replied))
            .route("/media/{id}", get(picture))
            .with_state(Arc::clone(&inner));
        Self {
            mood,
            inner,
            serving: Serving::of(router).await,
        }
    }

    pub fn base_url(&self) -> &str {
        &self.serving.base
    }

    /// So much time passes.
    pub fn passes(&self, ms: i64) {
        self.world().now += ms;
    }

    /// How many posts stand on one page of a look.
    pub fn pages_of(&self, posts: usize) {
        self.world().page = posts;
    }

    /// How many pages were looked at.
    pub fn looks(&self) -> usize {
        self.world().looks
    }

    /// How the next reply is refused, with 403.
    pub fn refuses(&self, detail: &'static str) {
        self.world().refused.push_back(detail);
    }

    /// A picture that X keeps.
    pub fn keeps(&self, bytes: &[u8]) -> String {
        let mut world = self.world();
        let id = format!("F{}.jpg", world.pictures.len());
        world.pictures.insert(id.clone(), bytes.to_vec());
        id
    }

    /// Somebody posts; answers with the number of the post.
    pub fn posts(&self, author: &Person, written: Written<'_>) -> i64 {
        let mut world = self.world();
        world.count += 1;
        let id = ((world.now - EPOCH_MS) << 22) + world.count;
        let of = |id: i64| world.posts.iter().find(|post| post.id == id);
        let above = written.below.and_then(of);
        let post = Post {
            id,
            author: author.clone(),
            text: written.text.into(),
            below: written.below,
            began: above.map_or(id, |above| above.began),
            picture: written.picture,
            place: written.place,
            retweets: written.retweets,
            first: written.changes.unwrap_or(id),
        };
        world.posts.push(post);
        id
    }

    /// What the account said since this was last asked.
    pub fn replies(&self) -> Vec<Reply> {
        std::mem::take(&mut self.world().replies)
    }

    /// A post as it is handed over.
    pub fn knock(&self, id: i64, shape: Shape) -> Knock {
        let body = {
            let world = self.world();
            let post = world.posts.iter().find(|post| post.id == id);
            let post = post.expect("a post that was written");
            match shape {
                Shape::AccountActivity => json!({
                    "for_user_id": ACCOUNT_ID,
                    "user_has_blocked": false,
                    "tweet_create_events": [old(post, &self.serving.base)],
                }),
                Shape::XActivity => json!({"data": {
                    "event_uuid": "1989125127846453248",
                    "event_type": "post.create",
                    "filter": {"user_id": ACCOUNT_ID},
                    "payload": new(post),
                }}),
                Shape::FilteredStream => json!({
                    "data": new(post),
                    "includes": beside(&[post], &self.serving.base),
                    "matching_rules": [{"id": "1166895166390583299", "tag": "lapor"}],
                }),
            }
        };
        signed(body.to_string().into_bytes())
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.inner.world()
    }
}

impl Inner {
    fn world(&self) -> MutexGuard<'_, World> {
        self.state.lock().expect("nobody panics there")
    }
}

/// A body with the signature of the application.
pub fn signed(body: Vec<u8>) -> Knock {
    Knock {
        headers: vec![("x-twitter-webhooks-signature", proof(&body))],
        body,
    }
}

/// What both sides make of a text with the secret of the application.
pub fn proof(text: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(CONSUMER_SECRET.as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(text);
    format!(
        "sha256={}",
        BASE64_STANDARD.encode(mac.finalize().into_bytes())
    )
}

async fn mentions(
    State(inner): State<Arc<Inner>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let mentions = |post: &Post| {
        let named = post
            .text
            .to_lowercase()
            .contains(&format!("@{}", ACCOUNT.to_lowercase()));
        named && id == ACCOUNT_ID
    };
    looked(&inner, (&uri, &headers), "pagination_token", mentions).await
}

async fn search(State(inner): State<Arc<Inner>>, uri: Uri, headers: HeaderMap) -> Response {
    let asked = pairs(&uri);
    let words = asked.get("query").cloned().unwrap_or_default();
    let oldest = inner.world().now - WEEK_MS;
    let since = asked
        .get("since_id")
        .and_then(|since| since.parse::<i64>().ok());
    if since.is_some_and(|since| (since >> 22) + EPOCH_MS < oldest) {
        return problem(
            400,
            "'since_id' must be a tweet id created after a week ago",
        );
    }
    let found = |post: &Post| {
        let tagged = post.text.to_lowercase().contains("#lapor");
        let repeats = words.contains("-is:retweet") && post.retweets.is_some();
        words.starts_with("#lapor") && tagged && !repeats
    };
    looked(&inner, (&uri, &headers), "next_token", found).await
}

/// The page of posts that a look asks for, the latest first.
async fn looked(
    inner: &Inner,
    (uri, headers): (&Uri, &HeaderMap),
    turning: &str,
    is_found: impl Fn(&Post) -> bool,
) -> Response {
    if let Some(trouble) = inner.mood.meets().await {
        return troubled(trouble, inner.world().now);
    }
    if !may(headers, "GET", uri) {
        return problem(401, "Unauthorized");
    }
    let asked = pairs(uri);
    let since = asked
        .get("since_id")
        .and_then(|since| since.parse::<i64>().ok());
    let from = asked
        .get(turning)
        .and_then(|from| from.parse::<usize>().ok());
    let mut world = inner.world();
    world.looks += 1;
    let found = world.posts.iter().rev().filter(|post| is_found(post));
    let found: Vec<&Post> = found
        .filter(|post| post.id > since.unwrap_or_default())
        .collect();
    let from = from.unwrap_or_default();
    let page: Vec<&Post> = found.iter().skip(from).take(world.page).copied().collect();
    let mut meta = json!({"result_count": page.len()});
    if from + page.len() < found.len() {
        meta["next_token"] = json!((from + page.len()).to_string());
    }
    if page.is_empty() {
        return Json(json!({"meta": meta})).into_response();
    }
    let host = headers.get("host").and_then(|host| host.to_str().ok());
    let base = format!("http://{}", host.unwrap_or_default());
    let data: Vec<Value> = page.iter().map(|post| new(post)).collect();
    Json(json!({"data": data, "includes": beside(&page, &base), "meta": meta})).into_response()
}

async fn replied(
    State(inner): State<Arc<Inner>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(trouble) = inner.mood.meets().await {
        return troubled(trouble, inner.world().now);
    }
    if bearer(&headers) || !may(&headers, "POST", &uri) {
        return problem(401, "Unauthorized");
    }
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = asked["text"].as_str().unwrap_or_default().to_owned();
    let below = asked["reply"]["in_reply_to_tweet_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut world = inner.world();
    if let Some(detail) = world.refused.pop_front() {
        return problem(403, detail);
    }
    let above = world.posts.iter().find(|post| post.id.to_string() == below);
    let Some(began) = above.map(|above| above.began) else {
        return problem(
            400,
            "You attempted to reply to a Tweet that is deleted or not visible to you.",
        );
    };
    if world
        .posts
        .iter()
        .any(|post| post.author.id == ACCOUNT_ID && post.text == text)
    {
        return problem(
            403,
            "You are not allowed to create a Tweet with duplicate content.",
        );
    }
    world.count += 1;
    let id = ((world.now - EPOCH_MS) << 22) + world.count;
    world.posts.push(Post {
        id,
        author: Person::of(ACCOUNT_ID, "LAPOR!", ACCOUNT),
        text: text.clone(),
        below: below.parse().ok(),
        began,
        picture: None,
        place: None,
        retweets: None,
        first: id,
    });
    world.replies.push(Reply {
        id,
        text: text.clone(),
        below,
    });
    let told = json!({"data": {"id": id.to_string(), "text": text}});
    (StatusCode::CREATED, Json(told)).into_response()
}

async fn picture(State(inner): State<Arc<Inner>>, Path(id): Path<String>) -> Response {
    let bytes = inner.world().pictures.get(&id).cloned();
    bytes.map_or_else(|| problem(404, "Not Found"), IntoResponse::into_response)
}

fn troubled(trouble: Trouble, now: i64) -> Response {
    match trouble {
        Trouble::Busy(seconds) => {
            let reset = now / 1000 + seconds as i64;
            let mut answer = problem(429, "Too Many Requests");
            answer
                .headers_mut()
                .insert("x-rate-limit-reset", reset.into());
            answer
        }
        Trouble::Fails(status) => problem(status, "something is wrong here"),
        Trouble::Behind(status, body) => behind(status, body),
        Trouble::Slow(_) => problem(500, "it is slept through before"),
    }
}

fn problem(status: u16, detail: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let told = json!({
        "title": status.canonical_reason(),
        "detail": detail,
        "type": "about:blank",
        "status": status.as_u16(),
    });
    (status, Json(told)).into_response()
}
