# The page of a report at the officers' desk.

yes = Yes
no = No
state-unknown = Not known yet
case-back = Inbox
case-beside = Other reports of the list
case-before = Previous
case-after = Next
case-contents = On this page
case-untitled = Report without a title
case-state = State
case-class = Kind
case-category = Category
case-place-apart = The coordinates lie in { $place }, the region is { $region }. Check before passing it on.
case-spot = Where it happened, on the map
case-region = Region
case-oversight = About an irregularity
case-secret = Secret
case-anonymous = Anonymous
case-pending = Waits for the hub's ruling
case-erased = The words of this report have been erased. Its history stays.
case-pass-on = The reporter asked { $name } to look at this, but { $name } has not joined LAPOR!. Pass the report on to them, then write when and how in an internal note.
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
assign-words = Instruction
assign-due = Time limit
officer-away = away until { $day }; { $name } stands in
assign-asked = Asked for by { $day }
case-officer-elsewhere = This officer works in another unit and would not see this report; the assignment was not changed. Choose the unit.
assign-to-nobody = Choose the unit or the officer to whom this instruction is given.
assign-day-unusable = The time limit has to be today or later.
course-assigned = Assigned with an instruction
case-assignment = Assignment
case-officer = Officer
case-assign = Save assignment
case-assigned = The assignment is saved.
case-officer-unknown = There is no active officer of this name.
case-both-numbers = Two numbers
case-own-number = Number in your own application
case-own-number-about = The number of this report in your institution's application. It is kept here alone and can be searched like the ticket.
case-own-number-save = Save the number
case-own-number-saved = The number is saved.
case-own-number-removed = The number is removed.
case-own-number-none = No number is saved: nothing was written.
case-own-number-odd = The number was not saved: at most { $most } letters, digits, blanks or - / . _ : # ( ), a letter or digit first.
case-facts = Facts
case-custodian = Handled by
case-custodian-then = Handled then by
case-for = On behalf of
case-origin = Received by
reachable = Contact of the reporter
reachable-no = none
reachable-told = given, not proved
reachable-proved = proved with a code
reachable-by = by { $channel }
reachable-untold = by { $channel }, but is sent no news there now
reachable-both = { $by }; { $contact }
reachable-beside-told = another contact given, not proved
reachable-beside-proved = a contact proved with a code
case-stack = Handled before by
case-filed = Received
case-supports = Have the same trouble
case-hops = Times returned
case-merged-into = Merged into
case-merged-from = Merged into this one
case-elsewhere = a report that is not on your desk
case-parent = Split from
case-child = Split off
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

act-done = What the reporter said is recorded.
done-verify = The report is verified.
done-hold = The report is on hold; the questions go to the reporter.
done-return = The report is returned as not ours.
done-archive = The report is archived.
done-dispose = The report is given to { $name }.
done-represent = The report is handled here on behalf of { $name }.
done-follow-up = The answer goes to the reporter.
done-propose = The answer goes to the reporter, with the proposal to close.
done-note = The internal note is saved.
done-complete = What the reporter added is recorded.
done-reply = The reporter's reply is recorded.
done-close = The report is closed by its reporter.
done-reopen = The report is open again.
done-recall = The report is recalled.
done-link = The reports are merged.
done-unlink = The merge is undone.
done-split = The report is split.
done-split-without = The report is split, but some of its files could not go along. Attach them to the new report yourself.
done-escalate = The report is escalated to the supervisor.
done-take-over = The report is taken over.
done-redact = The words of the report will be erased at all institutions in { $n ->
    [one] { $n } day
   *[other] { $n } days
}; the reporter is told and can call it off.
done-redact-at-once = The words of the report will be erased at all institutions at once; the reporter is told.
done-redact-asked = The erasure waits for a second person.
act-refused = This cannot be done now: the report has changed. Look at its history.
act-unauthorised = This is outside your institution's authority over this report.
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
act-succeed = Hand to the successor
act-succeed-about = The successor takes the place of an institution that was dissolved, in this report.
done-succeed = The successor has taken the place of the dissolved institution.
form-dissolved = Dissolved institution
dissolved-into = { $from }, succeeded by { $to }
act-take-over = Take over
act-take-over-about = Handle the escalated report yourselves.
act-identity = Ask for the reporter's identity
act-identity-about = The identity keeper decides. The request and its answer are on record, and the reporter can read them.
act-redact = Erase the words
act-redact-about = After some days the words of the report are erased at every institution and cannot be brought back. The reporter reads the reason and can call it off. Its skeleton stays.
identity-asked = The request has gone to the identity keeper.

# Forms

again-files = Files of the original act
again-files-about = Those that are ticked are sent again.
split-files = Files of this report
split-files-about = Those that are ticked go to the new report as an internal note. All of them stay here, too.
split-files-note = Files of the report from before it was split.
again-file-gone = Some of the original files cannot be used again. Attach them once more.
form-cancel = Cancel
form-comment = Comment
form-comment-inside = Officers who have the report read it. The reporter does not.
form-comment-outside = The reporter reads it.
form-unusable = This cannot be used. Check its length and content.
form-question = Question { $n }
form-question-more = Add a question
form-answer-form = Answer { $n } is
form-answer-choices = Choices for answer { $n }
form-answer-choices-hint = Needed where the answer is one of several choices: one on each line, 2 to { $most }.
form-answer-choices-wrong = Write 2 to { $most } choices, one on each line, each of at most { $chars } characters.
wanted-text = free text
wanted-yes-no = yes or no
wanted-one-of = one of several choices
wanted-choice = choices: { $choices }
wanted-date = a date
wanted-place = a place
wanted-picture = a photo or document
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
form-go-on = Then open the next report of the list
done-next = What you did with { $ticket } is stored. This is the next report.
done-last = What you did with { $ticket } is stored. It was the last report of the list.
form-title = Title
form-title-hint = One sentence that says what and where.
form-content = Report
form-oversight-hint = Complaints only: an irregularity is suspected and must be examined.
form-oversight-only = Only a complaint can concern oversight. Untick this, or choose Complaint.
form-region-hint = Name or code of a regency, city or province.
form-region-which = Several regions have this name. Write which one is meant: { $regions }.
form-region-unknown = There is no region of this name or code.
form-region-guessed = Read as { $region }. Send it again if that is right, or change it.
form-changed = Somebody else has changed this report since you opened this page. What you chose is still below. Now the report says something else here:
form-changed-empty = (empty)
form-on-behalf-hint = If the institution has not joined yet, the national desk acts on its behalf.
form-instruction = Instruction
form-deadline-hint = Leave it empty if the deadline of the rules is enough.
form-copy = Copy { $n }
form-copy-which = Copy { $n }: which institution is meant?
form-copy-more = Add a copy
form-other-target = Another institution
form-institution-hint = Type the name of the institution.
form-institution-hint-desk = Type the name of the institution. For one that has not joined, the centre acts on its behalf.
form-institution-unknown = There is no institution of this name.
form-not-joined = This institution is registered but has not joined. Return the report and suggest the institution; the centre acts on its behalf.
form-nobody-receives = The institution has not joined, so this does not reach it. Leave this field empty.
form-copy-not-joined = This institution has not joined and cannot receive a copy yet.
form-target-needed = Choose or write the institution it goes to.
form-day-unusable = This date cannot be read.
form-day-past = This date has passed. Choose today or later.
form-day-far = This date is more than a year away. Check the year.
form-identity-reason = What the identity is needed for
form-identity-hint = Read by the identity keeper and by the reporter.
link-likely = May be about the same matter
link-other = Another report
link-ticket = Ticket number of the report that goes on
link-itself = Write the number of another report; this one is the report's own.
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
hint-not-joined = Has not joined: the centre acts on its behalf.
hint-none-or-other = No suggestion, or another institution, written below
unit-hint-title = Suggested units
unit-hint-words = { $n ->
    [one] { $n } similar report went to this unit.
   *[other] { $n } similar reports went to this unit.
}
unit-hint-category = { $n } of { $all ->
    [one] { $all } report
   *[other] { $all } reports
} of the category { $category } went to this unit.
unit-hint-place = { $n } of { $all ->
    [one] { $all } report
   *[other] { $all } reports
} in { $region } went to this unit.

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
fact-case = Other report
fact-case-open = Open the report
course-by-reporter = Reporter
score-of-five = { $n } of 5

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
case-erasure-asked = The erasure of the words waits for a second person. Reason: { $reason }.
case-erasure-doubtful = The reporter wanted the words of this report erased before this node was restored. Whether that was called off is not known; an administrator confirms it or calls it off.
case-erasure-ahead = The words of this report will be erased on { $day }. Reason: { $reason }.
case-erasure-begun = The words of the report are being erased; nobody can call it off any more. Reason: { $reason }.
case-erasure-wished = The reporter wants the words of this report erased; it is done on { $day }.
erasures-title = Erasures
erasures-lead = Words of reports that will be erased, and what waits for a second person.
erasures-none = Nothing is to be erased
erasures-none-about = What reporters ask for and officers decide stands here.
erasures-reporter = The reporter
erasures-asked = Waits for a second person
erasures-doubtful = From before the restore: confirm it or call it off
erasures-waiting = Erased on { $day }
erasures-begun = Being erased
erasures-confirmed-by = confirmed by { $name }
erasures-confirm = Confirm the erasure
erasures-stop = Call it off
erasures-confirmed = Confirmed. The reporter is told.
erasures-stopped = The erasure has been called off.
erasures-own = Whoever decided it cannot confirm it.
erasures-gone = That has been erased or called off.
erasures-to-confirm = { $n ->
    [one] The erasure of the words of { $n } report waits for you to confirm it.
   *[other] The erasure of the words of { $n } reports waits for you to confirm it.
}

case-own-category = Own category
case-own-category-about = For this institution alone; the report keeps its national category.
case-own-category-save = Save the category
case-localised = The category is saved.
case-not-localised = That category stands for another national one; change the category of the report first.
done-not-localised = The act is stored, its own category is not: that category is no longer there, or stands for another national one. Choose again below.
form-category-gone = That category is no longer there. Choose another.
