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

use super::{
    Answer, OPENAPI, STYLE, alarms, audit, casework, federation, instances, roadmap, upkeep,
};
use crate::console::Console;

/// An operation, who may ask for it, and what it is in Indonesian.
struct Operation {
    id: &'static str,
    roles: &'static [&'static str],
    summary: &'static str,
    description: &'static str,
}

const ALL: &[&str] = &["observer", "auditor"];
const OPERATIONS: &[Operation] = &[
    Operation {
        id: "readFederation",
        roles: ALL,
        summary: "Baca keadaan federasi",
        description: "Setiap instansi dengan warna dan sebabnya, sebagaimana terakhir dilihat hub, \
                      yaitu setiap dua detik. Aturannya ada di `[watch]` dalam `hub.toml`.",
    },
    Operation {
        id: "readInstance",
        roles: ALL,
        summary: "Baca satu instansi",
        description: "Yang diketahui hub, yang terakhir dikatakan instansi tentang dirinya, \
                      warnanya, dan sebabnya.",
    },
    Operation {
        id: "readStreams",
        roles: ALL,
        summary: "Baca aliran pesan satu instansi",
        description: "Berapa pesan yang menunggu, berapa lama, dan berapa yang sudah lewat, selama \
                      sehari atau sebulan.",
    },
    Operation {
        id: "readConnections",
        roles: ALL,
        summary: "Baca riwayat sambungan satu instansi",
        description: "Kapan tersambung, kapan terputus, dan mengapa ditolak.",
    },
    Operation {
        id: "readRoadMap",
        roles: ALL,
        summary: "Baca peta jalan",
        description: "Pemerintah setiap provinsi, kabupaten, dan kota menurut tabel resmi, dikenal \
                      federasi atau belum: tingkatnya, sejak kapan, dan rencana berikutnya.",
    },
    Operation {
        id: "readCasework",
        roles: ALL,
        summary: "Baca angka penanganan laporan",
        description: "Yang terjadi dalam suatu kurun dan keadaan pada akhirnya: seluruh federasi, \
                      tiap instansi, tiap perpindahan, dan tiap langkah. Angka yang lama dihitung \
                      boleh berumur satu menit; `counted_at` menyebutkannya.",
    },
    Operation {
        id: "listCases",
        roles: ALL,
        summary: "Daftar laporan di balik suatu angka",
        description: "Keadaan sekarang. Hub tidak memiliki kata-kata laporan maupun nomor tiketnya.",
    },
    Operation {
        id: "readCase",
        roles: ALL,
        summary: "Baca kerangka satu laporan",
        description: "Siapa yang memegang dan pernah memegangnya, tindakan yang diurutkan beserta \
                      putusannya, dan tenggatnya.",
    },
    Operation {
        id: "listAlarms",
        roles: ALL,
        summary: "Daftar alarm yang terbuka",
        description: "Menurut aturannya; yang belum diakui siapa pun lebih dahulu.",
    },
    Operation {
        id: "listPastAlarms",
        roles: ALL,
        summary: "Daftar alarm yang sudah berakhir",
        description: "Selama disimpan, yaitu `[alarms] history_days`.",
    },
    Operation {
        id: "listSentAlarms",
        roles: ALL,
        summary: "Daftar pemberitahuan alarm",
        description: "Surat dan webhook beserta nasib masing-masing, paling lama 90 hari.",
    },
    Operation {
        id: "readAlarmRules",
        roles: ALL,
        summary: "Baca aturan alarm",
        description: "Dari alamat webhook hanya nama hostnya yang disebut, karena jalurnya dapat \
                      berupa rahasia.",
    },
    Operation {
        id: "readBackups",
        roles: ALL,
        summary: "Baca cadangan",
        description: "Yang ada di folder cadangan beserta isinya, dan yang dibuat serta diuji; uji \
                      memulihkan satu cadangan di samping hub dan membuktikannya.",
    },
    Operation {
        id: "readMaintenance",
        roles: ALL,
        summary: "Baca pemeliharaan yang diumumkan",
        description: "Dan sampai ke berapa instansi pengumumannya, menurut laporan mereka sendiri.",
    },
    Operation {
        id: "readRecovery",
        roles: ALL,
        summary: "Baca sampai di mana pemulihan hub",
        description: "Siapa yang sudah terdengar sejak itu, dan apa yang hilang di hub menurut yang \
                      ditunjukkan anggota.",
    },
    Operation {
        id: "readKeys",
        roles: ALL,
        summary: "Baca kunci",
        description: "Kunci tanda tangan hub beserta riwayatnya, otoritasnya, kunci instansi, dan \
                      sertifikat yang seharusnya sudah diperbarui.",
    },
    Operation {
        id: "readEditions",
        roles: ALL,
        summary: "Baca edisi",
        description: "Kategori, kalender, dan wilayah: yang berlaku, dan siapa memakai yang mana \
                      sejak kapan, menurut instansi sendiri.",
    },
    Operation {
        id: "readDetails",
        roles: ALL,
        summary: "Baca catatan hub tentang satu instansi",
        description: "Tingkatnya dan sejak kapan, alarmnya, kiriman yang tidak dapat diterapkannya, \
                      kuncinya, dan sertifikatnya.",
    },
    Operation {
        id: "listApprovals",
        roles: ALL,
        summary: "Daftar tindakan yang menunggu orang kedua",
        description: "Yang terlama lebih dahulu; yang tidak diputuskan dalam sehari gugur.",
    },
    Operation {
        id: "readAudit",
        roles: &["auditor"],
        summary: "Baca log audit",
        description: "Siapa melakukan apa di hub ini, yang terbaru lebih dahulu.",
    },
];

