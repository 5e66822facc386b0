// Suggests names while one types. Without it the whole name is typed, and whoever
// reads the form asks back what is not clear.
"use strict";

(() => {
  /** Calls back once nothing has been asked for a while. */
  const settled = (ms, act) => {
    let timer;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(act, ms);
    };
  };

  function search(input) {
    const at = input.dataset.asks;
    const list = document.createElement("ul");
    list.id = `${input.id}-saran`;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", input.labels[0].firstChild.textContent.trim());
    const around = document.createElement("div");
    around.className = "combo";
    input.replaceWith(around);
    around.append(input, list);
    input.removeAttribute("list");
    for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", list.id], ["aria-autocomplete", "list"]]) {
      input.setAttribute(name, value);
    }
    const options = () => [...list.children];
    const current = () => options().find((option) => option.getAttribute("aria-selected") === "true");
    const close = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const choose = (option) => {
      input.value = option.textContent;
      close();
      input.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const mark = (option) => {
      options().forEach((one) => one.setAttribute("aria-selected", String(one === option)));
      input.setAttribute("aria-activedescendant", option.id);
    };
    let asked = "";
    const look = settled(150, async () => {
      const typed = input.value.trim();
      if (typed === asked) return;
      asked = typed;
      const answer = typed ? await fetch(`${at}?q=${encodeURIComponent(typed.slice(0, 100))}`) : null;
      if (asked !== typed || (answer && !answer.ok)) return;
      const found = answer ? await answer.json() : [];
      list.replaceChildren(
        ...found.map(({ name }, place) => {
          const option = document.createElement("li");
          option.id = `${list.id}-${place}`;
          option.textContent = name;
          option.setAttribute("role", "option");
          option.setAttribute("aria-selected", "false");
          option.addEventListener("pointerdown", (event) => {
            event.preventDefault();
            choose(option);
          });
          return option;
        }),
      );
      list.hidden = found.length === 0 || document.activeElement !== input;
      input.setAttribute("aria-expanded", String(!list.hidden));
    });
    input.addEventListener("input", look);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      const all = options();
      const place = all.indexOf(current());
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        mark(all[(place + step + all.length) % all.length]);
      } else if (event.key === "Enter" && place >= 0) {
        event.preventDefault();
        choose(all[place]);
      } else if (event.key === "Escape") {
        close();
      }
    });
  }

  for (const input of document.querySelectorAll("input[data-asks]")) search(input);
})();
