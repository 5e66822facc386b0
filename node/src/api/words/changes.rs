//! Words of the operations that tell programs what changes.

use super::{Access, Operation};
use crate::api::changes;
use crate::tokens::Scope;

const WEBHOOKS_WRITE: Access = Access::Scopes(&[Scope::WebhooksWrite]);

pub const OPERATIONS: &[Operation] = &[
    Operation {
        id: "readChanges",
        access: Access::Scopes(changes::SEES),
        summary: "Baca yang berubah",
        description: "Semua perubahan di node ini menurut urutannya, tanpa isi laporan: langkah berkas, program, edisi, tenggat, permintaan identitas, penghapusan. Token melihat yang boleh dibacanya. Simpan `next` dan lanjutkan dengannya sebagai `after`; perubahan disimpan 400 hari. Setelah `cursor_gone`, baca semuanya lagi dan lanjutkan dari `earliest`.",
    },
    Operation {
        id: "makeWebhook",
        access: WEBHOOKS_WRITE,
        summary: "Buat webhook",
        description: "Sejak itu setiap perubahan yang diminta dikirim ke alamat ini dengan tanda tangan Standard Webhooks, menurut urutan dan sedikitnya sekali. Jawab 2xx dalam 15 detik; yang tidak terjawab dicoba lagi setelah 5 detik sampai 10 jam. Setelah lima hari, atau karena 410, webhook dimatikan dan antreannya tetap ada. Token harus boleh membaca yang diminta.",
    },
    Operation {
        id: "listWebhooks",
        access: WEBHOOKS_WRITE,
        summary: "Daftar webhook",
        description: "Semua webhook instansi ini, siapa pun pembuatnya, dan keadaannya.",
    },
    Operation {
        id: "readWebhook",
        access: WEBHOOKS_WRITE,
        summary: "Baca webhook",
        description: "Hidup atau mati, berapa yang menunggu, dan sebabnya bila tidak ada yang sampai.",
    },
    Operation {
        id: "changeWebhook",
        access: WEBHOOKS_WRITE,
        summary: "Ubah webhook",
        description: "Yang tidak disebut tetap. Menghidupkan webhook langsung mengirim yang menunggu.",
    },
    Operation {
        id: "endWebhook",
        access: WEBHOOKS_WRITE,
        summary: "Akhiri webhook",
        description: "Beserta semua yang menunggu.",
    },
    Operation {
        id: "rotateWebhookSecret",
        access: WEBHOOKS_WRITE,
        summary: "Ganti rahasia webhook",
        description: "Selama satu hari kiriman ditandatangani dengan keduanya, agar penerima dapat diganti tanpa ada yang terlewat.",
    },
    Operation {
        id: "tryWebhook",
        access: WEBHOOKS_WRITE,
        summary: "Coba webhook",
        description: "Memanggil alamatnya sekarang dengan jenis `webhook.test` dan menyebut hasilnya. Antreannya tidak berubah.",
    },
    Operation {
        id: "listDeliveries",
        access: WEBHOOKS_WRITE,
        summary: "Daftar kiriman",
        description: "Yang sudah dan akan dikirim ke webhook, perubahan terakhir lebih dahulu. Yang selesai disimpan 30 hari.",
    },
    Operation {
        id: "replayWebhook",
        access: WEBHOOKS_WRITE,
        summary: "Kirim ulang",
        description: "Satu kiriman, atau semua yang berubah sejak `since` dan sebelum `until`, dengan nomor yang sama dan mendahului yang lebih baru. Yang masih menunggu dikirim sendiri (`still_waits`); bila webhook mati, semuanya dikirim setelah webhook dinyalakan.",
    },
    Operation {
        id: "skipDelivery",
        access: WEBHOOKS_WRITE,
        summary: "Lewati kiriman",
        description: "Yang menunggu tidak dikirim dan yang di belakangnya langsung berjalan: untuk yang tidak akan pernah diterima.",
    },
];
