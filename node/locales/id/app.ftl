# Aplikasi di ponsel: tanpa sambungan, draf, antrean.

waiting-title = Laporan di perangkat ini
waiting-lead = Laporan yang ditulis tanpa sambungan menunggu di sini dan terkirim sendiri begitu sambungan kembali.
waiting-offline = Anda sedang tanpa sambungan. Halaman lain mungkin belum tersimpan di perangkat ini, tetapi laporan tetap dapat ditulis.
waiting-none = Tidak ada yang menunggu
waiting-none-about = Semua laporan dari perangkat ini sudah terkirim.
waiting-write = Tulis laporan
waiting-waits = Menunggu sambungan.
waiting-sent = Terkirim. Catat nomor tiket dan kunci rahasianya.
waiting-refused = Belum dapat diterima; ada yang perlu diperbaiki.
waiting-unsure = Kami tidak tahu apakah laporan ini sudah sampai. Agar tidak tercatat dua kali, laporan ini tidak lagi terkirim sendiri: buka, periksa, lalu kirim sekali lagi bila perlu.
waiting-unsent = Belum dikirim; masih Anda tulis.
waiting-send = Kirim sekarang
waiting-receipt = Lihat nomor tiket
waiting-later = Nomor tiket belum dapat dibuka. Coba lagi sebentar.
waiting-gone = Nomor tiket dan kunci hanya dapat dibuka selama tujuh hari setelah laporan diterima, dan tidak ditampilkan lagi.
waiting-mend = Perbaiki
waiting-drop = Hapus dari perangkat
waiting-sure = Hapus laporan ini dari perangkat?
draft-restored = Tulisan Anda yang belum terkirim dipulihkan dari perangkat ini.
draft-queued = Laporan dengan isi ini sudah ada dalam antrean di perangkat ini; bila dikirim dari sini juga, tercatat dua kali.
draft-drop = Hapus tulisan ini
camera = Ambil foto
draft-gone = Berkas ini tidak ada lagi; pilih sekali lagi:
