sso-go = Masuk dengan { $provider }
sso-or = Atau masuk dengan kata sandi:
sso-unknown = Belum ada akun untuk Anda di sini. Minta admin instansi Anda membuatnya.
sso-stale = Cara masuk itu sudah tidak berlaku. Silakan mulai lagi.
sso-away = Layanan masuk instansi Anda sedang tidak dapat dihubungi. Coba lagi nanti, atau masuk dengan kata sandi.
sso-refused = Layanan masuk instansi Anda tidak memastikan siapa Anda. Hubungi admin instansi Anda.
