//! A question to the inbox as it stands in an address: tab, words, filters. Read leniently: what
//! means nothing narrows nothing, and is said.

use chrono::NaiveDate;
use chrono_tz::Tz;
use lapor_protocol::calendar::{begin_of, day_at, end_of};
use lapor_protocol::case::State;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::{Category, Classification};
use lapor_protocol::region::RegionCode;
use lapor_web::page::LocalPath;
use serde::Deserialize;

use crate::casework::{CaseFilter, Outcome, SavedFilter, Tab};
use crate::regions::national;
use crate::taxonomy::{local_name, local_value};

/// The fields of the address, as they were typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct InboxQuery {
    pub tab: String,
    pub cari: String,
    pub jenis: String,
    pub status: String,
    pub kategori: String,
    pub wilayah: String,
    pub instansi: String,
    pub dari: String,
    pub sampai: String,
    pub unit: String,
    pub lewat: String,
    pub saya: String,
    /// Where the page begins.
    pub lanjut: String,
}

/// A question that the node can answer.
#[derive(Debug, Clone)]
pub struct Question {
    /// `None` for every case.
    pub tab: Option<Tab>,
    pub typed: String,
    pub filter: CaseFilter,
    /// In which its days are meant.
    zone: Tz,
    /// A region was typed that there is none of.
    pub region_unknown: bool,
    /// Several regions have the name that was typed: it has to be said which.
    pub namesakes: Vec<RegionCode>,
}

/// Tabs by their names in addresses.
pub const TABS: [(Tab, &str); 14] = [
    (Tab::RunsOut, "kerja"),
    (Tab::New, "baru"),
    (Tab::CameBack, "kembali"),
    (Tab::Waiting, "tunggu"),
    (Tab::Working, "proses"),
    (Tab::Answered, "dijawab"),
    (Tab::Elsewhere, "lain"),
    (Tab::Escalated, "eskalasi"),
    (Tab::Copies, "tembusan"),
    (Tab::Ended, "selesai"),
    (Tab::LongOverdue, "lama-lewat"),
    (Tab::Pending, "kirim"),
    (Tab::Failed, "gagal"),
    (Tab::Suspect, "penyalahgunaan"),
];
/// The name of no tab: every case.
pub const ALL: &str = "semua";

/// The name of a tab in addresses.
pub fn tab_name(tab: Option<Tab>) -> &'static str {
    let found = TABS.iter().find(|(known, _)| Some(*known) == tab);
    found.map_or(ALL, |(_, name)| name)
}

/// Kinds of reports by their names in addresses.
pub const CLASSES: [(Classification, &str); 3] = [
    (Classification::Complaint, "pengaduan"),
    (Classification::InformationRequest, "permintaan-informasi"),
    (Classification::Aspiration, "aspirasi"),
];

impl Question {
    /// `custodian` is whom the field of the institution names, if anybody.
    pub fn read(query: &InboxQuery, zone: Tz, custodian: Option<InstanceId>) -> Self {
        let typed = query.cari.trim().to_owned();
        let named = TABS.iter().find(|(_, name)| *name == query.tab);
        let tab = match named {
            Some((tab, _)) => Some(*tab),
            None if query.tab == ALL => None,
            None => Some(Tab::RunsOut),
        };
        let place = query.wilayah.trim();
        let namesakes = national().namesakes(place);
        let region = national().meant(place).filter(|_| namesakes.is_empty());
        let class = CLASSES.iter().find(|(_, name)| *name == query.jenis);
        let state = State::ALL.into_iter().find(|s| s.as_str() == query.status);
        let local = local_name(&query.kategori);
        let [from, through] = [&query.dari, &query.sampai].map(|day| day.parse::<NaiveDate>().ok());
        Self {
            zone,
            tab: tab.filter(|_| typed.is_empty()),
            typed,
            region_unknown: region.is_none() && namesakes.is_empty() && !place.is_empty(),
            namesakes,
            filter: CaseFilter {
                state,
                outcome: Outcome::named(&query.status).filter(|_| state.is_none()),
                classification: class.map(|(class, _)| *class),
                category: Category::try_from(query.kategori.clone())
                    .ok()
                    .filter(|_| local.is_none()),
                local_category: local.map(str::to_owned),
                region,
                custodian,
                filed_from: from.map(|day| begin_of(zone, day)),
                filed_before: through.map(|day| end_of(zone, day)),
                unit: Some(query.unit.clone()).filter(|unit| !unit.is_empty()),
                overdue: !query.lewat.is_empty(),
                mine: !query.saya.is_empty(),
                ..CaseFilter::default()
            },
        }
    }

    /// What somebody kept under a name.
    pub fn of(saved: &SavedFilter, zone: Tz) -> Self {
        Self {
            zone,
            tab: saved.tab,
            typed: saved.q.clone().unwrap_or_default(),
            filter: saved.filter.clone(),
            region_unknown: false,
            namesakes: Vec::new(),
        }
    }

    pub fn saved(&self, name: &str) -> SavedFilter {
        SavedFilter {
            name: name.to_owned(),
            tab: self.tab,
            q: Some(self.typed.clone()).filter(|typed| !typed.is_empty()),
            filter: self.filter.clone(),
        }
    }

    /// Whether it narrows more than its tab does.
    pub fn is_narrowed(&self) -> bool {
        !self.typed.is_empty() || self.filter != CaseFilter::default()
    }

    /// The same question on another tab, which a search has none of.
    pub fn on(&self, tab: Option<Tab>) -> Self {
        Self {
            tab,
            typed: String::new(),
            ..self.clone()
        }
    }

    /// Its address below `path`, behind a place in the list or at its beginning.
    pub fn address(&self, path: &str, after: &str) -> String {
        let fields = self.fields();
        let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
        LocalPath::asking(path, fields.chain([("lanjut", after)])).to_string()
    }

