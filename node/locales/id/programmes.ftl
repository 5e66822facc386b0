# Program pembangunan.

nav-programmes = Program
programmes-title = Program pembangunan
programmes-lead = Program yang diumumkan instansi: tempat, anggaran, jadwal, dan kemajuannya.
programmes-none = Belum ada program
programmes-none-about = Program tampil di sini begitu sebuah instansi mengumumkannya.
programmes-none-here = Tidak ada program di wilayah ini
programmes-none-here-about = Coba wilayah yang lebih luas, misalnya provinsinya.
programme-planned = Direncanakan
programme-running = Berjalan
programme-late = Terlambat
programme-suspended = Dihentikan sementara
programme-done = Selesai
programme-cancelled = Dibatalkan
programme-percent = { $n } persen
programme-pending = Belum tercatat secara nasional; terkirim begitu sambungan memungkinkan.
programme-schedule = Jadwal
programme-budget = Anggaran
programme-updated = Diperbarui
programme-from = mulai { $day }
programme-until = sampai { $day }
programme-news = Kemajuan
programme-reports = Laporan tentang program ini
programme-no-reports = Belum ada laporan publik tentang program ini.
programme-all-reports = Semua laporan tentang program ini

# Di meja kerja

desk-programmes = Program
programmes-own = Program kami
programmes-own-lead = Program yang diumumkan instansi ini. Semua orang membacanya di portal mana pun.
programmes-own-none = Umumkan program pertama instansi Anda.
programme-new = Umumkan program
programme-new-lead = Tulis apa yang dibangun, di mana, dan kapan, dengan kata yang dipahami warga.
programme-change = Ubah keterangan
programme-see = Lihat di portal
programme-name = Nama program
programme-about = Uraian
programme-about-hint = Apa yang dikerjakan dan apa yang berubah bagi warga.
programme-region-hint = Nama provinsi, kabupaten, atau kota; kosong untuk seluruh Indonesia.
programme-budget-hint = Dalam rupiah, misalnya 4.750.000.000.
programme-budget-unusable = Tulis anggaran sebagai bilangan bulat dalam rupiah.
programme-start = Mulai
programme-end = Selesai
programme-ends-early = Hari selesai tidak boleh sebelum hari mulai.
programme-save = Umumkan
programme-saved = Program diumumkan.
programme-unusable = Keterangan ini terlalu panjang atau memuat huruf yang tidak dapat dikirim.
programme-tell = Kabarkan kemajuan
programme-tell-go = Kabarkan
programme-told = Kemajuan dikabarkan.
programme-percent-label = Kemajuan dalam persen
programme-percent-unusable = Tulis bilangan bulat dari 0 sampai 100.
programme-status-unusable = Pilih salah satu keadaan.
programme-words = Kabar
programme-words-hint = Satu atau dua kalimat tentang yang sudah dan akan dikerjakan.
