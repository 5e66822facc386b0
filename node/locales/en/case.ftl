# The page of a report at the officers' desk.

yes = Yes
state-unknown = Not known yet
case-back = Inbox
case-untitled = Report without a title
case-state = State
case-class = Kind
case-category = Category
case-region = Region
case-oversight = About an irregularity
case-secret = Secret
case-anonymous = Anonymous
case-pending = Waits for the hub's ruling
case-erased = The words of this report have been erased. Its history stays.
case-keyless = The key that opens the words of this report has not arrived yet. Try again later.
case-blocked = The latest changes cannot be applied here yet. The admin can see why.
case-report = The report
case-no-words = The words of the report cannot be read here.
case-place = Place
case-coordinates = Coordinates
case-incident = Date of the incident
case-channel = Channel
case-course = History
case-side = Time, acts and facts
case-clocks = Time
case-acts = Acts
case-no-acts = Nothing can be done here now.
case-more-acts = Other acts
case-assignment = Assignment
case-officer = Officer
case-assign = Save assignment
case-assigned = The assignment is saved.
case-officer-unknown = There is no active officer of this name; the assignment was not changed.
case-facts = Facts
case-custodian = Handled by
case-for = On behalf of
case-origin = Received by
case-stack = Disposed by
case-filed = Received
case-supports = Have the same trouble
case-hops = Times returned
case-merged-into = Merged into this report
case-parent = Split from this report
case-child = Part that was split off
attachment-picture = Attached picture
attachment-open = Open picture
attachment-download = Download attachment

# Acts without effect

task-title = Acts without effect
task-about = The report had changed when this act arrived. It is on record, but it changed nothing.
task-again = Do it again
task-drop = Drop it
task-dropped = The act is dropped; it stays in the history.
task-gone = This act has been dealt with.
void-term-ended = The report had passed into other hands before this act arrived.
void-wrong-state = The state of the report no longer allows this act.
void-excluded = The institution named is excluded from this report.
void-nobody = There is no institution to return it to.
void-other = The rules do not allow this act.

# Acts

act-done = Saved. It is sent as soon as the line allows.
act-refused = This cannot be done now: the report has changed. Look at its history.
act-sent-before = This form was sent before with other words, and those are saved. Look at the history; send it again only if this is another act.
act-verify = Verify
act-verify-about = Accept the report and tidy what describes it. The original title stays in the history.
act-hold = Hold
act-hold-about = Ask the reporter. The clock stops until they answer.
act-return = Not ours
act-return-about = Return the report with a reason, and name the institution that you think is responsible.
act-archive = Archive
act-archive-about = End the report without an answer. The reporter reads the reason.
act-dispose = Dispose
act-dispose-about = Give the report to the institution that is responsible.
act-follow-up = Follow up
act-follow-up-about = Answer the reporter, propose to close, or note something for officers.
act-note = Internal note
act-note-about = Only officers read it; the reporter never does.
act-complete = Record a completion
act-complete-about = Record an answer or an addition that the reporter gave you.
act-reply = Record the reporter's reply
act-reply-about = Record what the reporter said, for instance on the telephone.
act-close = Closed by the reporter
act-close-about = Record that the reporter said themselves that the matter is settled.
act-reopen = Reopen
act-reopen-about = Go on with a report that was closed or archived.
act-recall = Recall
act-recall-about = Take the report back from the institution that has it.
act-link = Merge
act-link-about = Merge into another report about the same matter. The reporter is kept informed.
act-unlink = Undo the merge
act-unlink-about = Put the report back as it was before the merge.
act-split = Split
act-split-about = Make a second report of the part that is about something else.
act-escalate = Escalate to the supervisor
act-escalate-about = Let the supervisor join, only with the reporter's consent.
act-take-over = Take over
act-take-over-about = Handle the escalated report yourselves.
act-identity = Ask for the reporter's identity
act-identity-about = The identity keeper decides. The request and its answer are on record, and the reporter can read them.
act-redact = Erase the words
act-redact-about = The words of the report are erased at every institution and cannot be brought back. Its skeleton stays.
identity-asked = The request has gone to the identity keeper.

# Forms

