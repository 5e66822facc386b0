# Percakapan pelapor dengan instansi.

track-yours = Anda pelapornya? Di percakapan Anda menjawab, menilai, dan membaca semuanya.
clock-label = Batas waktu

# Masuk

enter-title = Percakapan Anda
nav-conversation = Laporan saya
enter-lead = Buka dengan nomor tiket dan kunci rahasia yang Anda terima saat melapor.
enter-refused = Tiket dan kunci ini tidak membuka percakapan. Periksa keduanya; setiap angka penting.
enter-too-often = Terlalu banyak percobaan.
enter-else = Cara lain
key-only-way = Portal ini belum mengirim surel atau pesan singkat, jadi tidak ada kode untuk masuk. Bila kunci hilang, datang ke loket kami dengan tanda pengenal, atau lacak laporan dengan nomor tiketnya.
key-hint = Enam belas angka. Spasi tidak masalah.
conversation-ended = Percakapan sudah ditutup demi keamanan. Buka lagi dengan tiket dan kunci.
conversation-closed = Percakapan ditutup. Di perangkat ini tidak ada yang tertinggal.
conversation-leave = Tutup percakapan
conversation-back = Kembali ke percakapan
conversation-of = Percakapan { $ticket }
conversation-course = Percakapan
conversation-erased = Isi laporan ini sudah dihapus. Yang tersisa hanya jejak langkahnya.
conversation-on-behalf = atas nama { $institution }
conversation-supports = Ikut mengalami

# Kode

lost-title = Kunci hilang
lost-lead = { $ways ->
    [both] Bila surel atau nomor telepon Anda tercatat pada laporan dan sudah dibuktikan, kami mengirim kode ke sana. Dengan kode itu Anda mendapat kunci baru. Selain itu, datang ke loket kami dengan tanda pengenal.
    [text] Bila nomor telepon Anda tercatat pada laporan dan sudah dibuktikan, kami mengirim kode ke sana lewat pesan singkat. Dengan kode itu Anda mendapat kunci baru. Selain itu, datang ke loket kami dengan tanda pengenal.
   *[mail] Bila surel Anda tercatat pada laporan dan sudah dibuktikan, kami mengirim kode ke sana. Dengan kode itu Anda mendapat kunci baru. Hanya memberi nomor telepon? Datang ke loket kami dengan tanda pengenal; kode belum dapat dikirim ke telepon.
}
citizen-title = Masuk tanpa kunci
citizen-lead = { $ways ->
    [both] Dengan surel atau nomor telepon Anda melihat semua laporan yang Anda tulis setelah masuk atau yang kontaknya sudah dibuktikan. Tanpa kata sandi: kami mengirim kode.
    [text] Dengan nomor telepon Anda melihat semua laporan yang Anda tulis setelah masuk atau yang nomornya sudah dibuktikan. Tanpa kata sandi: kami mengirim kode lewat pesan singkat.
   *[mail] Dengan surel Anda melihat semua laporan yang Anda tulis setelah masuk atau yang surelnya sudah dibuktikan. Tanpa kata sandi: kami mengirim kode.
}
citizen-contact = { $ways ->
    [both] Surel atau nomor telepon
    [text] Nomor telepon
   *[mail] Surel
}
citizen-contact-hint = { $ways ->
    [both] Misalnya nama@contoh.id, atau nomor ponsel Indonesia seperti 0812 3456 7890.
    [text] Nomor ponsel Indonesia, misalnya 0812 3456 7890.
   *[mail] Misalnya nama@contoh.id. Kode belum dapat dikirim ke nomor telepon.
}
citizen-contact-unusable = { $ways ->
    [both] Tulis alamat surel yang lengkap, atau nomor ponsel Indonesia.
    [text] Tulis nomor ponsel Indonesia yang lengkap: kode hanya dikirim lewat pesan singkat.
   *[mail] Tulis alamat surel yang lengkap: kode hanya dikirim lewat surel.
}
code-send = Kirim kode
code-too-often = Terlalu banyak permintaan.
code-title-citizen = Masukkan kode
code-lead-citizen = Bila kontaknya kami kenal, kode delapan angka dikirim ke sana dan berlaku lima belas menit. Belum sampai? Periksa pesan singkat atau folder spam surel Anda, atau minta lagi sepuluh menit kemudian.
code-digits = Kode
code-digits-hint = Delapan angka. Spasi tidak masalah.
code-go = Lanjut
code-cancel = Batal
code-wrong = Kode ini tidak cocok atau sudah kedaluwarsa. Periksa lagi, atau minta kode baru.
new-key-title = Kunci baru Anda
new-key-lead = Catat atau cetak sekarang: kunci ini hanya ditampilkan sekali. Kunci lama tidak berlaku lagi.
new-key-beside-lead = Catat atau cetak sekarang: kunci ini hanya ditampilkan sekali. Buka percakapan satu kali dengan kunci baru ini; sejak itu kunci lama tidak berlaku lagi.
following-begun = Anda kini mengikuti laporan itu.

