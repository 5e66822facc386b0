# What stands around every page.

skip-to-content = Langsung ke isi
masthead-home = Halaman depan
navigation = Menu utama
preferences = Bahasa dan tampilan
language-label = Bahasa
theme-label = Tampilan
theme-system = Otomatis
theme-light = Terang
theme-dark = Gelap
leave = Keluar
contact-label = Hubungi kami
footer-about = LAPOR! menghubungkan laporan warga dengan instansi yang berwenang di seluruh Indonesia.
footer-national = Portal nasional LAPOR!
footer-privacy = Data Anda dan privasi
footer-api = Dokumentasi API
flash-label = Pemberitahuan

# Hari

day-today = hari ini
day-yesterday = kemarin
day-tomorrow = besok
days-ago = { $n } hari lalu
days-ahead = dalam { $n } hari

# Formulir

form-complaints = Ada yang perlu diperbaiki
form-required = Bagian ini wajib diisi.
form-too-long = Paling banyak { $most } karakter; tulisan Anda { $length } karakter.
form-optional = opsional

# Daftar

pager = Halaman
pager-next = Berikutnya
pager-first = Kembali ke awal

# Grafik

chart-as-table = Sebagai tabel
