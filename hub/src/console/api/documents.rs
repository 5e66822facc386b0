//! The OpenAPI document: what the handlers declare, with the introduction,
//! problems, roles and Indonesian text; and the page made from it. Neither
//! needs a token.

use std::sync::{Arc, LazyLock};

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use lapor_web::language::Language;
use lapor_web::{ApiProblem, Query, docs as pages};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::acting::Outcome;
use super::words::OPERATIONS;
use super::{
    Answer, OPENAPI, STYLE, alarm_acts, alarms, audit, casework, decisions, federation, instances,
    invitations, membership, once, recipients, roadmap, upkeep, upkeep_acts,
};
use crate::console::Console;

const ENGLISH: &str = "\
What the console of the hub shows and does, for programs.

The operator makes a token with `lapor-hub token create --name NAME`. Send it as `Authorization: \
Bearer TOKEN`. The examples expect the address of the console and the token in two shell variables: \
`HUB=http://127.0.0.1:8470` and `TOKEN=lht_...`.

A token with the role `operator` acts, for whoever owns it (`--role operator --owner LOGIN`): it may do \
what the owner's account may, and the audit log names it as `token:NAME`. While that account is disabled, \
a token that it owns opens nothing. Where two must agree, an act is answered with 202 and the id of its \
approval, and waits a day for `POST /approvals/{id}/decision` by another person: two tokens of one owner \
are one person, and so is the owner at the console. Give each act an `Idempotency-Key`, so that sent \
twice it is done once.

Accounts of the console, with their passwords, second factors and sessions, are no part of this API, and \
neither are its tokens: whoever comes by a token must not be able to make themselves another way in. \
People look after accounts, at `/konsol/petugas` of the console or on the hub's machine with `lapor-hub \
account`, and after tokens on that machine with `lapor-hub token`. Only an operator's account that waits \
for another operator can be confirmed here, with `POST /approvals/accounts/{account}`.

Every refusal is a problem (RFC 9457, `application/problem+json`) with a `code` that never changes: \
401 `token_missing` or `token_invalid`, 403 `forbidden`, 404 `not_found`, 400 `invalid_query`, 422 \
`invalid`, and of acts 409 `not_allowed`, `asked_already`, `same_person`, `asker_gone`, `left_behind`, \
`known`, `too_many`, `busy`, `no_folder`, `key_reused`, `in_doubt`. Instants are Unix milliseconds, ages \
are milliseconds, regions are official codes. Figures over time for Prometheus stand at `/metrics` of \
the listener for monitoring.";

const INDONESIAN: &str = "\
Yang ditampilkan dan dilakukan konsol hub, untuk program.

Operator membuat token dengan `lapor-hub token create --name NAMA`. Kirimkan sebagai `Authorization: \
Bearer TOKEN`. Contoh di halaman ini memakai dua variabel shell: `HUB=http://127.0.0.1:8470` dan \
`TOKEN=lht_...`.

Token dengan peran `operator` bertindak atas nama pemiliknya (`--role operator --owner LOGIN`): ia boleh \
melakukan yang boleh dilakukan akun pemiliknya, dan log audit menyebutnya `token:NAMA`. Selama akun itu \
dinonaktifkan, token miliknya tidak membuka apa pun. Jika dua orang harus sepakat, tindakan dijawab \
dengan 202 dan nomor persetujuannya, lalu menunggu sehari sampai orang lain memutuskannya dengan \
`POST /approvals/{id}/decision`: dua token seorang pemilik adalah satu orang, begitu pula pemilik itu di \
konsol. Beri setiap tindakan `Idempotency-Key`, supaya yang terkirim dua kali dilakukan sekali.

Akun konsol beserta kata sandi, faktor kedua, dan sesinya bukan bagian dari API ini, demikian pula \
tokennya: siapa pun yang memperoleh token tidak boleh dapat membuat jalan masuk lain. Akun diurus oleh \
orang, di `/konsol/petugas` pada konsol atau di mesin hub dengan `lapor-hub account`; token di mesin itu \
dengan `lapor-hub token`. Yang dapat dilakukan di sini hanyalah mengesahkan akun operator yang menunggu \
operator lain, dengan `POST /approvals/accounts/{account}`.

