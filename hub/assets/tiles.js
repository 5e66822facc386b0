// Shows what is measured of an institution beside its tile: when the pointer rests on it, when the
// keyboard comes to it, and at the first tap. The card is the page of measures; without a script, and
// when the hub does not answer, the tile leads to the institution as it is.
"use strict";
(() => {
  const SOON = 250;
  const FRESH = 20000;
  const known = new Map();
  const card = document.createElement("div");
  card.className = "tile-card";
  card.id = "kartu";
  card.setAttribute("role", "status");
  card.hidden = true;
  document.querySelector("main").append(card);
  let wanted = "";
  let timer = 0;
  let touched = false;

  const tileOf = (target) => (target instanceof Element ? target.closest(".tile") : null);

  const read = async (tile) => {
    const kept = known.get(tile.id);
    if (kept && Date.now() - kept.at < FRESH) return kept.part;
    const below = tile.closest("[data-measures]").dataset.measures;
    const answer = await fetch(tile.href + below);
    if (answer.redirected || !answer.ok) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = document.createElement("div");
    const name = document.createElement("strong");
    name.textContent = page.querySelector("h1").textContent;
    part.append(name, document.importNode(page.querySelector("[data-card]"), true));
    known.set(tile.id, { at: Date.now(), part });
    return part;
  };

  // Beside the tile where the window has room, else below or above it; always whole in the window if it can be.
  const place = (tile) => {
    const at = tile.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const { offsetWidth, offsetHeight } = card;
    const within = (wanted, room) => Math.max(8, Math.min(wanted, room - 8));
    let left = at.right + 6;
    let top = within(at.top, clientHeight - offsetHeight);
    if (left + offsetWidth > clientWidth - 8) left = at.left - offsetWidth - 6;
    if (left < 8) {
      left = within(at.left, clientWidth - offsetWidth);
      top = at.bottom + 6 + offsetHeight <= clientHeight || at.top < offsetHeight + 14 ? at.bottom + 6 : at.top - offsetHeight - 6;
    }
    card.style.left = `${left + scrollX}px`;
    card.style.top = `${top + scrollY}px`;
  };

  const hide = () => {
    clearTimeout(timer);
    wanted = "";
    card.hidden = true;
  };

  // False where there is nothing to show.
  const show = async (id) => {
    wanted = id;
    const tile = document.getElementById(id);
    const part = tile && (await read(tile).catch(() => null));
    if (wanted !== id) return true;
    const now = part && document.getElementById(id);
    if (!now) {
      hide();
      return false;
    }
    card.replaceChildren(part);
    card.dataset.of = id;
    card.hidden = false;
    place(now);
    return true;
  };

  const soon = (deed) => {
    clearTimeout(timer);
    timer = setTimeout(deed, SOON);
  };

  const come = (target) => {
    if (card.contains(target)) return clearTimeout(timer);
    const tile = tileOf(target);
    if (tile) soon(() => show(tile.id));
  };

  const leave = (target) => {
    if (tileOf(target) || card.contains(target)) soon(hide);
  };

  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch";
    if (!tileOf(event.target) && !card.contains(event.target)) hide();
  });
  document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && come(event.target));
  document.addEventListener("pointerout", (event) => event.pointerType === "mouse" && leave(event.target));
  document.addEventListener("focusin", (event) => !touched && come(event.target));
  document.addEventListener("focusout", (event) => !touched && leave(event.target));
  document.addEventListener("click", async (event) => {
    const tile = tileOf(event.target);
    if (!touched || !tile || (!card.hidden && card.dataset.of === tile.id)) return;
    event.preventDefault();
    if (!(await show(tile.id))) location.assign(tile.href);
  });
  document.addEventListener("keydown", (event) => {
    touched = false;
    if (event.key !== "Escape") return;
    hide();
    const shown = document.querySelectorAll(".hinted:hover, .hinted:focus-within");
    for (const hinted of shown) hinted.classList.add("hushed");
  });
  for (const kind of ["pointerout", "focusout"]) {
    document.addEventListener(kind, (event) => {
      if (event.target instanceof Element) event.target.closest(".hinted")?.classList.remove("hushed");
    });
  }
})();
