# Membership: invitations, acts, the road map.

did-instance-invitation-withdrawn = Invitation withdrawn

# Invitations

invite-title = Invite an institution
invite-lead = The console makes one invitation line. It is good for 72 hours, for one institution, and once.
invite-slug-hint = Small letters, digits and hyphens, for instance kota-bandung. It never changes and no other institution ever has it.
invite-slug-wrong = A short name is 2 to 40 small letters, digits and hyphens.
invite-kind-wrong = Choose one of the kinds.
invite-name-hint = The full name, as citizens know it.
invite-region-hint = For a regional government: code or name, for instance 32.73 or Kota Bandung.
invite-region-hint-kept = For a regional government: code or name, for instance 32.73 or Kota Bandung; empty keeps what is known.
invite-region-wrong = This region is unknown or not clear; write its official code or its full name, for instance 32.73 or Kota Bandung.
invite-region-level = This region does not fit the kind: the government of a province, regency or city governs a region of its level.
invite-needs-two = Here an authority needs a second person, so an invitation gives none. Invite without it, then change the authority on the page of the institution.
membership-unknown = { $name } is unknown; register or invite it first.
membership-last-desk = { $name } is the national desk, without which the federation cannot go on; suspend it instead.
membership-hub = The hub could not do it; its log says why. Try again later.
invite-zone-hint = The zone of its working days; empty keeps what is known, or means Asia/Jakarta.
invite-zone-wrong = Choose one of Indonesia's time zones.
invite-supervisor = The supervisor that stands in for an excluded national desk
invite-supervisor-hint = Without a tick what is known stays.
invite-make = Make the invitation
invite-again = Make a new line
invite-withdraw = Withdraw the invitation
invite-withdrawn = The invitation is withdrawn; its line is good no more.
invite-joined = This institution has joined or has been revoked, and cannot be invited again.
invite-other-kind = This institution is known as another kind: { $kind }.
invite-second-desk = There is one national desk, and it is { $name }.
invite-no-supervisor = Only an institution of the kind supervisor can stand in for the desk.
invite-second-supervisor = There is a supervisor that stands in already: { $name }.
invited-title = Invitation made
invited-once = This line is shown once and is not kept. Copy or print it now. If it is lost make another; the old one is then good no more.
invited-copy = Copy the line
invited-copied = Copied
invited-print = Print the sheet
invited-instance = Open the institution's page
invited-until = Good until
invited-types = What is typed there
invited-after = Send the line by a way that others cannot read. Once it has joined, compare the fingerprint on its page with the one shown there, by telephone.

# The printed sheet

sheet-title = Invitation to join
sheet-lead = With this sheet your institution joins the federation of complaints. Whoever looks after the server takes these steps.
sheet-step-machine = Install the package lapor-node on the institution's server by its instructions. The server only calls out; nothing has to be opened towards it.
sheet-step-run = On that server, run:
sheet-step-paste = Paste the invitation line below as one line and press Enter. The square code beside it holds the same line for a telephone's camera.
sheet-step-compare = The screen shows the fingerprint of the identity. Call the central staff and read it out; both must be the same.
sheet-contact = Central staff:
sheet-step-serve = Start the service, or enable it as a service of the system:
sheet-picture = QR code of the invitation line
sheet-secret = This sheet is secret until it is used: whoever holds it can join in your institution's name. Destroy it afterwards.

# Membership on an institution's page

belonging-title = Membership
belonging-fingerprint = Fingerprint of the identity
belonging-fingerprint-about = SHA-256 of the identity key. Compare it by telephone with what the institution's node shows.
belonging-successor = Successor
belonging-invitation = Invitation
belonging-line-until = Open until
belonging-line-over = Its line is good no more; make another.
belonging-line-none = Not yet invited.
authority-field = May dispose to
authority-hint = One pattern a line: * (all), slug:NAME, slug:PREFIX*, kind:KIND, region:CODE, or region:CODE.* (all below that region). Empty means nobody.
invite-authority-hint = One pattern a line: * (all), slug:NAME, slug:PREFIX*, kind:KIND, region:CODE, or region:CODE.* (all below that region). Empty means nobody, or leaves what is known already.
authority-wrong = Not a pattern: { $pattern }
pattern-find = Find an institution, a kind or a region
pattern-find-hint = What you choose is added above as a line.
pattern-below = All below { $name }
pattern-prefix = All whose short name begins with { $prefix }
pattern-unnamed = It has no name here; check its code
pattern-anyone = All institutions
authority-none = May dispose to nobody
authority-nobody = Nobody
authority-stands-in = stands in for an excluded national desk
authority-stands-not-in = does not stand in for the desk

# Ending, replacing, authority

