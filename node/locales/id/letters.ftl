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
