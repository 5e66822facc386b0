//! What past dispositions teach: to whom the reports went that are most like this one.
//!
//! Nearest neighbours over stems, weighted by how rare a stem is. Of institutions a role is learnt
//! where it can be one: a street lamp in Bandung says something about a street lamp in Malang.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::knowledge::Role;

/// So many of the likest reports are heard.
const NEIGHBOURS: usize = 8;
/// A report less like than this says nothing.
const LEAST_LIKENESS: f64 = 0.12;
/// Doubt, in units of likeness: one report that is barely alike convinces nobody.
const DOUBT: f64 = 0.35;

/// A report and who took it up: an institution in a role, or a unit.
#[derive(Clone)]
pub struct Example<Who = Role> {
    pub stems: Vec<String>,
    pub who: Who,
}

/// Examples, ready to be asked.
pub struct Past<Who = Role> {
    takers: Vec<Who>,
    rarity: HashMap<String, f64>,
    /// For each stem the examples that have it, with its share in each.
    holders: HashMap<String, Vec<(usize, f64)>>,
}

/// What the past says for one of those who took reports up.
pub struct Lesson {
    /// 0 to 1.
    pub share: f64,
    pub cases: u32,
}

impl<Who> Default for Past<Who> {
    fn default() -> Self {
        Self {
            takers: Vec::new(),
            rarity: HashMap::new(),
            holders: HashMap::new(),
        }
    }
}

impl<Who: Ord + Clone> Past<Who> {
    pub fn of<'a>(examples: impl IntoIterator<Item = &'a Example<Who>> + Clone) -> Self
    where
        Who: 'a,
    {
        let mut past = Self::default();
        let mut counts: HashMap<&str, u32> = HashMap::new();
        let mut number = 0_u32;
        for example in examples.clone() {
            number += 1;
            let own: HashSet<&str> = example.stems.iter().map(String::as_str).collect();
            for stem in own {
                *counts.entry(stem).or_default() += 1;
            }
        }
        past.rarity = counts
            .into_iter()
            .map(|(stem, count)| {
                (
                    stem.to_owned(),
                    (1.0 + f64::from(number) / f64::from(count)).ln(),
                )
            })
            .collect();
        for example in examples {
            let place = past.takers.len();
            past.takers.push(example.who.clone());
            for (stem, share) in past.shares(&example.stems) {
                past.holders.entry(stem).or_default().push((place, share));
            }
        }
        past
    }

    /// What the likest examples say, by who took them up.
    pub fn ask(&self, stems: &[String]) -> BTreeMap<Who, Lesson> {
        let mut likeness: HashMap<usize, f64> = HashMap::new();
        for (stem, share) in self.shares(stems) {
            for (place, other) in self.holders.get(&stem).into_iter().flatten() {
                *likeness.entry(*place).or_default() += share * other;
            }
        }
        let mut nearest: Vec<(usize, f64)> = likeness
            .into_iter()
            .filter(|(_, likeness)| *likeness >= LEAST_LIKENESS)
            .collect();
        nearest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        nearest.truncate(NEIGHBOURS);
        let all: f64 = nearest.iter().map(|(_, likeness)| likeness).sum();
        let mut lessons = BTreeMap::new();
        for (place, likeness) in nearest {
            let lesson = lessons.entry(self.takers[place].clone()).or_insert(Lesson {
                share: 0.0,
                cases: 0,
            });
            lesson.share += likeness / (all + DOUBT);
            lesson.cases += 1;
        }
        lessons
    }

    /// Each known stem with its share, so that the squares of a text sum up to one.
    fn shares(&self, stems: &[String]) -> Vec<(String, f64)> {
        let mut counts: BTreeMap<&String, f64> = BTreeMap::new();
        for stem in stems {
            if let Some(rarity) = self.rarity.get(stem) {
                *counts.entry(stem).or_default() += rarity;
            }
        }
        let length = counts.values().map(|each| each * each).sum::<f64>().sqrt();
        let shares = counts
            .into_iter()
            .map(|(stem, each)| (stem.clone(), each / length));
        shares.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stemming::stems;

    fn example(text: &str, role: Role) -> Example {
        Example {
            stems: stems(text),
            who: role,
        }
    }

    #[test]
    fn what_was_learnt_in_one_place_is_said_of_the_role() {
        let examples = [
            example("lampu taman padam sejak kemarin", Role::Regency),
            example("lampu taman kota padam lagi", Role::Regency),
            example("paspor terlambat terbit", Role::Named("kemenimipas".into())),
        ];
        let lessons = Past::of(&examples).ask(&stems("lampu taman padam"));
        assert_eq!(lessons.keys().collect::<Vec<_>>(), [&Role::Regency]);
        let lesson = &lessons[&Role::Regency];
        assert_eq!(lesson.cases, 2);
        assert!(lesson.share > 0.5 && lesson.share < 1.0, "{}", lesson.share);
    }

    #[test]
    fn nothing_is_learnt_from_nothing() {
        assert!(
            Past::<Role>::default()
                .ask(&stems("lampu padam"))
                .is_empty()
        );
        let strange = [example("paspor", Role::Desk)];
        assert!(Past::of(&strange).ask(&stems("lampu padam")).is_empty());
        assert!(Past::of(&strange).ask(&[]).is_empty());
    }
}
