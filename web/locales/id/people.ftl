# Halaman tentang petugas.

act-column = Tindakan

# Masuk

sign-in-title = Masuk
sign-in-go = Masuk
sign-in-refused = Alamat surel atau kata sandi salah.
kept-waits = Sesi Anda sudah berakhir, jadi isian tadi belum terkirim. Masuk lagi; isian itu masih ada.
kept-sso = Penyedia masuk terbuka di tab lain. Masuk di sana, lalu muat ulang halaman ini: peramban menanyakan apakah isian boleh dikirim lagi.
kept-title = Isian Anda belum terkirim
kept-lead = Sesi berakhir sebelum isian ini sampai. Periksa, lalu kirim.
kept-files = Berkas yang baru dipilih tidak ikut tersimpan. Bila memerlukan lampiran, isi lagi formulirnya.
kept-send = Kirim isian ini
signed-out = Anda sudah keluar.
login-label = Alamat surel
login-hint = Dipakai untuk masuk.
login-unusable = Tulis alamat surel yang lengkap, misalnya nama@instansi.go.id.
login-taken = Alamat surel ini sudah dipakai akun lain.
name-label = Nama
name-unusable = Tulis nama dalam satu baris, paling banyak { $n } karakter.

# Kode kedua

code-title = Kode verifikasi
code-lead = Buka aplikasi autentikator Anda dan masukkan kode enam angka yang tampil.
code-label = Kode
code-hint = Ponsel hilang? Masukkan salah satu kode cadangan.
code-refused = Kode salah atau sudah dipakai. Tunggu kode berikutnya.
code-too-late = Waktunya habis. Silakan masuk lagi.
code-back = Kembali ke halaman masuk

# Kata sandi

password-label = Kata sandi
password-current = Kata sandi sekarang
password-new = Kata sandi baru
password-again = Kata sandi baru sekali lagi
password-hint = Sedikitnya { $n } karakter; empat kata yang tidak berkaitan mudah diingat dan sukar ditebak.
password-why = Kami memastikan bahwa ini benar-benar Anda.
password-title = Buat kata sandi
password-lead = Kata sandi untuk akun { $name }.
password-save = Simpan kata sandi
password-chosen = Kata sandi tersimpan. Silakan masuk.
password-changed = Kata sandi diganti. Semua sesi lain sudah diakhiri.
password-wrong = Kata sandi ini salah.
password-differs = Kedua kata sandi tidak sama.
password-short = Terlalu pendek.
password-long = Terlalu panjang; 200 karakter sudah cukup.
password-personal = Kata sandi ini dibuat dari nama, alamat, atau instansi Anda. Pilih kata lain.
password-guessable = Kata sandi ini mudah ditebak. Pilih kata-kata lain.
forgotten-title = Lupa kata sandi?
forgotten-sent = Jika alamat itu milik sebuah akun, tautan untuk kata sandi baru segera sampai di sana.
forgotten-letter = Tulis alamat surel yang Anda pakai untuk masuk. Kami mengirim tautan yang berlaku satu jam.
forgotten-go = Kirim tautan
forgotten-else = Tidak ada surat yang sampai?
forgotten-back = Kembali ke halaman masuk

# Pemasangan pertama

setup-title = Pemasangan pertama
setup-go = Buat akun dan masuk

# Akun sendiri

account-title = Akun saya
account-pages = Halaman lain
account-password = Ganti kata sandi
account-password-about = Setelah diganti, semua sesi lain diakhiri.
sessions-title = Sesi yang terbuka
session-agent = Peramban
session-browser = { $browser } di { $system }
session-unnamed = Tanpa nama
session-began = Mulai
session-seen = Terakhir dipakai
session-this = Sesi ini
session-end = Akhiri
session-end-others = Akhiri semua sesi lain
session-ended = Sesi diakhiri.

# Faktor kedua

