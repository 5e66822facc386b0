//! Development programmes at the command line: publish, tell progress, list,
//! show, and import a table of them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::kinds::programme_progressed::ProgrammeStatus;
use lapor_protocol::kinds::{Body, ProgrammeProgressed};
use lapor_protocol::region::RegionCode;
use tokio::io::AsyncWriteExt as _;

use super::print::{Zone, counted, indented, json, plain, shortened};
use super::report::{named, read_json, read_text};
use super::{Failure, Out, Place, actor, attachment, exit};
use crate::casework::Coordinates;
use crate::error::NodeError;
use crate::node::Node;
use crate::publishing::{
    Imported, NewPicture, NewProgramme, NewProgress, PictureState, Programme, ProgrammeFilter,
    ProgrammeView, Publication, Standing, tables,
};

/// How a place is written.
const AT: &str = "--at is LATITUDE,LONGITUDE in degrees, for instance -6.9175,107.6191";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Publish a programme of this institution; the same slug again replaces its text
    Publish(Box<Publish>),
    /// Tell how far an own programme has come
    Progress(Progress),
    /// List programmes, by owner and slug
    List(List),
    /// Show a programme with everything that was published about it
    Show {
        /// OWNER/SLUG, or the slug of an own programme
        #[arg(value_name = "PROGRAMME")]
        programme: String,
        #[arg(long)]
        json: bool,
    },
    /// Add pictures to an own programme, or take some away
    Pictures(Pictures),
    /// Write a picture of a programme to a file
    Picture {
        /// OWNER/SLUG, or the slug of an own programme
        #[arg(value_name = "PROGRAMME")]
        programme: String,
        /// As `programme show` lists it
        #[arg(value_name = "SHA256")]
        sha256: Digest,
        /// A file that does not exist yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Publish the own rows of a table; columns slug, instance, name, region_code, budget_idr,
    /// start, end, status, progress_percent, description; latitude and longitude may follow
    Import {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct Publish {
    /// Read the programme from a JSON file, or from - (standard input), instead of from flags
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "slug", "name", "description", "region", "budget_idr", "start", "end", "at",
    ])]
    from: Option<PathBuf>,
    /// Unique at this institution: a-z, 0-9, _, - and .
    #[arg(value_name = "SLUG", required_unless_present = "from")]
    slug: Option<String>,
    #[arg(long, value_name = "TEXT", required_unless_present = "from")]
    name: Option<String>,
    #[arg(long, value_name = "TEXT", required_unless_present = "from")]
    description: Option<String>,
    /// Official code, for instance 32.73
    #[arg(long, value_name = "CODE")]
    region: Option<RegionCode>,
    /// Whole rupiah
    #[arg(long, value_name = "RUPIAH")]
    budget_idr: Option<i64>,
    #[arg(long, value_name = "YYYY-MM-DD")]
    start: Option<String>,
    #[arg(long, value_name = "YYYY-MM-DD")]
    end: Option<String>,
    /// Where it is built, in degrees
    #[arg(long, value_name = "LATITUDE,LONGITUDE", allow_hyphen_values = true)]
    at: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Pictures {
    #[arg(value_name = "SLUG")]
    slug: String,
    /// A picture to add behind the others, with what can be seen on it; repeat for more
    #[arg(long, value_name = "FILE=TEXT", required_unless_present = "drop")]
    add: Vec<String>,
    /// A picture to take away, as `programme show` lists it; repeat for more
    #[arg(long, value_name = "SHA256")]
    drop: Vec<Digest>,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Progress {
    #[arg(value_name = "SLUG")]
    slug: String,
    /// 0 to 100
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    percent: u8,
    /// planned, running, late, suspended, done or cancelled
    #[arg(long, value_name = "STATUS", value_parser = named::<ProgrammeStatus>)]
    status: ProgrammeStatus,
    /// What has been done since
    #[arg(long, value_name = "TEXT", default_value = "")]
    text: String,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct List {
    /// Institution whose programmes they are
    #[arg(long, value_name = "SLUG")]
    owner: Option<InstanceId>,
    /// Official code; what lies in the region counts
    #[arg(long, value_name = "CODE")]
    region: Option<RegionCode>,
    /// `next` of the page before
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
    /// At most so many, up to 200
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    #[arg(long)]
    json: bool,
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    match command {
        Command::Publish(args) => {
            let as_json = args.json;
            let new = new_programme(*args)?;
            let published = node.publish_programme(new, &actor()).await?;
            stored(&published, as_json, out)
        }
        Command::Pictures(args) => {
            let as_json = args.json;
            let new = with_pictures(&node, args).await?;
            let published = node.publish_programme(new, &actor()).await?;
            stored(&published, as_json, out)
        }
        Command::Progress(args) => {
            let progress = NewProgress {
                percent: args.percent,
                status: args.status,
                text: args.text,
            };
            let told = node.publish(progress.about(args.slug), &actor()).await?;
            stored(&told, args.json, out)
        }
        Command::List(args) => list(&node, args, out).await,
        Command::Show {
            programme,
            json: as_json,
        } => {
            let (owner, slug) = owner_and_slug(&node, &programme)?;
            let view = node.programme(&owner, slug).await?;
            if as_json {
                json(&view, out)
            } else {
                show(&view, Zone::of(&node), out)
            }
        }
        Command::Picture {
            programme,
            sha256,
            out: path,
        } => {
            let (owner, slug) = owner_and_slug(&node, &programme)?;
            let opened = node.open_picture(&owner, slug, sha256).await?;
            let mut file = attachment::create(&path).await?;
            file.write_all(&opened.bytes).await?;
            file.flush().await?;
            file.sync_all().await?;
            let (path, bytes) = (path.display(), opened.bytes.len());
            let media_type = opened.media_type;
            Ok(writeln!(
                out,
                "Wrote {path} ({media_type}, {bytes} bytes)."
            )?)
        }
        Command::Import { file } => {
            let rows = tables::programmes(&read_text(&file)?);
            let imported = node.import_programmes(rows, &actor()).await?;
            tell_import(&imported, out)
        }
    }
}

/// What publishing says on a terminal.
pub fn stored(published: &Publication, as_json: bool, out: Out<'_>) -> Result<(), Failure> {
    if as_json {
        return json(published, out);
    }
    let (kind, name) = (&published.kind, &published.name);
    Ok(writeln!(out, "Stored and pending: {kind} {name}.")?)
}

/// How a publication stands, where that is worth a word.
pub fn standing(standing: Standing, reason: Option<&str>) -> String {
    match (standing, reason) {
        (Standing::Published, _) => String::new(),
        (Standing::Pending, _) => " (pending)".to_owned(),
        (Standing::Refused, reason) => {
            let reason = reason.unwrap_or("the hub did not let it through");
            format!(" (refused: {})", reason.replace('_', " "))
        }
    }
}

fn owner_and_slug<'a>(node: &Node, named: &'a str) -> Result<(InstanceId, &'a str), Failure> {
    Ok(match named.split_once('/') {
        Some((owner, slug)) => {
            let owner = owner.parse::<InstanceId>();
            (owner.map_err(|e| Failure::usage(e.to_string()))?, slug)
        }
        None => (node.instance()?.clone(), named),
    })
}

fn new_programme(args: Publish) -> Result<NewProgramme, Failure> {
    if let Some(file) = &args.from {
        return read_json(file);
    }
    let missing = |flag: &str| Failure::usage(format!("{flag} is needed"));
    Ok(NewProgramme {
        slug: args.slug.ok_or_else(|| missing("SLUG"))?,
        name: args.name.ok_or_else(|| missing("--name"))?,
        description: args.description.ok_or_else(|| missing("--description"))?,
        region: args.region,
        budget_idr: args.budget_idr,
        start: args.start,
        end: args.end,
        pictures: None,
        coordinates: args
            .at
            .as_deref()
            .map(|at| coordinates(at).ok_or_else(|| Failure::usage(AT.to_owned())))
            .transpose()?,
        base: None,
    })
}

fn coordinates(text: &str) -> Option<Coordinates> {
    let (latitude, longitude) = text.split_once(',')?;
    Coordinates::read(latitude.trim(), longitude.trim()).ok()
}

/// An own programme without the pictures to take away, and with the new ones behind the others.
async fn with_pictures(node: &Node, args: Pictures) -> Result<NewProgramme, Failure> {
    let view = node.programme(node.instance()?, &args.slug).await?;
    let base = view.latest();
    let known = view.programme.published;
    let mut pictures = Vec::new();
    for picture in &known.pictures {
        if !args.drop.contains(&picture.sha256) {
            pictures.push(NewPicture {
                upload: None,
                sha256: Some(picture.sha256),
                alt: picture.alt.clone(),
            });
        }
    }
    let shows = |sha256: &Digest| known.pictures.iter().any(|known| known.sha256 == *sha256);
    if let Some(unknown) = args.drop.iter().find(|sha256| !shows(sha256)) {
        return Err(NodeError::not_found("picture", unknown).into());
    }
    for text in &args.add {
        let (file, alt) = text.split_once('=').ok_or_else(|| {
            Failure::usage("--add is FILE=TEXT, the text saying what can be seen".to_owned())
        })?;
        for upload in attachment::take_in(node, &[PathBuf::from(file)]).await? {
            pictures.push(NewPicture {
                upload: Some(upload),
                sha256: None,
                alt: alt.to_owned(),
            });
        }
    }
    Ok(NewProgramme {
        slug: known.slug,
        name: known.name,
        region: known.region,
        budget_idr: known.budget_idr,
        start: known.start,
        end: known.end,
        description: known.description,
        pictures: Some(pictures),
        coordinates: known.coordinates.and_then(Coordinates::of_message),
        base,
    })
}

async fn list(node: &Node, args: List, out: Out<'_>) -> Result<(), Failure> {
    let filter = ProgrammeFilter {
        owner: args.owner,
        region: args.region,
        status: None,
    };
    let page = node
        .programmes(&filter, args.after.as_deref(), args.limit)
        .await?;
    if args.json {
        return json(&page, out);
    }
    for each in &page.programmes {
        let name = format!("{}/{}", each.owner, each.published.slug);
        let pending = if each.pending == 0 { "" } else { " (pending)" };
        let progress = progress(each);
        let title = shortened(&each.published.name, 50);
        writeln!(out, "{name:<44} {progress:<16} {title}{pending}")?;
    }
    match (&page.next, page.programmes.is_empty()) {
        (Some(next), _) => writeln!(out, "More: --after {next}")?,
        (None, true) => writeln!(out, "No programme fits.")?,
        (None, false) => {}
    }
    Ok(())
}

fn show(view: &ProgrammeView, zone: Zone, out: Out<'_>) -> Result<(), Failure> {
    let (programme, stated) = (&view.programme, &view.programme.published);
    writeln!(out, "{}", plain(&stated.name))?;
    let optional = [
        ("owner", Some(programme.owner.to_string())),
        ("slug", Some(stated.slug.clone())),
        ("region", stated.region.as_ref().map(ToString::to_string)),
        ("budget", stated.budget_idr.map(rupiah)),
        ("start", stated.start.clone()),
        ("end", stated.end.clone()),
        ("progress", Some(progress(programme))),
        (
            "pending",
            (programme.pending > 0).then(|| counted(programme.pending.into(), "own message")),
        ),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            writeln!(out, "  {name:<10} {}", plain(&value))?;
        }
    }
    for picture in &stated.pictures {
        let mut copies = programme.pictures.iter();
        let copy = copies.find(|copy| copy.sha256 == picture.sha256);
        let state = match copy.map(|copy| (copy.state, &copy.reason)) {
            Some((PictureState::Here, None)) => String::new(),
            Some((PictureState::Here, Some(reason))) => {
                format!(" (the hub does not take it: {reason})")
            }
            Some((PictureState::Refused, Some(reason))) => format!(" (refused: {reason})"),
            Some((PictureState::Refused, None)) => " (refused)".to_owned(),
            Some((PictureState::NoRoom, _)) => " (no room for pictures of others)".to_owned(),
            Some((PictureState::Awaited, _)) | None => " (not here yet)".to_owned(),
        };
        let (sha256, alt) = (picture.sha256, plain(&picture.alt));
        writeln!(out, "  picture    {sha256}{}", plain(&state))?;
        writeln!(out, "             {alt}")?;
    }
    write!(out, "{}", indented(&stated.description, 2))?;
    writeln!(out)?;
    for entry in &view.history {
        let at = zone.show(entry.at);
        let mark = standing(entry.standing, entry.reason.as_deref());
        writeln!(out, "  {at}  {}{}", plain(&entry.kind), plain(&mark))?;
        let body = Body::of_kind(&entry.kind, &entry.body.to_string());
        if let Ok(Body::ProgrammeProgressed(told)) = body {
            writeln!(out, "      {}", percent(&told))?;
            write!(out, "{}", indented(&told.text, 6))?;
        }
    }
    Ok(())
}

