//! What is asked of an operation and is no field of its query is never passed over.

use http::StatusCode;
use lapor_protocol::ids::CaseId;

use super::{acting, ask};
use crate::console::ConsoleRole;
use crate::console::api::documents;
use crate::console::tests::{Place, login};

/// A path of the document with something in each of its places.
fn filled(path: &str) -> String {
    let case = CaseId::mint(1_790_000_000_000, [7; 10]).to_string();
    let filled = [
        ("{slug}", "kota-bandung"),
        ("{case}", &*case),
        ("{round}", "babak"),
    ]
    .iter()
    .fold(path.to_owned(), |path, (place, with)| {
        path.replace(place, with)
    });
    assert!(
        !filled.contains('{'),
        "{path} has a place that is not known here"
    );
    filled
}

#[tokio::test]
async fn every_question_with_a_field_that_is_not_known_is_refused() {
    let declared = serde_json::to_value(documents::routes().into_openapi()).unwrap();
    let paths = declared["paths"].as_object().unwrap().iter();
    let questions = paths.filter(|(_, item)| item.get("get").is_some());
    let questions: Vec<String> = questions.map(|(path, _)| filled(path)).collect();
    assert!(questions.len() > 15, "{questions:?}");
    for place in Place::all(false).await {
        let known = acting(&place, "otomat", &login(ConsoleRole::Operator)).await;
        for path in &questions {
            let asked = format!("/api/v1{path}?tidak-ada=1");
            let (status, answer) = ask(&place, &asked, Some(&known)).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {answer}");
            assert_eq!(answer["code"], "invalid_query", "{path}: {answer}");
            assert_eq!(answer["field"], "tidak-ada", "{path}: {answer}");
        }
        let (status, answer) = ask(&place, "/api/v1/keys?tidak-ada=1", None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{answer}");
    }
}
