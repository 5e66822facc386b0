# Upkeep: keys, the authority, editions.

did-hub-key-announced = Signing key announced
did-hub-key-used = Signing key in use
did-hub-key-retired = Signing key retired
did-authority-announced = Authority announced
did-authority-used = Authority in use
did-authority-withdrawn = Authority withdrawn

# Keys

keys-page-title = Keys
keys-lead = Which keys and certificates hold the federation together, which are on their way, and who knows of them.
keys-hub = Signing keys of the hub
keys-hub-about = The hub signs receipts and the directory with them. Another key is announced, used once the institutions have read of it, and the former one retired. What a retired key signed stays good.
keys-unsaved = A key is on its way that is in no backup of this hub yet. Make a backup before you use the key.
keys-id = Key
keys-state = State
keys-announced = Announced
keys-used-from = Signs from
keys-used-until = Signs until
keys-retired = Retired
keys-ends = Ends
keys-unknown = Not known
keys-of = { $n } of { $all }
keys-acknowledged = { $n } of { $all ->
    [one] { $all } institution
   *[other] { $all } institutions
} (suspended ones included) { $n ->
    [one] has said that it has
   *[other] have said that they have
} directory version { $version } or a later one, which names the key.
key-announced = Announced
key-signs = Signs
key-leaving = Signed before
key-retired = Retired
key-not-here = Not in the folder
root-title = Authority
root-about = Certificates stand below a root that every institution trusts. Another root is first trusted beside it; institutions get it with their next certificate, within 18 days at most. Then it certifies, and at last the former one is withdrawn.
root-pin = SHA-256 of the root
root-certifies = Certifies
root-next = Announced
root-former = Certified before
root-trusted-by = Trusted by
root-certified = Certificates of institutions
root-silent = { $n ->
    [one] One institution has
   *[other] { $n } institutions have
} not said which roots are trusted there, because no report has come yet or the program does not say; before a step that counts as not knowing the other root.
root-announced = Both trusted since
root-used = The other one certifies since
root-issuer-ends = Issuer ends
root-hub-ends = Certificate of the hub ends
root-key = Private key of the root
root-key-here = Lies on this machine; it is safer offline
root-key-offline = Not on this machine
ending-title = Certificates that should have been renewed
ending-none = No active institution has a certificate that ends within 12 days.
ending-about = Institutions renew their certificates 12 days before the end at the latest. These have not; one that is silent renews by itself when it comes back.
members-keys = Keys of institutions
members-keys-about = The oldest first. An institution announces its next key by itself after 335 days.
members-keys-none = No active institution has keys in the directory.
keys-use = For
keys-age = Age
keys-due = Next one due
keys-late = Overdue
keys-more = { $n ->
    [one] Show one more key
   *[other] Show { $n } more keys
}
keys-data = These figures as JSON

# Steps

