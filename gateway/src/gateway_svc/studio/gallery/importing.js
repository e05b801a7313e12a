// Pictures of one's own into the gallery: uploaded a few at a time, each told.
import { call, isPicture, upload } from "../api.js";
import { h, say, toast } from "../dom.js";
import { word } from "../words.js";

const TOGETHER = 3;

// Resolves with the gallery's rows of what came in.
export async function importPictures(files) {
  const wanted = files.filter(isPicture);
  if (!wanted.length) { say(word("problems.unsupported-image")); return []; }
  const bar = h("progress", { max: wanted.length, value: 0, "aria-label": word("uploading") });
  const text = h("span", {}, word("importing", { done: 0, n: wanted.length }));
  const note = h("div", { class: "toast" }, text, bar);
  document.querySelector("#toasts").append(note);
  const made = [];
  const failed = [];
  let next = 0;
  const worker = async () => {
    while (next < wanted.length) {
      const file = wanted[next++];
      try {
        const stored = await upload(file);
        const title = file.name.replace(/\.\w+$/, "").slice(0, 200);
        const { result } = await call("POST", "/gallery", { json: { image_url: stored.url, title, metadata: { width: stored.width, height: stored.height } } });
        made.push(result);
      } catch (trouble) { failed.push(trouble); }
      bar.value = made.length + failed.length;
      text.textContent = word("importing", { done: bar.value, n: wanted.length });
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
  note.remove();
  if (made.length) toast(word("imported", { n: made.length }));
  if (failed.length) toast(`${word("notImported", { n: failed.length })}: ${failed[0].message}`, { bad: true, lasts: 9000 });
  return made;
}
