//! Who plays: the nine institutions that join, and what the hub grants them.
//! Their names and regions stand in the registry, `tests/data/instances.csv`.

/// The national desk.
pub const DESK: &str = "pusat";
/// Of all supervisors the one that escalations go to.
pub const SUPERVISOR: &str = "ombudsman";
/// Every institution of the country by name.
pub const REGISTRY: &str = include_str!("../../data/instances.csv");
/// Development programmes of all institutions; each publishes its own.
pub const PROGRAMMES: &str = include_str!("../../data/programmes.csv");

/// An institution that joins with a node of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub slug: &'static str,
    pub kind: &'static str,
    /// Whom it may dispose to, beside what its kind gives it.
    pub disposes_to: &'static [&'static str],
}

const fn member(slug: &'static str, kind: &'static str) -> Member {
    Member {
        slug,
        kind,
        disposes_to: &[],
    }
}

/// The province is a desk of its own for what lies below it.
pub const MEMBERS: [Member; 9] = [
    member(DESK, "pusat"),
    Member {
        slug: "prov-jawa-barat",
        kind: "provinsi",
        disposes_to: &["region:32.*"],
    },
    member("kota-bandung", "kota"),
    member("kota-tangerang", "kota"),
    member("kemenpu", "kementerian"),
    member("kemensos", "kementerian"),
    member("kemenhub", "kementerian"),
    member("bumn-pln", "bumn"),
    member(SUPERVISOR, "pengawas"),
];

/// The member of that slug.
pub fn member_of(slug: &str) -> Option<&'static Member> {
    MEMBERS.iter().find(|member| member.slug == slug)
}

/// What people call an institution; whoever is not in the registry, by its slug.
pub fn name_of(slug: &str) -> String {
    let mut rows = csv::Reader::from_reader(REGISTRY.as_bytes());
    let mut rows = rows.records().filter_map(Result::ok);
    let row = rows.find(|row| row.get(0) == Some(slug));
    let name = row.as_ref().and_then(|row| row.get(2));
    name.unwrap_or(slug).to_owned()
}

/// Whether the directory lets `from` dispose of a report to `to`. Of the
/// members, Kota Bandung is the one below the province.
pub fn may_dispose(from: &str, to: &str) -> bool {
    from == DESK || (from == "prov-jawa-barat" && to == "kota-bandung")
}

#[cfg(test)]
mod tests {
    use lapor_protocol::authority::Pattern;
    use lapor_protocol::ids::{InstanceId, InstanceKind};
    use lapor_protocol::region::RegionCode;

    use super::*;

    fn registry() -> Vec<(InstanceId, InstanceKind, Option<RegionCode>)> {
        let mut rows = csv::Reader::from_reader(REGISTRY.as_bytes());
        rows.records()
            .map(|row| {
                let row = row.unwrap();
                let region = Some(&row[4]).filter(|code| !code.is_empty());
                let region = region.map(|code| code.parse().unwrap());
                (row[0].parse().unwrap(), row[1].parse().unwrap(), region)
            })
            .collect()
    }

    #[test]
    fn the_registry_knows_every_player_by_the_same_kind() {
        let registry = registry();
        let kind_of = |slug: &str| {
            let found = registry.iter().find(|(id, ..)| id.as_str() == slug);
            found
                .unwrap_or_else(|| panic!("{slug} is not in the registry"))
                .1
        };
        for member in MEMBERS {
            assert_eq!(
                kind_of(member.slug).as_str(),
                member.kind,
                "{}",
                member.slug
            );
        }
        assert_eq!(kind_of(SUPERVISOR), InstanceKind::Pengawas);
    }

    #[test]
    fn every_institution_is_called_by_its_name() {
        for (slug, ..) in registry() {
            let name = name_of(slug.as_str());
            assert!(
                name.contains(char::is_uppercase) && !name.contains('"'),
                "{slug}: {name}"
            );
        }
        assert_eq!(name_of("bpkn"), "Badan Perlindungan Konsumen Nasional");
        assert_eq!(name_of("nobody"), "nobody");
    }

    #[test]
    fn what_the_plans_take_for_granted_is_what_the_hub_grants() {
        let registry = registry();
        for from in MEMBERS.iter().filter(|member| member.slug != DESK) {
            let granted: Vec<Pattern> = from
                .disposes_to
                .iter()
                .map(|p| p.parse().unwrap())
                .collect();
            for (to, kind, region) in registry
                .iter()
                .filter(|(id, ..)| member_of(id.as_str()).is_some())
            {
                let covered = granted.iter().any(|p| p.covers(to, *kind, region.as_ref()));
                assert_eq!(
                    may_dispose(from.slug, to.as_str()),
                    covered,
                    "{} {to}",
                    from.slug
                );
            }
        }
    }
}
