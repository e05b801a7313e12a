// Pictures of one's own, and zips of them, into the gallery: a few at a time, each told.
import { isPicture, post } from "../api.js";
import { h, say, toast } from "../dom.js";
import { word } from "../words.js";

const TOGETHER = 3;
const isZip = (file) => /zip/.test(file.type) || /\.zip$/i.test(file.name);

// Resolves with the gallery's rows of what came in or was there already.
export async function importPictures(files) {
  const wanted = files.filter((file) => isPicture(file) || isZip(file));
  if (!wanted.length) { say(word("problems.unsupported-image")); return []; }
  const shares = wanted.map(() => 0);
  const bar = h("progress", { max: wanted.length, value: 0, "aria-label": word("uploading") });
  const text = h("span", {});
  const note = h("div", { class: "toast" }, text, bar);
  document.querySelector("#toasts").append(note);
  const made = [];
  const failed = [];
  let next = 0;
  const tell = () => {
    bar.value = shares.reduce((sum, share) => sum + share, 0);
    text.textContent = word("importing", { done: shares.filter((share) => share === 1).length, n: wanted.length });
  };
  const worker = async () => {
    while (next < wanted.length) {
      const at = next++;
      try {
        const { results } = await post("/gallery/import/", wanted[at], { onProgress: (share) => { shares[at] = share * 0.95; tell(); } });
        made.push(...results.filter((each) => each.image).map((each) => each.image));
        failed.push(...results.filter((each) => each.error).map((each) => each.error));
      } catch (trouble) { failed.push(trouble); }
      shares[at] = 1;
      tell();
    }
  };
  tell();
  await Promise.all(Array.from({ length: TOGETHER }, worker));
  note.remove();
  if (made.length) toast(word("imported", { n: made.length }));
  if (failed.length) toast(`${word("notImported", { n: failed.length })}: ${failed[0].detail || failed[0].message}`, { bad: true, lasts: 9000 });
  return made;
}
