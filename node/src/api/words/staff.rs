//! Words of the operations about the people of the institution, and about what did not go its way.

use super::{Access, Operation, REFERENCE_READ};
use crate::tokens::Scope;

const STAFF_WRITE: Access = Access::Scopes(&[Scope::StaffWrite]);
const SETTINGS_WRITE: Access = Access::Scopes(&[Scope::SettingsWrite]);

pub const OPERATIONS: &[Operation] = &[
    Operation {
        id: "listUnits",
        access: REFERENCE_READ,
        summary: "Daftar unit",
        description: "Masing-masing diikuti bagiannya; yang sudah ditutup tetap dikenal.",
    },
    Operation {
        id: "addUnit",
        access: STAFF_WRITE,
        summary: "Tambah unit",
        description: "Atau bagian dari unit yang bukan bagian. Instansi lain tidak diberi tahu.",
    },
    Operation {
        id: "renameUnit",
        access: STAFF_WRITE,
        summary: "Ganti nama unit",
        description: "Id-nya tetap.",
    },
    Operation {
        id: "closeUnit",
        access: STAFF_WRITE,
        summary: "Tutup unit",
        description: "Yang tidak lagi dihuni siapa pun dan tidak memiliki bagian terbuka.",
    },
    Operation {
        id: "listOfficers",
        access: Access::Scopes(&[Scope::CasesAct, Scope::StaffWrite]),
        summary: "Daftar petugas",
        description: "Yang dapat diserahi berkas, menurut nama, dengan penggantinya selama tidak di tempat.",
    },
    Operation {
        id: "listAbsences",
        access: STAFF_WRITE,
        summary: "Daftar yang tidak di tempat",
        description: "Hari ini, dengan penggantinya.",
    },
    Operation {
        id: "noteAbsence",
        access: STAFF_WRITE,
        summary: "Catat ketidakhadiran",
        description: "Sampai akhir suatu hari; petugas lain yang melihat berkas yang sama menggantikan.",
    },
    Operation {
        id: "endAbsence",
        access: STAFF_WRITE,
        summary: "Akhiri ketidakhadiran",
        description: "Tidak ada yang berubah bila ia memang di tempat.",
    },
    Operation {
        id: "handOver",
        access: STAFF_WRITE,
        summary: "Serahkan seluruh meja",
        description: "Semua yang belum selesai di meja seorang petugas berpindah ke petugas lain.",
    },
    Operation {
        id: "listAccounts",
        access: STAFF_WRITE,
        summary: "Daftar akun",
        description: "Termasuk yang dinonaktifkan.",
    },
    Operation {
        id: "makeAccount",
        access: STAFF_WRITE,
        summary: "Buat akun",
        description: "`link` diberikan kepada pemiliknya untuk memilih kata sandi; hanya ditampilkan di jawaban ini.",
    },
    Operation {
        id: "changeAccount",
        access: STAFF_WRITE,
        summary: "Ubah akun",
        description: "Alamat, nama, peran, atau unit; yang tidak disebut tetap. Admin terakhir tetap admin.",
    },
    Operation {
        id: "setAccountState",
        access: STAFF_WRITE,
        summary: "Aktifkan atau nonaktifkan akun",
        description: "Akun nonaktif tidak dapat berbuat apa pun dan semua sesinya berakhir.",
    },
    Operation {
        id: "makePasswordLink",
        access: STAFF_WRITE,
        summary: "Buat tautan kata sandi",
        description: "Kata sandi sekarang dan semua sesi berakhir. Tautan hanya ditampilkan di jawaban ini.",
    },
    Operation {
        id: "endAccountSessions",
        access: STAFF_WRITE,
        summary: "Akhiri sesi akun",
        description: "Di mana pun pemiliknya masuk.",
    },
    Operation {
        id: "removeSecondFactor",
        access: STAFF_WRITE,
        summary: "Cabut faktor kedua",
        description: "Dari yang kehilangan faktornya; bila perannya mewajibkan, yang baru dipasang saat masuk berikutnya.",
    },
    Operation {
        id: "chooseLetters",
        access: STAFF_WRITE,
        summary: "Pilih surat untuk akun",
        description: "Ringkasan setiap hari kerja, setiap hal seketika, atau tidak sama sekali.",
    },
    Operation {
        id: "listQuarantine",
        access: SETTINGS_WRITE,
        summary: "Daftar pesan tertahan",
        description: "Yang tidak dapat diterapkan atau dikirim, yang terlama lebih dahulu: jenis, berkas, dan sebabnya, tidak pernah isinya.",
    },
    Operation {
        id: "replayMessage",
        access: SETTINGS_WRITE,
        summary: "Coba lagi pesan tertahan",
        description: "Yang masuk diterapkan bila bisa, dengan yang menunggu di belakangnya; milik sendiri dikirim lagi dengan yang sesudahnya.",
    },
    Operation {
        id: "refuseMessage",
        access: SETTINGS_WRITE,
        summary: "Lanjut tanpa pesan",
        description: "Pesan itu tidak pernah berlaku di sini, sehingga salinan berkasnya dapat berbeda dari instansi lain.",
    },
    Operation {
        id: "readArrangements",
        access: SETTINGS_WRITE,
        summary: "Baca pengaturan",
        description: "Kontak, alamat portal, server surel, dan yang diminta dari jawaban, dan siapa yang menyebutkannya: berkas konfigurasi selalu menang. Juga setiap saluran dan sambungan: apakah aktif, dan apa kendalanya. Tidak ada rahasia.",
    },
    Operation {
        id: "keepContact",
        access: SETTINGS_WRITE,
        summary: "Simpan kontak instansi",
        description: "Langsung berlaku, bila `node.toml` tidak menyebutkannya; bila disebutkan, dijawab 409 `in_file`.",
    },
    Operation {
        id: "setNotice",
        access: SETTINGS_WRITE,
        summary: "Akhiri atau tampilkan lagi pemberitahuan pengaturan",
        description: "Di desk setiap admin.",
    },
    Operation {
        id: "tryMail",
        access: SETTINGS_WRITE,
        summary: "Uji server surel",
        description: "Sebuah surat dikirim ke alamat pemilik token, tidak ke orang lain.",
    },
    Operation {
        id: "readPost",
        access: STAFF_WRITE,
        summary: "Keadaan surat",
        description: "Berapa surat menunggu atau ditolak, dan mana yang bermasalah. Dari orang luar hanya host alamatnya.",
    },
    Operation {
        id: "dropLetter",
        access: STAFF_WRITE,
        summary: "Buang surat yang ditolak",
        description: "Setelah ada yang melihatnya.",
    },
];
