# Meja kerja petugas.

desk-name = Meja kerja
desk-account = Akun saya
hub-maintenance-on = Pusat dalam pemeliharaan sampai { $until } ({ $reason }). Laporan tetap diterima dan dikerjakan di sini, dan dikirim sesudahnya.
hub-maintenance-ahead = Pusat merencanakan pemeliharaan { $from } sampai { $until } ({ $reason }). Laporan tetap diterima dan dikerjakan di sini, dan dikirim sesudahnya.

# Masuk

sign-in-lead = Untuk petugas instansi. Pelapor tidak memerlukan akun ini.

# Kata sandi

forgotten-lead = Admin instansi Anda dapat memberi tautan untuk membuat kata sandi baru.
forgotten-admin = Hubungi admin lewat telepon atau temui langsung, supaya ia yakin bahwa yang meminta memang Anda. Tautan hanya berlaku sekali.

# Pemasangan pertama

setup-about = Node ini belum memiliki admin.
setup-where = Buka tautan yang ditampilkan ketika node dijalankan, atau buat yang baru di mesin node:
setup-lead = Buat akun untuk admin instansi. Admin membuat akun petugas lain.
setup-institution = Instansi
setup-zone = Zona waktu
setup-contact = Kontak
setup-contact-none = Belum diisi; diisi sesudah akun ini dibuat
setup-done = Akun admin dibuat. Sekarang siapkan node, langkah demi langkah.

# Akun sendiri

account-administer = Kelola instansi

# Petugas

role-admin = Admin instansi
role-admin-about = Menangani laporan semua unit; mengelola petugas dan unit.
role-officer = Pejabat penghubung
role-officer-about = Menangani laporan unitnya.
role-leader = Pimpinan
role-leader-about = Membaca, dan menyetujui jawaban yang perlu persetujuan.
role-identity-keeper = Penjaga identitas
role-identity-keeper-about = Membuka identitas pelapor bila diminta; tidak menangani laporan.

# Unit kerja

units-title = Unit kerja
units-lead = Bagian instansi yang menerima disposisi. Instansi lain tidak melihatnya.
units-none = Belum ada unit
units-none-about = Instansi kecil tidak memerlukannya.
unit-name = Nama unit
unit-short = Nama pendek
unit-short-hint = Huruf kecil, angka, dan tanda hubung, misalnya dinas-pu. Tidak dapat diubah.
unit-parent = Bagian dari
unit-add = Tambah unit
unit-added = Unit ditambahkan.
unit-close = Tutup
unit-closed = Unit ditutup.
unit-is-closed = Ditutup
unit-in-use = Unit ini masih memiliki bagian atau petugas aktif.
unit-unusable = Pakai huruf kecil, angka, dan tanda hubung saja, paling banyak 40.
unit-parent-unusable = Pilih unit yang bukan bagian dari unit lain.
unit-taken = Nama pendek ini sudah dipakai.

# Log audit

audit-case = Tiket
audit-half = Pecahan { $ticket }

# Perbuatan dalam log audit

