letter-automatic = Surat ini dikirim otomatis. Jangan kirim nomor tiket atau kunci Anda kepada siapa pun.

letter-sign-in-subject = Kode masuk { $institution }
letter-sign-in = Seseorang ingin masuk ke halaman laporan { $institution } dengan alamat ini.
letter-recover-subject = Kode untuk kunci laporan yang baru
letter-recover = Seseorang meminta kunci baru untuk laporan Anda di { $institution }, karena kunci yang lama hilang.
letter-confirm-subject = Kode untuk memastikan alamat Anda
letter-confirm = Alamat ini ditulis pada sebuah laporan di { $institution }. Pastikan bahwa alamat ini milik Anda.
letter-follow-subject = Kode untuk mengikuti laporan
letter-follow = Seseorang ingin mengikuti sebuah laporan di { $institution } dengan alamat ini.
letter-code = Kode Anda: { $code }
letter-code-until = Berlaku sampai { $until }, untuk sekali pakai.
letter-code-ignore = Jika bukan Anda yang memintanya, abaikan surat ini; tanpa kode tidak ada yang berubah.

letter-reset-subject = Kata sandi baru untuk meja { $institution }
letter-reset = { $name }, seseorang meminta kata sandi baru untuk akun Anda. Buka tautan ini dalam satu jam dan pilih kata sandi:
letter-reset-ignore = Jika bukan Anda yang memintanya, abaikan surat ini; kata sandi Anda tetap berlaku.

letter-test-subject = Surat percobaan dari { $institution }
letter-test = Surat ini membuktikan bahwa server surat menerima surat dari sistem laporan.

forgotten-sent = Jika alamat itu milik sebuah akun, tautan untuk kata sandi baru segera sampai di sana.
forgotten-letter = Tulis alamat surel yang Anda pakai untuk masuk. Kami mengirim tautan yang berlaku satu jam.
forgotten-go = Kirim tautan
forgotten-else = Tidak ada surat yang sampai?

letter-stop = Tidak ingin menerima surat ini lagi? Buka:
letter-news-own-subject = Kabar laporan { $ticket }
letter-news-own = Ada kabar tentang laporan Anda, tiket { $ticket }, di { $institution }.
letter-news-read = Baca selengkapnya:
letter-news-followed-subject = Kabar laporan yang Anda ikuti di { $institution }
letter-news-followed = Ada kabar tentang laporan yang Anda ikuti di { $institution }.
letter-silence-subject = Laporan { $ticket } menunggu jawaban Anda
letter-silence = Instansi sudah menanggapi laporan Anda, tiket { $ticket }. Jika sampai { $due } tidak ada jawaban dari Anda, laporan ditutup otomatis. Jawab atau nilai di sini:

letter-desk = Buka meja kerja:
letter-choose = Atur surat yang Anda terima:
letter-due = tenggat { $due }
letter-secret = (rahasia)
letter-untitled = (judul belum diterima)
letter-warning-subject = Laporan { $ticket } segera jatuh tempo
letter-warning = Laporan { $ticket } jatuh tempo { $due }.
letter-overdue-subject = Laporan { $ticket } lewat tenggat
letter-overdue = Laporan { $ticket } lewat tenggat sejak { $due }.
letter-escalated-subject = Laporan { $ticket } lewat tenggat dan belum ditangani
letter-escalated = Laporan { $ticket } lewat tenggat sejak { $due }, dan sejak itu belum ada tindak lanjut.
letter-arrivals-subject = { $n } laporan baru di meja Anda
letter-arrivals = { $n } laporan menunggu di meja Anda:
letter-digest-subject = Ringkasan laporan { $day }
letter-digest = Di meja Anda: { $new } laporan baru, { $back } yang kembali, { $waiting } menunggu jawaban pelapor.
letter-digest-runs-out = Segera jatuh tempo
letter-digest-back = Kembali kepada kita
letter-digest-new = Baru

letters-title = Surat surel
letters-about = Ringkasan dikirim pada pagi hari kerja, hanya bila ada yang perlu dikerjakan.
letters-off = Instansi ini belum mengatur server surat, jadi belum ada surat yang dikirim.
letters-choice = Yang dikirim ke alamat Anda
letters-digest = Ringkasan harian
letters-digest-about = Satu surat tiap hari kerja: yang baru, yang segera jatuh tempo, yang kembali.
letters-each = Tiap kejadian
letters-each-about = Surat tersendiri begitu laporan masuk atau tenggat mendekat.
letters-none = Tidak ada
letters-save = Simpan pilihan
letters-chosen = Pilihan surat disimpan.
