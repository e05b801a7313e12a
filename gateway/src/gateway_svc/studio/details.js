// What is known of a picture: words, engine, parameters, tags, and the tree it stands in.
import { call, picture } from "./api.js";
import { button, h, say, toast } from "./dom.js";
import { icon } from "./icons.js";
import { moment, number, size, word, wordOr } from "./words.js";
import { know, summary, titleOf } from "./chat/plan.js";

// `onOpen(relative)` walks the tree, `onChange(fields)` tells what was edited. Resolves with nodes.
export async function details(item, { onOpen, onChange, trash = false }) {
  const id = item.image_id || item.id;
  if (!id) return [h("h2", {}, word("details")), h("p", {}, item.prompt || ""), h("p", { class: "hint" }, word("notInGallery"))];
  const [{ result }] = await Promise.all([call("GET", `/gallery/${id}/history`, { query: { include_deleted: "true" } }), know().catch(() => {})]);
  const { image, ancestors, descendants } = result;
  const facts = [
    [word("made"), moment(image.created_at)],
    [word("feature"), image.intent ? titleOf(image.feature || image.intent) : ""],
    [word("engine"), image.provider ? `${wordOr(`providers.${image.provider}`, image.provider)}${image.model ? ` · ${image.model}` : ""}` : ""],
    [word("size"), [image.width && `${number(image.width)} × ${number(image.height)}`, image.bytes && size(image.bytes), (image.content_type || "").split("/")[1]?.toUpperCase()].filter(Boolean).join(" · ")],
    [word("settings"), summary({ feature: image.feature, params: { ...image.params, prompt: null } })],
    [word("note"), image.degraded || ""],
  ].filter(([, value]) => value);
  return [
    h("h2", {}, word("details")),
    trash ? h("p", {}, image.title || image.prompt) : titleField(image, onChange),
    image.prompt ? h("section", {}, h("h3", {}, word("prompt")), h("p", { class: "quote", dir: "auto" }, image.prompt),
      image.refined_prompt && image.refined_prompt !== image.prompt ? h("p", { class: "hint", dir: "auto" }, image.refined_prompt) : null,
      button(word("copyPrompt"), () => navigator.clipboard.writeText(image.refined_prompt || image.prompt).then(() => toast(word("copied"))), { sign: "copy", kind: "link" })) : null,
    h("dl", {}, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    trash ? null : tagsField(image, onChange),
    !trash && image.feature && image.parent_id ? button(word("keepEdits"), async () => (await import("./gallery/recipes.js")).keepRecipe(image), { sign: "wand" }) : null,
    ancestors.length || descendants.length ? h("section", {}, h("h3", {}, word("lineage")), tree(image, ancestors, descendants, onOpen)) : null,
  ].filter(Boolean);
}

const patch = async (image, fields, onChange) => {
  try {
    const { result } = await call("PATCH", `/gallery/${image.id}`, { json: fields });
    onChange({ title: result.title, tags: result.tags });
  } catch (trouble) { say(trouble); }
};

function titleField(image, onChange) {
  const field = h("input", { value: image.title || "", maxLength: 200, placeholder: word("addTitle"), onchange: () => patch(image, { title: field.value.trim() || null }, onChange) });
  return h("label", { class: "field" }, h("span", {}, word("title")), field);
}

function tagsField(image, onChange) {
  const field = h("input", { value: image.tags.join(", "), maxLength: 400, placeholder: word("addTags"), onchange: () => patch(image, { tags: field.value.split(",").map((each) => each.trim()).filter(Boolean) }, onChange) });
  return h("label", { class: "field" }, h("span", {}, word("tags")), field);
}

// The chain it came from, itself, and all that was made of it, as nested lists.
function tree(image, ancestors, descendants, onOpen) {
  const node = (one, isHere = false) => h("button", {
    type: "button", class: `leaf${isHere ? " here" : ""}`, disabled: Boolean(one.deleted_at), onclick: () => onOpen(one), ...(isHere ? { "aria-current": "true" } : {}),
  }, one.deleted_at ? h("span", { class: "gone" }, icon("trash")) : h("img", { src: picture(one.image_url, 128), alt: "", loading: "lazy" }),
  h("span", {}, one.feature || one.intent ? titleOf(one.feature || one.intent) : word("picture")));
  const below = (children) => (children.length ? h("ul", {}, children.map((child) => h("li", {}, node(child), below(child.children)))) : null);
  return [...ancestors].reverse().reduce((inner, one) => h("ul", {}, h("li", {}, node(one), inner)), h("ul", {}, h("li", {}, node(image, true), below(descendants))));
}
