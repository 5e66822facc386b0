//! Settings from the environment that are lists, which a variable can only hold
//! as one text. Which fields are lists each program says itself.

use std::collections::HashMap;
use std::hash::BuildHasher;

/// A field that is a list, such as `accounts.proxies`, and what stands between its parts.
pub type ListField = (&'static str, char);

/// Takes the variables of these fields out of the others, and their texts apart. An empty text is an
/// empty list.
pub fn take_lists<S: BuildHasher>(
    variables: &mut HashMap<String, String, S>,
    prefix: &str,
    fields: &[ListField],
) -> Vec<(&'static str, Vec<String>)> {
    let mut lists = Vec::new();
    for (field, between) in fields {
        let wanted = format!("{prefix}__{}", field.replace('.', "__"));
        let name = variables
            .keys()
            .find(|name| name.eq_ignore_ascii_case(&wanted));
        let Some(text) = name.cloned().and_then(|name| variables.remove(&name)) else {
            continue;
        };
        let parts = text.split(*between).map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        lists.push((*field, parts.map(ToOwned::to_owned).collect()));
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_taken_apart_and_out_of_the_others() {
        let pairs = [
            ("APP__ACCOUNTS__ROLES", "admin, officer"),
            ("APP__NAMES", ""),
            ("APP__LOG__FILTER", "info,app=debug"),
        ];
        let mut variables: HashMap<String, String> = pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let fields = [("accounts.roles", ','), ("names", ','), ("absent", ';')];
        let lists = take_lists(&mut variables, "APP", &fields);
        let roles = vec!["admin".to_owned(), "officer".to_owned()];
        assert_eq!(lists, [("accounts.roles", roles), ("names", Vec::new())]);
        let left: Vec<&String> = variables.keys().collect();
        assert_eq!(left, ["APP__LOG__FILTER"]);
    }
}
