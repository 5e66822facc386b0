//! What may be done in a case, by whom and when: stories whose every ruling is known.

use crate::check::Check;

use super::Stage;
use super::told::told;

const STRANGERS: &str = include_str!("stories/strangers.txt");
const CUSTODIAN: &str = include_str!("stories/custodian.txt");
const CUSTODY: &str = include_str!("stories/custody.txt");
const ANSWERS: &str = include_str!("stories/answers.txt");
const HOLDS: &str = include_str!("stories/holds.txt");
const IDENTITIES: &str = include_str!("stories/identities.txt");
const LINKS: &str = include_str!("stories/links.txt");
const SPLITS: &str = include_str!("stories/splits.txt");
const FORMS: &str = include_str!("stories/forms.txt");
const LIMITS: &str = include_str!("stories/limits.txt");

#[cfg(test)]
pub const STORIES: [&str; 10] = [
    STRANGERS, CUSTODIAN, CUSTODY, ANSWERS, HOLDS, IDENTITIES, LINKS, SPLITS, FORMS, LIMITS,
];

pub const CHECKS: [Check<Stage>; 10] = [
    Check {
        name: "lets nobody act in a case without the role that the act needs",
        keeps: &[
            "\"custodial\" is U `never_custodian`, S `term_ended`.",
            "| any but `report.filed`, of a case that does not exist | U `no_such_case`; `case.supported` I `no_such_case` |",
            "| `report.filed` | of a case that exists: I `case_exists` for its origin, else U `case_exists`; I `unknown_instance` |",
            "| `report.completed`, `case.replied` | U `not_origin` |",
            "| `case.succeeded` | U `not_desk`",
            "| `case.taken_over` | U `never_supervisor`",
            "| `programme.progressed` | I `not_published` |",
            "| `taxonomy.updated`, `calendar.updated` | U `not_desk` |",
            "| `report.filed` | any active instance |",
            "| `case.supported` | any active instance |",
            "| `case.succeeded` | national desk |",
            "| `case.taken_over` | a supervisor of the case |",
            "| `taxonomy.updated` | national desk |",
            "| `calendar.updated` | national desk |",
            "A message that finds no case, and a report that gives birth to none, have no place in a case either: their item has `case` and no `case_seq`.",
            "- `unauthorised`: `no_such_case`, `case_exists`, `never_custodian`",
        ],
        run: |stage| Box::pin(told(stage, STRANGERS)),
    },
    Check {
        name: "lets a custodian do what the state of the case allows, and no more",
        keeps: &[
            "First match wins:",
            "Within an effect the checks of a kind come in this order; the first that fails gives the reason.",
            "| `case.verified` | U `never_custodian`, U `unknown_instance` and U `excluded` of `on_behalf_of`, S `term_ended`, I `wrong_state`",
            "| `case.held`, `case.archived`, `case.followed_up` | custodial, I `not_open` |",
            "| `case.supported` | I `not_open` |",
            "| `case.escalated` | U `not_origin`, U `unknown_instance`",
            "\"Open\" is any state but `closed`, `archived`, `merged`.",
            "| `case.verified` | custodial |",
            "| `case.archived` | custodial |",
            "| `case.escalated` | origin |",
        ],
        run: |stage| Box::pin(told(stage, CUSTODIAN)),
    },
    Check {
        name: "moves custody by dispositions, returns and recalls, and ends it with its term",
        keeps: &[
            "\"Custodial\" means: the author is or was custodian (else `unauthorised`), and is custodian now with `term` the message that gave it custody (else `stale`).",
            "| `term` | custodial acts | reference of the message that gave the author the custody on which the act relies; of a recall, the custody that it ends |",
            "| `case.disposed` | U `never_custodian`, U `unknown_instance` and U `excluded` of the target",
            "| `case.returned` | custodial, I `not_open`, I `nobody_to_return_to` |",
            "| `case.recalled` | unless the desk: U `never_disposer`, S `term_ended` (not on the stack)",
            "| `case.noted` | U `never_party`, S `no_longer_party` |",
            "| `case.disposed` | custodial; authority covers `target` |",
            "| `case.returned` | custodial | `reason`, `suggested?` |",
            "| `case.recalled` | on the stack, or the national desk |",
            "| `case.noted` | a party |",
            "| `disposes_to?` | patterns: its authority |",
            "The messages of one author are ruled in the order of its chain, each upon the state that the one before left.",
        ],
        run: |stage| Box::pin(told(stage, CUSTODY)),
    },
    Check {
        name: "closes a case by the origin's word upon a follow-up, and opens it again",
        keeps: &[
            "| `case.closed` | U `not_origin`, I `wrong_state`, I `no_follow_up`, I `replied_since` |",
            "| `case.reopened` | U `not_reopener`, unless the origin S `term_ended`, I `not_closed` |",
            "| `case.rated` | U `not_origin`, I `not_closed` |",
            "| `report.completed` | origin |",
            "| `case.held` | custodial |",
            "| `case.followed_up` | custodial |",
            "| `case.replied` | origin |",
            "| `case.closed` | origin |",
            "| `case.reopened` | origin, or custodial |",
            "| `case.rated` | origin |",
        ],
        run: |stage| Box::pin(told(stage, ANSWERS)),
    },
    Check {
        name: "gives a case that was held back the state in which it was",
        keeps: &[
            "`case.held` in a held case keeps the state to which a completion returns; any other change of state but a link forgets it.",
            "| `report.completed` | origin | `region?`, `incident_date?` |",
            "| `received`, `verified`, or `held` after one of them, or after `disposed` if nothing changes but who is excluded; neither origin nor custodian is excluded;",
        ],
        run: |stage| Box::pin(told(stage, HOLDS)),
    },
    Check {
        name: "lets an origin answer a request for an identity once, to who asked",
        keeps: &[
            "| `identity.requested` | custodial, I `not_open`, I `holder_asks`",
            "| `identity.disclosed` | U `not_origin`, I `not_requested`, I `no_longer_party` |",
            "| `identity.refused` | U `not_origin`, I `not_requested` |",
            "| `identity.requested` | custodial, not the origin |",
            "| `identity.disclosed` | origin |",
            "| `identity.refused` | origin |",
        ],
        run: |stage| Box::pin(told(stage, IDENTITIES)),
    },
    Check {
        name: "links a case to one of which its author is a party, and undoes only that link, also for the origin",
        keeps: &[
            "| `case.linked` | unless the desk U `never_custodian`; of the target U `no_such_case`",
            "| `case.unlinked` | U `not_linker` (never a party), I `not_merged`, U `not_linker` (another's link, unless the origin, a supervisor or the desk)",
            "| `case.linked` | custodial, or the national desk; a party of both cases |",
            "| `case.unlinked` | author of the link, origin, a supervisor, or the national desk |",
        ],
        run: |stage| Box::pin(told(stage, LINKS)),
    },
    Check {
        name: "splits a child off a case as it stands, and forgets a case once",
        keeps: &[
            "| `case.split` | custodial, I `not_open`, I `case_taken`, I `inheritance_differs` |",
            "| `case.split` | custodial | `child`, `commitment`, `child_key`",
            "| `inherits` | `origin`, `stack`, `copies`, `supervisors`, `excluded`",
            "| `filed_at` | `created_at` of the report, but not after its `ordered_at` and not below 0; of the parent for a child |",
            "| `case.redacted` | U `not_origin` (neither origin nor desk), I `already_redacted` |",
            "| `case.redacted` | origin, national desk |",
        ],
        run: |stage| Box::pin(told(stage, SPLITS)),
    },
    Check {
        name: "takes the fields of each kind in their form, and no others for it",
        keeps: &[
            "Unknown fields are no error anywhere in a payload.",
            "| `created_at` | required | by the author's clock; advisory |",
            "So is a message that lacks the `case` or the `term` that its kind needs, or that names a `case` where its kind has none.",
            "`term` is needed by every kind marked \"custodial\" below and by `case.recalled`",
            "A `malformed` message in a case that exists has one.",
            "Fields marked `?` are optional.",
            "| instance | slug, 2 to 40 characters `a-z`, `0-9` and single inner hyphens",
            "| region | official code: `32`, `32.73`, `32.73.01`, `32.73.01.1001` |",
            "| `classification` | `complaint`, `information_request`, `aspiration` |",
            "| `category` | `ROOT` or `ROOT/SUB`, each 1 to 80 characters without outer spaces |",
            "| dates | `YYYY-MM-DD`, a day that exists |",
            "| `channel`, `slug`, `edition` | 1 to 60 characters `a-z`, `0-9`, `_`, `-`, `.` |",
            "| `reason` of `case.archived` |",
            "| `reason` of `case.returned` |",
            "| `reason` of `case.recalled` |",
            "| `reason` of `case.redacted` |",
            "| `purpose` | `contact`",
            "| `reason` of `identity.refused` |",
            "| `status` of a programme |",
            "| `kind` of a day | `national_holiday`, `collective_leave` |",
            "| `coordinates` | `{latitude_micro, longitude_micro}`",
            "| `title`, `name` of a programme or a day | 1 to 300 characters, not only spaces",
            "| `TITLE_CHARS` | 300 | characters of a title |",
            "| `budget_idr` | whole rupiah, 0 to 2^53 - 1 |",
            "| `programme.published` | any active instance |",
            "| `programme.progressed` | its owner |",
        ],
        run: |stage| Box::pin(told(stage, FORMS)),
    },
    Check {
        name: "takes as much as the limits allow, and calls malformed what is more",
        keeps: &[
            "| `INHERITED` | 1,000 | institutions in each list that a split child inherits |",
            "| `COPIES` | 32 | copies of one disposition |",
            "| `EXCLUSIONS` | 32 | exclusions that one message states |",
            "| `QUESTIONS` | 20 | questions of one hold, answers of one completion |",
            "| `questions` of `case.held` | their number in the body, 0 to 20",
            "| `roots` | up to 200, each up to 200 `below`",
            "| `days` | up to 1,000 |",
            "| `TEXT_CHARS` | 20,000 | characters of a free text |",
            "| `pictures` | up to 10 of `{\"sha256\", \"size\", \"media_type\", \"alt\"}`",
            "| `PICTURES` | 10 | pictures of one programme |",
            "| `PICTURE_BYTES` | 262,144 | one picture of a programme, in bytes |",
            "| `ALT_CHARS` | 500 | characters of the words that stand for a picture |",
            "| `ATTACHMENTS` | 20 | attachments of one message |",
            "| `BLOB_BYTES` | 209,715,200 | one blob's ciphertext, in bytes |",
            "`attachments` (optional) is a list of `{\"sha256\", \"size\", \"media_type\"}`: SHA-256 and bytes of a blob's ciphertext, and a media type of 3 to 100 printable ASCII characters with a slash.",
            "an attachment beyond the limit is ruled `malformed`.",
        ],
        run: |stage| Box::pin(told(stage, LIMITS)),
    },
];
