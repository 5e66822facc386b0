# The reporter's conversation with the institution.

track-yours = Is this your report? In the conversation you answer, rate, and read all of it.
clock-label = Deadline

# Entering

enter-title = Your conversation
nav-conversation = My reports
enter-lead = Open it with the ticket and the secret key that you got when you reported.
enter-refused = This ticket and this key do not open a conversation. Check both; every digit counts.
enter-too-often = Too many attempts.
enter-else = Other ways
key-only-way = This portal does not send e-mail or text messages yet, so there is no code to enter with. If the key is lost, come to our counter with proof of identity, or track the report by its ticket.
key-hint = Sixteen digits. Spaces do not matter.
conversation-ended = The conversation was closed for your safety. Open it again with ticket and key.
conversation-closed = The conversation is closed. Nothing is left on this device.
conversation-leave = Close the conversation
conversation-back = Back to the conversation
conversation-of = Conversation { $ticket }
conversation-course = Conversation
conversation-erased = The words of this report have been erased. Only the trace of its steps is left.
conversation-on-behalf = on behalf of { $institution }
conversation-supports = Have this trouble too

# Codes

lost-title = Lost key
lost-lead = { $ways ->
    [both] If your e-mail address or telephone number stands in the report and was proved, we send a code there. With the code you get a new key. Otherwise come to our counter with proof of identity.
    [text] If your telephone number stands in the report and was proved, we send a code there by text message. With the code you get a new key. Otherwise come to our counter with proof of identity.
   *[mail] If your e-mail address stands in the report and was proved, we send a code there. With the code you get a new key. Gave only a telephone number? Come to our counter with proof of identity; codes cannot be sent to telephones yet.
}
citizen-title = Enter without a key
citizen-lead = { $ways ->
    [both] With your e-mail address or telephone number you see all reports that you wrote after signing in or whose contact was proved. No password: we send a code.
    [text] With your telephone number you see all reports that you wrote after signing in or whose number was proved. No password: we send a code by text message.
   *[mail] With your e-mail address you see all reports that you wrote after signing in or whose address was proved. No password: we send a code.
}
citizen-contact = { $ways ->
    [both] E-mail address or telephone number
    [text] Telephone number
   *[mail] E-mail address
}
citizen-contact-hint = { $ways ->
    [both] For instance name@example.org, or an Indonesian mobile number such as 0812 3456 7890.
    [text] An Indonesian mobile number, for instance 0812 3456 7890.
   *[mail] For instance name@example.org. Codes cannot be sent to a telephone yet.
}
citizen-contact-unusable = { $ways ->
    [both] Write a whole e-mail address, or an Indonesian mobile number.
    [text] Write a whole Indonesian mobile number: codes are sent by text message only.
   *[mail] Write a whole e-mail address: codes are sent by e-mail only.
}
code-send = Send a code
code-too-often = Too many requests.
code-title-citizen = Enter the code
code-lead-citizen = If we know the contact, a code of eight digits is sent there; it is good for fifteen minutes. Has it not come? Look into your text messages or the spam folder of your mail, or ask again ten minutes later.
code-digits = Code
code-digits-hint = Eight digits. Spaces do not matter.
code-go = Go on
code-cancel = Cancel
code-wrong = This code does not fit or has expired. Check it, or ask for a new one.
new-key-title = Your new key
new-key-lead = Write it down or print it now: this key is shown only once. The old key is good for nothing any more.
new-key-beside-lead = Write it down or print it now: this key is shown only once. Open the conversation once with this new key; from then on the old one no longer works.
following-begun = You now follow that report.

# My reports

mine-title = My reports
mine-back = All my reports
mine-none = There is no report yet
mine-none-about = Reports that you write after signing in, and reports whose contact you have proved, are shown here.
mine-of = Account { $account }
mine-add = Add a report by its ticket and key
mine-add-about = For a report that you sent without signing in. From then on a replaced key goes to the contact of this account; news too, if that is an e-mail address.
mine-add-go = Add
mine-added = The report is now with your account.
mine-add-refused = This ticket and this key do not fit. Check both; each digit counts.
mine-add-others = This report belongs to the account of another contact.
mine-end = Delete my account
mine-end-about = The account and its links to reports are deleted; the reports stay. Public reports and programmes that are followed with the account's contact are followed no more. From then on each report is opened with its ticket and key, so make sure that you have kept the keys. The words of a report are erased in its own conversation. Should you sign in again with the same contact, reports whose contact was proved are shown again.
mine-end-sure = Yes, delete my account
mine-end-tick = Tick it to make sure that the account is to be deleted.
mine-ended = Your account is deleted. If you signed in with an e-mail address, we tell you so there.

# Deadlines

