//! Which pages a program has, so that none is forgotten where they are looked at. A router tells its
//! paths to nobody but in what is printed of it for people who look for a mistake.

use std::collections::BTreeMap;

use axum::Router;

/// The paths of a router that can be opened, such as `/laporan/{case}`, in order.
pub fn read(router: &Router) -> Vec<String> {
    let told = format!("{router:?}");
    let (own, _) = told.split_once("fallback_router: ").expect("a router");
    let (numbers, paths) = own.split_once("node: Node { paths: ").expect("its paths");
    let paths: BTreeMap<&str, &str> = numbered(paths)
        .filter_map(|(id, path)| Some((id, path.split('"').nth(1)?)))
        .collect();
    let opened = numbered(numbers).filter(|(_, route)| {
        let get = route.split_once("{ get: ").map(|(_, get)| get);
        get.is_some_and(|get| !get.starts_with("None"))
    });
    let mut all: Vec<String> = opened.map(|(id, _)| paths[id].to_owned()).collect();
    all.sort();
    all
}

/// What stands behind the number of each route.
fn numbered(told: &str) -> impl Iterator<Item = (&str, &str)> {
    let routes = told.split("RouteId(").skip(1);
    routes.filter_map(|route| route.split_once("): "))
}

#[cfg(test)]
mod tests {
    use axum::extract::DefaultBodyLimit;
    use axum::routing::{get, post};

    use super::*;

    #[test]
    fn whatever_can_be_opened_is_told_once_and_nothing_else() {
        let nested = Router::new()
            .route("/", post(async || ""))
            .route("/{name}", get(async || ""));
        let router = Router::new()
            .route("/", get(async || ""))
            .route("/lapor", get(async || "").post(async || ""))
            .route("/keluar", post(async || ""))
            .merge(Router::new().route("/meja/kasus/{id}", get(async || "")))
            .nest("/berkas", nested)
            .fallback(async || "")
            .layer(DefaultBodyLimit::max(1))
            .with_state(());
        let paths = ["/", "/berkas/{name}", "/lapor", "/meja/kasus/{id}"];
        assert_eq!(read(&router), paths);
    }
}
