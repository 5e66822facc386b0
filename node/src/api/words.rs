//! What the OpenAPI document says in prose: the introduction, the groups, and
//! for each operation who may call it and its Indonesian text.

mod changes;
mod channels;
mod reporters;
mod staff;
mod work;

use super::uploads;
use crate::tokens::{Role, Scope};

/// Who may call an operation, and its summary and description in Indonesian.
pub struct Operation {
    pub id: &'static str,
    pub access: Access,
    pub summary: &'static str,
    pub description: &'static str,
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    Anybody,
    /// A reporter in their conversation.
    Reporter,
    /// Whose token has one of these.
    Scopes(&'static [Scope]),
}

impl Access {
    pub fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Scopes(scopes) => scopes,
            Self::Anybody | Self::Reporter => &[],
        }
    }

    /// The roles that have one of the scopes.
    pub fn roles(self) -> Vec<&'static str> {
        if matches!(self, Self::Reporter) {
            return vec!["reporter"];
        }
        let roles = Role::ALL.into_iter();
        let roles = roles.filter(|role| self.scopes().iter().any(|scope| role.has(*scope)));
        roles.map(Role::as_str).collect()
    }
}

/// A group of operations, in the order of the page.
pub struct Group {
    pub name: &'static str,
    pub english: &'static str,
    pub indonesian: &'static str,
}

pub const TITLE: &str = "Lapor Node API";

pub const ENGLISH: &str = "\
The API of one institution's node: file reports, read cases with their history, act on them. It \
works without the hub; what is not sent yet is shown as pending.

An administrator makes a token at `/meja/kunci-api`, the operator with `lapor-node token create \
--name NAME --scope cases:read,reports:file`; a role (`--role officer`) is a set of scopes. Send it as \
`Authorization: Bearer TOKEN`. The examples expect the address of the node and the token in two \
shell variables: `NODE=http://127.0.0.1:8090` and `TOKEN=lpt_...`.

Every refusal is a problem (RFC 9457, `application/problem+json`). Decide by its `code`, which \
never changes: 401 `token_missing` or `token_invalid`, 403 `forbidden`, 404 `not_found`, 409 \
`not_allowed`, 422 `invalid` and others; `detail` says what to do next, `field` names the field, and `request` the line in \
the node's log. Instants are Unix milliseconds, days are `YYYY-MM-DD`, regions are official codes.";

pub const INDONESIAN: &str = "\
API untuk node satu instansi: menerima laporan, membaca berkas beserta riwayatnya, dan \
menindaklanjutinya. API ini tetap bekerja tanpa hub; yang belum terkirim ditandai menunggu.

Admin membuat token di `/meja/kunci-api`, operator dengan `lapor-node token create --name NAMA \
--scope cases:read,reports:file`; peran (`--role officer`) adalah kumpulan cakupan. Kirimkan sebagai \
`Authorization: Bearer TOKEN`. Contoh di halaman ini memakai dua variabel shell: \
`NODE=http://127.0.0.1:8090` dan `TOKEN=lpt_...`.

Setiap penolakan berupa problem (RFC 9457, `application/problem+json`). Program memutuskan \
berdasarkan `code` yang tidak pernah berubah: 401 `token_missing` atau `token_invalid`, 403 \
`forbidden`, 404 `not_found`, 409 `not_allowed`, 422 `invalid` dan lainnya; `detail` menjelaskan langkah berikutnya, `field` \
menyebut isian yang salah, dan `request` menunjuk baris di log node. Waktu ditulis dalam milidetik \
Unix, tanggal `YYYY-MM-DD`, wilayah dengan kode resmi. Nama isian dan keterangannya berbahasa \
Inggris.";

