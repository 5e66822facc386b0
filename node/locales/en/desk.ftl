# The officers' desk.

desk-name = Desk
desk-account = My account
hub-maintenance-on = The hub is in maintenance until { $until } ({ $reason }). Reports are taken and worked on here all the same, and sent afterwards.
hub-maintenance-ahead = The hub plans maintenance from { $from } to { $until } ({ $reason }). Reports are taken and worked on here all the same, and sent afterwards.

# Logging in

sign-in-lead = For staff of the institution. Reporters need no such account.

# Passwords

forgotten-lead = The admin of your institution can give you a link for a new password.
forgotten-admin = Call them or see them in person, so that they can be sure it is you who asks. The link works once.

# First set-up

setup-about = This node has no admin yet.
setup-where = Open the link that was shown when the node started, or make another on the node's machine:
setup-lead = Make the account of the institution's admin, who makes the accounts of other officers.
setup-institution = Institution
setup-zone = Time zone
setup-contact = Contact
setup-contact-none = Not given yet; it is filled in once this account is made
setup-done = The admin account is made. Now prepare the node, step by step.

# One's own account

account-administer = Look after the institution

# Officers

role-admin = Institution admin
role-admin-about = Handles the reports of all units; looks after officers and units.
role-officer = Officer
role-officer-about = Handles the reports of a unit.
role-leader = Leader
role-leader-about = Reads, and signs answers that need it.
role-identity-keeper = Keeper of identities
role-identity-keeper-about = Opens reporters' identities when asked; handles no reports.

# Units

units-title = Units
units-lead = Parts of the institution to which reports are given. Other institutions do not see them.
units-none = No units yet
units-none-about = A small institution needs none.
unit-name = Name of the unit
unit-short = Short name
unit-short-hint = Small letters, digits and hyphens, such as dinas-pu. It cannot be changed.
unit-parent = Part of
unit-add = Add a unit
unit-added = The unit is added.
unit-close = Close
unit-closed = The unit is closed.
unit-is-closed = Closed
unit-in-use = This unit still has parts or active officers.
unit-unusable = Use small letters, digits and hyphens only, at most 40.
unit-parent-unusable = Choose a unit that is no part of another.
unit-taken = This short name is taken.

# The audit log

audit-case = Ticket
audit-half = Part of { $ticket }

# Deeds of the audit log

did-report-filed = Report filed
did-report-completed = Report completed
did-case-verified = Report verified
did-case-held = Report held
did-case-archived = Report archived
did-case-disposed = Report passed on
did-case-returned = Report returned
did-case-recalled = Report recalled
did-case-followed-up = Follow-up written
did-case-noted = Note written
did-case-replied = Reply written
did-case-closed = Report closed
did-case-reopened = Report reopened
did-case-rated = Report rated
did-case-supported = Report supported
did-case-linked = Reports merged
did-case-unlinked = Merge undone
did-case-split = Report split
did-case-escalated = Report escalated
did-case-succeeded = Report went to a successor
did-case-taken-over = Report taken over
did-case-redacted = Words of a report erased
did-case-assigned = Report assigned
did-case-numbered = Number in the own application noted
did-identity-requested = Identity asked of another institution
did-identity-disclosed = Identity disclosed
did-identity-refused = Identity refused
did-identity-asked = Identity asked for
did-identity-opened = Identity opened
did-identity-objected = Reporter objected
did-identity-granted = Request for an identity granted
did-identity-denied = Request for an identity denied
did-identity-declined = Reporter declined
did-identity-consented = Reporter consented
did-answer-drafted = Answer drafted
did-answer-approved = Answer approved
did-answer-corrected = Answer corrected
did-answer-returned = Answer returned
did-answer-dropped = Answer dropped
did-act-dropped = Act without effect dropped
did-counter-said = Word at the counter taken down
did-counter-key-given = New key given at the counter
did-counter-key-refused = New key at the counter refused
did-citizen-report-added = Report added to the reporter's account
did-citizen-account-erased = Reporter's account deleted by its owner
did-abuse-marked = Marked as possible abuse
did-abuse-cleared = Cleared of abuse
did-conversation-opened = Conversation opened by the reporter
did-reporter-key-changed = Reporter's key changed
did-reporter-contact-proved = Reporter's contact proved
did-own-data-read = Own data read by the reporter
did-erasure-asked = Erasure asked for
did-erasure-withdrawn = Erasure withdrawn
did-erasure-done = Erasure done
did-erasure-planned = Erasure of a report’s words decided
did-erasure-confirmed = Erasure of a report’s words confirmed by a second person
did-erasure-stopped = Erasure of a report’s words called off
did-erasure-lapsed = Erasure of a report’s words no longer possible
did-erasure-doubted = Erasure put in doubt by a restore
did-unit-added = Unit added
did-unit-renamed = Unit renamed
did-unit-closed = Unit closed
did-token-created = API key made
did-token-revoked = API key revoked
did-category-mapped = Local category mapped
did-category-unmapped = Mapping of a category removed
did-webhook-made = Webhook made
did-webhook-changed = Webhook changed
did-webhook-on = Webhook switched on
did-webhook-off = Webhook switched off
did-webhook-ended = Webhook ended
did-webhook-secret = Secret of a webhook changed
did-webhook-tried = Webhook tried
did-webhook-replayed = Deliveries of a webhook sent again
did-webhook-skipped = Delivery of a webhook skipped
did-register-brought = Register filed
did-cases-downloaded = Table of reports downloaded
did-bridge-ran = Bridge to SP4N-LAPOR! run
did-letter-dropped = Refused letter dropped
did-programme-published = Programme published
did-programme-progressed = Progress of a programme written
did-taxonomy-updated = Categories updated
did-calendar-updated = Calendar updated
did-key-announced = Key of the institution announced
did-quarantine-replay = Quarantined message replayed
did-quarantine-refuse = Quarantined message refused

