//! How fast and how well reports are handled, as everybody sees it.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;

use super::super::tests::{open, places};
use super::file;
use crate::doors::router;

/// Names of the tabs, and which one is open.
fn tabs(page: &str) -> (usize, &str) {
    let (_, tabs) = page.split_once("<ul class=\"tabs\">").unwrap();
    let tabs = tabs.split_once("</ul>").unwrap().0;
    let (_, open) = tabs.split_once("aria-current=\"page\">").unwrap();
    (
        tabs.matches("<li>").count(),
        open.split_once('<').unwrap().0,
    )
}

#[tokio::test]
async fn the_work_is_compared_by_one_thing_at_a_time_with_every_number_beside_it() {
    for place in places().await {
        for _ in 0..5 {
            file(&place, "Parkir", json!({})).await;
        }
        let router = router(place.node.clone());
        for (path, tab, row, chart) in [
            (
                "/statistik",
                "Bulan",
                "September 2026",
                "Lewat tenggat dan salah alamat",
            ),
            (
                "/statistik?menurut=topik",
                "Topik",
                "Perhubungan",
                "Semua angka",
            ),
            (
                "/statistik?menurut=wilayah",
                "Provinsi",
                "Jawa Barat",
                "Semua angka",
            ),
        ] {
            let page = open(&router, path).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text);
            assert_eq!(tabs(&page.text), (4, tab));
            assert!(page.text.contains(chart), "{chart}: {}", page.text);
            let (_, table) = page
                .text
                .split_once("<table class=\"stacked work\">")
                .unwrap();
            let (_, cells) = table.split_once(row).unwrap();
            let cells = cells.split_once("</tr>").unwrap().0;
            assert!(cells.contains("data-label=\"Diterima\">5</td>"), "{cells}");
            assert!(cells.contains("belum ada"), "{cells}");
        }
    }
}

#[tokio::test]
async fn a_period_is_kept_from_tab_to_tab_and_one_that_is_unknown_is_said_to_be() {
    for place in places().await {
        file(&place, "Parkir", json!({})).await;
        let router = router(place.node.clone());
        let page = open(&router, "/statistik?masa=2025&menurut=topik")
            .await
            .text;
        assert!(
            page.contains("<option value=\"2025\" selected>Tahun 2025</option>"),
            "{page}"
        );
        assert!(
            page.contains("href=\"/statistik?masa=2025&#38;menurut=bulan#kerja\""),
            "{page}"
        );
        assert!(page.contains("Belum cukup laporan"), "{page}");
        for unknown in ["/statistik?masa=1999", "/statistik?masa=kemarin"] {
            let page = open(&router, unknown).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(page.text.contains("id=\"masa-error\""), "{}", page.text);
        }
    }
}

#[tokio::test]
async fn the_same_figures_come_as_a_file() {
    for place in places().await {
        for _ in 0..5 {
            file(&place, "Parkir", json!({})).await;
        }
        let router = router(place.node.clone());
        let table = open(&router, "/statistik.csv?menurut=topik&masa=3-bulan").await;
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(
            table.header("content-disposition"),
            "attachment; filename=\"statistik-topik-3-bulan.csv\""
        );
        let lines: Vec<&str> = table.text.lines().collect();
        assert_eq!(lines[1..], ["Perhubungan,5,5,0,,,0,0,0,0,0,0,0,0,"]);
        let months = open(&router, "/statistik.csv?masa=3-bulan").await.text;
        let begins: Vec<&str> = months.lines().map(|line| &line[..7]).collect();
        assert_eq!(begins, ["month,i", "2026-07", "2026-08", "2026-09"]);
    }
}

#[tokio::test]
async fn a_crowd_on_the_first_page_counts_once_a_minute() {
    for place in places().await {
        let router = router(place.node.clone());
        let received = async |path: &str| {
            let page = open(&router, path).await.text;
            let (_, figures) = page.split_once("<dl class=\"figures\">").unwrap();
            let (_, count) = figures.split_once("<dd>").unwrap();
            count.split_once('<').unwrap().0.to_owned()
        };
        file(&place, "Satu", json!({})).await;
        assert_eq!(received("/").await, "1");
        file(&place, "Dua", json!({})).await;
        place.clock.advance(59_999);
        for path in ["/", "/statistik"] {
            assert_eq!(received(path).await, "1", "{path}");
        }
        place.clock.advance(1);
        for path in ["/", "/statistik"] {
            assert_eq!(received(path).await, "2", "{path}");
        }
        place.clock.advance(60_000);
        let node = &place.node;
        let (one, other) = tokio::join!(node.public_tally(), node.public_tally());
        assert!(Arc::ptr_eq(&one.unwrap(), &other.unwrap()));
    }
}
