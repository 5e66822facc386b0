//! A table of institutions to be invited, judged row by row and column by column
//! before anything is done with it.

use std::collections::BTreeSet;

use lapor_protocol::authority::Pattern;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_web::language::Voice;
use lapor_web::regions::national;
use lapor_web::table::{self, RowError};
use serde::{Deserialize, Serialize};

use super::invite::{KIND, complaint, may_govern};
use super::words::membership_words;
use crate::membership::{MembershipError, Profile, ZONES, invitable};

/// Rows of one table, at most.
pub const MOST: usize = 1000;
/// Characters of a name, at most.
const NAME_CHARACTERS: usize = 200;

/// What a table says.
#[derive(Debug, Default)]
pub struct Table {
    /// Those whose rows can be used.
    pub profiles: Vec<Profile>,
    pub wrong: Vec<Wrong>,
}

/// What is wrong in one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// Counted from 1, the header being the first.
    pub line: u64,
    /// As the header names it; empty for the row as a whole.
    pub column: &'static str,
    pub text: String,
}

/// A row as it is written; further columns are left alone.
#[derive(Deserialize)]
struct Row {
    slug: String,
    kind: String,
    name: String,
    #[serde(default)]
    region_code: String,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    disposes_to: String,
}

/// Judges every row against the directory and the rows before it. Where two
/// must agree (`second_person`), no row gives an authority.
pub fn read(v: &Voice, directory: &Directory, second_person: bool, text: &str) -> Table {
    let (mut all, mut seen) = (Table::default(), BTreeSet::new());
    let mut desk: Option<InstanceId> = None;
    for column in table::lacking(text, &["slug", "kind", "name"]) {
        let text = v.say("table-column-missing");
        let line = 1;
        all.wrong.push(Wrong { line, column, text });
    }
    if !all.wrong.is_empty() {
        return all;
    }
    for (line, row) in table::rows::<Row>(text).take(MOST + 1) {
        let mut wrong = Vec::new();
        let profile = match row {
            Err(wrong_row) => {
                wrong.push(("", row_words(v, &wrong_row)));
                None
            }
            Ok(row) => judge(v, &row, &mut wrong),
        };
        if let Some(profile) = profile {
            if !seen.insert(profile.id.clone()) {
                wrong.push(("slug", v.say("table-twice")));
            }
            if let Err(error) = invitable(directory, &profile) {
                wrong.push(refusal(v, &error));
            }
            if profile.kind == InstanceKind::Pusat
                && let Some(first) = desk.replace(profile.id.clone())
                && first != profile.id
            {
                let text = v.with("name", first.to_string()).say("invite-second-desk");
                wrong.push(("kind", text));
            }
            if second_person && profile.widens(directory) {
                wrong.push(("disposes_to", v.say("invite-needs-two")));
            }
            all.profiles.push(profile);
        }
        let wrong = wrong.into_iter();
        all.wrong
            .extend(wrong.map(|(column, text)| Wrong { line, column, text }));
    }
    let whole = if all.profiles.len() > MOST {
        Some(v.with("most", MOST).say("table-too-long"))
    } else if all.profiles.is_empty() && all.wrong.is_empty() {
        Some(v.say("table-empty"))
    } else {
        None
    };
    let (line, column) = (1, "");
    all.wrong
        .extend(whole.map(|text| Wrong { line, column, text }));
    all
}

fn refusal(v: &Voice, error: &MembershipError) -> (&'static str, String) {
    match complaint(v, error) {
        Some((KIND, text)) => ("kind", text),
        Some((_, text)) => ("slug", text),
        None => ("", membership_words(v, error)),
    }
}

/// Why a row cannot be read.
fn row_words(v: &Voice, wrong: &RowError) -> String {
    match wrong {
        RowError::Columns { found, expected } => {
            let said = v.with("found", *found).with("expected", *expected);
            said.say("table-columns-wrong")
        }
        RowError::Unclosed => v.say("table-quote-open"),
        RowError::Other(text) => v.with("text", text.clone()).say("table-row-wrong"),
    }
}

fn judge(v: &Voice, row: &Row, wrong: &mut Vec<(&'static str, String)>) -> Option<Profile> {
    let id = row.slug.parse::<InstanceId>().ok();
    if id.is_none() {
        wrong.push(("slug", v.say("invite-slug-wrong")));
    }
    let kind = row.kind.parse::<InstanceKind>().ok();
    if kind.is_none() {
        wrong.push(("kind", v.say("table-kind-wrong")));
    }
    let length = row.name.chars().count();
    if !(1..=NAME_CHARACTERS).contains(&length) {
        let text = v.with("most", NAME_CHARACTERS).say("table-name-wrong");
        wrong.push(("name", text));
    }
    let region = row.region_code.parse().ok();
    let region = region.filter(|code| national().province_of(code).is_some());
    if region.is_none() && !row.region_code.is_empty() {
        wrong.push(("region_code", v.say("invite-region-wrong")));
    }
    if let (Some(kind), Some(region)) = (kind, &region)
        && !may_govern(kind, region)
    {
        wrong.push(("region_code", v.say("invite-region-level")));
    }
    if !row.time_zone.is_empty() && !ZONES.contains(&row.time_zone.as_str()) {
        wrong.push(("time_zone", v.say("invite-zone-wrong")));
    }
    let mut disposes_to: Vec<Pattern> = Vec::new();
    for word in row.disposes_to.split_whitespace() {
        if let Ok(pattern) = word.parse() {
            disposes_to.push(pattern);
        } else {
            let text = v.with("pattern", word.to_owned()).say("authority-wrong");
            wrong.push(("disposes_to", text));
        }
    }
    Some(Profile {
        name: Some(row.name.clone()),
        region,
        disposes_to,
        time_zone: Some(row.time_zone.clone()).filter(|zone| !zone.is_empty()),
        ..Profile::of(id?, kind?)
    })
}