# Messages that were set aside

aside-title = Messages set aside
aside-lead = Messages that could not be applied or sent, and why. Their cases wait; everything else goes on.
aside-told = { $n ->
    [one] { $n } message is set aside. Look
   *[other] { $n } messages are set aside. Look
}
aside-none = Nothing is set aside
aside-none-about = Nothing waits for your decision.
aside-quarantined = Quarantined
aside-parked = Waits for a new version
aside-refused = Refused
aside-why-parked = The installed version does not know this kind of message; once the node is upgraded, it is applied by itself. ({ $why })
aside-why-refused = Refused here, for the reason in the audit log; “Try again” takes that back.
aside-why-refused-with = Refused together with the message that its case begins with, and sent again with that one.
aside-why-own = A message from here that the hub did not accept: { $why }
aside-why-own-header = The hub did not accept a message from here: its header is not valid. ({ $why })
aside-why-own-signature = The hub did not accept a message from here: its signature does not hold. ({ $why })
aside-why-own-damaged = A message from here is damaged on the disk of this node; “Try again” signs it anew. ({ $why })
aside-why-own-unreadable = A message from here cannot be read on the disk of this node, and so cannot be signed; refuse it, then do it once more. ({ $why })
aside-why-own-waits = A message from here that waits for an earlier one and goes out with it; nothing is wrong with this one.
aside-why-item-damaged = This message is damaged on the disk of this node; the node asks the hub for it again. ({ $why })
aside-why-item = This message cannot be applied: { $why }
aside-why-item-header = This message cannot be applied: its header is not valid. ({ $why })
aside-why-item-signature = This message cannot be applied: the signature of its sender does not hold; the node asks the hub for it again. ({ $why })
aside-why-item-key = This message cannot be applied: the signing key of its sender is not known; the node asks the hub for it again. ({ $why })
aside-why-item-mismatch = This message cannot be applied: it is not the message that the hub named. ({ $why })
aside-why-item-failed = This message failed several times when it was applied here; “Try again” puts its case together from the beginning. ({ $why })
aside-no-reason = No reason given.
aside-behind = { $n ->
    [one] { $n } message waits behind it.
   *[other] { $n } messages wait behind it.
}
aside-replay = Try again
aside-first = The message that its case begins with, { $first }, is refused; “Try again” stands with that one.
aside-go-on = Go on without this message
aside-go-on-about = It then never has an effect here, and its case may differ from the copies of other institutions. The message that a case begins with takes all those behind it along. "Try again" takes a refusal back.
aside-reason = Reason, for the audit log
aside-refuse = Refuse this message
aside-refused-done = The message is refused; the node goes on without it.
aside-replayed = The message was tried again and accepted.
aside-sent-again = The message will be sent again; if it is still not accepted, it comes back here.
aside-still = The message was tried again and is still set aside.
aside-not-done = Nothing was changed: this message has been handled, or an earlier one has to be handled first.

