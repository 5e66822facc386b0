# Writing a report.

nav-file = Report
way-file-title = Write a report
way-file-text = A complaint, a request for information, or an aspiration. No account needed; it takes a few minutes.
way-file-go = Start writing
way-reports-title = Look around
way-reports-text = Read public reports and support those that you have experienced too.
way-reports-go = See public reports

filing-title = Write a report
filing-lead = Tell us what happened. Only the first three fields are needed; the rest helps us to be quicker.
filing-programme = This report is about the programme
filing-no-programme = This programme is not known. Open the form from the programme's page again, or name the programme in your text.
filing-trap = Leave this field empty
filing-what = What happened
filing-kind = Kind of report
filing-choose-kind = Choose what kind of report it is.
kind-complaint = Complaint
kind-complaint-about = Something is wrong and has to be dealt with.
kind-information = Request for information
kind-information-about = You want to know something about a public service.
kind-aspiration = Aspiration
kind-aspiration-about = A proposal or an idea that makes services better.
filing-subject = Title
filing-subject-hint = One sentence, such as: Street light out in Jalan Cikutra.
filing-content = Your report
filing-content-hint = What, since when, and what follows from it. Write no identity or telephone numbers here: they have a place below.
filing-where = Where and when
filing-region = Region
filing-region-hint = Type the name of a regency, a city or a province.
filing-region-which = Which region do you mean?
filing-choose-region = There are several regions with this name. Choose one below.
filing-no-region = This region was not found. Check its spelling, or leave it empty.
place-unknown = the sea, abroad, or an island that this map does not have
filing-region-moved = The region was changed to { $region }, by the position. Write the regency or city if you know it.
filing-region-ask = This position lies in { $place }. Write the region where it happened.
filing-place-apart = The coordinates lie in { $place }, the region is { $region }. Change one of them, or tick that both are right.
filing-both-right = Region and coordinates are both right
filing-place = Place
filing-place-hint = A street, a building, or the nearest landmark.
filing-coordinates = Coordinates
filing-coordinates-hint = Decimal degrees, such as -6.9175 and 107.6191.
filing-latitude = Latitude
filing-longitude = Longitude
filing-coordinates-unusable = Write both coordinates in decimal degrees: latitude -90 to 90, longitude -180 to 180.
filing-here = Use my position
filing-here-found = Your position has been filled in.
filing-here-refused = The position cannot be read. Describe the place in words.
filing-date = Date of the incident
filing-date-unusable = Write a whole date, such as 2026-11-26.
filing-date-ahead = This date has not come yet.
filing-whom = What it is about, and for whom
filing-whom-about = You do not know? Leave it empty: an officer passes it on to the right institution.
filing-category = Category
filing-category-open = Let the officer decide
filing-no-category = This category does not exist any more. Choose another.
category-all = { $category }: all
filing-institution = Institution
filing-institution-hint = If you know its name. A name that we do not know is written at the end of the report, and an officer decides.
filing-institution-typed = Institution meant by the reporter: { $institution }
institution-which = Which institution is meant?
institution-several = There are institutions of a similar name. Choose below, or write more of the name.
institution-none = None of them: let an officer decide
filing-no-institution = This institution is not known. Choose a name from the list, or leave it empty.
filing-who = About you
filing-who-about = All of it is optional. These data are kept apart from the report.
filing-anonymous = Anonymous
filing-anonymous-hint = Your name is hidden from the institution that handles the report and from the public.
filing-secret = Confidential
filing-secret-hint = The whole report is hidden from the public.
filing-name = Name
filing-email = E-mail
filing-phone = Telephone
filing-email-unusable = Write a whole e-mail address, such as name@example.org.
filing-phone-unusable = Write a whole telephone number, such as 0812 3456 7890.
filing-notify = Tell me by e-mail when something happens
filing-notify-hint = We send a code to that address first, to be sure that it is yours.
filing-notify-needs-email = Write the e-mail address at which we can tell you.
filing-no-letters = This portal does not send e-mail yet: read here, with the ticket number, what happens. An officer can reach you by the address or telephone number that you write.
filing-account = Keep this report in the account { $account }
filing-account-hint = Whoever signs in with that account can read it, a confidential report too. Leave this unticked if the account is not yours.
filing-exclude = There is an institution that must not receive this report
filing-excluded = Excluded institution
filing-excluded-hint = Write one institution on each line. It will never receive this report.
filing-excluded-open = Everybody can read an open report, excluded institutions too. Choose whether this report is kept confidential.
filing-open = May this report be on public pages?
filing-open-hint = To be answered where an institution is excluded.
filing-open-secret = Keep the report confidential
filing-open-all = It may be open, that institution can read it too
filing-excluded-several = “{ $line }” may mean several institutions. Write which one: { $institutions }.
filing-excluded-unknown = “{ $line }” is not known. Write the institution's name as it stands in the list.
filing-exclude-find = Find an institution
filing-exclude-add = Add
filing-elsewhere = What you wrote stays here. Copy it and paste it at the national LAPOR! portal. Exclude this institution once more there: that portal does not know what you wrote here.
filing-elsewhere-go = Open the national portal
filing-copy = Copy title, content and excluded institutions
filing-copied = Copied
filing-excludes-many = At most { $most } institutions can be excluded.
filing-excludes-us-files = The files that you sent are deleted from the server of this institution. Attach them again at the national portal.
filing-excludes-us = This portal is that institution's own. Write your report at the national LAPOR! portal, and exclude this institution there.
filing-excludes-suggested = This is also the institution that you chose. Decide for one of the two.
filing-send = Send the report
filing-busy = Sending…
filing-next = You then get a ticket and a secret key with which you follow the report.
filing-key-mail = { $ways ->
    [both] If the key is lost, a new one is asked for through the e-mail address or telephone that you wrote above, once it has been proved with a code. Without one, come to our counter with proof of identity and tell the name that you wrote; without any of it, nobody can replace it.
    [text] If the key is lost, a new one is asked for through the telephone that you wrote above, once its number has been proved with a code. Without one, come to our counter with proof of identity and tell the address or name that you wrote; without any of it, nobody can replace it.
   *[mail] If the key is lost, a new one is asked for through the e-mail address that you wrote above, once that address has been proved with a code. Without one, come to our counter with proof of identity and tell the telephone number or name that you wrote; without any of it, nobody can replace it.
}
filing-key-only = Keep the key well. If it is lost, come to our counter with proof of identity and tell the telephone number, address or name that you wrote; without any of it, nobody can replace it.
filing-too-often = The report has not been sent
filing-too-often-about = Many reports have come from this connection or this contact already. What you wrote is still below.
filing-sent-before = This form was sent before with another text. If this is a new report, send it once more.
filing-refused = This report cannot be used. Shorten its text, then send it again.

