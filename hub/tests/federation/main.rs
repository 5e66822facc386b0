//! The hub from the outside, through its router and its listeners, on both
//! databases.

mod blobs;
mod cancelled;
mod cases;
mod casework;
mod cutting;
mod damage;
mod evidence;
mod harness;
mod history;
mod joining;
mod newcomers;
mod outbox;
mod pictures;
mod portals;
mod races;
mod recovery;
mod renewal;
mod replicas;
mod serving;
mod set_aside;
mod streams;
mod together;
mod turns;
mod watch;
