//! Registers: a file with many reports is read, looked at, and filed as a whole.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use futures_util::StreamExt as _;
use http::StatusCode;
use lapor_web::reading::too_many_bytes;
use lapor_web::{ApiProblem, Json, Path, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use super::access::Caller;
use super::paging::{PageQuery, page_size};
use super::refusals::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::registers::{
    Brought, FILE_BYTES, Field, Import, ImportState, NewRegister, ReadyPage, RegisterError,
    channel_of,
};
use crate::resumable;
use crate::tokens::Scope;

/// How reports of a register came in, where nothing says it.
const CHANNEL: &str = "walk-in";

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// What the file is called, for people.
    name: Option<String>,
    /// How the reports came in, where no column says it: `walk-in` (which it is if left out),
    /// `letter`, `phone`, `sms`, `email`, `whatsapp` or `web`.
    channel: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ImportPath {
    /// `id` of a register.
    id: String,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RowsQuery {
    /// `next` of the page before.
    after: Option<u64>,
    /// 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A page of registers, the latest first.
#[derive(Serialize, ToSchema)]
pub struct Imports {
    imports: Vec<ImportLine>,
    /// For `after`; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A register in the list.
#[derive(Serialize, ToSchema)]
pub struct ImportLine {
    id: String,
    /// What its file was called.
    name: String,
    /// Who uploaded it, as in the audit log.
    by: String,
    state: ImportState,
    /// Unix ms.
    made_at: i64,
    /// How many of its rows became cases.
    filed: i64,
}

/// What the columns of a register are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportColumns {
    /// One for each column of the file, from the left; `null` leaves it out.
    columns: Vec<Option<Field>>,
}

/// How a register is filed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportCommit {
    /// File the rows that can be, and leave out those that are wrong.
    #[serde(default)]
    without_wrong: bool,
}

impl From<Brought> for ImportLine {
    fn from(one: Brought) -> Self {
        Self {
            id: one.id,
            name: one.name,
            by: one.actor,
            state: one.state,
            made_at: one.made_at,
            filed: one.filed,
        }
    }
}

/// List registers
///
/// Whoever uploaded them, the latest first: who, when, and how many of its rows became cases. What
/// stands in one is read by the token that uploaded it.
#[utoipa::path(
    get,
    path = "/imports",
    operation_id = "listRegisters",
    tag = "reports",
    params(PageQuery),
    responses((status = 200, description = "A page of registers.", body = Imports)),
    security(("token" = []))
)]
pub async fn list(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Json<Imports>> {
    caller.needs(Scope::RegistersWrite)?;
    let limit = page_size(query.limit)?;
    let page = node.registers_after(query.after.as_deref(), limit).await;
    let page = page.map_err(|e| problem(&e))?;
    Ok(Json(Imports {
        imports: page.registers.into_iter().map(ImportLine::from).collect(),
        next: page.next,
    }))
}

/// Upload a register
///
/// The body is the file itself: a table (`.csv`; commas, semicolons or tabs; UTF-8 or Windows-1252)
/// or the first sheet of a spreadsheet (`.xlsx`, `.ods`), at most 10 MiB and 5,000 rows. Columns are
/// known by their headings, in Indonesian or English. Nothing is filed: the answer says what would
/// be and what is wrong, by row and column. It waits a day for the token that uploaded it.
#[utoipa::path(
    post,
    path = "/imports",
    operation_id = "bringRegister",
    tag = "reports",
    params(ImportQuery),
    responses(
        (status = 201, description = "What it says.", body = Import),
        (status = 409, description = "`known`: the same file was uploaded before, as `import`.", body = ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn bring(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Query(query): Query<ImportQuery>,
    body: Body,
) -> Answer<impl IntoResponse> {
    caller.needs(Scope::RegistersWrite)?;
    let channel = channel_of(query.channel.as_deref().unwrap_or(CHANNEL));
    let channel = channel.ok_or_else(|| {
        let what = "channel: expected walk-in, letter, phone, sms, email, whatsapp or web";
        problem(&NodeError::Invalid(what.into()))
    })?;
    let new = NewRegister {
        name: query.name.as_deref().unwrap_or_default(),
        bytes: read(body).await?,
        channel,
    };
    let actor = caller.actor();
    let id = node.bring_register(new, &actor).await;
    let id = id.map_err(|error| refused(&error))?;
    let import = node.register(&id, &actor).await;
    Ok((StatusCode::CREATED, Json(import.map_err(|e| problem(&e))?)))
}

/// Read a register
///
/// As it waits, or what was filed of it.
#[utoipa::path(
    get,
    path = "/imports/{id}",
    operation_id = "readRegister",
    tag = "reports",
    params(ImportPath),
    responses((status = 200, description = "The register.", body = Import)),
    security(("token" = []))
)]
pub async fn one(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ImportPath>,
) -> Answer<Json<Import>> {
    caller.needs(Scope::RegistersWrite)?;
    let import = node.register(&path.id, &caller.actor()).await;
    import.map(Json).map_err(|e| problem(&e))
}

/// Read the rows of a register
///
/// All that can be filed, as they would be, in the order of their lines; those that are wrong stand in
/// `problems` of the register. None of one that is filed: what its rows became stands in `filed`.
#[utoipa::path(
    get,
    path = "/imports/{id}/rows",
    operation_id = "listRegisterRows",
    tag = "reports",
    params(ImportPath, RowsQuery),
    responses((status = 200, description = "A page of rows.", body = ReadyPage)),
    security(("token" = []))
)]
pub async fn rows(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ImportPath>,
    Query(query): Query<RowsQuery>,
) -> Answer<Json<ReadyPage>> {
    caller.needs(Scope::RegistersWrite)?;
    let (limit, actor) = (page_size(query.limit)?, caller.actor());
    let rows = node.register_rows(&path.id, query.after, limit, &actor);
    rows.await.map(Json).map_err(|e| problem(&e))
}

