// A frame on the picture that is dragged, resized at corners and edges, and moved with the arrow keys.
import { h } from "../dom.js";
import { word } from "../words.js";

const LEAST = 0.04;
const EDGES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const within = (value, low, high) => Math.min(high, Math.max(low, value));

// `pixels()` answers the picture's {width, height}; `onChange(box)` gets shares of the picture {x, y, width, height}.
export function cropper({ pixels, onChange }) {
  let box = { x: 0, y: 0, width: 1, height: 1 };
  let ratio = null;
  const frame = h("div", { class: "crop-frame", tabIndex: 0, role: "group", "aria-label": word("cropFrame") }, EDGES.map((edge) => h("i", { class: `grip ${edge}`, data: { edge } })), h("b", {}), h("b", {}));
  const root = h("div", { class: "crop" }, frame);

  const draw = () => {
    for (const [name, share] of [["left", box.x], ["top", box.y], ["width", box.width], ["height", box.height]]) frame.style.setProperty(name, `${share * 100}%`);
  };
  const change = (next) => { box = next; draw(); onChange({ ...box }); };
  const share = () => { const { width, height } = pixels(); return (ratio * height) / width; };

  // The largest box of the ratio around the present middle.
  function fit() {
    if (!ratio) return change(box);
    const wanted = share();
    let [width, height] = wanted > 1 ? [1, 1 / wanted] : [wanted, 1];
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    change({ x: within(x - width / 2, 0, 1 - width), y: within(y - height / 2, 0, 1 - height), width, height });
  }

  function resized(edge, start, dx, dy) {
    let { x, y, width, height } = start;
    if (edge.includes("e")) width = within(width + dx, LEAST, 1 - x);
    if (edge.includes("s")) height = within(height + dy, LEAST, 1 - y);
    if (edge.includes("w")) { const to = within(x + dx, 0, x + width - LEAST); width += x - to; x = to; }
    if (edge.includes("n")) { const to = within(y + dy, 0, y + height - LEAST); height += y - to; y = to; }
    if (ratio) {
      const wanted = share();
      if (edge === "n" || edge === "s") width = height * wanted; else height = width / wanted;
      const tooWide = Math.max(1, width / (edge.includes("w") ? start.x + start.width : 1 - x), height / (edge.includes("n") ? start.y + start.height : 1 - y));
      width /= tooWide;
      height /= tooWide;
      if (edge.includes("w")) x = start.x + start.width - width;
      if (edge.includes("n")) y = start.y + start.height - height;
    }
    return { x, y, width, height };
  }

  frame.onpointerdown = (event) => {
    event.preventDefault();
    frame.focus({ preventScroll: true });
    frame.setPointerCapture(event.pointerId);
    const edge = event.target.dataset.edge;
    const start = { ...box };
    const room = root.getBoundingClientRect();
    const [x, y] = [event.clientX, event.clientY];
    frame.onpointermove = (move) => {
      const [dx, dy] = [(move.clientX - x) / room.width, (move.clientY - y) / room.height];
      change(edge ? resized(edge, start, dx, dy) : { ...start, x: within(start.x + dx, 0, 1 - start.width), y: within(start.y + dy, 0, 1 - start.height) });
    };
    frame.onpointerup = frame.onpointercancel = () => { frame.onpointermove = null; };
  };
  frame.onkeydown = (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] || [];
    if (dx === undefined) return;
    event.preventDefault();
    if (event.shiftKey) change(resized(dx ? "e" : "s", box, dx * 0.02, dy * 0.02));
    else change({ ...box, x: within(box.x + dx * 0.02, 0, 1 - box.width), y: within(box.y + dy * 0.02, 0, 1 - box.height) });
  };
  draw();
  return {
    root,
    get box() { return { ...box }; },
    ratio(text) { ratio = text ? text.split(":").reduce((across, down) => across / down) : null; if (text) fit(); },
    reset() { box = { x: 0, y: 0, width: 1, height: 1 }; fit(); },
  };
}
