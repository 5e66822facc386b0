# Privasi: apa yang disimpan, di mana, berapa lama, siapa yang melihat.

privacy-title = Data Anda dan privasi
privacy-lead = Apa yang disimpan { $institution } ketika Anda melapor, di mana, berapa lama, dan siapa yang melihatnya.
privacy-report = Isi laporan
privacy-report-about = Isi laporan disimpan di sini, di meja nasional LAPOR!, dan di setiap instansi yang menanganinya; instansi yang Anda kecualikan tidak menerimanya; agar juga tidak terbaca di halaman publik, centang Rahasia. Di perjalanan isinya disandikan; pusat yang meneruskannya tidak dapat membacanya. Setelah diterima oleh petugas, laporan tampil untuk umum tanpa nama Anda. Nomor seperti NIK dan telepon yang tertulis di dalamnya disamarkan.
privacy-identity = Nama, surel, telepon
privacy-identity-about = Disimpan terpisah dari isi laporan, hanya di instansi tempat Anda melapor. Instansi lain yang menangani harus memintanya dengan alasan. Setiap permintaan dan setiap pembukaan dicatat, dan Anda dapat membacanya di percakapan Anda.
privacy-anonymous = Anonim
privacy-anonymous-about = Bila Anda memilih anonim, identitas Anda hanya diberikan setelah Anda mengizinkannya sendiri.
privacy-secret = Rahasia
privacy-secret-about = Laporan rahasia tidak tampil untuk umum. Dengan nomor tiketnya orang hanya melihat sampai di mana laporan itu.
privacy-files = Foto dan berkas
privacy-files-about = Lokasi dan data kamera dihapus dari foto. Berkas laporan dibaca petugas yang menangani, dan tidak tampil di halaman umum.
privacy-key = Nomor tiket dan kunci
privacy-key-about = Dengan nomor tiket siapa pun dapat melacak laporan. Kunci rahasia membuka percakapan; yang kami simpan hanya sidiknya, sehingga kami pun tidak dapat membacanya.
privacy-account = Akun (bila Anda memilih masuk)
privacy-account-about = Akun hanyalah alamat surel Anda, kapan ia dibuat, dan laporan mana yang menjadi bagiannya. Di halaman laporan Anda, akun dapat Anda hapus kapan saja; yang diikuti dengan surel itu tidak diikuti lagi, laporannya tetap ada dan dibuka dengan kuncinya.
privacy-lost = Bila kunci hilang
privacy-lost-about = Kunci baru diminta lewat surel yang sudah dibuktikan. Bila Anda hanya memberi nomor telepon, datang ke loket kami dengan tanda pengenal; kode belum dapat dikirim ke telepon. Petugas mencocokkan yang Anda sebutkan dengan yang tersimpan tanpa melihatnya, dan pemberian kunci itu dicatat.
privacy-browser = Di peramban Anda
privacy-browser-about = Tidak ada pelacak dan tidak ada layanan pihak lain. Peramban menyimpan pilihan bahasa dan tampilan, percakapan yang sedang terbuka (paling lama dua belas jam), tanda terima (lima belas menit), penanda dukungan (satu tahun), dan laporan yang belum terkirim. Semuanya dapat Anda hapus di peramban.
privacy-long = Berapa lama
privacy-long-about = Laporan disimpan seterusnya sebagai catatan pelayanan, kecuali Anda meminta isinya dihapus. Surat yang sudah terkirim tidak disimpan isinya. Kode untuk masuk berlaku lima belas menit.
privacy-rights = Hak Anda
privacy-rights-about = Di percakapan Anda dapat melihat dan mengunduh semua data tentang Anda, dan meminta isi laporan dihapus. Penghapusan dilakukan setelah beberapa hari, di semua instansi; yang tersisa hanya jejak langkahnya, tanpa isi.