factor-title = Verifikasi dua langkah
factor-about = Selain kata sandi, Anda memasukkan kode dari ponsel. Orang yang tahu kata sandi Anda tetap tidak dapat masuk.
factor-on = Aktif.
factor-off = Belum aktif.
factor-wanted = Peran Anda mewajibkan verifikasi dua langkah. Aktifkan sekarang untuk melanjutkan.
factor-needed = Peran Anda mewajibkan verifikasi dua langkah; Anda dapat menggantinya, bukan menghapusnya.
factor-manage = Atur
factor-begin = Aktifkan
factor-again = Pasang di ponsel lain
factor-remove = Nonaktifkan
factor-removed = Verifikasi dua langkah dinonaktifkan.
factor-step-app = Buka aplikasi autentikator di ponsel Anda.
factor-step-scan = Pindai gambar ini.
factor-step-code = Masukkan kode enam angka yang tampil di aplikasi.
factor-picture = Kode QR untuk aplikasi autentikator
factor-typed = Atau ketik kunci ini di aplikasi:
factor-code-hint = Enam angka.
factor-confirm = Aktifkan
codes-title = Kode cadangan
codes-lead = Simpan kode ini di tempat aman. Masing-masing dapat dipakai satu kali bila ponsel Anda hilang.
codes-once = Kode ini hanya ditampilkan sekarang.
codes-kept = Sudah saya simpan
codes-left = Tersisa { $n } kode cadangan.
codes-renew = Buat kode cadangan baru

# Petugas

staff-title = Petugas
state-label = Status
role-label = Peran
role-unknown = Pilih salah satu peran.
state-active = Aktif
state-protected = Aktif, dua langkah
state-invited = Belum membuat kata sandi
state-disabled = Nonaktif
officer-new = Tambah petugas
officer-title = Petugas
officer-create = Buat akun
officer-mail-about = Akun memerlukan kata sandi dari pemiliknya. Tautannya dapat dikirim ke alamat surel di atas, atau Anda serahkan sendiri.
officer-create-mailing = Buat akun dan kirim tautannya
officer-create-showing = Buat akun, tautannya saya serahkan sendiri
officer-reset-mailing = Kirim tautan kata sandi baru
officer-reset-showing = Buat tautan kata sandi untuk saya serahkan
officer-save = Simpan
officer-changed = Perubahan tersimpan.
officer-access = Akses
officer-access-about = Mengganti kata sandi, menonaktifkan akun, atau mengganti peran mengakhiri semua sesinya.
officer-reset = Buat tautan kata sandi baru
officer-end-sessions = Akhiri semua sesi
officer-sessions-ended = Semua sesi diakhiri.
officer-remove-factor = Hapus verifikasi dua langkah
officer-factor-removed = Verifikasi dua langkah dihapus.
officer-disable = Nonaktifkan akun
officer-disabled = Akun dinonaktifkan.
officer-enable = Aktifkan kembali
officer-enabled = Akun aktif kembali.
last-administrator = Ini admin aktif yang terakhir. Buat admin lain lebih dahulu.
link-title = Tautan untuk kata sandi
link-lead = Berikan tautan ini kepada { $name }, dan tidak kepada orang lain.
link-once = Tautan hanya ditampilkan sekarang, hanya dapat dipakai satu kali, dan berlaku tiga hari.
link-mailed = Tautan dikirim kepada { $name } di { $address }.
link-mailed-once = Tautan hanya ada dalam surat itu, hanya dapat dipakai satu kali, dan berlaku tiga hari. Bila surat tidak sampai, buat tautan baru di halaman akunnya.
link-unsent = Surat ke { $address } tidak terkirim: { $problem }. Serahkan tautan ini sendiri.
link-letter-invited-subject = Akun Anda di { $institution }
link-letter-invited = { $name }, Anda mendapat akun di { $institution }. Buka tautan ini dan pilih kata sandi; sesudah itu masuk dengan alamat surel ini.
link-letter-new-subject = Kata sandi baru untuk akun Anda di { $institution }
link-letter-new = { $name }, { $institution } meminta Anda membuat kata sandi baru; kata sandi lama tidak berlaku lagi. Buka tautan ini dan pilih kata sandi.
link-letter-until = Tautan hanya dapat dipakai satu kali dan berlaku sampai { $until }. Jangan teruskan kepada siapa pun.
link-letter-unexpected = Jika Anda tidak menunggu surat ini, abaikan saja.

