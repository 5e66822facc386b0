//! For whom a report is, and from whom it is kept: institutions as they were typed.

use std::collections::BTreeSet;

use lapor_protocol::ids::InstanceId;
use lapor_protocol::limits::EXCLUSIONS;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Form};

use super::draft::LINE;
use crate::institutions::{self, WHOM};
use crate::node::Node;

/// The field of institutions that are to receive nothing.
const EXCLUDED: &str = "kecuali";
/// The field of a report that the public does not read.
const SECRET: &str = "rahasia";
/// Whether a report may be open to those it excludes: [`OPEN`], or [`SECRET`].
const OPENNESS: &str = "kecuali-terbuka";
/// Those a report excludes may read it as everybody does.
const OPEN: &str = "1";

/// The institution that a report is for, or a name that is none of the directory's. That stops no
/// report: whoever is told of it passes the report on. A suggestion that was chosen goes before a
/// name that was typed.
pub fn whom(node: &Node, v: &Voice, form: &mut Form) -> (Option<InstanceId>, Option<String>) {
    let all = institutions::all(node);
    let hinted = form.text("saran");
    if let Some((id, _)) = all.iter().find(|(id, _)| id.as_str() == hinted) {
        return (Some(id.clone()), None);
    }
    if WHOM.found(form, &all) == institutions::Found::None {
        return (None, Some(form.at_most(v, WHOM.typed, LINE)));
    }
    let unknown = text_id("filing-no-institution");
    (WHOM.read(v, form, &all, unknown), None)
}

/// What was written, with the name of an institution that nobody here knows.
pub fn with_unknown(v: &Voice, content: String, unknown: Option<String>) -> String {
    match unknown {
        Some(name) => {
            let said = v.with("institution", name).say("filing-institution-typed");
            format!("{content}\n\n{said}")
        }
        None => content,
    }
}

/// Institutions that are to receive nothing of the report, a line for each, which then calls them by
/// their names. None of them may be the one that takes it in; `us` says so.
pub fn excluded(
    node: &Node,
    v: &Voice,
    form: &mut Form,
    suggested: Option<&InstanceId>,
    us: TextId,
) -> Vec<InstanceId> {
    let all = institutions::all(node);
    let typed = form.text(EXCLUDED).to_owned();
    let (mut found, mut lines) = (Vec::new(), Vec::new());
    for line in typed.lines().map(str::trim) {
        match institutions::found(&all, line) {
            institutions::Found::Empty => {}
            institutions::Found::One((id, _)) if found.contains(&id) => {}
            institutions::Found::One((id, name)) => {
                found.push(id);
                lines.push(name);
            }
            institutions::Found::Some(several) => {
                let said = v.with("line", line);
                let said = said.with("institutions", institutions::listed(&several));
                form.complain(EXCLUDED, said.say("filing-excluded-several"));
                lines.push(line.to_owned());
            }
            institutions::Found::None => {
                let said = v.with("line", line).say("filing-excluded-unknown");
                form.complain(EXCLUDED, said);
                lines.push(line.to_owned());
            }
        }
    }
    if !lines.is_empty() {
        form.put(EXCLUDED, lines.join("\n"));
    }
    let barred = node.barred(&found);
    if found.len() > EXCLUSIONS {
        form.complain(
            EXCLUDED,
            v.with("most", EXCLUSIONS).say("filing-excludes-many"),
        );
    } else if node.instance().is_ok_and(|me| barred.contains(me)) {
        form.complain(EXCLUDED, v.say(us));
    } else if suggested.is_some_and(|suggested| barred.contains(suggested)) {
        form.complain(EXCLUDED, v.say("filing-excludes-suggested"));
    }
    found
}

/// Asks whether a report from which institutions are excluded may be open, where the form does not
/// say so: everybody reads an open one, they too.
pub fn ask_openness(v: &Voice, form: &mut Form, excluded: &[InstanceId]) {
    let settled = is_secret(form) || form.text(OPENNESS) == OPEN;
    if excluded.is_empty() || settled || form.complaint(EXCLUDED).is_some() {
        return;
    }
    form.complain(OPENNESS, v.say("filing-excluded-open"));
}

/// What the form offers beside the institutions that it excludes.
pub fn openness(v: &Voice) -> Vec<Choice> {
    [
        (SECRET, text_id("filing-open-secret")),
        (OPEN, text_id("filing-open-all")),
    ]
    .map(|(value, label)| Choice::new(value, v.say(label)))
    .into()
}

/// Whether the public does not read the report, by either field that asks for it.
pub fn is_secret(form: &Form) -> bool {
    form.is_ticked(SECRET) || form.text(OPENNESS) == SECRET
}

/// Whether a form excludes the institution whose portal this is, by its name or by that of one whose
/// work it has: only another can take it in.
pub fn excludes_us(node: &Node, form: &Form) -> bool {
    let excluded = clearly_excluded(node, form);
    node.instance().is_ok_and(|me| excluded.contains(me))
}

/// The institutions that a form excludes, and who has succeeded them, of those lines that leave no
/// doubt; the others are asked about when it is sent.
pub fn clearly_excluded(node: &Node, form: &Form) -> BTreeSet<InstanceId> {
    let all = institutions::all(node);
    let lines = form.text(EXCLUDED).lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty()).take(EXCLUSIONS);
    let found = lines.filter_map(|line| match institutions::found(&all, line) {
        institutions::Found::One((id, _)) => Some(id),
        _ => None,
    });
    let found: Vec<InstanceId> = found.collect();
    node.barred(&found).into_iter().collect()
}
