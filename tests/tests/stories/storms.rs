//! Everybody acts at random in bad weather, processes end and begin, and when
//! it clears up nothing is lost, nothing has happened twice, and every copy of
//! every case is equal. A failure names its seed, which repeats it.

use lapor_migrations::Kind;
use lapor_node::casework::CaseFilter;
use lapor_node::error::NodeError;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, OMBUDSMAN, PLN, PUSAT};
use lapor_tests::fleet::words::{report, report_without};
use lapor_tests::fleet::{Fleet, Institution, Weather, kinds};
use lapor_tests::simulation::acts::any_act;
use lapor_tests::simulation::dice::Dice;
use serde_json::json;

const HOUR_MS: i64 = 3_600_000;
const ACTS: usize = 200;
/// How often one institution looks for something to do.
const TRIES: usize = 8;

/// Says on the way out which seed failed.
struct Named(Kind, u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the storm of seed {} on {:?} failed", self.1, self.0);
        }
    }
}

async fn storm(seed: u64, kinds: impl IntoIterator<Item = Kind>) {
    for kind in kinds {
        let _named = Named(kind, seed);
        let members = [PUSAT, BANDUNG, KEMENPU, PLN, OMBUDSMAN];
        let mut fleet = Fleet::with(kind, &members, seed, |_| {}).await;
        let mut dice = Dice::new(seed);
        let slugs = fleet.slugs();
        fleet.weather(Weather::STORM);
        for _ in 0..ACTS {
            let slug = dice.one_of(&slugs);
            something(fleet.at(slug), &slugs, &mut dice).await;
            for _ in 0..dice.below(3) {
                fleet.at(dice.one_of(&slugs)).attempt().await;
            }
            whatever_befalls(&mut fleet, slug, &mut dice).await;
        }
        fleet.weather_clears().await;
        fleet.settle().await;
        // Whose key its giver did not hold gets it from another holder, in a while.
        fleet.pass(HOUR_MS);
        fleet.settle().await;
        let report = fleet.invariants().await;
        assert!(
            report.messages > ACTS as u64 / 2,
            "hardly anything happened"
        );
        fleet.ends_well().await;
    }
}

/// A line breaks or comes back, a process ends and begins.
async fn whatever_befalls(fleet: &mut Fleet, slug: &str, dice: &mut Dice) {
    match dice.below(40) {
        0 => fleet.at(slug).line().weather(Weather::CUT),
        1..=3 => fleet.weather(Weather::STORM),
        4 | 5 => {
            let institution = fleet.at_mut(slug);
            institution.stop().await;
            institution.start().await;
            institution.line().weather(Weather::STORM);
        }
        6 => fleet.restart_hub().await,
        7..=9 => fleet.pass(HOUR_MS),
        _ => {}
    }
}

/// A report, or an act on a case that this institution knows. What the rules
/// do not allow as it sees the case is not done, and it looks for another.
async fn something(at: &Institution, slugs: &[&str], dice: &mut Dice) {
    let known = at.cases(&CaseFilter::default()).await;
    for _ in 0..TRIES {
        if known.is_empty() || dice.below(8) == 0 {
            return file(at, dice).await;
        }
        let case = dice.pick(&known).case;
        let other = dice.pick(&known).case;
        let act = any_act(slugs, &json!(other), dice);
        match at.node().act(case, act, "petugas").await {
            Ok(_) => return,
            Err(
                NodeError::NotAllowed(_)
                | NodeError::KeyMissing(_)
                | NodeError::Redacted(_)
                | NodeError::Invalid(_)
                | NodeError::NotFound { .. },
            ) => {}
            Err(error) => panic!("{}: {error}", at.member.slug),
        }
    }
}

async fn file(at: &Institution, dice: &mut Dice) {
    let mut filed = match dice.below(8) {
        0 if at.member.slug != "bumn-pln" => report_without("Pungutan liar", &["bumn-pln"]),
        _ => report("Jalan berlubang"),
    };
    if dice.below(5) == 0 {
        filed.attachments = vec![at.upload(b"foto jalan berlubang").await];
    }
    at.file(filed).await;
}

/// `LAPOR_STORM_SEED` makes another storm, or repeats one that failed.
fn chosen() -> u64 {
    let chosen = std::env::var("LAPOR_STORM_SEED").ok();
    chosen.map_or(1, |seed| seed.parse().expect("a number"))
}

#[tokio::test]
async fn a_storm_leaves_nothing_lost_or_doubled() {
    Box::pin(storm(chosen(), kinds().into_iter().take(1))).await;
}

/// A story of its own: one thread tells one after the other.
#[tokio::test]
async fn a_storm_on_the_other_database_leaves_nothing_lost_or_doubled() {
    Box::pin(storm(chosen(), kinds().into_iter().skip(1))).await;
}

#[tokio::test]
async fn another_storm_leaves_nothing_lost_or_doubled() {
    Box::pin(storm(20_261_125, kinds().into_iter().take(1))).await;
}

#[tokio::test]
async fn a_third_storm_leaves_nothing_lost_or_doubled() {
    Box::pin(storm(1708, kinds().pop())).await;
}