did-report-filed = Laporan dicatat
did-report-completed = Laporan dilengkapi
did-case-verified = Laporan diverifikasi
did-case-held = Laporan ditunda
did-case-archived = Laporan diarsipkan
did-case-disposed = Laporan didisposisi
did-case-returned = Laporan dikembalikan
did-case-recalled = Laporan ditarik kembali
did-case-followed-up = Tindak lanjut ditulis
did-case-noted = Catatan ditulis
did-case-replied = Tanggapan ditulis
did-case-closed = Laporan ditutup
did-case-reopened = Laporan dibuka kembali
did-case-rated = Laporan dinilai
did-case-supported = Laporan didukung
did-case-linked = Laporan digabung
did-case-unlinked = Gabungan dibatalkan
did-case-split = Laporan dipecah
did-case-escalated = Laporan dieskalasi
did-case-succeeded = Laporan beralih ke penerus
did-case-taken-over = Laporan diambil alih
did-case-redacted = Isi laporan dihapus
did-case-assigned = Laporan diserahkan
did-case-numbered = Nomor di aplikasi sendiri dicatat
did-identity-requested = Identitas diminta dari instansi lain
did-identity-disclosed = Identitas diberikan
did-identity-refused = Identitas tidak diberikan
did-identity-asked = Identitas diminta
did-identity-opened = Identitas dibuka
did-identity-objected = Pelapor keberatan
did-identity-granted = Permintaan identitas dikabulkan
did-identity-denied = Permintaan identitas ditolak
did-identity-declined = Pelapor menolak
did-identity-consented = Pelapor menyetujui
did-answer-drafted = Jawaban diajukan
did-answer-approved = Jawaban disetujui
did-answer-corrected = Jawaban diperbaiki
did-answer-returned = Jawaban dikembalikan
did-answer-dropped = Jawaban dibatalkan
did-act-dropped = Tindakan yang tidak berlaku diabaikan
did-counter-said = Perkataan orang di loket dicatat
did-counter-key-given = Kunci baru diberikan di loket
did-counter-key-refused = Kunci baru di loket ditolak
did-citizen-report-added = Laporan ditambahkan ke akun pelapor
did-citizen-account-erased = Akun pelapor dihapus pemiliknya
did-abuse-marked = Ditandai sebagai dugaan penyalahgunaan
did-abuse-cleared = Dinyatakan bukan penyalahgunaan
did-conversation-opened = Percakapan dibuka pelapor
did-reporter-key-changed = Kunci pelapor diganti
did-reporter-contact-proved = Kontak pelapor dibuktikan
did-own-data-read = Data sendiri dibaca pelapor
did-erasure-asked = Penghapusan diminta
did-erasure-withdrawn = Permintaan penghapusan ditarik
did-erasure-done = Penghapusan dilakukan
did-erasure-planned = Penghapusan isi laporan diputuskan
did-erasure-confirmed = Penghapusan isi laporan disetujui orang kedua
did-erasure-stopped = Penghapusan isi laporan dibatalkan
did-erasure-lapsed = Penghapusan isi laporan tidak berlaku lagi
did-erasure-doubted = Penghapusan perlu dipastikan lagi setelah pemulihan
did-unit-added = Unit dibuat
did-unit-renamed = Unit diganti nama
did-unit-closed = Unit ditutup
did-token-created = Kunci API dibuat
did-token-revoked = Kunci API dicabut
did-category-mapped = Kategori setempat dipetakan
did-category-unmapped = Pemetaan kategori dihapus
did-webhook-made = Webhook dibuat
did-webhook-changed = Webhook diubah
did-webhook-on = Webhook dinyalakan
did-webhook-off = Webhook dimatikan
did-webhook-ended = Webhook diakhiri
did-webhook-secret = Rahasia webhook diganti
did-webhook-tried = Webhook diuji
did-webhook-replayed = Kiriman webhook diulang
did-webhook-skipped = Kiriman webhook dilewati
did-register-brought = Register dimasukkan
did-cases-downloaded = Tabel laporan diunduh
did-bridge-ran = Jembatan ke SP4N-LAPOR! dijalankan
did-letter-dropped = Surat yang ditolak dibuang
did-programme-published = Program diterbitkan
did-programme-progressed = Kemajuan program ditulis
did-taxonomy-updated = Daftar kategori diperbarui
did-calendar-updated = Kalender diperbarui
did-key-announced = Kunci instansi diumumkan
did-quarantine-replay = Pesan karantina dibaca ulang
did-quarantine-refuse = Pesan karantina ditolak

# Pesan yang tertahan