did-instance-replaced = Institution replaced after its key was lost
did-instance-authority-changed = Authority to dispose changed
act-revoke = Revoke the membership
act-replace = Replace after key loss
act-void = Make its certificates void
act-entrust = Change authority
act-revoked = The membership is revoked.
act-replaced = The old membership is revoked and its successor registered. Invite the successor now.
act-voided = No certificate counts that the institution had until now.
act-entrusted = The authority to dispose is changed.
act-now = As it is now
act-in-custody = Open cases in its custody
act-open-filed = Open cases filed with it
act-undelivered = Messages that it has not fetched
act-unsent = Messages that it has not sent
act-unsaid = Never reported
act-disposers = Those that may dispose to it
act-disposers-more = and { $n } more
act-uncounted = { $n ->
    [one] The last message is not yet in the numbers of cases.
   *[other] The last { $n } messages are not yet in the numbers of cases.
}
act-follows = What will follow
act-successor = Successor
act-successor-hint = Choose one when it is replaced by, merged into or dissolved into another, as state enterprises are. Only those that are active can be chosen. Empty if there is none.
act-new-slug = Short name of the successor
act-new-slug-hint = One that was never used, for instance with a number at its end. Full name, region and authority are copied.
act-successor-taken = This short name has been used; choose another.
act-successor-itself = An institution cannot be its own successor.
act-successor-idle = A successor has joined and is active; this one has not, or is suspended.
act-successor-unknown = This institution is unknown.
act-sure = I understand that this is for ever
act-unsure = Tick to say that this is meant.
act-leave = Do not do it
revoke-follows-cut = Within seconds each of its requests is refused and its connections end. This cannot be taken back; suspending can.
revoke-follows-cases = With an active successor the national desk hands its open cases over to that one (Hand to the successor, at its desk). Without one the national desk recalls them one by one.
revoke-follows-record = What it has not sent will never be accepted. What is on record stays in force.
revoke-follows-slug = Its short name is never used again.
replace-follows-name = This institution is revoked for ever, and the same institution is registered under a new short name. Others trust the key that they saw first, so the old name cannot get another.
replace-follows-invite = Then invite the successor; its node joins with new keys by that line.
replace-follows-cases = Once the successor is active, the national desk hands the open cases over to it (Hand to the successor, at its desk).
replace-follows-lost = What the old one had not sent is lost to the federation. Words of old cases are readable again only when another party gives their keys.
void-follows-end = No certificate that the institution has now counts any more, and its connections end: whoever else has one, or has made one with a stolen issuer, is out.
void-follows-node = Its node gets another by itself, with its identity key; one of an earlier version, or another program, needs lapor-node recover.
void-follows-keys = Its identity key and its other keys stay: if they may be in other hands too, replace the institution.
entrust-follows-new = New dispositions that are not covered are refused from the next directory version on.
entrust-follows-old = Cases that have been disposed stay where they are.

# Many invitations at once

many-title = Invite many institutions
many-lead = From a CSV table. It is checked first; while a row is wrong nobody is invited.
many-columns = The columns slug, kind and name must be there; region_code, time_zone and disposes_to may be empty. Several patterns in disposes_to are separated by spaces.
many-no-authority = Here an authority needs a second person: leave disposes_to empty, then change the authority on the page of the institution.
many-file = CSV file (150 KiB at most)
many-check = Check
many-unreadable = This file is not UTF-8 text; save it as CSV UTF-8.
many-fine = Nothing is wrong: { $n ->
    [one] one institution
   *[other] { $n } institutions
} can be invited.
many-begin = { $n ->
    [one] Invite one institution
   *[other] Invite { $n } institutions
}
many-other = Choose another file
many-rows = Institutions of the table
many-authority = Authority to dispose
many-wrong = There are rows that are wrong; nobody has been invited. Mend the table and send it again.
many-wrong-rows = What is wrong in the table
many-wrong-more = { $n ->
    [one] And one more problem.
   *[other] And { $n } more problems.
}
many-line = Line
many-column = Column
many-problem = Problem
many-progress = { $n } of { $total ->
    [one] { $total } invitation
   *[other] { $total } invitations
} made
many-running = This page reloads by itself every two seconds.
many-failed = It stopped midway. What was made is good; send the same table again for the rest, and all earlier lines are void.
many-kept = The lines are in the hub's memory only, for 30 minutes from the beginning, and only for you. Print or download them now.
many-sheets = Sheets { $first } to { $last } to print
many-lines = All lines as CSV
many-forget = Done, forget the lines
many-forgotten = The lines are forgotten; the invitations stay good.
many-too-many = The lines of several rounds are kept still; forget them first, or wait half an hour.
many-print = Print all sheets
many-back = Back
table-column-missing = The header lacks this column.
table-columns-wrong = This row has { $found ->
    [one] one column
   *[other] { $found } columns
}, and the header has { $expected }.
table-quote-open = A quotation mark that opens a cell of this row is not closed, so that rows below it are read as its words.
table-row-wrong = This row cannot be read: { $text }
table-twice = This short name comes twice.
table-kind-wrong = Not a kind: pusat, kementerian, lembaga, provinsi, kabupaten, kota, bumn or pengawas.
table-name-wrong = There must be a name, of at most { $most } characters.
table-too-long = At most { $most } rows.
table-empty = This table has no institutions.

# Road map