Setiap penolakan berupa problem (RFC 9457, `application/problem+json`) dengan `code` yang tidak \
pernah berubah: 401 `token_missing` atau `token_invalid`, 403 `forbidden`, 404 `not_found`, 400 \
`invalid_query`, 422 `invalid`, dan untuk tindakan 409 `not_allowed`, `asked_already`, `same_person`, \
`asker_gone`, `left_behind`, `known`, `too_many`, `busy`, `no_folder`, `key_reused`, `in_doubt`. Waktu \
ditulis dalam milidetik Unix, umur dalam milidetik, wilayah dengan kode resmi. Angka untuk Prometheus \
ada di `/metrics` pada alamat pemantauan. Nama isian dan keterangannya berbahasa Inggris.";

#[derive(OpenApi)]
#[openapi(components(schemas(ApiProblem, Outcome)))]
struct Declared;

static DOCUMENT: LazyLock<Value> = LazyLock::new(build);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocsQuery {
    #[serde(default)]
    lang: Language,
}

/// The handlers with what they declare.
pub fn routes() -> OpenApiRouter<Arc<Console>> {
    OpenApiRouter::with_openapi(Declared::openapi())
        .routes(routes!(federation::read))
        .routes(routes!(instances::read))
        .routes(routes!(instances::streams))
        .routes(routes!(instances::connections))
        .routes(routes!(instances::details))
        .routes(routes!(roadmap::read))
        .routes(routes!(casework::figures))
        .routes(routes!(casework::list))
        .routes(routes!(casework::one))
        .routes(routes!(alarms::open))
        .routes(routes!(alarms::past))
        .routes(routes!(alarms::sent))
        .routes(routes!(alarms::rules))
        .routes(routes!(upkeep::backups))
        .routes(routes!(upkeep::maintenance))
        .routes(routes!(upkeep::recovery))
        .routes(routes!(upkeep::keys))
        .routes(routes!(upkeep::editions))
        .routes(routes!(audit::approvals))
        .routes(routes!(audit::read))
        .routes(routes!(membership::suspend))
        .routes(routes!(membership::resume))
        .routes(routes!(membership::void))
        .routes(routes!(membership::admit))
        .routes(routes!(membership::revoke))
        .routes(routes!(membership::replace))
        .routes(routes!(membership::entrust))
        .routes(routes!(membership::attempt))
        .routes(routes!(invitations::create))
        .routes(routes!(invitations::withdraw))
        .routes(routes!(invitations::begin))
        .routes(routes!(invitations::follow))
        .routes(routes!(invitations::forget))
        .routes(routes!(decisions::decide))
        .routes(routes!(decisions::vouch))
        .routes(routes!(roadmap::plan))
        .routes(routes!(alarm_acts::acknowledge))
        .routes(routes!(alarm_acts::silence))
        .routes(routes!(alarm_acts::end_silence))
        .routes(routes!(alarm_acts::add_rule))
        .routes(routes!(alarm_acts::change_rule))
        .routes(routes!(alarm_acts::enable_rule))
        .routes(routes!(alarm_acts::disable_rule))
        .routes(routes!(recipients::add))
        .routes(routes!(recipients::change))
        .routes(routes!(recipients::enable))
        .routes(routes!(recipients::disable))
        .routes(routes!(recipients::remove))
        .routes(routes!(recipients::test))
        .routes(routes!(recipients::renew))
        .routes(routes!(recipients::again))
        .routes(routes!(upkeep_acts::back_up))
        .routes(routes!(upkeep_acts::attempt))
        .routes(routes!(upkeep_acts::maintain))
        .routes(routes!(upkeep_acts::end_maintenance))
        .routes(routes!(upkeep_acts::close_recovery))
        .routes(routes!(upkeep_acts::step))
        .routes(routes!(upkeep_acts::compare))
}

pub async fn openapi() -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, DOCUMENT.to_string()).into_response()
}

pub async fn docs(Query(query): Query<DocsQuery>) -> Answer<Response> {
    pages::page(&DOCUMENT, query.lang, "$HUB/api/v1", STYLE, OPENAPI).map_err(|error| {
        tracing::error!(%error, "the documentation page cannot be made");
        ApiProblem::internal()
    })
}

