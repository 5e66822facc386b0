// Streets around the place that a form's coordinates say: a press on them moves the place. Without it
// the coordinates are written.
"use strict";

(() => {
  const SIDE = 256;
  const SVG = "http://www.w3.org/2000/svg";
  const FIRST = 15;

  const made = (name, attributes) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };

  function streets(part) {
    const map = part.querySelector("svg");
    const told = part.querySelector("[role=status]");
    const { lintang, bujur } = part.closest("form").elements;
    const { width, height } = map.viewBox.baseVal;
    const [farthest, nearest] = [Number(part.dataset.farthest), Number(part.dataset.nearest)];
    let zoom = Math.max(farthest, Math.min(nearest, FIRST));
    let corner = [0, 0];
    let drawn = 0;
    const world = () => SIDE * 2 ** zoom;
    const degrees = (field) => (field.value.trim() === "" ? NaN : Number(field.value.replace(",", ".")));

    const draw = () => {
      drawn += 1;
      const turn = drawn;
      const [latitude, longitude] = [degrees(lintang), degrees(bujur)];
      part.hidden = !(Math.abs(latitude) < 85 && Math.abs(longitude) <= 180);
      if (part.hidden) return;
      const sine = Math.sin((latitude * Math.PI) / 180);
      const x = ((longitude + 180) / 360) * world();
      const y = (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * world();
      corner = [x - width / 2, y - height / 2];
      const images = [];
      const last = 2 ** zoom - 1;
      const range = (from, size) => [Math.max(0, Math.floor(from / SIDE)), Math.min(last, Math.floor((from + size) / SIDE))];
      const [[left, right], [top, bottom]] = [range(corner[0], width), range(corner[1], height)];
      for (let row = top; row <= bottom; row += 1) {
        for (let column = left; column <= right; column += 1) {
          const href = `${part.dataset.at}/${zoom}/${column}/${row}`;
          images.push(made("image", { href, x: column * SIDE - corner[0], y: row * SIDE - corner[1], width: SIDE, height: SIDE }));
        }
      }
      let absent = 0;
      for (const image of images) {
        image.addEventListener("error", () => {
          if (turn !== drawn) return;
          absent += 1;
          if (absent === images.length) told.textContent = part.dataset.none;
        });
      }
      if (told.textContent === part.dataset.none) told.textContent = "";
      map.replaceChildren(...images, made("circle", { cx: width / 2, cy: height / 2, r: 9 }));
    };

    map.addEventListener("click", (event) => {
      const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
      const north = Math.PI * (1 - (2 * (corner[1] + y)) / world());
      lintang.value = ((Math.atan(Math.sinh(north)) * 180) / Math.PI).toFixed(6);
      bujur.value = (((corner[0] + x) / world()) * 360 - 180).toFixed(6);
      bujur.dispatchEvent(new Event("change", { bubbles: true }));
      told.textContent = part.dataset.moved;
    });
    for (const button of part.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => {
        zoom = Math.max(farthest, Math.min(nearest, zoom + Number(button.dataset.zoom)));
        draw();
      });
    }
    for (const field of [lintang, bujur]) field.addEventListener("change", draw);
    draw();
  }

  for (const part of document.querySelectorAll("[data-streets]")) streets(part);
})();
