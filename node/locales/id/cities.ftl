# Kota yang layanan Open311-nya diikuti dan diberi laporan

cities-title = Kota (Open311)
cities-lead = Layanan pengaduan milik kota: permintaan di sana menjadi laporan di sini, dan laporan dengan kategori yang dipetakan dikirim ke sana.
cities-none = Belum ada kota yang dihubungkan
cities-none-about = Pengelola mesin menambahkannya dengan cities di node.toml.
cities-told = { $n } permintaan kota perlu dilihat
city-not-asked = Belum dihubungi
city-down-about = Layanan kota belum menjawab semuanya. Tidak ada yang hilang; semuanya dicoba lagi.
city-contact = Terakhir menjawab
city-followed = Diikuti
city-fed = Dikirim
city-count = { $open } terbuka, { $closed } ditutup
city-waiting = Menunggu
city-refused = Perlu dilihat
city-request = Permintaan
city-way = Arah
city-way-fed = Ke kota
city-way-followed = Dari kota
city-since = Sejak
city-state-waiting = Menunggu dikirim
city-state-sending = Belum pasti sampai
city-state-token = Menunggu nomor
city-state-refused = Ditolak kota
city-state-left = Tidak dapat dijadikan laporan
city-state-linked = Terhubung
city-again = Coba lagi
city-again-done = Akan dicoba pada putaran berikut.
city-dropped = Tidak akan dicoba lagi.

city-closed = { $city } menyatakan permintaan ini selesai.
city-reopened = { $city } membuka lagi permintaan ini.
city-said = Kabar dari { $city }:

did-city-asked-again = Permintaan kota dicoba lagi
did-city-dropped = Permintaan kota dibuang
actors-cities = Layanan kota
