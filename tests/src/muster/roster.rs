//! Who is in the federation: institutions of the country with their names and
//! regions, out of the registry that the demo plays with.

use anyhow::{Context as _, Result, ensure};
use lapor_hub::membership::Profile;
use lapor_protocol::ids::InstanceKind;
use lapor_protocol::region::RegionCode;

use crate::demo::cast::{DESK, REGISTRY};

/// The province that is cut off: small, so that even a small federation has all of it.
pub const PROVINCE: &str = "36";

/// Institutions of a fleet, at least: the desk, the province that is cut off, and of the others so
/// many that each trouble has one of its own.
pub const LEAST: usize = 21;

/// The desk, the province that is cut off, and of all others as many as are
/// wanted, from every part of the registry.
pub fn profiles(count: usize) -> Result<Vec<Profile>> {
    let mut rows = csv::Reader::from_reader(REGISTRY.as_bytes());
    let rows: Vec<csv::StringRecord> = rows.records().collect::<Result<_, _>>()?;
    let all: Vec<Profile> = rows.iter().map(profile).collect::<Result<_>>()?;
    ensure!(
        count <= all.len(),
        "the registry has {} institutions",
        all.len()
    );
    let (first, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|one| one.id.as_str() == DESK || is_within(one.region.as_ref()));
    ensure!(count >= LEAST, "a fleet has at least {LEAST} institutions");
    let (wanted, known) = (count - first.len(), others.len());
    let chosen = others
        .into_iter()
        .enumerate()
        .filter(|(at, _)| (at + 1) * wanted / known > at * wanted / known)
        .map(|(_, one)| one);
    Ok(first.into_iter().chain(chosen).collect())
}

/// Whether an institution is one of those that are cut off.
pub fn is_within(region: Option<&RegionCode>) -> bool {
    let province = region.and_then(|code| code.as_str().split('.').next());
    province == Some(PROVINCE)
}

fn profile(row: &csv::StringRecord) -> Result<Profile> {
    let field = |at: usize| row.get(at).context("a row of the registry is too short");
    let kind: InstanceKind = field(1)?.parse()?;
    let region = field(4)?;
    let region = Some(region).filter(|code| !code.is_empty());
    let disposes_to = match kind {
        InstanceKind::Pusat => vec!["*".to_owned()],
        InstanceKind::Provinsi => region
            .iter()
            .map(|code| format!("region:{code}.*"))
            .collect(),
        _ => Vec::new(),
    };
    Ok(Profile {
        name: Some(field(2)?.to_owned()),
        region: region.map(str::parse).transpose()?,
        disposes_to: disposes_to
            .iter()
            .map(|pattern| pattern.parse())
            .collect::<Result<_, _>>()?,
        approved: true,
        ..Profile::of(field(0)?.parse()?, kind)
    })
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::super::trouble::Trouble;
    use super::*;

    #[test]
    fn a_small_fleet_has_the_desk_the_whole_province_and_others_from_everywhere() {
        let all = profiles(700).unwrap();
        let few = profiles(30).unwrap();
        assert_eq!((all.len(), few.len()), (700, 30));
        let within = |of: &[Profile]| {
            of.iter()
                .filter(|one| is_within(one.region.as_ref()))
                .count()
        };
        assert_eq!(within(&few), within(&all));
        let least = profiles(LEAST).unwrap();
        let beyond = least.len() - within(&least) - 1;
        let troubles = Trouble::value_variants().len();
        assert!(
            beyond > troubles,
            "{beyond} beside the desk, {troubles} troubles"
        );
        assert!(profiles(LEAST - 1).is_err());
        assert!(few.iter().any(|one| one.id.as_str() == DESK));
        let kinds: std::collections::BTreeSet<_> =
            few.iter().map(|one| one.kind.as_str()).collect();
        assert!(kinds.len() > 4, "{kinds:?}");
    }
}
