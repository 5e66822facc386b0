//! Islands that the drawing lacks, or draws with the province beside them: for these it is known by
//! their degrees in which province they lie. It is no list of all islands; of what is neither drawn
//! nor here, no province is told.

use lapor_protocol::region::RegionCode;

/// A part of the sea whose islands all belong to one province (WGS 84, degrees).
struct Isles {
    province: &'static str,
    /// South, north.
    latitudes: (f64, f64),
    /// West, east.
    longitudes: (f64, f64),
}

const fn isles(province: &'static str, latitudes: (f64, f64), longitudes: (f64, f64)) -> Isles {
    Isles {
        province,
        latitudes,
        longitudes,
    }
}

const ALL: [Isles; 20] = [
    // Sabang, Pulo Aceh
    isles("11", (5.62, 6.1), (94.9, 95.5)),
    // Simeulue
    isles("11", (2.25, 3.0), (95.6, 96.6)),
    // Enggano
    isles("17", (-5.6, -5.2), (102.0, 102.5)),
    // Natuna
    isles("21", (2.4, 4.9), (107.6, 109.3)),
    // Anambas
    isles("21", (2.3, 3.6), (105.4, 106.8)),
    // Tambelan
    isles("21", (0.7, 1.2), (106.9, 107.9)),
    // Kepulauan Seribu
    isles("31", (-5.99, -5.2), (106.3, 106.85)),
    // Karimunjawa
    isles("33", (-6.0, -5.7), (110.1, 110.7)),
    // Masalembu
    isles("35", (-5.75, -5.0), (114.2, 114.8)),
    // Panaitan
    isles("36", (-6.72, -6.45), (105.05, 105.3)),
    // Laut Kecil, Matasiri
    isles("63", (-5.2, -4.4), (115.3, 116.6)),
    // Derawan, Maratua
    isles("64", (2.0, 2.45), (118.15, 118.8)),
    // Sangihe, Sitaro, Talaud
    isles("71", (2.0, 5.7), (125.1, 127.3)),
    // Taka Bonerate
    isles("73", (-7.5, -6.2), (120.3, 121.9)),
    // Buton, Muna, Kabaena, Wawonii, Wakatobi
    isles("74", (-6.4, -4.4), (121.7, 124.7)),
    isles("74", (-4.4, -3.9), (122.85, 123.3)),
    // Balabalagan
    isles("76", (-2.8, -2.1), (117.0, 117.9)),
    // Banda
    isles("81", (-4.8, -4.3), (129.5, 130.1)),
    // Ternate, Tidore, Makian, Batang Dua
    isles("82", (0.2, 1.5), (126.2, 127.5)),
    // Gebe
    isles("82", (-0.3, 0.1), (129.2, 129.65)),
];

/// The province of an island that is not drawn where it belongs.
pub fn isle(latitude: f64, longitude: f64) -> Option<RegionCode> {
    let within = |(least, most): (f64, f64), value| (least..=most).contains(&value);
    let mut all = ALL.iter();
    all.find(|isles| within(isles.latitudes, latitude) && within(isles.longitudes, longitude))
        .and_then(|isles| isles.province.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::super::national;
    use super::*;

    #[test]
    fn every_province_of_an_island_is_known() {
        for isles in ALL {
            let code: RegionCode = isles.province.parse().unwrap();
            assert!(national().display_name(&code).is_some(), "{code}");
            let ((south, north), (west, east)) = (isles.latitudes, isles.longitudes);
            assert!(south < north && west < east, "{code}");
        }
    }
}