    /// The day of an instant (Unix ms), as a field has it.
    fn day(&self, at: Option<i64>) -> String {
        at.map_or_else(String::new, |at| day_at(self.zone, at).to_string())
    }

    /// Its fields, to be sent along with a form; none is empty.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let filter = &self.filter;
        let class = CLASSES
            .iter()
            .find(|(c, _)| Some(*c) == filter.classification);
        let tab = if self.typed.is_empty() {
            tab_name(self.tab)
        } else {
            ""
        };
        let state = filter.state.map(State::as_str);
        let status = state.or(filter.outcome.map(Outcome::as_str));
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let all = [
            ("tab", tab.to_owned()),
            ("cari", self.typed.clone()),
            ("jenis", text(class.map(|(_, name)| *name))),
            ("status", text(status)),
            (
                "kategori",
                match &filter.local_category {
                    Some(local) => local_value(local),
                    None => text(filter.category.as_ref().map(Category::as_str)),
                },
            ),
            (
                "wilayah",
                text(filter.region.as_ref().map(RegionCode::as_str)),
            ),
            (
                "instansi",
                text(filter.custodian.as_ref().map(InstanceId::as_str)),
            ),
            ("dari", self.day(filter.filed_from)),
            ("sampai", self.day(filter.filed_before.map(|at| at - 1))),
            ("unit", text(filter.unit.as_deref())),
            ("lewat", text(filter.overdue.then_some("1"))),
            ("saya", text(filter.mine.then_some("1"))),
        ];
        all.into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &InboxQuery) -> Question {
        Question::read(query, Tz::Asia__Jakarta, None)
    }

    #[test]
    fn a_question_stays_what_it_is_in_an_address() {
        let query = InboxQuery {
            tab: "baru".into(),
            jenis: "pengaduan".into(),
            kategori: "Perhubungan/Parkir Liar".into(),
            wilayah: "kota bandung".into(),
            lewat: "1".into(),
            saya: "1".into(),
            ..InboxQuery::default()
        };
        let question = read(&query);
        assert_eq!(question.tab, Some(Tab::New));
        assert!(question.filter.overdue && question.filter.region.is_some());
        assert!(question.filter.mine);
        let address = question.address("/meja", "");
        assert!(
            address.starts_with("/meja?tab=baru&jenis=pengaduan"),
            "{address}"
        );
        assert!(address.contains("kategori=Perhubungan%2FParkir%20Liar"));
        let kept = Question::of(&question.saved("Parkir"), Tz::Asia__Jakarta);
        assert_eq!(kept.address("/meja", ""), address);
    }

    #[test]
    fn a_category_of_the_own_tree_is_asked_for_in_the_place_of_a_national_one() {
        let query = InboxQuery {
            kategori: "~Parkir/Liar".into(),
            ..InboxQuery::default()
        };
        let question = read(&query);
        let filter = &question.filter;
        assert_eq!(filter.local_category.as_deref(), Some("Parkir/Liar"));
        assert_eq!(filter.category, None);
        let kept = Question::of(&question.saved("Parkir"), Tz::Asia__Jakarta);
        assert_eq!(kept.address("/meja", ""), question.address("/meja", ""));
        assert!(
            question
                .address("/meja", "")
                .contains("kategori=~Parkir%2FLiar")
        );
    }

    #[test]
    fn days_are_whole_days_of_the_institution_and_an_institution_is_kept_by_its_id() {
        let query = InboxQuery {
            instansi: "Kementerian PU".into(),
            dari: "2026-03-02".into(),
            sampai: "2026-03-02".into(),
            ..InboxQuery::default()
        };
        let kemenpu: InstanceId = "kemenpu".parse().unwrap();
        let question = Question::read(&query, Tz::Asia__Jakarta, Some(kemenpu));
        let (from, before) = (question.filter.filed_from, question.filter.filed_before);
        assert_eq!(before.unwrap() - from.unwrap(), 24 * 60 * 60 * 1000);
        let address = question.address("/meja", "");
        assert!(
            address.contains("instansi=kemenpu&dari=2026-03-02&sampai=2026-03-02"),
            "{address}"
        );
        let kept = Question::of(&question.saved("PU"), Tz::Asia__Jakarta);
        assert_eq!(kept.address("/meja", ""), address);
    }

    #[test]
    fn how_a_case_ended_is_asked_for_in_the_place_of_a_state() {
        let query = InboxQuery {
            status: "silence".into(),
            ..InboxQuery::default()
        };
        let question = read(&query);
        assert_eq!(question.filter.outcome, Some(Outcome::Silence));
        assert!(question.address("/meja", "").contains("status=silence"));
    }

    #[test]
    fn a_name_that_several_regions_bear_narrows_nothing_until_it_is_said_which() {
        let query = InboxQuery {
            wilayah: "Bandung".into(),
            ..InboxQuery::default()
        };
        let question = read(&query);
        assert_eq!(question.namesakes.len(), 2);
        assert!(!question.is_narrowed() && !question.region_unknown);
    }

    #[test]
    fn what_means_nothing_narrows_nothing() {
        let query = InboxQuery {
            tab: "<script>".into(),
            status: "entah".into(),
            wilayah: "zzzzzz".into(),
            dari: "kemarin".into(),
            ..InboxQuery::default()
        };
        let question = read(&query);
        assert_eq!(question.tab, Some(Tab::RunsOut));
        assert!(question.region_unknown && !question.is_narrowed());
        let search = InboxQuery {
            cari: " lampu ".into(),
            ..InboxQuery::default()
        };
        assert_eq!(read(&search).address("/meja", ""), "/meja?cari=lampu");
    }
}
