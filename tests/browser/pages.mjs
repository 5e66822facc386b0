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
  "reports-which": "/laporan?wilayah=Bandung",
  "reports-none": "/laporan?q=xyzzy",
  "reports-unusable": "/laporan?wilayah=xyzzyq&dari=kemarin",
  "report-worked": `/laporan/${reports.worked}`,
  "report-closed": `/laporan/${reports.closed}`,
  statistics: "/statistik",
  "statistics-topics": "/statistik?menurut=topik",
  programmes: "/program",
  "programmes-which": "/program?wilayah=Bandung",
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
  "talk-mine": ["citizen", "/percakapan"],
};

/** Pages of the desk by name: the role that looks at it, and its path. */
export const deskPages = ({ cases, talks }) => ({
  "desk-inbox": ["officer", "/meja"],
  "desk-inbox-all": ["admin", "/meja?tab=semua"],
  "desk-inbox-narrowed": ["officer", "/meja?tab=semua&jenis=pengaduan&wilayah=Bandung"],
  "desk-inbox-empty": ["officer", "/meja?tab=kembali"],
  "desk-inbox-leader": ["leader", "/meja"],
  "desk-case": ["officer", `/meja/kasus/${cases.new}`],
  "desk-case-of-list": ["officer", `/meja/kasus/${cases.worked}?dari=%2Fmeja%3Ftab%3Dsemua`],
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
  "desk-counter-key": ["officer", `/meja/kasus/${talks.answered.case}/loket/kunci-baru`],
  "desk-redact": ["admin", `/meja/kasus/${cases.new}/hapus-isi`],
  "desk-walk-in": ["officer", "/meja/baru"],
  "desk-registers": ["officer", "/meja/register"],
  "desk-identity-ask": ["officer", `/meja/kasus/${cases.new}/identitas`],
  "desk-identities": ["identity_keeper", "/meja/identitas"],
  "desk-identity": ["identity_keeper", `/meja/identitas/${cases.new}`],
  "desk-approvals": ["admin", "/meja/persetujuan"],
  "desk-figures": ["leader", "/meja/kinerja"],
  "desk-programmes": ["officer", "/meja/program"],
  "desk-programme": ["officer", "/meja/program/trotoar-braga"],
  "desk-staff": ["admin", "/meja/petugas"],
  "desk-units": ["admin", "/meja/unit"],
  "desk-own-categories": ["admin", "/meja/kategori"],
  "desk-api-keys": ["admin", "/meja/kunci-api"],
  "desk-webhooks": ["admin", "/meja/webhook"],
  "desk-audit": ["admin", "/meja/audit"],
  "desk-account": ["admin", "/meja/akun"],
  "desk-letters": ["admin", "/meja/surat"],
  "desk-aside": ["admin", "/meja/tertahan"],
  "desk-channels": ["officer", "/meja/saluran"],
  "desk-channel-talks": ["admin", "/meja/saluran/percakapan"],
  "desk-channel-keywords": ["admin", "/meja/saluran/kata-kunci"],
  "desk-channel-unsaid": ["admin", "/meja/saluran/tak-terkirim"],
  "desk-channel-unread": ["admin", "/meja/saluran/tak-terbaca"],
  "desk-channel-blocked": ["admin", "/meja/saluran/blokir"],
  "desk-channel-cities": ["admin", "/meja/saluran/kota"],
  "desk-settings": ["admin", "/meja/pengaturan"],
  "desk-settings-step": ["admin", "/meja/pengaturan?langkah=2"],
  "desk-long-overdue": ["leader", "/meja?tab=lama-lewat"],
  "desk-mine": ["officer", "/meja?tab=lain&lewat=1&saya=1"],
  "desk-suspects": ["officer", "/meja?tab=penyalahgunaan"],
});

/** Whether a path leads to the desk, or to what everybody sees. */
export const isDesk = (path) => /^\/meja(\/|$)/.test(path);

