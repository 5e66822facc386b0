# Keanggotaan: undangan, tindakan, peta jalan.

did-instance-invitation-withdrawn = Undangan dibatalkan

# Undangan

invite-title = Undang instansi
invite-lead = Konsol membuat satu baris undangan. Baris itu berlaku 72 jam, untuk satu instansi, dan hanya dapat dipakai sekali.
invite-slug-hint = Huruf kecil, angka, dan tanda hubung, misalnya kota-bandung. Tidak dapat diubah dan tidak pernah dipakai lagi oleh instansi lain.
invite-slug-wrong = Nama pendek terdiri atas 2 sampai 40 huruf kecil, angka, dan tanda hubung.
invite-kind-wrong = Pilih salah satu jenis instansi.
invite-name-hint = Nama lengkap, sebagaimana warga mengenalnya.
invite-region-hint = Untuk pemerintah daerah: kode atau nama, misalnya 32.73 atau Kota Bandung.
invite-region-hint-kept = Untuk pemerintah daerah: kode atau nama, misalnya 32.73 atau Kota Bandung; bila kosong, tetap seperti yang diketahui.
invite-region-wrong = Wilayah ini tidak dikenal atau kurang jelas; tulis kode resmi atau nama lengkapnya, misalnya 32.73 atau Kota Bandung.
invite-region-level = Wilayah ini tidak sesuai dengan jenis instansi: pemerintah provinsi, kabupaten, atau kota memerintah wilayah setingkatnya.
invite-needs-two = Di sini wewenang memerlukan persetujuan orang kedua, maka tidak diberikan lewat undangan. Undang tanpa wewenang, lalu ubah wewenangnya di halaman instansi itu.
membership-unknown = { $name } tidak dikenal; daftarkan atau undang lebih dahulu.
membership-last-desk = { $name } adalah pusat, dan tanpa pusat federasi tidak dapat berjalan; tangguhkan saja.
membership-hub = Hub gagal melakukannya; sebabnya ada di log hub. Coba lagi nanti.
invite-zone-hint = Zona waktu hari kerjanya; bila kosong, tetap seperti yang diketahui, atau Asia/Jakarta.
invite-zone-wrong = Pilih salah satu zona waktu Indonesia.
invite-supervisor = Pengawas yang menggantikan pusat bila pusat dikecualikan
invite-supervisor-hint = Tanpa centang, tetap seperti yang sudah diketahui.
invite-make = Buat undangan
invite-again = Buat baris baru
invite-withdraw = Batalkan undangan
invite-withdrawn = Undangan dibatalkan; barisnya tidak berlaku lagi.
invite-joined = Instansi ini sudah bergabung atau sudah dicabut, dan tidak dapat diundang lagi.
invite-other-kind = Instansi ini tercatat dengan jenis lain: { $kind }.
invite-second-desk = Hanya ada satu pusat nasional, yaitu { $name }.
invite-no-supervisor = Hanya instansi berjenis pengawas yang dapat menggantikan pusat.
invite-second-supervisor = Pengawas pengganti sudah ada: { $name }.
invited-title = Undangan dibuat
invited-once = Baris ini hanya tampil sekali dan tidak disimpan. Salin atau cetak sekarang. Bila hilang, buat yang baru; baris lama lalu tidak berlaku.
invited-copy = Salin baris
invited-copied = Tersalin
invited-print = Cetak lembar
invited-instance = Buka halaman instansi
invited-until = Berlaku sampai
invited-types = Yang diketik di sana
invited-after = Kirim baris ini lewat jalan yang tidak dapat dibaca orang lain. Setelah bergabung, cocokkan sidik jari di halaman instansi dengan yang tampil di sana, lewat telepon.

# Lembar cetak