# Laporan saya

mine-title = Laporan saya
mine-back = Semua laporan saya
mine-none = Belum ada laporan
mine-none-about = Di sini muncul laporan yang Anda tulis setelah masuk, dan laporan yang kontaknya sudah Anda buktikan.
mine-of = Akun { $account }
mine-add = Tambahkan laporan dengan tiket dan kunci
mine-add-about = Untuk laporan yang Anda kirim tanpa masuk. Sesudahnya kunci pengganti laporan itu dikirim ke kontak akun ini; kabar juga, bila kontaknya surel.
mine-add-go = Tambahkan
mine-added = Laporan itu kini ada di akun Anda.
mine-add-refused = Tiket dan kunci ini tidak cocok. Periksa keduanya; setiap angka penting.
mine-add-others = Laporan ini sudah menjadi bagian dari akun dengan kontak lain.
mine-end = Hapus akun saya
mine-end-about = Akun dan kaitannya dengan laporan dihapus; laporannya tetap ada. Laporan publik dan program yang diikuti dengan kontak akun ini tidak diikuti lagi. Sesudahnya setiap laporan dibuka dengan tiket dan kuncinya, jadi pastikan kuncinya Anda simpan. Isi laporan dihapus di percakapannya masing-masing. Bila nanti Anda masuk lagi dengan kontak yang sama, laporan yang kontaknya sudah dibuktikan kembali tampil.
mine-end-sure = Ya, hapus akun saya
mine-end-tick = Centang untuk memastikan penghapusan akun.
mine-ended = Akun Anda dihapus. Bila Anda masuk dengan surel, kami memberitahukannya ke sana.

# Batas waktu

talk-clock-verification = Verifikasi
talk-clock-first-follow-up = Tindak lanjut pertama
clock-answer = Jawaban
talk-clock-disposer = Tenggat dari pendisposisi
talk-clock-silence = Selesai otomatis bila tidak Anda tanggapi
talk-clock-left = { $what }: { $n } hari kerja lagi, sampai { $day }
clock-today = { $what }: hari ini
talk-clock-overdue = { $what }: lewat { $n } hari kerja, sejak { $day }
talk-clock-overdue-now = { $what }: lewat tenggat, sejak { $day }

# Yang terjadi

did-file = Anda menulis laporan
did-complete = Anda melengkapi laporan
did-reply = Anda menulis
did-confirm = Anda menyatakan selesai
did-rate = Anda memberi nilai { $n } dari 5
did-escalate = Anda meminta Ombudsman ikut memeriksa
closed-officer = Ditutup petugas, yang mencatat bahwa pelapor sudah puas
closed-silence = Selesai otomatis karena tidak ada tanggapan
event-files = Disertai { $n } berkas, yang dapat dibuka pelapor.
event-answered = Tindak lanjut, diusulkan selesai
event-recalled = Ditarik kembali oleh yang mendisposisi
event-merged = Digabung dengan laporan lain tentang hal yang sama
event-unmerged = Dipisahkan lagi dari laporan lain
event-split = Sebagian dipisah menjadi laporan tersendiri
event-taken-over = Diambil alih oleh pengawas
event-succeeded = Dilanjutkan oleh instansi penerus
event-erased = Isi laporan dihapus
event-other = Ada perkembangan
file-of-office = Dokumen
linked-merged = Laporan ini berlanjut bersama laporan lain
linked-child = Dipisah dari laporan ini
linked-parent = Laporan asal
linked-open = Buka percakapannya

# Tanggapan

answer-title = Ada pertanyaan untuk Anda
answer-about = Penanganan dan batas waktunya menunggu jawaban Anda.
answer-more = Tambahan
answer-go = Kirim jawaban
answer-sent = Jawaban Anda terkirim. Penanganan berjalan lagi.
answer-left-out = tidak dijawab
answer-yes = Ya
answer-no = Tidak
answer-choose = Pilih jawaban
answer-place-hint = Alamat, patokan, atau titik koordinat.
answer-picture-hint = Lampirkan fotonya pada kolom berkas di bawah; keterangan boleh ditulis di sini.
answer-no-date = “{ $question }” minta dijawab dengan tanggal yang ada.
answer-no-choice = “{ $question }” minta dijawab dengan salah satu pilihannya.
answer-place-coordinates = “{ $question }”: titik koordinat terdiri dari lintang (-90 sampai 90) lalu bujur (-180 sampai 180), misalnya -6.9175, 107.6191.
answer-place-abroad = “{ $question }”: titik koordinat ini berada di luar Indonesia. Periksa angkanya, atau jawab dengan kata-kata.
answer-place-region = “{ $question }”: kode wilayah ini tidak ada.
answer-missing = Jawab paling sedikit satu pertanyaan.
answer-asked-anew = Pertanyaannya sudah berganti. Jawab pertanyaan yang tampil sekarang.
answer-too-long = Setiap jawaban paling banyak { $most } karakter.
confirm-title = Apakah masalahnya sudah selesai?
confirm-about = Bila belum, tulis apa yang masih kurang: penanganan berlanjut.
confirm-go = Ya, selesai
confirm-not = Belum
confirm-another = Ada tindak lanjut baru sejak halaman ini Anda buka, dan laporan belum ditutup. Baca dahulu, lalu pilih lagi.
confirm-done = Terima kasih. Laporan ditutup atas pernyataan Anda.
rate-title = Bagaimana penanganannya?
rate-label = Nilai Anda
rate-choose = Pilih nilai 1 sampai 5.
rate-go = Kirim nilai
rate-done = Terima kasih atas penilaian Anda.
score-1 = 1: buruk
score-2 = 2: kurang
score-3 = 3: cukup
score-4 = 4: baik
score-5 = 5: sangat baik
reply-title = Tulis pesan
reply-about = Dibaca oleh instansi yang menangani.
reply-reopens = Laporan ini sudah ditutup. Pesan Anda membukanya kembali.
reply-merged = Laporan ini berlanjut bersama laporan lain. Tulis bila masalahnya berbeda atau belum tuntas: instansi yang memegang laporan Anda membacanya.
reply-label = Pesan
reply-go = Kirim pesan
reply-sent = Pesan Anda terkirim.
act-too-late = Keadaan laporan sudah berubah, jadi ini tidak dapat dilakukan lagi. Di bawah ini keadaan terbaru.
talk-act-sent-before = Formulir itu sudah terkirim sebelumnya. Bila ini pesan lain, kirim sekali lagi.
talk-unsent = Yang Anda tulis belum terkirim
talk-unsent-about = Salin bila masih diperlukan; halaman ini tidak menyimpannya.
talk-act-refused = Pesan ini tidak dapat dipakai. Persingkat, lalu kirim lagi.
talk-act-too-many = Terlalu banyak yang dikirim dalam waktu singkat. Tunggu beberapa menit, lalu kirim lagi.

# Hak pelapor

rights-title = Hak Anda
reopen-title = Buka kembali laporan
reopen-about = Masalahnya muncul lagi atau belum tuntas? Laporan berlanjut di instansi yang terakhir menangani.
reopen-write = Laporan ini diarsipkan. Tulis apa yang tadinya kurang: kata-kata Anda membukanya kembali, dan instansi yang terakhir menangani membacanya. Berkas dapat ditambahkan setelah laporan terbuka.
reopen-go = Buka kembali
reopen-done = Laporan dibuka kembali.
escalate-title = Minta Ombudsman ikut memeriksa
escalate-about = Dengan persetujuan Anda, Ombudsman Republik Indonesia membaca laporan ini dan dapat mengambil alih.
escalate-about-desk = Ombudsman Republik Indonesia belum tersambung ke LAPOR!. Dengan persetujuan Anda laporan ini ditandai, dan meja nasional LAPOR! menyampaikannya kepada Ombudsman.
escalate-go = Saya setuju
escalate-done = Ombudsman diminta ikut memeriksa.
escalated = Ombudsman sudah diminta ikut memeriksa.
escalated-desk = Anda meminta Ombudsman ikut memeriksa. Ombudsman belum tersambung; meja nasional LAPOR! yang menyampaikannya.
talk-identity-title = Siapa yang menanyakan identitas saya
identity-none = Belum ada yang menanyakan atau melihat identitas Anda.
talk-identity-asked = { $institution } menanyakan identitas Anda
identity-consented = Anda menyetujui
identity-objected = Anda menolak
talk-identity-granted = Identitas diberikan oleh { $institution }
identity-refused = Permintaan ditolak oleh { $institution }
identity-opened = Identitas dilihat di { $institution }
identity-denied = Seseorang di { $institution } mencoba melihat dan ditolak
talk-purpose-contact = Untuk menghubungi Anda.
talk-purpose-eligibility = Untuk memeriksa hak Anda atas layanan.
talk-purpose-examination = Untuk pemeriksaan.
talk-purpose-visit = Untuk mendatangi lokasi.
talk-refusal-reporter-declined = Karena Anda tidak setuju.
talk-refusal-not-needed = Karena tidak diperlukan.
talk-refusal-unknown = Karena identitas Anda tidak kami ketahui.
consent-go = Saya setuju
consent-not = Saya menolak
talk-consent-given = Persetujuan Anda dicatat.
talk-consent-refused = Penolakan Anda dicatat.
consent-is-given = Anda setuju.
consent-is-refused = Anda menolak.
notify-title = Kabar dan kontak
talk-no-letters = Portal ini belum mengirim surel. Perkembangan dan jawaban petugas dapat dibaca di halaman ini dengan kunci Anda. Bila kunci hilang atau perlu bantuan, datang atau hubungi kantor kami.
notify-go = Simpan
notify-on = Kami mengabari Anda lewat surel.
notify-off = Kami tidak mengirim kabar.
notify-no-address = Laporan Anda tidak memuat alamat surel, jadi kabar tidak dapat dikirim. Perkembangannya dapat dibaca di halaman ini dengan kunci Anda.
notify-unproved = Anda meminta kabar lewat surel. Belum ada yang dikirim sebelum surel Anda dibuktikan.
contact-about = Kontak yang dibuktikan dapat menggantikan kunci yang hilang. Kami mengirim kode ke surel atau telepon dalam laporan Anda.
contact-go = Buktikan kontak
contact-none = Laporan Anda tidak memuat kontak tempat kode dapat dikirim. Bila kunci Anda hilang, datang ke loket kami dengan tanda pengenal.
contact-proved = Kontak Anda terbukti. Kunci yang hilang kini dapat diganti.
contact-is-proved = Kontak Anda sudah terbukti: kunci yang hilang dapat diganti.
renew-title = Ganti kunci rahasia
renew-about = Bila orang lain mungkin mengetahui kunci Anda. Semua percakapan yang terbuka akan ditutup, dan kunci lama berakhir begitu kunci baru dipakai.
renew-go = Buat kunci baru
renew-waits = Kunci baru sudah dibuat dan belum dipakai. Bukalah percakapan dengan kunci itu. Bila kunci itu tidak sempat Anda catat, mintalah yang lain lewat kontak yang sudah terbukti.
data-and-erasure = Data saya dan penghapusannya
data-about = Semua yang kami simpan tentang Anda dan laporan ini.
data-open = Lihat data saya
data-title = Data saya
data-lead = Semua yang disimpan di sini tentang Anda dan laporan Anda.
data-identity = Identitas
data-no-identity = Anda tidak meninggalkan identitas.
data-address = Alamat
data-account = Akun
data-key = Kunci dibuat
data-events = Peristiwa dalam laporan
data-conversations = Percakapan terbuka
data-deeds = Catatan
data-deeds-about = Apa yang dicatat tentang tindakan Anda.
data-when = Kapan
data-what = Apa
data-deed-filed = Laporan dikirim
data-deed-completed = Pertanyaan petugas dijawab
data-deed-replied = Balasan dikirim
data-deed-confirmed = Penyelesaian dibenarkan
data-deed-reopened = Laporan dibuka kembali
data-deed-rated = Penilaian diberikan
data-deed-opened = Percakapan dibuka
data-deed-key = Kunci diganti
data-deed-counter = Disampaikan lewat petugas
data-deed-account = Laporan ditambahkan ke akun
data-deed-proved = Kontak dibuktikan
data-deed-read = Data sendiri dilihat
data-deed-erasure = Penghapusan diminta
data-deed-kept = Penghapusan dibatalkan
data-deed-consented = Persetujuan membuka identitas diberikan
data-deed-objected = Persetujuan membuka identitas ditolak
data-deed-escalated = Laporan diteruskan kepada Ombudsman
data-deed-other = Tindakan lain
data-download = Unduh semuanya (JSON)
erasure-about = Anda dapat menarik isi laporan: kata-katanya dihapus di semua instansi, dan di sini semua yang menyebut Anda. Dilakukan { $n } hari kemudian; sampai saat itu dapat dibatalkan.
erasure-about-at-once = Anda dapat menarik isi laporan: kata-katanya dihapus di semua instansi, dan di sini semua yang menyebut Anda. Dilakukan segera, dan sesudah itu tidak dapat dibatalkan.
erasure-ticket = Ketik nomor tiket untuk memastikan
erasure-type-ticket = Ketik nomor tiket laporan ini untuk memastikan penghapusan.
erasure-go = Hapus isi laporan
erasure-asked = Penghapusan akan dilakukan { $n } hari lagi.
erasure-asked-at-once = Penghapusan segera dilakukan.
erasure-waits = Isi laporan ini akan dihapus pada { $day }.
erasure-withdraw = Batalkan penghapusan
erasure-withdrawn = Penghapusan dibatalkan.
erasure-planned = { $institution } memutuskan menghapus isi laporan ini pada { $day }. Alasan: { $reason }. Bila Anda keberatan, batalkan sebelum hari itu.
erasure-begun = Isi laporan ini sedang dihapus. Ini tidak dapat dibatalkan lagi.
erasure-begun-decided = { $institution } sedang menghapus isi laporan ini. Alasan: { $reason }. Ini tidak dapat dibatalkan lagi.
erasure-of-part = Tentang bagian yang menjadi laporan sendiri: { $said }
erasure-other = Alasan lain
