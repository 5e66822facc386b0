//! The stories told with hubs and nodes together.

mod demo;
