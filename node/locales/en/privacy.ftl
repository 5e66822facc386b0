# Privacy: what is kept, where, for how long, who sees it.

privacy-title = Your data and privacy
privacy-lead = What { $institution } keeps when you report, where, for how long, and who sees it.
privacy-report = What you report
privacy-report-about = The words of a report are kept here, at the national desk of LAPOR!, and at each institution that deals with it; an institution that you exclude does not get it; tick Confidential so that it cannot be read on public pages either. On the way they are encrypted; the centre that passes them on cannot read them. Once an officer has accepted it, a report is public without your name. Numbers in it, such as those of identity cards and telephones, are hidden.
privacy-identity = Name, e-mail address, telephone
privacy-identity-about = Kept apart from the report, and only at the institution where you reported. Another that deals with it has to ask for them with a reason. Each request and each opening is noted, and you can read that in your conversation.
privacy-anonymous = Anonymous
privacy-anonymous-about = If you choose to be anonymous, your identity is only given after you have consented yourself.
privacy-secret = Confidential
privacy-secret-about = A confidential report is not public. With its ticket people see only how far it has come.
privacy-files = Pictures and files
privacy-files-about = Place and camera data are removed from pictures. Files of a report are read by the officers who deal with it, and stand on no public page.
privacy-key = Ticket and key
privacy-key-about = With the ticket anybody can track the report. The secret key opens the conversation; we keep only its fingerprint, so that not even we can read it.
privacy-account = Account (if you choose to sign in)
privacy-account-about = An account is only your e-mail address, when it was made, and which reports belong to it. On the page of your reports you can delete it at any time; what is followed with that address is followed no more, the reports stay and are opened with their keys.
privacy-lost = If the key is lost
privacy-lost-about = A new key is asked for through an e-mail address that was proved. If you gave only a telephone number, come to our counter with proof of identity; codes cannot be sent to telephones yet. The officer compares what you say with what is stored without seeing it, and giving the key is recorded.
privacy-browser = In your browser
privacy-browser-about = No trackers, and no services of others. The browser keeps your choice of language and colours, the conversation that is open (twelve hours at most), the receipt (fifteen minutes), the mark of your support (a year), and reports that have not been sent yet. You can remove all of it in the browser.
privacy-long = For how long
privacy-long-about = Reports are kept for good as a record of public service, unless you ask for their words to be erased. The words of letters that have been sent are not kept. A code to enter with lasts fifteen minutes.
privacy-rights = Your rights
privacy-rights-about = In your conversation you can see and download all that is held about you, and ask for the words of the report to be erased. That is done after some days, at all institutions; what is left is the trace of its steps, without words.
