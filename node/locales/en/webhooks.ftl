# Webhooks

webhooks-title = Webhooks
webhooks-lead = Other programs are told over HTTP whenever something changes here. What is sent holds no words of a report; the program reads them by the API.
webhooks-none = No webhooks yet
webhooks-none-about = Without a webhook other programs ask by the API themselves.
webhooks-off-told = { $n ->
    [one] One webhook was switched off, because nothing arrived or the key that made it has ended.
   *[other] { $n } webhooks were switched off, because nothing arrived or the keys that made them have ended.
}
webhook-is-on = Running
webhook-is-troubled = Nothing arrives since { $at }
webhook-gave-up = Switched off by itself
webhook-is-off = Off
webhook-waiting = Waiting to be sent
webhook-arrived = Last arrived
webhook-never = Never
webhook-host = Receiver
webhook-former-until = Former secret good until
webhook-make = Make a webhook
webhook-name-hint = The name of the program that receives, such as city app.
webhook-address = Address
webhook-address-hint = An https address of the receiver. In case it holds a secret, only the name of its server is shown here.
webhook-address-kept = It goes to { $host } now. Leave this empty to keep the address.
webhook-address-unreadable = Write a whole address, such as https://app.example.go.id/lapor.
webhook-address-open = To another machine over https only.
webhook-address-own = This address leads to this machine itself.
webhook-known = A webhook goes to this address already.
webhook-not-made = The webhook cannot be made. There are 50 at most, and its name is one line.
webhook-kinds = What is told
webhook-kinds-hint = Tick only what the receiver needs.
webhook-kinds-missing = Tick at least one.
webhook-kinds-other = Other kinds
webhook-kinds-other-hint = As in the API, with spaces between: case.closed programme.published
webhook-kinds-unknown = There is no such kind.
webhook-kind-all = All changes
webhook-kind-reports = Reports filed and completed
webhook-kind-cases = Steps of cases
webhook-kind-deadlines = Deadlines about to run out, and run out
webhook-kind-identities = Requests for identities and their answers
webhook-kind-erasures = Erasures that are done
webhook-kind-programmes = Development programmes
webhook-secret-title = Secret of the webhook
webhook-secret-lead = This is the secret of the webhook { $name }. Copy it now to the program that receives; with it the program verifies the signature of each call.
webhook-secret-once = The secret is shown this once. If it is lost, make another.
webhook-secret-stored = I have stored it
webhook-secret-both = For a day calls are signed with the former secret as well.
webhook-secret-new = Make another secret
webhook-secret-new-about = The former one signs beside it for a day, so that there is time to change the receiver.
webhook-problem = What the receiver or the network said:
webhook-next-try = Tried again { $at }.
webhook-off-about = What waits is not lost. Switch it on again when the receiver is mended.
webhook-try = Try it now
webhook-try-arrived = The trial call was taken.
webhook-try-failed = The trial call was not taken: { $problem }
webhook-try-now = Send now
webhook-switch-on = Switch on
webhook-switch-off = Switch off
webhook-switched-on = The webhook is on, and what waits is sent at once.
webhook-switched-off = The webhook is off. What waits is kept.
webhook-key-ended = The API key that made it has ended, or its owner is disabled. Make another webhook.
webhook-change = Change
webhook-save = Save
webhook-saved = The change is saved.
webhook-end = End the webhook
webhook-end-about = It is gone with all that waits. This cannot be undone.
webhook-ended = The webhook is ended.
webhook-sent-again-one = The delivery is sent again at once.
webhook-sent-again = { $n ->
    [one] { $n } delivery is sent again.
   *[other] { $n } deliveries are sent again.
}
webhook-skipped = The delivery is skipped; what is behind it is sent at once.
webhook-not-there = That delivery has changed its state already.
webhook-sent-again-off = It waits: the webhook is off, and what is sent again goes out once it is switched on.
webhook-still-waits = That delivery still waits, and is sent by itself in its order.
webhook-all-still-wait = The deliveries of that time still wait, and are sent by themselves in their order.
webhook-waits-off = That delivery still waits: the webhook is off. It is sent once the webhook is switched on.
webhook-all-wait-off = The deliveries of that time still wait: the webhook is off. They are sent once the webhook is switched on.
webhook-moment-wrong = Write a date and a time.
deliveries-title = Deliveries
deliveries-about = Sent in order. What does not arrive holds back what is behind it, until it is taken or skipped. What is over is kept for 30 days.
deliveries-none = No deliveries
deliveries-none-about = Deliveries appear here when something has changed.
delivery-all = All
delivery-waiting = Waiting
delivery-sent = Sent
delivery-skipped = Skipped
delivery-change = Change
delivery-at = Time
delivery-tries = { $n ->
    [one] one try
   *[other] { $n } tries
}
delivery-again = Send again
delivery-again-one = Send change { $n } again
delivery-skip = Skip
delivery-skip-one = Skip change { $n }
replay-title = Send again by time
replay-about = All that changed in this time is sent again under the same ids, before what came later.
replay-from = From
replay-until = Until
replay-until-hint = Leave it empty for all until now.
replay-send = Send again
