// The tools: every feature of the studio, and the bench where one is used.
import { features } from "../api.js";
import { empty, h, say, skeletons } from "../dom.js";
import { featureIcon } from "../icons.js";
import { language, word } from "../words.js";
import { bench } from "./bench.js";

const ORDER = ["image-generate", "adjust", "remove-background", "relight", "upscale", "image-expand", "reimagine", "style-transfer", "edit"];
const rank = (each) => (ORDER.indexOf(each.name) + ORDER.length + 1) % (ORDER.length + 1);

export function create() {
  const root = h("section", { class: "tools" });
  let open = null;

  async function show(name) {
    if (!root.childElementCount) root.append(h("div", { class: "tool-list" }, h("div", { class: "tool-grid" }, skeletons(9, "photo"))));
    let all;
    try {
      all = [...await features()].sort((one, other) => rank(one) - rank(other));
    } catch (trouble) {
      root.replaceChildren(empty("info", trouble.message, ""));
      return say(trouble);
    }
    const feature = all.find((each) => each.name === name || each.id === name);
    if (feature) {
      if (open?.name !== feature.name) {
        open?.leave();
        open = bench(feature);
        root.replaceChildren(open.root);
      }
      return open.enter();
    }
    open?.leave();
    open = null;
    root.replaceChildren(listOf(all));
  }

  return { root, show, refresh() { open?.refresh(); }, hide() { open?.pause(); } };
}

const listOf = (all) => h("div", { class: "tool-list" },
  h("h1", {}, word("toolsTitle")), h("p", { class: "hint" }, word("toolsText")),
  h("ul", { class: "tool-grid" }, all.map((each) => {
    const isVi = language() === "vi";
    return h("li", {}, h("a", { href: `#/tools/${each.name}`, class: "tool-card" },
      h("span", { class: "badge" }, featureIcon(each.name)),
      h("strong", {}, isVi ? each.title_vi : each.title), h("span", { class: "hint" }, isVi ? each.description_vi : each.description),
      each.engines.length ? null : h("span", { class: "pill" }, word("needsEngine"))));
  })));
