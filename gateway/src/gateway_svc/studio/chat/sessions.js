// The conversations at the side: new, search, rename, delete.
import { call, keep } from "../api.js";
import { asked, button, confirmed, debounce, find, h, menu, say, skeletons } from "../dom.js";
import { day, word } from "../words.js";

const PAGE = 50;

export function sessions({ onOpen, onGone }) {
  const list = h("ul", { class: "rows" });
  const search = h("input", { type: "search", placeholder: word("searchChats"), "aria-label": word("searchChats") });
  const root = h("aside", { class: "side", "aria-label": word("chats") },
    h("div", { class: "side-head" }, button(word("newChat"), () => onOpen(null), { sign: "plus", kind: "wide" })),
    h("div", { class: "searchbox" }, search), list);
  let rows = [];
  let cursor = null;
  let current = null;

  async function load({ more = false } = {}) {
    if (!rows.length) list.replaceChildren(...skeletons(5, "line"));
    const { result, meta } = await call("GET", "/chat/sessions", { query: { limit: PAGE, ...(more ? { cursor } : {}) } });
    rows = more ? [...rows, ...result] : result;
    cursor = meta?.next_cursor || null;
    draw();
  }

  function draw() {
    const asks = search.value.trim().toLowerCase();
    const fits = rows.filter((each) => (each.title || "").toLowerCase().includes(asks));
    const parts = [];
    let said = "";
    for (const each of fits) {
      const when = day(each.updated_at);
      if (when !== said) parts.push(h("li", { class: "when" }, (said = when)));
      parts.push(row(each));
    }
    if (!fits.length) parts.push(h("li", { class: "hint" }, word(asks ? "nothingFound" : "noChats")));
    list.replaceChildren(...parts);
  }

  function row(each) {
    const title = each.title || word("untitled");
    const open = h("a", { href: `#/chat/${each.session_id}`, title, ...(each.session_id === current ? { "aria-current": "true" } : {}) }, title);
    const more = button(word("moreFor", { title }), () => menu(more, [
      [word("rename"), "edit", () => rename(each)],
      [word("delete"), "trash", () => remove(each), true],
    ]), { sign: "more", only: true, kind: "ghost small", "aria-haspopup": "menu" });
    return h("li", { class: "row-item" }, open, more);
  }

  async function rename(each) {
    const title = await asked(word("renameChat"), word("name"), each.title || "");
    if (!title) return;
    await call("PATCH", `/chat/sessions/${each.session_id}`, { json: { title } }).then(load).catch(say);
  }

  async function remove(each) {
    const too = h("input", { type: "checkbox" });
    const extra = h("label", { class: "check" }, too, h("span", {}, word("trashItsPictures")));
    if (!(await confirmed(word("deleteChat"), word("deleteChatText"), { yes: word("delete"), extra }))) return;
    try {
      await call("DELETE", `/chat/sessions/${each.session_id}`, { query: { images: too.checked ? "trash" : "keep" } });
      if (keep("session") === each.session_id) keep("session", "");
      if (current === each.session_id) onGone();
      await load();
    } catch (trouble) { say(trouble); }
  }

  search.oninput = debounce(async () => {
    draw();
    while (search.value.trim() && cursor && rows.length < 1000) await load({ more: true }).catch(() => { cursor = null; });
  }, 120);
  list.onscroll = () => {
    if (cursor && list.scrollTop + list.clientHeight > list.scrollHeight - 200) load({ more: true }).catch(say);
  };
  return {
    root, load,
    mark(id) { current = id; if (rows.length) draw(); },
    title: (id) => rows.find((each) => each.session_id === id)?.title || "",
    focus: () => find("input", root).focus(),
  };
}