# Settings

arranged-title = Settings
arranged-begin = Preparing the node
arranged-lead = What is in force at this node. What can be filled in here holds at once, unless node.toml at the server says it; the rest stands there and holds after a restart.
arranged-step = Step { $step } of { $of }. Each can be passed over and opened again from My account.
arranged-next = Go on
arranged-done = Arranged
arranged-open = Not arranged
arranged-none = Not arranged yet.
arranged-contact-how = Shown on the public pages and below letters. Name and time zone come from the directory; the hub changes them.
arranged-mail = E-mail
arranged-mail-is = Sent by { $host } from { $from }; the officers' digest goes out at { $hour } o'clock.
arranged-mail-how = Without mail, neither reporters nor officers are told, and links to passwords are handed over by hand.
arranged-units-how = Parts of the institution that cases are given to. A small one needs none.
arranged-approval = Approval by a superior
arranged-approval-all = A superior approves every public answer before it is sent.
arranged-approval-how = A superior approves public answers before they are sent: all of them, or only those in some categories.
arranged-evidence = Evidence of completion
arranged-evidence-how = In these categories a proposal to close comes with a picture or a document.
arranged-category-unknown = { $name } (not in the list of categories in force)
arranged-deadlines = Deadlines
arranged-warned = A warning comes { $n ->
    [one] { $n } working day
   *[other] { $n } working days
} before the deadline.
arranged-warned-last-day = A warning comes on the last day.
arranged-escalated = Leaders are told { $n ->
    [one] { $n } working day
   *[other] { $n } working days
} after the deadline.
arranged-escalated-at-once = Leaders are told as soon as the deadline has passed.
arranged-deadlines-how = How long deadlines are is set centrally for all institutions. Warnings are arranged in node.toml:
arranged-address = Address of the portal
arranged-by-file = by node.toml
arranged-by-desk = filled in at the desk
arranging-change = Fill in or change
arranging-in-file = It stands in node.toml at the server, and is changed only there.
arranging-kept = Kept, and in force.
arranging-contact-address = Address of the office
arranging-contact-telephone = Telephone
arranging-contact-hours = Office hours
arranging-contact-hours-hint = For instance Monday to Friday 08.00-16.00. Shown as it is typed.
arranging-keep-contact = Keep the contact
arranging-address = Address at which people open the portal
arranging-address-hint = For instance https://lapor.bandung.go.id. Open this page at that address and keep it there: that proves that it leads to this node. You may have to log in once more after that.
arranging-address-unusable = Write an address such as https://lapor.bandung.go.id, with nothing behind it.
arranging-address-elsewhere = This page was opened at { $here }, not at the address that was typed. Open it there first, and keep it there; if that does not lead to this node yet, pass this step over.
arranging-keep-address = Keep the address
arranging-approval-all = All public answers
arranging-approval-categories = Categories whose answers a superior approves
arranging-evidence-categories = Categories whose proposals to close come with evidence
arranging-categories-hint = One category a line, for instance Pekerjaan Umum dan Penataan Ruang/Jalan. A main category stands for all below it.
arranging-category-unknown = There is no single category called { $name }. Write the whole name, as in the list of categories.
arranging-category-add = Add a category
arranging-category-add-hint = Choose one and keep it; it joins the list above.
arranging-keep-approval = Keep the approval
arranging-keep-evidence = Keep the evidence
arranging-mail-host = Mail server (SMTP)
arranging-mail-host-hint = For instance smtp.bandung.go.id.
arranging-mail-host-unusable = This is no name of a server.
arranging-mail-encryption = Protection of the line
arranging-mail-starttls = STARTTLS, mostly port 587
arranging-mail-tls = TLS from the beginning, mostly port 465
arranging-mail-plain = None, only for a server on this machine or beside it
arranging-mail-port = Port
arranging-mail-port-hint = Leave it empty for the usual one.
arranging-mail-port-unusable = Write a number from 0 to 65535.
arranging-mail-user = User name at the mail server
arranging-mail-user-hint = Leave it empty if the server asks for none.
arranging-mail-user-needed = Write the user name too, or leave the password empty.
arranging-mail-password-hint = It is kept sealed and never shown again.
arranging-mail-password-kept = Leave it empty to go on with the one that is kept; another server or user needs its password. It is never shown again.
arranging-mail-password-needed = Write the password of this user at this server.
arranging-mail-open-password = Without protection the password would travel in the open. Choose STARTTLS or TLS.
arranging-mail-from = Sender
arranging-mail-from-hint = For instance Lapor Kota Bandung <lapor@bandung.go.id>.
arranging-mail-reply = Address for answers
arranging-mail-reply-hint = Leave it empty if it is the sender.
arranging-mail-address-unusable = Write an address such as Lapor Kota Bandung <lapor@bandung.go.id>.
arranging-mail-about = A test letter goes to your own address. What is typed is kept only if the server takes it.
arranging-keep-mail = Send a test letter and keep
arranging-mail-kept = The server has taken the test letter to { $address }. The settings are kept and in force.
arranging-remove-mail = Remove the mail server
arranging-mail-removed = The mail server is removed.
did-setup-contact = Contact of the institution filled in
did-setup-address = Address of the portal filled in
did-setup-mail = Mail server filled in
did-setup-mail-removed = Mail server removed
did-setup-approval = Approval by a superior arranged
did-setup-evidence = Evidence of completion arranged
arranged-joined = Connection to the federation
arranged-joined-as = This node has joined as { $id } at { $hub }.
arranged-enrolled-as = This node is registered as { $id } at { $hub }.
arranged-joined-waits = The directory does not call it active yet; wait for the central staff.
arranged-joined-how = A node joins once, on its server, with the line of the invitation from the centre. The command, and how to see its state:
arranged-people-how = At least one officer and one keeper of identities. Who keeps identities handles no reports, so it takes a person of its own.
arranged-no-keeper = There is no keeper of identities: requests for identities cannot be answered.
arranged-terms-law = Deadlines by the rules for all institutions.
arranged-term-days = { $n ->
    [one] { $n } working day
   *[other] { $n } working days
}
arranged-mail-try = Send a test letter to my address
arranged-mail-sent = The mail server has taken the test letter to { $address }.
arranged-mail-failed = The test letter could not be sent. Check the name of the server, its port, encryption and password. Technical answer: “{ $problem }”
arranged-mail-off = E-mail is not set up.
arranged-progress = { $done } of { $of } needed things are set up.
arranged-all = All steps
arranged-before = Back
arranged-to-desk = To the desk
arranged-dismiss = Do not remind me at the desk
arranged-show = Remind me at the desk again
arranged-dismissed = All right. Settings stay at My account.
arranged-shown = The desk reminds again.
arranged-told = Setting up the node: { $done } of { $of } needed things are done. Go on.
did-setup-dismissed = Reminder of the set-up ended
did-setup-resumed = Reminder of the set-up begun again
did-channel-looked-again = Messages of channels looked at again
did-mail-tried = Test letter sent

