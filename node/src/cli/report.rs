//! Filing a report at the command line, from flags or from JSON.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::{Category, Classification};
use lapor_protocol::region::RegionCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::print::json;
use super::{Failure, Out, Place, actor, attachment, exit};
use crate::casework::{Coordinates, NewReport, Reporter};
use crate::node::Node;
use crate::reporters::FilingTerms;

/// Bytes of a file that is read as one text.
const TEXT_BYTES: u64 = 1024 * 1024;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// File a report; prints the ticket and the id of its case
    File(Box<File>),
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent flags of the command line"
)]
pub struct File {
    /// Read the report from a JSON file, or from - (standard input), instead of from flags
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "classification", "title", "content", "category", "region", "place", "latitude",
        "longitude", "incident_date", "anonymous", "secret", "channel", "exclude", "suggested",
        "attach", "name", "email", "phone", "address",
    ])]
    from: Option<PathBuf>,
    /// complaint, information_request or aspiration
    #[arg(long, value_name = "KIND", value_parser = named::<Classification>, required_unless_present = "from")]
    classification: Option<Classification>,
    #[arg(long, value_name = "TEXT", required_unless_present = "from")]
    title: Option<String>,
    /// What the report says
    #[arg(long, value_name = "TEXT", required_unless_present = "from")]
    content: Option<String>,
    /// For instance Perhubungan/Parkir Liar
    #[arg(long, value_name = "ROOT/SUB", value_parser = named::<Category>)]
    category: Option<Category>,
    /// Official code, for instance 32.73
    #[arg(long, value_name = "CODE")]
    region: Option<RegionCode>,
    /// Where, in words
    #[arg(long, value_name = "TEXT")]
    place: Option<String>,
    #[arg(
        long,
        value_name = "DEGREES",
        requires = "longitude",
        allow_negative_numbers = true
    )]
    latitude: Option<f64>,
    #[arg(
        long,
        value_name = "DEGREES",
        requires = "latitude",
        allow_negative_numbers = true
    )]
    longitude: Option<f64>,
    /// YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    incident_date: Option<String>,
    /// Anonim: hide the name from the handling institution and the public
    #[arg(long)]
    anonymous: bool,
    /// Rahasia: hide the whole report from the public
    #[arg(long)]
    secret: bool,
    /// How it came in: walk-in, letter, phone, sms, ...
    #[arg(long, value_name = "CHANNEL", default_value = "walk-in")]
    channel: String,
    /// An institution that may never become a party; repeat for more
    #[arg(long, value_name = "SLUG")]
    exclude: Vec<InstanceId>,
    /// The institution that the reporter has in mind
    #[arg(long, value_name = "SLUG")]
    suggested: Option<InstanceId>,
    /// A file to attach; repeat for more
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// The reporter's name; stored apart from the case
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    #[arg(long, value_name = "TEXT")]
    email: Option<String>,
    #[arg(long, value_name = "TEXT")]
    phone: Option<String>,
    #[arg(long, value_name = "TEXT")]
    address: Option<String>,
    /// Give the reporter a key to their conversation; it is printed once
    #[arg(long)]
    key: bool,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let Command::File(args) = command;
    let (as_json, with_key) = (args.json, args.key);
    let node = place.node().await?;
    node.instance()?;
    let report = if let Some(file) = &args.from {
        read_json(file)?
    } else {
        let attachments = attachment::take_in(&node, &args.attach).await?;
        from_flags(*args, attachments)?
    };
    if with_key {
        return file_with_key(&node, report, as_json, out).await;
    }
    let filed = node.file(report, &actor()).await?;
    if as_json {
        return json(&filed, out);
    }
    writeln!(out, "Filed. The reporter's ticket: {}", filed.ticket)?;
    writeln!(out, "  case {}", filed.case)?;
    Ok(())
}

async fn file_with_key(
    node: &Node,
    report: NewReport,
    as_json: bool,
    out: Out<'_>,
) -> Result<(), Failure> {
    let actor = actor();
    let terms = FilingTerms {
        actor: Some(&actor),
        ..FilingTerms::default()
    };
    let filed = node.file_for_reporter(report, terms).await?;
    if as_json {
        return json(&filed, out);
    }
    writeln!(out, "Filed. The reporter's ticket: {}", filed.filed.ticket)?;
    writeln!(out, "  key  {}", filed.key)?;
    writeln!(out, "  case {}", filed.filed.case)?;
    let lost = if filed.recoverable {
        "The key is shown only now. If it is lost, a proved contact gets a new one."
    } else {
        "The key is shown only now. Without a contact nothing replaces it if it is lost."
    };
    eprintln!("{lost}");
    Ok(())
}

fn from_flags(args: File, attachments: Vec<String>) -> Result<NewReport, Failure> {
    let missing = |flag: &str| Failure::usage(format!("--{flag} is needed"));
    let reporter = Reporter {
        name: args.name,
        email: args.email,
        phone: args.phone,
        address: args.address,
    };
    Ok(NewReport {
        classification: args
            .classification
            .ok_or_else(|| missing("classification"))?,
        title: args.title.ok_or_else(|| missing("title"))?,
        content: args.content.ok_or_else(|| missing("content"))?,
        category: args.category,
        region: args.region,
        place: args.place,
        coordinates: args
            .latitude
            .zip(args.longitude)
            .map(|(latitude, longitude)| Coordinates::of(latitude, longitude))
            .transpose()
            .map_err(|off| Failure::usage(off.to_string()))?,
        incident_date: args.incident_date,
        anonymous: args.anonymous,
        secret: args.secret,
        channel: args.channel,
        excluded: args.exclude,
        suggested: args.suggested,
        programme: None,
        attachments,
        reporter: (reporter != Reporter::default()).then_some(reporter),
        own_number: None,
        local_category: None,
    })
}

/// Reads a value from a JSON file, or from standard input for `-`; the mark that some editors write
/// before it is passed over.
pub fn read_json<T: DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    let text = read_text(file)?;
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| Failure::new(exit::DATA, format!("{}: {error}", file.display())))
}

/// Reads a text file, or standard input for `-`; one that is too long is refused.
pub fn read_text(file: &Path) -> Result<String, Failure> {
    read_at_most(file, TEXT_BYTES)
}

/// The same for a file of so many bytes, at most.
pub fn read_at_most(file: &Path, most: u64) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(most + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(most + 1).read_to_string(&mut text))
    };
    match read {
        Ok(bytes) if bytes as u64 > most => Err(Failure::new(
            exit::DATA,
            format!("{} has more than {most} bytes", file.display()),
        )),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Err(Failure::new(
            exit::DATA,
            format!("{} is not UTF-8 text", file.display()),
        )),
        Err(error) => Err(unreadable(file, &error)),
    }
}

/// What to say of a file that cannot be read.
pub fn unreadable(file: &Path, error: &std::io::Error) -> Failure {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound => exit::NOT_FOUND,
        std::io::ErrorKind::PermissionDenied => exit::PERMISSION,
        _ => exit::IO,
    };
    Failure::new(code, format!("{} cannot be read: {error}", file.display()))
}

/// Reads a value by its name in the API.
pub fn named<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|error| error.to_string())
}
