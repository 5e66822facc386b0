// Finds a pattern of authority by the name of what it means and writes it into the field, a line
// each. Without a script the patterns are typed.
"use strict";
(() => {
  for (const picker of document.querySelectorAll("[data-writes]")) {
    const field = document.getElementById(picker.dataset.writes);
    const search = picker.querySelector("input");
    const known = new Set([...search.list.options].map((option) => option.value));
    picker.hidden = false;
    const add = () => {
      const pattern = search.value.trim();
      if (!known.has(pattern)) return;
      const lines = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
      if (!lines.includes(pattern)) lines.push(pattern);
      field.value = lines.join("\n");
      search.value = "";
    };
    // Chosen from the list, not typed: one pattern may be the beginning of another.
    search.addEventListener("input", (event) => {
      if ((event.inputType ?? "insertReplacementText") === "insertReplacementText") add();
    });
    search.addEventListener("change", add);
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      add();
    });
  }
})();