step-announce-key = Announce another signing key
step-use-key = Sign with the announced key
step-retire-key = Retire a key
step-retire-former-key = Retire the former key
step-announce-root = Announce another authority
step-use-root = Certify by the announced authority
step-withdraw-root = Withdraw a root
step-withdraw-former-root = Withdraw the former root
step-take-back = Take the announcement back
step-takes-back = The announcement is taken back. Nothing has been signed or certified with it, so nobody is left behind.
step-left = Who would be left behind
step-left-nobody = Nobody: { $n ->
    [one] the one institution has said that it is ready.
   *[other] all { $n } institutions have said that they are ready.
}
step-left-some = { $n } of { $all ->
    [one] { $all } institution
   *[other] { $all } institutions
}, suspended ones included, by what they have said:
step-leaves-some = { $n } of { $all ->
    [one] { $all } institution
   *[other] { $all } institutions
} would be left behind, suspended ones included, by what they have said.
step-leaves-nobody = By now nobody would be left behind.
step-left-behind = { $n ->
    [one] One institution would be left behind. Wait for it, or tick this box.
   *[other] { $n } institutions would be left behind. Wait for them, or tick this box.
}
step-even-so = Do it though they would be left behind
step-even-so-hint = Another operator must confirm this, also where one is enough otherwise.
step-forced = { $deed }, though some are left behind
announce-key-follows-made = The hub makes a key in its folder and names it in the directory. It goes on signing with the key of today.
announce-key-follows-backup = Back the hub up before the next step: without the new key a restored hub cannot sign any more. Replicas of the hub need a copy of its file.
use-key-follows-signs = From the next directory version on the hub signs with this key. The former one stays valid until you retire it.
use-key-follows-late = Whoever has not read of the key refuses the hub's answers until it has read the directory, which it does by itself as soon as it is connected.
retire-key-follows-good = The directory does not name the key any more. What it signed stays good and can be proved.
retire-key-follows-gone = Its private half is destroyed in this hub's folder. This cannot be taken back.
announce-root-follows-made = The hub makes a root and an issuer in its folder and trusts the root beside the current one. It goes on certifying as today. Move next-root.key.pem offline.
announce-root-follows-renewal = Each institution gets the root with its next certificate. After 18 days at most all that are connected have it.
use-root-follows-certifies = New certificates, and that of the hub itself, stand below this root from now on. Certificates of the former one stay good.
use-root-follows-cut = Whoever does not trust the root yet cannot reach the hub any more, and has to be given the file authority/roots.pem of this hub by hand.
use-root-follows-invitations = Invitation lines that are not used yet pin the former root and are good no more; make them again.
withdraw-root-follows-trust = The hub trusts no certificate below this root any more, and institutions drop it with their next certificate.
withdraw-root-follows-recover = An institution whose certificate still stands below it is refused. One that trusts the root that remains gets another certificate by itself with its identity key as soon as it is connected; one that does not trust it yet must be handed the file authority/roots.pem of this hub.
left-version = has directory version { $version }, said { $at }
left-unreported = has never reported
left-suspended = is suspended: it reads nothing until it is resumed
left-silent = runs a program that does not say
left-untrusting = does not trust the root yet, said { $at }
left-certificate = its certificate stands below the former root, and it trusts the root that remains: it comes back by itself; said { $at }
left-for-good = its certificate stands below the former root, and it does not trust the root that remains: it must be handed the file authority/roots.pem; said { $at }
key-announced-done = The key is announced.
key-used-done = The hub signs with the new key.
key-retired-done = The key is retired.
root-announced-done = The authority is announced.
root-used-done = The new authority certifies.
root-withdrawn-done = The root is withdrawn.

# Editions

