//! Words of the operations of whoever reported: the course of a report, the conversation, own data.

use super::{Access, Operation};

pub const OPERATIONS: &[Operation] = &[
    Operation {
        id: "track",
        access: Access::Anybody,
        summary: "Lacak laporan",
        description: "Keterangan publik laporan menurut tiketnya, di setiap instansi yang terlibat; tanpa token. Laporan rahasia hanya menunjukkan tahapnya.",
    },
    Operation {
        id: "openConversation",
        access: Access::Anybody,
        summary: "Buka percakapan",
        description: "Dengan tiket dan kunci yang diberikan saat melapor. Kunci salah dan tiket tidak dikenal mendapat jawaban yang sama; setelah terlalu banyak percobaan, 429 menyebut berapa detik harus menunggu.",
    },
    Operation {
        id: "readConversation",
        access: Access::Reporter,
        summary: "Baca percakapan",
        description: "Laporan seperti yang dilihat pelapornya: tahap, siapa yang menangani, apa yang terjadi, pertanyaan yang harus dijawab, dan siapa yang meminta identitas. Catatan internal tidak pernah ikut.",
    },
    Operation {
        id: "closeConversation",
        access: Access::Reporter,
        summary: "Tutup percakapan",
        description: "Token tidak berlaku lagi.",
    },
    Operation {
        id: "actAsReporter",
        access: Access::Reporter,
        summary: "Bertindak sebagai pelapor",
        description: "Menjawab, menanggapi, mengonfirmasi, membuka kembali, menilai, meneruskan ke Ombudsman. `may` pada percakapan menyebut apa yang boleh sekarang.",
    },
    Operation {
        id: "consent",
        access: Access::Reporter,
        summary: "Setujui atau tolak permintaan identitas",
        description: "Identitas pelapor anonim tidak dibuka tanpa persetujuan ini. Persetujuan dapat ditarik selama identitas belum dibuka.",
    },
    Operation {
        id: "readOwnData",
        access: Access::Reporter,
        summary: "Data saya",
        description: "Semua yang disimpan node instansi ini tentang pelapor dan laporannya.",
    },
    Operation {
        id: "askErasure",
        access: Access::Reporter,
        summary: "Minta penghapusan",
        description: "Isi laporan dihapus di semua instansi, dan di sini semua yang menyebut pelapor, setelah `erasure.reporter_days` (tiga hari bila tidak diatur lain); sampai saat itu dapat dibatalkan. Tiket diketik ulang.",
    },
    Operation {
        id: "withdrawErasure",
        access: Access::Reporter,
        summary: "Batalkan penghapusan",
        description: "Siapa pun yang memutuskannya. Untuk bagian yang dipecah (`case`) hanya yang diputuskan tentang bagian itu; permintaan pelapor sendiri ada pada laporan induknya. Belum ada yang dihapus, dan tidak akan ada. Yang sudah dimulai (`erasing`) tidak dapat dibatalkan lagi: 404.",
    },
];
