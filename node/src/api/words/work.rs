//! Words of the operations with which a desk works: several cases at once, whose desk a case lies on,
//! lists, drafts, the counter, who reported.

use super::{Access, CASES_ACT, CASES_READ, CATEGORIES_WRITE, Operation};
use crate::tokens::Scope;

const DRAFTS: Access = Access::Scopes(&[Scope::CasesAct, Scope::DraftsDecide]);
const IDENTITY: Access = Access::Scopes(&[Scope::Identity]);

pub const OPERATIONS: &[Operation] = &[
    Operation {
        id: "actOnSeveral",
        access: Access::Scopes(&[Scope::CasesAct, Scope::Identity]),
        summary: "Lakukan tindakan pada beberapa berkas",
        description: "Tindakan yang sama pada setiap berkas, masing-masing dinilai sendiri; `case.verified` hanya pada yang belum diputus siapa pun. Yang gagal pada satu berkas tidak menghentikan yang lain. Untuk menggabungkan, kirim `case.linked` dengan `target_case`.",
    },
    Operation {
        id: "lookAtCases",
        access: CASES_ACT,
        summary: "Tandai berkas sudah dilihat",
        description: "Hanya lihatan pertama yang dihitung.",
    },
    Operation {
        id: "assignCases",
        access: CASES_ACT,
        summary: "Serahkan beberapa berkas",
        description: "Kepada seorang petugas, atau ke sebuah unit; tanpa keduanya berkas diambil dari semua meja.",
    },
    Operation {
        id: "readAssignment",
        access: CASES_READ,
        summary: "Baca di meja siapa berkas berada",
        description: "Beserta instruksi yang pernah diberikan. Instansi lain tidak diberi tahu.",
    },
    Operation {
        id: "assignCase",
        access: CASES_ACT,
        summary: "Serahkan berkas",
        description: "Ke unit dan petugas, dengan instruksi dan batas hari bila ada; petugas harus dapat melihat unit itu.",
    },
    Operation {
        id: "takeOffDesk",
        access: CASES_ACT,
        summary: "Ambil berkas dari semua meja",
        description: "Tidak ada yang khusus mengerjakannya; instruksi yang pernah diberikan tetap ada.",
    },
    Operation {
        id: "listFailedActs",
        access: CASES_READ,
        summary: "Daftar tindakan tanpa akibat",
        description: "Tindakan instansi ini yang diputus hub tanpa akibat, yang terlama lebih dahulu, sampai ada yang mengesampingkannya.",
    },
    Operation {
        id: "dropFailedAct",
        access: CASES_ACT,
        summary: "Kesampingkan tindakan tanpa akibat",
        description: "Tetap ada dalam riwayat, tetapi bukan tugas lagi.",
    },
    Operation {
        id: "countCases",
        access: CASES_READ,
        summary: "Hitung berkas setiap daftar",
        description: "Seperti yang ditampilkan desk; yang selesai tidak dihitung. Berkasnya dengan `GET /cases?tab=`.",
    },
    Operation {
        id: "listFilters",
        access: CASES_READ,
        summary: "Daftar saringan yang disimpan",
        description: "Milik pemilik token, yang menemukan saringan yang sama di desk; token tanpa pemilik menyimpan sendiri.",
    },
    Operation {
        id: "keepFilter",
        access: CASES_READ,
        summary: "Simpan saringan",
        description: "Nama yang sama diganti; paling banyak 50.",
    },
    Operation {
        id: "removeFilter",
        access: CASES_READ,
        summary: "Hapus saringan",
        description: "Saringan itu tidak disimpan lagi, juga di desk.",
    },
    Operation {
        id: "draftAnswer",
        access: CASES_ACT,
        summary: "Tulis konsep jawaban",
        description: "Bila jawaban tentang kategori ini disetujui atasan. Kunci menamai konsep bagi penulisnya: dikirim lagi dengan kata lain, konsep diperbaiki selama masih menunggu. Token harus berpemilik, orang lain daripada yang menyetujui.",
    },
    Operation {
        id: "listDraftsOfCase",
        access: DRAFTS,
        summary: "Daftar konsep sebuah berkas",
        description: "Yang terlama lebih dahulu, dengan nasib masing-masing.",
    },
    Operation {
        id: "listDrafts",
        access: DRAFTS,
        summary: "Daftar konsep yang menunggu",
        description: "Menunggu atasan, yang terlama lebih dahulu, lalu yang tidak dapat dikirim lagi.",
    },
    Operation {
        id: "decideDraft",
        access: Access::Scopes(&[Scope::DraftsDecide]),
        summary: "Putuskan konsep",
        description: "Setujui dan terbitkan, kembalikan dengan catatan, atau buang yang tidak dapat dikirim lagi. Yang memutuskan adalah pemilik token yang boleh menyetujui di desk, bukan penulisnya.",
    },
    Operation {
        id: "readDraftFile",
        access: Access::Scopes(&[Scope::AttachmentsRead]),
        summary: "Unduh berkas sebuah konsep",
        description: "Yang menunggu dikirim bersamanya; selalu sebagai unduhan.",
    },
    Operation {
        id: "readCounter",
        access: CASES_ACT,
        summary: "Lihat apa yang dapat disampaikan",
        description: "Oleh pelapornya, atau oleh orang lain yang bermasalah sama, kepada petugas yang mencatatnya.",
    },
    Operation {
        id: "takeDownWords",
        access: CASES_ACT,
        summary: "Catat kata pelapor",
        description: "Menjadi tindakan pelapor; log audit memuat siapa yang mencatat dan lewat apa. Untuk laporan yang tidak diterima petugas di desk, pelapor menyebut kunci rahasianya.",
    },
    Operation {
        id: "takeDownSupport",
        access: CASES_ACT,
        summary: "Catat dukungan",
        description: "Dari orang lain yang mengatakan masalahnya sama. Berkasnya publik dan masih terbuka.",
    },
    Operation {
        id: "giveAnotherKey",
        access: Access::Scopes(&[Scope::CasesAct, Scope::Identity]),
        summary: "Beri kunci pengganti",
        description: "Menggantikan kunci yang hilang, yang berakhir beserta semua yang dibukanya; hanya ditampilkan di jawaban ini. Keterangan yang tidak cocok dijawab 401 `locked`; 429 setelah tiga percobaan pada satu berkas atau sepuluh oleh satu pemilik token, lalu satu setiap delapan jam atau 144 menit. Untuk laporan rahasia atau anonim hanya oleh penjaga identitas (lingkup `identity`), untuk yang lain oleh yang menangani berkas.",
    },
    Operation {
        id: "askProof",
        access: CASES_ACT,
        summary: "Minta pembuktian kontak",
        description: "Kode dikirim ke alamat dalam laporan dan diketik oleh yang membacanya di sana.",
    },
    Operation {
        id: "readSuspicion",
        access: CASES_READ,
        summary: "Baca mengapa dicurigai",
        description: "Selama belum dinyatakan wajar; daftarnya dengan `GET /cases?tab=suspect`.",
    },
    Operation {
        id: "markAbuse",
        access: CASES_ACT,
        summary: "Tandai penyalahgunaan",
        description: "Untuk dilihat lagi; tanda ini milik instansi ini saja.",
    },
    Operation {
        id: "clearAbuse",
        access: CASES_ACT,
        summary: "Nyatakan wajar",
        description: "Berkas kembali di antara yang lain.",
    },
    Operation {
        id: "askIdentity",
        access: CASES_ACT,
        summary: "Minta identitas kepada penjaganya",
        description: "Untuk berkas yang masuk di sini atau yang identitasnya telah dibuka untuk instansi ini; kepada instansi lain dengan tindakan `identity.requested`.",
    },
    Operation {
        id: "listIdentityAsks",
        access: Access::Scopes(&[Scope::CasesAct, Scope::Identity]),
        summary: "Daftar permintaan pada berkas",
        description: "Dari petugas di sini, yang terlama lebih dahulu, dengan jawaban penjaga identitas.",
    },
    Operation {
        id: "answerIdentityAsk",
        access: IDENTITY,
        summary: "Jawab permintaan petugas",
        description: "Oleh penjaga yang tidak menangani berkasnya; untuk laporan anonim dengan persetujuan pelapor.",
    },
    Operation {
        id: "openGrantedIdentity",
        access: CASES_ACT,
        summary: "Buka identitas yang diberikan",
        description: "Bagi peminta yang disetujui penjaga, selama pelapor tidak menarik persetujuannya. Setiap panggilan dicatat di log audit sebelum dijawab.",
    },
    Operation {
        id: "readIdentityLog",
        access: IDENTITY,
        summary: "Baca riwayat identitas",
        description: "Siapa meminta, untuk apa, dan apa jadinya: yang juga dibaca pelapor.",
    },
    Operation {
        id: "listOwnIdentityAsks",
        access: CASES_ACT,
        summary: "Daftar permintaan sendiri",
        description: "Milik token ini, kepada penjaga di sini dan instansi lain, yang terbaru lebih dahulu; tidak pernah siapa pelapornya.",
    },
    Operation {
        id: "listIdentityRequests",
        access: IDENTITY,
        summary: "Daftar permintaan yang menunggu penjaga",
        description: "Dari petugas di sini dan dari instansi lain, yang terlama lebih dahulu.",
    },
    Operation {
        id: "noteLocalCategory",
        access: CASES_ACT,
        summary: "Catat kategori lokal berkas",
        description: "Kategori pohon sendiri yang sepadan dengan kategori nasional berkas. Instansi lain tidak diberi tahu.",
    },
    Operation {
        id: "restoreLocalEdition",
        access: CATEGORIES_WRITE,
        summary: "Berlakukan lagi edisi pohon sendiri",
        description: "Sebagai edisi baru; nama pada laporan tetap.",
    },
];
