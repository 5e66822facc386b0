//! Fields of a form of which there can be many: how many rows are shown, and one more where somebody
//! asks for it. Without script the form is sent for that, and comes back with what was typed.

use std::sync::OnceLock;

use lapor_protocol::limits;
use lapor_web::language::{TextId, Voice};
use lapor_web::page::Form;

use crate::institutions::Naming;

/// The button that asks for one more row says of what.
pub const MORE: &str = "tambah";

/// Institutions that read along with a disposition.
pub static COPIES: Rows = Rows::new("tembusan", limits::COPIES, 1);
/// Which of several each of them is, where that was not clear.
static COPIES_CHOSEN: Rows = Rows::new("tembusan-pilihan", limits::COPIES, 1);
/// Questions of one hold.
pub static QUESTIONS: Rows = Rows::new("tanya", limits::QUESTIONS, 2);
/// How each of them is to be answered, and among what is chosen, a line for each.
pub static FORMS: Rows = Rows::new("bentuk", limits::QUESTIONS, 2);
pub static CHOICES: Rows = Rows::new("pilihan", limits::QUESTIONS, 2);

/// Fields of one kind, numbered from one.
pub struct Rows {
    begin: &'static str,
    most: usize,
    /// How many an empty form shows.
    first: usize,
    names: OnceLock<Vec<&'static str>>,
}

/// The button below rows.
pub struct MoreRows {
    pub of: &'static str,
    pub most: usize,
    pub said: String,
    /// Every row that there can be is shown.
    pub full: bool,
}

/// The fields of all copies that there can be.
pub fn copies() -> Vec<Naming> {
    let chosen = COPIES_CHOSEN.names().iter().copied();
    let both = COPIES.names().iter().copied().zip(chosen);
    both.map(|(typed, chosen)| Naming { typed, chosen })
        .collect()
}

impl Rows {
    const fn new(begin: &'static str, most: usize, first: usize) -> Self {
        Self {
            begin,
            most,
            first,
            names: OnceLock::new(),
        }
    }

    /// The names of all that there can be, `tembusan1` first.
    pub fn names(&self) -> &[&'static str] {
        let name = |place| -> &'static str { format!("{}{place}", self.begin).leak() };
        self.names
            .get_or_init(|| (1..=self.most).map(name).collect())
    }

    /// Those that a form shows: as many as it has, and one more if that was asked for.
    pub fn shown(&self, form: &Form) -> &[&'static str] {
        let names = self.names();
        let has = names.iter().rposition(|name| form.is_ticked(name));
        let had = has.map_or(0, |place| place + 1).max(self.first);
        let asked = usize::from(form.text(MORE) == self.begin);
        &names[..(had + asked).min(self.most)]
    }

    pub fn more(&self, v: &Voice, said: TextId, form: &Form) -> MoreRows {
        MoreRows {
            of: self.begin,
            most: self.most,
            said: v.say(said),
            full: self.shown(form).len() == self.most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_shows_what_it_has_and_one_more_on_demand_up_to_the_limit() {
        let shown = |values: &[(&str, &str)]| {
            let form = Form::of(values.iter().copied());
            COPIES.shown(&form).len()
        };
        assert_eq!(shown(&[]), 1);
        assert_eq!(shown(&[("tembusan1", ""), ("tembusan2", "")]), 2);
        assert_eq!(shown(&[("tembusan4", "pusat")]), 4);
        assert_eq!(shown(&[("tembusan1", ""), (MORE, "tembusan")]), 2);
        assert_eq!(shown(&[("tembusan1", ""), (MORE, "tanya")]), 1);
        assert_eq!(shown(&[("tembusan32", ""), (MORE, "tembusan")]), 32);
        assert_eq!(COPIES.names().len(), limits::COPIES);
        let last = copies()[limits::COPIES - 1];
        assert_eq!(last.typed, "tembusan32");
        assert_eq!(last.chosen, "tembusan-pilihan32");
        assert_eq!(QUESTIONS.names()[19], "tanya20");
    }
}
