# The console of central staff.

console-name = Console
console-account = My account
console-sign-in-lead = For the central staff who look after the federation.
console-forgotten-lead = Another operator can give you a link to a new password.
console-forgotten-operator = Call the operator or see them in person, so that they know it is you who asks. The link works once.
console-setup-about = This console has no operator yet.
console-setup-where = Open the link that was printed when the hub started, or make another on the hub's machine:
console-setup-lead = Make an account for the first operator, who makes those of the other staff.
console-setup-done = The operator's account is made.
console-federation = Federation
console-administer = Look after the console
did-instance-suspended = Institution suspended
did-instance-resumed = Institution resumed
did-instance-revoked = Institution revoked
did-instance-invited = Institution invited
did-instance-registered = Institution registered
console-audit-instance = Institution

# Roles

role-operator = Operator
role-operator-about = Acts on the federation; looks after accounts.
role-observer = Observer
role-observer-about = Only looks.
role-auditor = Auditor
role-auditor-about = Only looks, at the audit log too.

# Institutions

console-instances = Institutions
console-nobody = No institution yet
console-nobody-about = Invite the national desk first, on the hub's machine.
instance-name = Name
instance-slug = Short name
instance-kind = Kind
instance-status = Status
instance-region = Region
instance-zone = Time zone
status-registered = Registered
status-invited = Invited
status-active = Active
status-suspended = Suspended
status-revoked = Revoked

# Acts

console-suspend = Suspend
console-suspend-about = The institution is cut off from the federation at once, until it is resumed. The reports that it has stay there.
console-suspended = The institution is suspended.
console-resume = Resume
console-resume-about = The institution may take part in the federation again.
console-resumed = The institution takes part again.
console-reason = Reason
console-reason-hint = It is kept in the audit log.
console-second-person = This is done only when another operator has confirmed it.
console-asked = It waits for another operator.
console-asked-already = The same act waits for another operator already.
console-status-changed = The institution's status has changed; this cannot be done any more.

# Approvals

console-approvals = Approvals
console-approvals-lead = A dangerous act is done when a second operator has confirmed it, within 24 hours.
console-approvals-off = This console asks for no second person; each act is done at once, with its reason.
console-approvals-none = Nothing waits
console-approvals-none-about = Acts that need a second person are shown here.
console-approval-gone = It has been decided, or nobody did in time.
console-same-person = You cannot confirm what you asked for; another operator decides.
console-refused = It is refused; nothing was done.
approval-deed = Act
approval-instance = Institution
approval-asked-by = Asked by
approval-asked-at = Asked at
approval-expires-at = Good until
approval-decision = Decision
approval-confirm = Confirm
approval-refuse = Refuse
approval-withdraw = Take back
