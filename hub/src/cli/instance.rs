//! The operator's acts on institutions: register, invite, list, show, suspend,
//! resume, revoke, and have certificates count no more.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use lapor_protocol::authority::Pattern;
use lapor_protocol::deadline::OwnTerm;
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::region::RegionCode;
use lapor_web::table;
use serde::Deserialize;

use super::{Failure, Out, actor, exit, roster};
use crate::audit::By;
use crate::ground::Ground;
use crate::membership::{self, Profile, ZONES};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the line with which an institution joins; voids earlier lines
    Invite(Invite),
    /// Make institutions known by name; the national desk acts for them
    Register(Register),
    /// List the institutions
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what the directory says of one
    Show {
        slug: InstanceId,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Cut an institution off until it is resumed
    Suspend {
        slug: InstanceId,
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Let an institution take part that has joined and waits for approval
    Approve {
        slug: InstanceId,
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Let a suspended institution take part again
    Resume {
        slug: InstanceId,
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Have no certificate count that an institution has: its node gets another by its identity key
    VoidCertificates {
        #[arg(required_unless_present = "all")]
        slug: Option<InstanceId>,
        /// Of all that have joined, when the issuer may be in other hands
        #[arg(long, conflicts_with = "slug")]
        all: bool,
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// End a membership for ever; `suspend` can be taken back
    Revoke {
        slug: InstanceId,
        /// Yes, for ever
        #[arg(long)]
        yes: bool,
        /// The institution that takes its place
        #[arg(long, value_name = "SLUG")]
        successor: Option<InstanceId>,
        /// Why; kept in the audit log
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub struct Invite {
    slug: InstanceId,
    /// pusat, kementerian, lembaga, provinsi, kabupaten, kota, bumn or pengawas
    #[arg(long)]
    kind: InstanceKind,
    /// It takes part as soon as it has joined, though `enrolment.approval` is set
    #[arg(long)]
    without_approval: bool,
    #[command(flatten)]
    facts: Facts,
}

#[derive(Debug, Args)]
pub struct Register {
    #[arg(required_unless_present = "csv", requires = "kind")]
    slug: Option<InstanceId>,
    #[arg(long)]
    kind: Option<InstanceKind>,
    /// Many at once: columns slug, kind, name, region_code
    #[arg(long, value_name = "FILE", conflicts_with_all = ["slug", "kind"])]
    csv: Option<PathBuf>,
    #[command(flatten)]
    facts: Facts,
}

#[derive(Debug, Args)]
struct Facts {
    /// Full name; by default the slug
    #[arg(long)]
    name: Option<String>,
    /// Official region code, for instance 32.73
    #[arg(long, value_name = "CODE")]
    region: Option<RegionCode>,
    /// Whom it may dispose to: *, slug:NAME, slug:PREFIX*, kind:KIND,
    /// region:CODE or region:CODE.*; may be given more than once
    #[arg(long, value_name = "PATTERN")]
    disposes_to: Vec<Pattern>,
    /// Of all pengawas, the one that stands in for an excluded national desk
    #[arg(long)]
    default_supervisor: bool,
    /// Zone in which its working days are counted
    #[arg(long, value_name = "ZONE", value_parser = ZONES)]
    time_zone: Option<String>,
    /// A deadline of its own in working days: CLOCK=DAYS, or CLOCK@CATEGORY=DAYS for a service;
    /// may be given more than once and replaces those that it had
    #[arg(long, value_name = "TERM", conflicts_with = "legal_terms")]
    term: Vec<OwnTerm>,
    /// No deadlines of its own any more
    #[arg(long)]
    legal_terms: bool,
}

impl Facts {
    fn profile(self, id: InstanceId, kind: InstanceKind) -> Profile {
        Profile {
            name: self.name,
            region: self.region,
            disposes_to: self.disposes_to,
            default_supervisor: self.default_supervisor,
            time_zone: self.time_zone,
            terms: (self.legal_terms || !self.term.is_empty()).then_some(self.term),
            ..Profile::of(id, kind)
        }
    }
}

pub async fn run(ground: &Ground, command: Command, out: &mut Out<'_>) -> Result<(), Failure> {
    let actor = actor();
    let for_reason = |reason| By {
        reason,
        ..By::actor(&actor)
    };
    match command {
        Command::Invite(invite) => {
            let profile = Profile {
                approved: invite.without_approval,
                ..invite.facts.profile(invite.slug, invite.kind)
            };
            let made = membership::invite(ground, &By::actor(&actor), &profile).await?;
            writeln!(out.answer, "{}", *made.line)?;
            out.answer.flush()?;
            writeln!(
                out.explanation,
                "good for one enrolment of {} within 72 hours; paste it there into `lapor-node enrol LINE`. It holds a secret: send it by a way that others cannot read.",
                profile.id
            )?;
        }
        Command::Register(register) => {
            let profiles = register.profiles()?;
            let changed = membership::register(ground, &By::actor(&actor), &profiles).await?;
            let known = profiles.len() - changed;
            writeln!(
                out.answer,
                "registered or changed {changed}, known already {known}"
            )?;
        }
        Command::List { json } => roster::list(ground, json, out).await?,
        Command::Show { slug, json } => roster::show(ground, &slug, json, out).await?,
        Command::Suspend { slug, reason } => {
            membership::suspend(ground, &for_reason(&reason), &slug).await?;
            writeln!(
                out.answer,
                "{slug} is suspended: the hub refuses it from now on"
            )?;
        }
        Command::Approve { slug, reason } => {
            membership::admit(ground, &for_reason(&reason), &slug).await?;
            writeln!(out.answer, "{slug} takes part from now on")?;
        }
        Command::Resume { slug, reason } => {
            membership::resume(ground, &for_reason(&reason), &slug).await?;
            writeln!(out.answer, "{slug} takes part again")?;
        }
        Command::VoidCertificates { slug, reason, .. } => {
            void(ground, &for_reason(&reason), slug.as_ref(), out).await?;
        }
        Command::Revoke {
            slug, yes: false, ..
        } => {
            let message = format!(
                "this ends the membership of {slug} for ever, and its slug is never used again; say --yes if that is meant, or use `instance suspend {slug}`"
            );
            return Err(Failure::new(exit::USAGE, message));
        }
        Command::Revoke {
            slug,
            successor,
            reason,
            ..
        } => {
            membership::revoke(ground, &for_reason(&reason), &slug, successor).await?;
            writeln!(
                out.answer,
                "{slug} is revoked: its slug is never used again"
            )?;
        }
    }
    Ok(())
}

/// Of one institution, or of all.
async fn void(
    ground: &Ground,
    by: &By<'_>,
    slug: Option<&InstanceId>,
    out: &mut Out<'_>,
) -> Result<(), Failure> {
    let whose = if let Some(slug) = slug {
        membership::void_certificates(ground, by, slug).await?;
        format!("that {slug} has")
    } else {
        let all = membership::void_all_certificates(ground, by).await?;
        format!("of {all} institutions")
    };
    writeln!(
        out.answer,
        "every certificate {whose} is void now; a node gets another by its identity key, one of an earlier version by `lapor-node recover`"
    )?;
    Ok(())
}

impl Register {
    fn profiles(self) -> Result<Vec<Profile>, Failure> {
        match (self.csv, self.slug, self.kind) {
            (Some(path), _, _) => read_csv(&path),
            (None, Some(slug), Some(kind)) => Ok(vec![self.facts.profile(slug, kind)]),
            _ => Err(Failure::new(
                exit::USAGE,
                "name a slug and its --kind, or a --csv",
            )),
        }
    }
}

/// A line of the file; further columns are left alone.
#[derive(Debug, Deserialize)]
struct Row {
    slug: InstanceId,
    kind: InstanceKind,
    name: String,
    #[serde(default)]
    region_code: Option<String>,
}

fn read_csv(path: &Path) -> Result<Vec<Profile>, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("{shown} cannot be read: {error}");
        Failure::new(exit::NOT_FOUND, message)
    })?;
    let mut profiles = Vec::new();
    for (line, row) in table::rows::<Row>(&text) {
        let wrong = |problem: String| {
            let message = format!("{shown}, line {line}: {problem}; nothing was registered");
            Failure::new(exit::DATA, message)
        };
        let row = row.map_err(|error| wrong(error.to_string()))?;
        let region = row.region_code.filter(|code| !code.is_empty());
        let region = region.map(|code| code.parse::<RegionCode>()).transpose();
        profiles.push(Profile {
            region: region.map_err(|error| wrong(format!("{}: {error}", row.slug)))?,
            name: Some(row.name),
            ..Profile::of(row.slug, row.kind)
        });
    }
    Ok(profiles)
}
