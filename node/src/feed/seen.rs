//! Of which cases somebody who sees a part of them is not told.

use std::collections::BTreeSet;

use lapor_migrations::Tx;

use super::Subject;
use crate::casework::Sight;
use crate::error::NodeError;
use crate::store;
use crate::store::changes::ChangeRow;

/// The cases of these changes that may not be seen, as they lie now.
pub(crate) async fn unseen(
    tx: &mut Tx,
    sight: &Sight,
    rows: &[ChangeRow],
) -> Result<BTreeSet<String>, NodeError> {
    let of_cases = rows
        .iter()
        .filter(|row| row.subject == Subject::Case.as_str());
    let mut cases: BTreeSet<String> = of_cases.map(|row| row.id.clone()).collect();
    if *sight == Sight::ALL || cases.is_empty() {
        return Ok(BTreeSet::new());
    }
    let named = cases.iter().map(|case| case.as_str().into()).collect();
    for row in store::lists::named(tx, named).await? {
        if sight.shows_row(&row) {
            cases.remove(&row.case_id);
        }
    }
    Ok(cases)
}
