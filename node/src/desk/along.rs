//! The list from which a case was opened: the way back, and the cases before and behind it. An
//! address names it by the inbox's own address and the row; what names nothing there is not kept.

use axum::extract::Query;
use http::Uri;
use lapor_protocol::ids::CaseId;
use lapor_web::language::text_id;
use lapor_web::page::{Flash, Form, LocalPath};
use serde::Deserialize;

use super::question::InboxQuery;
use super::{Answer, Officer, ROOT, case_page, inbox};
use crate::api::problem;
use crate::casework::CaseSummary;
use crate::node::Node;

/// Fields of addresses and forms: the list, the row in it, and whether an act leads on.
const LIST: &str = "dari";
const ROW: &str = "urut";
pub const ON: &str = "terus";

/// The fields of an address, as they were sent.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AlongQuery {
    dari: String,
    urut: String,
    terus: String,
}

/// A row of a list of the inbox.
#[derive(Clone)]
pub struct Along {
    list: LocalPath,
    row: usize,
    /// After an act the next case is opened.
    on: bool,
}

/// Where one goes from a case.
pub struct Beside {
    pub back: String,
    pub before: Option<String>,
    pub next: Option<String>,
}

impl AlongQuery {
    /// Its fields, as a form has them.
    pub fn put_into(&self, form: &mut Form) {
        for (name, value) in [(LIST, &self.dari), (ROW, &self.urut), (ON, &self.terus)] {
            if !value.is_empty() {
                form.put(name, value);
            }
        }
    }
}

impl Along {
    pub fn new(list: &str, row: usize) -> Self {
        Self {
            list: LocalPath::own(list),
            row,
            on: false,
        }
    }

    /// What a form or an address says; `None` where it names no list of the inbox.
    pub fn of(form: &Form) -> Option<Self> {
        let list = LocalPath::parse(form.text(LIST))?;
        (list.path() == ROOT).then(|| Self {
            list,
            row: form.text(ROW).parse().unwrap_or(0),
            on: form.is_ticked(ON),
        })
    }

    /// Its fields, to be sent along with a form, but for what is asked there.
    pub fn fields(&self) -> [(&'static str, String); 2] {
        [(LIST, self.list.to_string()), (ROW, self.row.to_string())]
    }

    /// All of them, for a form that does not ask.
    pub fn all_fields(&self) -> Vec<(&'static str, String)> {
        let on = self.on.then(|| (ON, "1".to_owned()));
        self.fields().into_iter().chain(on).collect()
    }

    /// An address of the desk with it.
    pub fn added_to(&self, path: &str) -> String {
        let row = self.row.to_string();
        let on = if self.on { "1" } else { "" };
        let fields = [(LIST, self.list.as_str()), (ROW, &row), (ON, on)];
        let (path, part) = path.split_at(path.find('#').unwrap_or(path.len()));
        format!("{}{part}", LocalPath::asking(path, fields))
    }

    /// What lies beside a case in the list as it is now. A case that has left it has left its row to
    /// the next.
    pub async fn beside(&self, node: &Node, officer: &Officer, case: CaseId) -> Answer<Beside> {
        let (cases, following) = self.cases(node, officer).await?;
        let place = cases.iter().position(|one| *one == case);
        let (before, next) = match place {
            Some(place) => (place.checked_sub(1), place + 1),
            None => (self.row.checked_sub(1), self.row),
        };
        let at = |row: usize| {
            let along = Self {
                row,
                ..self.clone()
            };
            cases
                .get(row)
                .map(|case| along.added_to(&case_page::at(*case)))
        };
        let next = match (at(next), following) {
            (None, Some(list)) => {
                let along = Self {
                    list,
                    row: 0,
                    ..self.clone()
                };
                let (cases, _) = along.cases(node, officer).await?;
                let first = cases.first();
                first.map(|case| along.added_to(&case_page::at(*case)))
            }
            (next, _) => next,
        };
        Ok(Beside {
            back: self.list.to_string(),
            before: before.and_then(at),
            next,
        })
    }

    /// The cases of the page of the list, and the page behind it.
    async fn cases(
        &self,
        node: &Node,
        officer: &Officer,
    ) -> Answer<(Vec<CaseId>, Option<LocalPath>)> {
        let uri: Option<Uri> = self.list.as_str().parse().ok();
        let query = uri.and_then(|uri| Query::<InboxQuery>::try_from_uri(&uri).ok());
        let query = query.map_or_else(InboxQuery::default, |Query(query)| query);
        let question = inbox::asked_for(node, officer, &query).await?;
        // A search that finds nothing has nothing beside a case either.
        let found = inbox::found(node, officer, &question, &query.lanjut).await;
        let Some(list) = found.map_err(|error| problem(&error))? else {
            return Ok((Vec::new(), None));
        };
        let following = list.next.map(|next| question.address(ROOT, &next));
        let cases = list.cases.iter().map(|case| case.case).collect();
        Ok((cases, following.map(|to| LocalPath::own(&to))))
    }
}

/// Where an act leads, and what is said there, for somebody who wants to go on along a list; behind its
/// last case the list itself. Asked before the act, which may take the case out of the list.
pub async fn onward(
    node: &Node,
    officer: &Officer,
    case: &CaseSummary,
    form: &Form,
) -> Answer<Option<(LocalPath, Flash)>> {
    let Some(along) = Along::of(form).filter(|along| along.on) else {
        return Ok(None);
    };
    let beside = along.beside(node, officer, case.case).await?;
    let said = if beside.next.is_some() {
        text_id("done-next")
    } else {
        text_id("done-last")
    };
    let ticket = case.ticket.clone();
    let name = ticket.unwrap_or_else(|| case.case.to_string());
    let to = LocalPath::own(&beside.next.unwrap_or(beside.back));
    Ok(Some((to, Flash::done(said).with("ticket", name))))
}

/// Where one goes after an act on a case. What went not quite as it was meant is read where it went so.
pub fn leave(
    (case, form): (CaseId, &Form),
    onward: Option<(LocalPath, Flash)>,
    flash: Flash,
) -> (LocalPath, Flash) {
    let onward = onward.filter(|_| flash.is_done());
    onward.unwrap_or_else(|| (back_to(case, form), flash))
}

/// The page of a case as a form knows the way to it.
pub fn back_to(case: CaseId, form: &Form) -> LocalPath {
    let at = case_page::at(case);
    LocalPath::own(&Along::of(form).map_or(at.clone(), |along| along.added_to(&at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_list_of_the_inbox_is_gone_back_to() {
        for list in [
            "//jahat.example",
            "https://jahat.example/meja",
            "/meja/akun",
            "/meja.jahat.example",
            "/mejalain?tab=baru",
            "",
        ] {
            let form = Form::of([(LIST, list), (ROW, "2")]);
            assert!(Along::of(&form).is_none(), "{list}");
        }
        let form = Form::of([(LIST, "/meja?tab=baru&cari=a"), (ROW, "x"), (ON, "1")]);
        let along = Along::of(&form).unwrap();
        assert!(along.on);
        assert_eq!(
            along.added_to("/meja/kasus/1/disposisi?ke=pusat"),
            "/meja/kasus/1/disposisi?ke=pusat&dari=%2Fmeja%3Ftab%3Dbaru%26cari%3Da&urut=0&terus=1"
        );
    }
}
