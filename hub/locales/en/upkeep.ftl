# Upkeep: backups, maintenance, recovery.

console-upkeep = Upkeep
upkeep-navigation = Parts of upkeep
approval-all = The whole federation

# Maintenance

maintenance-title = Maintenance
maintenance-lead = During maintenance the hub takes no messages in. Institutions are told beforehand, work on, and send afterwards.
maintenance-on = The hub is in maintenance until { $until }: { $reason }
maintenance-ahead = Maintenance is planned from { $from } to { $until }: { $reason }
maintenance-lasts = Under way
maintenance-comes = Planned
maintenance-none = No maintenance
maintenance-none-about = The hub takes messages in as usual.
maintenance-from = From
maintenance-from-hint = Jakarta time (WIB). Empty means now.
maintenance-until = Until
maintenance-until-hint = Jakarta time (WIB). Seven days at most; it ends by itself.
maintenance-reason-hint = Every institution reads it, and it stands in the audit log.
maintenance-told = The notice has come to
maintenance-told-of = { $n } of { $all ->
    [one] { $all } active institution, by its own report
   *[other] { $all } active institutions, by their own reports
}
maintenance-plan = Announce maintenance
maintenance-end = End it now
maintenance-end-deed = End the maintenance
maintenance-call-off-deed = Call off the planned maintenance
maintenance-call-off = Call it off
maintenance-planned = The maintenance is announced.
maintenance-ended = The maintenance has ended; institutions are back within about a minute.
maintenance-called-off = The planned maintenance is called off; the hub goes on taking messages in.
maintenance-replaces = Another notice takes the place of the one that stands now.
maintenance-follows-hub = The hub answers 503 to whoever sends, fetches or joins. This console, the directory and the reports of institutions go on.
maintenance-follows-nodes = The desks of institutions show this notice. Reports of citizens are taken there all the same.
maintenance-follows-alarms = Alarms about institutions are held back meanwhile and for a moment afterwards.
maintenance-moment-wrong = Write a date and a time, for instance 2026-12-01T22:00.
maintenance-over = It must end after it begins, and after now.
maintenance-lasts-still = A maintenance is under way; end it before you announce the next one.
maintenance-too-long = Seven days at most.
maintenance-too-late = The time of the maintenance that was asked for is over.
maintenance-none-to-end = There is no maintenance to end.
maintenance-end-about = When it is ended, the hub takes messages in again; institutions are back within about a minute.
maintenance-call-off-about = When it is called off, this maintenance does not take place: the hub goes on taking messages in, and the notice goes from the desks of institutions.
maintenance-another = Another maintenance has been announced since; look at it, and ask again if it is needed.
did-maintenance-planned = Maintenance announced
did-maintenance-ended = Maintenance ended
did-maintenance-called-off = Planned maintenance called off

# Backups

