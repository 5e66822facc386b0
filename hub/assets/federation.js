// Keeps a page of the federation as the hub sees it. The hub says that something has changed;
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

  // What had the focus, in the part that took the place of its own: by its id, or the link to the same address.
  // Where it has gone, the part: whoever goes on by the keyboard goes on from there.
  const refound = (held, part) => {
    const place = document.getElementById(part);
    const links = [...(place?.querySelectorAll("a[href]") ?? [])];
    const found = held.id ? document.getElementById(held.id) : links.find((link) => link.href === held.href);
    if (found && found !== place) return found;
    place?.setAttribute("tabindex", "-1");
    return place;
  };

  // What was ticked or typed in a part and not sent yet, by the ids of its fields.
  const unsent = (part) => {
    const fields = [...part.querySelectorAll("input[id]:not([type=file])")];
    const changed = fields.filter((field) => field.checked !== field.defaultChecked || field.value !== field.defaultValue);
    return changed.map(({ id, checked, value }) => ({ id, checked, value }));
  };

  const fill = (fields) => {
    for (const { id, checked, value } of fields) {
      const field = document.getElementById(id);
      if (field) Object.assign(field, { checked, value });
    }
  };

  const exchange = (page) => {
    const held = document.activeElement;
    const within = held?.closest("[data-live-part]")?.id;
    const [from, to] = [held?.selectionStart, held?.selectionEnd];
    for (const part of document.querySelectorAll("[data-live-part]")) {
      const next = page.getElementById(part.id);
      if (!next || next.innerHTML === part.innerHTML) continue;
      // On a narrow screen the menu is moved aside.
      const aside = part.scrollLeft;
      const fields = unsent(part);
      const taken = document.importNode(next, true);
      part.replaceWith(taken);
      taken.scrollLeft = aside;
      fill(fields);
    }
    if (held && !held.isConnected) {
      const found = refound(held, within);
      found?.focus({ preventScroll: true });
      if (Number.isInteger(from)) found?.setSelectionRange?.(from, to);
    }
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
