// The inbox and a case by keyboard. Everything it does can also be reached by Tab and Enter.
const rows = [...document.querySelectorAll("[data-row]")];
const search = document.querySelector("#cari");
const keys = document.querySelector("#tombol");
keys.hidden = false;

const focused = () => rows.findIndex((row) => row.contains(document.activeElement));
const go = (place) => {
  const row = rows[Math.max(0, Math.min(place, rows.length - 1))];
  row?.querySelector("a[href]").focus();
  row?.scrollIntoView({ block: "nearest" });
};
const follow = (link) => document.querySelector(`.beside ${link}`)?.click();

const inList = {
  j: () => go(focused() + 1),
  k: () => go(focused() < 0 ? rows.length - 1 : focused() - 1),
  x: () => rows[focused()]?.querySelector('input[type="checkbox"]')?.click(),
  "/": () => search.focus(),
};
const inCase = {
  j: () => follow('a[rel="next"]'),
  k: () => follow('a[rel="prev"]'),
  u: () => follow(".crumb a"),
};
const acts = {
  ...(search ? inList : inCase),
  "?": () => {
    keys.open = !keys.open;
    if (keys.open) keys.querySelector("summary").focus();
  },
};

document.addEventListener("keydown", (event) => {
  const writes = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (event.key === "Escape" && writes && writes === search) search.blur();
  if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