backups-title = Backups
backups-lead = A backup is worth what can be restored from it. A trial restore puts it into a place of its own, proves what is in it, and throws it away; the running hub is not touched.
backup-last = Last backup
backup-age = { $age } ago ({ $at })
backup-never = Never
trial-last = Last trial restore that held
trial-never = None has held yet
trial-last-failed = { $held }; the last one tried did not hold
trial-by-itself = Trials by schedule
trial-by-itself-on = The hub tries the latest backup by itself every { $days ->
    [one] day
   *[other] { $days } days
}, at { $hour } in Jakarta. What does not hold or could not be run is tried again the day after.
trial-by-itself-off = Not set. Set backup.folder and backup.trial_days in hub.toml, and the hub tries the latest backup by itself.
backup-schedule = Making them
backup-schedule-about = The hub makes no backup by itself. Run lapor-hub backup every day from systemd or cron; an alarm watches its age.
backup-folder = Folder
backup-no-folder = Not set. Set backup.folder in hub.toml and restart the hub.
backup-progress = Progress
backup-running = { $work } { $name }: { $step }, since { $since }.
work-backup = Making backup
work-trial = Trial restore
step-begins = beginning
step-database = copying the database
step-blobs = copying attachments
step-proving = checking every file
step-restoring = putting the copy into a place of its own
step-writing = writing the record out
step-verifying = proving signatures, chains and rulings
step-comparing = comparing with the record of this hub
backups-there = What there is
backups-none = No backups yet
backups-none-about = Every folder in the folder for backups shows here.
backup-name = Name
backup-name-hint = Small letters, digits, points and hyphens. A name that is there is renewed; the old one stands until the new one is finished.
backup-name-wrong = Use small letters, digits, points and hyphens, 60 at most.
backup-made = As of
backup-size = Size
backup-holds = Holds
backup-unfinished = No finished backup of a hub
backup-database = { $kind } database, schema { $schema }, by version { $version }
backup-files = { $n ->
    [one] one file
   *[other] { $n } files
}
backup-with-keys = With keys: whoever has it can be the hub
backup-without-keys = Without keys
backup-missing = { $n ->
    [one] One attachment that its database names was not there when it was made, or is damaged in it
   *[other] { $n } attachments that its database names were not there when it was made, or are damaged in it
}
backup-make = Make a backup
backup-make-about = The hub works on meanwhile. It holds the keys of the hub and of the authority: keep it encrypted elsewhere.
backup-begun = The backup { $name } is being made.
backup-busy = A backup is being made or tried; wait for it to end.
trial-title = Trial restore
trial-begin = Try to restore
trial-begin-of = Try to restore { $name }
trial-begun = The trial restore of { $name } has begun.
run-by-itself = the hub itself, by its schedule
backup-reason = Reason
backup-reason-hint = Goes into the audit log with the name of the backup.
trial-not-yet = Not tried
trial-held-by = Held { $at }, { $name }
trial-failed-by = Failed { $at }, { $name }
trial-aborted-by = Not finished { $at }, { $name }
trial-about = That it held means: every file is what its manifest says; its database was restored; every signature, chain, ruling and receipt in it was proved again; and what is in it is a beginning of the record of this hub. What came afterwards is not in it.
trial-files = { $n ->
    [one] One file is what the manifest says
   *[other] { $n } files are what the manifest says
}
trial-envelopes = { $n ->
    [one] One message
   *[other] { $n } messages
} and { $versions ->
    [one] one version
   *[other] { $versions } versions
} of the directory: signatures and chains hold
trial-rulings = { $n ->
    [one] One ruling
   *[other] { $n } rulings
} made again, { $receipts ->
    [one] one receipt
   *[other] { $receipts } receipts
}, { $cases ->
    [one] one case
   *[other] { $cases } cases
}
trial-compared = { $n ->
    [one] One end of a chain or stream
   *[other] { $n } ends of chains and streams
} compared with the record of this hub
trial-since = After this backup: { $n ->
    [one] one message
   *[other] { $n } messages
} and { $versions ->
    [one] one version
   *[other] { $versions } versions
} of the directory, which are not in it
trial-wrong = { $n ->
    [one] One thing does not hold:
   *[other] { $n } things do not hold:
}
trial-flaw-unreadable = { $n ->
    [one] One line or file cannot be read
   *[other] { $n } lines or files cannot be read
}
trial-flaw-directory = { $n ->
    [one] One version of the directory is not valid or does not follow
   *[other] { $n } versions of the directory are not valid or do not follow
}
trial-flaw-signature = { $n ->
    [one] One message without a valid signature of its author
   *[other] { $n } messages without a valid signature of their authors
}
trial-flaw-twice = { $n ->
    [one] One place is held by two messages
   *[other] { $n } places are held by two messages
}
trial-flaw-chain = { $n ->
    [one] One message does not continue its author's chain
   *[other] { $n } messages do not continue their authors' chains
}
trial-flaw-missing = { $n ->
    [one] One ruling is about a message that is not there
   *[other] { $n } rulings are about messages that are not there
}
trial-flaw-ruling = { $n ->
    [one] One ruling is not there, or another one than the rules give
   *[other] { $n } rulings are not there, or others than the rules give
}
trial-flaw-case = { $n ->
    [one] Once the order or the custody of a case is another one than the rules give
   *[other] { $n } times the order or the custody of a case is another one than the rules give
}
trial-flaw-receipt = { $n ->
    [one] One receipt does not hold
   *[other] { $n } receipts do not hold
}
trial-flaw-head = { $n ->
    [one] One signed end of a stream does not hold
   *[other] { $n } signed ends of streams do not hold
}
trial-flaw-picture = { $n ->
    [one] One picture is not as its programme names it
   *[other] { $n } pictures are not as their programmes name them
}
trial-flaw-hub-key = { $n ->
    [one] One signing key was never this hub's
   *[other] { $n } signing keys were never this hub's
}
trial-flaw-message = { $n ->
    [one] One chain: its last message is not in the record of this hub
   *[other] { $n } chains: their last messages are not in the record of this hub
}
trial-flaw-item = { $n ->
    [one] One stream: its last item is not in the record of this hub
   *[other] { $n } streams: their last items are not in the record of this hub
}
trial-flaw-version = { $n ->
    [one] One version of the directory is another one at this hub
   *[other] { $n } versions of the directory are others at this hub
}
technical-detail = Technical detail
run-of-before = The technical detail says why.
mishap-interrupted = The program ended before this was done.
mishap-no-room = There is too little room for a trial; make room, or name another folder in backup.scratch.
mishap-disk-full = The disk is full; make room and try again.
mishap-file = A file or a folder of this machine cannot be read or written.
mishap-gone = A file is gone from the backup: it was removed or moved, or the backup is being made anew. Put it back and try again, or use another backup.
mishap-damaged = A file is not what was backed up; use another backup.
mishap-unfinished = The backup was not finished.
mishap-foreign = This is no backup of a hub that this program knows.
mishap-newer = A newer program made this backup.
mishap-busy = Another backup is being written to that folder; wait for it to end.
mishap-occupied = The folder holds other files.
mishap-keys = This backup has no keys in it, and the hub's keys are not on this machine.
mishap-database = The database cannot be used now.
mishap-copy = The database is damaged, or none of a hub.
mishap-record = The record or the keys in it do not hold together.
mishap-settings = The settings in hub.toml cannot be used.
runs-title = What was done
runs-none = Nothing has been made or tried from here.
run-work = Work
run-began = Began
run-took = took { $took }
run-by = By
run-outcome = Outcome
run-shown = What was proved
run-under-way = Under way
run-made = Made
run-held = Held
run-differs = Does not hold
run-failed = Failed
run-aborted = Not finished
did-backup-begun = Backup made
did-backup-tried = Restore of a backup tried

