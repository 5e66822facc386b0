//! From the fields of the form to a report: every field is judged, and what is
//! wrong stands beside it in the visitor's language.

use chrono::NaiveDate;
use lapor_protocol::kinds::{Classification, ProgrammeRef};
use lapor_protocol::region::RegionCode;
use lapor_web::ApiProblem;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::Form;

use super::whom::{ask_openness, clearly_excluded, excluded, is_secret, whom, with_unknown};
use crate::api::problem;
use crate::casework::{Coordinates, NewReport, OffEarth, Reporter};
use crate::hints::{Matter, Sketch};
use crate::node::Node;
use crate::place;
use crate::portal::programmes;
use crate::regions::{self, RegionMatch};
use crate::reporters::reaches;
use crate::taxonomy::Chosen;

/// Characters of the title.
pub const TITLE: usize = 150;
/// Characters of the content, which in bytes must fit into a sealed message.
pub const CONTENT: usize = 10_000;
/// Characters of a line.
pub const LINE: usize = 200;
/// The fields of the coordinates.
const LATITUDE: &str = "lintang";
const LONGITUDE: &str = "bujur";
/// Says that region and coordinates are both right, though they lie apart.
pub const APART: &str = "wilayah-beda";
/// The region and coordinates of which that was asked.
pub const APART_PAIR: &str = "wilayah-beda-untuk";
/// Regions among which somebody chooses.
const REGIONS: usize = 6;

/// A report that can be filed.
pub struct Draft {
    pub report: NewReport,
    /// Whether the reporter wants to be told by e-mail.
    pub notify: bool,
}

impl Draft {
    /// The report in a form, or complaints in it.
    pub async fn read(node: &Node, v: &Voice, form: &mut Form) -> Result<Option<Self>, ApiProblem> {
        let classification = classification(form.text("klasifikasi"));
        if classification.is_none() {
            form.complain("klasifikasi", v.say("filing-choose-kind"));
        }
        form.required(v, "judul");
        form.required(v, "uraian");
        let title = form.at_most(v, "judul", TITLE);
        let content = form.at_most(v, "uraian", CONTENT);
        // In the order of the page, which is that of the complaints.
        let region = region(v, form);
        let place = form.at_most(v, "tempat", LINE);
        let coordinates = coordinates(v, form);
        let incident_date = incident_date(v, form);
        let chosen = category(node, v, form).await?;
        let (suggested, unknown) = whom(node, v, form);
        let reporter = reporter(v, form);
        let notify = form.is_ticked("kabari");
        if notify && form.text("surel").is_empty() {
            form.complain("surel", v.say("filing-notify-needs-email"));
        }
        let excluded = excluded(
            node,
            v,
            form,
            suggested.as_ref(),
            text_id("filing-excludes-us"),
        );
        ask_openness(v, form, &excluded);
        let report = NewReport {
            classification: classification.unwrap_or(Classification::Complaint),
            title,
            content: with_unknown(v, content, unknown),
            category: chosen.as_ref().map(|one| one.national().clone()),
            region: agreed(v, form, region, coordinates),
            place: Some(place).filter(|place| !place.is_empty()),
            coordinates,
            incident_date,
            anonymous: form.is_ticked("anonim"),
            secret: is_secret(form),
            channel: "web".into(),
            excluded,
            suggested,
            programme: programme(node, v, form).await?,
            attachments: Vec::new(),
            reporter: Some(reporter).filter(|told| *told != Reporter::default()),
            own_number: None,
            local_category: chosen.as_ref().and_then(Chosen::local).map(str::to_owned),
        };
        Ok(form.is_fine().then_some(Self { report, notify }))
    }

    pub fn sketch(&self) -> Sketch {
        Sketch {
            title: self.report.title.clone(),
            content: self.report.content.clone(),
            region: self.report.region.clone(),
            coordinates: self.report.coordinates,
        }
    }

    /// Where the reporter can be reached, for counting reports from one hand.
    pub fn contact(&self) -> Option<String> {
        let told = self.report.reporter.as_ref()?;
        told.email.clone().or_else(|| told.phone.clone())
    }
}

/// What is known while the form is filled in; what cannot be read yet is left out.
pub fn sketch(form: &Form) -> Sketch {
    Sketch {
        title: form.text("judul").chars().take(TITLE).collect(),
        content: form.text("uraian").chars().take(CONTENT).collect(),
        region: match find_region(form) {
            Found::One(code) => Some(code),
            _ => None,
        },
        coordinates: degrees(form).ok().flatten(),
    }
}

