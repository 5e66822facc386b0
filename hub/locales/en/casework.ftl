# Casework across the federation.

console-casework = Casework
console-casework-title = Casework
casework-lead = Casework across the federation in numbers. The hub counts acts and deadlines; it cannot read the words of a report.
filter-period = Period
period-days = { $n ->
    [one] Last day
   *[other] Last { $n } days
}
week-of = { $from } to { $through }
figures-of = What happened from { $from } until { $until }; what stands is as at that last moment.
figures-behind = { $n ->
    [one] The latest message is not counted yet.
   *[other] The latest { $n } messages are not counted yet.
}
figures-unread = { $n ->
    [one] One case cannot be read
   *[other] { $n } cases cannot be read
} because the hub's record is damaged: counted as last known, or not at all. What mends it stands at Upkeep, Recovery.
figures-empty = There is no case in this federation yet.
figures-since = The first case was taken in on { $at }; before that there is nothing to count.
figures-whole = Whole federation
figures-by-institution = By institution
figures-by-step = By step
figures-by-hop = By hop
figures-no-hops = No case in this period.
figures-none = No institution
figures-none-about = No institution with cases matches in this period.
figures-institutions = { $n ->
    [one] One institution with cases. The numbers above stay those of the whole federation.
   *[other] { $n } institutions with cases. The numbers above stay those of the whole federation.
}
sort-by = Sort by
took-days = { $n } days
misrouted-share = { $share }% ({ $part } of { $of })
sum-filed = Cases taken in
sum-received = Received
sum-open = Open
sum-overdue = Overdue
sum-unaccepted = Dispositions not accepted
sum-unanswered = Without an answer
sum-misrouted = Misrouted
sum-answered = First answers
sum-median = Time to an answer, median
sum-ninetieth = Time to an answer, 90%
sum-waiting = Waiting now
sum-ran-out = Deadlines missed in the period
short-unaccepted = Not accepted
short-answered = Answered
short-median = Median answer
short-ninetieth = 90% answer
short-ran-out = Missed
contents-title = On this page

# Steps and hops

list-step = Step
step-verification = Verification
step-verification-about = The institution decides whether the case is its own.
step-acceptance = Acceptance of a disposition
step-acceptance-about = The institution has done nothing with what was disposed to it. There is no deadline of its own.
step-first-answer = First answer
step-first-answer-about = The institution answers the reporter for the first time.
step-handling = Handling
step-handling-about = The institution answers in full, by the kind of report.
step-disposer = Date of the disposer
step-disposer-about = The institution answers by the date asked for in the disposition.
step-closing = Closing
step-closing-about = The reporter stays silent; the institution where it was filed closes the case.
hop-name = Hop
hop-first = Where it was filed
hop-second = Second institution
hop-third = Third institution
hop-later = Fourth institution and later

# What the numbers mean

meanings-title = What the numbers mean
meaning-overdue = Open cases of which at least one deadline of the institution has run out, by the federation's calendar of working days and the deadlines that the institution states. A case that waits for its reporter does not become overdue. The deadline of closing is that of the institution where it was filed.
meaning-unaccepted = Dispositions that are still at the institution and with which nothing at all has been done: not verified, answered, noted, passed on or given back.
meaning-unanswered = Open cases that no institution has ever answered to the reporter.
meaning-misrouted = Of the dispositions that ended at the institution in this period, the share that it gave back as not its own.
meaning-answer = For the federation: from the filing to the first answer to the reporter. For an institution: from when it got the case to its first answer. Counted over answers given in this period; half took no longer than the median, nine of ten no longer than the 90%. In calendar days.
meaning-received = How often a case came to the institution in this period, from a reporter, or by being disposed, given back or recalled.
meaning-then-title = A period that is over
meaning-then = Each thing is counted when it happened in the hub's order, and what stands as it was at the end of the period. The numbers of a week that is over change only while delayed messages are still being counted, or when the calendar of holidays is changed and the case is still open.

# Lists of cases

list-title = Cases behind the numbers
list-whole = Show all
list-none = No case
list-none-about = There is no such case now.
list-ran-out = Last day of the deadline
list-disposed = Disposed
list-filed = Filed
list-returned = Given back
list-came = Came to the institution
list-took = Time to an answer
list-slowest = Slowest answers
list-misrouted-about = Dispositions that their receiver gave back in this period as not its own, by the moment at which it did.
list-slowest-about = First answers that institutions gave in this period, from when they got the case; the slowest come first.
list-state = State

# One case

