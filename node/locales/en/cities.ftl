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
city-again = Try again
city-again-done = It is tried with the next look.
city-dropped = It is not tried again.

city-closed = { $city } says that this request is done.
city-reopened = { $city } has opened this request again.
city-said = News from { $city }:

did-city-asked-again = Request of a city tried again
did-city-dropped = Request of a city dropped
actors-cities = Services of cities
