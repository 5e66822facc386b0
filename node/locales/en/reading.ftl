# Public reports, statistics and the map.

nav-reports = Reports
nav-statistics = Statistics

# The list of reports

reading-title = Public reports
reading-lead = What people report and what institutions do about it. Confidential reports are not here, and a reporter’s name is never shown.
reading-by-map = See the map
reading-statistics = Statistics
reading-search = Search reports
reading-search-go = Search
reading-search-unusable = This search cannot be read. Write a few words, such as street light.
reading-narrow = Narrow by status, topic, region, institution or time
reading-narrow-go = Apply
reading-state = Status
reading-category = Topic
reading-kind = Kind
reading-region = Region
reading-region-unknown = This region is not known. Write the name of a province, regency or city.
reading-institution = Institution
reading-from = Received since
reading-through = Received until
reading-day-unusable = Write a whole date.
reading-choice-unknown = Choose one from the list.
reading-conditions = Conditions that hold
reading-without = remove this condition
reading-all = Remove all conditions
reading-since = Since { $day }
reading-until = Until { $day }
reading-of-programme = Programme { $name }
reading-supports = { $n ->
    [one] one person has the same trouble
   *[other] { $n } people have the same trouble
}
reading-none = No report fits
reading-none-about = Try other words, or remove some conditions.
reading-none-yet = No public reports yet
reading-none-yet-about = Reports appear here once an officer has verified them.
reading-back = All public reports
reading-merged = That report was merged into this one, because it is about the same matter.
reading-archived = This report was archived
reading-archived-why = Reason
reading-archived-when = Archived on
reading-archived-about = Its words are not shown any more. The reporter can still read them in the conversation, and can ask for the report to be reopened.
reading-left = This report is no longer here

# One report

reading-complaint = Complaint
reading-information-request = Information request
reading-aspiration = Aspiration
reading-on-behalf-of = on behalf of { $institution }
reading-programme = About the programme
support-title = Do you have the same trouble?
support-count = { $n ->
    [one] One person has said so.
   *[other] { $n } people have said so.
}
support-none = Nobody has said so yet.
support-about = No account, no name; the institution sees how many you are.
support-go = I have it too
support-counted = Thank you. You have been counted.
support-known = This browser has been counted before.
support-ended = This report has ended and takes no more support.

# Statistics

statistics-title = Statistics
statistics-lead = What comes in, how it ends, and where.
statistics-honest = How reports end
statistics-honest-about = A reporter’s silence is no sign of satisfaction, and an officer’s word is not the reporter’s, so each is counted apart. The figures cover all reports of the period that is chosen, confidential ones too.
statistics-endings = Ends of reports
statistics-ending = End
ending-confirmed = Confirmed by the reporter
ending-officer = Closed by an officer for the reporter
ending-silent = Closed because the reporter was silent
ending-archived = Archived with a reason
statistics-course = Month by month
statistics-month = Month
statistics-filed = Received
statistics-reports = Reports
statistics-public = Public reports
statistics-public-about = Only reports that everybody may read.
statistics-states = By status
statistics-categories = By topic
statistics-provinces = By province
statistics-work = How fast and how well
statistics-work-about = Reports received in the period that is chosen, as far as it is known here. By institution, intake and endings stand with the institution that has the report now; first answers, overdue and misdirected reports with the one that had it then.
work-open = Still open
work-first-answer = Mean time to first answer
work-overdue = Overdue
work-misrouted = Misdirected
work-score = Reporters’ rating
work-none = none yet
work-few = fewer than { $n }
lasting-under-an-hour = less than an hour
lasting-hours = { $n ->
    [one] one hour
   *[other] { $n } hours
}
lasting-days = { $n ->
    [one] one day
   *[other] { $n } days
}
statistics-period = Period
statistics-show = Show
statistics-csv = Download CSV
statistics-work-by = Compared by
statistics-work-secret = Confidential reports are counted only where there are not few of them.
statistics-work-table = All figures
statistics-work-nothing = Not enough reports to compare
statistics-work-nothing-about = Figures of a handful of reports are not shown, so that nobody is recognised by them. Choose a longer period.
period-months = Last { $n } months
period-year = Year { $year }
work-close = Mean time to close
work-speed = Days until answered and closed, on average
work-astray = Overdue and misdirected
work-value = Figure
statistics-counted = Counted

# The map

map-title = Map of reports
map-lead = The stronger the colour, the more public reports come from the province.
map-shape = { $name }: { $n ->
    [one] one report
   *[other] { $n } reports
}
map-province = Province
map-list = Public reports by province
map-others = No public reports yet from
map-regency = Regency or city
map-regencies = Public reports by regency and city
map-of = Reports from { $name }
map-outline = Outline of { $name }
map-shared = This province has not been drawn by itself yet; the outline still includes its neighbour.
map-dots = Dots: development programmes that say where they are.
map-programmes = Development programmes here
map-source = Outlines: MapSVG, CC BY 4.0.
map-unplaced = { $n ->
    [one] One public report names no region.
   *[other] { $n } public reports name no region.
}
map-back = All of Indonesia
map-reports = Reports from { $name }
map-pick = Choose on the map
map-pick-about = Tap the province until it fills the map, then the place. It is an estimate and may be ten kilometres off.
map-picked = The estimated coordinates are filled in.
map-pick-label = Map for choosing a place
streets-pick = Move it to the exact place
streets-pick-about = Tap the street or the building; the dot and its coordinates follow.
streets-label = Streets around the place
streets-nearer = Nearer
streets-farther = Farther
streets-moved = The coordinates have been moved.
streets-none = There are no streets around this place. The place is noted all the same; the outlines of the provinces are above.
reading-category-national = national:
statistics-own-categories = Public reports by the institution’s own categories