/** Pages that few people see and that are made as others are: looked at once, on one database. */
const rarePages = ({ cases, talks, rare, handed, setup, supervisor, pusat }) => ({
  "follow-end": [undefined, "/ikuti/berhenti/0123456789abcdef0123456789abcdef"],
  "report-left": [undefined, `/laporan/${handed.left}`],
  "setup-about": [undefined, new URL("/pasang", setup).href],
  "programme-follow": [undefined, "/ikuti?program=kota-bandung/trotoar-braga"],
  "password-new": [undefined, rare.password],
  setup: [undefined, setup],
  "desk-recall": ["officer", `/meja/kasus/${rare.given}/tarik`],
  "desk-unlink": ["officer", `/meja/kasus/${rare.merged}/batal-gabung`],
  "desk-reopen": ["officer", `/meja/kasus/${cases.closed}/buka-kembali`],
  "desk-split": ["officer", `/meja/kasus/${cases.worked}/pecah`],
  "desk-note": ["officer", `/meja/kasus/${cases.worked}/catatan`],
  "desk-take-over": ["supervisor officer", `${supervisor.base}/meja/kasus/${handed.escalated}/ambil-alih`],
  "desk-succeed": ["pusat officer", `${pusat.base}/meja/kasus/${handed.ended}/penerus`],
  "desk-case-left": ["officer", `/meja/kasus/${handed.left}`],
  "desk-case-late": ["officer", `/meja/kasus/${handed.late}`],
  "desk-counter-complete": ["officer", `/meja/kasus/${talks.held.case}/loket/lengkapi`],
  "desk-counter-close": ["officer", `/meja/kasus/${talks.answered.case}/loket/selesai`],
  "desk-counter-reopen": ["officer", `/meja/kasus/${talks.closed.case}/loket/buka-kembali`],
  "desk-counter-escalate": ["officer", `/meja/kasus/${talks.answered.case}/loket/eskalasi`],
  "desk-case-erasure": ["admin", `/meja/kasus/${rare.planned}`],
  "desk-erasures": ["admin", "/meja/penghapusan"],
  "desk-channel": ["officer", "/meja/saluran/rincian/sms"],
  "desk-channel-city": ["admin", "/meja/saluran/kota/bandung-311"],
  "desk-channel-keyword": ["admin", "/meja/saluran/kata-kunci?kata=LAMPU"],
  "desk-channel-block": ["admin", `/meja/saluran/blokir/${rare.talk}`],
  "desk-webhook": ["admin", `/meja/webhook/${rare.webhook}`],
  "desk-identity-asked": ["officer", "/meja/permintaan-identitas"],
  "desk-programme-new": ["officer", "/meja/program/baru"],
  "desk-staff-new": ["admin", "/meja/petugas/baru"],
  "desk-factor": ["officer", "/meja/akun/kode"],
  "desk-setup-institution": ["admin", "/meja/pengaturan?langkah=1"],
  "desk-setup-mail": ["admin", "/meja/pengaturan?langkah=6"],
  "desk-setup-people": ["admin", "/meja/pengaturan?langkah=5"],
  "desk-setup-approval": ["admin", "/meja/pengaturan?langkah=8"],
  "desk-setup-evidence": ["admin", "/meja/pengaturan?langkah=9"],
  "desk-setup-done": ["admin", "/meja/pengaturan?langkah=10"],
});

/** Fills in and sends the portal's form. */
async function file(page, title, content) {
  await page.getByLabel("Pengaduan").check();
  await page.getByLabel("Judul").fill(title);
  await page.getByLabel("Isi laporan").fill(content);
  await page.getByRole("button", { name: "Kirim laporan", exact: true }).click();
}

