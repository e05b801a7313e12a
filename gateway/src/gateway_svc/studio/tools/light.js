// Where the light comes from: a pad with a sun, a colour, and a glow on the picture that shows it.
import { picture } from "../api.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { language, word } from "../words.js";

const COLORS = { warm: "#ffcc92", golden: "#ffc068", white: "#fffcf6", cool: "#a0ccff", blue: "#4078ff", pink: "#ff78b0", red: "#ff2c28", green: "#46eb64" };
const SAID = {
  en: { warm: "warm", golden: "golden", white: "white", cool: "cool", blue: "blue", pink: "pink", red: "red", green: "green", light: (color, side) => `${color} light from ${side}` },
  vi: { warm: "ấm", golden: "vàng kim", white: "trắng", cool: "lạnh", blue: "xanh dương", pink: "hồng", red: "đỏ", green: "xanh lá", light: (color, side) => `ánh sáng ${color} từ ${side}` },
};

// `onWords(text)` hears the light in words that the studio understands in both languages.
export function lamp({ easel, onWords }) {
  let place = { x: -0.75, y: -0.55 };
  let color = "warm";
  let strength = 0.8;
  let isTouched = false;
  const sun = h("div", { class: "sun", tabIndex: 0, role: "slider", "aria-label": word("lightPad"), "aria-valuemin": -100, "aria-valuemax": 100 }, icon("sun"));
  const pad = h("div", { class: "pad-light" }, sun);
  const swatches = Object.entries(COLORS).map(([name, hex]) => h("button", { type: "button", class: "swatch", title: SAID[language()][name], "aria-label": SAID[language()][name], style: { background: hex }, onclick: () => { color = name; told(); } }));
  const img = h("img", { class: "whole", alt: word("picture") });
  const glow = h("div", { class: "glow", "aria-hidden": "true" });
  const dark = h("div", { class: "dusk", "aria-hidden": "true" });
  const holder = h("div", { class: "canvas-box lit" }, img, dark, glow);

  const side = () => {
    const [x, y] = [place.x, place.y];
    if (Math.hypot(x, y) < 0.3) return "front";
    const [across, down] = [Math.abs(x) > 0.38 * Math.hypot(x, y) ? (x < 0 ? "left" : "right") : "", Math.abs(y) > 0.38 * Math.hypot(x, y) ? (y < 0 ? "top" : "bottom") : ""];
    return [down, across].filter(Boolean).join("-");
  };
  function draw() {
    const at = side();
    const tint = COLORS[color];
    sun.style.setProperty("left", `${50 + place.x * 50}%`);
    sun.style.setProperty("top", `${50 + place.y * 50}%`);
    sun.style.setProperty("--tint", tint);
    sun.setAttribute("aria-valuenow", String(Math.round(place.x * 100)));
    sun.setAttribute("aria-valuetext", word("lightFrom", { side: word(`sides.${at}`) }));
    for (const [node, name, value] of [[holder, "--lx", `${50 + place.x * 60}%`], [holder, "--ly", `${50 + place.y * 60}%`], [holder, "--tint", tint], [holder, "--force", String(isTouched ? strength : 0)]]) node.style.setProperty(name, value);
    swatches.forEach((each, index) => each.setAttribute("aria-pressed", String(Object.keys(COLORS)[index] === color)));
  }
  function told() {
    isTouched = true;
    draw();
    onWords(SAID[language()].light(SAID[language()][color], word(`sides.${side()}`)));
  }
  const move = (event) => {
    const { left, top, width, height } = pad.getBoundingClientRect();
    let [x, y] = [((event.clientX - left) / width) * 2 - 1, ((event.clientY - top) / height) * 2 - 1];
    const far = Math.hypot(x, y);
    if (far > 0.95) [x, y] = [(x / far) * 0.95, (y / far) * 0.95];
    place = { x, y };
    told();
  };
  pad.onpointerdown = (event) => {
    event.preventDefault();
    sun.focus({ preventScroll: true });
    pad.setPointerCapture(event.pointerId);
    pad.onpointermove = move;
    move(event);
    pad.onpointerup = pad.onpointercancel = () => { pad.onpointermove = null; };
  };
  sun.onkeydown = (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] || [];
    if (dx === undefined) return;
    event.preventDefault();
    place = { x: Math.max(-0.95, Math.min(0.95, place.x + dx * 0.15)), y: Math.max(-0.95, Math.min(0.95, place.y + dy * 0.15)) };
    told();
  };
  draw();
  return {
    root: h("div", { class: "lamp" }, h("div", { class: "field" }, h("span", {}, word("lightPad")), pad),
      h("div", { class: "field", role: "group", "aria-label": word("lightColor") }, h("span", {}, word("lightColor")), h("div", { class: "swatches" }, swatches))),
    values: () => ({}),
    isReady: () => true,
    heard(values) { strength = values.light_transfer_strength ?? 0.8; draw(); },
    show(image, given) {
      img.src = picture(given.url, 1280);
      holder.style.setProperty("--ratio", String(image.naturalWidth / image.naturalHeight));
      pad.style.setProperty("background-image", `url("${picture(given.url, 256)}")`);
      easel.replaceChildren(holder);
    },
  };
}
