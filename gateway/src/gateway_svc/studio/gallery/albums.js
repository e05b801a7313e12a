// Albums: made, renamed, filled, emptied; chosen from a list.
import { call, picture } from "../api.js";
import { asked, button, confirmed, dialog, h, say } from "../dom.js";
import { icon } from "../icons.js";
import { number, word } from "../words.js";

export function albums({ onChange }) {
  let list = [];

  async function load() {
    try { list = (await call("GET", "/gallery/albums", { query: { limit: 100 } })).result; } catch (trouble) { say(trouble); }
    onChange();
  }
  async function make() {
    const title = await asked(word("newAlbum"), word("albumName"));
    if (!title) return null;
    try {
      const { result } = await call("POST", "/gallery/albums", { json: { title } });
      await load();
      return result;
    } catch (trouble) { say(trouble); return null; }
  }
  const move = (action) => async (album, ids) => {
    for (let at = 0; at < ids.length; at += 500) await call("POST", `/gallery/albums/${idOf(album)}/images`, { json: { action, ids: ids.slice(at, at + 500) } });
    await load();
  };

  return {
    load, make, idOf,
    all: () => list,
    find: (id) => list.find((each) => idOf(each) === id),
    add: move("add"),
    takeOut: move("remove"),
    async rename(album) {
      const title = await asked(word("renameAlbum"), word("albumName"), album.title);
      if (title) await call("PATCH", `/gallery/albums/${idOf(album)}`, { json: { title } }).then(load, say);
    },
    async remove(album) {
      if (!(await confirmed(word("deleteAlbum"), word("deleteAlbumText"), { yes: word("delete") }))) return false;
      return call("DELETE", `/gallery/albums/${idOf(album)}`).then(load).then(() => true, (trouble) => { say(trouble); return false; });
    },
    choose: () => dialog(word("addToAlbum"), (close) => h("div", {},
      list.length ? h("ul", { class: "album-list" }, list.map((each) => h("li", {}, h("button", { type: "button", class: "ghost wide", onclick: () => close(each) },
        each.cover_url ? h("img", { src: picture(each.cover_url, 128), alt: "" }) : icon("album"), h("span", { class: "grow" }, each.title), h("small", {}, number(each.count || 0)))))) : null,
      button(word("newAlbum"), async () => { const made = await make(); if (made) close(made); }, { sign: "plus", kind: "wide" })), { kind: "narrow" }),
  };
}

const idOf = (album) => album.album_id || album.id;