/** Pages that are the answer to a form: who sends it, where it stands, and how it is sent. */
export const answerPages = (stage) => [
  {
    name: "receipt",
    path: "/lapor",
    send: async (page) => {
      await file(page, "Tiang listrik miring di Jalan Sunda", "Tiang di depan toko miring ke jalan sejak hujan kemarin.");
      await page.waitForURL("**/lapor/terima");
    },
  },
  {
    name: "compare",
    path: "/lapor",
    send: async (page) => {
      await file(page, "Jalan berlubang di depan Pasar Kosambi", "Jalan berlubang di depan pasar.");
      await page.getByRole("heading", { name: "Apakah ini laporan Anda?" }).waitFor();
    },
  },
  {
    name: "files-no-room",
    path: `${stage.supervisor.base}/lapor`,
    send: async (page) => {
      const picture = { name: "foto.png", mimeType: "image/png", buffer: Buffer.from("iVBORw0KGgo=", "base64") };
      await page.locator("input[type=file]").first().setInputFiles(picture);
      await page.getByText("Untuk sementara berkas tidak dapat diterima").first().waitFor();
    },
  },
  {
    name: "signed-in-too-often",
    path: "/masuk",
    send: async (page) => {
      for (let tries = 0; tries < 6; tries += 1) {
        await page.getByLabel("Alamat surel").fill("siapa@contoh.id");
        await page.getByLabel("Kata sandi").fill("salah sekali ini");
        await page.locator("main form button").first().click();
      }
      await page.getByText("Silakan coba lagi dalam").first().waitFor();
    },
  },
  {
    name: "single-sign-on-away",
    path: "/masuk/sso",
    send: (page) => page.getByRole("heading", { level: 1 }).waitFor(),
  },
  {
    name: "slip",
    role: "officer",
    path: "/meja/baru",
    send: async (page) => {
      await page.getByLabel("Judul", { exact: true }).fill("Papan nama sekolah hilang");
      await page.getByLabel("Isi laporan", { exact: true }).fill("Lepas tertiup angin tadi malam.");
      await page.getByRole("button", { name: "Simpan dan buat tanda terima" }).click();
      await page.locator(".slip").waitFor();
    },
  },
  ...["Disposisi …", "Gabungkan …"].map((act, place) => ({
    name: ["together-dispose", "together-merge"][place],
    role: "officer",
    path: "/meja?tab=baru",
    send: async (page) => {
      for (const row of await page.locator("[data-row] input").all()) await row.check();
      await page.getByRole("button", { name: act, exact: true }).click();
      await page.getByRole("heading", { level: 1, name: act.split(" ")[0] }).waitFor();
    },
  })),
  {
    name: "register",
    role: "officer",
    path: "/meja/register",
    send: async (page) => {
      const text = "No. Register,Isi Laporan,Tanggal Kejadian\nR-9,Bangku taman patah.,\nR-10,Pagar roboh.,kemarin dulu\n";
      const file = { name: "buku tamu.csv", mimeType: "text/csv", buffer: Buffer.from(text) };
      await page.getByLabel("Berkas", { exact: true }).setInputFiles(file);
      await page.getByRole("button", { name: "Periksa berkas", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "buku tamu.csv" }).waitFor();
    },
  },
  {
    name: "staff-one",
    role: "admin",
    path: "/meja/petugas",
    send: async (page) => {
      await page.getByRole("link", { name: "Siti Aminah", exact: true }).click();
      await page.getByRole("heading", { level: 1, name: "Siti Aminah" }).waitFor();
    },
  },
  {
    name: "identity-opened",
    role: "identity_keeper",
    path: `/meja/identitas/${stage.cases.new}`,
    send: (page) => page.getByRole("button", { name: "Lihat identitas" }).click(),
  },
];

/**
 * What can be opened at a node and is no page that stands by itself, and why; all below a path that ends in `*`.
 * Every other one must stand above.
 */
