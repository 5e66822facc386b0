# The officers' inbox.

desk-inbox = Inbox
inbox-title = Inbox
inbox-new = Take in a report
inbox-search = Search
inbox-search-hint = Words, "a phrase", or a ticket number
inbox-question-unusable = This search cannot be used. Write one to sixteen words that must occur.
inbox-region-unknown = There is no region of this name; the region was left out.
inbox-institution-unknown = There is no institution of this name; it narrows nothing.
inbox-day-unusable = Write a whole date; it narrows nothing.
inbox-from = Received since
inbox-through = Received until
inbox-filter = Filter
inbox-mine = Only mine, and those of whom I stand in for
inbox-handed = Given, not opened yet
inbox-overdue = Only what is overdue
inbox-narrow = Apply
inbox-widen = Clear the filter
inbox-saved = Saved filters
inbox-filter-name = Name of the filter
inbox-keep-filter = Save filter
inbox-forget-filter = Remove the filter { $name }
inbox-filter-kept = The filter is saved.
inbox-filter-forgotten = The filter is removed.
inbox-filter-unusable = The filter was not saved: give it a name of at most 80 characters, and keep at most 50 filters.
inbox-tabs = Parts of the inbox
inbox-found = Search results
inbox-found-about = The best fit first. A new report can be found a moment after it came in.
inbox-empty = No reports here
inbox-empty-about = As soon as there are any, they appear in this list.
inbox-pick = Choose report
inbox-unseen = New
inbox-together = With those chosen
inbox-look = Mark as looked at
inbox-to-unit = Give to unit
inbox-off-desk = Take off every desk
inbox-nothing-ticked = First choose the reports that you mean.
inbox-looked = { $n ->
    [one] { $n } report is marked as looked at.
   *[other] { $n } reports are marked as looked at.
}
inbox-unit-needed = Choose a unit first.
inbox-taken-off = { $n ->
    [one] { $n } report was taken off the desk of unit and officer.
   *[other] { $n } reports were taken off the desks of unit and officer.
}
inbox-assigned = { $n ->
    [one] { $n } report was handed over.
   *[other] { $n } reports were handed over.
}
inbox-verified = { $n ->
    [one] { $n } report was verified.
   *[other] { $n } reports were verified.
}
inbox-verified-some = { $n } of { $all ->
    [one] { $all } report
   *[other] { $all } reports
} { $n ->
    [one] was
   *[other] were
} verified. These do not wait for it: { $names }.
inbox-verified-unseen = { $n } of { $all ->
    [one] { $all } report
   *[other] { $all } reports
} { $n ->
    [one] was
   *[other] were
} verified. The others are not on your desk any more.
inbox-not-done = Nothing was changed. Load the page again, then try again.
inbox-long-overdue = { $n ->
    [one] { $n } report is long overdue and nothing has been done.
   *[other] { $n } reports are long overdue and nothing has been done.
}
inbox-at-dissolved = { $n ->
    [one] { $n } report is at { $name }, which was revoked and has a successor. Pick it in the list, then “Hand to the successor”.
   *[other] { $n } reports are at { $name }, which was revoked and has a successor. Pick them in the list, then “Hand to the successor”.
}
inbox-elsewhere-overdue = { $n ->
    [one] { $n } report at another institution is overdue.
   *[other] { $n } reports at other institutions are overdue.
}
inbox-to-officer = Give to officer
inbox-more-together = Archive or note together
inbox-archive-reason = Why they are archived
inbox-words = Text
inbox-words-about = With an archive each reporter reads it; with a note only officers do.
inbox-reason-needed = First choose why they are archived.
inbox-text-needed = First write the note.
inbox-text-too-long = This text is too long; nothing was changed.
inbox-archived = { $n ->
    [one] { $n } report was archived.
   *[other] { $n } reports were archived.
}
inbox-noted = The note was written to { $n ->
    [one] { $n } report.
   *[other] { $n } reports.
}
inbox-succeeded = In { $n ->
    [one] { $n } report
   *[other] { $n } reports
} the successor has taken the place of the dissolved institution.
inbox-some = Done to { $n } of { $all ->
    [one] { $all } report
   *[other] { $all } reports
}. It could not be done to: { $names }.
inbox-some-unseen = Done to { $n } of { $all ->
    [one] { $all } report
   *[other] { $all } reports
}. The others are not on your desk any more.
inbox-dispose = Dispose …
inbox-merge = Merge …
inbox-disposed = { $n ->
    [one] { $n } report was disposed to { $name }.
   *[other] { $n } reports were disposed to { $name }.
}
inbox-represented = { $n ->
    [one] { $n } report is followed up on behalf of { $name }.
   *[other] { $n } reports are followed up on behalf of { $name }.
}
inbox-merged = { $n ->
    [one] { $n } report was merged into { $ticket }.
   *[other] { $n } reports were merged into { $ticket }.
}
together-dispose-about = Check the reports that will be disposed, then write to whom. Each is judged by itself: one that cannot be disposed stops none of the others.
together-merge-about = One report goes on; all others here are merged into it, and those who reported them follow it there.
together-able = Reports that it is done to ({ $n })
together-unable = Not possible for { $n ->
    [one] { $n } report
   *[other] { $n } reports
}
together-none = None of the chosen reports can be disposed now.
together-merge-two = Choose at least two reports that are still open.
together-into = The report that goes on
together-into-needed = Choose the report that goes on.
together-unit = Unit of this institution
together-unit-hint = Choose a unit in the place of another institution.
together-unit-alone = It goes to a unit of this institution. Empty this field, or the unit.
together-ended = Has ended
together-elsewhere = Handled by another institution
together-said = Done to { $n } of { $all ->
    [one] { $all } report
   *[other] { $all } reports
}.
together-done = Done
together-left = Not possible
together-unseen = This report is no longer on your desk.
together-failed = Failed for a fault of ours. Try again in a moment.
inbox-keys = Keyboard shortcuts
key-move = next report, previous report
key-beside = next, previous report of the list
key-back = back to the list
key-open = open the report
key-pick = choose the report
key-search = to the search field
key-help = open or close this help
shortcuts-about = In the list and on the page of a report a single letter does something. Switch this off if you speak to your browser, or often hit a wrong key.
shortcuts-on = On in this browser.
shortcuts-off = Off in this browser.
shortcuts-end = Switch keyboard shortcuts off
shortcuts-begin = Switch keyboard shortcuts on

