//! What the accounts of a program may do, as data that the program gives. What
//! a role means for a case is the program's; here it only matters who looks
//! after the accounts themselves.

/// One role of a program.
#[derive(Debug, PartialEq, Eq)]
pub struct Role {
    /// Stands in the database and in commands; never changes its meaning.
    pub code: &'static str,
    /// Creates, changes and disables accounts.
    pub administers: bool,
}

/// All roles of a program; one of them administers.
pub type Roles = &'static [Role];

/// The role with this code.
pub fn find(roles: Roles, code: &str) -> Option<&'static Role> {
    roles.iter().find(|role| role.code == code)
}

/// The codes as a sentence part: `admin, officer or leader`.
pub fn listed(roles: Roles) -> String {
    let codes: Vec<&str> = roles.iter().map(|role| role.code).collect();
    match codes.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => codes.concat(),
    }
}
