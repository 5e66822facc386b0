# Alarms.

console-alarms = Alarms
alarms-navigation = Parts of alarms
alarms-open = Open
alarms-past = Past alarms
alarms-rules = Rules
alarms-silences = Silences
alarms-recipients = Recipients
alarms-sent = Sent
alarms-all = All rules
alarms-none = No alarms
alarms-none-about = What rules find is shown here until it ends by itself.
alarms-count = { $waiting } not acknowledged, { $acknowledged } acknowledged.
alarms-group-count = { $n } open, { $waiting } not acknowledged.
alarms-more = And { $n } more
alarms-past-none = No past yet
alarms-past-none-about = Alarms that are over are shown here.
alarm-hub = Hub
alarm-reason = Reason
alarm-reason-then = { $reason } (when it opened)
alarm-since = Since
alarm-until = Over
alarm-state = State
alarm-condition = Looks for
alarm-seen = Acknowledged by
alarm-seen-nobody = Nobody
alarm-seen-by = by { $name }
alarm-silent-until = Silent until { $until }
alarm-pending = Not yet for long enough
alarm-open = Open
alarm-acknowledged = Acknowledged
alarm-cleared = Over
alarm-note = Note
alarm-note-long = The note is too long; nothing was acknowledged.
alarm-acknowledge-ticked = Acknowledge what is ticked
alarm-acknowledge-ticked-of = Acknowledge what is ticked: { $rule }
alarm-acknowledge-all = Acknowledge all ({ $n })
alarm-acknowledge-all-of = Acknowledge all ({ $n }): { $rule }
alarm-acknowledged-done = { $n ->
    [one] { $n } alarm acknowledged.
   *[other] { $n } alarms acknowledged.
}
alarm-none-acknowledged = Nothing was acknowledged: tick alarms that are still open.
alarm-silence = Silence
alarm-silence-of = Silence: { $rule }
instance-alarms = Alarms
instance-alarms-none = No alarms for this institution, neither now nor before.
deed-narrow-rule = Narrow a rule of alarms
deed-disable-rule = Switch off a rule of alarms
deed-disable-recipient = Switch off a recipient of alarms
deed-remove-recipient = Remove a recipient of alarms
deed-silence = Silence alarms
severity-warning = Warning
severity-critical = Critical

# What is looked for

condition-silent = Not heard
condition-unsent = Messages wait to be sent
condition-unapplied = Messages not applied
condition-apart = Both views differ
condition-set-aside = Messages set aside
condition-certificate = Certificate about to end
condition-clock = Clock differs
condition-version = Old version
condition-disk = Room nearly used up
condition-backup = Backup is old
condition-frozen = Chain frozen
condition-twice = Runs twice
condition-refused = Messages refused
condition-directory = Behind the directory
condition-unreported = Does not say how it is
condition-hub-sequencer = Hub: queue of the order
condition-hub-record = Hub: record lost or damaged
condition-hub-disk = Hub: room nearly used up
condition-hub-backup = Hub: backup is old
condition-hub-trial = Hub: backups not proved to restore
reason-hub-trial = The last trial restore that held was { $age } ago
reason-hub-trial-never = No trial restore has ever held
reason-hub-trial-failed = The backup that was tried last does not hold; make another and try that
condition-hub-certificate = Hub: certificate about to end
condition-hub-issuer = Hub: issuer of certificates about to end
reason-hub-issuer = The issuer ends in { $age }, and nobody gets through after that: run lapor-hub authority rotate-issuer
reason-hub-issuer-ended = The issuer has ended, and nobody gets through: run lapor-hub authority rotate-issuer
condition-hub-letters = Hub: letters about alarms do not arrive
condition-hub-watch = Hub: the watch over the federation has stopped
reason-hub-watch = The hub last looked at the federation { $age } ago
reason-hub-watch-never = The hub has not been able to look at the federation since it began
reason-hub-sequencer = { $n ->
    [one] One batch waits to be ordered
   *[other] { $n } batches wait to be ordered
}
reason-hub-record = The hub has lost what it signed
reason-hub-record-damaged = { $n ->
    [one] The hub's disk has damaged a message; see Recovery
   *[other] The hub's disk has damaged { $n } messages; see Recovery
}
reason-hub-letters = The oldest letter has waited for { $age }
reason-hub-letters-dead = There are letters that cannot be sent

# Rules