did-roadmap-planned = Plan of the road map noted
did-instance-tried = Connection tested
roadmap-title = Road map
roadmap-lead = The government of every province, regency and city: how far it is connected, since when, and what is planned next.
roadmap-table = Download CSV
roadmap-none = Nothing fits
roadmap-none-about = Loosen the filters above.
roadmap-colours = Green: all exchange. Yellow: some have joined. Grey: some are invited. Boundaries: MapSVG, CC BY 4.0.
roadmap-provinces = Provinces
roadmap-governments = Governments
roadmap-places = Regencies and cities
roadmap-exchanging-of = { $n } of { $all } { $n ->
    [one] exchanges
   *[other] exchange
}
roadmap-since = Since
roadmap-planned = Planned next
roadmap-planned-hint = A quarter or a day, for instance 2027-Q1 or 2027-01-31. Empty means that nothing is planned.
roadmap-planned-wrong = Write a quarter like 2027-Q1 or a day like 2027-01-31.
roadmap-planned-level = { $by }: { $level }
roadmap-aim = Level aimed at by then
roadmap-aim-wrong = Choose one of the list.
roadmap-plan = Note a plan
roadmap-note = Save
roadmap-noted = The plan is noted.
roadmap-rules = Rules of the levels
roadmap-rule-since = Since: the latest invitation, the joining, or the first message that the hub accepted, by level. A dash means that it is not known.

# Levels of connection

level-not-invited = Not invited
level-answering = Answering in time
level-rule-answering = Answering in time: of the first answers that fell within the last 30 days, at least 90 percent came before their deadline; those overdue and unanswered count as late.
missing-answering = Next: { $percent } percent of the answers of the last 30 days were in time ({ $n } of { $all }); 90 percent are needed
missing-answers = Next: answering reports. No answer fell due within the last 30 days

# Test of the connection

trying-title = Test of the connection
trying-start = Test the connection now
trying-start-about = The hub wakes the node's waiting request and measures until the node asks again, 10 seconds at most.
trying-answered = The node asked again
trying-ms = { $n ->
    [one] after one millisecond
   *[other] after { $n } milliseconds
}
trying-none = Not within { $n } seconds
trying-polls = Requests waiting at the hub
trying-connections = Open connections
trying-about = The time holds the way there and back and the node's work. No message is sent to it.
trying-again = Test again
trying-busy = Several tests are running; try again shortly.
trying-well = The connection is alive: the node waits for messages and asks again at once.
trying-heard = The node was heard, but is not waiting for messages: it may be fetching a backlog or have just started.
trying-half-open = The hub sees a waiting request, but the node did not ask again: the connection may be broken without anybody knowing, or the node is stuck. Look at the line and the node's log.
trying-silent = A connection is open, but no request waits: the node may be stuck, or waiting before it tries again. Look at lapor-node status there.
trying-away = No connection: the node is off, its line is broken, or its certificate is refused. Call the institution; see the history of connections on its page.

# Approving who joins

did-instance-admitted = Institution approved that had joined
admission-title = Approve an institution that has joined
admission-waiting = Waiting for approval
admission-lead = This institution has joined and waits. Call its staff at a number that is known, and compare the fingerprint of the identity that they read out. Before it is approved it sends and receives nothing.
admission-asked-at = Joined
admission-address = From
admission-compared = The fingerprint was compared by telephone
admission-asked = One person has approved it; it waits for a second one.
admission-asked-own = You have approved it; it waits for a second person.
admission-asked-by = { $who } has approved it ({ $reason }); it waits for a second person. If you approve, it takes part from now on.
admission-uncompared = Compare the fingerprint first. If it differs, refuse.
admission-admit = Approve
admission-refuse = Refuse and revoke
admission-done = The institution is approved and takes part from now on.
approval-acts = Acts that wait for a second person
invite-approved = It takes part at once, without approval
invite-approved-hint = An institution that joins usually waits until an operator has compared its fingerprint. Tick this only if its staff are handed the line in person.
invite-approval-needs-two = Here an approval needs a second person, so no invitation can do without it.
invite-withdraw-reason = Write why it is withdrawn.

# Accounts that wait to be confirmed

did-operator-rests = Account of an operator waits to be confirmed
did-operator-vouched = Account of an operator confirmed
resting-accounts = Accounts of operators that wait to be confirmed
resting-accounts-about = Confirm one only if you know, by telephone for instance, that the person whom it is for holds the account. Otherwise disable it.
resting-name = Account
resting-act = What was done
resting-vouch = Confirm
resting-vouch-of = Confirm the account of { $name }
resting-vouched = The account is confirmed and can be used.
resting-changed = Something else was done to this account since. Read what it was, and decide again.
resting-same-person = Whoever had a part in this account cannot confirm it; ask another operator.
gift-account = Account made
gift-role = Role or login changed
gift-password = Link to a new password made
gift-factor = Second factor taken away
gift-access = Account enabled again

# Details in the audit log

told-successor = successor: { $name }
told-rule = rule: { $name }
told-recipient = recipient: { $name }
told-even-so = although somebody is left behind
told-without-approval = joins without approval
told-no-answer = no answer
told-no-plan = no plan
told-silenced = { $what }, until { $until }: { $why }
