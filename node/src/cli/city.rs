//! Cities' own Open311 services: how it goes with each, whether one can be asked, and what was refused.

use clap::Subcommand;

use super::print::{Zone, json};
use super::{Failure, Out, Place, actor, exit};
use crate::cities::{Cities, CityFigures, Stuck};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// How it goes with each city, and what waits there or for you
    List {
        #[arg(long)]
        json: bool,
    },
    /// Ask a city for its services and compare them with `cities.map`; nothing is filed
    Try {
        /// As the configuration names it
        name: String,
    },
    /// Have a request tried again that was refused, or of which no case could be made
    Again {
        /// Its id, from `list`
        id: String,
    },
    /// Drop such a request for good
    Drop {
        /// Its id, from `list`
        id: String,
    },
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    match command {
        Command::Try { name } => try_out(place, &name, out).await?,
        Command::List { json: true } => {
            json(&place.node().await?.city_figures().await?, out)?;
        }
        Command::List { json: false } => list_all(place, out).await?,
        Command::Again { id } => {
            let node = place.node().await?;
            node.ask_city_again(&id, &actor()).await?;
            writeln!(out, "It is tried again with the next look.")?;
        }
        Command::Drop { id } => {
            place.node().await?.drop_at_city(&id, &actor()).await?;
            writeln!(out, "It is dropped.")?;
        }
    }
    Ok(())
}

async fn list_all(place: &Place, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    let (all, zone) = (node.city_figures().await?, Zone::of(&node));
    if all.is_empty() {
        writeln!(out, "No city is followed or fed; `cities` names some.")?;
    }
    for city in &all {
        list(city, &zone, out)?;
    }
    Ok(())
}

async fn try_out(place: &Place, name: &str, out: Out<'_>) -> Result<(), Failure> {
    let cities = Cities::of(&place.settings()?.cities)?;
    let city = cities.named(name).ok_or_else(|| {
        let known = cities.names().join(", ");
        let text = format!("the configuration names no city {name}; it names: {known}");
        Failure::new(exit::CONFIGURATION, text)
    })?;
    let tried = city.try_out().await;
    let tried = tried.map_err(|problem| {
        Failure::new(
            exit::UNAVAILABLE,
            format!("{name} cannot be asked: {problem}"),
        )
    })?;
    writeln!(out, "{name}: answers with {} services", tried.services)?;
    if tried.unknown.is_empty() {
        return Ok(());
    }
    let unknown = tried.unknown.join(", ");
    let text = format!("cities.map of {name}: it has no service of these codes: {unknown}");
    Err(Failure::new(exit::CONFIGURATION, text))
}

fn list(city: &CityFigures, zone: &Zone, out: Out<'_>) -> Result<(), Failure> {
    let contact = city.contact_at.map(|at| zone.show(at));
    let counts = city.counts;
    writeln!(
        out,
        "{}  last answer {}; followed {} open, {} closed; fed {} open, {} closed; {} waiting, {} refused",
        city.name,
        contact.unwrap_or_else(|| "none yet".into()),
        counts.followed_open,
        counts.followed_closed,
        counts.fed_open,
        counts.fed_closed,
        counts.waiting,
        counts.refused
    )?;
    if let (Some(since), Some(problem)) = (city.troubled_since, &city.problem) {
        writeln!(out, "  since {}: {problem}", zone.show(since))?;
    }
    for Stuck {
        id,
        state,
        since,
        request,
        case_id,
        problem,
        ..
    } in &city.stuck
    {
        let of = request.as_deref().or(case_id.as_deref());
        writeln!(
            out,
            "  {id}  {state:<8} {}  {}  {}",
            zone.show(*since),
            of.unwrap_or_default(),
            problem.as_deref().unwrap_or_default()
        )?;
    }
    Ok(())
}