# Parts

tab-work = To do
tab-work-about = Everything in your hands; what runs out next comes first.
tab-new = New
tab-new-about = Reports with which nothing has been done yet, those that have waited longest first.
tab-back = Came back
tab-back-about = Returned by another institution, reopened, or answered by the reporter.
tab-waiting = Waits for reporter
tab-waiting-about = On hold until the reporter has answered the questions; those that have waited longest first.
tab-working = In progress
tab-working-about = Reports that are being followed up.
tab-answered = Waits for response
tab-answered-about = Proposed to close; the reporter may confirm or ask again.
tab-elsewhere = Elsewhere
tab-elsewhere-about = Reports that another institution handles now; what runs out next comes first.
tab-escalated = Escalated
tab-escalated-about = Open reports that a supervisor such as the Ombudsman has joined, here or at another institution; what runs out next comes first.
tab-copies = Copies
tab-copies-about = Reports that another institution handles and of which you have a copy; what runs out next comes first.
row-escalated = Escalated
row-copied = Copy
row-waits-since = Waits since { $when }
tab-ended = Ended
tab-ended-about = Reports that are closed, archived, merged, erased or no longer here.
tab-long-overdue = Long overdue
tab-long-overdue-about = Overdue for days without anything done, here or at another institution; the oldest first.
tab-pending = Not ruled yet
tab-pending-about = Your acts are stored here and wait for the ruling of the hub.
tab-failed = No effect
tab-failed-about = Acts that no longer held when they arrived: do them again or drop them.
tab-suspect = Possible abuse
tab-suspect-about = Reports that look like a machine's, or that an officer has marked. Look at them, then clear or archive them.
tab-all = All
tab-all-about = All reports, the latest change first.

# Time

clock-paused = Waits for the reporter
clock-overdue = { $n ->
    [one] { $n } working day overdue
   *[other] { $n } working days overdue
}
clock-overdue-now = Overdue
clock-last-day = Last day
clock-left = { $n ->
    [one] { $n } working day left
   *[other] { $n } working days left
}
clock-until = until { $day }
clock-of = { $what }: { $left }
clock-short-follow-up = Follow-up
clock-short-answer = Answer
clock-short-settled = Settlement
clock-short-disposer = Disposition
clock-verification = Verification
clock-first-follow-up = First follow-up
clock-information-request = Answer to an information request
clock-complaint = Settling a complaint
clock-oversight = Settling a complaint about an irregularity
clock-disposer = Deadline set by the disposer
clock-silence = The reporter's response

# Possible abuse

suspect-title = Possible abuse
suspect-trap = A field that people do not see was filled in.
suspect-too-fast = The form was sent faster than a person can fill it in.
suspect-flood = One person sent more reports in a day than people usually do.
suspect-campaign = The same text from many people within an hour, or nothing but links.
suspect-officer = Marked by an officer.
suspect-clear = Not abuse
suspect-archive = Archive
suspect-mark = Mark as possible abuse
suspect-marked = The report is marked; it lies in the list of possible abuse now.
suspect-cleared = Cleared; the report lies among the others again.
suspects-cleared-some = { $n } of { $all ->
    [one] { $all } report
   *[other] { $all } reports
} { $n ->
    [one] was
   *[other] were
} cleared. The others are not on your desk any more.
suspects-cleared = { $n ->
    [one] { $n } report was cleared.
   *[other] { $n } reports were cleared.
}
