//! Reporters on the stage: reports with a key, at each point where something is
//! expected of their reporter, and a conversation that is open with each; and somebody
//! with an account.

use std::net::{IpAddr, Ipv4Addr};

use lapor_node::casework::NewReport;
use lapor_node::reporters::{FilingTerms, Proved};
use lapor_protocol::ids::CaseId;
use serde::Serialize;
use serde_json::json;

use crate::fleet::Institution;
use crate::fleet::words::{act, worded};

/// Somebody else's, so that the browser's own attempts are not counted with these.
const FROM: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Nor with those of whoever types a code.
const BESIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9));
/// Where the code goes to.
const CITIZEN: &str = "siti@contoh.id";

/// What opens a conversation, and the token of one that is open.
#[derive(Serialize)]
pub struct Talk {
    case: CaseId,
    ticket: String,
    key: String,
    token: String,
}

/// Conversations by what is expected of their reporter.
#[derive(Serialize)]
pub struct Talks {
    waiting: Talk,
    held: Talk,
    answered: Talk,
    closed: Talk,
    /// For a key that is lost.
    lost: Talk,
    citizen: Citizen,
}

/// Somebody who has signed in, with two of the reports.
#[derive(Serialize)]
pub struct Citizen {
    token: String,
}

/// A report with a key, and the conversation about it.
struct Filed {
    case: CaseId,
    ticket: String,
    key: String,
}

/// Files the reports and brings each to where it stands; the fleet settles after it.
pub async fn furnish(home: &Institution) -> Talks {
    let waiting = file(home, "Jembatan gantung di Cikapundung bergoyang").await;
    let held = file(home, "Saluran air mampet di Gang Sukaresmi").await;
    let answered = file(home, "Pohon tumbang menutup Jalan Tamblong").await;
    let closed = file(home, "Trotoar rusak di Jalan Braga").await;
    let lost = file(home, "Antrean panjang di kantor kelurahan").await;
    let questions = json!({
        "questions": [
            "Di depan rumah nomor berapa saluran itu mampet?",
            "Sejak kapan airnya meluap ke jalan?",
            "Apakah airnya masuk ke rumah?",
        ],
        "forms": [{"as": "text"}, {"as": "text"}, {"as": "yes_no"}],
    });
    let held_with = worded("case.held", json!({}), questions);
    home.act(held.case, held_with).await;
    for case in [answered.case, closed.case] {
        home.verify(case).await;
        home.answer(
            case,
            "Sudah kami kerjakan hari ini.\n\nMohon diperiksa di lapangan.",
        )
        .await;
    }
    let confirmed = act(
        "case.closed",
        json!({ "by": "reporter", "through_officer": false }),
    );
    home.act(closed.case, confirmed).await;
    Talks {
        citizen: sign_in(home, &[&waiting, &closed]).await,
        waiting: talk(home, waiting).await,
        held: talk(home, held).await,
        answered: talk(home, answered).await,
        closed: talk(home, closed).await,
        lost: talk(home, lost).await,
    }
}

/// Signs somebody in with the code that waits to be sent to them.
async fn sign_in(home: &Institution, reports: &[&Filed]) -> Citizen {
    let node = home.node();
    let sent = node.ask_sign_in(CITIZEN, BESIDE).await;
    let sent = sent.expect("a code is sent");
    let letters = node.letters(0, 100).await.expect("letters");
    let letter = letters.iter().rfind(|letter| letter.contact == CITIZEN);
    let letter = letter.expect("a letter to them");
    let code = letter.code.as_deref().expect("a code");
    let proved = node.prove_code(&sent.id, code, BESIDE).await;
    let Ok(Proved::SignedIn(opened)) = proved else {
        panic!("the code is for signing in");
    };
    let gone = node.letter_done(letter.number).await;
    gone.expect("it goes nowhere");
    let visitor = node.visitor(&opened.token).await.expect("a session");
    let visitor = visitor.expect("a session that is open");
    for report in reports {
        let added = node.add_to_account(&visitor, &report.ticket, &report.key, BESIDE);
        added.await.expect("a report of nobody's account");
    }
    Citizen {
        token: opened.token,
    }
}

async fn file(home: &Institution, title: &str) -> Filed {
    let report = json!({
        "classification": "complaint",
        "title": title,
        "content": format!("{title}. Warga sekitar terganggu; mohon segera ditangani."),
        "region": "32.73",
        "channel": "web",
        "reporter": { "name": "Siti Aminah", "email": "siti@contoh.id" },
    });
    let report: NewReport = serde_json::from_value(report).expect("a report");
    let terms = FilingTerms::default();
    let filed = home.node().file_for_reporter(report, terms).await;
    let filed = filed.expect("a report is filed");
    Filed {
        case: filed.filed.case,
        ticket: filed.filed.ticket,
        key: filed.key,
    }
}

async fn talk(home: &Institution, filed: Filed) -> Talk {
    let node = home.node();
    let opened = node
        .open_conversation(&filed.ticket, &filed.key, FROM)
        .await;
    Talk {
        case: filed.case,
        token: opened.expect("a conversation opens").token,
        ticket: filed.ticket,
        key: filed.key,
    }
}
