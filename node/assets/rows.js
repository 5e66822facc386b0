// One more row of a form without sending it. Without this the button sends the form, which comes
// back with one more row and with all that was typed.
"use strict";

for (const more of document.querySelectorAll("[data-more]")) {
  const rows = more.parentElement;
  const all = () => [...rows.children].filter((row) => row.matches(".field, .asking"));
  const numbered = /\d+/g;

  /** The last row once more, empty and with the next number in every name. */
  const another = () => {
    const row = all().at(-1).cloneNode(true);
    const number = all().length + 1;
    row.querySelectorAll(".complaint").forEach((complaint) => complaint.remove());
    for (const element of row.querySelectorAll("*")) {
      for (const name of ["id", "name", "for", "aria-describedby"]) {
        const value = element.getAttribute(name)?.replace(/ ?\S+-error/, "");
        if (value) element.setAttribute(name, value.replace(numbered, number));
        else element.removeAttribute(name);
      }
      if (element.localName === "label") element.firstChild.data = element.firstChild.data.replace(numbered, number);
      element.removeAttribute("aria-invalid");
      if ("value" in element && element.localName !== "option") element.value = "";
    }
    return row;
  };

  more.addEventListener("click", (event) => {
    event.preventDefault();
    const row = another();
    more.before(row);
    row.querySelector("input, textarea").focus();
    more.hidden = all().length >= Number(rows.dataset.most);
  });
}