fn progress(programme: &Programme) -> String {
    let told = programme.progress.as_ref();
    told.map_or_else(|| "not told".to_owned(), percent)
}

/// `54 % running`
fn percent(told: &ProgrammeProgressed) -> String {
    let status = serde_json::to_value(told.status).unwrap_or_default();
    format!("{} % {}", told.percent, status.as_str().unwrap_or_default())
}

/// `Rp 18.500.000.000`
fn rupiah(amount: i64) -> String {
    let digits = amount.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    format!("Rp {grouped}")
}

fn tell_import(imported: &[(u64, String, Imported)], out: Out<'_>) -> Result<(), Failure> {
    let mut count = [0_u64; 4];
    for (line, slug, outcome) in imported {
        let (slot, said) = match outcome {
            Imported::Published { text, progress } => {
                let what = match (text, progress) {
                    (true, true) => "published with its progress",
                    (true, false) => "published",
                    _ => "progress published",
                };
                (0, what.to_owned())
            }
            Imported::Unchanged => (1, "unchanged".to_owned()),
            Imported::Skipped(reason) => (2, format!("skipped: {reason}")),
            Imported::Refused(reason) => (3, format!("refused: {reason}")),
        };
        count[slot] += 1;
        writeln!(out, "line {line:>3}  {:<40} {}", plain(slug), plain(&said))?;
    }
    let [published, unchanged, skipped, refused] = count;
    writeln!(
        out,
        "{published} published, {unchanged} unchanged, {skipped} skipped, {refused} refused."
    )?;
    if refused > 0 {
        let message = format!(
            "{} cannot be used; correct it and import again, what is published is passed over",
            counted(refused, "row")
        );
        return Err(Failure::new(exit::DATA, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rupiah_are_grouped_in_thousands() {
        for (amount, expected) in [
            (0, "Rp 0"),
            (999, "Rp 999"),
            (1000, "Rp 1.000"),
            (18_500_000_000, "Rp 18.500.000.000"),
        ] {
            assert_eq!(rupiah(amount), expected);
        }
    }
}
