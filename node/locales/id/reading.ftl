# Laporan publik, statistik, dan peta.

nav-reports = Laporan
nav-statistics = Statistik

# Daftar laporan

reading-title = Laporan publik
reading-lead = Yang dilaporkan warga dan yang dikerjakan instansi. Laporan rahasia tidak ada di sini, dan nama pelapor tidak pernah tampil.
reading-by-map = Lihat di peta
reading-statistics = Statistik
reading-search = Cari laporan
reading-search-go = Cari
reading-search-unusable = Pencarian ini tidak dapat dibaca. Tulis beberapa kata, misalnya lampu jalan.
reading-narrow = Saring menurut status, topik, wilayah, instansi, atau waktu
reading-narrow-go = Terapkan
reading-state = Status
reading-category = Topik
reading-kind = Jenis
reading-region = Wilayah
reading-region-unknown = Wilayah ini tidak dikenal. Tulis nama provinsi, kabupaten, atau kota.
reading-institution = Instansi
reading-from = Diterima sejak
reading-through = Diterima sampai
reading-day-unusable = Tulis tanggal yang lengkap.
reading-choice-unknown = Pilih salah satu dari daftar.
reading-conditions = Saringan yang berlaku
reading-without = hapus saringan ini
reading-all = Hapus semua saringan
reading-since = Sejak { $day }
reading-until = Sampai { $day }
reading-of-programme = Program { $name }
reading-supports = { $n } orang mengalami hal sama
reading-none = Tidak ada laporan yang cocok
reading-none-about = Coba kata lain, atau hapus sebagian saringan.
reading-none-yet = Belum ada laporan publik
reading-none-yet-about = Laporan tampil di sini setelah diverifikasi petugas.
reading-back = Semua laporan publik
reading-merged = Laporan itu digabung dengan laporan ini karena tentang hal yang sama.
reading-archived = Laporan ini diarsipkan
reading-archived-why = Alasan
reading-archived-when = Diarsipkan pada
reading-archived-about = Isi laporan tidak ditampilkan lagi. Pelapor tetap dapat membacanya di percakapan, dan dapat meminta laporan dibuka kembali.
reading-left = Laporan ini tidak lagi di sini

# Satu laporan

reading-complaint = Pengaduan
reading-information-request = Permintaan informasi
reading-aspiration = Aspirasi
reading-on-behalf-of = atas nama { $institution }
reading-programme = Tentang program
support-title = Anda mengalami hal yang sama?
support-count = { $n } orang sudah menyatakannya.
support-none = Belum ada yang menyatakannya.
support-about = Tanpa akun dan tanpa nama; instansi melihat jumlahnya.
support-go = Saya juga mengalami
support-counted = Terima kasih. Suara Anda sudah dihitung.
support-known = Dukungan dari peramban ini sudah dihitung sebelumnya.
support-ended = Laporan ini sudah selesai, jadi tidak menerima dukungan lagi.

# Statistik

statistics-title = Statistik
statistics-lead = Apa yang masuk, bagaimana akhirnya, dan di mana.
statistics-honest = Bagaimana laporan berakhir
statistics-honest-about = Diamnya pelapor bukan tanda puas, dan kata petugas bukan kata pelapor. Karena itu semuanya dihitung terpisah. Angka mencakup semua laporan dalam masa yang dipilih, juga yang rahasia.
statistics-endings = Akhir laporan
statistics-ending = Akhir
ending-confirmed = Dikonfirmasi pelapor
ending-officer = Ditutup petugas untuk pelapor
ending-silent = Ditutup karena pelapor diam
ending-archived = Diarsipkan dengan alasan
statistics-course = Bulan demi bulan
statistics-month = Bulan
statistics-filed = Diterima
statistics-reports = Laporan
statistics-public = Laporan publik
statistics-public-about = Hanya laporan yang boleh dibaca semua orang.
statistics-states = Menurut status
statistics-categories = Menurut topik
statistics-provinces = Menurut provinsi
statistics-work = Kecepatan dan mutu
statistics-work-about = Laporan yang masuk dalam masa yang dipilih, sejauh diketahui di sini. Menurut instansi, masuk dan akhirnya dihitung pada instansi yang kini menanganinya; jawaban pertama, lewat tenggat, dan salah alamat pada instansi yang saat itu menanganinya.
work-open = Masih ditangani
work-first-answer = Rata-rata jawaban pertama
work-overdue = Lewat tenggat
work-misrouted = Salah alamat
work-score = Penilaian pelapor
work-none = belum ada
work-few = kurang dari { $n }
lasting-under-an-hour = kurang dari satu jam
lasting-hours = { $n } jam
lasting-days = { $n } hari
statistics-period = Masa
statistics-show = Tampilkan
statistics-csv = Unduh CSV
statistics-work-by = Dibandingkan menurut
statistics-work-secret = Laporan rahasia hanya ikut dihitung bila jumlahnya di sini tidak sedikit.
statistics-work-table = Semua angka
statistics-work-nothing = Belum cukup laporan untuk dibandingkan
statistics-work-nothing-about = Angka dari segelintir laporan tidak ditampilkan, supaya tidak ada orang yang dikenali darinya. Pilih masa yang lebih panjang.
period-months = { $n } bulan terakhir
period-year = Tahun { $year }
work-close = Rata-rata sampai selesai
work-speed = Berapa hari sampai dijawab dan selesai, rata-rata
work-astray = Lewat tenggat dan salah alamat
work-value = Angka
statistics-counted = Dihitung

# Peta

map-title = Peta laporan
map-lead = Makin kuat warnanya, makin banyak laporan publik dari provinsi itu.
map-shape = { $name }: { $n } laporan
map-province = Provinsi
map-list = Laporan publik menurut provinsi
map-others = Belum ada laporan publik dari
map-regency = Kabupaten atau kota
map-regencies = Laporan publik menurut kabupaten dan kota
map-of = Laporan dari { $name }
map-outline = Garis batas { $name }
map-shared = Provinsi ini belum digambar sendiri; garisnya masih bersama provinsi tetangganya.
map-dots = Titik: program pembangunan yang menyebut letaknya.
map-programmes = Program pembangunan di sini
map-source = Garis batas: MapSVG, CC BY 4.0.
map-unplaced = { $n } laporan publik tidak menyebut wilayah.
map-back = Seluruh Indonesia
map-reports = Laporan dari { $name }
map-pick = Pilih di peta
map-pick-about = Ketuk provinsinya sampai memenuhi peta, lalu ketuk tempatnya. Ini hanya perkiraan: bisa meleset sepuluh kilometer.
map-picked = Koordinat perkiraan sudah diisikan.
map-pick-label = Peta untuk memilih tempat
streets-pick = Geser ke tempat yang tepat
streets-pick-about = Ketuk jalan atau bangunannya; titik dan koordinatnya ikut pindah.
streets-label = Peta jalan di sekitar titik
streets-nearer = Lebih dekat
streets-farther = Lebih jauh
streets-moved = Koordinat sudah dipindahkan.
streets-none = Tidak ada peta jalan di sekitar tempat ini. Tempatnya tetap tercatat; garis besar provinsi ada di atas.
reading-category-national = nasional:
statistics-own-categories = Laporan publik menurut kategori instansi