sheet-title = Undangan bergabung
sheet-lead = Dengan lembar ini instansi Anda bergabung dalam federasi pengaduan. Petugas yang mengelola server mengerjakan langkah berikut.
sheet-step-machine = Pasang paket lapor-node pada server instansi menurut petunjuk pemasangan. Server hanya perlu menghubungi keluar; tidak ada pintu masuk yang harus dibuka.
sheet-step-run = Di server itu, jalankan:
sheet-step-paste = Tempel baris undangan di bawah ini sebagai satu baris, lalu tekan Enter. Kode kotak di sampingnya berisi baris yang sama untuk dibaca kamera ponsel.
sheet-step-compare = Layar menampilkan sidik jari identitas. Telepon petugas pusat dan bacakan; keduanya harus sama.
sheet-contact = Petugas pusat:
sheet-step-serve = Jalankan layanannya, atau nyalakan sebagai layanan sistem:
sheet-picture = Kode QR berisi baris undangan
sheet-secret = Lembar ini rahasia sampai dipakai: siapa pun yang memegangnya dapat bergabung atas nama instansi Anda. Setelah dipakai, musnahkan.

# Keanggotaan pada halaman instansi

belonging-title = Keanggotaan
belonging-fingerprint = Sidik jari identitas
belonging-fingerprint-about = SHA-256 kunci identitas. Cocokkan lewat telepon dengan yang ditampilkan node instansi.
belonging-successor = Penerus
belonging-invitation = Undangan
belonging-line-until = Terbuka sampai
belonging-line-over = Barisnya sudah tidak berlaku; buat yang baru.
belonging-line-none = Belum diundang.
authority-field = Boleh mendisposisikan kepada
authority-hint = Satu pola per baris: * (semua), slug:NAMA, slug:AWALAN*, kind:JENIS, region:KODE, atau region:KODE.* (semua di bawah wilayah itu). Kosong berarti tidak ada.
invite-authority-hint = Satu pola per baris: * (semua), slug:NAMA, slug:AWALAN*, kind:JENIS, region:KODE, atau region:KODE.* (semua di bawah wilayah itu). Kosong berarti tidak ada, atau tetap seperti yang sudah diketahui.
authority-wrong = Bukan pola: { $pattern }
pattern-find = Cari instansi, jenis atau wilayah
pattern-find-hint = Yang dipilih ditambahkan di atas sebagai satu baris.
pattern-below = Semua di bawah { $name }
pattern-prefix = Semua yang nama pendeknya berawalan { $prefix }
pattern-unnamed = Tidak ada namanya di sini; periksa kodenya
pattern-anyone = Semua instansi
authority-none = Tidak boleh mendisposisikan kepada siapa pun
authority-nobody = Tidak kepada siapa pun
authority-stands-in = menggantikan pusat bila pusat dikecualikan
authority-stands-not-in = tidak menggantikan pusat

# Mengakhiri, mengganti, memberi wewenang

