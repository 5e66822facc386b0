# Work in figures.

desk-figures = Figures
figures-title = Figures
figures-lead = Reports that came in during this period, as far as this institution knows them.
figures-csv = Download CSV
figures-csv-categories = Download CSV by category
figures-from = From
figures-through = Through
figures-side = Counted by
figures-show = Show
figures-none = No reports in this period
figures-none-about = Choose another period.
figures-outcome = All institutions: what became of the reports
figures-quality = All institutions: speed and quality
figures-ends-early = This last day is earlier than the first one.
side-custodian = The institution that has them
side-origin = The institution that received them
figure-intake = Came in
figure-open-now = Still open
figure-handled = Ever had
figure-answered = Answered
figure-first-answer = First answer, on average
figure-confirmed = Closed, confirmed by the reporter
figure-officer = Closed by an officer
figure-silent = Closed, reporter silent
figure-archived = Archived
figure-merged = Merged
figure-close = Until closed, on average
figure-overdue = Overdue at some time
figure-hops = Times sent back
figure-misrouted = Misrouted
figure-share = { $n } ({ $share }%)
figure-score = Rating by reporters, of 5
figure-minutes = less than an hour
figure-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
figure-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
chart-ends = What became of the reports
chart-intake = The ten institutions with the most reports
chart-what = What
chart-count = Count
figures-categories = By category
figures-no-category = No category
