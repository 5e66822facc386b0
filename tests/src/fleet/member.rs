//! Who takes part in a story, before anyone has joined.

use lapor_protocol::ids::{InstanceId, InstanceKind};

/// An institution as central staff would enter it.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    pub slug: &'static str,
    pub kind: InstanceKind,
    pub region: Option<&'static str>,
    pub disposes_to: &'static [&'static str],
    pub default_supervisor: bool,
}

/// The national desk.
pub const PUSAT: Member = member("pusat", InstanceKind::Pusat);
pub const BANDUNG: Member = Member {
    region: Some("32.73"),
    ..member("kota-bandung", InstanceKind::Kota)
};
pub const TANGERANG: Member = Member {
    region: Some("36.71"),
    ..member("kota-tangerang", InstanceKind::Kota)
};
/// A province that disposes to its own regencies and cities.
pub const JABAR: Member = Member {
    region: Some("32"),
    disposes_to: &["region:32.*"],
    ..member("prov-jawa-barat", InstanceKind::Provinsi)
};
pub const KEMENPU: Member = member("kemenpu", InstanceKind::Kementerian);
pub const KEMENSOS: Member = member("kemensos", InstanceKind::Kementerian);
pub const PLN: Member = member("bumn-pln", InstanceKind::Bumn);
/// The supervisor whom escalations join, and who stands in for an excluded desk.
pub const OMBUDSMAN: Member = Member {
    default_supervisor: true,
    ..member("ombudsman", InstanceKind::Pengawas)
};

const fn member(slug: &'static str, kind: InstanceKind) -> Member {
    Member {
        slug,
        kind,
        region: None,
        disposes_to: &[],
        default_supervisor: false,
    }
}

impl Member {
    pub fn id(&self) -> InstanceId {
        self.slug.parse().expect("a slug")
    }
}
