// Every page that the tests and the screenshots look at; a new page is added here.

/** Paths by name, on a stage. */
export const pages = ({ tickets }) => ({
  front: "/",
  "ask-ticket": "/lacak",
  "ticket-mistyped": "/lacak?tiket=12345",
  "case-new": `/lacak?tiket=${tickets.new}`,
  "case-worked": `/lacak?tiket=${tickets.worked}`,
  "case-closed": `/lacak?tiket=${tickets.closed}`,
  "case-secret": `/lacak?tiket=${tickets.secret}`,
  missing: "/tidak-ada",
});
