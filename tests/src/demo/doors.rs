//! At which node a citizen files: the door that channel and place suggest.
//!
//! SMS 1708, X and the Facebook page belong to the national desk. A web form,
//! a WhatsApp number or a counter is that of the government of the place, if
//! it has joined; otherwise the national web site takes the report in.

use super::cast::DESK;
use super::reports::Report;

/// Regions whose government has joined, the narrower first.
const PLACES: [(&str, &str); 3] = [
    ("32.73", "kota-bandung"),
    ("36.71", "kota-tangerang"),
    ("32", "prov-jawa-barat"),
];

/// The slug of the node where the report is filed.
pub fn door(report: &Report) -> &'static str {
    door_of(&report.channel, &report.region_code)
}

fn door_of(channel: &str, region: &str) -> &'static str {
    if matches!(channel, "sms" | "x" | "facebook") {
        return DESK;
    }
    let within = |code: &str| {
        let rest = region.strip_prefix(code);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let place = PLACES.iter().find(|(code, _)| within(code));
    place.map_or(DESK, |(_, slug)| slug)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::cast::member_of;

    #[test]
    fn channel_and_place_choose_the_door() {
        for (channel, region, slug) in [
            ("web", "32.73", "kota-bandung"),
            ("whatsapp", "32.73", "kota-bandung"),
            ("walk_in", "32.73.01", "kota-bandung"),
            ("sms", "32.73", "pusat"),
            ("x", "36.71", "pusat"),
            ("facebook", "32.04", "pusat"),
            ("web", "32.04", "prov-jawa-barat"),
            ("web", "32", "prov-jawa-barat"),
            ("web", "36.71", "kota-tangerang"),
            ("web", "36.03", "pusat"),
            ("web", "11.16", "pusat"),
            ("web", "3273", "pusat"),
            ("web", "", "pusat"),
        ] {
            assert_eq!(door_of(channel, region), slug, "{channel} {region}");
            assert!(member_of(slug).is_some());
        }
    }

    #[test]
    fn several_nodes_take_reports_in() {
        let reports = crate::demo::reports::all().unwrap();
        let doors: std::collections::BTreeSet<_> = reports.iter().map(door).collect();
        let expected = ["kota-bandung", "kota-tangerang", "prov-jawa-barat", "pusat"];
        assert_eq!(doors.into_iter().collect::<Vec<_>>(), expected);
    }
}
