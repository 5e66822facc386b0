# Pages about the staff.

act-column = Action

# Logging in

sign-in-title = Log in
sign-in-go = Log in
sign-in-refused = The e-mail address or the password is wrong.
kept-waits = Your session has ended, so your form was not sent. Log in again; what you typed is still there.
kept-sso = The provider opens in another tab. Log in there, then reload this page: your browser asks whether it may send the form again.
kept-title = Your form has not been sent
kept-lead = The session ended before this arrived. Look it over, then send it.
kept-files = Files that you had just chosen were not kept. If they are needed, fill in the form again.
kept-send = Send this form
signed-out = You have logged out.
login-label = E-mail address
login-hint = Used to log in.
login-unusable = Write a whole e-mail address, such as name@institution.go.id.
login-taken = Another account has this e-mail address already.
name-label = Name
name-unusable = Write the name on one line, with { $n } characters at most.

# The second code

code-title = Verification code
code-lead = Open your authenticator app and enter the six digits that it shows.
code-label = Code
code-hint = Phone lost? Enter one of your recovery codes.
code-refused = The code is wrong or was used before. Wait for the next one.
code-too-late = That took too long. Please log in again.
code-back = Back to logging in

# Passwords

password-label = Password
password-current = Present password
password-new = New password
password-again = New password once more
password-hint = At least { $n } characters; four unrelated words are easy to remember and hard to guess.
password-why = To make sure that it is really you.
password-title = Choose a password
password-lead = The password for the account of { $name }.
password-save = Save password
password-chosen = Your password is saved. Please log in.
password-changed = Your password is changed. All other sessions have ended.
password-wrong = This password is wrong.
password-differs = The two passwords differ.
password-short = Too short.
password-long = Too long; 200 characters are enough.
password-personal = This password is made of your name, address or institution. Choose other words.
password-guessable = This password is easily guessed. Choose other words.
forgotten-title = Forgot your password?
forgotten-sent = If an account has this address, a link to a new password will be there soon.
forgotten-letter = Type the e-mail address with which you log in. We send a link that is good for an hour.
forgotten-go = Send the link
forgotten-else = No letter arrives?
forgotten-back = Back to logging in

# First set-up

setup-title = First set-up
setup-go = Make the account and log in

# One's own account

account-title = My account
account-pages = Other pages
account-password = Change the password
account-password-about = All other sessions end with it.
sessions-title = Open sessions
session-agent = Browser
session-browser = { $browser } on { $system }
session-unnamed = Without a name
session-began = Began
session-seen = Last used
session-this = This session
session-end = End
session-end-others = End all other sessions
session-ended = The session has ended.

# The second factor

factor-title = Two-step verification
factor-about = Besides the password you enter a code from your phone. Whoever knows your password still cannot log in.
factor-on = It is on.
factor-off = It is off.
factor-wanted = Your role needs two-step verification. Turn it on now to go on.
factor-needed = Your role needs two-step verification; you may replace it, not remove it.
factor-manage = Manage
factor-begin = Turn on
factor-again = Set up on another phone
factor-remove = Turn off
factor-removed = Two-step verification is off.
factor-step-app = Open the authenticator app on your phone.
factor-step-scan = Scan this picture.
factor-step-code = Enter the six digits that the app shows.
factor-picture = QR code for the authenticator app
factor-typed = Or type this key into the app:
factor-code-hint = Six digits.
factor-confirm = Turn on
codes-title = Recovery codes
codes-lead = Keep these codes in a safe place. Each works once if your phone is lost.
codes-once = They are shown only now.
codes-kept = I have kept them
codes-left = { $n ->
    [one] One recovery code is left.
   *[other] { $n } recovery codes are left.
}
codes-renew = Make new recovery codes

# Officers

