// The everyday edits: crop, turn, light, colour, looks, focus, words, size, all seen at once on the picture.
import { button, h } from "../dom.js";
import { icon } from "../icons.js";
import { number, word, wordOr } from "../words.js";
import { cropper } from "./crop.js";
import { color, ratioBox, slider } from "./form.js";
import { paint } from "./tone.js";

const SIDE = 1280;
const TONES = ["brightness", "contrast", "saturation", "warmth"];
const RATIOS = [null, "1:1", "4:3", "3:2", "16:9", "3:4", "9:16"];
const SIGNS = { crop: "crop", light: "sun", looks: "style", focus: "search", text: "words", size: "upscale" };
const LOOKS = {
  original: [], mono: [{ op: "grayscale" }], noir: [{ op: "grayscale" }, { op: "contrast", amount: 55 }], sepia: [{ op: "sepia" }],
  warm: [{ op: "warmth", amount: 40 }], cool: [{ op: "warmth", amount: -40 }], vivid: [{ op: "saturation", amount: 30 }, { op: "contrast", amount: 16 }],
  faded: [{ op: "saturation", amount: -35 }, { op: "contrast", amount: -30 }, { op: "brightness", amount: 12 }], golden: [{ op: "warmth", amount: 55 }, { op: "brightness", amount: 10 }, { op: "saturation", amount: 18 }],
};
const PLACES = ["top-left", "top", "top-right", "center", "bottom-left", "bottom", "bottom-right"];
const START = () => ({ turn: 0, flipX: false, flipY: false, box: null, tones: {}, look: "original", blur: 0, far: 0, sharpen: 0, text: "", place: "bottom", ink: "#ffffff", letters: 7, radius: 0, wide: 0 });

