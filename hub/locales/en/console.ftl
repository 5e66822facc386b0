# The console of central staff.

console-name = Console
console-account = My account
console-sign-in-lead = For the central staff who look after the federation.
console-forgotten-lead = Another operator can give you a link to a new password.
console-forgotten-operator = Call the operator or see them in person, so that they know it is you who asks. The link works once.
console-setup-about = This console has no operator yet.
console-setup-where = Open the link that was printed when the hub started, or make another on the hub's machine:
console-setup-lead = Make an account for the first operator, who makes those of the other staff.
console-setup-done = The operator's account is made.
console-federation = Federation
console-administer = Look after the console
did-instance-suspended = Institution suspended
did-instance-resumed = Institution resumed
did-instance-certificates-voided = Certificates of an institution made void
did-instance-revoked = Institution revoked
did-instance-invited = Institution invited
did-instance-registered = Institution registered
console-audit-instance = Institution
console-audit-subject = Institution, region or key
subject-hub-key = Signing key of the hub ({ $begin }…)
subject-root = Root of the authority ({ $begin }…)
subject-region = { $name } ({ $code })

# Roles

role-operator = Operator
role-operator-about = Acts on the federation; looks after accounts.
role-observer = Observer
role-observer-about = Only looks.
role-auditor = Auditor
role-auditor-about = Only looks, at the audit log too.

# Institutions

console-instances = Institutions
instances-search = Name, short name, kind or province
instances-found = { $n ->
    [one] one institution
   *[other] { $n } institutions
}
instances-none = None fits
instances-none-about = Ask with fewer words, or for every kind and province.
console-nobody = No institution yet
console-nobody-about = Invite the national desk first.
instance-name = Name
instance-replaced = { $name } (replaced by { $next })
instance-slug = Short name
instance-kind = Kind
instance-status = Status
instance-region = Region
instance-zone = Time zone
instance-portal = Citizen portal
status-registered = Registered
status-invited = Invited
status-active = Active
status-suspended = Suspended
status-waits = Waits for approval
status-revoked = Revoked

# Acts

console-suspend = Suspend
console-suspend-about = The institution is cut off from the federation at once, until it is resumed. The reports that it has stay there.
console-suspended = The institution is suspended.
console-resume = Resume
console-resume-about = The institution may take part in the federation again.
console-resumed = The institution takes part again.
console-reason = Reason
console-reason-hint = It is kept in the audit log.
console-second-person = This is done only when another operator has confirmed it.
console-asked = It waits for another operator.
console-asked-already = The same act waits for another operator already.
console-status-changed = The institution's status has changed; this cannot be done any more.
console-not-allowed = The federation does not allow this any more: things have changed since it was asked for.

# Approvals

console-approvals = Approvals
console-approvals-lead = A dangerous act is done when a second operator has confirmed it, within 24 hours.
console-approvals-off = This console asks for no second person; each act is done at once, with its reason.
console-approvals-none = Nothing waits
console-approvals-none-about = Acts that need a second person are shown here.
console-approval-gone = It has been decided, or nobody did in time.
console-same-person = You cannot confirm what you asked for; another operator decides.
console-withdrawn = Your request is taken back; nothing was done.
console-refused = It is refused; nothing was done.
approval-deed = Act
approval-instance = Institution
approval-about = About
approval-asked-by = Asked by
approval-asked-at = Asked at
approval-expires-at = Good until
approval-decision = Decision
approval-confirm = Confirm
approval-refuse = Refuse
approval-withdraw = Take back

# Federation

