# Cities whose Open311 services are followed and fed

cities-title = Cities (Open311)
cities-lead = Complaint services of cities: requests there become reports here, and reports of mapped categories are sent there.
cities-none = No city is connected yet
cities-none-about = Whoever runs the machine adds one with cities in node.toml.
cities-told = { $n ->
    [one] { $n } request of a city needs a look
   *[other] { $n } requests of cities need a look
}
city-not-asked = Not asked yet
city-down-about = The city's service does not answer everything yet. Nothing is lost; all of it is tried again.
city-down-safe = Nothing is lost; all of it is tried again.
city-contact = Last answer
city-followed = Followed
city-fed = Sent
city-count = { $open } open, { $closed } closed
city-waiting = Waiting
city-refused = Need a look
city-request = Request
city-way = Direction
city-way-fed = To the city
city-way-followed = From the city
city-since = Since
city-state-waiting = Waits to be sent
city-state-sending = May not have arrived
city-state-token = Waits for its number
city-state-refused = Refused by the city
city-state-left = Cannot become a report
city-state-linked = Connected
city-stuck-hidden = { $n ->
    [one] { $n } more request is of a report that you do not see.
   *[other] { $n } more requests are of reports that you do not see.
}
city-again = Try again
city-again-done = It is tried with the next look.
city-dropped = It is not tried again.
city-more = Address, categories and connected requests
city-address = Address of the service
city-jurisdiction = Jurisdiction
city-begun = Followed since
city-looked = Last look
city-looked-well = { $at }: every question was answered
city-looked-badly = Without success since { $since }
city-obstacle-key = The city does not take our key: ask it for a new one, and set it in cities.api_key_file.
city-obstacle-busy = The city asks to be left alone for a while.
city-obstacle-refuses = The city refuses what we ask.
city-obstacle-away = The city's service does not answer, or its answer cannot be read.
city-map = Categories
city-map-about = Services of the city and their categories here, set in cities.map. Requests of a service that is not mapped come without a category, and an officer chooses one; only reports of mapped categories are sent to the city.
city-map-none = No service is mapped yet
city-map-none-about = Whoever runs the machine maps them with cities.map in node.toml.
city-map-ask = Ask the city for all its services
city-service = Service of the city
city-service-unknown = Not known to the city
city-category = Category here
city-unmapped = Not mapped
city-exchange = News
city-exchange-about = What the city says is noted on the report. Once a report is a request of the city, answers and states from here do not get there: its service takes no changes.
city-told = News of the city noted on reports
city-untold = Requests with news held back
city-when-closed = When the city closes a request
city-when-said = When the city says something else
city-deed-proposal = A follow-up that proposes to close
city-deed-answer = A follow-up for the reporter
city-deed-note = A note for officers
city-linked = Connected requests
city-linked-none = Nothing is connected yet
city-linked-none-about = Requests of the city that became reports, and reports that became its requests, are shown here.
city-case = Report here
city-case-hidden = Not for you to see
city-there = At the city
city-there-open = Open
city-there-closed = Closed
city-here = Here
city-news = News noted
city-changed = Changed

city-closed = { $city } says that this request is done.
city-reopened = { $city } has opened this request again.
city-said = News from { $city }:

did-city-asked-again = Request of a city tried again
did-city-dropped = Request of a city dropped
actors-cities = Services of cities
