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
  follow: `/ikuti?laporan=${reports.worked}`,
  "follow-code": `/ikuti/kode?laporan=${reports.worked}&id=0123456789abcdef0123456789abcdef`,
  "sign-in": "/masuk",
  "forgotten-password": "/sandi/lupa",
  privacy: "/privasi",
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

/** Pages of the desk by name: the role that looks at it, and its path. */
export const deskPages = ({ cases, talks }) => ({
  "desk-inbox": ["officer", "/meja"],
  "desk-inbox-all": ["admin", "/meja?tab=semua"],
  "desk-inbox-narrowed": ["officer", "/meja?tab=semua&jenis=pengaduan&wilayah=Bandung"],
  "desk-inbox-empty": ["officer", "/meja?tab=kembali"],
  "desk-inbox-leader": ["leader", "/meja"],
  "desk-case": ["officer", `/meja/kasus/${cases.new}`],
  "desk-case-worked": ["officer", `/meja/kasus/${cases.worked}`],
  "desk-case-leader": ["leader", `/meja/kasus/${cases.worked}`],
  "desk-verify": ["officer", `/meja/kasus/${cases.new}/verifikasi`],
  "desk-hold": ["officer", `/meja/kasus/${cases.new}/tunda`],
  "desk-return": ["officer", `/meja/kasus/${cases.new}/bukan-wewenang`],
  "desk-archive": ["officer", `/meja/kasus/${cases.new}/arsip`],
  "desk-dispose": ["officer", `/meja/kasus/${cases.worked}/disposisi`],
  "desk-follow-up": ["officer", `/meja/kasus/${cases.worked}/tindak-lanjut`],
  "desk-link": ["officer", `/meja/kasus/${cases.new}/gabung`],
  "desk-counter": ["officer", `/meja/kasus/${talks.closed.case}`],
  "desk-counter-reply": ["officer", `/meja/kasus/${talks.answered.case}/loket/tanggapan`],
  "desk-counter-rate": ["officer", `/meja/kasus/${talks.closed.case}/loket/nilai`],
  "desk-counter-support": ["officer", `/meja/kasus/${cases.worked}/loket/dukung`],
  "desk-redact": ["admin", `/meja/kasus/${cases.new}/hapus-isi`],
  "desk-walk-in": ["officer", "/meja/baru"],
  "desk-identity-ask": ["officer", `/meja/kasus/${cases.new}/identitas`],
  "desk-identities": ["identity_keeper", "/meja/identitas"],
  "desk-identity": ["identity_keeper", `/meja/identitas/${cases.new}`],
  "desk-approvals": ["admin", "/meja/persetujuan"],
  "desk-figures": ["leader", "/meja/kinerja"],
  "desk-programmes": ["officer", "/meja/program"],
  "desk-programme": ["officer", "/meja/program/trotoar-braga"],
  "desk-staff": ["admin", "/meja/petugas"],
  "desk-units": ["admin", "/meja/unit"],
  "desk-audit": ["admin", "/meja/audit"],
  "desk-account": ["admin", "/meja/akun"],
  "desk-letters": ["admin", "/meja/surat"],
});

/** All of them alike: name, path, and who looks. */
export const everyPage = (stage) => [
  ...Object.entries(pages(stage)).map(([name, path]) => ({ name, path })),
  ...Object.entries(deskPages(stage)).map(([name, [role, path]]) => ({ name, path, role })),
  ...Object.entries(talkPages).map(([name, [talk, path]]) => ({ name, path, role: `talk ${talk}` })),
];
