// Edits that are kept, to be made again on other pictures.
import { call, fresh } from "../api.js";
import { asked, button, confirmed, dialog, h, say, toast } from "../dom.js";
import { icon } from "../icons.js";
import { know, summary, titleOf } from "../chat/plan.js";
import { word } from "../words.js";

const MOST = 100;
const OVER = new Set(["COMPLETED", "FAILED", "CANCELED"]);
const idOf = (recipe) => recipe.recipe_id || recipe.id;

// Keeps the edits that led to `image`.
export async function keepRecipe(image) {
  const title = await asked(word("keepEdits"), word("name"), image.title || titleOf(image.feature || image.intent));
  if (!title) return;
  await call("POST", "/gallery/recipes", { json: { title, image_id: image.id }, key: fresh() }).then(() => toast(word("editsKept")), say);
}

// Resolves with the chosen recipe, or undefined.
async function choose() {
  const [{ result }] = await Promise.all([call("GET", "/gallery/recipes", { query: { limit: 100 } }), know().catch(() => {})]);
  return dialog(word("applyEdits"), (close) => {
    const list = h("ul", { class: "album-list" });
    const draw = (rows) => list.replaceChildren(...rows.map((each) => h("li", { class: "row-item" },
      h("button", { type: "button", class: "ghost wide grow", onclick: () => close(each) }, icon("wand"),
        h("span", { class: "grow" }, each.title, h("small", { class: "hint block" }, each.steps.map((step) => [titleOf(step.feature), summary(step)].filter(Boolean).join(": ")).join(" → ")))),
      button(word("delete"), async () => {
        if (!(await confirmed(word("deleteEdits"), each.title, { yes: word("delete") }))) return;
        await call("DELETE", `/gallery/recipes/${idOf(each)}`).then(() => draw(rows.filter((other) => other !== each)), say);
      }, { sign: "trash", only: true, kind: "ghost small" }))));
    draw(result);
    return h("div", {}, result.length ? list : h("p", { class: "hint" }, word("noEdits")));
  }, { kind: "narrow" });
}

// Makes a recipe's edits on pictures, telling how far it is; resolves with true once something came of it.
export async function applyRecipe(ids) {
  let run;
  try {
    const recipe = await choose();
    if (!recipe) return false;
    run = (await call("POST", `/gallery/recipes/${idOf(recipe)}/run`, { json: { ids: ids.slice(0, MOST) }, key: fresh() })).result;
  } catch (trouble) { say(trouble); return false; }
  const bar = h("progress", { max: 1, value: 0, "aria-label": word("working") });
  const text = h("span", {});
  const note = h("div", { class: "toast" }, text, bar, button(word("cancel"), () => call("POST", `/gallery/runs/${run.run_id}/cancel`, { json: {} }).catch(say), { kind: "link" }));
  document.querySelector("#toasts").append(note);
  const done = () => run.items.filter((item) => OVER.has(item.status)).length;
  try {
    while (!OVER.has(run.status)) {
      bar.value = run.progress;
      text.textContent = word("editing", { done: done(), n: run.items.length });
      run = (await call("GET", `/gallery/runs/${run.run_id}`, { query: { wait: 2 } })).result;
    }
  } catch (trouble) { say(trouble); } finally { note.remove(); }
  const made = run.items.filter((item) => item.status === "COMPLETED").length;
  if (made) toast(word("edited", { n: made }));
  if (made < run.items.length && run.status !== "CANCELED") toast(word("notEdited", { n: run.items.length - made }), { bad: true });
  return made > 0;
}