const ENGLISH: &str = "\
What the console of the hub shows, for programs. Everything is read: what changes the federation is \
done by people at the console, who give a reason.

The operator makes a token with `lapor-hub token create --name NAME`. Send it as `Authorization: \
Bearer TOKEN`. The examples expect the address of the console and the token in two shell variables: \
`HUB=http://127.0.0.1:8470` and `TOKEN=lht_...`.

Every refusal is a problem (RFC 9457, `application/problem+json`) with a `code` that never changes: \
401 `token_missing` or `token_invalid`, 403 `forbidden`, 404 `not_found`, 400 `invalid_query`. \
Instants are Unix milliseconds, ages are milliseconds, regions are official codes. Figures over time \
for Prometheus stand at `/metrics` of the listener for monitoring.";

const INDONESIAN: &str = "\
Yang ditampilkan konsol hub, untuk program. Semuanya hanya dibaca: yang mengubah federasi dilakukan \
orang di konsol, dengan alasan.

Operator membuat token dengan `lapor-hub token create --name NAMA`. Kirimkan sebagai `Authorization: \
Bearer TOKEN`. Contoh di halaman ini memakai dua variabel shell: `HUB=http://127.0.0.1:8470` dan \
`TOKEN=lht_...`.

Setiap penolakan berupa problem (RFC 9457, `application/problem+json`) dengan `code` yang tidak \
pernah berubah: 401 `token_missing` atau `token_invalid`, 403 `forbidden`, 404 `not_found`, 400 \
`invalid_query`. Waktu ditulis dalam milidetik Unix, umur dalam milidetik, wilayah dengan kode resmi. \
Angka untuk Prometheus ada di `/metrics` pada alamat pemantauan. Nama isian dan keterangannya \
berbahasa Inggris.";

#[derive(OpenApi)]
#[openapi(components(schemas(ApiProblem)))]
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
    for (_, operation) in operations {
        complete(operation);
    }
    document
}

fn complete(operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default();
    if let Some(words) = OPERATIONS.iter().find(|words| words.id == id) {
        operation["x-roles"] = json!(words.roles);
        operation["x-id"] = json!({"summary": words.summary, "description": words.description});
    }
    let answers = &mut operation["responses"];
    for (status, said) in [
        ("401", "`token_missing` or `token_invalid`."),
        ("403", "`forbidden`: the token's role does not allow this."),
        ("default", "Any other refusal or failure, by its `code`."),
    ] {
        answers[status] = json!({
            "description": said,
            "content": {"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
            }},
            "x-common": true,
        });
    }
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
        }
        assert_eq!(count, OPERATIONS.len());
    }
}