pub const GROUPS: &[Group] = &[
    Group {
        name: "reports",
        english: "Reports",
        indonesian: "Laporan",
    },
    Group {
        name: "cases",
        english: "Cases",
        indonesian: "Berkas laporan",
    },
    Group {
        name: "reporter",
        english: "The reporter's conversation",
        indonesian: "Percakapan pelapor",
    },
    Group {
        name: "acts",
        english: "Acts",
        indonesian: "Tindakan",
    },
    Group {
        name: "work",
        english: "Work of a desk",
        indonesian: "Pekerjaan desk",
    },
    Group {
        name: "public",
        english: "What concerns everyone",
        indonesian: "Informasi bagi semua",
    },
    Group {
        name: "changes",
        english: "Changes and webhooks",
        indonesian: "Perubahan dan webhook",
    },
    Group {
        name: "channels",
        english: "Channels of others",
        indonesian: "Saluran",
    },
    Group {
        name: "federation",
        english: "Federation",
        indonesian: "Federasi",
    },
    Group {
        name: "staff",
        english: "Staff",
        indonesian: "Petugas",
    },
];

const CASES_READ: Access = Access::Scopes(&[Scope::CasesRead]);
const CASES_ACT: Access = Access::Scopes(&[Scope::CasesAct]);
const FIGURES_READ: Access = Access::Scopes(&[Scope::FiguresRead]);
const REFERENCE_READ: Access = Access::Scopes(&[Scope::ReferenceRead]);
const REGISTERS_WRITE: Access = Access::Scopes(&[Scope::RegistersWrite]);
const PROGRAMMES_WRITE: Access = Access::Scopes(&[Scope::ProgrammesWrite]);
const CATEGORIES_WRITE: Access = Access::Scopes(&[Scope::CategoriesWrite]);
const EDITIONS_WRITE: Access = Access::Scopes(&[Scope::EditionsWrite]);
const ERASURES: Access = Access::Scopes(&[Scope::Erasures]);

/// All operations.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    let groups = [
        OPERATIONS,
        reporters::OPERATIONS,
        changes::OPERATIONS,
        work::OPERATIONS,
        staff::OPERATIONS,
        channels::OPERATIONS,
    ];
    groups.into_iter().flatten()
}