console-federation-title = State of the federation
live-on = Following changes as they happen
live-off = The line is down; the page catches up once it is back
live-none = Reload the page to see the latest
state-red = Red
state-yellow = Yellow
state-green = Green
state-grey = Grey
filter-name = Name
filter-province = Province
filter-state = State
filter-all = All
filter-show = Show
kind-pusat = National desk
kind-kementerian = Ministry
kind-lembaga = Agency
kind-provinsi = Province
kind-kabupaten = Regency
kind-kota = City
kind-bumn = State enterprise
kind-pengawas = Supervisor
group-centre = Centre and supervisors
group-ministries = Ministries
group-agencies = Agencies
group-enterprises = State enterprises
group-regions = Regional governments
federation-worst = Needs attention
federation-first = Worst
federation-all-ill = All that need attention: { $n }
filter-title = Filter
federation-well = All institutions shown here are well.
federation-reasons = Reasons
federation-more = { $n ->
    [one] And one more institution; narrow the list with the filter above.
   *[other] And { $n } more institutions; narrow the list with the filter above.
}
federation-some = Institutions: { $what }
federation-named = “{ $text }”
federation-all = All institutions
federation-none = No institution matches the filter.
federation-map = Map
federation-at = As of { $at }
federation-old = For { $age } the hub has not been able to look at the federation: this is how things stood then. Check the hub's database and log.
standing-as-of = The institution reported last { $age } ago. What it says of itself below is as of that report; what may have changed since is no longer counted.
measures-title = Measures of { $name }
measures-more = Page of the institution
measure-unknown = Not known
measure-nothing = Nothing waits
measure-unsent = Oldest not sent
measure-unapplied = Oldest not applied
measure-aside = { $quarantined } set aside, { $parked } waiting for a newer version
measure-certificate = Certificate
measure-left = Good for { $age } more
federation-rules = Rules behind the colours
federation-province = { $name }: { $n ->
    [one] one institution
   *[other] { $n } institutions
}, { $ill } in need of attention, { $traffic ->
    [one] one message
   *[other] { $traffic } messages
} in 24 hours
map-source = Outlines: MapSVG, CC BY 4.0. Circles: messages in 24 hours.
age-seconds = { $n ->
    [one] one second
   *[other] { $n } seconds
}
age-minutes = { $n ->
    [one] one minute
   *[other] { $n } minutes
}
age-hours = { $n ->
    [one] one hour
   *[other] { $n } hours
}
age-days = { $n ->
    [one] one day
   *[other] { $n } days
}
concern-silent = Not heard for { $age }
concern-never-heard = Never heard since it joined
concern-unsent = Oldest message has waited { $age } to be sent
concern-unsent-unknown = Messages wait to be sent
concern-unapplied = Oldest message has not been applied for { $age }
concern-unapplied-unknown = Messages have not been applied
concern-apart = Institution and hub have seen the streams differently for { $age }
concern-apart-unknown = Institution and hub see the streams differently
concern-directory = Behind the directory for { $age }
concern-directory-unknown = Behind the directory
concern-backup = Last backup { $age } ago
concern-no-backup = No backup so far
concern-clock = Clock differs from the hub's by { $age }
concern-clock-unknown = Clock differs from the hub's
concern-certificate = Certificate ends in { $age }
concern-certificate-ended = Certificate has ended
concern-set-aside = { $n ->
    [one] One message set aside
   *[other] { $n } messages set aside
}
concern-disk = { $size } of disk left
concern-version = Older version than the hub
concern-frozen = Chain frozen: two messages claimed one position
concern-twice = Runs twice: two copies of this institution's node talk to the hub; the former sends nothing any more
concern-refused = The hub has refused what it sends for { $age }
concern-refused-unknown = The hub refuses what it sends
rule-silent = Not heard: yellow after { $yellow }, red after { $red }.
rule-waiting = Oldest message waits to be sent or applied: yellow after { $yellow }, red after { $red }.
rule-apart = Two reports in a row that differ from the hub's record in the same way: red.
rule-set-aside = Messages set aside: yellow from { $yellow }, red from { $red }.
rule-certificate = Certificate: yellow less than { $yellow } before its end, red less than { $red }.
rule-clock = Clock differs: yellow from { $yellow }, red from { $red }.
rule-disk = Disk left: yellow below { $yellow }, red below { $red }.
rule-backup = Last backup: yellow after { $yellow } or never, red after { $red }; where there was none, counted from when it became a member.
rule-directory = Behind the directory: yellow after { $yellow }, red after { $red }.
rule-version = Older version than the hub: yellow.
rule-frozen = Chain frozen: red.
rule-twice = Runs twice, two copies of the node talk to the hub: red; over { $age } after the former copy was heard last.
rule-refused = What it sends is refused, for a signature that does not hold for instance: yellow, after a minute red.
rule-grey = Grey: not joined, suspended or revoked; not expected to speak.
rule-green = Green: heard, and none of the yellow or red rules applies.

# How one institution stands

