// Which picture is meant?  One of the gallery, a file, or the camera.
import { call, picture, upload } from "./api.js";
import { button, chooseFiles, dialog, empty, h, onImages, say, skeletons } from "./dom.js";
import { note } from "./shapes.js";
import { word } from "./words.js";

export const hasCamera = matchMedia("(pointer: coarse)").matches;

// Resolves with {url, width, height} or {file}, or undefined.
export const pick = (title = word("choosePicture")) =>
  dialog(title, (close) => {
    const grid = h("div", { class: "picks" }, skeletons(12, "square"));
    const files = async (camera) => {
      const [file] = await chooseFiles({ camera });
      if (file) close({ file });
    };
    let cursor = null;
    const load = async () => {
      const { result, meta } = await call("GET", "/gallery", { query: { limit: 60, ...(cursor ? { cursor } : {}) } });
      if (!cursor) grid.replaceChildren();
      cursor = meta.next_cursor;
      grid.append(...result.map((each) => {
        note(each.image_url, each.width, each.height);
        return h("button", { type: "button", class: "pick", "aria-label": each.title || each.prompt || word("picture"), onclick: () => close({ url: each.image_url, width: each.width, height: each.height }) },
          h("img", { src: picture(each.image_url, 256), alt: "", loading: "lazy" }));
      }));
      if (!grid.children.length) grid.append(empty("gallery", word("emptyGallery"), word("emptyGalleryText")));
      if (cursor) {
        const more = button(word("more"), async () => { more.remove(); await load().catch(say); }, { kind: "wide" });
        grid.append(more);
      }
    };
    load().catch((trouble) => { grid.replaceChildren(); say(trouble); });
    const box = h("div", {},
      h("div", { class: "row" },
        button(word("fromDevice"), () => files(false), { sign: "upload", kind: "solid" }),
        hasCamera ? button(word("takePhoto"), () => files(true), { sign: "camera" }) : null),
      grid);
    onImages(box, ([file]) => close({ file }));
    return box;
  }, { kind: "large" });

// A picked picture as one that lies in the studio: {url, width, height}.
export async function settled(picked, onProgress) {
  if (!picked.file) return picked;
  const { url, width, height } = await upload(picked.file, { onProgress });
  note(url, width, height);
  return { url, width, height };
}