// `easel` is where the picture is shown. Answers {root, values(), isChanged(), show(image), stop()}.
export function adjuster({ easel, onChange }) {
  let state = START();
  let image = null;
  let group = "crop";
  let waiting = 0;
  const canvas = h("canvas", { class: "canvas", role: "img", "aria-label": word("picture") });
  const turned = () => {
    const [wide, high] = image ? [image.naturalWidth, image.naturalHeight] : [1, 1];
    return state.turn % 2 ? { width: high, height: wide } : { width: wide, height: high };
  };
  const crop = cropper({ pixels: turned, onChange: (box) => { state.box = box; onChange(); } });
  const holder = h("div", { class: "canvas-box" }, canvas, crop.root);
  const panel = h("div", { class: "fields" });
  const tabs = Object.keys(SIGNS).map((name) => h("button", { type: "button", class: "tool-tab", role: "tab", data: { group: name }, onclick: () => open(name) }, icon(SIGNS[name]), h("span", {}, word(`groups.${name}`))));
  const bar = h("div", { class: "tool-tabs", role: "tablist", "aria-label": word("tools") }, tabs);
  bar.onkeydown = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const at = tabs.findIndex((tab) => tab.dataset.group === group);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    open(next.dataset.group);
    next.focus();
  };

  const tones = () => [
    ...(LOOKS[state.look] || []),
    ...TONES.filter((op) => state.tones[op]).map((op) => ({ op, amount: state.tones[op] })),
    ...(state.sharpen ? [{ op: "sharpen", amount: state.sharpen }] : []),
  ];
  const view = (isWhole) => ({
    turn: state.turn, flipX: state.flipX, flipY: state.flipY, box: isWhole ? null : state.box, tones: tones(), blur: state.blur,
    caption: isWhole ? null : { text: state.text, position: state.place, color: state.ink, share: state.letters / 100 }, radius: isWhole ? 0 : state.radius / 100,
  });

  function redraw() {
    if (!image) return;
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      const isWhole = group === "crop";
      paint(canvas, image, view(isWhole), SIDE);
      holder.style.setProperty("--ratio", String(canvas.width / canvas.height));
      crop.root.hidden = !isWhole;
    });
  }
  const change = (fields) => { Object.assign(state, fields); redraw(); onChange(); };

  // --- the panels

  function open(name) {
    group = name;
    tabs.forEach((tab) => { const on = tab.dataset.group === name; tab.setAttribute("aria-selected", String(on)); tab.tabIndex = on ? 0 : -1; });
    panel.replaceChildren(...PANELS[name]().flat());
    redraw();
  }
  const bit = (label, value, home, least, most, onValue, more) => slider(label, { least, most, value, home, onValue, ...more }).node;

  let ratioNow = null;
  const PANELS = {
    crop: () => {
      const chips = RATIOS.map((each) => h("button", { type: "button", class: "chip", "aria-pressed": String(each === ratioNow), onclick: () => { ratioNow = each; crop.ratio(each); open("crop"); } },
        each ? ratioBox(each) : null, h("span", {}, each || word("freeRatio"))));
      const turn = (by) => { state.turn = (state.turn + by + 4) % 4; state.box = null; crop.reset(); change({}); };
      return [
        h("div", { class: "field" }, h("span", {}, word("ratio")), h("div", { class: "chip-row" }, chips)),
        h("div", { class: "chip-row" },
          button(word("rotateLeft"), () => turn(-1), { sign: "undo" }), button(word("rotateRight"), () => turn(1), { sign: "rotate" }),
          button(word("flipH"), () => change({ flipX: !state.flipX }), { sign: "flip" }), button(word("flipV"), () => change({ flipY: !state.flipY }))),
      ];
    },
    light: () => TONES.map((op) => bit(cap(wordOr(`values.${op}`, op)), state.tones[op] || 0, 0, -100, 100, (amount) => { state.tones[op] = amount; change({}); })),
    looks: () => [h("div", { class: "looks" }, Object.keys(LOOKS).map((name) => {
      const small = h("canvas", {});
      if (image) paint(small, image, { ...view(false), caption: null, radius: 0, blur: 0, tones: LOOKS[name] }, 132);
      return h("button", { type: "button", class: "look", "aria-pressed": String(state.look === name), onclick: () => { change({ look: name }); open("looks"); } }, small, h("span", {}, word(`lookNames.${name}`)));
    }))],
    focus: () => [
      bit(cap(wordOr("values.sharpen", "Sharpen")), state.sharpen, 0, 0, 100, (sharpen) => change({ sharpen })),
      bit(cap(wordOr("values.blur", "Blur")), state.blur, 0, 0, 100, (blur) => change({ blur })),
      bit(cap(wordOr("values.blur-background", "Blur background")), state.far, 0, 0, 100, (far) => change({ far })),
    ],
    text: () => {
      const box = h("input", { value: state.text, maxLength: 300, oninput: () => change({ text: box.value }) });
      return [
        h("label", { class: "field" }, h("span", {}, word("groups.text")), box),
        h("div", { class: "places", role: "group", "aria-label": wordOr("params.position", "Position") }, PLACES.map((each) => h("button", { type: "button", class: `place ${each}`, title: wordOr(`values.${each}`, each), "aria-label": wordOr(`values.${each}`, each.replace("-", " ")), "aria-pressed": String(state.place === each), onclick: () => { change({ place: each }); open("text"); } }))),
        bit(word("size"), state.letters, 7, 3, 25, (letters) => change({ letters }), { unit: " %" }),
        color(wordOr("params.color", "Colour"), state.ink, (ink) => change({ ink: ink || "#ffffff" }), { none: false }).node,
      ];
    },
    size: () => {
      const { width, height } = cropped();
      const to = h("p", { class: "hint" });
      const says = (wide) => { to.textContent = word("newSize", { from: `${number(width)} × ${number(height)}`, to: `${number(wide)} × ${number(Math.max(1, Math.round((wide * height) / width)))}` }); };
      says(state.wide || width);
      return [
        bit(wordOr("params.width", "Width"), state.wide || width, width, Math.min(64, width), Math.max(width, 4096), (wide) => { change({ wide: wide === width ? 0 : wide }); says(wide); }, { unit: " px" }), to,
        bit(cap(wordOr("values.round-corners", "Round corners")), state.radius, 0, 0, 100, (radius) => change({ radius })),
      ];
    },
  };
  const cap = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

  const cropped = () => {
    const { width, height } = turned();
    const box = state.box || { width: 1, height: 1 };
    return { width: Math.max(1, Math.round(width * box.width)), height: Math.max(1, Math.round(height * box.height)) };
  };

  function operations() {
    const list = [];
    if (state.turn) list.push({ op: "rotate", degrees: state.turn * 90 });
    if (state.flipX) list.push({ op: "flip", direction: "horizontal" });
    if (state.flipY) list.push({ op: "flip", direction: "vertical" });
    const { width, height } = turned();
    const { box } = state;
    const size = cropped();
    if (box && (size.width < width || size.height < height)) list.push({ op: "crop", x: Math.round(box.x * width), y: Math.round(box.y * height), ...size });
    list.push(...tones());
    if (state.blur) list.push({ op: "blur", amount: state.blur });
    if (state.far) list.push({ op: "blur-background", amount: state.far });
    if (state.wide) list.push({ op: "resize", width: state.wide });
    const wide = state.wide || size.width;
    const least = Math.min(wide, (wide * size.height) / size.width);
    if (state.radius) list.push({ op: "round-corners", radius: Math.round(((state.radius / 100) * least) / 2) });
    if (state.text.trim()) list.push({ op: "text", text: state.text.trim(), position: state.place, color: state.ink, size: Math.max(6, Math.round((least * state.letters) / 100)) });
    return list;
  }

  open(group);
  return {
    root: h("div", { class: "adjust" }, bar, panel, button(word("reset"), () => { state = START(); ratioNow = null; crop.ratio(null); crop.reset(); state.box = null; open(group); onChange(); }, { sign: "undo", kind: "link" })),
    values: () => ({ operations: operations() }),
    isReady: () => operations().length > 0,
    show(next) {
      image = next;
      state = START();
      crop.ratio(null);
      crop.reset();
      state.box = null;
      easel.replaceChildren(holder);
      open(group);
    },
  };
}
