//! One look at the federation: what stands where, what the map and the counts
//! follow, and what is measured of each institution.

use http::StatusCode;
use lapor_protocol::directory::{InstanceEntry, Status};
use lapor_protocol::ids::InstanceKind;
use lapor_protocol::wire::Health;

use super::{BANDUNG, ConsoleRole, NOW, Page, Place, login, publish};
use crate::{portals, watch};

const MINUTE_MS: i64 = 60_000;

impl Place {
    /// Another institution joins.
    async fn joins(&self, slug: &str, kind: InstanceKind, region: &str) {
        let mut entry =
            InstanceEntry::registered(slug.parse().unwrap(), kind, format!("Instansi {slug}"));
        entry.status = Status::Active;
        entry.region = Some(region.parse().unwrap());
        self.join_all(vec![entry]).await;
        watch::look(&self.console.hub).await.unwrap();
    }

    async fn join_all(&self, entries: Vec<InstanceEntry>) {
        publish(&self.ground, entries).await;
    }

    /// Bandung says how it is.
    async fn reports(&self, now_ms: i64, quarantined: u64) {
        self.says(now_ms, quarantined, None).await;
    }

    /// The same with what it says of its portal.
    async fn says(&self, now_ms: i64, quarantined: u64, portal: Option<&str>) {
        let health = Health {
            software: concat!("lapor-node ", env!("CARGO_PKG_VERSION")).into(),
            time: now_ms,
            unsent: 0,
            oldest_unsent: None,
            unapplied: 0,
            quarantined,
            parked: 0,
            directory: self.ground.directory.current().version(),
            certificate_expires: now_ms + 20 * super::DAY_MS,
            free_disk_bytes: Some(100 << 30),
            last_backup: Some(now_ms - super::DAY_MS),
            chain: None,
            inbox: None,
            holds: None,
            portal: portal.map(str::to_owned),
        };
        let id = "kota-bandung".parse().unwrap();
        watch::receive(&self.ground, &id, &health).await.unwrap();
        watch::look(&self.console.hub).await.unwrap();
    }
}

/// Where the map leads from an outline, and its class.
fn outline<'a>(page: &'a Page, id: &str) -> (String, &'a str) {
    let start = format!("id=\"m-{id}\" href=\"");
    let to = page.between(&start, "\"").replace("&#38;", "&");
    let class = page.text.split_once(&start).unwrap().1;
    let class = class.split_once("class=\"").unwrap().1;
    (to, class.split_once('"').unwrap().0)
}

#[tokio::test]
async fn counts_come_first_then_tiles_and_map_and_the_list_last() {
    for place in Place::all(false).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let page = looks.open("/konsol").await;
        let parts = ["jumlah", "kisi", "peta", "perhatian"];
        let places = parts.map(|id| page.text.find(&format!("id=\"{id}\"")).unwrap());
        assert!(places.is_sorted(), "{places:?}");
        let yellow = page.between("id=\"aturan-kuning\">", "</div>");
        assert!(yellow.contains("merah sesudah 15 menit"), "{yellow}");
        assert!(!yellow.contains("Rantai dibekukan"), "{yellow}");
        let grey = page.between("id=\"aturan-kelabu\">", "</div>");
        assert!(grey.contains("tidak diharapkan berbicara"), "{grey}");
    }
}

#[tokio::test]
async fn the_map_and_the_counts_follow_what_is_asked_for_and_keep_it() {
    for place in Place::all(false).await {
        place
            .joins("provinsi-papua-barat", InstanceKind::Provinsi, "92")
            .await;
        place
            .joins("kabupaten-bandung", InstanceKind::Kabupaten, "32.04")
            .await;
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let page = looks
            .open("/konsol?jenis=provinsi&keadaan=kuning&cari=papua")
            .await;
        let (papua, class) = outline(&page, "id-pb");
        assert_eq!(class, "kuning");
        assert_eq!(outline(&page, "id-jb").1, "kosong", "no such kind is there");
        for kept in ["jenis=provinsi", "keadaan=kuning", "cari=papua"] {
            assert!(papua.contains(kept), "{papua}");
        }
        let page = looks.open(&papua).await;
        page.shows("i-provinsi-papua-barat")
            .shows("<option value=\"92,96\" selected>Papua Barat");
        let (all, _) = outline(&page, "id-pb");
        assert!(
            !all.contains("provinsi=9"),
            "a second click shows all: {all}"
        );
        let count = |page: &Page| page.between("id=\"jumlah-kuning\"", "</strong>");
        assert!(count(&page).ends_with("<strong>1"), "{}", count(&page));
        let none = looks.open("/konsol?jenis=bumn").await;
        assert!(count(&none).ends_with("<strong>0"), "{}", count(&none));
        looks
            .open("/konsol/peta-jalan?provinsi=92,96")
            .await
            .shows("<option value=\"92,96\" selected>Papua Barat");
    }
}

