//! What a case said of itself when the form that corrects it was opened: whoever sends the form undoes
//! nothing that somebody else has corrected meanwhile without reading of it.

use lapor_protocol::ids::Digest;
use lapor_web::language::Voice;
use lapor_web::page::Form;

use super::choosing::Choosing;
use super::deed_form::{Part, first_form, parts};
use super::deeds::Deed;
use crate::casework::CaseView;

/// The field with the mark of what the case said.
pub const STOOD: &str = "keadaan-semula";

/// Fields that correct a case; the last is not always asked.
const FIELDS: [&str; 6] = [
    "judul",
    "jenis",
    "pengawasan",
    "kategori",
    "wilayah",
    REPRESENTED,
];
const REPRESENTED: &str = "atas-nama";

/// A mark of what the case says now.
pub fn mark(view: &CaseView, choosing: &Choosing) -> String {
    mark_of(&first(view, choosing), choosing)
}

/// Where the case says something else now than a form that was opened when it said yet another thing:
/// what, and what it says. The form then counts as written on what the case says now. `None` where
/// nothing that somebody else has corrected would be undone.
pub fn meanwhile(
    v: &Voice,
    (view, choosing): (&CaseView, &Choosing),
    written: &mut Form,
) -> Option<Vec<(String, String)>> {
    let now = first(view, choosing);
    let (stood, stands) = (written.text(STOOD), mark_of(&now, choosing));
    if stood.is_empty() || stood == stands {
        return None;
    }
    let asked = parts(v, Deed::Verify, &now, choosing).into_iter();
    let other: Vec<(String, String)> = asked
        .filter_map(|part| {
            let (field, ticked) = match part {
                Part::Line(field) | Part::OneOf(field) | Part::List(field) => (field, None),
                Part::Tick(field) => {
                    let ticked = now.is_ticked(field.name);
                    (field, Some(ticked))
                }
                _ => return None,
            };
            let said = now.text(field.name);
            if written.text(field.name) == said {
                return None;
            }
            let mut choices = field.choices.iter();
            let words = match (ticked, said) {
                (Some(true), _) => v.say("yes"),
                (Some(false), _) => v.say("no"),
                (None, "") => v.say("form-changed-empty"),
                (None, said) => choices
                    .find(|choice| choice.value == said)
                    .map_or_else(|| said.to_owned(), |choice| choice.label.clone()),
            };
            Some((field.label, words))
        })
        .collect();
    written.put(STOOD, stands);
    (!other.is_empty()).then_some(other)
}

fn first(view: &CaseView, choosing: &Choosing) -> Form {
    first_form(Deed::Verify, view, choosing, "", None)
}

fn mark_of(form: &Form, choosing: &Choosing) -> String {
    let asked = |field: &&&str| **field != REPRESENTED || !choosing.represented.is_empty();
    let said = FIELDS.iter().filter(asked).map(|field| form.text(field));
    let said: Vec<&str> = said.collect();
    Digest::of(said.join("\n").as_bytes()).to_hex()
}
