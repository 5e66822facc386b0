# Citizen portal.

portal-name = LAPOR!
nav-track = Track

# Front page

front-title = Send us your report
front-headline = Tell us. We follow it up.
front-lead = A complaint, a question or an idea about public services: write it once here, and it reaches the institution in charge, wherever that is.
way-track-title = Track a report
way-track-text = See how far your report has come and who is dealing with it.
way-track-go = Track
way-conversation = Open the conversation with the officer
way-mine = My reports
front-beside = This is the portal of { $institution }. Reports for any institution are taken in here, and also at
front-national = the national LAPOR! portal
front-how = How a report travels
front-figures = Reports in figures
figure-all = reports received
figure-open = being dealt with
figure-confirmed-by-reporter = completed, confirmed by the reporter
figure-closed-by-officer = closed by an officer on the reporter’s word
figure-closed-by-silence = closed because the reporter was silent
front-archived = archived with a reason
front-merged = merged with another report
figure-joined = institutions connected
front-safe = Safe to report
safe-anonymous = Anonymous
safe-anonymous-about = Your name is seen neither by the institution that you report nor by the public.
safe-secret = Confidential
safe-secret-about = The whole report is read only by those who deal with it, never by the public.
safe-trace = Always on record
safe-trace-about = Every step is recorded. No report is lost or silently deleted.

# The five steps

step-written = Write the report
step-written-about = You are given a ticket number at once.
step-verification = Verification
step-verification-about = An officer checks it and passes it to the right institution.
step-follow-up = Follow-up
step-follow-up-about = The institution works on it and tells you what was done.
step-response = Your response
step-response-about = You judge the answer, or ask again.
step-done = Completed
step-done-about = The report is closed and can be reopened.
step-not-walked = Not gone through.
step-closed-about = { $how }. The report can be reopened.
step-archived-about = The report ends here, with a reason, and can be reopened.
step-merged-about = This report goes on together with that one.

# Tracking

track-title = Track a report
track-lead = Enter the ticket number that you were given when you reported.
track-of = Report { $ticket }
track-filed = Received
track-custodian = Dealt with now by
track-steps = How far it has come
track-course = What happened
track-goes-on = Open the report in which this one goes on
track-another = Track another report
track-secret = Confidential report
track-secret-about = What this report says is only for its reporter and those who deal with it. Here you see its steps alone.
track-erased = The words of this report have been erased. What is left is what happened to it, without its words.
track-untitled = Report
left-badge = No longer here
left-since = Since { $day }, { $institution } hears no more of this report.
left-since-with = Since { $day }, { $institution } hears no more of this report. It was with { $custodian } then.
left-secret = { $institution } hears no more of this report.
left-track = How it goes on can be tracked with the same ticket on the portal where it was written.
left-track-at = How it goes on can be tracked with the same ticket on the portal of { $institution }, where it was written.
left-or = Or track it at
ticket-label = Ticket number
ticket-hint = Ten letters and digits, such as 4F7KX-92MQ3. Small letters, spaces and hyphens do not matter.
ticket-mistyped = This ticket number has a typing error. Check its ten letters and digits.
ticket-unknown = There is no report with this ticket number here. It may have been written on another portal: track it there, or on the national portal ({ $institution }).
ticket-unknown-national = There is no report with this ticket number here. It may have been written on the portal of another institution: track it there.

# States

state-received = Waiting for verification
state-verified = Verified
state-held = Waiting for the reporter's answer
state-disposed = Passed to an institution
state-in-progress = Being followed up
state-answered = Waiting for the reporter's response
state-replied = The reporter has responded
state-closed = Completed
state-archived = Archived
state-merged = Merged with another report
outcome-confirmed = Done, confirmed by the reporter
outcome-officer = Closed by an officer on the reporter’s word
outcome-silence = Closed by itself, no answer from the reporter
badge-disposed = Passed to { $institution }
badge-followed-up = Followed up by { $institution }
badge-ends = { $n ->
    [one] Closes by itself in { $n } working day
   *[other] Closes by itself in { $n } working days
}
badge-ends-today = Closes by itself after today

# What happened

event-received = Report received
event-verified = Report verified
event-disposed = Passed to { $institution }
event-held = Held: the reporter is asked for more
event-completed = The reporter gave more information
event-followed-up = Follow-up
event-returned = Returned: another institution is in charge
event-split-off = Separated from another report
event-escalated = The reporter asked { $institution } to examine it
event-succeeded-of = The work of { $institution } goes on at its successor
event-merged-here = Another report on the same matter was merged into this one
event-waits = Waits for the central path: the other institution has not received it yet.
event-reopened = Reopened
event-confirmed = Done: confirmed by the reporter
event-archived = Report archived

# Why a report was archived

archive-not-a-report = It is not a report about a public service.
archive-incomplete = It does not say enough to be followed up.
archive-no-answer = The officer's questions were not answered.
archive-duplicate = The same report is being dealt with already.
archive-outside-government = It is about something beyond the government's power.
archive-before-a-court = It is before a court.
archive-answered-elsewhere = It has been answered through another channel.
archive-abusive = It goes against the terms of use.
archive-other = Another reason.
returned-not-our-authority = Reason: not this institution's authority.
returned-wrong-region = Reason: it happened in another region.
returned-another-level = Reason: the authority of another level of government.
returned-belongs-to-another = Reason: the task of another institution.
returned-other = Reason: another one.
returned-suggested = In its opinion the institution in charge is { $institution }.
