//! Where something is, in degrees. Whatever tells it (a form, a query, a body of the API, a chat, a city's
//! service, a table, a command, the words of a message) becomes coordinates here and nowhere else, so that
//! whoever holds some holds a place on earth.

use lapor_protocol::kinds::report_filed::{self, MOST_EAST_MICRO, MOST_NORTH_MICRO};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

const MICRO: f64 = 1_000_000.0;

/// A place on earth (WGS 84): `latitude` is -90 to 90, `longitude` -180 to 180.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, try_from = "Told")]
#[schema(as = Degrees)]
pub struct Coordinates {
    latitude: f64,
    longitude: f64,
}

/// No number that equals nothing is one of a place.
impl Eq for Coordinates {}

/// Which of two numbers is none of a place on earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OffEarth {
    #[error("latitude: expected degrees from -90 to 90")]
    Latitude,
    #[error("longitude: expected degrees from -180 to 180")]
    Longitude,
}

/// The two numbers as somebody tells them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    latitude: f64,
    longitude: f64,
}

impl TryFrom<Told> for Coordinates {
    type Error = OffEarth;

    fn try_from(told: Told) -> Result<Self, OffEarth> {
        Self::of(told.latitude, told.longitude)
    }
}

impl OffEarth {
    /// The number that is at fault.
    pub fn field(self) -> &'static str {
        match self {
            Self::Latitude => "latitude",
            Self::Longitude => "longitude",
        }
    }
}

impl Coordinates {
    /// The place of two numbers of degrees.
    ///
    /// # Errors
    /// Says which of them is beyond its bounds, without end, or no number at all.
    pub fn of(latitude: f64, longitude: f64) -> Result<Self, OffEarth> {
        let within = |degrees: f64, most: i32| degrees.abs() <= f64::from(most) / MICRO;
        if !within(latitude, MOST_NORTH_MICRO) {
            return Err(OffEarth::Latitude);
        }
        if !within(longitude, MOST_EAST_MICRO) {
            return Err(OffEarth::Longitude);
        }
        Ok(Self {
            latitude,
            longitude,
        })
    }

    /// The same of two texts with a point before the fraction.
    pub fn read(latitude: &str, longitude: &str) -> Result<Self, OffEarth> {
        let latitude = latitude.parse::<f64>().map_err(|_| OffEarth::Latitude)?;
        let longitude = longitude.parse::<f64>().map_err(|_| OffEarth::Longitude)?;
        Self::of(latitude, longitude)
    }

    /// As a message has them. What is no place on earth there is none here: whoever holds the key of a
    /// case can write anything into its words.
    pub(crate) fn of_message(told: report_filed::Coordinates) -> Option<Self> {
        let degrees = |micro: i64| Some(f64::from(i32::try_from(micro).ok()?) / MICRO);
        let (latitude, longitude) = (told.latitude_micro, told.longitude_micro);
        Self::of(degrees(latitude)?, degrees(longitude)?).ok()
    }

    /// Those that the words of a message tell.
    pub(crate) fn in_words(words: &Value) -> Option<Self> {
        let told = words.get("coordinates")?.clone();
        Self::of_message(serde_json::from_value(told).ok()?)
    }

    pub fn latitude(self) -> f64 {
        self.latitude
    }

    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// As messages have them.
    pub(crate) fn micro(self) -> report_filed::Coordinates {
        let micro = |degrees: f64| (degrees * MICRO).round() as i64;
        report_filed::Coordinates {
            latitude_micro: micro(self.latitude),
            longitude_micro: micro(self.longitude),
        }
    }

    /// The middle of the cell in which it lies; a cell has so many degrees to a side.
    pub(crate) fn middle_of_cell(self, side: f64) -> Self {
        let middle = |degrees: f64, most: i32| {
            let most = f64::from(most) / MICRO;
            (((degrees / side).floor() + 0.5) * side).clamp(-most, most)
        };
        Self {
            latitude: middle(self.latitude, MOST_NORTH_MICRO),
            longitude: middle(self.longitude, MOST_EAST_MICRO),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_number_that_is_none_of_a_place_becomes_coordinates() {
        use OffEarth::{Latitude, Longitude};
        for (latitude, longitude, fault) in [
            ("-6.9175", "107.6191", None),
            ("90", "-180", None),
            ("-90", "180", None),
            ("90.0001", "0", Some(Latitude)),
            ("-91", "181", Some(Latitude)),
            ("0", "-180.0001", Some(Longitude)),
            ("NaN", "107.6", Some(Latitude)),
            ("-6.9", "nan", Some(Longitude)),
            ("inf", "107.6", Some(Latitude)),
            ("-6.9", "-infinity", Some(Longitude)),
            ("1e999", "107.6", Some(Latitude)),
            ("", "107.6", Some(Latitude)),
            ("-6.9", "107,6", Some(Longitude)),
        ] {
            let read = Coordinates::read(latitude, longitude);
            assert_eq!(read.err(), fault, "{latitude} {longitude}");
        }
    }

    #[test]
    fn a_body_and_the_words_of_a_message_are_held_to_the_same_bounds() {
        let body = |latitude: f64| json!({"latitude": latitude, "longitude": 107.6});
        let read = serde_json::from_value::<Coordinates>;
        assert!(read(body(-6.9)).is_ok());
        let refused = read(body(95.0)).unwrap_err().to_string();
        assert_eq!(refused, OffEarth::Latitude.to_string());
        let words = |latitude: i64, longitude: i64| {
            let told = json!({"latitude_micro": latitude, "longitude_micro": longitude});
            Coordinates::in_words(&json!({ "coordinates": told }))
        };
        let told = words(-6_900_000, 107_600_000).unwrap();
        assert_eq!((told.latitude(), told.longitude()), (-6.9, 107.6));
        assert_eq!(told.micro().longitude_micro, 107_600_000);
        for (latitude, longitude) in [
            (90_000_001, 0),
            (0, 180_000_001),
            (2_000_000_000, 107_600_000),
            (i64::MIN, 0),
        ] {
            assert_eq!(words(latitude, longitude), None, "{latitude} {longitude}");
        }
    }

    #[test]
    fn the_middle_of_a_cell_is_on_earth_too() {
        let corner = Coordinates::of(90.0, 180.0).unwrap().middle_of_cell(0.005);
        assert_eq!(corner, Coordinates::of(90.0, 180.0).unwrap());
        let near = Coordinates::of(-6.9042, 107.6408).unwrap();
        let middle = near.middle_of_cell(0.005);
        assert!((middle.latitude() + 6.9025).abs() < 1e-9);
        assert!((middle.longitude() - 107.6425).abs() < 1e-9);
    }
}
