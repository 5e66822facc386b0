//! What the columns of a register are. A heading is known by its words, as institutions write it in
//! Indonesian or English; what is not known is left out, and a person can say what it is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::gathered::{ABOVE, Row};

/// Headings by which each is known, beside its name.
const HEADINGS: [(Field, &[&str]); 16] = [
    (
        Field::Number,
        &[
            "nomor register",
            "no register",
            "nomor registrasi",
            "no registrasi",
            "no reg",
            "nomor aduan",
            "no aduan",
            "nomor pengaduan",
            "no pengaduan",
            "nomor laporan",
            "no laporan",
            "nomor surat",
            "no surat",
            "nomor agenda",
            "no agenda",
            "register number",
            "own number",
        ],
    ),
    (Field::Ticket, &["tiket"]),
    (
        Field::Title,
        &[
            "judul",
            "judul laporan",
            "judul aduan",
            "perihal",
            "hal",
            "subject",
        ],
    ),
    (
        Field::Content,
        &[
            "isi",
            "isi laporan",
            "isi aduan",
            "isi pengaduan",
            "uraian",
            "uraian laporan",
            "uraian pengaduan",
            "uraian aduan",
            "materi aduan",
            "materi pengaduan",
            "keluhan",
            "aduan",
            "pengaduan",
            "deskripsi",
            "description",
            "complaint",
        ],
    ),
    (
        Field::Classification,
        &[
            "jenis",
            "jenis laporan",
            "klasifikasi",
            "klasifikasi laporan",
            "kind",
        ],
    ),
    (Field::Category, &["kategori", "bidang", "topik"]),
    (
        Field::Region,
        &[
            "wilayah",
            "kabupaten kota",
            "kota kabupaten",
            "kab kota",
            "kode wilayah",
        ],
    ),
    (
        Field::Place,
        &[
            "lokasi",
            "tempat",
            "lokasi kejadian",
            "tempat kejadian",
            "location",
        ],
    ),
    (
        Field::IncidentDate,
        &[
            "tanggal kejadian",
            "tgl kejadian",
            "waktu kejadian",
            "tanggal peristiwa",
            "date of incident",
        ],
    ),
    (
        Field::Channel,
        &[
            "saluran",
            "media",
            "kanal",
            "sumber",
            "sarana pengaduan",
            "media pengaduan",
        ],
    ),
    (Field::Anonymous, &["anonim"]),
    (Field::Secret, &["rahasia", "confidential"]),
    (
        Field::Name,
        &[
            "nama",
            "nama pelapor",
            "pelapor",
            "nama pengadu",
            "pengadu",
            "reporter",
        ],
    ),
    (
        Field::Phone,
        &[
            "telepon",
            "nomor telepon",
            "no telepon",
            "no telp",
            "telp",
            "hp",
            "no hp",
            "nomor hp",
            "no wa",
            "nomor wa",
            "telephone",
        ],
    ),
    (
        Field::Email,
        &["surel", "e mail", "alamat surel", "alamat email"],
    ),
    (
        Field::Address,
        &["alamat", "alamat pelapor", "alamat pengadu"],
    ),
];

/// What a column says of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Number,
    /// By which a row of a register of this program is known again.
    Ticket,
    Title,
    Content,
    Classification,
    Category,
    Region,
    Place,
    IncidentDate,
    Channel,
    Anonymous,
    Secret,
    Name,
    Phone,
    Email,
    Address,
}

impl Field {
    pub const ALL: [Self; 16] = [
        Self::Number,
        Self::Ticket,
        Self::Title,
        Self::Content,
        Self::Classification,
        Self::Category,
        Self::Region,
        Self::Place,
        Self::IncidentDate,
        Self::Channel,
        Self::Anonymous,
        Self::Secret,
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::Address,
    ];

    /// Its name in the API and in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Ticket => "ticket",
            Self::Title => "title",
            Self::Content => "content",
            Self::Classification => "classification",
            Self::Category => "category",
            Self::Region => "region",
            Self::Place => "place",
            Self::IncidentDate => "incident_date",
            Self::Channel => "channel",
            Self::Anonymous => "anonymous",
            Self::Secret => "secret",
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Address => "address",
        }
    }

    /// Whether it tells who reported.
    pub fn says_who(self) -> bool {
        matches!(self, Self::Name | Self::Phone | Self::Email | Self::Address)
    }

    /// Whether it has words of a report.
    pub fn is_worded(self) -> bool {
        matches!(self, Self::Title | Self::Content | Self::Place)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// Headings by which it is known, beside its name.
    fn headings(self) -> impl Iterator<Item = &'static str> {
        let own = HEADINGS
            .into_iter()
            .filter(move |(field, _)| *field == self);
        own.flat_map(|(_, headings)| headings.iter().copied())
    }
}

/// What a heading says.
fn of(heading: &str) -> Option<Field> {
    let lower = heading.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let heading = words.join(" ");
    Field::ALL.into_iter().find(|field| {
        let name = field.as_str().replace('_', " ");
        name == heading || field.headings().any(|known| known == heading)
    })
}

/// How many of these cells are headings that are known.
pub fn known(cells: &[String]) -> usize {
    recognised(cells).iter().flatten().count()
}

/// What each of these headings says; where two say the same, the first.
pub fn recognised(headings: &[String]) -> Vec<Option<Field>> {
    let mut found: Vec<Option<Field>> = Vec::with_capacity(headings.len());
    for heading in headings {
        let field = of(heading).filter(|field| !found.contains(&Some(*field)));
        found.push(field);
    }
    found
}

/// Which row is the head: of those at the beginning the one with most headings that are known, and
/// of several the first.
pub fn head(rows: &[Row]) -> Option<usize> {
    let begin = rows.iter().take(ABOVE).enumerate();
    let known = begin.map(|(place, row)| (known(&row.cells), std::cmp::Reverse(place)));
    known.max().map(|(_, std::cmp::Reverse(place))| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_as_people_write_them() {
        for (heading, field) in [
            ("No. Register", Some(Field::Number)),
            ("  ISI  LAPORAN ", Some(Field::Content)),
            ("Kab./Kota", Some(Field::Region)),
            ("E-mail", Some(Field::Email)),
            ("incident_date", Some(Field::IncidentDate)),
            ("Tanggal Kejadian", Some(Field::IncidentDate)),
            // When it was received is not when it happened.
            ("Tanggal Terima", None),
            ("No.", None),
            ("", None),
        ] {
            assert_eq!(of(heading), field, "{heading}");
        }
        let twice = ["Isi", "Uraian", "Judul"].map(str::to_owned);
        assert_eq!(
            recognised(&twice),
            [Some(Field::Content), None, Some(Field::Title)]
        );
    }

    #[test]
    fn every_heading_is_of_one_field() {
        for field in Field::ALL {
            for heading in field.headings() {
                assert_eq!(of(heading), Some(field), "{heading}");
            }
            assert_eq!(Field::named(field.as_str()), Some(field));
        }
    }
}
