# The page of telephones of the demonstration.

phones-name = Telephones
phones-title = Telephones
phones-lead = Write here as citizens do: by SMS, X, Facebook, Messenger, WhatsApp, Telegram, e-mail, or the application of a city. The answer comes back to the same place. All of it is a stand-in on this machine; nothing leaves it.
phones-again = Load again
phones-none = Nobody has written yet.
phones-write = Write by { $line }
phones-send = Send
phones-place = Share a place
phones-picture = Send a picture
phones-unreached = Not sent: { $why }
phones-citizen = Citizen
phones-other = Somebody else
phones-officer = Officer of the city
phones-institution = LAPOR!
phones-privately = LAPOR!, in private
phones-sms = Begin with LAMPU for street lights in Bandung. What is long goes in several messages.
phones-x = Everybody reads it. Name @LAPOR1708 or #lapor for a new report; all else is a reply.
phones-facebook = Comments on our page. Those with #lapor become reports; the ticket comes in private.
phones-messenger = A conversation with our page, apart from the comments.
phones-whatsapp = It asks for what is missing: the place, then a picture.
phones-telegram = A bot that asks for what is missing.
phones-open311 = The application of a city, which reports to the node of Kota Bandung and reads what becomes of it.
phones-email = Letters to the mailbox of the national desk. Begin with a line "Perihal: ..." for a new report; all else answers our last letter. One address is answered five times, then once every 12 minutes.
phones-city = The own service of a city. What is reported here is taken by the node of Kota Bandung within seconds; reports about roads that are verified at the node appear here. Begin with "Selesai" to close the last one, as an officer of the city.
