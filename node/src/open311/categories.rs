//! The categories in force as services, each with what can be told besides: the kind of report, and
//! who may read it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::kinds::Category;

use super::asked::{Asked, Refused, Told};
use super::tree::Tree;
use crate::node::Node;
use crate::portal::filing::KINDS;

/// What an attribute is called that says which kind of report it is.
pub const KIND: &str = "jenis";
/// The same of who may read it.
pub const OPENNESS: &str = "sifat";
pub const ANONYMOUS: &str = "anonim";
pub const SECRET: &str = "rahasia";

/// A category as a service.
#[derive(Debug, Clone)]
pub struct Service {
    pub category: Category,
    pub name: String,
    group: String,
}

impl Service {
    /// A name for addresses that follows from the category alone, so that it outlives an edition.
    pub fn code(&self) -> String {
        code_of(&self.category)
    }

    fn tree(&self) -> Tree {
        Tree::Parts(vec![
            ("service_code", self.code().into()),
            ("service_name", self.name.as_str().into()),
            (
                "description",
                format!("{}: {}", self.group, self.name).into(),
            ),
            ("metadata", Tree::Whether(true)),
            ("type", "realtime".into()),
            ("keywords", format!("{},{}", self.group, self.name).into()),
            ("group", self.group.as_str().into()),
        ])
    }
}

/// The code of a category: `perhubungan.parkir-liar`.
pub fn code_of(category: &Category) -> String {
    let levels = category.as_str().split('/').map(|level| {
        let words = level.split(|sign: char| !sign.is_alphanumeric());
        let words: Vec<String> = words
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        words.join("-")
    });
    levels.collect::<Vec<_>>().join(".")
}

/// What a category is called by itself.
pub fn name_of(category: &Category) -> &str {
    let path = category.as_str();
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The services in force: what has nothing below it.
pub async fn services(node: &Node) -> Result<Vec<Service>, Refused> {
    let mut services = Vec::new();
    for root in node.categories().await?.roots {
        if root.below.is_empty() {
            services.push(Service {
                category: root.category.clone(),
                name: root.name.clone(),
                group: root.name.clone(),
            });
        }
        services.extend(root.below.into_iter().map(|below| Service {
            category: below.category,
            name: below.name,
            group: root.name.clone(),
        }));
    }
    Ok(services)
}

/// The service of a code.
pub async fn service(node: &Node, code: &str) -> Result<Service, Refused> {
    let mut all = services(node).await?.into_iter();
    all.find(|service| service.code() == code)
        .ok_or_else(|| Refused::missing(format!("service_code {code} was not found")))
}

pub async fn list(State(node): State<Arc<Node>>, asked: Asked) -> Response {
    let told = listed(&node, &asked).await;
    asked.answer(told)
}

async fn listed(node: &Node, asked: &Asked) -> Told {
    asked.is_here(node, None)?;
    let all = services(node).await?;
    let all = all.iter().map(Service::tree).collect();
    Ok((StatusCode::OK, "services", Tree::Many("service", all)))
}

pub async fn define(State(node): State<Arc<Node>>, asked: Asked) -> Response {
    let told = defined(&node, &asked).await;
    asked.answer(told)
}

async fn defined(node: &Node, asked: &Asked) -> Told {
    asked.is_here(node, None)?;
    let service = service(node, &asked.name).await?;
    let kinds = KINDS.map(|(_, kind)| (kind, kind));
    let open = [
        ("publik", "Dapat dibaca semua orang"),
        (ANONYMOUS, "Nama pelapor disembunyikan"),
        (SECRET, "Seluruh laporan disembunyikan dari publik"),
    ];
    let attributes = vec![
        attribute(1, KIND, "Jenis laporan; pengaduan bila kosong", &kinds),
        attribute(
            2,
            OPENNESS,
            "Siapa yang boleh membaca; publik bila kosong",
            &open,
        ),
    ];
    let definition = Tree::Parts(vec![
        ("service_code", service.code().into()),
        ("attributes", Tree::Many("attribute", attributes)),
    ]);
    Ok((StatusCode::OK, "service_definition", definition))
}

fn attribute(order: i64, code: &str, about: &str, values: &[(&str, &str)]) -> Tree {
    let values = values
        .iter()
        .map(|(key, name)| Tree::Parts(vec![("key", (*key).into()), ("name", (*name).into())]));
    Tree::Parts(vec![
        ("variable", Tree::Whether(true)),
        ("code", code.into()),
        ("datatype", "singlevaluelist".into()),
        ("required", Tree::Whether(false)),
        ("datatype_description", Tree::Nothing),
        ("order", Tree::Number(order)),
        ("description", about.into()),
        ("values", Tree::Many("value", values.collect())),
    ])
}
