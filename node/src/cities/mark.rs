//! The mark in the description of a request by which a case is known again: where an answer was lost,
//! and by other nodes, which do not send on what has come from one.

use lapor_protocol::ids::CaseId;

const OPEN: &str = "[lapor ";

/// A description with the mark of its case.
pub fn with(description: &str, case: CaseId) -> String {
    format!("{description}\n\n{OPEN}{case}]")
}

/// The case whose mark a description has last.
pub fn read(description: &str) -> Option<CaseId> {
    let (_, after) = description.rsplit_once(OPEN)?;
    after.split(']').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::new_case_id;

    #[test]
    fn a_mark_is_read_as_it_was_made_and_others_are_none() {
        let case = new_case_id(1_790_000_000_000);
        let marked = with("Lampu padam [lapor x] di Braga.", case);
        assert_eq!(read(&marked), Some(case));
        assert_eq!(read(&format!("{marked} (Dinas)")), Some(case));
        for none in ["", "Lampu padam.", "[lapor ]", "[lapor Lampu padam"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