# Handing over

handover-title = Reports on this desk
handover-about = { $n ->
    [one] { $n } report is assigned to this officer.
   *[other] { $n } reports are assigned to this officer.
} Hand them over before disabling the account.
handover-left = { $n ->
    [one] { $n } report is still assigned to this officer, whose account is disabled.
   *[other] { $n } reports are still assigned to this officer, whose account is disabled.
} Hand them over.
handover-to = Hand over to
handover-go = Hand all of them over
handover-choose = Choose the officer who gets the reports.
handover-done = { $n ->
    [one] { $n } report was handed over to { $name }.
   *[other] { $n } reports were handed over to { $name }.
}

# Away

absence-title = Away
absence-about = While you are away, whoever stands in for you gets the letters about your reports and has them in their own list.
absence-until = Last day on which you are away
absence-stand-in = Stand-in
absence-save = Save
absence-now = You are away until { $day }; { $name } stands in for you.
absence-end = I am back
absence-noted = Your stand-in is noted.
absence-ended = It is noted that you are back.
absence-nobody = No other officer sees the reports of your unit, so nobody can stand in.
absence-unusable = Nothing was saved: choose a day from today on, within a year, and another officer who sees the same reports and whose work you are not doing.
absence-stands-in = You stand in for { $name }.
did-absence-noted = Is away and named a stand-in
did-absence-ended = Is back
actors-machine = Commands at the server
actors-programs = API tokens
actors-reporters = Reporters

