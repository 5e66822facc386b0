//! What an officer may think of doing with a case. Whether the rules allow it is
//! for the node to say, and in the end for the hub.

use lapor_node::casework::NewAct;
use serde_json::{Value, json};

use super::dice::Dice;
use crate::fleet::words::{act, said, sentence_of, worded};

/// Any act, with one of these institutions as its target and another case beside it.
pub fn any_act(slugs: &[&str], other: &Value, dice: &mut Dice) -> NewAct {
    let target = dice.one_of(slugs);
    let answered = dice.below(2) == 0;
    match dice.below(24) {
        0 => act("case.verified", json!({})),
        1..=6 => {
            let copies = if dice.below(4) == 0 {
                vec![dice.one_of(slugs)]
            } else {
                vec![]
            };
            let to = json!({ "target": target, "copies": copies });
            said("case.disposed", to, "Mohon ditindaklanjuti.")
        }
        7 | 8 => act("case.returned", json!({ "reason": "belongs_to_another" })),
        9 | 10 => act("case.recalled", json!({ "reason": "no_answer" })),
        11..=13 => {
            let proposes = json!({ "proposes_to_close": answered });
            said("case.followed_up", proposes, "Dikerjakan.")
        }
        14 => said("case.noted", json!({}), "Catatan."),
        15 => {
            let questions = json!({ "questions": [sentence_of("Di mana?")] });
            worded("case.held", json!({}), questions)
        }
        16 => {
            let answers = json!({ "answers": [sentence_of("Di sana.")] });
            worded("report.completed", json!({}), answers)
        }
        17 => said("case.replied", json!({}), "Belum selesai."),
        18 => act("case.closed", json!({ "by": "reporter" })),
        19 => act("case.rated", json!({ "score": 3 })),
        20 => act("case.linked", json!({ "target_case": other })),
        21 => act("case.unlinked", json!({})),
        22 => match dice.below(4) {
            0 => act("case.redacted", json!({ "reason": "reporter_request" })),
            1 => act("case.escalated", json!({ "consent": true })),
            2 => act("case.taken_over", json!({})),
            _ => said(
                "identity.requested",
                json!({ "purpose": "visit" }),
                "Perlu datang.",
            ),
        },
        _ => {
            let words = json!({ "title": "Bagian kedua", "content": sentence_of("Bagian kedua") });
            worded("case.split", json!({}), words)
        }
    }
}
