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

  const place = (tile) => {
    const { left, top, bottom } = tile.getBoundingClientRect();
    const room = document.documentElement;
    const right = Math.max(8, room.clientWidth - card.offsetWidth - 8);
    const below = bottom + 6 + card.offsetHeight <= room.clientHeight || top < card.offsetHeight + 14;
    card.style.left = `${Math.max(8, Math.min(left, right)) + scrollX}px`;
    card.style.top = `${(below ? bottom + 6 : top - card.offsetHeight - 6) + scrollY}px`;
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
    for (const hinted of document.querySelectorAll(".hinted")) hinted.classList.add("hushed");
  });
  for (const kind of ["pointerout", "focusout"]) {
    document.addEventListener(kind, (event) => {
      if (event.target instanceof Element) event.target.closest(".hinted")?.classList.remove("hushed");
    });
  }
})();
