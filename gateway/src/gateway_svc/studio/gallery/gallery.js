// The gallery: all pictures, favourites, albums and the trash; search, filters, and what is done with many at once.
import { call, keep, me, owner, save } from "../api.js";
import { button, chooseFiles, debounce, empty, h, menu, onImages, say, skeletons, toast } from "../dom.js";
import { icon } from "../icons.js";
import { know, titleOf } from "../chat/plan.js";
import { number, word } from "../words.js";
import { askPurge, openViewer } from "../viewer.js";
import { albums } from "./albums.js";
import { createGrid } from "./grid.js";
import { importPictures } from "./importing.js";

const PAGE = 100;
const BULK = 500;
const idOf = (item) => item.image_id || item.id;

export function create() {
  let part = "all";
  let cursor = null;
  let loading = null;
  let asked = 0;
  let facets = null;
  let top = 0;
  const filter = { q: "", intent: "", from: "", to: "" };

  const scroller = h("div", { class: "gallery-scroll", tabIndex: -1 });
  const heading = h("h1", {});
  const count = h("p", { class: "hint", "aria-live": "polite" });
  const state = h("div", { class: "gallery-state" });
  const search = h("input", { type: "search", placeholder: word("searchPictures"), "aria-label": word("searchPictures"), maxLength: 200 });
  const kind = h("select", { "aria-label": word("filters") });
  const from = h("input", { type: "date", "aria-label": word("from"), title: word("from") });
  const to = h("input", { type: "date", "aria-label": word("to"), title: word("to") });
  const dates = h("div", { class: "dates", hidden: true }, h("label", {}, h("span", {}, word("from")), from), h("label", {}, h("span", {}, word("to")), to));
  const funnel = button(word("filters"), () => { dates.hidden = !dates.hidden; funnel.setAttribute("aria-pressed", String(!dates.hidden)); }, { sign: "filter", only: true, kind: "ghost", "aria-pressed": "false" });
  const headActs = h("div", { class: "row head-acts" });
  const bulk = h("div", { class: "bulk", role: "toolbar", hidden: true });
  const grid = createGrid({
    scroller, more: () => { if (cursor && !loading) load(); },
    onOpen: (index) => view(index), onSelect: drawBulk,
    badge: (item) => (item.days_left === undefined ? null : h("span", { class: "tile-days" }, word("daysLeft", { n: item.days_left }))),
  });
  const parts = h("nav", { class: "parts", "aria-label": word("parts") });
  const shelf = albums({ onChange: drawParts });
  const head = h("div", { class: "gallery-head" }, h("div", { class: "grow" }, heading, count), headActs);
  const bar = h("div", { class: "gallery-bar" }, search, kind, funnel);
  scroller.append(head, bar, dates, state, grid.root);
  const root = h("section", { class: "gallery" }, parts, scroller, bulk);
  onImages(root, (files) => bring(files));

  const isTrash = () => part === "trash";
  const album = () => shelf.find(part);

  // --- the side

  function drawParts() {
    const entry = (name, sign, label, n) => h("a", { href: name === "all" ? "#/gallery" : `#/gallery/${encodeURIComponent(name)}`, ...(name === part ? { "aria-current": "page" } : {}) },
      icon(sign), h("span", { class: "grow" }, label), n ? h("small", {}, number(n)) : null);
    parts.replaceChildren(
      entry("all", "gallery", word("all"), facets?.total), entry("favorites", "star", word("favorites"), facets?.favorites), entry("trash", "trash", word("trash"), facets?.trash),
      h("div", { class: "parts-head" }, h("h2", {}, word("albums")), button(word("newAlbum"), () => shelf.make(), { sign: "plus", only: true, kind: "ghost small" })),
      ...shelf.all().map((each) => entry(shelf.idOf(each), "album", each.title, each.count)));
  }

  function drawHead() {
    const here = album();
    heading.textContent = here ? here.title : word(part);
    headActs.replaceChildren(...(isTrash()
      ? [facets?.trash ? button(word("restoreAll"), restoreAll, { sign: "undo" }) : null, facets?.trash ? button(word("emptyTrash"), emptyTrash, { sign: "trash" }) : null]
      : [button(word("import"), async () => bring(await chooseFiles({ many: true, zips: true })), { sign: "upload" }), more]).filter(Boolean));
    bar.classList.toggle("plainer", isTrash());
    const intents = Object.entries(facets?.intents || {}).sort((one, other) => other[1] - one[1]);
    kind.replaceChildren(h("option", { value: "" }, word("anyFeature")), ...intents.map(([name, n]) => h("option", { value: name, selected: name === filter.intent }, `${titleOf(name)} (${number(n)})`)));
    kind.hidden = !intents.length;
  }
  const more = button(word("moreActions"), () => menu(more, [
    [word(isFiltered() ? "exportThese" : "export"), "download", () => exportAll()],
    [word("selectAll"), "select", () => grid.selectAll()],
    album() && [word("renameAlbum"), "edit", () => shelf.rename(album()).then(drawHead)],
    album() && [word("deleteAlbum").replace(/\?$/, ""), "trash", async () => { if (await shelf.remove(album())) location.hash = "#/gallery"; }, true],
  ]), { sign: "more", only: true, "aria-haspopup": "menu" });

  // --- loading

  const query = () => {
    const asks = { ...(filter.q && { q: filter.q }), ...(filter.intent && { intent: filter.intent }) };
    if (filter.from) asks.from = new Date(`${filter.from}T00:00:00`).toISOString();
    if (filter.to) asks.to = new Date(`${filter.to}T23:59:59.999`).toISOString();
    if (part === "favorites") asks.favorite = "true";
    if (album()) asks.album_id = part;
    return asks;
  };
  const isFiltered = () => Boolean(filter.q || filter.intent || filter.from || filter.to);
  const path = () => (isTrash() ? "/gallery/deleted" : "/gallery");

  async function load({ fresh = false } = {}) {
    const mine = fresh ? (asked += 1) : asked;
    if (fresh) { cursor = null; loading = null; }
    loading = call("GET", path(), { query: { limit: PAGE, ...query(), ...(cursor ? { cursor } : { total: "true" }) } });
    try {
      const { result, meta } = await loading;
      if (mine !== asked) return;
      cursor = meta.next_cursor;
      loading = null;
      if (meta.total !== undefined && meta.total !== null) count.textContent = meta.total ? word("count", { n: meta.total }) : "";
      if (fresh) state.replaceChildren();
      fresh ? grid.set(result) : grid.append(result);
      drawState();
    } catch (trouble) {
      if (mine !== asked) return;
      loading = null;
      if (!grid.items.length) state.replaceChildren(h("div", { class: "problem" }, icon("info"), h("div", {}, h("p", {}, trouble.message), button(word("retry"), () => reload(), { sign: "retry" }))));
      else say(trouble);
      throw trouble;
    }
  }

  function drawState() {
    if (grid.items.length) return state.replaceChildren(...(isTrash() ? [h("p", { class: "hint trash-hint" }, word("trashHint"))] : []));
    const clear = button(word("clearFilters"), () => { Object.assign(filter, { q: "", intent: "", from: "", to: "" }); search.value = from.value = to.value = ""; kind.value = ""; reload(); });
    const said = isFiltered() ? empty("search", word("nothingMatches"), word("nothingMatchesText"), clear)
      : isTrash() ? empty("trash", word("trashIsEmpty"), word("trashIsEmptyText"))
      : album() ? empty("album", word("emptyAlbum"), word("emptyAlbumText"))
      : empty("gallery", word("emptyGallery"), word("emptyGalleryText"), h("div", { class: "row" }, h("a", { class: "button", href: "#/chat/new" }, word("makeFirst"))));
    state.replaceChildren(said);
  }

  async function reload() {
    grid.set([]);
    state.replaceChildren(h("div", { class: "skeleton-grid" }, skeletons(18, "photo")));
    scroller.scrollTop = 0;
    await Promise.allSettled([load({ fresh: true }), counts()]);
  }
  async function counts() {
    try { facets = (await call("GET", "/gallery/facets")).result; } catch (trouble) { say(trouble); }
    drawParts();
    drawHead();
  }

  // New pictures that came meanwhile stand before the old ones; the place is kept.
  async function freshen() {
    counts();
    if (!grid.items.length) return load({ fresh: true }).catch(() => {});
    const { result } = await call("GET", path(), { query: { limit: PAGE, ...query() } });
    const known = grid.items.findIndex((each) => idOf(each) === idOf(result[0] || {}));
    if (known === 0) return undefined;
    const at = result.findIndex((each) => idOf(each) === idOf(grid.items[0]));
    if (at > 0) { grid.prepend(result.slice(0, at)); drawState(); return undefined; }
    return load({ fresh: true });
  }

  // --- one picture

  function view(index) {
    openViewer({
      items: [...grid.items], at: index, trash: isTrash(),
      more: async () => { if (cursor && !loading) await load(); },
      onGone: (item) => { grid.remove([idOf(item)]); counts(); drawState(); },
      onChange: (item, { back } = {}) => (back ? reload() : grid.change(item)),
      onClose: (item) => { if (item) { const at = grid.items.findIndex((each) => idOf(each) === idOf(item)); if (at >= 0) grid.focus(at); } },
    });
  }

  // --- many pictures

  function drawBulk(selected) {
    bulk.hidden = !selected.size;
    root.classList.toggle("has-bulk", selected.size > 0);
    if (!selected.size) return;
    const act = (label, sign, deed, more = {}) => button(word(label), deed, { sign, kind: "ghost", ...more });
    bulk.replaceChildren(
      button(word("close"), () => grid.clear(), { sign: "close", only: true, kind: "ghost" }), h("strong", { "aria-live": "polite" }, word("selected", { n: selected.size })), h("span", { class: "grow" }),
      ...(isTrash()
        ? [act("restore", "undo", () => act_on("restore", "restored")), act("purge", "trash", async () => { if (await askPurge(selected.size)) act_on("purge", "purged"); })]
        : [act("favorite", "star", favor), act("applyEdits", "wand", applyEdits), act("addToAlbum", "album", addToAlbum), album() ? act("removeFromAlbum", "close", takeOut) : null,
          act("download", "download", downloadThese), act("toTrash", "trash", () => act_on("trash", "trashed", "restore"))].filter(Boolean)));
  }

  async function many(action, ids, more = {}) {
    for (let at = 0; at < ids.length; at += BULK) await call("POST", "/gallery/bulk", { json: { action, ids: ids.slice(at, at + BULK), ...more } });
  }
  async function act_on(action, said, back) {
    const ids = [...grid.selected];
    const gone = grid.items.filter((each) => grid.selected.has(idOf(each)));
    try {
      grid.clear();
      grid.remove(ids);
      await many(action, ids);
      toast(word(said, { n: ids.length }), back ? { undo: () => many(back, ids).then(reload, say) } : {});
      if (!grid.items.length && cursor) await load({ fresh: true });
      drawState();
      counts();
    } catch (trouble) {
      say(trouble);
      if (gone.length) reload();
    }
  }
  async function favor() {
    const chosen = grid.items.filter((each) => grid.selected.has(idOf(each)));
    const favorite = chosen.some((each) => !each.favorite);
    grid.clear();
    try {
      for (const each of chosen) {
        await call("PATCH", `/gallery/${idOf(each)}`, { json: { favorite } });
        grid.change({ ...each, favorite });
      }
    } catch (trouble) { say(trouble); }
    if (part === "favorites") reload(); else counts();
  }
  async function addToAlbum() {
    const ids = [...grid.selected];
    const into = await shelf.choose();
    if (!into) return;
    try {
      await shelf.add(into, ids);
      grid.clear();
      toast(word("addedTo", { n: ids.length, album: into.title }));
      drawParts();
    } catch (trouble) { say(trouble); }
  }
  async function applyEdits() {
    const ids = [...grid.selected];
    const { applyRecipe } = await import("./recipes.js");
    grid.clear();
    if (await applyRecipe(ids)) await freshen().catch(say);
  }
  async function takeOut() {
    const ids = [...grid.selected];
    try { await shelf.takeOut(album(), ids); grid.clear(); grid.remove(ids); drawState(); drawParts(); } catch (trouble) { say(trouble); }
  }
  async function downloadThese() {
    const { savePicture } = await import("../api.js");
    const chosen = grid.items.filter((each) => grid.selected.has(idOf(each)));
    grid.clear();
    for (const each of chosen.slice(0, 50)) {
      await savePicture(each.image_url, `${each.title || each.prompt || ""}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  const everyTrashed = async (action, said) => {
    const n = facets?.trash || grid.items.length;
    try {
      await call("POST", "/gallery/bulk", { json: { action, all: true } });
      toast(word(said, { n }));
      await reload();
    } catch (trouble) { say(trouble); }
  };
  const restoreAll = () => everyTrashed("restore", "restored");
  const emptyTrash = async () => { if (await askPurge(facets?.trash || grid.items.length)) await everyTrashed("purge", "purged"); };

  async function exportAll() {
    const asks = new URLSearchParams({ ...owner(), ...query() });
    if (me.token) toast(word("exporting"));
    await save(`/v1/gallery/export?${asks}`, "photofun.zip").catch(say);
  }
  async function bring(files) {
    if (!files.length || isTrash()) return;
    const made = await importPictures(files);
    if (album() && made.length) await shelf.add(album(), made.map(idOf)).catch(say);
    await freshen().catch(say);
  }

  // --- searching

  const searched = debounce(() => { filter.q = search.value.trim(); reload(); }, 280);
  search.oninput = searched;
  kind.onchange = () => { filter.intent = kind.value; reload(); };
  from.onchange = () => { filter.from = from.value; reload(); };
  to.onchange = () => { filter.to = to.value; reload(); };

  return {
    root,
    async show(name = "all") {
      know().then(drawHead, () => {});
      if (name === part && grid.items.length) {
        scroller.scrollTop = top;
        shelf.load();
        return freshen().catch(say);
      }
      await shelf.load();
      part = name === "all" || name === "favorites" || name === "trash" || shelf.find(name) ? name : "all";
      grid.clear();
      drawParts();
      drawHead();
      keep("gallery-part", part);
      return reload();
    },
    hide() { top = scroller.scrollTop; },
    refresh() { grid.items.length ? freshen().catch(() => {}) : reload(); },
  };
}
