//! The stories of the federation: what happens between institutions, told with
//! a real hub and real nodes, each on SQLite and on PostgreSQL.

mod admission;
mod casework;
mod custody;
mod demo;
mod hostile;
mod identity;
mod joining;
mod linking;
mod newcomers;
mod offline;
mod running;
mod storms;
mod supervision;