talk-clock-verification = Verification
talk-clock-first-follow-up = First follow-up
clock-answer = Answer
talk-clock-disposer = Date set by whoever passed it on
talk-clock-silence = Closed by itself if you do not answer
talk-clock-left = { $what }: { $n ->
    [one] { $n } working day
   *[other] { $n } working days
} left, until { $day }
clock-today = { $what }: today
talk-clock-overdue = { $what }: { $n ->
    [one] { $n } working day
   *[other] { $n } working days
} late, since { $day }
talk-clock-overdue-now = { $what }: overdue, since { $day }

# What happened

did-file = You wrote the report
did-complete = You completed the report
did-reply = You wrote
did-confirm = You said that it is done
did-rate = You gave { $n } of 5
did-escalate = You asked the Ombudsman to examine it
closed-officer = Closed by an officer, who noted that the reporter is content
closed-silence = Closed by itself, because there was no answer
event-files = { $n ->
    [one] With a file, which the reporter can open.
   *[other] With { $n } files, which the reporter can open.
}
event-answered = Follow-up, proposed to be done
event-recalled = Taken back by whoever passed it on
event-merged = Merged with another report on the same matter
event-unmerged = Separated again from another report
event-split = A part has become a report of its own
event-taken-over = Taken over by the supervisor
event-succeeded = Continued by the succeeding institution
event-erased = The words of the report were erased
event-other = Something happened
file-of-office = Document
linked-merged = This report goes on together with another
linked-child = Split off from this report
linked-parent = The original report
linked-open = Open its conversation

# Answers

answer-title = There are questions for you
answer-about = The work and its deadline wait for your answer.
answer-more = Anything else
answer-go = Send the answers
answer-sent = Your answers have been sent. The work goes on.
answer-left-out = not answered
answer-yes = Yes
answer-no = No
answer-choose = Choose an answer
answer-place-hint = An address, a landmark, or coordinates.
answer-picture-hint = Attach it with the files below; you may write here what it shows.
answer-no-date = “{ $question }” asks for a date that there is.
answer-no-choice = “{ $question }” asks for one of its choices.
answer-place-coordinates = “{ $question }”: coordinates are the latitude (-90 to 90), then the longitude (-180 to 180), such as -6.9175, 107.6191.
answer-place-abroad = “{ $question }”: these coordinates lie outside of Indonesia. Check the numbers, or answer in words.
answer-place-region = “{ $question }”: there is no region of this code.
answer-missing = Answer at least one question.
answer-asked-anew = The questions have changed meanwhile. Answer the ones that are shown now.
answer-too-long = Each answer has at most { $most } characters.
confirm-title = Is the matter done?
confirm-about = If it is not, write what is still missing: the work goes on.
confirm-go = Yes, it is done
confirm-not = Not yet
confirm-another = There is a new follow-up since you opened this page, and the report is not closed yet. Read it first, then choose again.
confirm-done = Thank you. The report is closed on your word.
rate-title = How was it handled?
rate-label = Your rating
rate-choose = Choose 1 to 5.
rate-go = Send the rating
rate-done = Thank you for your rating.
score-1 = 1: bad
score-2 = 2: poor
score-3 = 3: fair
score-4 = 4: good
score-5 = 5: very good
reply-title = Write a message
reply-about = It is read by the institution that handles the report.
reply-reopens = This report has been closed. Your message opens it again.
reply-merged = This report goes on together with another. Write if it is another matter or has not been solved: the institution that had your report reads it.
reply-label = Message
reply-go = Send the message
reply-sent = Your message has been sent.
act-too-late = The report has changed meanwhile, so this cannot be done any more. Below is how it stands.
talk-act-sent-before = That form was sent before. If this is another message, send it once more.
talk-unsent = What you wrote has not been sent
talk-unsent-about = Copy it if you still need it; this page does not keep it.
talk-act-refused = This message cannot be used. Shorten it, then send it again.
talk-act-too-many = Too much was sent in a short time. Wait some minutes, then send it again.

# Rights

