//! Institutions as people name them: by id, by the whole name, by words of it. Portal and desk read
//! what was typed by this alone, and ask back among the same choices.
//!
//! Never guesses: where several may be meant, whoever typed it chooses.

use std::collections::BTreeSet;

use lapor_protocol::ids::InstanceId;
use lapor_web::language::{TextId, Voice};
use lapor_web::naming::{begins, has, same, words};
use lapor_web::page::{Choice, Form};

use crate::node::Node;

/// Institutions among which somebody chooses.
const CHOICES: usize = 8;
/// The choice of none of them.
pub const NONE_OF_THEM: &str = "-";

/// An institution with what it is called.
pub type Called = (InstanceId, String);

/// What a name that was typed may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Empty,
    One(Called),
    /// To be chosen from, the likeliest first.
    Some(Vec<Called>),
    None,
}

/// A field that names an institution, and the one in which it is chosen where that was not clear.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    pub typed: &'static str,
    pub chosen: &'static str,
}

/// To whom something goes.
pub const WHOM: Naming = Naming {
    typed: "instansi",
    chosen: "instansi-pilihan",
};

impl Naming {
    /// What the form says. A choice counts among what was typed with it alone.
    pub fn found(self, form: &Form, all: &[Called]) -> Found {
        let several = match found(all, form.text(self.typed)) {
            Found::Some(several) => several,
            clear => return clear,
        };
        let chosen = form.text(self.chosen);
        if chosen == NONE_OF_THEM {
            return Found::None;
        }
        let meant = several.iter().find(|(id, _)| id.as_str() == chosen);
        match meant {
            Some(one) => Found::One(one.clone()),
            None => Found::Some(several),
        }
    }

    /// The institution that the form names, which the field then calls by its name; a complaint where
    /// it is not clear which, and one in the words `unknown` where there is none of the name.
    pub fn read(
        self,
        v: &Voice,
        form: &mut Form,
        all: &[Called],
        unknown: TextId,
    ) -> Option<InstanceId> {
        match self.found(form, all) {
            Found::Empty => None,
            Found::One((id, name)) => {
                form.put(self.typed, name);
                Some(id)
            }
            Found::Some(_) => {
                form.complain(self.typed, v.say("institution-several"));
                None
            }
            Found::None => {
                form.complain(self.typed, v.say(unknown));
                None
            }
        }
    }

    /// What is chosen from, while that has to be asked.
    pub fn choices(self, form: &Form, all: &[Called]) -> Vec<Choice> {
        let Found::Some(several) = self.found(form, all) else {
            return Vec::new();
        };
        let several = several.into_iter();
        several
            .map(|(id, name)| Choice::new(id.as_str(), name))
            .collect()
    }
}

/// All institutions of the directory; our own also as it calls itself.
pub fn all(node: &Node) -> Vec<Called> {
    let directory = node.directory();
    let entries = directory.latest().instances();
    let own = node.instance().ok().cloned();
    let own = own.zip(node.settings().portal.name.clone());
    entries
        .map(|entry| (entry.id.clone(), entry.name.clone()))
        .chain(own)
        .collect()
}

/// Their names, for a list of suggestions.
pub fn names(node: &Node) -> Vec<String> {
    let directory = node.directory();
    let all = directory.latest().instances();
    all.map(|entry| entry.name.clone()).collect()
}

/// The institution of an id or a name, where it is clear which one is meant.
pub fn only(node: &Node, typed: &str) -> Option<InstanceId> {
    match found(&all(node), typed) {
        Found::One((id, _)) => Some(id),
        _ => None,
    }
}

/// What somebody typed: an id or a whole name is taken, and words that one name alone has; several
/// names with these words, or with words that only begin so, are to be chosen from.
pub fn found(all: &[Called], typed: &str) -> Found {
    let typed = typed.trim().to_lowercase();
    if typed.is_empty() {
        return Found::Empty;
    }
    let exact = |(id, name): &&Called| id.as_str() == typed || name.to_lowercase() == typed;
    if let Some(one) = all.iter().find(exact) {
        return Found::One(one.clone());
    }
    let wanted = words(&typed);
    if wanted.is_empty() {
        return Found::None;
    }
    let mut whole = fitting(all, |name| {
        name.len() == wanted.len() && has(name, &wanted, same)
    });
    if whole.is_empty() {
        whole = fitting(all, |name| has(name, &wanted, same));
    }
    if whole.len() == 1 {
        return Found::One(whole.remove(0));
    }
    if whole.is_empty() {
        whole = fitting(all, |name| has(name, &wanted, begins));
    }
    whole.truncate(CHOICES);
    if whole.is_empty() {
        Found::None
    } else {
        Found::Some(whole)
    }
}

