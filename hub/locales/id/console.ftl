# Konsol pusat.

console-name = Konsol
console-account = Akun saya
console-sign-in-lead = Untuk petugas pusat yang mengelola federasi.
console-forgotten-lead = Operator lain dapat memberi tautan untuk membuat kata sandi baru.
console-forgotten-operator = Hubungi operator lewat telepon atau temui langsung, supaya ia yakin bahwa yang meminta memang Anda. Tautan hanya berlaku sekali.
console-setup-about = Konsol ini belum memiliki operator.
console-setup-where = Buka tautan yang ditampilkan ketika hub dijalankan, atau buat yang baru di mesin hub:
console-setup-lead = Buat akun untuk operator pertama. Operator membuat akun petugas lain.
console-setup-done = Akun operator dibuat.
console-federation = Federasi
console-administer = Kelola konsol
console-audit-actor-hint = Misalnya account:ID atau cli:PENGGUNA.
console-audit-action-hint = Misalnya account.signed_in atau instance.suspended.
console-audit-instance = Instansi

# Peran

role-operator = Operator
role-operator-about = Bertindak atas federasi; mengelola akun.
role-observer = Pengamat
role-observer-about = Hanya melihat.
role-auditor = Auditor
role-auditor-about = Hanya melihat, termasuk log audit.

# Instansi

console-instances = Instansi
console-nobody = Belum ada instansi
console-nobody-about = Undang pusat lebih dahulu, di mesin hub.
instance-name = Nama
instance-slug = Nama pendek
instance-kind = Jenis
instance-status = Status
instance-region = Wilayah
instance-zone = Zona waktu
status-registered = Terdaftar
status-invited = Diundang
status-active = Aktif
status-suspended = Ditangguhkan
status-revoked = Dicabut

# Tindakan

console-suspend = Tangguhkan
console-suspend-about = Instansi ini segera terputus dari federasi sampai dipulihkan. Laporan yang sudah ada padanya tetap di sana.
console-suspended = Instansi ditangguhkan.
console-resume = Pulihkan
console-resume-about = Instansi ini dapat ikut lagi dalam federasi.
console-resumed = Instansi dipulihkan.
console-reason = Alasan
console-reason-hint = Tercatat dalam log audit.
console-second-person = Tindakan ini baru dilakukan setelah operator lain menyetujuinya.
console-asked = Menunggu persetujuan operator lain.
console-asked-already = Tindakan yang sama sudah menunggu persetujuan.
console-status-changed = Status instansi sudah berubah; tindakan ini tidak dapat dilakukan lagi.

# Persetujuan

console-approvals = Persetujuan
console-approvals-lead = Tindakan berbahaya dilakukan setelah operator kedua menyetujuinya, dalam 24 jam.
console-approvals-off = Konsol ini tidak meminta orang kedua; setiap tindakan langsung dilakukan dengan alasannya.
console-approvals-none = Tidak ada yang menunggu
console-approvals-none-about = Tindakan yang meminta orang kedua tampil di sini.
console-approval-gone = Sudah diputuskan, atau waktunya habis.
console-same-person = Anda tidak dapat menyetujui permintaan sendiri; operator lain yang memutuskan.
console-refused = Permintaan ditolak; tidak ada yang dilakukan.
approval-deed = Tindakan
approval-instance = Instansi
approval-asked-by = Diminta oleh
approval-asked-at = Diminta pada
approval-expires-at = Berlaku sampai
approval-decision = Putusan
approval-confirm = Setujui
approval-refuse = Tolak
approval-withdraw = Tarik kembali

# Federasi

console-federation-title = Keadaan federasi
live-on = Mengikuti perubahan secara langsung
live-off = Sambungan putus; halaman menyusul begitu tersambung lagi
live-none = Muat ulang halaman untuk melihat keadaan terbaru
state-red = Merah
state-yellow = Kuning
state-green = Hijau
state-grey = Kelabu
filter-name = Nama
filter-province = Provinsi
filter-state = Keadaan
filter-all = Semua
filter-show = Tampilkan
kind-pusat = Pusat nasional
kind-kementerian = Kementerian
kind-lembaga = Lembaga
kind-provinsi = Provinsi
kind-kabupaten = Kabupaten
kind-kota = Kota
kind-bumn = BUMN
kind-pengawas = Pengawas
group-centre = Pusat dan pengawas
group-ministries = Kementerian
group-agencies = Lembaga
group-enterprises = BUMN
group-regions = Pemerintah daerah
federation-worst = Perlu perhatian
federation-well = Semua instansi yang tampil dalam keadaan baik.
federation-reasons = Sebab
federation-more = Dan { $n } instansi lain; persempit dengan saringan di atas.
federation-all = Semua instansi
federation-none = Tidak ada instansi yang cocok dengan saringan.
federation-map = Peta
federation-rules = Aturan warna
federation-province = { $name }: { $n } instansi, { $ill } perlu perhatian, { $traffic } pesan dalam 24 jam
map-source = Garis batas: MapSVG, CC BY 4.0. Lingkaran: pesan dalam 24 jam.
age-seconds = { $n } detik
age-minutes = { $n } menit
age-hours = { $n } jam
age-days = { $n } hari
concern-silent = Tidak terdengar selama { $age }
concern-never-heard = Belum pernah terdengar sejak bergabung
concern-unsent = Pesan tertua menunggu dikirim selama { $age }
concern-unsent-unknown = Ada pesan yang menunggu dikirim
concern-unapplied = Pesan tertua belum diterapkan selama { $age }
concern-unapplied-unknown = Ada pesan yang belum diterapkan
concern-apart = Pandangan instansi dan hub berbeda selama { $age }
concern-apart-unknown = Pandangan instansi dan hub berbeda
concern-directory = Tertinggal direktori selama { $age }
concern-directory-unknown = Tertinggal direktori
concern-backup = Cadangan terakhir { $age } yang lalu
concern-no-backup = Belum pernah membuat cadangan
concern-clock = Jam berbeda { $age } dari jam hub
concern-clock-unknown = Jam berbeda dari jam hub
concern-certificate = Sertifikat berakhir dalam { $age }
concern-certificate-ended = Sertifikat sudah berakhir
concern-set-aside = { $n } pesan disisihkan
concern-disk = Sisa ruang { $size }
concern-version = Versi lebih lama daripada hub
concern-frozen = Rantai dibekukan: dua pesan mengaku menempati satu urutan
rule-silent = Tidak terdengar: kuning sesudah { $yellow }, merah sesudah { $red }.
rule-waiting = Pesan tertua menunggu dikirim atau diterapkan: kuning sesudah { $yellow }, merah sesudah { $red }.
rule-apart = Dua laporan berturut-turut yang berbeda dari catatan hub dengan cara yang sama: merah.
rule-set-aside = Pesan disisihkan: kuning sejak { $yellow }, merah sejak { $red }.
rule-certificate = Sertifikat: kuning kurang dari { $yellow } sebelum berakhir, merah kurang dari { $red }.
rule-clock = Jam berbeda: kuning sejak { $yellow }, merah sejak { $red }.
rule-disk = Sisa ruang: kuning di bawah { $yellow }, merah di bawah { $red }.
rule-backup = Cadangan terakhir: kuning sesudah { $yellow } atau belum pernah, merah sesudah { $red }.
rule-directory = Tertinggal direktori: kuning sesudah { $yellow }, merah sesudah { $red }.
rule-version = Versi lebih lama daripada hub: kuning.
rule-frozen = Rantai dibekukan: merah.
rule-grey = Kelabu: belum bergabung, ditangguhkan, atau dicabut; tidak diharapkan berbicara.
