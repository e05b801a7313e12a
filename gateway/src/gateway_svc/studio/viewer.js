// Full screen: one picture, its neighbours, its details and where it came from.
import { call, keep, picture, savePicture } from "./api.js";
import { backCloses, button, confirmed, find, h, say, toast } from "./dom.js";
import { icon } from "./icons.js";
import { details } from "./details.js";
import { compare } from "./compare.js";
import { word } from "./words.js";

// From a chat: pictures by URL; what the gallery knows of them is asked when details are.
export const openPictures = (items, url) => openViewer({ items, at: Math.max(0, items.findIndex((each) => each.image_url === url)) });

const idOf = (item) => item.image_id || item.id;

// `items` may grow; `more()` asks for the next page; `onGone(item)` and `onChange(item)` tell the grid.
export function openViewer({ items, at = 0, more = async () => {}, onGone, onChange, onClose, withDetails = false, trash = false }) {
  let index = at;
  let scale = 1;
  let place = { x: 0, y: 0 };
  const stage = h("div", { class: "stage" });
  const panel = h("aside", { class: "panel", hidden: true, "aria-label": word("details") });
  const count = h("p", { class: "count", "aria-live": "polite" });
  const star = button(word("favorite"), () => favor(), { sign: "star", only: true, kind: "ghost" });
  const act = (label, sign, deed, more = {}) => button(word(label), deed, { sign, only: true, kind: "ghost", ...more });
  const info = act("details", "info", () => { panel.hidden = !panel.hidden; draw({ keepImage: true }); });
  const compares = act("compare", "compare", () => { box.classList.toggle("comparing"); drawImage(); });
  const bar = h("header", {},
    act("close", "close", () => close()), count, h("span", { class: "grow" }),
    compares, trash ? null : star,
    trash ? null : act("editInChat", "edit", () => edit()), trash ? null : act("openInTools", "tools", () => tool()),
    act("download", "download", () => savePicture(item().image_url, item().title || item().prompt || "")),
    trash ? null : act("toTrash", "trash", () => drop(), { class: "ghost round trash" }), info);
  const back = button(word("previous"), () => step(-1), { sign: "left", only: true, kind: "ghost side-arrow back" });
  const next = button(word("next"), () => step(1), { sign: "right", only: true, kind: "ghost side-arrow next" });
  const box = h("dialog", { class: "viewer", "aria-label": word("viewer") }, bar, h("div", { class: "middle" }, back, stage, next, panel));
  const item = () => items[index];
  const parents = new Map();

  function draw({ keepImage = false } = {}) {
    const one = item();
    if (!one) return close();
    back.hidden = index === 0;
    next.hidden = index >= items.length - 1;
    count.textContent = items.length > 1 ? `${index + 1} / ${items.length}` : "";
    star.setAttribute("aria-pressed", String(Boolean(one.favorite)));
    star.replaceChildren(icon("star", { filled: Boolean(one.favorite) }));
    star.hidden = !idOf(one);
    find(".trash", bar)?.toggleAttribute("hidden", !idOf(one));
    info.setAttribute("aria-pressed", String(!panel.hidden));
    if (!keepImage) drawImage();
    if (!panel.hidden) drawDetails(one);
    if (index > items.length - 5) more().then(() => { next.hidden = index >= items.length - 1; }, () => {});
    for (const near of [items[index + 1], items[index - 1]]) if (near) new Image().src = picture(near.image_url, wide());
    parentOf(one).then((parent) => { if (item() === one) compares.hidden = !parent; });
  }

  const wide = () => Math.min(2048, Math.ceil((innerWidth * devicePixelRatio) / 512) * 512);

  // What the picture was made from, once per picture.
  function parentOf(one) {
    const id = idOf(one);
    compares.hidden = !parents.get(id);
    if (!id || !(one.parent_id || one.parent_id === undefined)) return Promise.resolve(null);
    if (!parents.has(id)) {
      parents.set(id, null);
      return call("GET", `/gallery/${id}/history`).then(({ result }) => { parents.set(id, result.ancestors.at(-1)?.image_url || null); return parents.get(id); }).catch(() => null);
    }
    return Promise.resolve(parents.get(id));
  }

  function drawImage() {
    const one = item();
    scale = 1;
    place = { x: 0, y: 0 };
    const earlier = box.classList.contains("comparing") && parents.get(idOf(one));
    compares.setAttribute("aria-pressed", String(Boolean(earlier)));
    if (earlier) {
      const made = compare(earlier, one.image_url, { width: wide(), alt: one.title || one.prompt || "" });
      made.style.setProperty("--ratio", String((one.width || 4) / (one.height || 3)));
      return stage.replaceChildren(made);
    }
    const small = h("img", { class: "small", src: picture(one.image_url, 512), alt: "" });
    const img = h("img", { class: "whole", src: picture(one.image_url, wide()), alt: one.title || one.prompt || word("picture"), draggable: false, onload: () => { small.remove(); fill(img); },
      onerror: () => stage.replaceChildren(h("p", { class: "hint" }, word("pictureGone"))) });
    stage.replaceChildren(small, img);
    stage.classList.remove("zoomed");
  }

  // A small picture is shown up to twice its size.
  const fill = (img) => {
    const share = Math.min(stage.clientWidth / img.naturalWidth, stage.clientHeight / img.naturalHeight, 2);
    if (share > 1) img.style.width = `${img.naturalWidth * share}px`;
  };

  async function drawDetails(one) {
    panel.replaceChildren(h("div", { class: "skeleton line" }), h("div", { class: "skeleton line" }));
    try {
      const made = await details(one, { trash, onOpen: walk, onChange: (changed) => { Object.assign(one, changed); onChange?.(one); } });
      if (item() === one) panel.replaceChildren(...made);
    } catch (trouble) { panel.replaceChildren(h("p", { class: "hint" }, trouble.message)); }
  }

  // Walking the lineage: the relative is shown in place, beside the others.
  function walk(relative) {
    const found = items.findIndex((each) => idOf(each) === idOf(relative));
    if (found >= 0) index = found;
    else { index += 1; items = [...items.slice(0, index), relative, ...items.slice(index)]; }
    draw();
  }

  const step = (by) => { if (items[index + by]) { index += by; draw(); } };

  async function favor() {
    const one = item();
    one.favorite = !one.favorite;
    draw({ keepImage: true });
    try { await call("PATCH", `/gallery/${idOf(one)}`, { json: { favorite: one.favorite } }); onChange?.(one); } catch (trouble) {
      one.favorite = !one.favorite;
      draw({ keepImage: true });
      say(trouble);
    }
  }

  async function drop() {
    const one = item();
    try {
      await call("DELETE", `/gallery/${idOf(one)}`);
      onGone?.(one);
      if (items.includes(one)) items = items.filter((each) => each !== one);
      index = Math.min(index, items.length - 1);
      toast(word("trashed", { n: 1 }), { undo: () => call("POST", `/gallery/${idOf(one)}/restore`, { json: {} }).then(() => onChange?.(one, { back: true }), say) });
      draw();
    } catch (trouble) { say(trouble); }
  }

  const hand = (name, to) => { keep(name, item().image_url); close({ to }); };
  const edit = () => hand("chat-picture", "#/");
  const tool = () => hand("tool-picture", "#/tools");

  // --- zoom, drag, swipe

  const apply = () => {
    const img = find(".whole", stage);
    if (!img) return;
    stage.classList.toggle("zoomed", scale > 1);
    img.style.transform = scale > 1 ? `translate(${place.x}px, ${place.y}px) scale(${scale})` : "";
  };
  const zoom = (to) => { scale = Math.min(8, Math.max(1, to)); if (scale === 1) place = { x: 0, y: 0 }; apply(); };
  stage.addEventListener("wheel", (event) => { event.preventDefault(); zoom(scale * (event.deltaY < 0 ? 1.15 : 0.87)); }, { passive: false });
  stage.ondblclick = () => zoom(scale > 1 ? 1 : 2.5);
  let from = null;
  stage.onpointerdown = (event) => {
    if (event.target.type === "range") return;
    from = { x: event.clientX, y: event.clientY, place: { ...place } };
    if (scale > 1) stage.setPointerCapture(event.pointerId);
  };
  stage.onpointermove = (event) => {
    if (!from || scale === 1) return;
    place = { x: from.place.x + event.clientX - from.x, y: from.place.y + event.clientY - from.y };
    apply();
  };
  stage.onpointerup = (event) => {
    if (from && scale === 1 && event.pointerType === "touch") {
      const [x, y] = [event.clientX - from.x, event.clientY - from.y];
      if (Math.abs(x) > 60 && Math.abs(x) > 2 * Math.abs(y)) step(x < 0 ? 1 : -1);
      else if (y > 110 && Math.abs(y) > 2 * Math.abs(x)) close();
    }
    from = null;
  };
  stage.onpointercancel = () => { from = null; };

  box.onkeydown = (event) => {
    if (event.target.matches("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const deed = {
      ArrowLeft: () => step(-1), ArrowRight: () => step(1), "+": () => zoom(scale * 1.4), "=": () => zoom(scale * 1.4), "-": () => zoom(scale / 1.4), 0: () => zoom(1),
      i: () => info.click(), c: () => compares.hidden || compares.click(), d: () => savePicture(item().image_url, item().prompt || ""),
      ...(trash ? {} : { f: favor, e: edit, Delete: drop }),
    }[event.key];
    if (deed) { event.preventDefault(); deed(); }
  };

  let to = null;
  const unwind = backCloses(() => box.open && box.close());
  function close(where = {}) {
    to = where.to || null;
    box.close();
  }
  box.onclose = () => {
    box.remove();
    onClose?.(item());
    unwind(to);
  };
  panel.hidden = !withDetails;
  document.body.append(box);
  box.showModal();
  draw();
}

export const askPurge = (n) => confirmed(word("purgeTitle"), word("purgeText", { n }), { yes: word("purge") });
