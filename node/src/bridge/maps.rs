//! What things there are called here: institutions, categories, regions, states. What has no name
//! here is left out and said, and never guessed.

use std::collections::HashMap;

use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::Classification;
use lapor_protocol::region::RegionCode;
use lapor_web::language::text_id;

use super::settings::Reached;
use super::shape::Complaint;
use crate::casework::NewReport;
use crate::channels::voice;
use crate::error::NodeError;
use crate::node::Node;
use crate::regions;
use crate::store;
use crate::taxonomy::{Categories, LocalCategories, folded};

/// How such a report came in.
pub const CHANNEL: &str = "sp4n";
/// Signs of a name of theirs in a report, at most.
const SHOWN: usize = 80;

/// What there is to say of a field.
pub type Remark = (&'static str, String);

/// The names that are known on both sides.
pub struct Maps {
    own: InstanceId,
    institutions: HashMap<String, InstanceId>,
    categories: Categories,
    local: LocalCategories,
    statuses: HashMap<String, Reached>,
}

impl Maps {
    pub async fn of(node: &Node) -> Result<Self, NodeError> {
        let directory = node.directory();
        let world = directory.latest();
        let named = world
            .instances()
            .map(|one| (folded(&one.name), one.id.clone()));
        let mut institutions: HashMap<String, InstanceId> = named.collect();
        let mut tx = node.read_tx().await?;
        for row in store::bridge::institutions(&mut tx).await? {
            if let Some(instance) = row.instance {
                institutions.insert(folded(&row.name), store::instance_id(&instance)?);
            }
        }
        drop(tx);
        let settings = &node.settings().bridge.statuses;
        let named = settings
            .iter()
            .map(|(name, reached)| (folded(name), *reached));
        Ok(Self {
            own: node.instance()?.clone(),
            institutions,
            categories: node.categories().await?,
            local: node.local_categories().await?.in_force(),
            statuses: STATUSES
                .iter()
                .map(|(name, reached)| ((*name).to_owned(), *reached))
                .chain(named)
                .collect(),
        })
    }

    /// The institution of a name.
    pub fn institution(&self, name: &str) -> Option<&InstanceId> {
        self.institutions.get(&folded(name))
    }

    /// Whether a name is this institution's.
    pub fn is_own(&self, name: &str) -> bool {
        self.institution(name) == Some(&self.own)
    }

    /// How far a state of theirs is.
    pub fn reached(&self, status: &str) -> Option<Reached> {
        self.statuses.get(&folded(status)).copied()
    }

    /// A complaint as a report of here, and what of it has no name here.
    pub fn report(&self, node: &Node, complaint: &Complaint) -> (NewReport, Vec<Remark>) {
        let mut remarks = Vec::new();
        let report = NewReport {
            classification: kind(complaint, &mut remarks),
            title: complaint.title.clone(),
            content: content(node, complaint),
            category: None,
            region: region(complaint, &mut remarks),
            place: complaint.place.clone(),
            coordinates: None,
            incident_date: incident(node, complaint, &mut remarks),
            anonymous: complaint.anonymous,
            secret: complaint.secret,
            channel: CHANNEL.to_owned(),
            excluded: Vec::new(),
            suggested: self.suggested(complaint, &mut remarks),
            programme: None,
            attachments: Vec::new(),
            reporter: Some(complaint.reporter.clone()),
            own_number: complaint.tracking.clone(),
            local_category: None,
        };
        let report = self.with_category(report, complaint, &mut remarks);
        if complaint.files > 0 {
            let files = format!("{} of them stay in SP4N-LAPOR!", complaint.files);
            remarks.push(("attachments", files));
        }
        (report, remarks)
    }

    fn suggested(&self, complaint: &Complaint, remarks: &mut Vec<Remark>) -> Option<InstanceId> {
        let name = complaint.institution.as_deref()?;
        let found = self.institution(name);
        if found.is_none() {
            let what = format!(
                "{} is nobody in the directory; left to the desk",
                shown(name)
            );
            remarks.push(("institution", what));
        }
        found.filter(|found| **found != self.own).cloned()
    }

    fn with_category(
        &self,
        report: NewReport,
        complaint: &Complaint,
        remarks: &mut Vec<Remark>,
    ) -> NewReport {
        let Some(name) = complaint.category.as_deref() else {
            return report;
        };
        let is_local = self.local.local.iter().any(|one| one.local == name);
        let (category, local_category) = if is_local {
            (None, Some(name.to_owned()))
        } else {
            (self.categories.called(name).cloned(), None)
        };
        if category.is_none() && local_category.is_none() {
            let what = format!(
                "{} has no name here; map it with `lapor-node category map`",
                shown(name)
            );
            remarks.push(("category", what));
        }
        NewReport {
            category,
            local_category,
            ..report
        }
    }
}

/// States that are known of its pages and of programs that ask it.
const STATUSES: [(&str, Reached); 17] = [
    ("belum terverifikasi", Reached::Received),
    ("belum diverifikasi", Reached::Received),
    ("menunggu verifikasi", Reached::Received),
    ("tertunda", Reached::Received),
    ("terverifikasi", Reached::Verified),
    ("diverifikasi", Reached::Verified),
    ("terdisposisi", Reached::Verified),
    ("belum terdisposisi", Reached::Received),
    ("belum ditindaklanjuti", Reached::Verified),
    ("proses", Reached::InProgress),
    ("diproses", Reached::InProgress),
    ("sedang diproses", Reached::InProgress),
    ("selesai", Reached::Done),
    ("ditutup", Reached::Done),
    ("ditolak", Reached::Rejected),
    ("diarsipkan", Reached::Rejected),
    ("arsip", Reached::Rejected),
];

/// The words of a complaint below a line that says where it comes from.
fn content(node: &Node, complaint: &Complaint) -> String {
    let v = voice(node);
    let number = complaint.tracking.as_ref().unwrap_or(&complaint.id);
    let line = match complaint.filed {
        Some(day) => v
            .with("number", number)
            .with("day", v.day(day))
            .say(text_id("bridge-from-of")),
        None => v.with("number", number).say(text_id("bridge-from")),
    };
    format!("{line}\n\n{}", complaint.content)
}

fn kind(complaint: &Complaint, remarks: &mut Vec<Remark>) -> Classification {
    let told = complaint.kind.as_deref().map(folded).unwrap_or_default();
    match told.as_str() {
        "" | "pengaduan" | "complaint" => Classification::Complaint,
        "aspirasi" | "aspiration" => Classification::Aspiration,
        "permintaan informasi" | "information_request" => Classification::InformationRequest,
        other => {
            let what = format!("{} has no name here; taken for a complaint", shown(other));
            remarks.push(("classification", what));
            Classification::Complaint
        }
    }
}

fn region(complaint: &Complaint, remarks: &mut Vec<Remark>) -> Option<RegionCode> {
    let told = complaint.region.as_deref()?;
    let only = regions::national().said(told);
    if only.is_none() {
        let what = format!("{} is no region, or not one alone; left out", shown(told));
        remarks.push(("region", what));
    }
    only
}

/// What they have noted of a day to come is a slip of whoever typed it.
fn incident(node: &Node, complaint: &Complaint, remarks: &mut Vec<Remark>) -> Option<String> {
    let day = complaint.incident?;
    if day > node.today() {
        let what = format!("{day} has not come yet; left out");
        remarks.push(("incident_date", what));
        return None;
    }
    Some(day.to_string())
}

/// A name of theirs as a report repeats it.
pub fn shown(name: &str) -> String {
    let calm = name.chars().map(|c| if c.is_control() { ' ' } else { c });
    calm.take(SHOWN).collect()
}