# Files

files-label = Attachments
files-hint = Pictures, PDF or video, { $most } files at most. Place and camera data are removed from pictures and videos; the author, title, dates and the data of pictures are removed from a PDF. A PDF that is encrypted or digitally signed is sent as it is; notes and files put into a PDF stay in it.
files-hint-staff = Pictures, PDF, video or office documents, { $most } files at most. Place and camera data are removed from pictures and videos; the author, title, dates and the data of pictures are removed from a PDF. A PDF that is encrypted or digitally signed is sent as it is; notes and files put into a PDF stay in it.
files-held = Attached files
files-along = It goes with this form.
files-sending = Sending
files-waiting = The line is broken. It goes on by itself as soon as it is back.
files-failed = It could not be sent. Choose the file once more.
files-remove = Remove from the list
files-too-many = { $most } files at most.
files-too-often = Too many files in a short time. { $wait }
files-busy = Too many files are being looked at. { $wait }
files-no-room = No files can be taken in here for now. Send the report without one; you can add it later in the conversation.
file-wrong-kind = { $name }: this kind of file is not taken. Send pictures (JPEG, PNG, WebP), PDF or video (MP4, MOV, WebM).
file-too-large = { $name }: this file is too large. A file may have { $most } at most; a picture may not have too many pixels either.
file-no-room-staff = { $name }: the room for files of officers is full. Send it without this file, or try again later.
file-unusable = { $name }: this file is damaged or empty. Choose another.
file-gone = { $name }: this file is not here any more. Attach it once more.
file-picture = Picture
file-video = Video
file-document = PDF
size-kb = { $n } KB
size-mb = { $n } MB

# Suggestions

hints-ask = Suggest an institution
hints-label = This may be up to
hints-open = Let the officer decide
hints-open-about = The safest choice if you are not sure.
hints-none = There is no suggestion yet. Complete the title and the text, or let the officer decide.
filing-hint-named = The report names it: { $words }.
filing-hint-subject = It deals with this: { $words }.
filing-hint-category = It is responsible for { $category }.
filing-hint-place = It governs { $region }.
filing-hint-past = { $n ->
    [one] { $n } similar report was handled here.
   *[other] { $n } similar reports were handled here.
}
filing-hint-reporter = You named it.
filing-hint-returned = { $institution } suggests it.
alike-title = This may have been reported already
alike-about = If one of them is what you have experienced, support it: the voices then gather in one place.
alike-support = I have this trouble too
distance-m = about { $n } m away
distance-km = about { $n } km away
compare-title = Is this your report?
compare-lead = These reports are like the one that you wrote. If one is the same, support it: what is under way need not begin anew.
compare-other = None of them?
compare-other-about = Your report has not been sent yet. Send it as a new report, or go back to edit it.
compare-send = Send my report
compare-edit = Go back to edit

# Receipt

receipt-title = We have received your report
receipt-lead = Write down or print these two numbers. The secret key is shown only once.
receipt-ticket-about = For tracking the report. You may tell it to others.
receipt-portal = Address of the portal
key-label = Secret key
receipt-key-about = Together with the ticket it opens your conversation with the officers. Give it to nobody.
receipt-recoverable = If this key is lost, you can ask for a new one through your contact, which has been proved.
receipt-unproved = No letter goes to your e-mail address yet, and a lost key cannot be replaced through it: it has to be proved first. We send a code there; type it in, and come back here.
receipt-unproved-text = A lost key cannot be replaced through your telephone yet: its number has to be proved first. We send a code by text message; type it in, and come back here.
receipt-unrecoverable = Keep this key well. If it is lost, come to our counter with proof of identity and tell the telephone number, address or name that you wrote; if you wrote none, it cannot be replaced.
receipt-open = Open the conversation
receipt-print = Print
receipt-kept = I have kept them
receipt-next = What happens now
receipt-next-written = It is stored, and cannot be lost.
receipt-next-verification = An officer looks at the report within three working days. If something is not clear, the questions appear in your conversation.
receipt-next-follow-up = The institution in charge works on it and writes what it has done.
receipt-next-response = You judge: done, or not yet.
receipt-gone = These numbers are not shown any more
receipt-gone-about = For your safety, ticket and key are shown only for a short time after a report was sent.
