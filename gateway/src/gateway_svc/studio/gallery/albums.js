// Albums, where the studio keeps them.
import { call } from "../api.js";
import { asked, button, confirmed, dialog, h, say } from "../dom.js";
import { icon } from "../icons.js";
import { number, word } from "../words.js";

export function albums({ onChange }) {
  let list = null;

  async function load() {
    try { list = (await call("GET", "/albums")).result; } catch (trouble) { if (trouble.status !== 404) say(trouble); list = null; }
    onChange();
  }
  async function make() {
    const name = await asked(word("newAlbum"), word("albumName"));
    if (!name) return null;
    try {
      const { result } = await call("POST", "/albums", { json: { name } });
      await load();
      return result;
    } catch (trouble) { say(trouble); return null; }
  }

  return {
    load, make,
    isKnown: () => list !== null,
    all: () => list || [],
    find: (id) => (list || []).find((each) => each.id === id),
    query: (album) => ({ album: album.id }),
    async rename(album) {
      const name = await asked(word("renameAlbum"), word("albumName"), album.name);
      if (name) await call("PATCH", `/albums/${album.id}`, { json: { name } }).then(load, say);
    },
    async remove(album) {
      if (!(await confirmed(word("deleteAlbum"), word("deleteAlbumText"), { yes: word("delete") }))) return false;
      return call("DELETE", `/albums/${album.id}`).then(load).then(() => true, (trouble) => { say(trouble); return false; });
    },
    add: async (album, ids) => { await call("POST", `/albums/${album.id}/images`, { json: { ids } }); await load(); },
    takeOut: async (album, ids) => { await call("DELETE", `/albums/${album.id}/images`, { json: { ids } }); await load(); },
    choose: () => dialog(word("addToAlbum"), (close) => h("div", {},
      h("ul", { class: "album-list" }, (list || []).map((each) => h("li", {}, h("button", { type: "button", class: "ghost wide", onclick: () => close(each) }, icon("album"), h("span", { class: "grow" }, each.name), h("small", {}, number(each.count || 0)))))),
      button(word("newAlbum"), async () => { const made = await make(); if (made) close(made); }, { sign: "plus", kind: "wide" })), { kind: "narrow" }),
  };
}
