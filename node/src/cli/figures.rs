//! Figures at the command line, as tables for a spreadsheet.

use chrono::NaiveDate;
use clap::ValueEnum;

use super::print::json;
use super::{Failure, Out, Place};
use crate::figures::{Side, category_csv, csv};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// First day of filing, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    from: NaiveDate,
    /// Last day of filing, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    through: NaiveDate,
    /// By who has the cases now, or by where they were filed
    #[arg(long, value_enum, default_value_t = By::Custodian)]
    by: By,
    /// By category instead of by institution: national, and of the own tree
    #[arg(long, conflicts_with = "by")]
    categories: bool,
    /// As JSON instead of CSV
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Custodian,
    Origin,
}

pub async fn figures(place: &Place, args: &Args, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    let side = match args.by {
        By::Custodian => Side::Custodian,
        By::Origin => Side::Origin,
    };
    let (from, until) = node.span_of_days(args.from, args.through);
    let table = node.figures_of(side, from, until).await?;
    if args.json {
        return json(&table, out);
    }
    let text = if args.categories {
        category_csv(&table)?
    } else {
        csv(&table)?
    };
    Ok(write!(out, "{text}")?)
}