did-instance-replaced = Instansi diganti setelah kuncinya hilang
did-instance-authority-changed = Wewenang disposisi diubah
act-revoke = Cabut keanggotaan
act-replace = Ganti setelah kunci hilang
act-void = Batalkan sertifikatnya
act-entrust = Ubah wewenang disposisi
act-revoked = Keanggotaan dicabut.
act-replaced = Keanggotaan lama dicabut dan penerusnya didaftarkan. Undang penerus itu sekarang.
act-voided = Sertifikat yang dimiliki instansi ini sampai sekarang tidak berlaku lagi.
act-entrusted = Wewenang disposisi diubah.
act-now = Keadaan sekarang
act-in-custody = Kasus terbuka yang ditanganinya
act-open-filed = Kasus terbuka yang dilaporkan di sana
act-undelivered = Pesan yang belum diambilnya
act-unsent = Pesan yang belum dikirimnya
act-unsaid = Belum pernah dilaporkan
act-disposers = Yang boleh mendisposisikan kepadanya
act-disposers-more = dan { $n } lainnya
act-uncounted = { $n } pesan terakhir belum terhitung dalam jumlah kasus.
act-follows = Yang akan terjadi
act-successor = Penerus
act-successor-hint = Pilih bila diganti, digabung, atau dibubarkan ke instansi lain, misalnya penggabungan BUMN. Hanya yang aktif dapat dipilih. Kosong bila tidak ada.
act-new-slug = Nama pendek penerus
act-new-slug-hint = Yang belum pernah dipakai, misalnya dengan angka di belakangnya. Nama lengkap, wilayah, dan wewenangnya disalin.
act-successor-taken = Nama pendek ini sudah pernah dipakai; pilih yang lain.
act-successor-itself = Instansi tidak dapat menjadi penerusnya sendiri.
act-successor-idle = Penerus harus sudah bergabung dan aktif; yang dipilih belum, atau sedang ditangguhkan.
act-successor-unknown = Instansi ini tidak dikenal.
act-sure = Saya mengerti bahwa ini untuk selamanya
act-unsure = Centang untuk menyatakan bahwa ini memang dimaksudkan.
act-leave = Jangan lakukan
revoke-follows-cut = Dalam beberapa detik setiap permintaannya ditolak dan sambungannya diputus. Ini tidak dapat dibatalkan; menangguhkan dapat.
revoke-follows-cases = Dengan penerus yang aktif, pusat mengalihkan kasus terbukanya kepada penerus itu (Alihkan ke penerus, di mejanya). Tanpa penerus, pusat menarik kembali kasusnya satu per satu.
revoke-follows-record = Yang belum dikirimnya tidak akan pernah diterima. Yang sudah tercatat tetap berlaku.
revoke-follows-slug = Nama pendeknya tidak pernah dipakai lagi.
replace-follows-name = Instansi ini dicabut untuk selamanya, dan instansi yang sama didaftarkan dengan nama pendek baru. Instansi lain mempercayai kunci yang pertama kali mereka lihat, maka nama lama tidak dapat memperoleh kunci baru.
replace-follows-invite = Sesudah itu undang penerusnya; node memakai baris undangannya untuk bergabung dengan kunci baru.
replace-follows-cases = Setelah penerus aktif, pusat mengalihkan kasus yang terbuka kepadanya (Alihkan ke penerus, di mejanya).
replace-follows-lost = Yang belum dikirim instansi lama hilang bagi federasi. Kata-kata kasus lama baru terbaca lagi bila pihak lain memberikan kuncinya.
void-follows-end = Sertifikat yang dimiliki instansi ini sekarang tidak berlaku lagi dan sambungannya terputus: siapa pun yang juga memilikinya, atau membuatnya dengan penerbit curian, tidak dapat masuk lagi.
void-follows-node = Node-nya mengambil sendiri sertifikat lain dengan kunci identitasnya; node versi lama atau program lain memerlukan lapor-node recover.
void-follows-keys = Kunci identitas dan kunci lainnya tetap: bila kunci itu pun mungkin ada di tangan orang lain, ganti instansinya.
entrust-follows-new = Disposisi baru yang tidak tercakup ditolak sejak versi direktori berikutnya.
entrust-follows-old = Kasus yang sudah didisposisikan tetap di tempatnya.

# Banyak undangan sekaligus

many-title = Undang banyak instansi
many-lead = Dari tabel CSV. Tabel diperiksa lebih dahulu; selama ada baris yang salah, tidak ada yang diundang.
many-columns = Kolom slug, kind, dan name harus ada; region_code, time_zone, dan disposes_to boleh kosong. Beberapa pola dalam disposes_to dipisahkan dengan spasi.
many-no-authority = Di sini wewenang memerlukan persetujuan orang kedua: biarkan disposes_to kosong, lalu ubah wewenangnya di halaman instansi itu.
many-file = Berkas CSV (paling besar 150 KiB)
many-check = Periksa
many-unreadable = Berkas ini bukan teks UTF-8; simpan sebagai CSV UTF-8.
many-fine = Tidak ada yang salah: { $n } instansi dapat diundang.
many-begin = Undang { $n } instansi
many-other = Pilih berkas lain
many-rows = Instansi dalam tabel
many-authority = Wewenang disposisi
many-wrong = Ada baris yang salah; tidak ada yang diundang. Perbaiki tabelnya lalu kirim lagi.
many-wrong-rows = Yang salah dalam tabel
many-wrong-more = Dan { $n } kesalahan lain.
many-line = Baris
many-column = Kolom
many-problem = Masalah
many-progress = { $n } dari { $total } undangan dibuat
many-running = Halaman ini memuat ulang sendiri setiap dua detik.
many-failed = Pembuatan berhenti di tengah. Yang sudah dibuat berlaku; kirim tabel yang sama lagi untuk sisanya, maka semua baris lama tidak berlaku.
many-kept = Baris undangan hanya ada dalam ingatan hub, paling lama 30 menit sejak dimulai, dan hanya untuk Anda. Cetak atau unduh sekarang.
many-sheets = Lembar { $first } sampai { $last } untuk dicetak
many-lines = Semua baris sebagai CSV
many-forget = Selesai, lupakan baris-barisnya
many-forgotten = Baris undangan dilupakan; undangannya tetap berlaku.
many-too-many = Masih ada beberapa undangan massal yang barisnya disimpan; lupakan dahulu, atau tunggu setengah jam.
many-print = Cetak semua lembar
many-back = Kembali
table-column-missing = Kolom ini tidak ada di baris judul.
table-columns-wrong = Baris ini berisi { $found } kolom, sedangkan baris judul { $expected }.
table-quote-open = Tanda kutip yang membuka sebuah sel di baris ini tidak ditutup, sehingga baris-baris di bawahnya terbaca sebagai isinya.
table-row-wrong = Baris ini tidak dapat dibaca: { $text }
table-twice = Nama pendek ini muncul dua kali.
table-kind-wrong = Bukan jenis: pusat, kementerian, lembaga, provinsi, kabupaten, kota, bumn, atau pengawas.
table-name-wrong = Nama harus ada dan paling panjang { $most } huruf.
table-too-long = Paling banyak { $most } baris.
table-empty = Tabel ini tidak berisi instansi.

