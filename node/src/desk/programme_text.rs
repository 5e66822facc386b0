//! The text of a programme as a form of the desk: filled in, read, and laid beside what somebody
//! else has published since it was opened.

use chrono::NaiveDate;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::Form;

use crate::casework::Coordinates;
use crate::portal::filing;
use crate::publishing::{NewProgramme, ProgrammeView};
use crate::regions;

/// As the kind limits them.
pub const NAME_CHARS: usize = 200;
pub const TEXT_CHARS: usize = 10_000;
/// The message on which the text is written.
const BASE: &str = "dasar";
/// What a person writes, in the order of the form.
const FIELDS: [(&str, TextId); 8] = [
    ("nama", text_id("programme-name")),
    ("uraian", text_id("programme-about")),
    ("wilayah", text_id("reading-region")),
    ("lintang", text_id("filing-latitude")),
    ("bujur", text_id("filing-longitude")),
    ("anggaran", text_id("programme-budget")),
    ("mulai", text_id("programme-start")),
    ("selesai", text_id("programme-end")),
];

/// The form of a programme as it is.
pub fn of(v: &Voice, view: &ProgrammeView) -> Form {
    let text = &view.programme.published;
    let region = text.region.as_ref();
    let region = region.and_then(|code| regions::national().display_name(code));
    let place = text.coordinates.and_then(Coordinates::of_message);
    let base = view.latest().map(|message| message.to_string());
    let known = [
        (BASE, base),
        ("nama", Some(text.name.clone())),
        ("wilayah", region),
        ("lintang", place.map(|at| at.latitude().to_string())),
        ("bujur", place.map(|at| at.longitude().to_string())),
        ("anggaran", text.budget_idr.map(|rupiah| v.number(rupiah))),
        ("mulai", text.start.clone()),
        ("selesai", text.end.clone()),
        ("uraian", Some(text.description.clone())),
    ];
    Form::of(known.map(|(field, value)| (field, value.unwrap_or_default())))
}

/// Reads the form; `None` once it has complained.
pub fn read(v: &Voice, slug: String, form: &mut Form) -> Option<NewProgramme> {
    form.required(v, "nama");
    let name = form.at_most(v, "nama", NAME_CHARS);
    form.required(v, "uraian");
    let description = form.at_most(v, "uraian", TEXT_CHARS);
    let typed = form.text("wilayah");
    let region = regions::national().meant(typed);
    if region.is_none() && !typed.is_empty() {
        form.complain("wilayah", v.say("reading-region-unknown"));
    }
    let coordinates = filing::coordinates(v, form);
    // People write the thousands apart.
    let budget: String = form
        .text("anggaran")
        .chars()
        .filter(|c| !" .,".contains(*c))
        .collect();
    let budget_idr = Some(budget)
        .filter(|text| !text.is_empty())
        .map(|text| text.parse::<i64>());
    if budget_idr
        .as_ref()
        .is_some_and(|read| !read.as_ref().is_ok_and(|n| *n >= 0))
    {
        form.complain("anggaran", v.say("programme-budget-unusable"));
    }
    let start: Option<NaiveDate> = form.parsed("mulai", v.say("reading-day-unusable"));
    let end: Option<NaiveDate> = form.parsed("selesai", v.say("reading-day-unusable"));
    if let (Some(start), Some(end)) = (start, end)
        && end < start
    {
        form.complain("selesai", v.say("programme-ends-early"));
    }
    form.is_fine().then(|| NewProgramme {
        slug,
        name,
        region,
        budget_idr: budget_idr.and_then(Result::ok),
        start: start.map(|day| day.to_string()),
        end: end.map(|day| day.to_string()),
        description,
        pictures: None,
        coordinates,
        base: form.text(BASE).parse().ok(),
    })
}

/// Where a programme says something else now than a form that was written before: what, and what
/// it says. The form then counts as written on what holds now.
pub fn meanwhile(v: &Voice, now: &Form, written: &mut Form) -> Vec<(String, String)> {
    let other = FIELDS.iter().filter(|(field, _)| {
        let plain = |form: &Form| form.text(field).replace([' ', '.', ','], "");
        plain(now) != plain(written)
    });
    let other = other.map(|(field, label)| {
        let words = match now.text(field) {
            "" => v.say("programme-changed-empty"),
            words => words.to_owned(),
        };
        (v.say(*label), words)
    });
    let other = other.collect();
    written.put(BASE, now.text(BASE));
    other
}