case-id = Case number
case-id-hint = Such as 0198f3c2-7b1e-7c31-9a52-3f0d7c6f1e20. The hub does not know the ticket of a reporter: it is sealed between the parties. An institution that is a party sees the case number by the ticket.
case-find = Find a case
case-unknown = There is no case with this number.
case-unusable = This is no case number. A reporter's ticket cannot be looked for at the hub.
case-title = Case { $id }
case-heading = Skeleton of a case
case-sealed = The words of the report, answers, notes, attachments and the reporter's identity are sealed between the parties. The hub cannot read them; here are only acts, times, parties and their traces.
case-redacted = The parties have erased the content of this case; its skeleton stays.
case-yes = Yes
case-filed = Filed
case-first-answer = First answer
case-no-answer = None yet
case-ended = Ended
case-classification = Classification
case-category = Category
case-channel = Channel
case-anonymous = Anonymous
case-secret = Secret
case-oversight = Needs oversight
case-escalated = Escalated to a supervisor
case-returns = Times given back
case-supports = Supports
case-score = Reporter's rating
classified-complaint = Complaint
classified-information = Information request
classified-aspiration = Aspiration
case-received = Received
case-verified = Verified
case-held = Waiting for the reporter
case-disposed = Disposed
case-in-progress = In progress
case-answered = Answered
case-closed = Closed
case-archived = Archived
case-merged = Merged
case-related = Related cases
case-parent = Split from
case-child = Split off
case-merged-into = Merged into
case-linked = Merged into this one
case-clocks = Deadlines
case-no-clocks = No deadline is running.
clock-overdue = ran out; the last day was { $at }
clock-running = until { $at }
clock-paused = paused, waiting for the reporter
case-late = Was overdue
case-was-late = { $step }, { $name }: the last day was { $at }, and it was met { $late } later.
case-parties = Parties
party-role = Role
party-custodian = Custodian
party-origin = Where it was filed
party-disposer = Disposer
party-supervisor = Supervisor
party-copy = Copy
party-reader = Reader
party-excluded = Excluded
party-behalf = Acted for, has not joined
case-way = Way
way-since = Since
way-acted = First act
way-answered = First answer here
way-until = Until
way-never = Not yet
way-still = Still here
case-acts = Acts
case-acts-more = { $n ->
    [one] One earlier act is not shown.
   *[other] { $n } earlier acts are not shown.
}
act-trace = Trace
act-trace-of = Trace of act { $n }
act-place = Place in the case
act-kind = Kind of message
act-number = Number in the hub's order
act-position = Place in the author's chain
act-to = to { $name }
act-filed = Report filed
act-completed = Completed by the reporter
act-verified = Verified
act-held = Held, the reporter is asked
act-archived = Archived
act-disposed = Disposed
act-returned = Given back, not their authority
act-recalled = Recalled
act-followed-up = Follow-up to the reporter
act-noted = Internal note
act-replied = Reporter's reply
act-closed = Closed
act-reopened = Reopened
act-rated = Rated by the reporter
act-supported = Supported
act-linked = Merged
act-unlinked = Taken out of a merger
act-split = Split
act-escalated = Escalated to a supervisor
act-succeeded = Passed to a successor
act-taken-over = Taken over by a supervisor
act-redacted = Content erased
act-identity-requested = Identity requested
act-identity-disclosed = Identity disclosed
act-identity-refused = Identity refused
code-not-our-authority = not their authority
code-wrong-region = another region
code-another-level = another level of government
code-belongs-to-another = another institution's authority
code-reporter = confirmed by the reporter
code-through-officer = closed by an officer for the reporter
code-silence = the reporter stayed silent
code-proposes-to-close = proposed as done
code-no-answer = no answer
code-disposed-in-error = disposed in error
code-now-ours = now the authority of whoever recalls
code-institution-unavailable = the institution cannot handle it
code-not-a-report = not a report
code-incomplete = incomplete
code-duplicate = a duplicate
code-outside-government = outside government
code-before-a-court = before a court
code-answered-elsewhere = answered elsewhere
code-abusive = abusive
code-other = another reason
ruled-stale = No effect: too late
ruled-unauthorised = No effect: without authority
ruled-inapplicable = No effect: the case stood otherwise
ruled-duplicate = No effect: sent twice
ruled-malformed = No effect: unreadable message
why-no-such-case = there is no case with that number
why-case-exists = the case exists already
why-never-custodian = its author never had the case
why-never-disposer = its author never disposed of it
why-never-party = never a party
why-never-supervisor = its author never supervised it
why-not-origin = only where it was filed may
why-not-desk = only the national desk may
why-not-linker = another institution linked it
why-not-owner = it is another institution's
why-not-reopener = its author may not reopen it
why-outside-authority = the target is outside the authority to dispose
why-excluded = the institution is excluded from the case
why-unknown-instance = the institution is not known
why-term-ended = the term of custody has ended
why-no-longer-party = a party no more
why-not-open = the case is not open
why-not-closed = the case is not closed
why-not-merged = the case is not merged
why-wrong-state = the state of the case does not allow it
why-target-is-custodian = the target has the case already
why-target-not-active = the target is not active
why-already-custodian = its author has the case already
why-nobody-to-return-to = there is nobody to return it to
why-excludes-party = it would exclude a party
why-has-joined = the institution has joined
why-no-follow-up = there was no follow-up
why-replied-since = the reporter has replied since
why-not-escalated = the case was not escalated
why-not-supervisor = the target is no supervisor
why-supervisor-took-over = a supervisor has taken it over
why-not-dissolved = the institution was not dissolved
why-not-requested = the identity was not asked for
why-holder-asks = its author holds the identity
why-same-case = it is the same case
why-case-taken = the number of the case is taken
why-origin-differs = the cases were filed at different places
why-inheritance-differs = what the case inherits differs
why-already-redacted = it was redacted already
why-key-not-certified = the key is not certified
why-key-position = the key stands at a wrong position
why-key-taken = the key is taken
why-not-published = the programme was not published
why-kind-unknown = the kind is not known
why-body-invalid = the body is not valid
why-unknown = a reason of a later version

# Weekly report

weeks-title = Weekly reports
weeks-lead = From Monday to Sunday, by Jakarta time. Each report can be printed, and downloaded as tables.
weeks-none = No week yet
week-runs = Running
week-report = Weekly report of casework
week-title = Weekly report { $week }
week-runs-about = This week is not over; its numbers still grow.
week-counted = Counted on { $at } from the hub's record.
table-title = Tables
table-institutions = By institution
table-hops = By hop
table-steps = By step
