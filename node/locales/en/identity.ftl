# The identity of reporters.

identities-title = Requests for identities
identities-lead = Grant only what the work cannot be done without. The reporter reads every request and its answer.
identities-none = No requests
identities-none-about = Requests by officers and by other institutions appear here.
identities-waiting-none = No request for an identity waits.
identities-waiting = { $n ->
    [one] { $n } request for an identity waits for your answer.
   *[other] { $n } requests for identities wait for your answer.
}
identity-title = The reporter's identity
identity-of-case = Requests and log
identity-keeper-about = Kept apart from the report.
identity-waits = Your request waits for the identity keeper.
identity-is-granted = The identity keeper lets you see it. Every look is on record.
identity-is-declined = The identity keeper has refused your request.
identity-see = See the identity
identity-grant = Grant
identity-decline = Refuse
identity-refusal = Reason, if refused
identity-reason-missing = The request is not answered yet: choose first why it is refused.
identity-granted = The identity was granted to whoever asked.
identity-declined = The request was refused.
identity-may-not = Not possible: the reporter has not agreed, or you handle this report yourself.
identity-answered-before = This request has been answered, or no longer holds.
identity-not-granted = The identity keeper has not allowed it, or the reporter has taken the consent back.
identity-none-held = No identity is kept for this report.
identity-came = The identity has been given to this institution, and its keeper holds it. Whoever needs it asks the keeper, with a reason.
identity-open-title = Open the identity
identity-open-about = Every look is on record, and the reporter can read the record.
identity-log = Log
identity-log-none = Nobody has asked or looked yet.
consent-given = The reporter agrees
consent-refused = The reporter does not agree
consent-needed = Anonymous: waits for the reporter's consent
step-asked = Asked
step-consented = The reporter agreed
step-objected = The reporter did not agree
step-granted = Granted
step-refused = Refused
step-opened = Opened
step-denied = Refused a look: handles this report
reporter-title = The reporter's identity
reporter-logged = This look is on record. Copy no more than is needed.
reporter-unknown = The reporter has not told who they are, or another institution holds the identity.
identity-waits-there = The request of this institution waits for an answer of the one where the report was filed.
identity-refused-there = The institution where the report was filed does not tell who reported: { $reason }.
identity-asked-title = Your requests for identities
identity-asked-lead = What you asked for, and the answers. Who reported is not shown here.
identity-asked-none = Ask on the page of a report when the work needs it.
identity-asked-waits = Waits for an answer
identity-asked-lapsed = Without effect: open the report to see why
identity-asked-answered = { $n ->
    [one] { $n } of your requests for an identity was answered in the last seven days.
   *[other] { $n } of your requests for an identity were answered in the last seven days.
}