editions-title = Editions
editions-lead = Editions of categories, calendar and regions: which is in force, who goes by which since when, and who lags. It is what the institutions say of themselves.
edition-taxonomy = Categories
edition-calendar = Calendar of holidays
edition-regions = Regions
edition-name = Edition
edition-published = Published
edition-adopted = Institutions that go by it
edition-in-force = In force
edition-shipped = Shipped with the program
edition-with-program = Comes with the program
edition-unread = Cannot be read
edition-damaged = { $n ->
    [one] One edition cannot be read because the hub's record is damaged.
   *[other] { $n } editions cannot be read because the hub's record is damaged.
} Until it is whole again the hub goes by the edition before; institutions go by what they were given. What mends it stands at Upkeep, Recovery.
edition-lagging = { $n ->
    [one] One active institution goes by another edition than the one in force.
   *[other] { $n } active institutions go by another edition than the one in force.
}
edition-nobody-lags = No active institution says that it goes by another edition than the one in force.
edition-silent = { $n ->
    [one] One active institution has not said what it goes by: it is silent, or its program is older.
   *[other] { $n } active institutions have not said what they go by: they are silent, or their programs are older.
}
edition-check-title = Check a new edition
edition-check-about = The hub reads the file and shows how it differs from the edition in force. The national desk publishes it: what all go by is signed by the desk, not by the hub.
edition-categories-file = Download the categories in force, to begin a new edition from
edition-json-unreadable = This file is not UTF-8 text; save it as UTF-8 JSON.
edition-kind = What
edition-name-hint = For instance 2027.1. A CSV file does not say its edition; a JSON file may.
edition-name-needed = A CSV file does not say its edition; write its name.
edition-used = An edition of this name has been published, and an edition never changes. Choose another name.
edition-file = File
edition-file-hint = Calendar: CSV with date, kind (libur_nasional or cuti_bersama), name, or JSON. Categories: JSON with edition and roots.
edition-wrong = This file cannot become an edition: { $n ->
    [one] one mistake.
   *[other] { $n } mistakes.
}
edition-mistakes-more = { $n ->
    [one] And one more mistake.
   *[other] And { $n } more mistakes.
}
edition-placed = { $place }: { $wrong }.
edition-line = Line { $line }
edition-line-column = Line { $line }, column { $column }
edition-day = Day { $n } ({ $named })
edition-row = Line { $n } ({ $named })
edition-category = Category { $n } ({ $named })
edition-below = Category { $place } below category { $n } ({ $named })
edition-columns-lacking = The header lacks the column { $columns }.
edition-columns-unknown = The header has columns that are not known: { $columns }.
edition-columns-wrong = it has { $found ->
    [one] one column
   *[other] { $found } columns
}, and the header has { $expected }
edition-empty = There is no row below the header.
edition-list-empty = The list “{ $list }” is empty; an edition has one entry at least.
edition-holiday-kind = “{ $found }” is no kind; write libur_nasional or cuti_bersama
edition-quote-open = a quotation mark that opens a cell is not closed, so that rows below it are read as its words
edition-row-wrong = it cannot be read
edition-cut = The file is cut off: it ends before what it says does.
edition-no-json = from there on it is no JSON
edition-field-missing = up to there the field “{ $field }” is missing
edition-field-unknown = the field “{ $field }” is not known
edition-field-twice = the field “{ $field }” is written twice
edition-day-kind = “{ $found }” is no kind; write national_holiday or collective_leave
edition-asks-text = about there a text between quotation marks should stand
edition-asks-list = about there a list between square brackets should stand
edition-asks-object = about there an object between braces should stand
edition-name-wrong = The edition's name cannot be used: 1 to 60 small letters, digits, points, hyphens or underscores.
edition-too-many = At most { $most } entries.
edition-date-wrong = no date of the calendar; write it like 2027-08-17
edition-nameless = without a name
edition-name-long = its name is longer than { $most } characters
edition-name-slash = its name has a slash, which parts a category from what is below it
edition-name-unseen = its name has characters that are not seen, such as a line break
edition-name-blank = its name begins or ends with a blank
edition-crowded = more than { $most } categories below it
edition-date-twice = its date is that of day { $before }; write a day once, with all its names
edition-date-twice-row = its date is that of line { $before }; write a day once, with all its names
edition-name-twice = its name stands above already, at place { $before }
edition-limit = A limit is broken.
edition-check = Check
edition-holders = Institutions
edition-lags = Lags
edition-since = since
edition-more = { $n ->
    [one] Show one more institution
   *[other] Show { $n } more institutions
}
edition-checked = The file is sound
edition-fine = { $what }, edition { $edition }, can be published.
edition-compared = Compared with edition { $edition }, which is in force.
edition-compared-shipped = Compared with the edition that the programs ship, for none has been published.
edition-kept = { $n ->
    [one] One entry stays as it is.
   *[other] { $n } entries stay as they are.
}
edition-sooner = { $n ->
    [one] One holiday of today or later becomes a working day
   *[other] { $n } holidays of today or later become working days
} by this edition. Deadlines that run over such a day are due sooner. An edition replaces the one before as a whole: where this is not meant, take these days into the file.
edition-later = { $n ->
    [one] One working day of today or later becomes a holiday
   *[other] { $n } working days of today or later become holidays
} by this edition. Deadlines that run over such a day are due later.
edition-added = Added: { $n }
edition-removed = Dropped: { $n }
edition-lines-more = { $n ->
    [one] And one more line.
   *[other] And { $n } more lines.
}
edition-publish = Publish it
edition-publish-about = At the national desk's server, with this very file:
