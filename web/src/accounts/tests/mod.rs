//! Accounts on both databases, with a clock moved by hand.

mod administering;
mod entering;
mod factors;
mod links;
mod pages;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use lapor_migrations::throwaway::{TestDb, databases_of};
use lapor_migrations::{DbError, Schema, Tx};
use zeroize::Zeroizing;

use super::*;
use crate::clock::HandClock;

const NOW: i64 = 1_790_000_000_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const WORDS: &str = "gerimis tujuh kelapa sepeda";
const OTHERS: &str = "mendung sembilan rambutan perahu";
const ROLES: Roles = &[
    Role {
        code: "admin",
        administers: true,
    },
    Role {
        code: "officer",
        administers: false,
    },
    Role {
        code: "keeper",
        administers: false,
    },
];

/// Keeps what was noted, as lines.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Journal for Log {
    fn note<'a>(&'a self, _: &'a mut Tx, deed: Deed<'a>) -> BoxFuture<'a, Result<(), DbError>> {
        let line = format!("{} {} {}", deed.actor, deed.action, deed.detail);
        self.0.lock().unwrap().push(line.trim_end().to_owned());
        Box::pin(async { Ok(()) })
    }
}

/// The accounts of an institution, and what belongs to the test.
struct Office {
    accounts: Arc<Accounts>,
    clock: Arc<HandClock>,
    log: Arc<Log>,
    db: Db,
    name: &'static str,
    _test: TestDb,
}

impl Office {
    async fn on(test: TestDb) -> Self {
        let db = test.migrated(Schema::Node).await.unwrap();
        let (clock, log) = (Arc::new(HandClock::at(NOW)), Arc::new(Log::default()));
        let rules = Rules {
            roles: ROLES,
            factor_for: vec!["keeper"],
            idle_ms: 30 * MINUTE,
            longest_ms: 12 * HOUR,
            issuer: "Kota Bandung".into(),
            cost: HashCost {
                memory_kib: 8,
                passes: 1,
            },
        };
        let vault = FactorKey::kept_by(|| Ok(Zeroizing::new([7; 32])));
        let accounts = Accounts::new(db.clone(), clock.clone(), log.clone(), vault, rules);
        Self {
            accounts: Arc::new(accounts),
            clock,
            log,
            db,
            name: test.name,
            _test: test,
        }
    }

    /// An account with a password.
    async fn staffed(&self, login: &str, role: &str) -> Account {
        let new = NewAccount {
            login,
            name: "Petugas Loket",
            role,
            unit: None,
        };
        let (account, link) = self.accounts.create("test", &new).await.unwrap();
        let chosen = self
            .accounts
            .choose_password(&link, &WORDS.into(), there())
            .await;
        chosen.unwrap();
        account
    }

    async fn enters(&self, login: &str, words: &str) -> Result<Entered, AccountError> {
        self.enters_from(login, words, there()).await
    }

    async fn enters_from(
        &self,
        login: &str,
        words: &str,
        address: IpAddr,
    ) -> Result<Entered, AccountError> {
        let arrival = Arrival {
            address,
            ..arrival()
        };
        self.accounts.sign_in(login, &words.into(), &arrival).await
    }

    /// Logs in without a second factor.
    async fn opened(&self, login: &str) -> (Opened, Session) {
        let Ok(Entered::Open(opened)) = self.enters(login, WORDS).await else {
            panic!("{}: {login} did not get in", self.name);
        };
        let session = self.session(&opened.token).await.unwrap();
        (opened, session)
    }

    async fn session(&self, token: &Secret) -> Option<Session> {
        self.accounts.session(token).await.unwrap()
    }

    fn noted(&self) -> Vec<String> {
        self.log.0.lock().unwrap().clone()
    }
}

fn there() -> IpAddr {
    "192.0.2.7".parse().unwrap()
}

fn arrival() -> Arrival<'static> {
    Arrival {
        address: there(),
        agent: "Firefox",
        replaces: None,
    }
}

async fn offices() -> Vec<Office> {
    let mut offices = Vec::new();
    for test in databases_of(Schema::Node).await {
        offices.push(Office::on(test).await);
    }
    offices
}
