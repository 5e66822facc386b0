// Keeps the page of the federation as the hub sees it. The hub says that something has changed;
// the page is then fetched as it would be by a reload, and its live parts take the place of the old.
"use strict";
(() => {
  const live = document.querySelector("[data-live]");
  if (!live || !window.EventSource) return;
  const said = document.querySelector("[data-live-state]");
  let fetching = false;
  let again = false;

  const refresh = async () => {
    if (fetching) {
      again = true;
      return;
    }
    fetching = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.redirected) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const here = document.activeElement && document.activeElement.id;
      for (const part of document.querySelectorAll("[data-live-part]")) {
        const next = page.getElementById(part.id);
        if (next) part.replaceWith(document.importNode(next, true));
      }
      if (here) document.getElementById(here)?.focus({ preventScroll: true });
    } finally {
      fetching = false;
      if (again) {
        again = false;
        refresh();
      }
    }
  };

  const source = new EventSource(live.dataset.live);
  source.addEventListener("open", () => {
    said.textContent = said.dataset.on;
    refresh();
  });
  source.addEventListener("error", () => { said.textContent = said.dataset.off; });
  source.addEventListener("berubah", refresh);
})();