aside-title = Pesan tertahan
aside-lead = Pesan yang tidak dapat diterapkan atau dikirim, dengan sebabnya. Berkasnya menunggu; yang lain berjalan terus.
aside-told = { $n } pesan tertahan. Lihat
aside-none = Tidak ada pesan yang tertahan
aside-none-about = Tidak ada yang menunggu putusan Anda.
aside-quarantined = Dikarantina
aside-parked = Menunggu versi baru
aside-refused = Ditolak
aside-why-parked = Jenis pesan ini belum dikenal versi yang terpasang; setelah node diperbarui, pesan diterapkan sendiri. ({ $why })
aside-why-refused = Ditolak di sini, dengan alasan yang ada di log audit; "Coba lagi" membatalkannya.
aside-why-refused-with = Ditolak bersama pesan yang menjadi awal berkasnya, dan terkirim lagi bersama pesan itu.
aside-why-own = Pesan dari sini yang tidak diterima pusat: { $why }
aside-why-own-header = Pesan dari sini tidak diterima pusat: kepala pesannya tidak sah. ({ $why })
aside-why-own-signature = Pesan dari sini tidak diterima pusat: tanda tangannya tidak sah. ({ $why })
aside-why-own-damaged = Pesan dari sini rusak di cakram node ini; "Coba lagi" menandatanganinya ulang. ({ $why })
aside-why-own-unreadable = Pesan dari sini tidak dapat dibaca di cakram node ini, sehingga tidak dapat ditandatangani; tolak, lalu lakukan sekali lagi. ({ $why })
aside-why-own-waits = Pesan dari sini yang menunggu pesan sebelumnya dan terkirim bersamanya; pesan ini sendiri tidak bermasalah.
aside-why-item-damaged = Pesan ini rusak di cakram node ini; node memintanya lagi dari pusat. ({ $why })
aside-why-item = Pesan ini tidak dapat diterapkan: { $why }
aside-why-item-header = Pesan ini tidak dapat diterapkan: kepala pesannya tidak sah. ({ $why })
aside-why-item-signature = Pesan ini tidak dapat diterapkan: tanda tangan pengirimnya tidak sah; node memintanya lagi dari pusat. ({ $why })
aside-why-item-key = Pesan ini tidak dapat diterapkan: kunci tanda tangan pengirimnya tidak dikenal; node memintanya lagi dari pusat. ({ $why })
aside-why-item-mismatch = Pesan ini tidak dapat diterapkan: isinya bukan pesan yang disebut pusat. ({ $why })
aside-why-item-failed = Pesan ini beberapa kali gagal diterapkan di sini; "Coba lagi" menyusun berkasnya dari awal. ({ $why })
aside-no-reason = Tanpa keterangan.
aside-behind = { $n } pesan menunggu di belakangnya.
aside-replay = Coba lagi
aside-first = Pesan yang menjadi awal berkasnya, { $first }, ditolak; "Coba lagi" ada pada pesan itu.
aside-go-on = Lanjutkan tanpa pesan ini
aside-go-on-about = Pesan ini lalu tidak pernah berlaku di sini, dan berkasnya dapat berbeda dari salinan instansi lain. Pesan yang menjadi awal berkas membawa serta semua pesan di belakangnya. "Coba lagi" membatalkan penolakan.
aside-reason = Alasan, untuk log audit
aside-refuse = Tolak pesan ini
aside-refused-done = Pesan ditolak; node melanjutkan tanpa pesan ini.
aside-replayed = Pesan dicoba lagi dan diterima.
aside-sent-again = Pesan akan dikirim lagi; bila tetap tidak diterima, ia kembali ke sini.
aside-still = Pesan dicoba lagi, tetapi masih tertahan.
aside-not-done = Tidak ada yang diubah: pesan ini sudah ditangani, atau ada pesan sebelumnya yang harus ditangani dahulu.

# Pengaturan