/// Say what the columns of a register are
///
/// For headings that are not known, or mean something else. The answer is the register as it reads then.
#[utoipa::path(
    put,
    path = "/imports/{id}/columns",
    operation_id = "chooseColumns",
    tag = "reports",
    params(ImportPath),
    request_body = ImportColumns,
    responses((status = 200, description = "The register.", body = Import)),
    security(("token" = []))
)]
pub async fn columns(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ImportPath>,
    Json(new): Json<ImportColumns>,
) -> Answer<Json<Import>> {
    caller.needs(Scope::RegistersWrite)?;
    let actor = caller.actor();
    let chosen = node.choose_columns(&path.id, new.columns, &actor).await;
    chosen.map_err(|error| refused(&error))?;
    let import = node.register(&path.id, &actor).await;
    import.map(Json).map_err(|e| problem(&e))
}

/// File a register
///
/// All of its rows become cases, or none does: it is refused (409, `wrong_rows`) while one is wrong,
/// unless `without_wrong` leaves such rows out. Asked again it answers as it did.
#[utoipa::path(
    post,
    path = "/imports/{id}/commit",
    operation_id = "fileRegister",
    tag = "reports",
    params(ImportPath),
    request_body = ImportCommit,
    responses(
        (status = 200, description = "What was filed.", body = Import),
        (status = 409, description = "`wrong_rows`: nothing was filed.", body = ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn commit(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ImportPath>,
    Json(how): Json<ImportCommit>,
) -> Answer<Json<Import>> {
    caller.needs(Scope::RegistersWrite)?;
    let actor = caller.actor();
    let filed = node.file_register(&path.id, how.without_wrong, None, &actor);
    let filed = Box::pin(filed).await;
    filed.map(Json).map_err(|error| refused(&error))
}

/// Drop a register
///
/// One that waits; what is filed stays.
#[utoipa::path(
    delete,
    path = "/imports/{id}",
    operation_id = "dropRegister",
    tag = "reports",
    params(ImportPath),
    responses((status = 204, description = "It is forgotten.")),
    security(("token" = []))
)]
pub async fn forget(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<ImportPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::RegistersWrite)?;
    let dropped = node.drop_register(&path.id, &caller.actor()).await;
    dropped
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|e| problem(&e))
}

async fn read(body: Body) -> Answer<Vec<u8>> {
    let mut pieces = Box::pin(resumable::impatient(body.into_data_stream()));
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| ApiProblem::invalid().with_detail("The body broke off."))?;
        if (bytes.len() + piece.len()) as u64 > FILE_BYTES {
            return Err(too_many_bytes(FILE_BYTES));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

fn refused(error: &RegisterError) -> ApiProblem {
    let wrong = |code, title| {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        ApiProblem::new(status, code, title).with_detail(error.to_string())
    };
    let stands = |code, title| {
        ApiProblem::new(StatusCode::CONFLICT, code, title).with_detail(error.to_string())
    };
    match error {
        RegisterError::Node(error) => problem(error),
        RegisterError::Unreadable(_) => wrong("unreadable", "The file is no register"),
        RegisterError::Width { .. } | RegisterError::Twice(_) | RegisterError::NoContent => {
            wrong("columns", "The columns cannot be these").with("field", "columns")
        }
        RegisterError::Before(before) => stands("known", "There is one already")
            .with("import", before.id.as_str())
            .with("filed", json!(before.filed)),
        RegisterError::Crowded => stands("crowded", "Too many registers wait"),
        RegisterError::Wrong(rows) => {
            stands("wrong_rows", "Rows of the register are wrong").with("wrong", json!(rows))
        }
        RegisterError::Nothing => stands("nothing", "There is nothing to file"),
    }
}
