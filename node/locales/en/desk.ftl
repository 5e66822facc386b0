# The officers' desk.

desk-name = Desk
desk-account = My account

# Logging in

sign-in-lead = For staff of the institution. Reporters need no such account.

# Passwords

forgotten-lead = The admin of your institution can give you a link for a new password.
forgotten-admin = Call them or see them in person, so that they can be sure it is you who asks. The link works once.

# First set-up

setup-about = This node has no admin yet.
setup-where = Open the link that was shown when the node started, or make another on the node's machine:
setup-lead = Make the account of the institution's admin, who makes the accounts of other officers.
setup-institution = Institution
setup-zone = Time zone
setup-contact = Contact
setup-contact-none = Not given yet; see portal.contact in node.toml
setup-done = The admin's account is made. Now add the units of your institution.

# One's own account

account-administer = Look after the institution

# Officers

role-admin = Institution admin
role-admin-about = Handles the reports of all units; looks after officers and units.
role-officer = Officer
role-officer-about = Handles the reports of a unit.
role-leader = Leader
role-leader-about = Reads only.
role-identity-keeper = Keeper of identities
role-identity-keeper-about = Opens reporters' identities when asked; handles no reports.

# Units

units-title = Units
units-lead = Parts of the institution to which reports are given. Other institutions do not see them.
units-none = No units yet
units-none-about = A small institution needs none.
unit-name = Name of the unit
unit-short = Short name
unit-short-hint = Small letters, digits and hyphens, such as dinas-pu. It cannot be changed.
unit-parent = Part of
unit-add = Add a unit
unit-added = The unit is added.
unit-close = Close
unit-closed = The unit is closed.
unit-is-closed = Closed
unit-in-use = This unit still has parts or active officers.
unit-unusable = Use small letters, digits and hyphens only, at most 40.
unit-parent-unusable = Choose a unit that is no part of another.
unit-taken = This short name is taken.

# The audit log

audit-actor-hint = Such as account:ID, token:NAME or cli:USER.
audit-action-hint = Such as account.signed_in or case.disposed.
audit-case = Case
