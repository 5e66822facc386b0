//! Which passwords may be chosen: length, nothing personal, not easily guessed
//! (NIST SP 800-63B, 5.1.1.2: a minimum length and a list, no rules about kinds
//! of characters, no expiry). The password itself is never kept or printed.

use std::fmt;

use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use super::error::Weakness;

/// Characters of a password, at least.
pub const SHORTEST: usize = 12;
/// Characters of a password, at most: more costs time and adds nothing.
pub const LONGEST: usize = 200;
/// Words that everybody would try first at this program.
const OBVIOUS: [&str; 12] = [
    "lapor",
    "laporan",
    "pengaduan",
    "aduan",
    "indonesia",
    "merdeka",
    "garuda",
    "pancasila",
    "rahasia",
    "katasandi",
    "katakunci",
    "sandi",
];

/// What somebody typed as a password.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// Whether somebody may choose this password. `personal` is what belongs to
/// them: name, address, institution.
pub fn check(password: &Password, personal: &[&str]) -> Result<(), Weakness> {
    let text = password.reveal();
    let characters = text.chars().count();
    if characters < SHORTEST {
        return Err(Weakness::Short);
    }
    if characters > LONGEST {
        return Err(Weakness::Long);
    }
    let own = parts(personal);
    let rest = own
        .iter()
        .fold(text.to_lowercase(), |rest, part| rest.replace(part, ""));
    if rest.chars().count() < SHORTEST / 2 {
        return Err(Weakness::Personal);
    }
    let known: Vec<&str> = own.iter().map(String::as_str).chain(OBVIOUS).collect();
    match zxcvbn(text, &known).score() {
        Score::Three | Score::Four => Ok(()),
        _ => Err(Weakness::Guessable),
    }
}

/// The words of what is personal, longest first, so that a long one is not
/// broken by a short one within it.
fn parts(personal: &[&str]) -> Vec<String> {
    let mut parts: Vec<String> = personal
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .filter(|part| part.chars().count() >= 3)
        .map(str::to_lowercase)
        .collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    parts.dedup();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_judged_by_how_they_are_guessed() {
        let personal = ["Siti Aminah", "siti@bandung.go.id", "Kota Bandung"];
        let judged = |text: &str| check(&text.into(), &personal);
        for good in [
            "kuda baterai staples betul",
            "vR7-pq2!mZxx",
            "gerimis tujuh kelapa sepeda",
        ] {
            assert_eq!(judged(good), Ok(()), "{good}");
        }
        let long = "x".repeat(LONGEST + 1);
        for (bad, why) in [
            ("pendek", Weakness::Short),
            (&*long, Weakness::Long),
            ("SitiAminah12", Weakness::Personal),
            ("bandung-siti-1", Weakness::Personal),
            ("password1234", Weakness::Guessable),
            ("qwertyuiop12", Weakness::Guessable),
            ("aaaaaaaaaaaaaaaa", Weakness::Guessable),
            ("rahasiarahasia", Weakness::Guessable),
            ("laporindonesia", Weakness::Guessable),
        ] {
            assert_eq!(judged(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn a_password_never_prints_itself() {
        assert_eq!(format!("{:?}", Password::from("gerimis tujuh")), "Password");
    }
}
