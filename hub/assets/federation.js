// Keeps the page of the federation as the hub sees it. The hub says that something has changed;
// the page is then fetched as it would be by a reload, and its live parts take the place of the old.
"use strict";
(() => {
  const live = document.querySelector("[data-live]");
  if (!live || !window.EventSource) return;
  const said = document.querySelector("[data-live-state]");
  const SOONEST = 2000;
  const LATEST = 60000;
  let pause = SOONEST;
  let source = null;
  let fetching = false;
  let again = false;

  const say = (following) => {
    const words = following ? said.dataset.on : said.dataset.off;
    if (said.textContent !== words) said.textContent = words;
  };

  const exchange = (page) => {
    const here = document.activeElement && document.activeElement.id;
    for (const part of document.querySelectorAll("[data-live-part]")) {
      const next = page.getElementById(part.id);
      if (next && next.innerHTML !== part.innerHTML) part.replaceWith(document.importNode(next, true));
    }
    if (here && document.activeElement.id !== here) document.getElementById(here)?.focus({ preventScroll: true });
  };

  // True when the page is as the hub sees it. A session that has ended leads to the log-in.
  const refresh = async () => {
    if (fetching) {
      again = true;
      return true;
    }
    fetching = true;
    try {
      const answer = await fetch(location.href, { headers: { "lapor-by-itself": "1" } });
      if (answer.redirected) {
        location.reload();
        return false;
      }
      if (!answer.ok) return false;
      exchange(new DOMParser().parseFromString(await answer.text(), "text/html"));
      return true;
    } catch {
      return false;
    } finally {
      fetching = false;
      if (again) {
        again = false;
        refresh();
      }
    }
  };

  const later = () => {
    source?.close();
    say(false);
    setTimeout(follow, pause);
    pause = Math.min(pause * 2, LATEST);
  };

  const follow = async () => {
    if (!(await refresh())) {
      later();
      return;
    }
    source = new EventSource(live.dataset.live);
    source.addEventListener("open", () => {
      pause = SOONEST;
      say(true);
    });
    source.addEventListener("berubah", async () => {
      if (!(await refresh())) later();
    });
    source.addEventListener("error", later);
  };

  follow();
})();
