// The gallery and the trash: thumbnails, page by page.
import { attach } from "./chat.js";
import { call, picture } from "./calls.js";
import { node, openTab, say, show } from "./page.js";
import { word } from "./words.js";

const state = { gallery: { cursor: null, q: "" }, trash: { cursor: null, q: "" } };

export async function load(tab, { more = false } = {}) {
  const room = document.querySelector(`#${tab}`);
  const grid = room.querySelector(".grid");
  const query = { limit: 40, ...(more && state[tab].cursor ? { cursor: state[tab].cursor } : {}), ...(state[tab].q ? { q: state[tab].q } : {}) };
  const { result, meta } = await call("GET", tab === "trash" ? "/gallery/deleted" : "/gallery", { query });
  state[tab].cursor = meta?.next_cursor || null;
  room.querySelector(".more").hidden = !state[tab].cursor;
  const cards = result.map((each) => card(tab, each));
  more ? grid.append(...cards) : grid.replaceChildren(...cards);
  if (!grid.children.length) grid.append(node("p", { className: "quiet", textContent: word(tab === "trash" ? "emptyTrashNow" : "noPictures") }));
}

function card(tab, each) {
  const id = each.image_id || each.id;
  const caption = each.title || each.prompt || each.refined_prompt || each.intent || "";
  const open = node("button", { type: "button", className: "plain" }, node("img", { src: picture(each.image_url, 320), alt: caption, loading: "lazy" }));
  open.onclick = () => show(each.image_url, caption);
  const made = node("figure", { className: "card" }, open);

  const act = (label, sign, work, { leaves = true } = {}) => {
    const button = node("button", { type: "button", className: "plain", textContent: sign, title: label, ariaLabel: label });
    button.onclick = async () => {
      try {
        await work(button);
        if (leaves) made.remove();
      } catch (trouble) { say(trouble); }
    };
    return button;
  };

  const buttons = tab === "gallery"
    ? [
        act(word("favorite"), each.favorite ? "★" : "☆", async (button) => {
          const { result } = await call("PATCH", `/gallery/${id}`, { json: { favorite: button.textContent === "☆" } });
          button.textContent = result.favorite ? "★" : "☆";
        }, { leaves: false }),
        act(word("editThis"), "✎", async () => { attach(each.image_url); openTab("chat"); }, { leaves: false }),
        act(word("toTrash"), "✕", () => call("DELETE", `/gallery/${id}`)),
      ]
    : [
        act(word("restore"), "↩", () => call("POST", `/gallery/${id}/restore`, { json: {} })),
        act(word("purge"), "✕", async () => {
          if (!confirm(word("purgeOne"))) throw new Error(word("cancelled"));
          await call("DELETE", `/gallery/${id}/permanent`);
        }),
      ];
  const note = tab === "trash" && each.days_left !== undefined ? `${caption} · ${word("daysLeft")(each.days_left)}` : caption;
  made.append(node("figcaption", {}, node("span", { textContent: note, title: note }), ...buttons));
  return made;
}

export function startGallery() {
  for (const tab of ["gallery", "trash"]) {
    document.querySelector(`#${tab} .more`).onclick = () => load(tab, { more: true }).catch(say);
  }
  let waiting;
  document.querySelector("#search").oninput = (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.gallery.q = event.target.value.trim(); load("gallery").catch(say); }, 300);
  };
  document.querySelector("#empty-trash").onclick = async () => {
    if (!confirm(word("purgeAll"))) return;
    await call("POST", "/gallery/bulk", { json: { action: "purge", all: true } }).then(() => load("trash")).catch(say);
  };
}
