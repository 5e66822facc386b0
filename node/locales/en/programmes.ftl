# Development programmes.

nav-programmes = Programmes
programmes-title = Development programmes
programmes-lead = What institutions have announced: place, budget, schedule and progress.
programmes-none = No programmes yet
programmes-none-about = Programmes appear here as soon as an institution announces one.
programmes-none-here = No programme in this region
programmes-none-here-about = Try a wider region, such as the province.
programme-planned = Planned
programme-running = Under way
programme-late = Late
programme-suspended = Suspended
programme-done = Done
programme-cancelled = Cancelled
programme-percent = { $n } per cent
programme-pending = Not on the national record yet; it is sent as soon as the line allows.
programme-schedule = Schedule
programme-budget = Budget
programme-updated = Updated
programme-from = from { $day }
programme-until = until { $day }
programme-news = Progress
programme-report = Report on this programme
programme-reports = Reports about this programme
programme-no-reports = No public reports about this programme yet.
programme-all-reports = All reports about this programme

# At the desk

desk-programmes = Programmes
programmes-own = Our programmes
programmes-own-lead = What this institution has announced. Everybody reads it, on every portal.
programmes-own-none = Announce the first programme of your institution.
programme-new = Announce a programme
programme-new-lead = Say what is built, where and when, in words that people understand.
programme-change = Change the text
programme-see = See it on the portal
programme-name = Name of the programme
programme-about = Description
programme-about-hint = What is done, and what will be different for people.
programme-region-hint = Name of a province, regency or city; empty for all of Indonesia.
programme-budget-hint = In rupiah, for instance 4,750,000,000.
programme-budget-unusable = Write the budget as a whole number of rupiah.
programme-start = Begins
programme-end = Ends
programme-ends-early = It cannot end before it begins.
programme-save = Announce
programme-saved = The programme is announced.
programme-unusable = This text is too long or has characters that cannot be sent.
programme-changed = Somebody else has changed this programme since you opened this page. What you wrote is still below. Now the programme says something else here:
programme-changed-empty = (empty)
programme-tell = Tell its progress
programme-tell-go = Tell
programme-told = The progress is told.
programme-percent-label = Progress in per cent
programme-percent-unusable = Write a whole number from 0 to 100.
programme-status-unusable = Choose one of the states.
programme-words = News
programme-words-hint = A sentence or two on what is done and what comes next.

# Pictures of a programme

pictures-title = Pictures
pictures-lead = Everybody sees a picture on every portal, with its description, once the hub has it. What a file says of place and device is removed.
pictures-changed = Somebody else has just changed this programme. Look at its pictures again, then save.
pictures-none = No pictures yet.
pictures-full = A programme has at most { $most } pictures. Remove one to add another.
pictures-save = Save the pictures
pictures-saved = The pictures of the programme are saved.
picture-words-of = Description of picture { $n }
picture-position = Place of picture { $n }
picture-drop = Remove picture { $n }
picture-new = Add a picture
picture-new-hint = JPEG, PNG or WebP of at most { $n } KB; the browser makes it smaller if it can.
picture-words = Description of the new picture
picture-words-hint = Say what can be seen, for those who do not see it.
picture-words-unusable = Describe every picture, in at most { $most } characters.
picture-wrong-kind = A picture of a programme is JPEG, PNG or WebP. Choose another file.
picture-too-large = This picture is too large; at most { $n } KB. Make it smaller and send it again.
picture-unusable = This picture cannot be used, or is in this programme already.
picture-awaited = The picture has not arrived here yet.
picture-no-room = This picture is not kept here, because the room for pictures of other institutions is used up.
picture-waits = It waits to be sent to the hub. So far only this portal shows it.
picture-at-hub = The hub has it; every portal can show it.
picture-hub-full = The hub refuses it: the room for this institution's pictures is used up. Remove other pictures, or ask the federation's staff for room. Once there is room, it is sent by itself.
picture-hub-refuses = The hub refuses this picture. Remove it, then add it again.
picture-refused = This picture is not what was announced, so it is not shown.