/// The same, for whom it may concern.
pub async fn matter(node: &Node, form: &Form) -> Result<Matter, ApiProblem> {
    let sketch = sketch(form);
    let chosen = node.chosen_category(form.text("kategori")).await;
    let chosen = chosen.map_err(|e| problem(&e))?;
    let place = form.text("tempat");
    Ok(Matter {
        title: sketch.title,
        content: sketch.content,
        place: (!place.is_empty()).then(|| place.chars().take(LINE).collect()),
        category: chosen.map(|one| one.national().clone()),
        region: sketch.region,
        excluded: clearly_excluded(node, form),
        ..Matter::default()
    })
}

/// The kinds of a report, as the form and the list of reports name them.
pub const KINDS: [(Classification, &str); 3] = [
    (Classification::Complaint, "pengaduan"),
    (Classification::InformationRequest, "informasi"),
    (Classification::Aspiration, "aspirasi"),
];

pub fn classification(value: &str) -> Option<Classification> {
    let known = KINDS.into_iter().find(|(_, name)| *name == value);
    known.map(|(kind, _)| kind)
}

/// What a typed region may be.
pub enum Found {
    Empty,
    One(RegionCode),
    /// To be chosen from.
    Some(Vec<RegionMatch>),
    None,
}

/// The region that was typed, as far as it is clear which one is meant.
pub fn find_region(form: &Form) -> Found {
    let typed = form.text("wilayah");
    if typed.is_empty() {
        return Found::Empty;
    }
    let found = regions::national().search(typed, REGIONS);
    let wanted = typed.to_lowercase();
    let chosen = form.text("wilayah-pilihan");
    let meant = found.iter().find(|region| {
        chosen == region.code.as_str()
            || region.code.as_str() == typed
            || regions::national()
                .display_name(&region.code)
                .is_some_and(|name| name.to_lowercase() == wanted)
    });
    match (meant, &found[..]) {
        (Some(region), _) => Found::One(region.code.clone()),
        (None, []) => Found::None,
        (None, [only]) => Found::One(only.code.clone()),
        (None, _) => Found::Some(found),
    }
}

/// The programme that a form names, with its name.
pub async fn named_programme(
    node: &Node,
    form: &Form,
) -> Result<Option<(ProgrammeRef, String)>, ApiProblem> {
    let Some(programme) = programmes::named(form.text("program")) else {
        return Ok(None);
    };
    let name = programmes::name(node, &programme).await?;
    Ok(name.map(|name| (programme, name)))
}

pub async fn programme(
    node: &Node,
    v: &Voice,
    form: &mut Form,
) -> Result<Option<ProgrammeRef>, ApiProblem> {
    let named = named_programme(node, form).await?;
    if named.is_none() && !form.text("program").is_empty() {
        form.complain("program", v.say("filing-no-programme"));
    }
    Ok(named.map(|(programme, _)| programme))
}

fn region(v: &Voice, form: &mut Form) -> Option<RegionCode> {
    match find_region(form) {
        Found::Empty => None,
        Found::One(code) => Some(code),
        Found::Some(_) => {
            form.complain("wilayah", v.say("filing-choose-region"));
            None
        }
        Found::None => {
            form.complain("wilayah", v.say("filing-no-region"));
            None
        }
    }
}

async fn category(node: &Node, v: &Voice, form: &mut Form) -> Result<Option<Chosen>, ApiProblem> {
    let text = form.text("kategori").to_owned();
    if text.is_empty() {
        return Ok(None);
    }
    let category = node.chosen_category(&text).await;
    let category = category.map_err(|e| problem(&e))?;
    if category.is_none() {
        form.complain("kategori", v.say("filing-no-category"));
    }
    Ok(category)
}

/// The region of a report: as it was told, as long as the coordinates may lie in it or whoever
/// reports says that both are right; by the coordinates where no region was told and they leave no
/// doubt. What somebody said to be right is that pair and no other.
pub fn agreed(
    v: &Voice,
    form: &mut Form,
    region: Option<RegionCode>,
    coordinates: Option<Coordinates>,
) -> Option<RegionCode> {
    let asked = form.text(APART_PAIR).to_owned();
    form.remove(APART_PAIR);
    let Some(at) = coordinates else {
        return region;
    };
    let spot = place::spot(at.latitude(), at.longitude());
    let Some(told) = region else {
        return spot
            .sure_province()
            .filter(|_| form.text("wilayah").is_empty());
    };
    let apart = !spot.may_lie_in(&told);
    let pair = format!("{told} {} {}", at.latitude(), at.longitude());
    let meant = form.is_ticked(APART) && (asked.is_empty() || asked == pair);
    if !meant {
        form.remove(APART);
    }
    if apart {
        form.put(APART_PAIR, &pair);
    }
    if apart && !meant {
        let name = regions::national().display_name(&told);
        let said = v
            .with("region", name.unwrap_or_default())
            .with("place", spot.words(v))
            .say("filing-place-apart");
        form.complain("wilayah", said);
    }
    Some(told)
}