# Unit kerja

unit-label = Unit kerja
unit-unknown = Tidak ada unit yang terbuka dengan nama ini.

# Log audit

audit-title = Log audit
audit-lead = Siapa melakukan apa. Catatan hanya bertambah, tidak pernah diubah atau dihapus.
audit-at = Waktu
audit-actor = Pelaku
audit-action = Tindakan
audit-detail = Keterangan
audit-exactly = Persis seperti tercatat
audit-asked-by = Diminta oleh { $who }: { $reason }
actor-machine = { $name }, di server
actor-machine-nameless = Perintah di server
actor-program = token API «{ $name }»
actor-reporter = Pelapor
actor-nobody = Tidak dikenal
actor-provider = Penyedia identitas
actor-hub = Hub, dengan sendirinya
actor-start = Program, saat mulai
actor-jobs = Program, dengan sendirinya
entered-password = kata sandi
entered-provider = lewat penyedia identitas
entered-code = kode dari ponsel
entered-recovery-code = kode cadangan
entered-setup = tautan pemasangan
did-asked = Diminta: { $act }
did-refused = Ditolak: { $act }
did-lapsed = Gugur tanpa putusan: { $act }
did-account-created = Akun dibuat
did-account-changed = Akun diubah
did-account-disabled = Akun dinonaktifkan
did-account-enabled = Akun diaktifkan kembali
did-account-factor-removed = Verifikasi dua langkah dihapus
did-account-factor-set = Verifikasi dua langkah dipasang
did-account-password-changed = Kata sandi diganti
did-account-password-chosen = Kata sandi dibuat
did-account-password-reset = Tautan kata sandi baru dibuat
did-account-recovery-codes-made = Kode cadangan dibuat
did-account-refused = Upaya masuk ditolak
did-account-reset-asked = Kata sandi baru diminta
did-account-session-ended = Sesi diakhiri
did-account-sessions-ended = Semua sesi diakhiri
did-account-setup-link-made = Tautan pemasangan dibuat
did-account-link-mailed = Tautan kata sandi dikirim lewat surel
did-account-signed-in = Masuk
did-account-signed-out = Keluar
audit-filter = Saring
audit-from = Sejak tanggal
audit-through = Sampai tanggal
audit-day-unusable = Tulis tanggal yang lengkap; saringan tanggal diabaikan.
audit-none = Tidak ada catatan
audit-none-about = Tidak ada yang cocok dengan saringan ini.

# Masuk lewat penyedia identitas

sso-go = Masuk dengan { $provider }
sso-or = Atau masuk dengan kata sandi:
sso-unknown = Tidak ada akun untuk Anda di sini, atau akun dengan alamat Anda terikat pada pengguna lain. Minta pengelola akun di sini membuatnya, atau memberi Anda tautan sandi baru bila sudah ada.
sso-stale = Cara masuk itu sudah tidak berlaku. Silakan mulai lagi.
sso-broken-off = Proses masuk terhenti di layanan masuk. Mulai lagi, atau masuk dengan kata sandi.
sso-away = Layanan masuk sedang tidak dapat dihubungi. Coba lagi nanti, atau masuk dengan kata sandi.
sso-refused = Layanan masuk tidak memastikan siapa Anda. Hubungi pengelola akun di sini.

officer-reason = Alasan
officer-reason-hint = Tercatat dalam log audit. Akun operator baru dapat dipakai setelah operator lain memastikannya.
resting-title = Akun ini menunggu dipastikan
resting-lead = Orang lain yang mengelola akun harus memastikan akun ini sebelum dapat dipakai.
resting-about = Hubungi salah satu dari mereka. Yang membuat akun, memberi peran, atau membuat tautan sandi ini tidak dapat memastikannya sendiri.
resting-link = Akun ini baru dapat dipakai setelah operator lain memastikannya pada halaman Persetujuan.
