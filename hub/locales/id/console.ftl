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
did-instance-suspended = Instansi ditangguhkan
did-instance-resumed = Instansi diaktifkan kembali
did-instance-revoked = Instansi dicabut
did-instance-invited = Instansi diundang
did-instance-registered = Instansi didaftarkan
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
