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

letter-stop = Don't want these letters any more? Open:
letter-news-own-subject = News of report { $ticket }
letter-news-own = There is news of your report, ticket { $ticket }, at { $institution }.
letter-news-half = This is about the part of it that has become a report of its own.
letter-closed-there = The other reporter says that it is done
letter-news-read = Read all of it:
letter-news-asked = { $n ->
    [one] There is a question for you, and nothing goes on until you have answered it.
   *[other] There are { $n } questions for you, and nothing goes on until you have answered them.
} Answer with your ticket and key at:
letter-news-followed-subject = News of the report that you follow at { $institution }
letter-news-followed = There is news of the report that you follow at { $institution }.
letter-news-ended = The report that you follow at { $institution } is not public any more. You get no more letters about it.
letter-news-moved = The report that you follow at { $institution } goes on together with another on the same matter. You follow that one now:
letter-silence-subject = Report { $ticket } waits for your answer
letter-silence = The institution has answered your report, ticket { $ticket }. Without an answer of yours until { $due } it is closed automatically. Answer or rate here:

letter-asking-at = Open the conversation with your ticket and key:
letter-identity-subject = Somebody asks who wrote report { $ticket }
letter-identity = { $institution } asks who wrote the report with ticket { $ticket }. The reason stands in your conversation, where you can also refuse.
letter-identity-anonymous = { $institution } asks who wrote the report with ticket { $ticket }. You reported without your name: it is given only if you agree. The reason stands in your conversation.
letter-reminder-subject = Report { $ticket } waits for your answers
letter-reminder = { $institution } has asked you questions about the report with ticket { $ticket } on { $day }. Until you answer, the work and its deadline stand still.

letter-waits-subject = Waits for you at the desk: { $n }
letter-waits = What waits for you at the desk:
letter-waits-identity = somebody asks who reported; you answer
letter-waits-agreed = the anonymous reporter agrees to be known; you answer
letter-waits-signature = an answer waits for your signature
letter-waits-returned = your answer was given back with a remark
letter-waits-granted = who reported may now be seen by you
letter-waits-declined = your request to learn who reported was refused
letter-waits-hold = has waited long for its reporter; ask again, or decide without an answer
letter-desk = Open the desk:
letter-choose = Choose which letters you get:
letter-due = due { $due }
letter-secret = (confidential)
letter-untitled = (title not received yet)
letter-warning-subject = Report { $ticket } is due soon
letter-warning = Report { $ticket } is due on { $due }.
letter-overdue-subject = Report { $ticket } is overdue
letter-overdue = Report { $ticket } is overdue; its last day was { $due }.
letter-escalated-subject = Report { $ticket } is overdue and nothing was done
letter-escalated = Report { $ticket } is overdue (its last day was { $due }), and nothing has been done since.
letter-arrivals-subject = New reports on your desk: { $n }
letter-arrivals = Reports that wait on your desk: { $n }
letter-arrivals-more = and { $n } more on your desk.
letter-digest-subject = Reports on { $day }
letter-digest = On your desk: { $new } new, { $back } that came back, { $waiting } waiting for the reporter.
letter-handed-subject = Reports given to you: { $n }
letter-handed = Given to you or your unit: { $n }
letter-asked-subject = Reports asked for soon: { $n }
letter-asked = The day that is asked for is near: { $n }
letter-asked-until = asked for by { $day }
letter-digest-handed = Given to you, not opened yet
letter-digest-long-overdue = Long overdue, nothing done
letter-digest-runs-out = Due soon
letter-digest-back = Came back
letter-digest-new = New

letters-title = E-mail
letters-about = The digest is sent in the morning of working days, and only when there is something to do.
letters-off = This institution has not set up a mail server, so no letters are sent.
letters-choice = What is sent to your address
letters-digest = A daily digest
letters-digest-about = One letter each working day: what is new, what you were given, what is due soon, what came back.
letters-each = Each event
letters-each-about = A letter of its own as soon as a report comes, is given to you, or a deadline is near.
letters-none = Nothing
letters-save = Save the choice
letters-chosen = The choice is saved.

follow-title = Follow a report
follow-lead = We write to your address whenever there is news of this report. No account is needed.
follow-address = E-mail address
follow-address-hint = For this report only. It is erased as soon as you stop following.
follow-no-address = Type a whole e-mail address, such as name@example.org.
follow-go = Send a code
follow-off = This institution does not send e-mail yet, so reports cannot be followed. Keep the address of the report's page and open it again.
follow-back = Back to the report
follow-code-title = Type the code from the letter
follow-code-lead = We have just sent a code to that address. With it you show that the address is yours.
follow-code-label = Code
follow-code-hint = Eight digits, good for 15 minutes. Look into the spam folder, too.
follow-code-go = Follow
follow-code-again = Ask for another code
follow-code-wrong = This code does not fit or has expired. Check it, or ask for a new one.
follow-done = You follow this report. Each letter has a link to stop.
unfollow-title = Stop the letters
unfollow-lead = Letters about this report will end, and your address is erased from the list.
unfollow-go = Stop
unfollow-done = There will be no more letters about that report.

post-title = Outgoing letters
post-counts = Waiting: { $waiting }. Refused: { $refused }.
post-oldest = The one that waits longest was written { $at }.
post-empty = No trouble
post-empty-about = All letters are sent or wait for their turn.
post-address = Address
post-written = Written
post-state = State
post-problem = What the mail server says
post-refused = Refused
post-waiting = Waiting
post-drop = Drop from the list
post-dropped = The letter is dropped from the list.
post-back = Back to the account
