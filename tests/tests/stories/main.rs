//! The stories of the federation: what happens between institutions, told with
//! a real hub and real nodes, each on SQLite and on PostgreSQL.

mod admission;
mod casework;
mod certificates;
mod custody;
mod demo;
mod identity;
mod joining;
mod keys;
mod linking;
mod newcomers;
mod offline;
mod running;
mod storms;
mod supervision;