arranged-title = Pengaturan
arranged-begin = Menyiapkan node
arranged-lead = Yang berlaku di node ini. Yang dapat diisi di sini berlaku seketika, kecuali tertulis dalam node.toml di server; yang lain tertulis di sana dan berlaku setelah node dijalankan ulang.
arranged-step = Langkah { $step } dari { $of }. Setiap langkah boleh dilewati dan dapat dibuka lagi lewat Akun saya.
arranged-next = Lanjut
arranged-done = Sudah diatur
arranged-open = Belum diatur
arranged-none = Belum diatur.
arranged-contact-how = Tampil di halaman publik dan di kaki surat. Nama dan zona waktu berasal dari direktori; pusat yang mengubahnya.
arranged-mail = Surel
arranged-mail-is = Dikirim lewat { $host } dari { $from }; ringkasan untuk petugas pukul { $hour }.
arranged-mail-how = Tanpa surel, pelapor dan petugas tidak dikabari, dan tautan kata sandi harus diserahkan sendiri.
arranged-units-how = Bagian instansi yang menerima disposisi. Instansi kecil tidak memerlukannya.
arranged-approval = Persetujuan atasan
arranged-approval-all = Setiap jawaban publik disetujui atasan sebelum terkirim.
arranged-approval-how = Atasan menyetujui jawaban publik sebelum terkirim: semuanya, atau hanya dalam kategori tertentu.
arranged-evidence = Bukti penyelesaian
arranged-evidence-how = Dalam kategori ini, usul selesai harus disertai foto atau dokumen.
arranged-category-unknown = { $name } (tidak ada dalam daftar kategori yang berlaku)
arranged-deadlines = Tenggat
arranged-warned = Peringatan { $n } hari kerja sebelum tenggat.
arranged-warned-last-day = Peringatan pada hari terakhir tenggat.
arranged-escalated = Pimpinan dikabari { $n } hari kerja sesudah tenggat.
arranged-escalated-at-once = Pimpinan dikabari begitu tenggat lewat.
arranged-deadlines-how = Lama tenggat ditetapkan pusat untuk semua instansi. Peringatan diatur dalam node.toml:
arranged-address = Alamat portal
arranged-by-file = tertulis dalam node.toml
arranged-by-desk = diisi di meja kerja
arranging-change = Isi atau ubah
arranging-in-file = Tertulis dalam node.toml di server, dan hanya dapat diubah di sana.
arranging-kept = Tersimpan dan sudah berlaku.
arranging-contact-address = Alamat kantor
arranging-contact-telephone = Telepon
arranging-contact-hours = Jam layanan
arranging-contact-hours-hint = Misalnya Senin-Jumat 08.00-16.00. Tampil seperti yang diketik.
arranging-keep-contact = Simpan kontak
arranging-address = Alamat tempat orang membuka portal
arranging-address-hint = Misalnya https://lapor.bandung.go.id. Buka halaman ini di alamat itu, lalu simpan: itu membuktikan bahwa alamat sampai ke node ini. Sesudahnya mungkin perlu masuk sekali lagi.
arranging-address-unusable = Tulis alamat seperti https://lapor.bandung.go.id, tanpa apa pun di belakangnya.
arranging-address-elsewhere = Halaman ini dibuka di { $here }, bukan di alamat yang diisi. Buka dahulu di alamat itu, lalu simpan di sana; bila belum sampai ke node ini, lewati langkah ini.
arranging-keep-address = Simpan alamat portal
arranging-approval-all = Semua jawaban publik
arranging-approval-categories = Kategori yang jawabannya disetujui atasan
arranging-evidence-categories = Kategori yang usul selesainya disertai bukti
arranging-categories-hint = Satu baris satu kategori, misalnya Pekerjaan Umum dan Penataan Ruang/Jalan. Kategori utama berlaku juga untuk semua di bawahnya.
arranging-category-unknown = Tidak ada satu kategori yang bernama { $name }. Tulis namanya lengkap, seperti dalam daftar kategori.
arranging-category-add = Tambah kategori
arranging-category-add-hint = Pilih satu, lalu simpan; kategori itu masuk ke daftar di atas.
arranging-keep-approval = Simpan persetujuan
arranging-keep-evidence = Simpan bukti
arranging-mail-host = Server surel (SMTP)
arranging-mail-host-hint = Misalnya smtp.bandung.go.id.
arranging-mail-host-unusable = Ini bukan nama server.
arranging-mail-encryption = Pengamanan sambungan
arranging-mail-starttls = STARTTLS, biasanya porta 587
arranging-mail-tls = TLS sejak awal, biasanya porta 465
arranging-mail-plain = Tanpa pengamanan, hanya untuk server di mesin ini atau di sebelahnya
arranging-mail-port = Porta
arranging-mail-port-hint = Kosongkan untuk porta yang biasa.
arranging-mail-port-unusable = Tulis angka dari 0 sampai 65535.
arranging-mail-user = Nama pengguna di server surel
arranging-mail-user-hint = Kosongkan bila server tidak memintanya.
arranging-mail-user-needed = Tulis juga nama pengguna, atau kosongkan kata sandi.
arranging-mail-password-hint = Disimpan tersegel dan tidak pernah ditampilkan lagi.
arranging-mail-password-kept = Kosongkan untuk tetap memakai yang tersimpan; server atau pengguna lain memerlukan kata sandinya. Tidak pernah ditampilkan lagi.
arranging-mail-password-needed = Tulis kata sandi untuk pengguna dan server ini.
arranging-mail-open-password = Tanpa pengamanan, kata sandi terbaca di jalan. Pilih STARTTLS atau TLS.
arranging-mail-from = Pengirim
arranging-mail-from-hint = Misalnya Lapor Kota Bandung <lapor@bandung.go.id>.
arranging-mail-reply = Alamat untuk balasan
arranging-mail-reply-hint = Kosongkan bila sama dengan pengirim.
arranging-mail-address-unusable = Tulis alamat seperti Lapor Kota Bandung <lapor@bandung.go.id>.
arranging-mail-about = Surat uji dikirim ke alamat Anda. Pengaturan tersimpan hanya bila server menerimanya.
arranging-keep-mail = Kirim surat uji dan simpan
arranging-mail-kept = Server menerima surat uji untuk { $address }. Pengaturan tersimpan dan sudah berlaku.
arranging-remove-mail = Hapus pengaturan surel
arranging-mail-removed = Pengaturan surel dihapus.
did-setup-contact = Kontak instansi diisi
did-setup-address = Alamat portal diisi
did-setup-mail = Server surel diisi
did-setup-mail-removed = Server surel dihapus
did-setup-approval = Persetujuan atasan diatur
did-setup-evidence = Bukti penyelesaian diatur
arranged-joined = Sambungan ke federasi
arranged-joined-as = Node ini terhubung sebagai { $id } ke { $hub }.
arranged-enrolled-as = Node ini terdaftar sebagai { $id } di { $hub }.
arranged-joined-waits = Direktori belum menyatakannya aktif; tunggu petugas pusat.
arranged-joined-how = Node bergabung satu kali, di server, dengan baris undangan dari pusat. Perintahnya, dan cara melihat keadaannya:
arranged-people-how = Setidaknya satu petugas dan satu penjaga identitas. Penjaga identitas tidak menangani laporan, jadi perlu orang sendiri.
arranged-no-keeper = Belum ada penjaga identitas: permintaan identitas tidak dapat dijawab.
arranged-terms-law = Tenggat menurut ketentuan yang berlaku untuk semua instansi.
arranged-term-days = { $n } hari kerja
arranged-mail-try = Kirim surat uji ke alamat saya
arranged-mail-sent = Server surel menerima surat uji untuk { $address }.
arranged-mail-failed = Surat uji tidak terkirim. Periksa nama server, porta, pengamanan, dan kata sandinya. Jawaban teknis: “{ $problem }”
arranged-mail-off = Surel belum diatur.
arranged-progress = { $done } dari { $of } yang diperlukan sudah diatur.
arranged-all = Semua langkah
arranged-before = Kembali
arranged-to-desk = Ke meja kerja
arranged-dismiss = Jangan ingatkan lagi di meja kerja
arranged-show = Ingatkan lagi di meja kerja
arranged-dismissed = Baik. Pengaturan tetap ada di Akun saya.
arranged-shown = Meja kerja mengingatkan lagi.
arranged-told = Menyiapkan node: { $done } dari { $of } yang diperlukan sudah diatur. Lanjutkan.
did-setup-dismissed = Pengingat persiapan node dimatikan
did-setup-resumed = Pengingat persiapan node dinyalakan
did-channel-looked-again = Pesan saluran dibaca ulang
did-mail-tried = Surat uji dikirim