# Recovery

recovery-title = Recovery
recovery-lead = A hub that was restored from a backup cannot know by itself what it has lost. Every institution shows what the hub has signed; that tells whether its record is whole.
recovery-still = No recovery is under way
recovery-still-do = All that institutions have shown is in the record of this hub.
recovery-still-unheard = No institution has been heard yet, so it is not known whether anything is lost.
recovery-listening = Restored; waiting to hear everybody
recovery-listening-do = At first the hub listens for some minutes and takes nothing new in; then it works as usual. Until all have been heard it is not certain that nothing is lost. An institution that shows a signature under an unknown key may hold what came after a change of keys: restore from a newer backup.
recovery-lost = Something is lost; the hub gathers it from the institutions
recovery-lost-do = Institutions hold what is not here, and bring it back by themselves; until that is done the hub takes nothing new in. A newer backup or the standby, if there is one, is faster. Those who are never heard need not be waited for.
recovery-restored = Restored
recovery-never = This hub was never restored, or by a version that did not note it.
recovery-backup = From a backup as of
recovery-closed = Over
recovery-was-closed = Was over
recovery-again = Under way again since
recovery-closed-by = said by { $who }
recovery-closed-all = all have been heard
recovery-open = Not yet
recovery-loss = What is lost
recovery-since = Listening since
recovery-heard = Heard
recovery-heard-of = { $n } of { $all ->
    [one] { $all } active institution
   *[other] { $all } active institutions
}
recovery-lacking = Holding what is lost
recovery-came = Messages taken in since the restore
recovery-whole = Have brought back all
recovery-back = Brought back
recovery-stuck = Cannot be put in place yet
recovery-stuck-about = What was brought back does not make the record whole yet. Wait for those not heard, or restore a newer backup.
stuck-withheld = { $n ->
    [one] One message of which institutions were told is only with its author, which has not brought it back yet.
   *[other] { $n } messages of which institutions were told are only with their authors, which have not brought them back yet.
}
stuck-forked = Two messages of { $name } claim to follow the same one.
stuck-apart = { $n ->
    [one] One message, of { $name }, does not continue what is here.
   *[other] { $n } messages do not continue what is here, of { $name } among others.
}
stuck-unfit = { $n ->
    [one] One message, of { $name }, does not fit what institutions were told.
   *[other] { $n } messages do not fit what institutions were told; the first is of { $name }.
}
stuck-short = No message leads to item { $n } of the stream of { $name }.
stuck-short-public = No message leads to item { $n } of the public stream.
stuck-behind = By the directory, { $name } has sent more messages than were brought back.
recovery-banner-listening = The hub is being restored from a backup.
recovery-banner-lost = Something is lost; the hub takes nothing new in until institutions have brought it back.
recovery-banner-see = See the recovery
recovery-close-lost = What was brought back is put in its place without waiting for the others. What only they hold is lost until they are heard; whoever holds what contradicts the hub's record is refused alone.
recovery-close = Say that it is over
recovery-close-deed = Declare the recovery ended
recovery-close-about = Those who have not been heard are not waited for any more. If they show later what is lost, the hub stops all the same.
recovery-closed-done = Nobody else is waited for any more.
recovery-changed = The recovery has changed meanwhile; look at its page.
recovery-nothing = No recovery is under way.
recovery-damaged = Messages that are damaged here
recovery-damaged-about = The hub's disk gives back other bytes than it was given; look at it. Every minute the author of a message is asked to send it once more, and its node does so by itself. Until then those who are to be told it wait for it, and for what comes behind it. If the author's node is at work no more, restore the hub from a backup.
recovery-damaged-author = Author
recovery-damaged-place = Place in its chain
recovery-damaged-found = Found
recovery-members = Institutions
recovery-nobody = There is no active institution yet.
member-unheard = Not heard yet
member-unread = Not readable: its key is unknown
member-back = Has brought back all
member-brought = { $messages ->
    [one] one message
   *[other] { $messages } messages
}, { $items ->
    [one] one item
   *[other] { $items } items
}, { $versions ->
    [one] one version
   *[other] { $versions } versions
} of the directory
member-conflict = Contradicts the hub's record: { $what }
conflict-inbox = item { $n } of its stream
conflict-public = item { $n } of the public stream
conflict-chain = message { $n } of its chain
conflict-directory = version { $n } of the directory
member-lacks = Holds { $n ->
    [one] one that is lost
   *[other] { $n } that are lost
}
member-whole = All is here
member-shows-nothing = Holds nothing yet
member-heard-at = Shows it since
member-lack = What is lost here
lack-inbox = Stream of { $whose }: shown up to { $shown }, here up to { $held }
lack-public = Public stream: shown up to { $shown }, here up to { $held }
lack-chain = Messages of { $whose }: accepted up to { $shown }, here up to { $held }
lack-directory = Directory: version { $shown } was shown, version { $held } is here
did-recovery-closed = Recovery said to be over
