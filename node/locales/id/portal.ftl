# Portal warga.

portal-name = LAPOR!
nav-track = Lacak

# Halaman depan

front-title = Sampaikan laporan Anda
front-headline = Sampaikan. Kami tindak lanjuti.
front-lead = Keluhan, pertanyaan, atau gagasan tentang layanan publik: tulis sekali di sini, dan laporan Anda sampai ke instansi yang berwenang, di mana pun ia berada.
way-track-title = Lacak laporan
way-track-text = Lihat sampai di mana laporan Anda dan siapa yang menanganinya.
way-track-go = Lacak
way-conversation = Buka percakapan dengan petugas
way-mine = Laporan saya
front-beside = Ini portal { $institution }. Laporan untuk instansi mana pun diterima di sini dan juga di
front-national = portal nasional LAPOR!
front-how = Perjalanan sebuah laporan
front-figures = Laporan dalam angka
figure-all = laporan diterima
figure-open = sedang ditangani
figure-confirmed-by-reporter = selesai, dikonfirmasi pelapor
figure-closed-by-officer = ditutup petugas atas keterangan pelapor
figure-closed-by-silence = ditutup karena pelapor diam
front-archived = diarsipkan dengan alasan
front-merged = digabung dengan laporan lain
figure-joined = instansi terhubung
front-safe = Aman untuk melapor
safe-anonymous = Anonim
safe-anonymous-about = Nama Anda tidak terlihat oleh instansi yang dilaporkan maupun oleh publik.
safe-secret = Rahasia
safe-secret-about = Seluruh isi laporan hanya dibaca oleh yang menanganinya, tidak pernah oleh publik.
safe-trace = Selalu berjejak
safe-trace-about = Setiap langkah tercatat. Tidak ada laporan yang hilang atau dihapus diam-diam.

# Lima langkah

step-written = Tulis laporan
step-written-about = Anda menerima nomor tiket saat itu juga.
step-verification = Verifikasi
step-verification-about = Petugas memeriksa dan meneruskannya ke instansi yang tepat.
step-follow-up = Tindak lanjut
step-follow-up-about = Instansi mengerjakan dan melaporkan hasilnya.
step-response = Beri tanggapan
step-response-about = Anda menilai jawabannya, atau bertanya lagi.
step-done = Selesai
step-done-about = Laporan ditutup dan dapat dibuka kembali.
step-not-walked = Tidak dijalani.
step-closed-about = { $how }. Laporan dapat dibuka kembali.
step-archived-about = Laporan berakhir di sini dengan alasan dan dapat dibuka kembali.
step-merged-about = Laporan ini berlanjut bersama laporan itu.

# Pelacakan

track-title = Lacak laporan
track-lead = Masukkan nomor tiket yang Anda terima saat melapor.
track-of = Laporan { $ticket }
track-filed = Diterima
track-custodian = Kini ditangani oleh
track-steps = Sampai di mana
track-course = Riwayat
track-goes-on = Buka laporan tempat laporan ini berlanjut
track-another = Lacak laporan lain
track-secret = Laporan rahasia
track-secret-about = Isi laporan ini hanya untuk pelapor dan yang menanganinya. Di sini hanya terlihat langkahnya.
track-erased = Isi laporan ini sudah dihapus. Yang tersisa hanyalah apa yang terjadi dengannya, tanpa kata-katanya.
track-untitled = Laporan
left-badge = Tidak lagi di sini
left-since = Sejak { $day }, { $institution } tidak lagi mendapat kabar tentang laporan ini.
left-since-with = Sejak { $day }, { $institution } tidak lagi mendapat kabar tentang laporan ini. Waktu itu laporan ini ada di { $custodian }.
left-secret = { $institution } tidak lagi mendapat kabar tentang laporan ini.
left-track = Kelanjutannya dapat dilacak dengan tiket yang sama di portal tempat laporan ini ditulis.
left-track-at = Kelanjutannya dapat dilacak dengan tiket yang sama di portal { $institution }, tempat laporan ini ditulis.
left-or = Atau lacak di
ticket-label = Nomor tiket
ticket-hint = Sepuluh huruf dan angka, misalnya 4F7KX-92MQ3. Huruf kecil, spasi, dan tanda hubung tidak masalah.
ticket-mistyped = Nomor tiket ini salah ketik. Periksa kesepuluh huruf dan angkanya.
ticket-unknown = Tidak ada laporan dengan nomor tiket ini di sini. Mungkin laporan itu ditulis di portal lain: lacak di sana, atau di portal nasional ({ $institution }).
ticket-unknown-national = Tidak ada laporan dengan nomor tiket ini di sini. Mungkin laporan itu ditulis di portal instansi lain: lacak di sana.

# Status

state-received = Menunggu verifikasi
state-verified = Terverifikasi
state-held = Menunggu jawaban pelapor
state-disposed = Diteruskan ke instansi
state-in-progress = Sedang ditindaklanjuti
state-answered = Menunggu tanggapan pelapor
state-replied = Pelapor sudah menanggapi
state-closed = Selesai
state-archived = Diarsipkan
state-merged = Digabung dengan laporan lain
outcome-confirmed = Selesai, dikonfirmasi pelapor
outcome-officer = Selesai, ditutup petugas atas keterangan pelapor
outcome-silence = Selesai otomatis, tanpa tanggapan pelapor
badge-disposed = Terdisposisi ke { $institution }
badge-followed-up = Ditindaklanjuti oleh { $institution }
badge-ends = Selesai otomatis dalam { $n } hari kerja
badge-ends-today = Selesai otomatis setelah hari ini

# Riwayat

event-received = Laporan diterima
event-verified = Laporan diverifikasi
event-disposed = Diteruskan ke { $institution }
event-held = Ditunda: pelapor diminta melengkapi
event-completed = Pelapor melengkapi laporan
event-followed-up = Tindak lanjut
event-returned = Dikembalikan: bukan wewenang instansi ini
event-split-off = Dipisahkan dari laporan lain
event-escalated = Pelapor meminta { $institution } ikut memeriksa
event-succeeded-of = Tugas { $institution } dilanjutkan oleh penerusnya
event-merged-here = Laporan lain tentang hal yang sama digabung ke sini
event-waits = Menunggu jalur pusat: instansi lain belum menerimanya.
event-reopened = Dibuka kembali
event-confirmed = Selesai: dikonfirmasi pelapor
event-archived = Laporan diarsipkan

# Alasan pengarsipan

archive-not-a-report = Isinya bukan laporan tentang layanan publik.
archive-incomplete = Keterangannya belum cukup untuk ditindaklanjuti.
archive-no-answer = Pertanyaan petugas kepada pelapor tidak dijawab.
archive-duplicate = Laporan yang sama sudah ditangani.
archive-outside-government = Masalahnya di luar wewenang pemerintah.
archive-before-a-court = Masalahnya sedang diperiksa pengadilan.
archive-answered-elsewhere = Sudah dijawab melalui saluran lain.
archive-abusive = Isinya melanggar ketentuan penggunaan.
archive-other = Alasan lain.
returned-not-our-authority = Alasan: bukan wewenang instansi ini.
returned-wrong-region = Alasan: terjadi di wilayah lain.
returned-another-level = Alasan: wewenang tingkat pemerintahan lain.
returned-belongs-to-another = Alasan: tugas instansi lain.
returned-other = Alasan: lainnya.
returned-suggested = Menurut instansi ini, yang berwenang: { $institution }.