# Serah terima

handover-title = Laporan di mejanya
handover-about = { $n } laporan diserahkan kepada petugas ini. Sebelum menonaktifkan akun, serahkan kepada petugas lain.
handover-left = { $n } laporan masih tercatat pada petugas yang sudah nonaktif ini. Serahkan kepada petugas lain.
handover-to = Serahkan kepada
handover-go = Serahkan semuanya
handover-choose = Pilih petugas yang menerima laporan.
handover-done = { $n } laporan diserahkan kepada { $name }.
actors-machine = Perintah di server
actors-programs = Token API
actors-reporters = Pelapor

# Berhalangan

absence-title = Berhalangan
absence-about = Selama Anda tidak di tempat, pengganti menerima surat tentang laporan Anda, dan laporan itu ada di daftar miliknya.
absence-until = Hari terakhir Anda tidak di tempat
absence-stand-in = Pengganti
absence-save = Simpan
absence-now = Anda tidak di tempat sampai { $day }; pengganti Anda { $name }.
absence-end = Saya sudah kembali
absence-noted = Pengganti Anda tersimpan.
absence-ended = Tercatat bahwa Anda sudah kembali.
absence-nobody = Tidak ada petugas lain yang melihat laporan unit Anda, jadi belum ada yang dapat menggantikan.
absence-unusable = Tidak tersimpan: pilih hari mulai hari ini, paling lama setahun lagi, dan petugas lain yang melihat laporan yang sama dan tidak sedang Anda gantikan.
absence-stands-in = Anda menggantikan { $name }.
did-absence-noted = Berhalangan dan menunjuk pengganti
did-absence-ended = Kembali dari berhalangan