export const noPages = {
  "/api/*": "for programs, and their description, which is that of the console in other words",
  "/healthz": "for programs",
  "/readyz": "for programs",
  "/open311/*": "for programs",
  "/saluran/*": "for programs",
  "/aset/{name}": "a file",
  "/manifest.webmanifest": "a file",
  "/sw.js": "a file",
  "/statistik.csv": "a file",
  "/program/{owner}/{slug}/gambar/{sha256}": "a file",
  "/peta/ubin/{zoom}/{column}/{row}": "a file",
  "/lapor/wilayah": "for a script",
  "/percakapan/data.json": "a file",
  "/percakapan/lampiran/{sha256}": "a file",
  "/meja/kinerja.csv": "a file",
  "/meja/kategori.csv": "a file",
  "/meja/register.csv": "a file",
  "/meja/register.xlsx": "a file",
  "/meja/register/{id}/{act}": "a file",
  "/meja/kasus/{id}/lampiran/{sha256}": "a file",
  "/meja/persetujuan/{id}/berkas/{nomor}": "a file",
  "/masuk/kode": "only on the way in with a second factor, where acts.test.mjs looks at it",
  "/masuk/sso": "leads on",
  "/masuk/sso/kembali": "leads on",
  "/meja/bersama/disposisi": "leads back to the list, but for what is sent to it",
  "/meja/bersama/gabung": "leads back to the list, but for what is sent to it",
  "/meja/kasus/{id}/unit": "the page of the case",
  "/meja/pengaturan/kontak": "leads to its step",
  "/meja/pengaturan/alamat": "leads to its step",
  "/meja/pengaturan/surel": "leads to its step",
  "/meja/pengaturan/persetujuan": "leads to its step",
  "/meja/pengaturan/bukti": "leads to its step",
};

/** The same at the console. */
export const noConsolePages = {
  "/": "leads to the federation",
  "/api/v1/*": "for programs",
  "/api/docs/lapor.css": "a file",
  "/aset/{name}": "a file",
  "/konsol/aliran": "for a script",
  "/konsol/edisi.json": "a file",
  "/konsol/edisi/kategori.json": "a file",
  "/konsol/kunci.json": "a file",
  "/konsol/peta-jalan.csv": "a file",
  "/konsol/kasus/tabel/{table}": "a file",
  "/konsol/undang/massal/{number}/hasil.csv": "a file",
  "/konsol/perawatan": "leads to the backups",
  "/konsol/perawatan/cadangan/aliran": "for a script",
  "/konsol/perawatan/pemulihan/aliran": "for a script",
  "/masuk/kode": "as at a node",
  "/masuk/sso": "no provider is set",
  "/masuk/sso/kembali": "leads on",
};

/** The routes of a program that nobody has looked at and that are not left out, and those left out for nothing. */
export function forgotten(routes, seen, left) {
  const shape = (route) => new RegExp(`^${route.replaceAll(".", "\\.").replace(/\{[^}]+\}/g, "[^/]+")}$`);
  // A fixed part goes before any other, as it does for the router; a brace comes behind every letter.
  const led = (path) => routes.filter((route) => shape(route).test(path)).sort()[0];
  const found = new Set([...seen].map(led));
  const covers = (name, route) => (name.endsWith("*") ? route.startsWith(name.slice(0, -1)) : name === route);
  const names = Object.keys(left);
  const unseen = routes.filter((route) => !found.has(route));
  return [
    ...unseen.filter((route) => !names.some((name) => covers(name, route))),
    ...names.filter((name) => !unseen.some((route) => covers(name, route))),
  ];
}

/** The rare ones alike: name, path, and who looks. */
export const everyRarePage = (stage) =>
  Object.entries(rarePages(stage)).map(([name, [role, path]]) => ({ name, path, role }));

