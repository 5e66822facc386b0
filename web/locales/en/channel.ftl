# How a report came in.

channel-web = Web site
channel-mobile = Mobile application
channel-sms = SMS
channel-email = E-mail
channel-whatsapp = WhatsApp
channel-x = X
channel-facebook = Facebook
channel-messenger = Messenger
channel-telegram = Telegram
channel-social = Social media
channel-counter = At the counter
channel-letter = Letter
channel-phone = Telephone
