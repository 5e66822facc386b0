// Every page that the tests and the screenshots look at; a new page is added here.

/** Paths by name, on a stage. */
export const pages = ({ tickets, reports }) => ({
  front: "/",
  filing: "/lapor",
  "receipt-gone": "/lapor/terima",
  enter: "/percakapan",
  "lost-key": "/percakapan/kunci-hilang",
  "enter-as-citizen": "/percakapan/masuk",
  "enter-code": "/percakapan/kode/0123456789abcdef0123456789abcdef",
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
  waiting: "/antrean",
  missing: "/tidak-ada",
});

/** Pages of a conversation by name: whose it is, and the path. */
export const talkPages = {
  "talk-waiting": ["waiting", "/percakapan"],
  "talk-held": ["held", "/percakapan"],
  "talk-answered": ["answered", "/percakapan"],
  "talk-closed": ["closed", "/percakapan"],
  "talk-data": ["waiting", "/percakapan/data"],
};

/** The cookie of a conversation that is open on a stage. */
export const talkCookies = (stage, name) => [
  { name: "lapor-percakapan", value: stage.talks[name].token, url: stage.base },
];
