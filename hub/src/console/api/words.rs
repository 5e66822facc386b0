//! The operations of the API: who may ask for each, and what it is in
//! Indonesian.

/// An operation, who may ask for it, and what it is in Indonesian.
pub struct Operation {
    pub id: &'static str,
    pub roles: &'static [&'static str],
    pub summary: &'static str,
    pub description: &'static str,
}

const ALL: &[&str] = &["observer", "auditor", "operator"];
const ACTS: &[&str] = &["operator"];

/// Every one.
pub const OPERATIONS: &[Operation] = &[
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
                      kuncinya beserta masa berlaku masing-masing, dan sertifikatnya.",
    },
    Operation {
        id: "listApprovals",
        roles: ALL,
        summary: "Daftar yang menunggu operator",
        description: "Tindakan yang menunggu orang kedua, instansi yang sudah bergabung, dan akun yang \
                      harus dipastikan; yang terlama lebih dahulu. Tindakan yang tidak diputuskan dalam \
                      sehari gugur.",
    },
    Operation {
        id: "readAudit",
        roles: &["auditor", "operator"],
        summary: "Baca log audit",
        description: "Siapa melakukan apa di hub ini, yang terbaru lebih dahulu.",
    },
    Operation {
        id: "suspendInstance",
        roles: ACTS,
        summary: "Tangguhkan satu instansi",
        description: "Kirimannya ditolak dan tidak ada yang disampaikan kepadanya sampai \
                      dipulihkan.",
    },
    Operation {
        id: "resumeInstance",
        roles: ACTS,
        summary: "Pulihkan satu instansi",
        description: "Instansi yang ditangguhkan boleh ikut serta lagi.",
    },
    Operation {
        id: "voidCertificates",
        roles: ACTS,
        summary: "Batalkan sertifikat satu instansi",
        description: "Sertifikat yang dimilikinya sekarang tidak berlaku lagi dan sambungannya \
                      terputus. Node-nya mengambil yang lain dengan kunci identitasnya.",
    },
    Operation {
        id: "admitInstance",
        roles: ACTS,
        summary: "Setujui instansi yang sudah bergabung",
        description: "Bandingkan sidik kuncinya dengan yang dibacakan instansi sebelum mengirim; \
                      yang berbeda ditolak dengan 422.",
    },
    Operation {
        id: "revokeInstance",
        roles: ACTS,
        summary: "Cabut keanggotaan satu instansi",
        description: "Untuk selamanya: nama pendeknya tidak dipakai lagi. Dengan penerus, laporan \
                      terbuka dan haknya berpindah.",
    },
    Operation {
        id: "replaceInstance",
        roles: ACTS,
        summary: "Ganti instansi yang kehilangan kuncinya",
        description: "Mencabutnya dan mendaftarkan penggantinya, yang kemudian diundang.",
    },
    Operation {
        id: "entrustInstance",
        roles: ACTS,
        summary: "Ubah wewenang satu instansi",
        description: "Kepada siapa ia boleh mendisposisi, dan bagi pengawas apakah ia \
                      menggantikan meja yang dikecualikan.",
    },
    Operation {
        id: "tryInstance",
        roles: ACTS,
        summary: "Uji sambungan satu instansi",
        description: "Membangunkan permintaannya yang menunggu dan menanti sampai sepuluh detik. \
                      Tidak ada yang ditulis ke alirannya. Hanya instansi aktif, empat sekaligus.",
    },
    Operation {
        id: "inviteInstance",
        roles: ACTS,
        summary: "Undang satu instansi",
        description: "Membuat baris untuk bergabung, menyebutkannya sekali ini saja, dan \
                      membatalkan baris sebelumnya. Jika dua orang harus sepakat, undangan tidak \
                      memberi wewenang dan tidak disetujui lebih dahulu.",
    },
    Operation {
        id: "withdrawInvitation",
        roles: ACTS,
        summary: "Batalkan undangan",
        description: "Membatalkan baris instansi yang belum bergabung dengannya.",
    },
    Operation {
        id: "inviteMany",
        roles: ACTS,
        summary: "Undang banyak instansi",
        description: "Seluruh tabel dinilai sebelum apa pun dilakukan: 422 menyebut dalam `wrong` \
                      apa yang salah, menurut baris dan kolom. Baris undangan dibuat sedikit demi \
                      sedikit.",
    },
    Operation {
        id: "readRound",
        roles: ACTS,
        summary: "Ikuti undangan massal",
        description: "Menyebutkan baris undangan kepada token yang memulainya, selama setengah \
                      jam.",
    },
    Operation {
        id: "forgetRound",
        roles: ACTS,
        summary: "Lupakan baris undangan massal",
        description: "Sebelum setengah jamnya habis.",
    },
    Operation {
        id: "decideApproval",
        roles: ACTS,
        summary: "Putuskan tindakan yang menunggu orang kedua",
        description: "Yang meminta tidak dapat menyetujui: dua token seorang pemilik, dan pemilik \
                      itu di konsol, adalah satu orang (409 `same_person`).",
    },
    Operation {
        id: "confirmAccount",
        roles: ACTS,
        summary: "Pastikan akun seorang operator",
        description: "Jika dua orang harus sepakat, akun yang dibuat, dinaikkan, atau diberi kata \
                      sandi lagi tidak dapat berbuat apa-apa sampai operator lain memastikannya. \
                      Kirimkan dengan `seen` yang dikatakan `GET /approvals` tentangnya: jika sesudah \
                      itu terjadi hal lain pada akun tersebut, ia tidak dipastikan (409 \
                      `not_allowed`).",
    },
    Operation {
        id: "planRegion",
        roles: ACTS,
        summary: "Rencanakan langkah satu wilayah",
        description: "Mencatat kapan pemerintahnya akan bergabung, atau bahwa tidak ada rencana.",
    },
    Operation {
        id: "acknowledgeAlarms",
        roles: ACTS,
        summary: "Akui alarm",
        description: "Menyatakan bahwa seseorang sudah melihatnya: tidak diberitahukan lagi.",
    },
    Operation {
        id: "silence",
        roles: ACTS,
        summary: "Senyapkan aturan, instansi, atau provinsi",
        description: "Jika dua orang harus sepakat, senyap yang lebih dari sehari, atau yang \
                      menyambung senyap lain, menunggu orang kedua.",
    },
    Operation {
        id: "endSilence",
        roles: ACTS,
        summary: "Akhiri senyap",
        description: "Sebelum waktunya; yang masih terbuka diberitahukan.",
    },
    Operation {
        id: "addRule",
        roles: ACTS,
        summary: "Tambah aturan alarm",
        description: "Paling banyak 200 aturan.",
    },
    Operation {
        id: "changeRule",
        roles: ACTS,
        summary: "Ubah aturan alarm",
        description: "Seluruhnya diberikan lagi. Yang memberi tahu lebih sedikit orang, lebih \
                      lambat, atau lebih jarang menunggu orang kedua jika dua orang harus \
                      sepakat.",
    },
    Operation {
        id: "enableRule",
        roles: ACTS,
        summary: "Nyalakan aturan",
        description: "Mulai sekarang aturan itu melihat lagi.",
    },
    Operation {
        id: "disableRule",
        roles: ACTS,
        summary: "Matikan aturan",
        description: "Yang ditimbulkannya berakhir.",
    },
    Operation {
        id: "addRecipient",
        roles: ACTS,
        summary: "Tambah penerima alarm",
        description: "Rahasia webhook disebut dalam jawabannya dan tidak pernah lagi.",
    },
    Operation {
        id: "changeRecipient",
        roles: ACTS,
        summary: "Ubah penerima alarm",
        description: "Yang menunggu dikirim ke alamat baru. Bila dua orang harus setuju, alamat penerima \
                      yang diberi tahu tetap: tambahkan penerima lain, lalu minta yang ini dihapus.",
    },
    Operation {
        id: "enableRecipient",
        roles: ACTS,
        summary: "Beri tahu penerima lagi",
        description: "Menyalakan penerima yang tidak diberi tahu lagi.",
    },
    Operation {
        id: "disableRecipient",
        roles: ACTS,
        summary: "Jangan beri tahu penerima lagi",
        description: "Yang menunggu untuknya dibatalkan.",
    },
    Operation {
        id: "removeRecipient",
        roles: ACTS,
        summary: "Hapus penerima",
        description: "Yang menunggu dibatalkan, dan tidak ada aturan yang menyebutnya lagi.",
    },
    Operation {
        id: "testRecipient",
        roles: ACTS,
        summary: "Kirim uji kepada penerima",
        description: "Surat atau webhook yang menyatakan dirinya uji.",
    },
    Operation {
        id: "renewSecret",
        roles: ACTS,
        summary: "Buat rahasia webhook yang baru",
        description: "Yang lama tidak menandatangani apa pun lagi.",
    },
    Operation {
        id: "sendAgain",
        roles: ACTS,
        summary: "Kirim ulang pemberitahuan",
        description: "Surat atau webhook yang sudah terkirim atau dihentikan, dengan nomor yang \
                      sama.",
    },
    Operation {
        id: "makeBackup",
        roles: ACTS,
        summary: "Buat cadangan",
        description: "Memulainya; `GET /backups` menyebut sampai di mana.",
    },
    Operation {
        id: "tryBackup",
        roles: ACTS,
        summary: "Uji pulihkan cadangan",
        description: "Memulai pemulihan di samping hub dan pembuktiannya; `GET /backups` menyebut \
                      hasilnya.",
    },
    Operation {
        id: "planMaintenance",
        roles: ACTS,
        summary: "Umumkan pemeliharaan",
        description: "Menggantikan yang diumumkan sebelumnya.",
    },
    Operation {
        id: "endMaintenance",
        roles: ACTS,
        summary: "Akhiri pemeliharaan",
        description: "Yang sedang berlangsung, atau yang akan datang.",
    },
    Operation {
        id: "closeRecovery",
        roles: ACTS,
        summary: "Tutup pemulihan",
        description: "Tidak menunggu lagi yang belum terdengar sejak hub dipulihkan.",
    },
    Operation {
        id: "takeKeyStep",
        roles: ACTS,
        summary: "Ambil langkah kunci",
        description: "Mengumumkan, memakai, atau mempensiunkan kunci tanda tangan hub, atau \
                      mengumumkan, memakai, atau mencabut otoritas. 409 `left_behind` menyebut \
                      siapa yang akan tertinggal; 404 berarti langkah itu tidak terbuka sekarang.",
    },
    Operation {
        id: "compareEdition",
        roles: ALL,
        summary: "Bandingkan berkas dengan edisi yang berlaku",
        description: "Tidak ada yang disimpan: edisi diterbitkan meja nasional dan dipakai oleh \
                      instansi. Jika berkas tidak dapat menjadi edisi, semua kesalahannya \
                      disebutkan sekaligus (422 `invalid`, `wrong`), 20 di antaranya dengan \
                      tempatnya.",
    },
];
