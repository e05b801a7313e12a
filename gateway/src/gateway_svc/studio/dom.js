// Small things that every part of the page uses: nodes, dialogs, toasts, menus.
import { icon } from "./icons.js";
import { word } from "./words.js";

// h("button", {class: "x", onclick, "aria-label": …, style: {"--at": "50%"}}, children…); null children are left out.
export function h(name, members = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(members)) {
    if (value === undefined || value === null) continue;
    if (key === "class") node.className = value;
    else if (key === "style") for (const [property, text] of Object.entries(value)) node.style.setProperty(property, text);
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key.includes("-") || key === "role" || key === "for" || key === "list" || key === "capture") node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const find = (selector, root = document) => root.querySelector(selector);

export const button = (label, onclick, { sign, kind = "", only = false, ...more } = {}) =>
  h("button", { type: "button", class: `${kind}${only ? " round" : ""}`.trim(), onclick, ...(only ? { title: label, "aria-label": label } : {}), ...more },
    sign && icon(sign), only ? null : h("span", {}, label));

export const tell = (text) => { find("#told").textContent = text; };

// A toast says it and goes; `undo` puts a button beside it.
export function toast(text, { undo, label = word("undo"), bad = false, lasts = undo ? 8000 : 4500 } = {}) {
  const note = h("div", { class: `toast${bad ? " bad" : ""}` }, h("span", {}, text));
  const go = () => note.remove();
  if (undo) note.append(button(label, () => { go(); undo(); }, { kind: "link" }));
  note.append(button(word("close"), go, { sign: "close", only: true, kind: "ghost small" }));
  const box = find("#toasts");
  while (box.children.length > 2) box.firstChild.remove();
  box.append(note);
  setTimeout(go, lasts);
}

export function say(trouble) {
  if (!trouble || trouble.name === "AbortError" || trouble.slug === "offline" || trouble.status === 429) return;
  if (trouble instanceof Error && trouble.status === undefined) console.error(trouble);
  toast(trouble.message || String(trouble), { bad: true });
}

// A native dialog: focus is kept inside and given back, Escape and a click beside it close it.
// `build(close)` gives its content; resolves with what `close` was given.
export function dialog(title, build, { kind = "", locked = false } = {}) {
  return new Promise((resolve) => {
    let answer;
    const close = (value) => { answer = value; box.close(); };
    const head = h("header", {}, h("h2", { id: "dialog-title" }, title), locked ? null : button(word("close"), () => close(), { sign: "close", only: true, kind: "ghost" }));
    const box = h("dialog", { class: `sheet ${kind}`, "aria-labelledby": "dialog-title" }, head);
    box.append(...[build(close, box)].flat());
    box.oncancel = (event) => { if (locked) event.preventDefault(); };
    box.onpointerdown = (event) => { if (event.target === box && !locked) close(); };
    box.onclose = () => { box.remove(); resolve(answer); };
    document.body.append(box);
    box.showModal();
    (find("[autofocus]", box) || find("input, textarea, button.solid", box))?.focus();
  });
}

export const confirmed = (title, text, { yes, bad = true, extra } = {}) =>
  dialog(title, (close) => [
    h("p", {}, text), extra,
    h("footer", {}, button(word("cancel"), () => close(false)), button(yes, () => close(true), { kind: bad ? "danger" : "solid" })),
  ]);

export const asked = (title, label, value = "", { yes = word("save"), most = 200 } = {}) =>
  dialog(title, (close) => {
    const field = h("input", { value, maxLength: most, required: true, autofocus: true });
    const form = h("form", { onsubmit: (event) => { event.preventDefault(); if (field.value.trim()) close(field.value.trim()); } },
      h("label", { class: "field" }, h("span", {}, label), field),
      h("footer", {}, button(word("cancel"), () => close()), h("button", { class: "solid" }, yes)));
    setTimeout(() => field.select());
    return form;
  });

// A menu under `anchor`: entries are [label, sign, deed, isBad].
export function menu(anchor, entries) {
  find(".menu")?.remove();
  const close = (back = true) => {
    box.remove();
    removeEventListener("pointerdown", outside, true);
    anchor.setAttribute("aria-expanded", "false");
    if (back) anchor.focus();
  };
  const outside = (event) => { if (!box.contains(event.target) && !anchor.contains(event.target)) close(false); };
  const box = h("div", { class: "menu", role: "menu", popover: "manual" }, entries.filter(Boolean).map(([label, sign, deed, isBad]) =>
    h("button", { type: "button", role: "menuitem", class: isBad ? "bad" : "", onclick: () => { close(); deed(); } }, sign && icon(sign), h("span", {}, label))));
  box.onkeydown = (event) => {
    const all = [...box.children];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); all[(to + all.length) % all.length].focus(); }
    if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); event.stopPropagation(); close(); }
  };
  (anchor.closest("dialog") || document.body).append(box);
  box.showPopover();
  const at = anchor.getBoundingClientRect();
  const high = box.offsetHeight;
  const left = at.left < innerWidth / 2 ? at.left : at.right - box.offsetWidth;
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 8))}px`;
  box.style.top = `${at.bottom + high + 8 > innerHeight ? Math.max(8, at.top - high - 4) : at.bottom + 4}px`;
  anchor.setAttribute("aria-expanded", "true");
  addEventListener("pointerdown", outside, true);
  box.firstChild.focus();
}

// A stylesheet that only some views need, loaded once.
const styles = new Map();
export function style(name) {
  if (!styles.has(name)) {
    styles.set(name, new Promise((resolve) => {
      document.head.append(h("link", { rel: "stylesheet", href: `/studio/styles/${name}.css`, onload: resolve, onerror: resolve }));
    }));
  }
  return styles.get(name);
}

export function debounce(work, ms) {
  let waiting;
  return (...given) => { clearTimeout(waiting); waiting = setTimeout(() => work(...given), ms); };
}

// The browser's Back closes what is over the page first. Answers how to leave: back to where one was, or on to a hash.
export function backCloses(close) {
  history.pushState({ over: true }, "");
  const onPop = () => { removeEventListener("popstate", onPop); gone = true; close(); };
  let gone = false;
  addEventListener("popstate", onPop);
  return (to) => {
    removeEventListener("popstate", onPop);
    if (to) location.replace(to);
    else if (!gone) history.back();
  };
}

export const chooseFiles = ({ many = false, camera = false, zips = false } = {}) => new Promise((resolve) => {
  const field = h("input", { type: "file", accept: `image/*,.heic,.heif${zips ? ",.zip,application/zip" : ""}`, multiple: many, ...(camera ? { capture: "environment" } : {}) });
  field.className = "unseen";
  field.onchange = () => { resolve([...field.files]); field.remove(); };
  field.oncancel = () => { resolve([]); field.remove(); };
  document.body.append(field);
  field.click();
});

export const skeletons = (count, kind) => Array.from({ length: count }, () => h("div", { class: `skeleton ${kind}`, "aria-hidden": "true" }));

export const empty = (sign, title, text, ...more) =>
  h("div", { class: "empty" }, h("div", { class: "badge" }, icon(sign)), h("h2", {}, title), text ? h("p", {}, text) : null, ...more);

export const onImages = (node, take) => {
  node.addEventListener("dragover", (event) => { if (event.dataTransfer.types.includes("Files")) event.preventDefault(); });
  node.addEventListener("drop", (event) => {
    const files = [...event.dataTransfer.files];
    if (files.length) { event.preventDefault(); take(files); }
  });
};
