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
programme-report = Laporkan program ini
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
programme-changed = Program ini diubah orang lain sejak halaman ini dibuka. Yang Anda tulis masih ada di bawah. Sekarang program itu berbunyi lain di sini:
programme-changed-empty = (kosong)
programme-tell = Kabarkan kemajuan
programme-tell-go = Kabarkan
programme-told = Kemajuan dikabarkan.
programme-percent-label = Kemajuan dalam persen
programme-percent-unusable = Tulis bilangan bulat dari 0 sampai 100.
programme-status-unusable = Pilih salah satu keadaan.
programme-words = Kabar
programme-words-hint = Satu atau dua kalimat tentang yang sudah dan akan dikerjakan.

# Gambar program

pictures-title = Gambar
pictures-lead = Gambar yang sudah diterima hub dilihat semua orang di portal mana pun, dengan keterangannya. Keterangan tempat dan alat di dalam berkas dihapus.
pictures-changed = Program ini baru saja diubah orang lain. Lihat gambarnya lagi, lalu simpan.
pictures-none = Belum ada gambar.
pictures-full = Satu program memuat paling banyak { $most } gambar. Hapus satu untuk menambah yang lain.
pictures-save = Simpan gambar
pictures-saved = Gambar program disimpan.
picture-words-of = Keterangan gambar { $n }
picture-position = Urutan gambar { $n }
picture-drop = Hapus gambar { $n }
picture-new = Tambah gambar
picture-new-hint = JPEG, PNG, atau WebP, paling besar { $n } KB; peramban mengecilkannya bila bisa.
picture-words = Keterangan gambar baru
picture-words-hint = Tulis apa yang terlihat, untuk mereka yang tidak melihatnya.
picture-words-unusable = Tulis keterangan setiap gambar, paling panjang { $most } huruf.
picture-wrong-kind = Gambar program berupa JPEG, PNG, atau WebP. Pilih berkas lain.
picture-too-large = Gambar ini terlalu besar; paling besar { $n } KB. Kecilkan lalu kirim lagi.
picture-unusable = Gambar ini tidak dapat dipakai, atau sudah ada di program ini.
picture-awaited = Gambar belum sampai di sini.
picture-no-room = Gambar tidak disimpan di sini karena ruang untuk gambar instansi lain sudah penuh.
picture-waits = Menunggu dikirim ke hub. Baru terlihat di portal ini.
picture-at-hub = Sudah diterima hub; semua portal dapat menampilkannya.
picture-hub-full = Hub menolak: ruang gambar instansi ini sudah penuh. Hapus gambar lain, atau minta ruang kepada pengelola federasi. Setelah ada ruang, gambar terkirim sendiri.
picture-hub-refuses = Hub menolak gambar ini. Hapus, lalu tambahkan lagi.
picture-refused = Gambar ini tidak seperti yang diumumkan, jadi tidak ditampilkan.