/** Pages of the hub's console by name, as an operator sees them. */
export const consolePages = ({ cases }) => ({
  "console-federation": "/konsol",
  "console-institutions": "/konsol/instansi",
  "console-institution": "/konsol/instansi/kemenpu",
  "console-measures": "/konsol/instansi/kemenpu/ukuran",
  "console-visits": "/konsol/instansi/kemenpu/sambungan",
  "console-suspend": "/konsol/instansi/kemenpu/cabut",
  "console-replace": "/konsol/instansi/kemenpu/ganti",
  "console-certificates": "/konsol/instansi/kemenpu/sertifikat",
  "console-authority": "/konsol/instansi/kemenpu/wewenang",
  "console-invite": "/konsol/undang?wilayah=32.05",
  "console-many": "/konsol/undang/massal",
  "console-road-map": "/konsol/peta-jalan",
  "console-road-map-province": "/konsol/peta-jalan?provinsi=32",
  "console-road-map-place": "/konsol/peta-jalan/32.05",
  "console-casework": "/konsol/kasus",
  "console-casework-narrowed": "/konsol/kasus?kurun=7&urut=nama",
  "console-overdue": "/konsol/kasus/daftar?yang=terlambat",
  "console-unanswered": "/konsol/kasus/daftar?yang=belum-dijawab",
  "console-slowest": "/konsol/kasus/daftar?yang=dijawab",
  "console-case-missing": "/konsol/kasus/cari?kasus=x",
  "console-weeks": "/konsol/kasus/minggu",
  "console-alarms": "/konsol/alarm",
  "console-alarm-rules": "/konsol/alarm/aturan",
  "console-alarm-rule": "/konsol/alarm/aturan/baru",
  "console-recipients": "/konsol/alarm/penerima",
  "console-silences": "/konsol/alarm/senyap",
  "console-sent": "/konsol/alarm/kiriman",
  "console-past": "/konsol/alarm/riwayat",
  "console-backups": "/konsol/perawatan/cadangan",
  "console-maintenance": "/konsol/perawatan/pemeliharaan",
  "console-recovery": "/konsol/perawatan/pemulihan",
  "console-keys": "/konsol/kunci",
  "console-keys-announce": "/konsol/kunci/umumkan",
  "console-keys-authority": "/konsol/kunci/umumkan-otoritas",
  "console-editions": "/konsol/edisi",
  "console-approvals": "/konsol/persetujuan",
  "console-admission": "/konsol/persetujuan/instansi/bumn-pln",
  "console-audit": "/konsol/audit",
  "console-staff": "/konsol/petugas",
  "console-staff-new": "/konsol/petugas/baru",
  "console-account": "/konsol/akun",
  "console-factor": "/konsol/akun/kode",
  "console-api": "/api/docs",
  "console-case": `/konsol/kasus/${cases.worked}`,
});

/** Pages of the console that whoever is logged out sees. */
export const consoleDoors = ["/masuk", "/pasang", "/sandi/lupa"];

/** Pages of the console behind a link of another: where it stands, and what its address is like. */
export const consoleBehind = {
  "console-rule": ["/konsol/alarm/aturan", /\/aturan\/(?!baru$)[^/]+$/],
  "console-rule-off": ["/konsol/alarm/aturan", /\/aturan\/[^/]+\/nonaktif$/],
  "console-recipient": ["/konsol/alarm/penerima", /\/penerima\/[^/]+$/],
  "console-recipient-removed": ["/konsol/alarm/penerima", /\/penerima\/[^/]+\/hapus$/],
  "console-week": ["/konsol/kasus/minggu", /\/minggu\/[^/]+$/],
  "console-staff-one": ["/konsol/petugas", /\/petugas\/(?!baru$)[^/]+$/],
};

const unfold = (page) =>
  page.locator("details").evaluateAll((parts) => {
    for (const part of parts) part.open = true;
  });

/** All others alike: name, path, and who looks; conversations with all of it unfolded. */
export const everyPage = (stage) => [
  ...Object.entries(pages(stage)).map(([name, path]) => ({ name, path })),
  ...Object.entries(deskPages(stage)).map(([name, [role, path]]) => ({ name, path, role })),
  ...Object.entries(talkPages).map(([name, [talk, path]]) => ({ name, path, role: `talk ${talk}`, send: unfold })),
];

/** Pages that are to be painted soon: the first, and some with pictures, files, tables or a long course. */
const PAINTED = [
  "front",
  "filing",
  "case-worked",
  "reports",
  "map",
  "statistics",
  "programmes",
  "programme",
  "talk-answered",
  "desk-inbox",
  "desk-case-worked",
  "desk-follow-up",
  "desk-programme",
  "desk-figures",
  "desk-letters",
];

/** These, as `everyPage` has them. */
export function paintedPages(stage) {
  const every = everyPage(stage);
  return PAINTED.map((name) => every.find((page) => page.name === name));
}
