// A grid of any number of pictures, of which only the rows in sight are in the document.
// Rows are justified: every picture keeps its ratio, every row fills the width; days stand above them.
import { picture } from "../api.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { day, word } from "../words.js";

const GAP = 6;
const HEAD = 46;
const AHEAD = 900;
const HOLD = 450;
const idOf = (item) => item.image_id || item.id;

// `more()` is asked for the next page when the end comes near; `onOpen(index)`, `onSelect(set)`.
export function createGrid({ scroller, more, onOpen, onSelect, badge = () => null }) {
  const root = h("div", { class: "grid", role: "group", "aria-label": word("gridOf") });
  const alive = new Map();
  const selected = new Set();
  let items = [];
  let rows = [];
  let total = 0;
  let width = 0;
  let focused = 0;
  let anchor = null;
  let isSelecting = false;
  let frame = 0;
  let holding = 0;

  // --- where everything is

  function layout() {
    width = root.clientWidth;
    if (!width) return;
    const target = width < 600 ? 118 : width < 1500 ? 190 : width < 2600 ? 240 : 360;
    rows = [];
    let top = 0;
    let row = [];
    let sum = 0;
    let said = "";
    const close = (isLast) => {
      if (!row.length) return;
      const room = width - GAP * (row.length - 1);
      const high = isLast ? Math.min(target, room / sum) : Math.min(room / sum, target * 1.6);
      let left = 0;
      const tiles = row.map(({ index, ratio }) => {
        const tile = { index, left, width: ratio * high };
        left += tile.width + GAP;
        return tile;
      });
      rows.push({ top, height: high, tiles });
      top += high + GAP;
      row = [];
      sum = 0;
    };
    items.forEach((item, index) => {
      item.dayKey ??= new Date(item.deleted_at || item.created_at).toDateString();
      if (item.dayKey !== said) {
        close(true);
        said = item.dayKey;
        rows.push({ top: top + (rows.length ? 10 : 0), height: HEAD - 10, head: item.deleted_at || item.created_at, tiles: [] });
        top += HEAD + (rows.length > 1 ? 10 : 0);
      }
      const ratio = Math.min(3.2, Math.max(0.5, (item.width || 4) / (item.height || 4)));
      row.push({ index, ratio });
      sum += ratio;
      if (sum * target + GAP * (row.length - 1) >= width) close(false);
    });
    close(true);
    total = top;
    root.style.setProperty("height", `${total}px`);
  }

  // --- what is in sight

  function draw() {
    if (!rows.length) return;
    const from = scroller.scrollTop - root.offsetTop - AHEAD;
    const to = from + scroller.clientHeight + 2 * AHEAD;
    let low = 0;
    let high = rows.length;
    while (low < high) { const middle = (low + high) >> 1; rows[middle].top + rows[middle].height < from ? (low = middle + 1) : (high = middle); }
    const seen = new Set();
    for (let at = low; at < rows.length && rows[at].top <= to; at += 1) {
      const row = rows[at];
      if (row.head) {
        const key = `head ${row.head}`;
        seen.add(key);
        put(key, () => h("h2", { class: "day" }, day(row.head)), { top: row.top, left: 0, width, height: row.height });
      }
      for (const tile of row.tiles) {
        const key = idOf(items[tile.index]);
        seen.add(key);
        put(key, () => tileOf(items[tile.index]), { top: row.top, left: tile.left, width: tile.width, height: row.height }, tile.index);
      }
    }
    for (const [key, node] of alive) if (!seen.has(key)) { node.remove(); alive.delete(key); }
    if (total - scroller.scrollTop - scroller.clientHeight < 2400) more();
  }

  function put(key, make, place, index) {
    let node = alive.get(key);
    if (!node) {
      node = make();
      alive.set(key, node);
      root.append(node);
    }
    if (index !== undefined) {
      node.at = index;
      for (const button of node.querySelectorAll("button")) button.tabIndex = index === focused ? 0 : -1;
    }
    node.style.transform = `translate(${place.left}px, ${place.top}px)`;
    node.style.width = `${place.width}px`;
    node.style.height = `${place.height}px`;
  }

  function tileOf(item) {
    const id = idOf(item);
    const title = item.title || item.prompt || word("picture");
    const img = h("img", { src: picture(item.image_url, devicePixelRatio > 1 ? 512 : 384), alt: "", decoding: "async", draggable: false });
    if (/png|webp/.test(item.content_type || "")) img.className = "clear";
    const open = h("button", { type: "button", class: "tile-open", "aria-label": title, title }, img);
    const check = h("button", { type: "button", class: "tile-check", role: "checkbox", "aria-label": word("selectThis", { title }), "aria-checked": String(selected.has(id)) }, icon("check"));
    const node = h("div", { class: "tile" }, open, check, item.favorite ? h("span", { class: "tile-star" }, icon("star", { filled: true })) : null, badge(item));
    node.classList.toggle("on", selected.has(id));
    open.onclick = (event) => {
      if (node.held) { node.held = false; return; }
      focused = node.at;
      if (isSelecting || event.shiftKey || event.ctrlKey || event.metaKey) choose(node.at, event.shiftKey);
      else onOpen(node.at);
    };
    check.onclick = (event) => { focused = node.at; choose(node.at, event.shiftKey); };
    open.onpointerdown = (event) => {
      if (event.pointerType !== "touch") return;
      holding = setTimeout(() => { node.held = true; choose(node.at); navigator.vibrate?.(15); }, HOLD);
    };
    open.onpointerup = open.onpointercancel = open.onpointerleave = () => clearTimeout(holding);
    open.oncontextmenu = (event) => { if (node.held || isSelecting) event.preventDefault(); };
    return node;
  }

  // --- selection

  function choose(index, isRange = false) {
    const id = idOf(items[index]);
    if (isRange && anchor !== null) {
      const [low, high] = [Math.min(anchor, index), Math.max(anchor, index)];
      for (let at = low; at <= high; at += 1) selected.add(idOf(items[at]));
    } else {
      selected.has(id) ? selected.delete(id) : selected.add(id);
      anchor = index;
    }
    mark();
  }
  function mark() {
    isSelecting = selected.size > 0;
    root.classList.toggle("selecting", isSelecting);
    for (const [key, node] of alive) {
      if (node.at === undefined) continue;
      node.classList.toggle("on", selected.has(key));
      node.querySelector(".tile-check").setAttribute("aria-checked", String(selected.has(key)));
    }
    onSelect(selected);
  }

  // --- keys: arrows move, Enter opens, x selects

  function nearest(index, down) {
    const at = rows.findIndex((row) => row.tiles.some((tile) => tile.index === index));
    const here = rows[at]?.tiles.find((tile) => tile.index === index);
    for (let to = at + down; rows[to]; to += down) {
      if (!rows[to].tiles.length) continue;
      const middle = here.left + here.width / 2;
      return rows[to].tiles.reduce((best, tile) => (Math.abs(tile.left + tile.width / 2 - middle) < Math.abs(best.left + best.width / 2 - middle) ? tile : best)).index;
    }
    return index;
  }
  root.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { ArrowRight: focused + 1, ArrowLeft: focused - 1, ArrowDown: nearest(focused, 1), ArrowUp: nearest(focused, -1), Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); if (event.shiftKey) { anchor ??= focused; choose(Math.max(0, Math.min(items.length - 1, to)), true); } focus(to); }
    if (event.key === "x") { event.preventDefault(); choose(focused); }
    if (event.key === "Escape" && isSelecting) { event.preventDefault(); clear(); }
  };
  root.addEventListener("focusin", ({ target }) => {
    const { at } = target.closest(".tile") || {};
    if (at === undefined || at === focused) return;
    focused = at;
    draw();
  });
  function focus(index) {
    focused = Math.max(0, Math.min(items.length - 1, index));
    const row = rows.find((each) => each.tiles.some((tile) => tile.index === focused));
    if (!row) return;
    const [top, bottom] = [row.top + root.offsetTop, row.top + root.offsetTop + row.height];
    if (top < scroller.scrollTop + 60) scroller.scrollTop = top - 60;
    if (bottom > scroller.scrollTop + scroller.clientHeight - 20) scroller.scrollTop = bottom - scroller.clientHeight + 20;
    draw();
    alive.get(idOf(items[focused]))?.querySelector("button").focus({ preventScroll: true });
  }

  const clear = () => { selected.clear(); anchor = null; mark(); };
  const again = () => { layout(); draw(); };
  const drop = (ids) => { for (const id of ids) { alive.get(id)?.remove(); alive.delete(id); selected.delete(id); } };
  scroller.addEventListener("scroll", () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(draw); }, { passive: true });
  new ResizeObserver(() => { if (root.clientWidth && root.clientWidth !== width) again(); }).observe(root);

  return {
    root, focus, clear, selected,
    get items() { return items; },
    set(next) { drop([...alive.keys()]); items = next; focused = 0; again(); mark(); },
    append(next) { const known = new Set(items.map(idOf)); items = [...items, ...next.filter((each) => !known.has(idOf(each)))]; again(); },
    prepend(next) {
      const before = total;
      items = [...next, ...items];
      focused += next.length;
      layout();
      if (scroller.scrollTop > 100) scroller.scrollTop += total - before;
      draw();
    },
    remove(ids) { drop(ids); const gone = new Set(ids); items = items.filter((each) => !gone.has(idOf(each))); focused = Math.min(focused, Math.max(0, items.length - 1)); again(); mark(); },
    change(item) {
      const id = idOf(item);
      const had = alive.get(id)?.contains(document.activeElement);
      const was = selected.has(id);
      items = items.map((each) => (idOf(each) === id ? { ...each, ...item } : each));
      drop([id]);
      if (was) selected.add(id);
      draw();
      if (had) alive.get(id)?.querySelector("button").focus({ preventScroll: true });
    },
    selectAll() { for (const each of items) selected.add(idOf(each)); mark(); },
  };
}
