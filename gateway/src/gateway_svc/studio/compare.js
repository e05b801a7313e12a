// Before and after, one over the other, with a handle that a pointer and the arrow keys move.
import { picture } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { word } from "./words.js";

// `width` asks for thumbnails of that many pixels; left out, the whole pictures are shown.
export function compare(before, after, { width, at = 50, alt = "" } = {}) {
  const box = h("div", { class: "compare" });
  const move = (share) => box.style.setProperty("--at", `${share}%`);
  const range = h("input", { type: "range", min: 0, max: 100, step: 1, value: at, "aria-label": word("compareHandle"), oninput: () => move(range.value) });
  box.append(
    h("img", { src: picture(after, width), alt, draggable: false }),
    h("img", { class: "before", src: picture(before, width), alt: word("before"), draggable: false }),
    h("span", { class: "tag left", "aria-hidden": "true" }, word("before")),
    h("span", { class: "tag right", "aria-hidden": "true" }, word("after")),
    h("div", { class: "handle", "aria-hidden": "true" }, h("i", {}, icon("compare"))),
    range,
  );
  move(at);
  return box;
}
