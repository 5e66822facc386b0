//! The stories of the federation: what happens between institutions, told with
//! a real hub and real nodes, each on SQLite and on PostgreSQL.

mod admission;
mod casework;
mod certificates;
mod clocks;
mod conform;
mod crashes;
mod custody;
mod damage;
mod deadlines;
mod demo;
mod full_disks;
mod hostile;
mod hostile_hub;
mod identity;
mod joining;
mod keys;
mod linking;
mod newcomers;
mod offline;
mod outages;
mod pages;
mod parsers;
mod phones;
mod programmes;
mod quarantine;
mod recovering;
mod replicas;
mod restores;
mod running;
mod simulation;
mod storms;
mod supervision;
mod traces;
mod upgrades;
mod watching;
