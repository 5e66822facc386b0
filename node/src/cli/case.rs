//! Cases at the command line: lists, one case with its history, acts.

use clap::{Args, Subcommand};
use lapor_protocol::case::State;
use lapor_protocol::deadline::{Clock, ClockState};
use lapor_protocol::ids::{CaseId, InstanceId};
use serde_json::Value;

use super::print::{Zone, counted, indented, json, plain, shortened};
use super::report::named;
use super::{Failure, Out, Place, act, actor, hints};
use crate::casework::{CaseFilter, CaseView, HistoryEntry, KeyState, Sight};
use crate::deadlines::Deadline;
use crate::node::Node;

/// Fields of a body that say nothing to a reader.
const NOISE: [&str; 4] = ["commitment", "child_key", "inherits", "questions"];

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List cases, latest change first
    List(List),
    /// Show a case with its history
    Show {
        /// Id or ticket of the case
        #[arg(value_name = "CASE")]
        case: String,
        #[arg(long)]
        json: bool,
    },
    /// Suggest whom a case concerns, with the reasons
    Hints {
        /// Id or ticket of the case
        #[arg(value_name = "CASE")]
        case: String,
        #[arg(long)]
        json: bool,
    },
    /// Note the number of a case in the institution's own application; without one, take it away
    Number {
        /// Id or ticket of the case
        #[arg(value_name = "CASE")]
        case: String,
        #[arg(value_name = "NUMBER")]
        number: Option<String>,
    },
    /// Act on a case; `case acts` lists the kinds and their fields
    Act(act::Args),
    /// List all kinds of acts with their fields and words
    Acts,
}

#[derive(Debug, Args)]
pub struct List {
    /// Words that must all occur, "a phrase", -not; or a ticket
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    search: Option<String>,
    /// received, verified, held, disposed, in_progress, answered, closed, archived or merged
    #[arg(long, value_name = "STATE", value_parser = named::<State>)]
    state: Option<State>,
    /// Institution that has the case now
    #[arg(long, value_name = "SLUG")]
    custodian: Option<InstanceId>,
    /// Institution where it was filed
    #[arg(long, value_name = "SLUG")]
    origin: Option<InstanceId>,
    /// Institution that has not joined and for which the custodian acts
    #[arg(long, value_name = "SLUG")]
    on_behalf_of: Option<InstanceId>,
    /// By deadline, the next first; only cases with a running clock
    #[arg(long, conflicts_with_all = ["state", "origin", "on_behalf_of"])]
    due: bool,
    /// Only what has run out
    #[arg(long, requires = "due")]
    overdue: bool,
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
    match command {
        Command::List(args) => list(place, args, out).await,
        Command::Show {
            case,
            json: as_json,
        } => {
            let node = place.node().await?;
            let view = node.case(resolve(&node, &case).await?).await?;
            if as_json {
                json(&view, out)
            } else {
                show(&view, Zone::of(&node), out)
            }
        }
        Command::Hints {
            case,
            json: as_json,
        } => {
            let node = place.node().await?;
            let found = node.hints(resolve(&node, &case).await?).await?;
            if as_json {
                json(&found, out)
            } else {
                hints::show(&found, out)
            }
        }
        Command::Number { case, number } => {
            let node = place.node().await?;
            let id = resolve(&node, &case).await?;
            node.number(&Sight::ALL, id, number.as_deref(), &actor())
                .await?;
            writeln!(out, "Noted.")?;
            Ok(())
        }
        Command::Act(args) => act::act(place, args, out).await,
        Command::Acts => act::list(out),
    }
}

/// The case that an id or a ticket names.
pub async fn resolve(node: &Node, text: &str) -> Result<CaseId, Failure> {
    match text.parse() {
        Ok(id) => Ok(id),
        Err(_) => Ok(node.case_by_ticket(text).await?.summary.case),
    }
}

async fn list(place: &Place, args: List, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    let filter = CaseFilter {
        state: args.state,
        custodian: args.custodian,
        origin: args.origin,
        on_behalf_of: args.on_behalf_of,
        ..CaseFilter::default()
    };
    let after = args.after.as_deref();
    let page = if args.due {
        let custodian = filter.custodian.as_ref();
        node.cases_by_deadline(&Sight::ALL, custodian, args.overdue, after, args.limit)
            .await?
    } else {
        let typed = args.search.as_deref().unwrap_or_default();
        node.search(&Sight::ALL, typed, &filter, after, args.limit)
            .await?
    };
    if args.json {
        return json(&page, out);
    }
    let (zone, now) = (Zone::of(&node), node.clock().now_ms());
    for case in &page.cases {
        let id = case.ticket.clone().unwrap_or_else(|| case.case.to_string());
        let custodian = case.custodian.as_ref().map_or("?", InstanceId::as_str);
        let title = shortened(case.title.as_deref().unwrap_or("(words not here)"), 60);
        let pending = if case.pending == 0 { "" } else { " (pending)" };
        writeln!(
            out,
            "{id:<12} {:<12} {custodian:<20} {title}{pending}{}",
            state(case.state),
            due(case.deadline.as_ref(), now, zone)
        )?;
    }
    match (&page.next, page.cases.is_empty()) {
        (Some(next), _) => writeln!(out, "More: --after {next}")?,
        (None, true) => writeln!(out, "No case fits.")?,
        (None, false) => {}
    }
    Ok(())
}

