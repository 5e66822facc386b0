# Halaman Telepon dari demo.

phones-name = Telepon
phones-title = Telepon
phones-lead = Di sini Anda menulis seperti warga: lewat SMS, X, Facebook, Messenger, WhatsApp, Telegram, surel, atau aplikasi kota. Jawabannya kembali ke tempat yang sama. Semuanya tiruan di mesin ini; tidak ada yang keluar.
phones-again = Muat ulang
phones-none = Belum ada percakapan.
phones-write = Tulis lewat { $line }
phones-send = Kirim
phones-place = Kirim lokasi
phones-picture = Kirim gambar
phones-unreached = Tidak terkirim: { $why }
phones-citizen = Warga
phones-other = Orang lain
phones-officer = Petugas kota
phones-institution = LAPOR!
phones-privately = LAPOR!, pesan pribadi
phones-sms = Awali dengan LAMPU untuk lampu jalan di Bandung. Yang panjang dibagi menjadi beberapa SMS.
phones-x = Terbuka untuk umum. Sebut @LAPOR1708 atau #lapor untuk laporan baru; selain itu, tulisan menjadi balasan.
phones-facebook = Komentar di halaman kami. Yang memakai #lapor menjadi laporan; tiketnya dikirim sebagai pesan pribadi.
phones-messenger = Percakapan dengan halaman kami, terpisah dari komentar.
phones-whatsapp = Yang kurang ditanyakan: tempatnya, lalu gambarnya.
phones-telegram = Bot yang menanyakan apa yang kurang.
phones-open311 = Aplikasi kota yang melapor ke node Kota Bandung dan membaca perkembangannya.
phones-email = Surat ke kotak surel pusat. Awali dengan baris "Perihal: ..." untuk laporan baru; selain itu, surat menjadi balasan atas surat terakhir kami. Satu alamat dijawab lima kali, lalu sekali tiap 12 menit.
phones-city = Layanan kota sendiri. Yang dilaporkan di sini diambil node Kota Bandung dalam beberapa detik; laporan jalan yang diverifikasi di node muncul di sini. Awali dengan "Selesai" untuk menutup yang terakhir, seperti petugas kota.
