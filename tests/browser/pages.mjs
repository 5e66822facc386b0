// Every page that the tests and the screenshots look at; a new page is added here.

/** Paths by name, on a stage. */
export const pages = ({ tickets, reports }) => ({
  front: "/",
  "ask-ticket": "/lacak",
  "ticket-mistyped": "/lacak?tiket=12345",
  "case-new": `/lacak?tiket=${tickets.new}`,
  "case-worked": `/lacak?tiket=${tickets.worked}`,
  "case-closed": `/lacak?tiket=${tickets.closed}`,
  "case-secret": `/lacak?tiket=${tickets.secret}`,
  reports: "/laporan",
  "reports-narrowed": "/laporan?q=jalan&status=in_progress&wilayah=kota+bandung&dari=2020-01-01",
  "reports-none": "/laporan?q=xyzzy",
  "reports-unusable": "/laporan?wilayah=xyzzyq&dari=kemarin",
  "report-worked": `/laporan/${reports.worked}`,
  "report-closed": `/laporan/${reports.closed}`,
  statistics: "/statistik",
  programmes: "/program",
  programme: "/program/kota-bandung/trotoar-braga",
  map: "/peta",
  "map-province": "/peta/32",
  missing: "/tidak-ada",
});
