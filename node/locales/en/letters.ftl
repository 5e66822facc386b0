letter-automatic = This letter was sent automatically. Give your ticket or your key to nobody.

letter-sign-in-subject = Sign-in code of { $institution }
letter-sign-in = Somebody wants to sign in to the reports of { $institution } with this address.
letter-recover-subject = Code for a new key to your report
letter-recover = Somebody asks for a new key to your report at { $institution }, because the old one is lost.
letter-confirm-subject = Code to confirm your address
letter-confirm = This address was given in a report at { $institution }. Confirm that it is yours.
letter-follow-subject = Code to follow a report
letter-follow = Somebody wants to follow a report at { $institution } with this address.
letter-code = Your code: { $code }
letter-code-until = Good until { $until }, and once.
letter-code-ignore = If it was not you, ignore this letter; nothing changes without the code.

letter-reset-subject = A new password for the desk of { $institution }
letter-reset = { $name }, somebody asks for a new password for your account. Open this link within an hour and choose one:
letter-reset-ignore = If it was not you, ignore this letter; your password stays as it is.

letter-test-subject = Test letter from { $institution }
letter-test = This letter proves that the mail server takes letters from the report system.

forgotten-sent = If an account has this address, a link to a new password will be there soon.
forgotten-letter = Type the e-mail address with which you log in. We send a link that is good for an hour.
forgotten-go = Send the link
forgotten-else = No letter arrives?