fn build() -> Value {
    let mut declared = routes().into_openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("lht_...")
        .build();
    let components = declared.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    // A document that cannot be serialised would be found by every test of this module.
    let mut document = serde_json::to_value(&declared).unwrap_or_default();
    document["info"] = json!({
        "title": "Lapor Hub API",
        "version": env!("CARGO_PKG_VERSION"),
        "description": ENGLISH,
        "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        "x-id": {"description": INDONESIAN},
    });
    document["servers"] = json!([{"url": "/api/v1"}]);
    let group = |name: &str, english: &str, indonesian: &str| json!({"name": name, "description": english, "x-id": {"description": indonesian}});
    document["tags"] = json!([
        group("federation", "Federation", "Federasi"),
        group("instances", "Institutions", "Instansi"),
        group("casework", "Casework", "Penanganan laporan"),
        group("alarms", "Alarms", "Alarm"),
        group("upkeep", "Upkeep", "Perawatan"),
        group("audit", "Audit log", "Log audit"),
    ]);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    let operations = paths.flat_map(|(_, item)| item.as_object_mut().into_iter().flatten());
    for (method, operation) in operations {
        complete(operation);
        match method.as_str() {
            "get" => refuse(
                operation,
                (
                    "400",
                    "`invalid_query` or `invalid_path`: what is asked is not known, or cannot be used.",
                ),
            ),
            _ => take_key(operation),
        }
    }
    document
}

/// Every act can carry a key.
fn take_key(operation: &mut Value) {
    let key = json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": once::ABOUT,
        "schema": {"type": "string", "minLength": 16, "maxLength": 128, "pattern": "^[!-~]+$"},
    });
    match operation["parameters"].as_array_mut() {
        Some(parameters) => parameters.push(key),
        None => operation["parameters"] = json!([key]),
    }
}

fn complete(operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default();
    if let Some(words) = OPERATIONS.iter().find(|words| words.id == id) {
        operation["x-roles"] = json!(words.roles);
        operation["x-id"] = json!({"summary": words.summary, "description": words.description});
    }
    for refusal in [
        ("401", "`token_missing` or `token_invalid`."),
        ("403", "`forbidden`: the token's role does not allow this."),
        ("default", "Any other refusal or failure, by its `code`."),
    ] {
        refuse(operation, refusal);
    }
}

/// A refusal by its status, and what is said of it.
fn refuse(operation: &mut Value, (status, said): (&str, &str)) {
    operation["responses"][status] = json!({
        "description": said,
        "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
        }},
        "x-common": true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    match value.as_str().filter(|_| name == "$ref") {
                        Some(target) => into.push(target),
                        None => references(value, into),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, into)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_is_explained_in_both_languages() {
        let mut found = Vec::new();
        references(&DOCUMENT, &mut found);
        assert!(found.len() > 10, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(DOCUMENT.pointer(pointer).is_some(), "{reference}");
        }
        let mut count = 0;
        for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                count += 1;
                for said in ["summary", "description"] {
                    assert!(operation[said].is_string(), "{path} {said}");
                    assert!(operation["x-id"][said].is_string(), "{path} {said}");
                }
                assert!(operation["x-roles"].is_array(), "{path}");
            }
            if let Some(asked) = item.get("get") {
                assert!(asked["responses"]["400"].is_object(), "{path}");
            }
        }
        assert_eq!(count, OPERATIONS.len());
    }

    #[test]
    fn the_introduction_says_that_accounts_are_looked_after_elsewhere() {
        let info = &DOCUMENT["info"];
        for said in [&info["description"], &info["x-id"]["description"]] {
            let said = said.as_str().unwrap();
            for place in [
                "`/konsol/petugas`",
                "`lapor-hub account`",
                "`lapor-hub token`",
            ] {
                assert!(said.contains(place), "{place}: {said}");
            }
        }
        let paths = DOCUMENT["paths"].as_object().unwrap().keys();
        let accounts: Vec<&String> = paths.filter(|path| path.contains("account")).collect();
        assert_eq!(accounts, ["/approvals/accounts/{account}"]);
    }
}