own-categories-title = Kategori instansi
own-categories-lead = Pohon kategori instansi sendiri. Warga dan petugas memilih di dalamnya, dan kategori nasionalnya mengikuti. Instansi lain hanya melihat kategori nasional.
own-categories-lost = { $n } kategori instansi tidak ditawarkan lagi, karena edisi yang berlaku tidak memuat kategori nasionalnya. Petakan ulang.
own-categories-none = Belum ada kategori sendiri
own-categories-none-about = Tanpa kategori sendiri, formulir hanya menawarkan kategori nasional.
own-categories-edition = Edisi { $n }
own-categories-download = Unduh tabel
own-category = Instansi ini: { $category }
own-category-local = Kategori instansi
own-category-local-hint = Dua tingkat ditulis dengan garis miring, misalnya Parkir/Parkir liar. Nama yang sudah ada dipetakan ulang.
own-category-national = Kategori nasional
own-category-unknown = tidak ada lagi, petakan ulang
own-category-remove = Hapus
own-category-remove-this = Hapus { $category }
own-category-add = Tambah atau petakan ulang
own-category-save = Simpan
own-category-table = Ganti seluruhnya dengan tabel
own-category-table-about = Berkas CSV dengan kolom lokal dan nasional, seperti tabel yang diunduh. Laporan lama tetap memakai nama yang dimilikinya.
own-category-table-file = Berkas CSV
own-category-table-go = Ganti
own-category-table-wrong = { $n } baris tidak dapat dipakai; tidak ada yang diubah.
own-category-no-table = Pilih berkas CSV yang berisi.
own-category-not-utf8 = Tabel itu bukan teks UTF-8. Simpan lagi dari lembar kerja sebagai "CSV UTF-8", lalu unggah.
own-category-too-long = Tabel itu lebih dari { $most } baris; pohon kategori tidak dapat lebih besar.
own-category-wrong-columns = Baris { $line }: perlu kolom lokal dan nasional.
own-category-wrong-quote = Baris { $line }: tanda kutip yang membuka sebuah sel tidak ditutup, sehingga baris-baris di bawahnya terbaca sebagai isinya.
own-category-wrong-name = Baris { $line }: nama harus 1 sampai { $most } karakter.
own-category-wrong-national = Baris { $line }: tidak ada kategori nasional “{ $category }”.
own-category-twice = Baris { $line }: “{ $category }” sudah ada di atasnya.
own-category-mapped = Kategori tersimpan.
own-category-gone = Kategori dihapus.
own-category-replaced = Pohon kategori diganti.
own-category-restored = Edisi itu berlaku lagi.
own-category-no-edition = Edisi itu tidak ada lagi.
own-category-editions = Edisi terdahulu
own-category-restore = Berlakukan lagi
arranged-own-categories-how = Kategori yang dipakai instansi sendiri, masing-masing dipetakan ke kategori nasional.
arranged-own-categories-are = { $n } kategori sendiri.

ways-title = Saluran dan sambungan
ways-lead = Yang dipasang dalam konfigurasi, dan keadaannya sekarang.
way-about = Keterangan
way-on = Berjalan
way-off-how = Pengelola mesin memasangnya di { $section } dalam node.toml; caranya di docs/operations.md.
way-troubled = Ada gangguan
way-unusable = Tidak dapat dipakai
way-letters = Surel keluar
way-letters-off-how = Diisi di bagian Surel di halaman ini, atau di [mail] dalam node.toml (docs/operations.md).
way-letters-held = { $n } surat menunggu dan dikirim lagi; tidak ada yang hilang.
way-open311-near = Kunci hanya diterima dari mesin ini sendiri sebelum portal.public_url memakai https.
way-bridge = SP4N-LAPOR!
way-bridge-not-yet = Belum pernah berjalan
way-bridge-ran = Terakhir berhasil { $at }
way-bridge-broken = Terhenti { $at }
way-bridge-about = Rinciannya: lapor-node bridge runs.
way-webhooks-off-how = Dibuat di halaman Webhook, tanpa node.toml.
way-webhooks-troubled = { $n } dari { $of } webhook tidak sampai; yang menunggu tidak hilang.
did-case-localised = Kategori instansi dicatat
did-category-tree = Pohon kategori instansi diganti
