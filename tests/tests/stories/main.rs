//! The stories of the federation: what happens between institutions, told with
//! a real hub and real nodes, each on SQLite and on PostgreSQL.

mod custody;
mod joining;
mod offline;