fn reporter(v: &Voice, form: &mut Form) -> Reporter {
    let name = form.at_most(v, "nama", LINE);
    let (email, phone) = (
        form.text("surel").to_owned(),
        form.text("telepon").to_owned(),
    );
    let mailed = email.contains('@') && reaches(&email);
    if !email.is_empty() && !mailed {
        form.complain("surel", v.say("filing-email-unusable"));
    }
    if !phone.is_empty() && (phone.contains('@') || !reaches(&phone)) {
        form.complain("telepon", v.say("filing-phone-unusable"));
    }
    let told = |text: String| Some(text).filter(|text| !text.is_empty());
    Reporter {
        name: told(name),
        email: told(email),
        phone: told(phone),
        address: None,
    }
}

fn incident_date(v: &Voice, form: &mut Form) -> Option<String> {
    let date: NaiveDate = form.parsed("tanggal", v.say("filing-date-unusable"))?;
    let date = date.to_string();
    if date > today(v) {
        form.complain("tanggal", v.say("filing-date-ahead"));
        return None;
    }
    Some(date)
}

/// `YYYY-MM-DD` where the institution is.
fn today(v: &Voice) -> String {
    let mut now = v.machine_time(v.now_ms());
    now.truncate("YYYY-MM-DD".len());
    now
}

pub fn coordinates(v: &Voice, form: &mut Form) -> Option<Coordinates> {
    match degrees(form) {
        Ok(place) => place,
        Err(field) => {
            form.complain(field, v.say("filing-coordinates-unusable"));
            None
        }
    }
}

/// Both or neither; the field that cannot be used.
pub fn degrees(form: &Form) -> Result<Option<Coordinates>, &'static str> {
    let typed = [LATITUDE, LONGITUDE].map(|field| form.text(field).replace(',', "."));
    let [latitude, longitude] = &typed;
    if latitude.is_empty() && longitude.is_empty() {
        return Ok(None);
    }
    let read = Coordinates::read(latitude, longitude);
    read.map(Some).map_err(|off| match off {
        OffEarth::Latitude => LATITUDE,
        OffEarth::Longitude => LONGITUDE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region_of(typed: &str, chosen: &str) -> String {
        let form = Form::of([("wilayah", typed), ("wilayah-pilihan", chosen)]);
        match find_region(&form) {
            Found::Empty => "-".into(),
            Found::One(code) => code.to_string(),
            Found::Some(found) => format!("{} regions", found.len()),
            Found::None => "none".into(),
        }
    }

    #[test]
    fn a_region_is_taken_where_it_is_clear_and_asked_for_where_it_is_not() {
        for (typed, chosen, expected) in [
            ("", "", "-"),
            ("Kota Bandung, Jawa Barat", "", "32.73"),
            ("kota bandung, jawa barat", "", "32.73"),
            ("32.73", "", "32.73"),
            ("xyzzyq", "", "none"),
            ("bandung", "32.04", "32.04"),
            // Chosen for what was typed before.
            ("garut", "32.04", "32.05"),
        ] {
            assert_eq!(region_of(typed, chosen), expected, "{typed} {chosen}");
        }
        assert!(region_of("bandung", "").ends_with("regions"));
    }

    #[test]
    fn coordinates_are_two_numbers_on_earth_or_none() {
        let read = |latitude: &str, longitude: &str| {
            let form = Form::of([("lintang", latitude), ("bujur", longitude)]);
            degrees(&form).map(|place| place.map(|place| (place.latitude(), place.longitude())))
        };
        assert_eq!(read("-6,9175", "107.6191"), Ok(Some((-6.9175, 107.6191))));
        assert_eq!(read("", ""), Ok(None));
        assert_eq!(read("-6.9", ""), Err("bujur"));
        assert_eq!(read("", "107"), Err("lintang"));
        assert_eq!(read("91", "107"), Err("lintang"));
        assert_eq!(read("NaN", "107"), Err("lintang"));
        assert_eq!(read("6", "inf"), Err("bujur"));
    }
}