const OPERATIONS: &[Operation] = &[
    Operation {
        id: "fileReport",
        access: Access::Scopes(&[Scope::ReportsFile]),
        summary: "Ajukan laporan",
        description: "Laporan langsung menjadi berkas instansi ini, dengan atau tanpa hub. \
                      Tiket diberikan kepada pelapor. Identitas pelapor disimpan terpisah dari \
                      berkas dan tidak pernah ikut dikirim.",
    },
    Operation {
        id: "bringRegister",
        access: REGISTERS_WRITE,
        summary: "Unggah register",
        description: "Isi permintaan adalah berkasnya: tabel (.csv; koma, titik koma, atau tab; UTF-8 atau Windows-1252) atau lembar pertama spreadsheet (.xlsx, .ods), paling besar 10 MiB dan 5.000 baris. Kolom dikenali dari judulnya. Belum ada yang masuk: jawabannya menyebut yang siap dan yang bermasalah menurut baris dan kolom. Menunggu sehari bagi token yang mengunggahnya.",
    },
    Operation {
        id: "listRegisters",
        access: REGISTERS_WRITE,
        summary: "Daftar register",
        description: "Siapa pun yang mengunggahnya, yang terbaru lebih dahulu: oleh siapa, kapan, dan berapa barisnya yang menjadi berkas. Isinya hanya dibaca token yang mengunggahnya.",
    },
    Operation {
        id: "readRegister",
        access: REGISTERS_WRITE,
        summary: "Baca register",
        description: "Selama menunggu, atau apa yang sudah masuk darinya.",
    },
    Operation {
        id: "listRegisterRows",
        access: REGISTERS_WRITE,
        summary: "Baca baris register",
        description: "Semua yang dapat masuk, sebagaimana akan masuk, menurut urutan barisnya; yang bermasalah ada di `problems` register itu. Kosong setelah register dimasukkan: berkas dari barisnya ada di `filed`.",
    },
    Operation {
        id: "chooseColumns",
        access: REGISTERS_WRITE,
        summary: "Tentukan kolom register",
        description: "Untuk judul kolom yang tidak dikenali atau berarti lain. Jawabannya register itu sebagaimana terbaca kemudian.",
    },
    Operation {
        id: "fileRegister",
        access: REGISTERS_WRITE,
        summary: "Masukkan register",
        description: "Semua barisnya menjadi berkas, atau tidak satu pun: ditolak (409, `wrong_rows`) selama ada baris yang bermasalah, kecuali `without_wrong` meninggalkannya. Diminta lagi, jawabannya sama.",
    },
    Operation {
        id: "dropRegister",
        access: REGISTERS_WRITE,
        summary: "Buang register",
        description: "Yang masih menunggu; yang sudah masuk tetap ada.",
    },
    Operation {
        id: "upload",
        access: Access::Scopes(uploads::NEEDS),
        summary: "Unggah lampiran",
        description: "Isi permintaan adalah berkas itu sendiri, bukan formulir; `Content-Type` \
                      adalah jenis berkasnya. Nilai `upload` pada jawaban dipakai satu kali di \
                      `attachments` sebuah laporan atau tindakan.",
    },
    Operation {
        id: "listCases",
        access: CASES_READ,
        summary: "Daftar berkas",
        description: "Semua berkas yang melibatkan instansi ini, perubahan terakhir lebih dahulu; \
                      semua saringan yang diberikan harus terpenuhi. Judul berkas yang kuncinya \
                      belum tiba tidak ditampilkan.",
    },
    Operation {
        id: "readCase",
        access: CASES_READ,
        summary: "Baca berkas",
        description: "Berkas menurut instansi ini dengan seluruh riwayatnya: yang sudah diputus \
                      hub menurut urutannya, lalu tindakan sendiri yang masih menunggu putusan.",
    },
    Operation {
        id: "readTicket",
        access: CASES_READ,
        summary: "Baca berkas dari tiket",
        description: "Berlaku di setiap instansi yang terlibat dalam berkas.",
    },
    Operation {
        id: "readAttachment",
        access: Access::Scopes(&[Scope::AttachmentsRead]),
        summary: "Unduh lampiran",
        description: "Berkas sebagaimana diunggah, dibuka sandinya saat dikirim. Selalu dikirim \
                      sebagai unduhan: peramban tidak boleh menampilkan unggahan orang lain \
                      seolah-olah berasal dari instansi ini.",
    },
    Operation {
        id: "openIdentity",
        access: Access::Scopes(&[Scope::Identity]),
        summary: "Buka identitas pelapor",
        description: "Siapa yang melapor, jika laporan masuk di sini atau instansi penerima telah \
                      membukanya untuk instansi ini. Hanya penjaga identitas yang boleh, dan \
                      setiap panggilan dicatat di log audit sebelum dijawab.",
    },
    Operation {
        id: "noteOwnNumber",
        access: CASES_ACT,
        summary: "Catat nomor di aplikasi sendiri",
        description: "Disimpan di instansi ini dan tidak diberitahukan ke instansi lain. Berkas \
                      dapat dicari dengan nomor ini seperti dengan tiketnya, melalui `q` atau \
                      `own_number` pada `GET /cases`; beberapa berkas boleh bernomor sama.",
    },
    Operation {
        id: "readCasesTable",
        access: CASES_READ,
        summary: "Baca berkas sebagai tabel",
        description: "CSV dengan baris judul: kedua nomor setiap berkas dan keadaannya, tanpa isi \
                      laporan. Perubahan terakhir lebih dahulu, paling banyak sepuluh ribu baris; \
                      persempit dengan waktu masuknya. Setiap kali tercatat sebagai \
                      `cases.downloaded` di log audit, jadi ikuti `GET /changes` daripada sering \
                      membacanya.",
    },
    Operation {
        id: "readCasesWorkbook",
        access: CASES_READ,
        summary: "Baca berkas sebagai buku kerja",
        description: "Baris yang sama sebagai spreadsheet Office Open XML (.xlsx), juga tercatat di log audit.",
    },
    Operation {
        id: "readReportsTable",
        access: CASES_READ,
        summary: "Baca berkas beserta isinya sebagai tabel",
        description: "CSV dengan baris judul berbahasa Indonesia, seperti yang diunduh di desk: nomor, \
                      kapan dan lewat mana laporan masuk, isinya, jenis, kategori, wilayah, lokasi, \
                      tanggal, dan keadaannya. Tanpa isi berkas *rahasia* dan tanpa nama siapa pun; \
                      `POST /imports` dapat membacanya kembali. Perubahan terakhir lebih dahulu, \
                      paling banyak sepuluh ribu baris; persempit dengan waktu masuknya. Setiap kali \
                      tercatat sebagai `cases.downloaded` di log audit.",
    },
    Operation {
        id: "readReportsWorkbook",
        access: CASES_READ,
        summary: "Baca berkas beserta isinya sebagai buku kerja",
        description: "Baris yang sama sebagai spreadsheet Office Open XML (.xlsx), juga tercatat di log audit.",
    },
    Operation {
        id: "listDeadlines",
        access: Access::Scopes(&[Scope::DeadlinesRead]),
        summary: "Daftar berkas menurut tenggat",
        description: "Berkas yang tenggatnya sedang berjalan, yang paling dekat lebih dahulu. \
                      Berkas yang menunggu pelapor atau tidak memiliki tenggat tidak tampil.",
    },
    Operation {
        id: "readFigures",
        access: FIGURES_READ,
        summary: "Baca angka kinerja",
        description: "Dari berkas yang masuk dalam suatu kurun waktu, untuk setiap instansi, \
                      sejauh diketahui instansi ini. Dikonfirmasi pelapor, ditutup petugas, \
                      ditutup karena tidak ada tanggapan, dan diarsipkan tidak pernah dijumlahkan. \
                      Menurut penangan: jawaban pertama, lewat tenggat, dan pengembalian dihitung \
                      pada instansi yang saat itu memegang berkas.",
    },
    Operation {
        id: "readFiguresTable",
        access: FIGURES_READ,
        summary: "Baca angka kinerja sebagai tabel",
        description: "Angka yang sama sebagai CSV dengan baris judul; waktu dalam milidetik, sel \
                      kosong berarti tidak ada yang dapat dirata-ratakan.",
    },
    Operation {
        id: "readCategoryFigures",
        access: FIGURES_READ,
        summary: "Baca angka kinerja per kategori",
        description: "Sebagai CSV dengan baris judul: kategori nasional, di sampingnya kategori \
                      instansi sendiri, berapa berkas yang masuk, dan di antaranya yang masih \
                      terbuka, dijawab, dan pernah lewat tenggat. Sel kosong berarti berkas tanpa \
                      kategori itu; semua baris dapat dijumlahkan.",
    },
    Operation {
        id: "act",
        access: Access::Scopes(&[Scope::CasesAct, Scope::Identity]),
        summary: "Lakukan tindakan",
        description: "Tindakan dinilai pada berkas menurut instansi ini, disimpan, dan dikirim \
                      saat jalur tersedia; sampai diputus hub ia menunggu. Yang tidak diizinkan \
                      dijawab 409 `not_allowed` dengan menyebut instansi penanggung jawab. Peran \
                      `identity` hanya untuk `identity.disclosed` dan `identity.refused`. \
                      `case.redacted` diminta dengan `POST /cases/{id}/erasure` dan ditolak di sini (403).",
    },
    Operation {
        id: "listInstances",
        access: REFERENCE_READ,
        summary: "Daftar instansi",
        description: "Semua instansi dalam direktori dan apakah sudah bergabung: hanya yang \
                      `active` dapat menerima disposisi.",
    },
    Operation {
        id: "publishProgramme",
        access: PROGRAMMES_WRITE,
        summary: "Terbitkan program pembangunan",
        description: "Program milik instansi ini, untuk semua. Slug yang sama mengganti teksnya \
                      dan mempertahankan kemajuannya; `pictures` menyebut gambar yang diunggah dan \
                      yang tetap ada, menurut urutan, dan bila tidak diisi semuanya tetap. Disimpan dan menunggu sampai kembali lewat \
                      aliran publik.",
    },
    Operation {
        id: "tellProgress",
        access: PROGRAMMES_WRITE,
        summary: "Laporkan kemajuan program",
        description: "Hanya oleh pemilik program, dan hanya setelah program diterbitkan.",
    },
    Operation {
        id: "listProgrammes",
        access: REFERENCE_READ,
        summary: "Daftar program pembangunan",
        description: "Semua program yang sudah sampai di node ini menurut pemilik dan slug, dengan \
                      kemajuan terakhirnya; milik sendiri yang masih menunggu hub ikut tampil dan \
                      ditandai.",
    },
    Operation {
        id: "readProgramme",
        access: REFERENCE_READ,
        summary: "Baca program",
        description: "Dengan semua yang pernah diterbitkan tentangnya, yang terlama lebih dahulu.",
    },
    Operation {
        id: "readPicture",
        access: REFERENCE_READ,
        summary: "Unduh gambar program",
        description: "Sebagaimana disebut dalam pesannya: JPEG, PNG, atau WebP tanpa metadata. Gambar \
                      yang belum sampai dijawab 409 `blob_pending`.",
    },
    Operation {
        id: "readTaxonomy",
        access: REFERENCE_READ,
        summary: "Baca kategori",
        description: "Edisi yang berlaku atau edisi yang diminta, dan nama semua edisi.",
    },
    Operation {
        id: "publishTaxonomy",
        access: EDITIONS_WRITE,
        summary: "Terbitkan edisi kategori",
        description: "Untuk semua instansi, hanya oleh desk nasional. Sebuah edisi utuh dan tidak \
                      pernah berubah; perubahan adalah edisi baru dengan nama baru.",
    },
    Operation {
        id: "readHints",
        access: CASES_READ,
        summary: "Saran instansi dan unit untuk berkas",
        description: "Paling banyak lima instansi, yang paling mungkin lebih dahulu, masing-masing \
                      dengan alasannya. Instansi yang dikecualikan dan yang telah mengembalikan \
                      berkas tidak pernah disarankan. `units` adalah paling banyak lima unit instansi \
                      ini, menurut ke mana laporannya yang serupa pernah diserahkan.",
    },
    Operation {
        id: "findLikelyDuplicates",
        access: CASES_READ,
        summary: "Cari laporan serupa",
        description: "Berkas publik yang masih terbuka dari 180 hari terakhir, menurut kata dan \
                      tempat, selama laporan masih ditulis. Berkas rahasia tidak pernah tampil, \
                      begitu pula berkas di luar batas kunci.",
    },
    Operation {
        id: "findRegions",
        access: REFERENCE_READ,
        summary: "Cari wilayah",
        description: "Provinsi, kabupaten, dan kota dari apa yang diketik; salah ketik, singkatan, \
                      dan awal kata dimaklumi. Data ini tidak memuat letak geografis.",
    },
    Operation {
        id: "readCategories",
        access: REFERENCE_READ,
        summary: "Baca kategori yang berlaku",
        description: "Dengan nama Indonesia dan Inggris serta apa yang diminta instansi ini untuk \
                      masing-masing. Sebelum desk nasional menerbitkan edisi, yang berlaku adalah \
                      edisi bawaan program.",
    },
    Operation {
        id: "listLocalCategories",
        access: REFERENCE_READ,
        summary: "Daftar kategori lokal",
        description: "Kategori aplikasi instansi sendiri dan padanannya dalam kategori nasional.",
    },
    Operation {
        id: "mapLocalCategory",
        access: CATEGORIES_WRITE,
        summary: "Padankan kategori lokal",
        description: "Sejak itu laporan dengan kategori lokal dicatat dengan kategori nasionalnya.",
    },
    Operation {
        id: "unmapLocalCategory",
        access: CATEGORIES_WRITE,
        summary: "Hapus kategori lokal",
        description: "Laporan yang sudah dicatat tidak berubah.",
    },
    Operation {
        id: "replaceLocalCategories",
        access: CATEGORIES_WRITE,
        summary: "Ganti seluruh pohon kategori instansi",
        description: "Menjadi edisi baru. Laporan yang sudah dicatat tidak berubah.",
    },
    Operation {
        id: "listLocalEditions",
        access: CATEGORIES_WRITE,
        summary: "Daftar edisi pohon kategori instansi",
        description: "Setiap perubahan pohon membuat satu edisi; seratus yang terakhir disimpan.",
    },
    Operation {
        id: "readLocalEdition",
        access: CATEGORIES_WRITE,
        summary: "Baca edisi pohon kategori instansi",
        description: "Sebagaimana adanya waktu itu, juga bila kategori nasionalnya sudah tidak berlaku.",
    },
    Operation {
        id: "readCalendar",
        access: REFERENCE_READ,
        summary: "Baca kalender",
        description: "Libur nasional dan cuti bersama dari edisi yang berlaku atau yang diminta, \
                      dan nama semua edisi. Hari kerja dihitung menurut kalender ini.",
    },
    Operation {
        id: "publishCalendar",
        access: EDITIONS_WRITE,
        summary: "Terbitkan edisi kalender",
        description: "Untuk semua instansi, hanya oleh desk nasional. Sebuah edisi utuh dan tidak \
                      pernah berubah; keputusan di tengah tahun adalah edisi baru dengan nama baru.",
    },
    Operation {
        id: "planErasure",
        access: ERASURES,
        summary: "Minta penghapusan isi laporan",
        description: "Pelapor diberi tahu alasannya dan dapat membatalkannya selama `erasure.officer_days`; sesudah itu isinya dihapus di semua instansi. Dengan `erasure.second_person` orang lain menyetujuinya lebih dahulu, dan keduanya dikenal dari akunnya: pemilik token, atau yang masuk di meja. Diminta dua kali tetap satu.",
    },
    Operation {
        id: "confirmErasure",
        access: ERASURES,
        summary: "Setujui penghapusan",
        description: "Dengan token milik admin lain daripada yang meminta. Mulai saat itu berjalan hari-hari untuk membatalkannya.",
    },
    Operation {
        id: "stopErasure",
        access: ERASURES,
        summary: "Batalkan penghapusan oleh instansi",
        description: "Yang diputuskan instansi, selama belum dimulai; permintaan pelapor hanya ditarik oleh pelapor.",
    },
    Operation {
        id: "listErasures",
        access: ERASURES,
        summary: "Daftar penghapusan yang akan datang",
        description: "Yang diminta pelapor dan yang diputuskan instansi: lebih dahulu yang menunggu orang kedua (`asked`), lalu yang sedang dihapus (`erasing`) dan tidak dapat dibatalkan lagi, lalu yang menunggu harinya (`waiting`), yang paling mendesak lebih dahulu; paling banyak 300. Dilaksanakan sendiri pada waktunya.",
    },
    Operation {
        id: "readStatus",
        access: Access::Scopes(&[Scope::StatusRead]),
        summary: "Keadaan node",
        description: "Tersambung atau tidak dan sebabnya, apa yang menunggu dikirim, sampai mana \
                      aliran telah dibaca, dan berapa lama sertifikat masih berlaku.",
    },
    Operation {
        id: "readAudit",
        access: Access::Scopes(&[Scope::AuditRead]),
        summary: "Baca log audit",
        description: "Siapa melakukan apa di node ini, yang terbaru lebih dahulu; semua saringan \
                      yang diberikan harus terpenuhi. Catatan hanya bertambah, tidak pernah \
                      diubah atau dihapus.",
    },
];