# Peta jalan

did-roadmap-planned = Rencana peta jalan dicatat
did-instance-tried = Sambungan diuji
roadmap-title = Peta jalan
roadmap-lead = Setiap pemerintah provinsi, kabupaten, dan kota: sejauh mana sudah tersambung, sejak kapan, dan apa yang direncanakan berikutnya.
roadmap-table = Unduh CSV
roadmap-none = Tidak ada yang cocok
roadmap-none-about = Longgarkan saringan di atas.
roadmap-colours = Hijau: semua bertukar pesan. Kuning: sebagian sudah bergabung. Kelabu: sebagian diundang. Garis batas: MapSVG, CC BY 4.0.
roadmap-provinces = Provinsi
roadmap-governments = Pemerintah
roadmap-places = Kabupaten dan kota
roadmap-exchanging-of = { $n } dari { $all } bertukar pesan
roadmap-since = Sejak
roadmap-planned = Rencana berikutnya
roadmap-planned-hint = Triwulan atau tanggal, misalnya 2027-Q1 atau 2027-01-31. Kosong berarti belum ada rencana.
roadmap-planned-wrong = Tulis triwulan seperti 2027-Q1 atau tanggal seperti 2027-01-31.
roadmap-planned-level = { $by }: { $level }
roadmap-aim = Tingkat yang dituju saat itu
roadmap-aim-wrong = Pilih satu dari daftar.
roadmap-plan = Catat rencana
roadmap-note = Simpan
roadmap-noted = Rencana dicatat.
roadmap-rules = Aturan tingkat
roadmap-rule-since = Sejak: undangan terakhir, saat bergabung, atau pesan pertama yang diterima hub, menurut tingkatnya. Garis berarti tidak diketahui.

# Tingkat sambungan

level-not-invited = Belum diundang
level-answering = Menjawab tepat waktu
level-rule-answering = Menjawab tepat waktu: dari jawaban pertama yang jatuh dalam 30 hari terakhir, setidaknya 90 persen datang sebelum tenggatnya; yang lewat tenggat dan belum dijawab dihitung terlambat.
missing-answering = Langkah berikutnya: { $percent } persen jawaban dalam 30 hari terakhir tepat waktu ({ $n } dari { $all }); perlu 90 persen
missing-answers = Langkah berikutnya: menjawab laporan. Dalam 30 hari terakhir tidak ada jawaban yang jatuh tempo

# Uji sambungan

