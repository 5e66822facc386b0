# Laporan yang dicatat petugas atas nama pelapor.

walk-in-title = Catat laporan
walk-in-lead = Untuk laporan lisan di loket, surat, atau telepon. Pelapor menerima nomor tiket dan kunci.
walk-in-reporter = Pelapor
walk-in-reporter-about = Disimpan terpisah dari laporan. Hanya penjaga identitas yang dapat membukanya. Boleh dikosongkan.
walk-in-phone = Telepon
walk-in-address = Alamat
walk-in-anonymous = Anonim: nama tidak terlihat oleh instansi yang dilaporkan
walk-in-secret = Rahasia: isi laporan tidak terlihat oleh publik
walk-in-file = Simpan dan cetak tanda terima
walk-in-sent-before = Laporan ini sudah disimpan. Cari di kotak masuk; kuncinya hanya ditampilkan sekali.
channel-counter = Datang ke loket
channel-letter = Surat
channel-phone = Telepon
slip-title = Tanda terima
slip-lead = Cetak atau bacakan untuk pelapor. Kunci hanya ditampilkan sekali ini.
slip-key = Kunci
slip-about = Dengan nomor tiket Anda dapat melacak laporan; dengan kunci Anda dapat membaca jawaban dan menanggapinya.
slip-recoverable = Bila kunci hilang, Anda dapat meminta yang baru lewat kontak yang Anda berikan.
slip-keep = Simpan baik-baik: tanpa kontak, kunci yang hilang tidak dapat diganti.
slip-open = Buka laporan
slip-again = Catat laporan lain