/// Those whose name or id has words that fit, each once, the shortest name first.
fn fitting(all: &[Called], fits: impl Fn(&[String]) -> bool) -> Vec<Called> {
    let mut seen = BTreeSet::new();
    let mut fitting: Vec<(usize, &Called)> = Vec::new();
    for one in all {
        let name = words(&one.1);
        if (fits(&name) || fits(&words(one.0.as_str()))) && seen.insert(&one.0) {
            fitting.push((name.len(), one));
        }
    }
    fitting.sort_by_key(|(length, one)| (*length, &one.1));
    fitting.into_iter().map(|(_, one)| one.clone()).collect()
}

/// Several in a line: `A; B`.
pub fn listed(several: &[Called]) -> String {
    let names: Vec<&str> = several.iter().map(|(_, name)| name.as_str()).collect();
    names.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Vec<Called> {
        [
            ("pusat", "Desk Nasional LAPOR!"),
            ("kota-bandung", "Pemerintah Kota Bandung"),
            ("kab-bandung", "Pemerintah Kabupaten Bandung"),
            ("kab-bandung-barat", "Pemerintah Kabupaten Bandung Barat"),
            ("bumn-pln", "PT PLN (Persero)"),
            ("bumn-pelindo", "PT Pelabuhan Indonesia (Persero)"),
            ("kemenpu", "Kementerian Pekerjaan Umum"),
            ("kemenhub", "Kementerian Perhubungan"),
            ("bpjs-kesehatan", "BPJS Kesehatan"),
            ("kemenkes", "Kementerian Kesehatan"),
        ]
        .map(|(id, name)| (id.parse().unwrap(), name.to_owned()))
        .into()
    }

    fn ids(typed: &str) -> String {
        match found(&directory(), typed) {
            Found::Empty => "-".into(),
            Found::One((id, _)) => id.to_string(),
            Found::Some(several) => {
                let ids: Vec<&str> = several.iter().map(|(id, _)| id.as_str()).collect();
                format!("? {}", ids.join(" "))
            }
            Found::None => "none".into(),
        }
    }

    #[test]
    fn a_name_is_taken_where_it_is_clear_and_asked_for_where_it_is_not() {
        for (typed, expected) in [
            (" ", "-"),
            ("kota-bandung", "kota-bandung"),
            ("Pemerintah Kota Bandung", "kota-bandung"),
            ("PLN", "bumn-pln"),
            ("pt pln", "bumn-pln"),
            ("Pemkot Bandung", "kota-bandung"),
            // The whole of one name, and a part of another.
            ("kab. bandung", "kab-bandung"),
            ("bandung", "? kab-bandung kota-bandung kab-bandung-barat"),
            ("kesehatan", "? bpjs-kesehatan kemenkes"),
            ("kementrian perhubungan", "kemenhub"),
            ("pelindo", "bumn-pelindo"),
            // A word that only begins so is asked about, however few there are.
            ("perhub", "? kemenhub"),
            ("kemen", "? kemenkes kemenhub kemenpu"),
            ("pe", "none"),
            ("Dinas Entah", "none"),
            ("dinas bandung", "none"),
            ("!?", "none"),
        ] {
            assert_eq!(ids(typed), expected, "{typed}");
        }
    }

    #[test]
    fn a_choice_counts_for_what_was_typed_with_it() {
        let read = |typed: &str, chosen: &str| {
            let form = Form::of([(WHOM.typed, typed), (WHOM.chosen, chosen)]);
            WHOM.found(&form, &directory())
        };
        let bandung = directory().remove(2);
        assert_eq!(read("bandung", "kab-bandung"), Found::One(bandung));
        assert_eq!(read("bandung", NONE_OF_THEM), Found::None);
        assert!(matches!(read("bandung", "bumn-pln"), Found::Some(_)));
        let pln = directory().remove(4);
        assert_eq!(read("PLN", "kab-bandung"), Found::One(pln));
    }

    #[test]
    fn no_more_are_offered_than_somebody_reads() {
        let many = (0..30).map(|n| {
            let id = format!("kab-{n}").parse().unwrap();
            (id, format!("Pemerintah Kabupaten Nomor {n}"))
        });
        let many: Vec<Called> = many.collect();
        let Found::Some(offered) = found(&many, "nomor") else {
            panic!("several are meant");
        };
        assert_eq!(offered.len(), CHOICES);
    }
}