trying-title = Uji sambungan
trying-start = Uji sambungan sekarang
trying-start-about = Hub membangunkan permintaan node yang sedang menunggu dan mengukur sampai node bertanya lagi, paling lama 10 detik.
trying-answered = Node bertanya lagi
trying-ms = sesudah { $n } milidetik
trying-none = Tidak dalam { $n } detik
trying-polls = Permintaan yang menunggu di hub
trying-connections = Sambungan terbuka
trying-about = Waktu yang terukur mencakup jalan bolak-balik dan kerja node. Tidak ada pesan yang dikirim kepadanya.
trying-again = Uji lagi
trying-busy = Beberapa uji sedang berjalan; coba sebentar lagi.
trying-well = Sambungan hidup: node menunggu pesan dan segera bertanya lagi.
trying-heard = Node terdengar, tetapi tidak sedang menunggu pesan: mungkin sedang mengambil antrean atau baru menyala.
trying-half-open = Hub melihat permintaan yang menunggu, tetapi node tidak bertanya lagi: sambungannya mungkin putus tanpa diketahui, atau node macet. Periksa jalur dan catatan node.
trying-silent = Ada sambungan terbuka, tetapi tidak ada permintaan: node mungkin macet, atau sedang menunggu sebelum mencoba lagi. Periksa lapor-node status di sana.
trying-away = Tidak ada sambungan: node mati, jalurnya putus, atau sertifikatnya ditolak. Telepon instansi; lihat riwayat sambungan di halamannya.

# Menyetujui yang bergabung

did-instance-admitted = Instansi yang bergabung disetujui
admission-title = Setujui instansi yang bergabung
admission-waiting = Menunggu persetujuan
admission-lead = Instansi ini sudah bergabung dan menunggu. Telepon petugasnya pada nomor yang sudah dikenal, dan cocokkan sidik jari identitas yang dibacakannya. Sebelum disetujui, ia tidak mengirim dan tidak menerima apa pun.
admission-asked-at = Bergabung pada
admission-address = Dari alamat
admission-compared = Sidik jari sudah dicocokkan lewat telepon
admission-asked = Sudah disetujui satu orang; menunggu persetujuan orang kedua.
admission-asked-own = Anda sudah menyetujuinya; menunggu persetujuan orang kedua.
admission-asked-by = { $who } sudah menyetujuinya ({ $reason }); menunggu persetujuan orang kedua. Bila Anda setuju, instansi ini ikut serta mulai sekarang.
admission-uncompared = Cocokkan sidik jarinya dahulu. Bila berbeda, tolak.
admission-admit = Setujui
admission-refuse = Tolak dan cabut
admission-done = Instansi disetujui dan ikut serta mulai sekarang.
approval-acts = Tindakan yang menunggu orang kedua
invite-approved = Langsung ikut serta tanpa menunggu persetujuan
invite-approved-hint = Biasanya instansi yang bergabung menunggu sampai operator mencocokkan sidik jarinya. Centang hanya bila baris undangan diserahkan langsung kepada petugasnya.
invite-approval-needs-two = Di sini persetujuan memerlukan orang kedua, maka undangan tidak dapat meniadakannya.
invite-withdraw-reason = Tulis alasan pembatalannya.

# Akun yang menunggu dipastikan

did-operator-rests = Akun operator menunggu dipastikan
did-operator-vouched = Akun operator dipastikan
resting-accounts = Akun operator yang menunggu dipastikan
resting-accounts-about = Pastikan hanya bila Anda tahu, misalnya lewat telepon, bahwa orang yang dimaksud sendirilah yang memegang akun ini. Bila tidak, nonaktifkan akunnya.
resting-name = Akun
resting-act = Yang dilakukan
resting-vouch = Pastikan
resting-vouch-of = Pastikan akun { $name }
resting-vouched = Akun dipastikan dan dapat dipakai.
resting-changed = Sejak itu ada hal lain yang dilakukan pada akun ini. Baca dulu apa itu, lalu putuskan lagi.
resting-same-person = Yang ikut mengurus akun ini tidak dapat memastikannya; minta operator lain.
gift-account = Akun dibuat
gift-role = Peran atau alamat masuk diubah
gift-password = Tautan sandi baru dibuat
gift-factor = Kode kedua dihapus
gift-access = Akun diaktifkan lagi

# Keterangan dalam log audit

told-successor = penerus: { $name }
told-rule = aturan: { $name }
told-recipient = penerima: { $name }
told-even-so = meskipun ada yang tertinggal
told-without-approval = bergabung tanpa persetujuan
told-no-answer = tidak menjawab
told-no-plan = tidak ada rencana
told-silenced = { $what }, sampai { $until }: { $why }