#[tokio::test]
async fn the_list_of_institutions_goes_by_names_and_finds_by_words() {
    for place in Place::all(false).await {
        // The slugs go the other way than the names.
        let regencies = (0..60).map(|number| {
            let slug = format!("kab-{}", 99 - number).parse().unwrap();
            let name = format!("Pemerintah Kabupaten Contoh {number:02}");
            let mut entry = InstanceEntry::registered(slug, InstanceKind::Kabupaten, name);
            entry.region = Some("32.05".parse().unwrap());
            entry
        });
        place.join_all(regencies.collect()).await;
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let listed = |page: &Page| {
            let rows = page.text.split("<th scope=\"row\"><a href=\"").skip(1);
            let slugs = rows.map(|row| row.split('"').next().unwrap().rsplit('/').next().unwrap());
            slugs.map(str::to_owned).collect::<Vec<_>>()
        };
        let first = looks.open("/konsol/instansi").await;
        first.shows("61 instansi");
        let slugs = listed(&first);
        assert_eq!(slugs.len(), 50);
        assert_eq!(slugs[..3], ["kota-bandung", "kab-99", "kab-98"]);
        let next = first.between("rel=\"next\" href=\"", "\"");
        let second = looks.open(&next).await;
        assert_eq!(listed(&second).len(), 11);
        assert_eq!(listed(&second)[10], "kab-40");
        second.hides("rel=\"next\"").shows("Kembali ke awal");

        let narrowed = looks.open("/konsol/instansi?cari=contoh&provinsi=32").await;
        let next = narrowed.between("rel=\"next\" href=\"", "\"");
        let next = next.replace("&#38;", "&");
        assert!(next.contains("cari=contoh&provinsi=32"), "{next}");
        assert_eq!(listed(&looks.open(&next).await).len(), 10);
        for (query, expected) in [
            ("cari=Kab+Contoh+07", 1),
            ("cari=kab-92", 1),
            ("cari=contoh+07&jenis=kota", 0),
            ("cari=bandung&jenis=kota", 1),
            ("cari=kabupaten+jawa+barat", 50),
            ("jenis=kota&provinsi=32", 0),
        ] {
            let page = looks.open(&format!("/konsol/instansi?{query}")).await;
            assert_eq!(listed(&page).len(), expected, "{query}");
        }
        looks
            .open("/konsol/instansi?cari=entah")
            .await
            .shows("Tidak ada yang cocok");
        looks
            .open("/konsol/instansi?sesudah=entah")
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn every_tile_leads_to_what_is_measured_and_what_gives_the_colour() {
    for place in Place::all(false).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let at = format!("{BANDUNG}/ukuran");
        looks
            .open("/konsol")
            .await
            .shows("data-measures=\"/ukuran\"");
        looks
            .open(&at)
            .await
            .shows("Belum pernah terdengar")
            .shows("<dd><span class=\"colour kuning\">Belum pernah</span></dd>")
            .shows("Tidak diketahui");
        place.reports(NOW, 3).await;
        looks
            .open(&at)
            .await
            .shows("<dd>Berlaku 20 hari lagi</dd>")
            .shows("<span class=\"colour kuning\">3 disisihkan, 0 menunggu versi baru</span>")
            .shows("Sama, menurut laporan 0 detik lalu")
            .shows("100,0 GB")
            .shows(&format!("href=\"{BANDUNG}\""));
        let gone = looks.open("/konsol/instansi/tidak-ada/ukuran").await;
        gone.is(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn of_own_messages_that_are_set_aside_is_said_where_they_are_shown() {
    const THERE: &str = "Itu pesannya sendiri; hanya node itu yang dapat menampilkannya";
    const NONE: &str = "Tidak ada pesan untuk instansi ini yang disisihkan";
    for place in Place::all(false).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        place.reports(NOW, 0).await;
        looks.open(BANDUNG).await.shows(NONE).hides(THERE);
        place.reports(NOW, 2).await;
        looks.open(BANDUNG).await.shows(THERE).hides(NONE);
    }
}

#[tokio::test]
async fn what_both_sides_say_is_dated() {
    for place in Place::all(false).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        place.reports(NOW, 0).await;
        place.clock.advance(12 * MINUTE_MS);
        looks
            .open(BANDUNG)
            .await
            .shows("Kedua kolom menurut laporan 12 menit yang lalu");
    }
}

#[tokio::test]
async fn the_page_of_an_institution_leads_to_the_portal_that_its_node_says() {
    for place in Place::all(false).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let said = "https://lapor.bandung.go.id";
        let before = looks.open(BANDUNG).await;
        assert!(!before.text.contains("Portal warga"), "{}", before.text);
        let bandung = "kota-bandung".parse().unwrap();
        place.says(NOW, 0, Some(said)).await;
        portals::follow(&place.ground, &bandung, said)
            .await
            .unwrap();
        looks.open(BANDUNG).await.shows(&format!(
            "<dt>Portal warga</dt><dd><a href=\"{said}\" rel=\"external\">{said}</a>"
        ));
    }
}
