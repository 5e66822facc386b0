# Kotak masuk petugas.

desk-inbox = Kotak masuk
inbox-title = Kotak masuk
inbox-new = Catat laporan
inbox-search = Cari
inbox-search-hint = Kata, "frasa", atau nomor tiket
inbox-question-unusable = Pencarian ini tidak dapat dipakai. Tulis satu sampai enam belas kata yang harus ada.
inbox-region-unknown = Tidak ada wilayah dengan nama ini; saringan wilayah diabaikan.
inbox-filter = Saring
inbox-overdue = Hanya yang lewat tenggat
inbox-narrow = Terapkan
inbox-widen = Hapus saringan
inbox-saved = Saringan tersimpan
inbox-filter-name = Nama saringan
inbox-keep-filter = Simpan saringan
inbox-forget-filter = Hapus saringan { $name }
inbox-filter-kept = Saringan tersimpan.
inbox-filter-forgotten = Saringan dihapus.
inbox-filter-unusable = Saringan tidak tersimpan: beri nama dengan paling banyak 80 karakter, dan simpan paling banyak 50 saringan.
inbox-tabs = Bagian kotak masuk
inbox-found = Hasil pencarian
inbox-found-about = Yang paling cocok lebih dahulu. Laporan baru dapat dicari sesaat setelah masuk.
inbox-empty = Tidak ada laporan di sini
inbox-empty-about = Begitu ada, laporan muncul di daftar ini.
inbox-pick = Pilih laporan
inbox-unseen = Baru
inbox-together = Dengan yang dipilih
inbox-look = Tandai sudah dilihat
inbox-to-unit = Serahkan ke unit
inbox-no-unit = Tanpa unit
inbox-nothing-ticked = Pilih dahulu laporan yang dimaksud.
inbox-looked = { $n } laporan ditandai sudah dilihat.
inbox-assigned = { $n } laporan diserahkan.
inbox-verified = { $n } laporan diverifikasi.
inbox-verified-some = { $n } dari { $all } laporan diverifikasi. Tidak menunggu verifikasi: { $names }.
inbox-verified-unseen = { $n } dari { $all } laporan diverifikasi. Yang lain tidak ada lagi di meja Anda.
inbox-not-done = Tidak ada yang diubah. Muat ulang halaman lalu coba lagi.
inbox-keys = Tombol pintas
key-move = laporan berikutnya, sebelumnya
key-open = buka laporan
key-pick = pilih laporan
key-search = ke kotak pencarian
key-help = buka atau tutup bantuan ini

# Bagian

tab-work = Perlu dikerjakan
tab-work-about = Semua yang ada di tangan Anda; yang tenggatnya paling dekat lebih dahulu.
tab-new = Baru
tab-new-about = Laporan yang belum diapa-apakan, yang paling lama menunggu lebih dahulu.
tab-back = Kembali
tab-back-about = Dikembalikan instansi lain, dibuka lagi, atau sudah dijawab pelapor.
tab-waiting = Tunggu pelapor
tab-waiting-about = Ditunda sampai pelapor menjawab pertanyaan.
tab-working = Diproses
tab-working-about = Laporan yang sedang ditindaklanjuti.
tab-answered = Tunggu tanggapan
tab-answered-about = Sudah diusulkan selesai; pelapor dapat mengonfirmasi atau bertanya lagi.
tab-elsewhere = Di instansi lain
tab-elsewhere-about = Laporan yang kini ditangani instansi lain.
tab-ended = Selesai
tab-ended-about = Laporan yang selesai, diarsipkan, digabung, atau dihapus isinya.
tab-pending = Belum ditetapkan
tab-pending-about = Tindakan Anda tersimpan di sini dan menunggu penetapan pusat.
tab-failed = Tidak berlaku
tab-failed-about = Tindakan yang tidak berlaku lagi ketika sampai: ulangi atau abaikan.
tab-suspect = Diduga penyalahgunaan
tab-suspect-about = Laporan yang tampak dikirim mesin atau ditandai petugas. Periksa, lalu nyatakan wajar atau arsipkan.
tab-all = Semua
tab-all-about = Semua laporan, yang terakhir berubah lebih dahulu.

# Waktu

clock-paused = Menunggu pelapor
clock-overdue = Lewat { $n } hari kerja
clock-overdue-now = Lewat tenggat
clock-last-day = Hari terakhir
clock-left = { $n } hari kerja lagi
clock-until = sampai { $day }
clock-of = { $what }: { $left }
clock-short-follow-up = Tindak lanjut
clock-short-answer = Jawaban
clock-short-settled = Penyelesaian
clock-short-disposer = Disposisi
clock-verification = Verifikasi
clock-first-follow-up = Tindak lanjut pertama
clock-information-request = Jawaban permintaan informasi
clock-complaint = Penyelesaian pengaduan
clock-oversight = Penyelesaian pengaduan berkadar pengawasan
clock-disposer = Tenggat dari pemberi disposisi
clock-silence = Tanggapan pelapor

# Dugaan penyalahgunaan

suspect-title = Diduga penyalahgunaan
suspect-trap = Isian yang tidak terlihat oleh orang ikut terisi.
suspect-too-fast = Formulir terkirim lebih cepat daripada orang dapat mengisinya.
suspect-officer = Ditandai oleh petugas.
suspect-clear = Bukan penyalahgunaan
suspect-archive = Arsipkan
suspect-mark = Tandai sebagai dugaan penyalahgunaan
suspect-marked = Laporan ditandai; kini ada di daftar dugaan penyalahgunaan.
suspect-cleared = Dinyatakan bukan penyalahgunaan; laporan kembali di antara yang lain.
suspects-cleared-some = { $n } dari { $all } laporan dinyatakan bukan penyalahgunaan. Yang lain tidak ada lagi di meja Anda.
suspects-cleared = { $n } laporan dinyatakan bukan penyalahgunaan.