standing-title = State
level-title = Connection level
level-invited = Invited
level-joined = Joined
level-exchanging = Exchanging
missing-invitation = Next: make an invitation
missing-enrolment = Next: the institution uses its invitation
missing-approval = Next: approval by an operator
missing-exchange = Next: it sends its first message and takes in what is for it
streams-title = Streams
stream = Stream
stream-from = From the institution
stream-for = For the institution
stream-applied = Applied at the institution
stream-total = Since it joined
stream-waiting = Waiting
stream-oldest = Oldest has waited
views-title = What both sides see
views-agree = The same, as reported { $age } ago
views-differ = Different, as reported { $age } ago
views-as-of = Both columns are as reported { $age } ago: what the institution said then, and what the hub knew then.
view-of = Position
view-told = The institution says
view-known = The hub knows
view-same = Same
view-yes = Yes
view-no = No
view-unsaid = not said
view-chain = Its chain of messages
view-inbox = Its inbox (received / applied)
view-inbox-at = epoch { $epoch }: { $accepted } / { $settled }
lag-day = { $unit } that the oldest message waited, last 24 hours
lag-month = { $unit } that the oldest message waited, last 30 days
unit-minutes = Minutes
unit-hours = Hours
unit-days = Days
lag-moment = Time
traffic-hours = Messages per hour, last 24 hours
traffic-days = Messages per day, last 30 days
charts-about = A line is broken where nothing was noted: the hub stood still, or the institution did not tell of itself. The last hour and the last day are not over yet.
machine-title = Machine
machine-contact = Last heard
machine-connections = Open connections
machine-connections-refused = { $n }, each request refused
machine-reported = Last report
machine-software = Software
machine-clock = Clock
machine-disk = Disk left
machine-backup = Last backup
machine-certificate = Certificate ends
machine-directory = Directory version
machine-traffic = Messages in 24 hours
ago = { $age } ago
never = Never
clock-right = Right
clock-ahead = Ahead by { $age }
clock-behind = Behind by { $age }
aside-title = Messages set aside
aside-none = No message for this institution is set aside.
aside-its-own = These are its own messages; only that node can show them (lapor-node quarantine list).
aside-place = Place
aside-kind = Kind
aside-case = Case
aside-state = State
aside-ordered = Ordered
aside-sender = Sender
aside-envelope = Envelope
aside-envelope-of = Envelope of message { $n }
aside-message = Message number
aside-position = Place in the sender’s chain
aside-accepted = Accepted by the hub
aside-size = Bytes, sealed words included
aside-trace = Trace (traceparent)
aside-parked = Waits for a newer version
aside-refused = Refused by its operator
aside-superseded = Superseded
aside-quarantined = Set aside
aside-bytes-damaged = A disk there has damaged it
aside-damaged-here = The disk of the hub has damaged it; its sender is asked to send it again
aside-cannot-be-applied = It could not be applied there
aside-kind-unknown = The version there does not know this kind yet
aside-case-waits = It waits for an earlier message of the same case
aside-signature-invalid = The signature of its sender does not hold
aside-item-mismatch = It is not the message that the hub named
aside-key-unknown = The signing key of its sender is not known
aside-header-invalid = Its header is not valid
aside-body-invalid = Its contents are not valid
keys-title = Keys and certificates
keys-none = No key yet; keys are noted when the institution joins.
keys-never = No keys: this institution never joined.
key-use = Use
key-id = Thumbprint
key-from = Valid from
key-to = To
key-identity = Identity
key-signing = Signing
key-sealing = Sealing
key-current = now
key-not-yet = not in force yet
key-never = never in force
key-replaced = { $at }, replaced
key-suspended = suspended on { $at }
key-revoked = revoked on { $at }
key-suspended-revoked = suspended on { $suspended }, revoked on { $at }
key-undated = a date that was not noted
key-place = epoch { $epoch }, message { $n }
key-place-empty = epoch { $epoch }, no message
key-last-place = last: { $place }
certificates = Certificates
certificate-serial = Serial number
certificate-issued = Issued
certificate-ends = Ends
visits-title = History of connections
visits-none = No history yet.
visits-of = History of connections of { $name }
visits-older = Older ones
visit-came = Connected
visit-closed = Gone: closed by the institution
visit-ended = Gone: its program ended without notice
visit-broken = Gone: the line broke
visit-crowded = Gone: too many connections
visit-cut-off = Gone: suspended or revoked, or its certificate made void
visit-withdrawn = Gone: an authority was withdrawn, all connect again
visit-stopped = Gone: the hub stopped
visit-hub-ended = Gone: the hub ended without notice
visit-unanswered = Gone: did not answer, or not used
visit-suspended = Refused: suspended, or not approved yet
visit-revoked = Turned away: revoked
visit-version = Turned away: protocol version not supported
visit-rate = Turned away: too often
visit-copy = Turned away: another copy of this node has connected, or the node was restored
visit-signature = Message refused: the signature does not hold
visit-certificate = Refused: its certificate is void, or names no institution that takes part
visit-gap = Messages refused: its chain has a gap
visit-previous = Messages refused: they do not continue its chain
visit-fork = Messages refused: two claim one position
visit-epoch = Messages refused: that part of its chain is closed
visit-key-unknown = Messages refused: the signing key is not known
visit-key-revoked = Messages refused: the signing key is valid no more
visit-header = Messages refused: a header is not valid
visit-refused = Turned away: { $code }
concern-unreported = Has not told of itself for { $age }
concern-unreported-unknown = Has never told of itself
rule-unreported = Has not told of itself: yellow after { $yellow }, red after { $red }.
aside-waits = Waits for another message of its case
aside-own = As the institution says: { $quarantined } set aside, { $parked } waiting for a newer version, those it would send included.
aside-more = And { $n } more.
federation-province-empty = { $name }: no institution
approval-confirm-of = Confirm: { $deed }, { $name }
approval-refuse-of = Refuse: { $deed }, { $name }
keys-caption = Keys
console-asker-gone = Whoever asked may no longer act; refuse this, and ask for it yourself if it is needed.
actors-machine = Commands at the server
actors-programs = API tokens
