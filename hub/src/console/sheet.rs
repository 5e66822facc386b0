//! What an institution gets on paper to join: its line and the steps, in the
//! language of the country whatever the operator reads. It holds a secret, and
//! is made only for the answer in which it is shown.

use askama::Template;
use lapor_protocol::ids::InstanceId;
use lapor_web::ApiProblem;
use lapor_web::language::{Language, Voice};
use lapor_web::page::qr_code;
use zeroize::Zeroizing;

use super::{Console, ZONE, texts};

/// One page of A4.
#[derive(Template)]
#[template(path = "console/sheet.html")]
pub struct Sheet {
    v: Voice,
    federation: String,
    name: String,
    slug: String,
    line: Zeroizing<String>,
    picture: String,
    expires_at: i64,
    /// How to reach the operators.
    contact: Option<String>,
}

impl Sheet {
    pub fn of(
        console: &Console,
        (slug, name): (&InstanceId, &str),
        line: &Zeroizing<String>,
        expires_at: i64,
    ) -> Result<Self, ApiProblem> {
        let now = console.hub.ground.clock.now_ms();
        Ok(Self {
            v: Voice::new(Language::Indonesian, texts(), ZONE, now),
            federation: console.settings.name.clone(),
            name: name.to_owned(),
            slug: slug.to_string(),
            picture: qr_code(line)?,
            line: line.clone(),
            expires_at,
            contact: console.settings.contact.clone(),
        })
    }
}