own-categories-title = Own categories
own-categories-lead = The institution’s own tree of categories. Citizens and officers choose in it, and the national category follows. Other institutions see the national one alone.
own-categories-lost = { $n ->
    [one] { $n } own category is offered no more, for the edition in force lacks its national one. Map it anew.
   *[other] { $n } own categories are offered no more, for the edition in force lacks their national ones. Map them anew.
}
own-categories-none = No own categories yet
own-categories-none-about = Without them, forms offer the national categories alone.
own-categories-edition = Edition { $n }
own-categories-download = Download the table
own-category = Own: { $category }
own-category-local = Own category
own-category-local-hint = Two levels are written with a slash, such as Parking/Illegal parking. A name that exists is mapped anew.
own-category-national = National category
own-category-unknown = exists no more, map it anew
own-category-remove = Remove
own-category-remove-this = Remove { $category }
own-category-add = Add or map anew
own-category-save = Save
own-category-table = Replace all by a table
own-category-table-about = A CSV file with the columns lokal and nasional, like the table that you can download. Reports keep the names that they have.
own-category-table-file = CSV file
own-category-table-go = Replace
own-category-table-wrong = { $n ->
    [one] One line cannot be used; nothing was changed.
   *[other] { $n } lines cannot be used; nothing was changed.
}
own-category-no-table = Choose a CSV file that holds something.
own-category-not-utf8 = The table is not UTF-8 text. Save it from the spreadsheet as "CSV UTF-8" and upload it again.
own-category-too-long = The table has more than { $most } lines; a tree of categories is no larger.
own-category-wrong-columns = Line { $line }: it needs the columns lokal and nasional.
own-category-wrong-quote = Line { $line }: a quotation mark that opens a cell is not closed, so that lines below it are read as its words.
own-category-wrong-name = Line { $line }: a name has 1 to { $most } characters.
own-category-wrong-national = Line { $line }: there is no national category “{ $category }”.
own-category-twice = Line { $line }: “{ $category }” stands above already.
own-category-mapped = The category is saved.
own-category-gone = The category is removed.
own-category-replaced = The tree is replaced.
own-category-restored = That edition is in force again.
own-category-no-edition = That edition is no longer there.
own-category-editions = Earlier editions
own-category-restore = Put in force again
arranged-own-categories-how = Categories that the institution uses itself, each mapped to a national one.
arranged-own-categories-are = { $n ->
    [one] { $n } own category.
   *[other] { $n } own categories.
}

ways-title = Channels and connections
ways-lead = What the configuration switches on, and how it stands now.
way-about = About it
way-on = Working
way-off-how = Whoever runs the machine switches it on in { $section } of node.toml; docs/operations.md says how.
way-troubled = In trouble
way-unusable = Cannot be used
way-letters = Outgoing mail
way-letters-off-how = Typed in the part about mail on this page, or in [mail] of node.toml (docs/operations.md).
way-letters-held = { $n ->
    [one] { $n } letter waits and is sent again; nothing is lost.
   *[other] { $n } letters wait and are sent again; nothing is lost.
}
way-open311-near = Keys are taken from this machine alone until portal.public_url has https.
way-bridge = SP4N-LAPOR!
way-bridge-not-yet = Has never run
way-bridge-ran = Last ran { $at }
way-bridge-broken = Broke off { $at }
way-bridge-about = More of it: lapor-node bridge runs.
way-webhooks-off-how = Made on the page of webhooks, without node.toml.
way-webhooks-troubled = { $n } of { $of } webhooks cannot be reached; what waits is not lost.
did-case-localised = Own category noted
did-category-tree = Tree of own categories replaced
