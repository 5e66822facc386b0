//! All SQL about accounts. A function here is one act with its types; it
//! decides nothing, and it sees passwords, codes and tokens only as hashes.

pub mod accounts;
pub mod factors;
pub mod links;
pub mod sessions;
pub mod subjects;

use lapor_migrations::DbError;

pub(crate) type Stored<T> = Result<T, DbError>;
