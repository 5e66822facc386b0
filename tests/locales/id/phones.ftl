# Halaman Telepon dari demo.

phones-name = Telepon
phones-title = Telepon
phones-lead = Di sini Anda menulis seperti warga: lewat SMS, X, Facebook, Messenger, WhatsApp, Telegram, atau aplikasi kota. Jawabannya kembali ke tempat yang sama. Semuanya tiruan di mesin ini; tidak ada yang keluar.
phones-again = Muat ulang
phones-none = Belum ada percakapan.
phones-write = Tulis lewat { $line }
phones-send = Kirim
phones-place = Kirim lokasi
phones-picture = Kirim gambar
phones-unreached = Tidak terkirim: { $why }
phones-citizen = Warga
phones-other = Orang lain
phones-institution = LAPOR!
phones-privately = LAPOR!, pesan pribadi
phones-sms = Awali dengan LAMPU untuk lampu jalan di Bandung. Yang panjang dibagi menjadi beberapa SMS.
phones-x = Terbuka untuk umum. Sebut @LAPOR1708 atau #lapor untuk laporan baru; selain itu, tulisan menjadi balasan.
phones-facebook = Komentar di halaman kami. Yang memakai #lapor menjadi laporan; tiketnya dikirim sebagai pesan pribadi.
phones-messenger = Percakapan dengan halaman kami, terpisah dari komentar.
phones-whatsapp = Yang kurang ditanyakan: tempatnya, lalu gambarnya.
phones-telegram = Bot yang menanyakan apa yang kurang.
phones-open311 = Aplikasi kota yang melapor ke node Kota Bandung dan membaca perkembangannya.
