// New room around the picture: handles on its four sides, or a ratio to fill.
import { picture } from "../api.js";
import { button, h } from "../dom.js";
import { number, word } from "../words.js";
import { ratioBox } from "./form.js";

const MOST = 2048;
const SIDES = ["left", "right", "top", "bottom"];
const RATIOS = ["1:1", "4:3", "16:9", "21:9", "9:16"];

export function expander({ easel, onChange }) {
  let room = { left: 0, right: 0, top: 0, bottom: 0 };
  let source = null;
  let scale = 1;
  const says = h("p", { class: "hint", "aria-live": "polite" });
  const img = h("img", { alt: "", draggable: false });
  const grips = Object.fromEntries(SIDES.map((side) => [side, h("div", {
    class: `side-grip ${side}`, tabIndex: 0, role: "slider", "aria-label": word("expandHandle", { side: word(`edges.${side}`) }), "aria-valuemin": 0, "aria-valuemax": MOST, "aria-valuenow": 0, data: { side },
  }, h("i", {}))]));
  const sheet = h("div", { class: "expand-sheet checker" }, img, Object.values(grips));
  const holder = h("div", { class: "expand-box" }, sheet);

  // The scale stays while a handle is dragged, so that it stays under the finger; it is fitted afterwards.
  function draw({ fit = true } = {}) {
    if (!source) return;
    const [wide, high] = [source.width + room.left + room.right, source.height + room.top + room.bottom];
    const all = holder.getBoundingClientRect();
    if (fit) scale = Math.min((all.width - 72) / wide, (all.height - 72) / high, 560 / Math.min(source.width, source.height));
    const set = (node, fields) => { for (const [name, value] of Object.entries(fields)) node.style.setProperty(name, `${value}px`); };
    set(sheet, { width: wide * scale, height: high * scale });
    set(img, { left: room.left * scale, top: room.top * scale, width: source.width * scale, height: source.height * scale });
    for (const side of SIDES) {
      grips[side].setAttribute("aria-valuenow", String(room[side]));
      grips[side].setAttribute("aria-valuetext", `${room[side]} px`);
    }
    says.textContent = word("newSize", { from: `${number(source.width)} × ${number(source.height)}`, to: `${number(wide)} × ${number(high)}` });
  }
  const put = (next, options) => {
    room = Object.fromEntries(SIDES.map((side) => [side, Math.min(MOST, Math.max(0, Math.round(next[side])))]));
    draw(options);
    onChange();
  };

  for (const [side, grip] of Object.entries(grips)) {
    const across = side === "left" || side === "right";
    const sign = side === "left" || side === "top" ? -1 : 1;
    grip.onpointerdown = (event) => {
      event.preventDefault();
      grip.focus({ preventScroll: true });
      grip.setPointerCapture(event.pointerId);
      const start = across ? event.clientX : event.clientY;
      const before = room[side];
      // The sheet is centred, so it grows to both sides: half of it under the finger.
      grip.onpointermove = (move) => put({ ...room, [side]: before + (2 * sign * ((across ? move.clientX : move.clientY) - start)) / scale }, { fit: false });
      grip.onpointerup = grip.onpointercancel = () => { grip.onpointermove = null; draw(); };
    };
    grip.onkeydown = (event) => {
      const by = { ArrowLeft: across ? sign * -1 : 0, ArrowRight: across ? sign : 0, ArrowUp: across ? 0 : sign * -1, ArrowDown: across ? 0 : sign, PageUp: 5, PageDown: -5 }[event.key];
      if (!by) return;
      event.preventDefault();
      put({ ...room, [side]: room[side] + by * 16 });
    };
  }

  const all = (share) => { const by = Math.max(source.width, source.height) * share; put({ left: by, right: by, top: by, bottom: by }); };
  const toRatio = (text) => {
    const [across, down] = text.split(":").map(Number);
    const wide = Math.max(source.width, (source.height * across) / down);
    const high = Math.max(source.height, (source.width * down) / across);
    const [roomAcross, roomDown] = [Math.round(wide - source.width), Math.round(high - source.height)];
    const [left, top] = [Math.floor(roomAcross / 2), Math.floor(roomDown / 2)];
    put({ left, right: roomAcross - left, top, bottom: roomDown - top });
  };
  const chip = (label, deed, box) => h("button", { type: "button", class: "chip", onclick: () => source && deed() }, box, h("span", {}, label));
  new ResizeObserver(() => draw()).observe(holder);
  return {
    root: h("div", { class: "fields" },
      h("div", { class: "field" }, h("span", {}, word("newRoom")), h("div", { class: "chip-row" },
        chip(`${word("allSides")} 15 %`, () => all(0.15)), chip(`${word("allSides")} 30 %`, () => all(0.3)), RATIOS.map((each) => chip(each, () => toRatio(each), ratioBox(each))))),
      says, button(word("reset"), () => put({ left: 0, right: 0, top: 0, bottom: 0 }), { sign: "undo", kind: "link" })),
    skip: SIDES,
    values: () => Object.fromEntries(Object.entries(room).filter(([, by]) => by > 0)),
    isReady: () => SIDES.some((side) => room[side] > 0),
    show(image, given) {
      source = { ...given, width: image.naturalWidth, height: image.naturalHeight };
      img.src = picture(given.url, 1280);
      easel.replaceChildren(holder);
      room = { left: 0, right: 0, top: 0, bottom: 0 };
      draw();
    },
  };
}
