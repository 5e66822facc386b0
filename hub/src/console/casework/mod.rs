//! Casework on the console: its figures, the cases behind them, each case's
//! skeleton, and the weekly report. The hub counts acts and clocks; it has no
//! words to show.

mod case;
mod list;
mod page;
mod parts;
mod reasons;
mod tables;
mod weeks;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::Console;

pub use case::path as one;
pub use words::act_words;

pub const PATH: &str = "/konsol/kasus";

/// The pages about casework, below [`PATH`].
pub fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route(PATH, get(page::show))
        .route(list::PATH, get(list::show))
        .route(tables::PATH, get(tables::show))
        .route(weeks::PATH, get(weeks::list))
        .route(weeks::ONE, get(weeks::show))
        .route(case::ASK, get(case::find))
        .route(case::ONE, get(case::show))
}