fn show(view: &CaseView, zone: Zone, out: Out<'_>) -> Result<(), Failure> {
    let case = &view.summary;
    let title = case
        .title
        .as_deref()
        .unwrap_or("(the words of this case are not here)");
    writeln!(out, "{}", plain(title))?;
    let line =
        |out: Out<'_>, name: &str, value: &str| writeln!(out, "  {name:<12} {}", plain(value));
    line(out, "case", &case.case.to_string())?;
    line(
        out,
        "ticket",
        case.ticket.as_deref().unwrap_or("not known here"),
    )?;
    line(out, "state", state(case.state))?;
    line(
        out,
        "custodian",
        case.custodian
            .as_ref()
            .map_or("not known", InstanceId::as_str),
    )?;
    line(
        out,
        "origin",
        case.origin.as_ref().map_or("not known", InstanceId::as_str),
    )?;
    for (name, all) in [
        ("disposed by", &view.stack),
        ("copies", &view.copies),
        ("supervisors", &view.supervisors),
        ("excluded", &view.excluded),
    ] {
        if !all.is_empty() {
            let names: Vec<_> = all.iter().map(InstanceId::as_str).collect();
            line(out, name, &names.join(", "))?;
        }
    }
    let optional = [
        ("for", case.on_behalf_of.as_ref().map(ToString::to_string)),
        (
            "category",
            case.category
                .as_ref()
                .map(|category| category.as_str().to_owned()),
        ),
        (
            "region",
            case.region
                .as_ref()
                .map(|region| region.as_str().to_owned()),
        ),
        (
            "programme",
            view.programme
                .as_ref()
                .map(|about| format!("{}/{}", about.owner, about.slug)),
        ),
        ("merged into", view.merged_into.map(|id| id.to_string())),
        ("split from", view.parent.map(|id| id.to_string())),
        ("rating", view.score.map(|score| format!("{score} of 5"))),
        (
            "supports",
            (case.supports > 0).then(|| case.supports.to_string()),
        ),
        ("waits", view.blocked.clone()),
        (
            "pending",
            (case.pending > 0).then(|| counted(case.pending.into(), "own act")),
        ),
        ("words", key(view.key).map(str::to_owned)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            line(out, name, &value)?;
        }
    }
    for clock in &view.clocks {
        line(out, "clock", &clock_text(clock))?;
    }
    writeln!(out)?;
    view.history
        .iter()
        .try_for_each(|entry| show_entry(entry, zone, out))
}

fn show_entry(entry: &HistoryEntry, zone: Zone, out: Out<'_>) -> Result<(), Failure> {
    let place = entry
        .case_seq
        .map_or_else(|| "…".to_owned(), |seq| seq.to_string());
    let author = entry.author.as_ref().map_or("?", InstanceId::as_str);
    let at = zone.show(entry.at);
    writeln!(
        out,
        "{place:>4}  {at}  {author}  {}{}",
        plain(&entry.kind),
        fields(entry.body.as_ref())
    )?;
    match entry.effect {
        None => writeln!(out, "      pending")?,
        Some(effect) if effect.as_str() != "applied" => {
            let reason = entry
                .reason
                .and_then(|reason| serde_json::to_value(reason).ok());
            let reason = reason
                .as_ref()
                .and_then(Value::as_str)
                .unwrap_or_default()
                .replace('_', " ");
            writeln!(out, "      {}: {reason}", effect.as_str())?;
        }
        Some(_) => {}
    }
    for (_, value) in entry.words.iter().filter_map(Value::as_object).flatten() {
        match value {
            Value::String(text) => write!(out, "{}", indented(text, 6))?,
            Value::Array(texts) => {
                for text in texts.iter().filter_map(Value::as_str) {
                    write!(out, "{}", indented(&format!("- {text}"), 6))?;
                }
            }
            _ => {}
        }
    }
    for attachment in &entry.attachments {
        let media_type = plain(&attachment.media_type);
        writeln!(out, "      attachment {} {media_type}", attachment.sha256)?;
    }
    Ok(())
}

/// ` target=kota-bandung deadline=2026-12-04`
fn fields(body: Option<&Value>) -> String {
    let all = body.and_then(Value::as_object).into_iter().flatten();
    let shown = all.filter(|(name, _)| !NOISE.contains(&name.as_str()));
    shown.fold(String::new(), |line, (name, value)| {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        line + &format!(" {}={}", plain(name), shortened(&value, 80))
    })
}

fn state(state: Option<State>) -> &'static str {
    state.map_or("not known", State::as_str)
}

fn due(deadline: Option<&Deadline>, now: i64, zone: Zone) -> String {
    let Some(deadline) = deadline else {
        return String::new();
    };
    let Some(due) = deadline.due else {
        return " [waits for the reporter]".into();
    };
    let word = match deadline.state(now) {
        ClockState::Overdue => "overdue since",
        _ => "due",
    };
    format!(" [{word} {}]", zone.show(due))
}

/// `first_follow_up until 2026-12-01, 3 working days left`
fn clock_text(clock: &Clock) -> String {
    let name = clock.kind.as_str();
    let days = |count: i64| match count {
        1 => "1 working day".to_owned(),
        _ => format!("{count} working days"),
    };
    match (clock.state, clock.due_on) {
        (ClockState::Overdue, Some(day)) => {
            format!("{name} was due on {day}, {} ago", days(-clock.days_left))
        }
        (_, Some(day)) => format!("{name} until {day}, {} left", days(clock.days_left)),
        (_, None) => format!("{name} stands still, {} left", days(clock.days_left)),
    }
}

fn key(key: KeyState) -> Option<&'static str> {
    match key {
        KeyState::Held => None,
        KeyState::Missing => Some("the key has not arrived; the node asks for it"),
        KeyState::Erased => Some("erased"),
    }
}
