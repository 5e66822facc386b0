# What stands around every page.

skip-to-content = Skip to content
masthead-home = Front page
navigation = Main menu
preferences = Language and colours
language-label = Language
theme-label = Colours
theme-system = Automatic
theme-light = Light
theme-dark = Dark
leave = Log out
contact-label = Contact us
footer-about = LAPOR! brings what people report to the institution in charge, anywhere in Indonesia.
footer-national = National LAPOR! portal
footer-privacy = Your data and privacy
footer-api = API documentation
flash-label = Notice

# Days

day-today = today
day-yesterday = yesterday
day-tomorrow = tomorrow
days-ago = { $n ->
    [one] { $n } day ago
   *[other] { $n } days ago
}
days-ahead = { $n ->
    [one] in { $n } day
   *[other] in { $n } days
}

# Forms

form-complaints = Something needs to be corrected
form-required = Please fill this in.
form-too-long = At most { $most } characters; yours has { $length }.
form-optional = optional

# Lists

pager = Pages
pager-next = Next
pager-first = Back to the beginning

# Charts

chart-as-table = As a table