rules-lead = Each rule looks for one thing at every institution, or at the hub itself. Where yellow and red begin is set in hub.toml.
rules-none = No rules yet
rules-none-about = The first rules are made a moment after the hub has been started.
rule-of = { $condition } ({ $colour })
rule-named = { $condition }: { $scope }
rule-new = New rule
rule-change = Change a rule
rule-least = From
rule-least-hint = The colour that raises an alarm; red always does.
rule-severity = Weight
rule-scope = Applies to
rule-instance-hint = Such as kota-bandung.
rule-stands = Stands for
rule-minutes = Minutes that it must stand before it is an alarm
rule-minutes-hint = 0: at once.
rule-repeat = Repeated every
rule-hours = Hours after which it is repeated while nobody has acknowledged it
rule-hours-hint = 0: told once.
rule-at-once = At once
rule-once = Told once
rule-told = Told
rule-everybody = All recipients
rule-everybody-hint = Also those that are added later.
rule-nobody = Nobody; only at the console
rule-chosen = Or only these recipients
rule-save = Save the rule
rule-saved = The rule is saved.
rule-reason-hint = Needed where the rule will tell fewer people, later, less often or as of less weight. Goes into the audit log.
rule-reason-two = Needed where the rule will tell fewer people, later, less often or as of less weight; that begins when another operator has agreed to it.
rule-narrows = This change narrows the rule. Say why.
rule-narrowed = { $before } → { $after }
rule-whole = { $rule }. { $severity }; stands: { $stands }; again: { $repeat }; told: { $told }
rule-enabled = The rule is on.
rule-disabled = The rule is off; its alarms are over.
rule-disable-about = What this rule has raised ends, and nobody is told any more of what it looks for.
rule-unknown = Choose one of the list.
rule-own-scope = What is looked for at the hub does not apply to institutions; choose all.
rule-length-wrong = Enter a number from 0 to { $most }.
scope-all = All
scope-kind = One kind of institution
scope-one-province = One province
scope-instance = One institution
scope-province = Province { $name }
switched-on = On
switched-off = Off
switch-on = Switch on
switch-off = Switch off
switch-on-of = Switch on: { $name }
switch-off-of = Switch off: { $name }

# Silences

silences-lead = During a silence alarms are raised and shown all the same, but nobody is told. What is still open afterwards is told then.
silences-none = Nothing is silent
silences-none-about = Every alarm is told to its recipients.
silence-what = What is silent
silence-by = Made by
silence-until = Until
silence-new = Silence
silence-rule = One rule
silence-instance = One institution
silence-province = One province
silence-one-of = Fill in only what belongs to the choice above.
silence-hours = For how many hours
silence-hours-wrong = Enter a number from 1 to { $most }.
silence-alone = A silence of more than { $hours } hours, or of what is silent already, begins when another operator has agreed to it.
silence-about = { $what }, { $hours ->
    [one] one hour
   *[other] { $hours } hours
}
silence-begun = Alarms are silenced.
silence-unknown = Not known; please check.
silence-make = Silence
silence-made = Silent until { $until }.
silence-end = End
silence-end-of = End: { $what }
silence-ended = No longer silent.

# Recipients

recipients-none = No recipients yet
recipients-none-about = Until there is one, alarms are shown at the console only.
recipients-no-mail = This hub knows no mail server yet: fill in [mail] in hub.toml. Until then only webhooks arrive.
recipients-sent = See what was sent
recipient-new = New recipient
recipient-channel = Channel
recipient-address = Address
recipient-address-hint = An address of e-mail, or the https address of a receiver of webhooks.
recipient-add = Add
recipient-added = The recipient is added.
recipient-change = Change the recipient
recipient-save = Save the recipient
recipient-saved = The recipient is saved.
recipient-known = There is a recipient with this address already.
recipient-address-stays = Two must agree on who is told no more, so the address stays. Add another recipient, and have this one removed.
recipient-address-kept = Leave it empty to keep the address that there is ({ $at }).
recipient-disable-about = What waits for this recipient is dropped, and they are told nothing more until they are switched on again.
recipient-remove = Remove
recipient-remove-of = Remove: { $name }
recipient-remove-about = What waits for this recipient is dropped. A rule that tells only this recipient tells nobody any more.
recipient-removed = The recipient is removed.
secret-gone = That secret has been shown. If it is lost, make another one.
recipient-no-mail = This is no address of e-mail.
recipient-no-webhook = This is no address of the web, such as https://alarm.example.go.id/lapor.
recipient-open = Only https is sent to.
recipient-own = This address leads to the hub itself; choose another machine.
recipient-test = Send a test
recipient-test-of = Send a test: { $name }
recipient-tested = A test is on its way; what became of it stands among what was sent.
recipient-enabled = The recipient is on.
recipient-disabled = The recipient is off; what waited for it is dropped.
recipient-secret = New secret
recipient-secret-of = New secret: { $name }
channel-mail = E-mail
channel-webhook = Webhook
channel-webhook-about = Signed as Standard Webhooks has it; its secret is shown once.
secret-title = Secret of a webhook
secret-lead = Enter this secret at the receiver. With it the signature of everything that is sent is verified.
secret-once = This secret is shown only now. If it is lost, make another one; the former is used no more.

# What was sent

