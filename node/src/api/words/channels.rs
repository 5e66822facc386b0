//! Words of the operations about the channels that others provide.

use super::{Access, Operation};
use crate::tokens::Scope;

const READ: Access = Access::Scopes(&[Scope::ChannelsRead]);
const ACT: Access = Access::Scopes(&[Scope::ChannelsAct]);
const WRITE: Access = Access::Scopes(&[Scope::ChannelsWrite]);

pub const OPERATIONS: &[Operation] = &[
    Operation {
        id: "readChannels",
        access: READ,
        summary: "Baca angka saluran",
        description: "Lalu lintas setiap saluran hari ini, tujuh, dan tiga puluh hari terakhir, apa yang menunggu, dan apakah jalurnya tersambung; juga yang masuk melalui Open311 dan lalu lintas kota yang diikuti atau diberi laporan. Hanya angka.",
    },
    Operation {
        id: "listConversations",
        access: READ,
        summary: "Daftar percakapan yang tersisih",
        description: "Yang tidak tampak sebagai laporan dan belum dilihat siapa pun, atau semua yang masih disimpan, yang terbaru lebih dahulu. Tanpa nomor atau alamat.",
    },
    Operation {
        id: "takeUpConversation",
        access: ACT,
        summary: "Jadikan percakapan laporan",
        description: "Pesan yang dipilih menjadi satu laporan seolah-olah ditulis pelapor begitu; tiketnya dikirim ke percakapan itu. Yang menekan dua kali mengajukan satu laporan.",
    },
    Operation {
        id: "leaveConversation",
        access: ACT,
        summary: "Biarkan pesan",
        description: "Yang bukan laporan; isinya hilang setelah sebulan.",
    },
    Operation {
        id: "listKeywords",
        access: READ,
        summary: "Daftar kata kunci",
        description: "Dari konfigurasi dan dari desk, dengan berapa kali dipakai.",
    },
    Operation {
        id: "keepKeyword",
        access: WRITE,
        summary: "Simpan kata kunci",
        description: "Ditambah atau diubah; yang berasal dari konfigurasi hanya diubah di sana.",
    },
    Operation {
        id: "endKeyword",
        access: WRITE,
        summary: "Akhiri kata kunci",
        description: "Angka-angkanya tetap.",
    },
    Operation {
        id: "listUnsaid",
        access: READ,
        summary: "Daftar yang tidak tersampaikan",
        description: "Ditolak penyedia, atau menunggu orangnya menulis lagi; tanpa isinya.",
    },
    Operation {
        id: "sayAgain",
        access: WRITE,
        summary: "Kirim ulang",
        description: "Yang ditolak, selama isinya masih disimpan.",
    },
    Operation {
        id: "dropUnsaid",
        access: WRITE,
        summary: "Buang yang tidak tersampaikan",
        description: "Tidak dikirim lagi.",
    },
    Operation {
        id: "listUnread",
        access: READ,
        summary: "Daftar yang tidak terbaca",
        description: "Yang tidak dapat dibaca, menunggu orang, atau ditunda: sebabnya, tanpa isi dan pengirim.",
    },
    Operation {
        id: "readAgain",
        access: WRITE,
        summary: "Baca ulang",
        description: "Satu pesan, atau semuanya: setelah program atau jalurnya diperbaiki.",
    },
    Operation {
        id: "layAside",
        access: WRITE,
        summary: "Sisihkan pesan",
        description: "Yang menunggu orang dan dapat dibaca, agar berada di antara percakapan.",
    },
    Operation {
        id: "listBlocks",
        access: READ,
        summary: "Daftar percakapan yang diblokir",
        description: "Siapa memblokir, mengapa, dan sampai kapan; tanpa nomor atau alamat.",
    },
    Operation {
        id: "blockConversation",
        access: WRITE,
        summary: "Blokir percakapan",
        description: "Selama 1, 7, 30, atau 90 hari: yang masuk tersisih dan tidak ada yang dijawab. Tidak diberitahukan kepada siapa pun.",
    },
    Operation {
        id: "liftBlock",
        access: WRITE,
        summary: "Akhiri blokir",
        description: "Sebelum harinya.",
    },
    Operation {
        id: "readCities",
        access: READ,
        summary: "Baca kota yang diikuti dan diberi laporan",
        description: "Apakah masing-masing menjawab, berapa permintaannya, apa yang menunggu, dan apa yang tidak diterima kota.",
    },
    Operation {
        id: "readCity",
        access: READ,
        summary: "Baca satu kota",
        description: "Alamatnya dan sejak kapan dihubungi, bagaimana jalannya, apa yang sudah disampaikan di antara keduanya, dan padanan layanannya di sini.",
    },
    Operation {
        id: "listCityRequests",
        access: READ,
        summary: "Daftar permintaan kota yang terhubung",
        description: "Yang diikuti maupun yang diberikan, yang terakhir berubah lebih dahulu, masing-masing dengan keadaannya di kota dan di sini. Berkas yang tidak boleh dilihat pemanggil tidak disebut.",
    },
    Operation {
        id: "askCityServices",
        access: WRITE,
        summary: "Tanyakan layanan kota",
        description: "Kota ditanya selagi pemanggil menunggu. Jawabannya memuat padanan setiap layanan di sini, dan kode di konfigurasi yang tidak dikenal kota.",
    },
    Operation {
        id: "askCityAgain",
        access: WRITE,
        summary: "Coba lagi permintaan di kota",
        description: "Yang tidak diterima, setelah sebabnya diperbaiki.",
    },
    Operation {
        id: "dropAtCity",
        access: WRITE,
        summary: "Buang permintaan di kota",
        description: "Untuk seterusnya.",
    },
];
