# Meja kerja petugas.

desk-name = Meja kerja
desk-account = Akun saya

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
setup-contact-none = Belum diisi; lihat portal.contact dalam node.toml
setup-done = Akun admin dibuat. Sekarang tambahkan unit kerja instansi Anda.

# Akun sendiri

account-administer = Kelola instansi

# Petugas

role-admin = Admin instansi
role-admin-about = Menangani laporan semua unit; mengelola petugas dan unit.
role-officer = Pejabat penghubung
role-officer-about = Menangani laporan unitnya.
role-leader = Pimpinan
role-leader-about = Hanya membaca.
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

audit-actor-hint = Misalnya account:ID, token:NAMA, atau cli:PENGGUNA.
audit-action-hint = Misalnya account.signed_in atau case.disposed.
audit-case = Berkas
