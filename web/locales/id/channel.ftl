# Lewat apa suatu laporan masuk.

channel-web = Situs web
channel-mobile = Aplikasi telepon
channel-sms = SMS
channel-email = Surel
channel-whatsapp = WhatsApp
channel-x = X
channel-facebook = Facebook
channel-messenger = Messenger
channel-telegram = Telegram
channel-social = Media sosial
channel-counter = Datang ke loket
channel-letter = Surat
channel-phone = Telepon
