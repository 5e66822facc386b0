# Halaman kesalahan: apa yang terjadi, lalu apa yang dapat dilakukan.

refusal-400-title = Permintaan tidak dapat dibaca
refusal-400-text = Kembali ke halaman sebelumnya, muat ulang, lalu coba lagi.
refusal-401-title = Anda perlu masuk
refusal-401-text = Masuk dengan akun Anda, lalu buka halaman ini lagi.
refusal-403-title = Tidak diizinkan
refusal-403-text = Halaman atau tindakan ini bukan untuk Anda, atau permintaan datang dari situs lain. Buka halaman dari situs ini, lalu coba lagi.
refusal-404-title = Halaman tidak ditemukan
refusal-404-text = Alamatnya mungkin salah ketik, atau halaman ini tidak ada lagi. Mulai dari halaman depan.
refusal-405-title = Tidak dapat dibuka dengan cara ini
refusal-405-text = Kembali ke halaman sebelumnya dan gunakan tombol di sana.
refusal-408-title = Kiriman terlalu lama sampai
refusal-408-text = Sambungan Anda mungkin sedang lambat. Kirim sekali lagi.
refusal-409-title = Keadaannya sudah berubah
refusal-409-text = Orang lain mungkin baru saja melakukan sesuatu di sini. Muat ulang halaman, lalu lihat yang terbaru.
refusal-410-title = Sudah dihapus
refusal-410-text = Isinya telah dihapus atas permintaan atau karena aturan, dan tidak dapat ditampilkan lagi.
refusal-413-title = Kiriman terlalu besar
refusal-413-text = Persingkat tulisan atau kirim berkas yang lebih kecil, lalu coba lagi.
refusal-415-title = Jenis kiriman tidak didukung
refusal-415-text = Gunakan formulir di situs ini, atau pilih jenis berkas lain.
refusal-422-title = Ada isian yang tidak dapat dipakai
refusal-422-text = Kembali ke formulir dan periksa isian Anda.
refusal-429-title = Terlalu banyak permintaan
refusal-429-text = Demi keamanan semua orang, jumlah percobaan dibatasi. Tunggu sebentar.
refusal-500-title = Terjadi kesalahan di pihak kami
refusal-500-text = Yang sudah tersimpan tetap aman. Coba lagi; bila terulang, sampaikan kode di bawah ini kepada pengelola.
refusal-503-title = Layanan belum siap
refusal-503-text = Yang sudah tersimpan tetap aman. Coba lagi sebentar lagi.
refusal-507-title = Tempat penyimpanan penuh
refusal-507-text = Kiriman Anda belum tersimpan. Pengelola perlu menyediakan ruang; coba lagi nanti.
refusal-home = Ke halaman depan
refusal-code = Kode permintaan

wait-seconds = Silakan coba lagi dalam { $n } detik.
wait-minutes = Silakan coba lagi dalam { $n } menit.
wait-hours = Silakan coba lagi dalam { $n } jam.