form-cancel = Cancel
form-comment = Comment
form-unusable = This cannot be used. Check its length and content.
form-question = Question { $n }
form-question-needed = Write at least one question.
form-suggested-hint = The name of the institution that you think is responsible.
form-audience = For whom
audience-public = An answer to the reporter
audience-public-about = Read by the reporter, and by the public unless the report is secret.
audience-close = An answer that proposes to close
audience-close-about = The reporter is asked to confirm. If they stay silent, the report closes by itself.
audience-inside = Internal note
audience-inside-about = Only officers read it.
form-answer = Text
form-note = Note
form-completion = What the reporter added
form-completion-hint = If the report is on hold, its clock runs again.
form-reply = The reporter's reply
form-close-sure = The reporter has said themselves that the matter is settled
form-redact-sure = I understand that the words cannot be brought back
form-escalate-sure = The reporter agrees to this escalation
form-agree = Tick this first to go on.
form-title = Title
form-title-hint = One sentence that says what and where.
form-content = Report
form-oversight-hint = Complaints only: an irregularity is suspected and must be examined.
form-region-hint = Name or code of a regency, city or province.
form-region-unknown = There is no region of this name or code.
form-region-guessed = Read as { $region }. Send it again if that is right, or change it.
form-on-behalf-hint = If the institution has not joined yet, the national desk acts on its behalf.
form-instruction = Instruction
form-deadline-hint = Leave it empty if the deadline of the rules is enough.
form-copy = Copy { $n }
form-other-target = Another institution
form-institution-hint = Type the name of the institution.
form-institution-unknown = There is no institution of this name.
form-target-needed = Choose or write the institution it goes to.
form-day-unusable = This date cannot be read.
form-identity-reason = What the identity is needed for
form-identity-hint = Read by the identity keeper and by the reporter.
link-likely = May be about the same matter
link-other = Another report
link-ticket = Ticket number of the report that goes on
link-unknown = There is no report of this number on your desk.

# Where it may go

hint-title = Suggested for
hint-other = Another institution, written below
hint-named = Named in the report: { $words }.
hint-subject = Responsible for: { $words }.
hint-category = Responsible for the category { $category }.
hint-place = Its region is { $region }.
hint-past = { $n ->
    [one] { $n } similar report went there.
   *[other] { $n } similar reports went there.
}
hint-reporter = Suggested by the reporter.
hint-returned = Suggested by { $institution } when it returned the report.

# History

course-inside = Internal
course-void = No effect
course-filed = Report received
course-born = Split from another report
course-completed = The reporter completed the report
course-verified = Verified
course-held = On hold: questions to the reporter
course-archived = Archived
course-disposed = Disposed
course-returned = Returned: not ours
course-recalled = Recalled
course-followed-up = Follow-up
course-noted = Internal note
course-replied = The reporter's reply
course-closed = Closed
course-reopened = Reopened
course-rated = Rated by the reporter
course-supported = Somebody else has the same trouble
course-linked = Merged
course-unlinked = Merge undone
course-split = Split
course-escalated = Escalated to the supervisor
course-succeeded = Passed to the successor
course-taken-over = Taken over by the supervisor
course-redacted = Words erased
course-identity-requested = The reporter's identity was asked for
course-identity-disclosed = The reporter's identity was disclosed
course-identity-refused = The reporter's identity was not disclosed
course-other = Another change
fact-reason = Reason
fact-target = To
fact-suggested = Suggested institution
fact-supervisor = Supervisor
fact-on-behalf-of = On behalf of
fact-institution = Institution
fact-copies = Copies
fact-excluded = Excluded
fact-deadline = Deadline
fact-score = Rating
fact-by = How it closed
fact-case = Other report
fact-case-open = Open the report
score-of-five = { $n } of 5
closed-by-silence = The reporter stayed silent

# Reasons

reason-other = Another reason
return-not-our-authority = Not this institution's authority
return-wrong-region = Happened in another region
return-another-level = Authority of another level of government
return-belongs-to-another = Belongs to another institution
recall-no-answer = No answer
recall-disposed-in-error = Disposed in error
recall-now-ours = It is ours now
recall-unavailable = The institution cannot handle it
redact-reporter-request = Asked for by the reporter
redact-legal-order = Legal order
redact-personal-data = Holds personal data
purpose-contact = To contact the reporter
purpose-eligibility = To check a right to a service
purpose-examination = An examination
purpose-visit = A visit to the place
refusal-reporter-declined = The reporter does not agree
refusal-not-needed = Not needed
refusal-unknown = The identity is not known