staff-title = Officers
state-label = State
role-label = Role
role-unknown = Choose one of the roles.
state-active = Active
state-protected = Active, two-step
state-invited = Has no password yet
state-disabled = Disabled
officer-new = Add an officer
officer-title = Officer
officer-create = Make the account
officer-mail-about = The account needs a password from its owner. The link for it can be mailed to the address above, or you hand it over yourself.
officer-create-mailing = Make the account and mail its link
officer-create-showing = Make the account, I hand the link over
officer-reset-mailing = Mail a link for a new password
officer-reset-showing = Make a link for a password that I hand over
officer-save = Save
officer-changed = The changes are saved.
officer-access = Access
officer-access-about = A new password, disabling the account and another role end all its sessions.
officer-reset = Make a link for a new password
officer-end-sessions = End all sessions
officer-sessions-ended = All sessions have ended.
officer-remove-factor = Remove two-step verification
officer-factor-removed = Two-step verification is removed.
officer-disable = Disable the account
officer-disabled = The account is disabled.
officer-enable = Enable again
officer-enabled = The account is active again.
last-administrator = This is the last active admin. Make another one first.
link-title = Link for a password
link-lead = Give this link to { $name }, and to nobody else.
link-once = It is shown only now, works once, and is good for three days.
link-mailed = The link was mailed to { $name } at { $address }.
link-mailed-once = It stands in that letter alone, works once, and is good for three days. If the letter does not arrive, make another link on the page of the account.
link-unsent = The letter to { $address } was not sent: { $problem }. Hand this link over yourself.
link-letter-invited-subject = Your account at { $institution }
link-letter-invited = { $name }, you have an account at { $institution }. Open this link and choose a password; after that log in with this e-mail address.
link-letter-new-subject = A new password for your account at { $institution }
link-letter-new = { $name }, { $institution } asks you to choose a new password; the former one is not valid any more. Open this link and choose one.
link-letter-until = The link works once and is good until { $until }. Pass it on to nobody.
link-letter-unexpected = If you do not expect this letter, ignore it.

# Units

unit-label = Unit
unit-unknown = There is no open unit of this name.

# The audit log

audit-title = Audit log
audit-lead = Who did what. Entries are only added, never changed or deleted.
audit-at = Time
audit-actor = Who
audit-action = Action
audit-detail = Detail
audit-exactly = Exactly as recorded
audit-asked-by = Asked for by { $who }: { $reason }
actor-machine = { $name }, at the server
actor-machine-nameless = A command at the server
actor-program = API token «{ $name }»
actor-reporter = Reporter
actor-nobody = Unknown
actor-provider = Provider of identities
actor-hub = The hub by itself
actor-start = The program, as it started
actor-jobs = The program by itself
entered-password = password
entered-provider = through the provider of identities
entered-code = code from a phone
entered-recovery-code = recovery code
entered-setup = link of the set-up
did-asked = Asked for: { $act }
did-refused = Refused: { $act }
did-lapsed = Lapsed undecided: { $act }
did-account-created = Account created
did-account-changed = Account changed
did-account-disabled = Account disabled
did-account-enabled = Account enabled again
did-account-factor-removed = Second factor removed
did-account-factor-set = Second factor set up
did-account-password-changed = Password changed
did-account-password-chosen = Password chosen
did-account-password-reset = Link to a new password made
did-account-recovery-codes-made = Recovery codes made
did-account-refused = Log-in refused
did-account-reset-asked = New password asked for
did-account-session-ended = Session ended
did-account-sessions-ended = All sessions ended
did-account-setup-link-made = Link of the set-up made
did-account-link-mailed = Link to a password mailed
did-account-signed-in = Logged in
did-account-signed-out = Logged out
audit-filter = Filter
audit-from = Since
audit-through = Through
audit-day-unusable = Write a full date; the filter by date is ignored.
audit-none = No entries
audit-none-about = Nothing matches these filters.

# Logging in with the provider of identities

sso-go = Log in with { $provider }
sso-or = Or log in with a password:
sso-unknown = There is no account for you here, or the one with your address belongs to another user. Ask whoever manages accounts here to make one, or to give you a new password link if there is one.
sso-stale = That log-in is not valid any more. Please begin again.
sso-broken-off = The log-in was broken off at the log-in service. Begin again, or log in with a password.
sso-away = The log-in service cannot be reached. Try again later, or log in with a password.
sso-refused = The log-in service did not confirm who you are. Ask whoever manages accounts here.

officer-reason = Reason
officer-reason-hint = Kept in the audit log. The account of an operator can be used only when another operator has confirmed it.
resting-title = This account waits to be confirmed
resting-lead = Somebody else who looks after the accounts must confirm this one before it can be used.
resting-about = Call one of them. Whoever made the account, gave it its role or made the link to its password cannot confirm it.
resting-link = This account can be used only when another operator has confirmed it on the page Approvals.