sent-none = Nothing sent yet
sent-none-about = Letters and webhooks are shown here with what became of them.
sent-to = To
sent-what = What
sent-at = Written
sent-became = Became
sent-act = Act
sent-sent = Sent
sent-dead = Did not arrive
sent-dropped = Dropped: its recipient was switched off or removed
sent-waiting = Waits
sent-tries = Tries: { $n }
sent-next = Tried again { $at }
sent-kind-test = Test
sent-kind-summary = { $n ->
    [one] Summary of { $n } alarm
   *[other] Summary of { $n } alarms
}
sent-kind-alarms = { $n ->
    [one] { $n } alarm
   *[other] { $n } alarms
}
sent-webhook-changed = Webhook: alarms changed
sent-webhook-test = Webhook: a test
sent-again = Send again
sent-again-of = Send again: { $subject }, { $name }
sent-again-done = On its way again; what becomes of it is shown here.
cause-of-before = It did not arrive
cause-unset = No mail server is set: fill [mail] in hub.toml
cause-no-recipient = The recipient is there no more
cause-sealed = The secret of this webhook cannot be opened; make a new one
cause-address = Nothing can be sent to that address
cause-no-host = No server of that name is found
cause-unreachable = The server cannot be reached: it takes no connection, or no way leads there
cause-timeout = The server did not answer in time
cause-tls = The secure connection (TLS) failed, for instance because the server's certificate is not trusted
cause-no-tls = The mail server offers no secure connection (STARTTLS)
cause-log-in = The mail server refuses the user name or the password of the hub
cause-broken = The connection broke, or the answer could not be read
cause-mail = The mail server refused ({ $code }): { $meaning }
cause-http = The receiver answered HTTP { $status }: { $meaning }
mail-away = not available at the moment
mail-full = the mailbox or the room of the server is full
mail-unknown-to-it = the hub must log in first, or is not known there
mail-no-address = there is no such address, or nothing may be sent to it from here
mail-later = does not take it yet
mail-refused = does not take it
http-elsewhere = sent on to another address, which is not followed
http-unread = does not understand what is in it
http-forbidden = the hub is not allowed to
http-not-there = there is no such address
http-no-post = nothing can be sent to that address
http-slow = it did not get there in time
http-gone = the address is closed and is not tried again
http-large = what was sent is too large
http-often = too much is sent
http-refused = does not take it
http-away = not available at the moment
http-failed = failed to handle it
http-odd = an answer that is not known
said-by-server = What the server says
said-of-line = Technical detail

# Letters

alarm-letter-automatic = This letter was sent automatically by the hub.
alarm-letter-test-subject = Test of alarms, { $federation }
alarm-letter-test = This is a test: alarms of the federation will arrive at this address.
alarm-letter-opened = NEW
alarm-letter-again = STILL OPEN, not acknowledged
alarm-letter-cleared = OVER
alarm-letter-group = { $condition } ({ $severity }): { $n }
alarm-letter-line = - { $name }: { $reason }; { $at }
alarm-letter-line-over = - { $name }: { $from } – { $until }
alarm-letter-where = Of these { $where }.
alarm-letter-in = { $n } in { $province }
alarm-letter-first = The first ten: { $names }.
alarm-letter-see = See and acknowledge: { $at }
alarm-subject-opened = { $severity }: { $condition }: { $name }
alarm-subject-opened-many = { $severity }: { $condition }: { $n ->
    [one] one institution
   *[other] { $n } institutions
}
alarm-subject-again = Still open ({ $severity }): { $condition }: { $name }
alarm-subject-again-many = Still open ({ $severity }): { $condition }: { $n ->
    [one] one institution
   *[other] { $n } institutions
}
alarm-subject-cleared = Over ({ $severity }): { $condition }: { $name }
alarm-subject-cleared-many = Over ({ $severity }): { $condition }: { $n ->
    [one] one institution
   *[other] { $n } institutions
}
alarm-subject-more = { $about }, and { $n ->
    [one] one other matter
   *[other] { $n } other matters
}

# Audit log

did-alarm-acknowledged = Alarm acknowledged
did-alarm-silenced = Alarms silenced
did-alarm-silence-ended = Silence ended
did-alarm-rule-added = Rule of alarms added
did-alarm-rule-changed = Rule of alarms changed
did-alarm-rule-enabled = Rule of alarms switched on
did-alarm-rule-disabled = Rule of alarms switched off
did-alarm-recipient-added = Recipient of alarms added
did-alarm-recipient-changed = Recipient of alarms changed
did-alarm-recipient-enabled = Recipient of alarms switched on
did-alarm-recipient-disabled = Recipient of alarms switched off
did-alarm-recipient-removed = Recipient of alarms removed
did-alarm-secret-changed = Secret of a webhook replaced
did-alarm-test-sent = Test of alarms sent
did-alarm-sent-again = Letter about alarms sent again
did-token-created = Token of a program made
did-token-revoked = Token of a program revoked

condition-hub-approval = Hub: something waits for an operator to decide
reason-hub-approval = The oldest has waited for { $age }
reason-hub-approval-presses = It has waited for { $age }; decide soon, an act that nobody decides lapses