rights-title = Your rights
reopen-title = Reopen the report
reopen-about = Has the trouble come back, or is it not over? The report goes on at the institution that had it last.
reopen-write = This report was put aside. Write what was missing: your words open it again, and the institution that had it last reads them. Files can be added once it is open.
reopen-go = Reopen
reopen-done = The report is open again.
escalate-title = Ask the Ombudsman to examine it
escalate-about = With your consent the Ombudsman of the Republic of Indonesia reads this report and may take it over.
escalate-about-desk = The Ombudsman of the Republic of Indonesia is not connected to LAPOR! yet. With your consent this report is marked, and LAPOR!'s national desk passes it on.
escalate-go = I agree
escalate-done = The Ombudsman has been asked to examine it.
escalated = The Ombudsman has been asked to examine it.
escalated-desk = You have asked the Ombudsman to examine. The Ombudsman is not connected yet; LAPOR!'s national desk passes it on.
talk-identity-title = Who asked for my identity
identity-none = Nobody has asked for your identity or looked at it.
talk-identity-asked = { $institution } asks for your identity
identity-consented = You agreed
identity-objected = You refused
talk-identity-granted = { $institution } gave the identity
identity-refused = { $institution } refused the request
identity-opened = The identity was looked at in { $institution }
identity-denied = Somebody in { $institution } tried to look and was refused
talk-purpose-contact = To contact you.
talk-purpose-eligibility = To check your right to the service.
talk-purpose-examination = For an examination.
talk-purpose-visit = To visit the place.
talk-refusal-reporter-declined = Because you did not agree.
talk-refusal-not-needed = Because it is not needed.
talk-refusal-unknown = Because we do not know your identity.
consent-go = I agree
consent-not = I refuse
talk-consent-given = Your consent has been noted.
talk-consent-refused = Your refusal has been noted.
consent-is-given = You agreed.
consent-is-refused = You refused.
notify-title = News and contact
talk-no-letters = This portal does not send e-mail yet. What happens and what officers answer can be read on this page with your key. If the key is lost or you need help, visit or call our office.
notify-go = Save
notify-on = We tell you by e-mail.
notify-off = We send no news.
notify-no-address = Your report tells no e-mail address, so no news can be sent. Whatever happens can be read on this page with your key.
notify-unproved = You asked for news by e-mail. No letter is sent before your address has been proved.
contact-about = A proved contact can replace a lost key. We send a code to the e-mail address or telephone in your report.
contact-go = Prove the contact
contact-none = Your report holds no contact to which a code can be sent. If your key is lost, come to our counter with proof of identity.
contact-proved = Your contact is proved. A lost key can now be replaced.
contact-is-proved = Your contact is proved: a lost key can be replaced.
renew-title = Change the secret key
renew-about = If somebody else may know your key. All open conversations are closed, and the old key ends when the new one is used.
renew-go = Make a new key
renew-waits = A new key was made and has not been used yet. Open the conversation with it. If you could not write it down, ask for another through the contact that you have proved.
data-and-erasure = My data and their erasure
data-about = Everything that we keep about you and this report.
data-open = See my data
data-title = My data
data-lead = Everything that is kept here about you and your report.
data-identity = Identity
data-no-identity = You left no identity.
data-address = Address
data-account = Account
data-key = Key made
data-events = Events of the report
data-conversations = Open conversations
data-deeds = Notes
data-deeds-about = What has been noted of what you did.
data-when = When
data-what = What
data-deed-filed = Report sent
data-deed-completed = Officer’s questions answered
data-deed-replied = Reply sent
data-deed-confirmed = Completion confirmed
data-deed-reopened = Report reopened
data-deed-rated = Rating given
data-deed-opened = Conversation opened
data-deed-key = Key replaced
data-deed-counter = Said to an officer
data-deed-account = Report added to the account
data-deed-proved = Contact proved
data-deed-read = Own data looked at
data-deed-erasure = Erasure asked for
data-deed-kept = Erasure called off
data-deed-consented = Agreed that the identity is opened
data-deed-objected = Refused that the identity is opened
data-deed-escalated = Report passed to the Ombudsman
data-deed-other = Another act
data-download = Download all of it (JSON)
erasure-about = You can withdraw the words of the report: they are erased at all institutions, and here everything that names you. It is done { $n ->
    [one] { $n } day
   *[other] { $n } days
} later; until then it can be called off.
erasure-about-at-once = You can withdraw the words of the report: they are erased at all institutions, and here everything that names you. It is done at once, and cannot be called off after that.
erasure-ticket = Type the ticket to make sure
erasure-type-ticket = Type the ticket of this report to make sure that its words are to be erased.
erasure-go = Erase the words of the report
erasure-asked = It will be erased in { $n ->
    [one] { $n } day
   *[other] { $n } days
}.
erasure-asked-at-once = It will be erased at once.
erasure-waits = The words of this report will be erased on { $day }.
erasure-withdraw = Call off the erasure
erasure-withdrawn = The erasure has been called off.
erasure-planned = { $institution } has decided to erase the words of this report on { $day }. Reason: { $reason }. If you object, call it off before that day.
erasure-begun = The words of this report are being erased. It can no longer be called off.
erasure-begun-decided = { $institution } is erasing the words of this report. Reason: { $reason }. It can no longer be called off.
erasure-of-part = About the part that has become a report of its own: { $said }
erasure-other = Another reason
