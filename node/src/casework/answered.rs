//! Whether answers are ones to the questions of the hold that stands, at whichever door they come, and
//! whether a reporter has said something that the fold counts for no reply. Of answers only a place is
//! looked at here: an application that knows no forms answers everything else in words.

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, Effect, State};
use lapor_protocol::ids::{InstanceId, MessageRef};
use lapor_protocol::kinds::case_held::AnswerForm;

use super::history::applied_history;
use super::shown::drafts;
use super::{HistoryEntry, NewAct};
use crate::error::NodeError;
use crate::place::check_answer;
use crate::reporters::answer_forms;
use crate::store;

/// Errors: `Invalid` for an answer that can be no place where one is asked for.
pub(super) async fn may_be_answers(
    tx: &mut Tx,
    act: &NewAct,
    case: Option<&Case>,
    me: &InstanceId,
) -> Result<(), NodeError> {
    let words = act.words.as_ref();
    let answers = words.and_then(|words| words.get("answers")?.as_array());
    let asked = case.filter(|case| case.state == State::Held && act.kind == "report.completed");
    let (Some(answers), Some(case)) = (answers, asked) else {
        return Ok(());
    };
    let pending = drafts(tx, &case.id.to_string()).await?;
    let history = applied_history(tx, case.id, me, &pending).await?;
    let mut holds = history.iter().rev();
    let hold = holds.find(|entry| entry.kind == "case.held" && stands(entry));
    let forms = answer_forms(hold.and_then(|hold| hold.words.as_ref()));
    let pairs = answers.iter().zip(&forms).zip(1..);
    for ((answer, form), number) in pairs {
        let answer = answer.as_str().map(str::trim).unwrap_or_default();
        if *form == AnswerForm::Place
            && let Err(problem) = check_answer(answer)
        {
            let problem = format!("answers: question {number} asks for a place, and {problem}");
            return Err(NodeError::Invalid(problem));
        }
    }
    Ok(())
}

/// Whether the reporter has completed the report since a message of its case: that is no reply for the
/// rules, and yet they were not silent.
pub(crate) async fn completed_since(
    tx: &mut Tx,
    case: &str,
    me: &InstanceId,
    message: &MessageRef,
) -> Result<bool, NodeError> {
    let pending = drafts(tx, case).await?;
    let history = applied_history(tx, store::case_id(case)?, me, &pending).await?;
    let is_it = |entry: &HistoryEntry| {
        entry.message == Some(message.id) && entry.author.as_ref() == Some(&message.author)
    };
    let since = history.iter().rposition(is_it).map_or(0, |at| at + 1);
    let mut since = history[since..].iter();
    Ok(since.any(|entry| entry.kind == "report.completed" && stands(entry)))
}

/// Whether a message has its effect, or may have it.
fn stands(entry: &HistoryEntry) -> bool {
    entry.effect.is_none_or(|effect| effect == Effect::Applied)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::casework::{NewAct, NewReport};
    use crate::error::NodeError;
    use crate::testing::{Place, acts, databases};

    fn answers(all: &Value) -> NewAct {
        NewAct {
            kind: "report.completed".into(),
            body: serde_json::Map::new(),
            words: json!({ "answers": all }).as_object().cloned(),
            attachments: Vec::new(),
        }
    }

    #[tokio::test]
    async fn where_a_hold_asks_for_a_place_numbers_that_are_none_are_refused_at_every_door() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let report: NewReport = serde_json::from_value(json!({
                "classification": "complaint", "title": "Lampu padam",
                "content": "Sejak kemarin.", "channel": "web",
            }))
            .unwrap();
            let case = place.node.file(report, "test").await.unwrap().case;
            let asked = json!({
                "questions": ["Nomor berapa?", "Di mana?"],
                "forms": [{"as": "text"}, {"as": "place"}],
            });
            acts(&place, case, "case.held", json!({}), Some(asked)).await;
            for (wrong, said) in [
                ("107.6191, -6.9175", "latitude"),
                ("52.52 13.40", "outside of Indonesia"),
                ("32.99", "no region"),
            ] {
                let act = answers(&json!(["-6.9", wrong]));
                let refused = place.node.act(case, act, "test").await;
                let Err(NodeError::Invalid(problem)) = refused else {
                    panic!("{wrong} is no place");
                };
                let told = problem.starts_with("answers: question 2") && problem.contains(said);
                assert!(told, "{problem}");
            }
            let act = answers(&json!(["52.52 13.40", "-6.9175, 107.6191"]));
            place.node.act(case, act, "test").await.unwrap();
        }
    }
}
