// The plan of a message: its steps while they run, and cards to edit and approve in review mode.
import { features } from "../api.js";
import { button, h, style } from "../dom.js";
import { featureIcon, icon } from "../icons.js";
import { language, number, word, wordOr } from "../words.js";

let declared = [];
export const know = async () => { declared = await features(); };
export const declaration = (id) => declared.find((each) => each.id === id || each.name === id);
export const titleOf = (id) => {
  const found = declaration(id);
  return found ? (language() === "vi" ? found.title_vi : found.title) : wordOr(`features.${id}`, id.replaceAll("_", " "));
};

const shown = (value) => {
  if (typeof value === "boolean") return word(value ? "yes" : "no");
  if (typeof value === "number") return number(value);
  return wordOr(`values.${value}`, String(value));
};
const lineOf = (operation) => {
  const { op, ...rest } = operation;
  const values = Object.values(rest).filter((value) => value !== null).map(shown);
  return [wordOr(`values.${op}`, op), values.join(" × ")].filter(Boolean).join(" ");
};

// A step's parameters in a line of plain words.
export function summary({ feature, params = {} }) {
  const named = declaration(feature)?.parameters.properties || {};
  const parts = [];
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === "" || /_url$|_data$/.test(name)) continue;
    if (name === "operations") parts.push(...value.map(lineOf));
    else if (name === "prompt") parts.push(`“${value}”`);
    else if (typeof value === "object") parts.push(...Object.values(value).filter((each) => each !== null).map(shown));
    else parts.push(`${wordOr(`params.${name}`, named[name]?.title || name)}: ${shown(value)}`);
  }
  return parts.join(" · ");
}

const SIGNS = { COMPLETED: "check", FAILED: "close", CANCELED: "stop" };

export function steps(plan) {
  return h("ol", { class: "steps" }, plan.map((step) => h("li", { class: step.status.toLowerCase() },
    SIGNS[step.status] ? icon(SIGNS[step.status]) : h("i", { class: step.status === "IN_PROGRESS" ? "spin" : "dot" }),
    h("span", {}, titleOf(step.feature)),
    h("span", { class: "unseen" }, wordOr(`statuses.${step.status}`, "")))));
}

// Cards that can be edited, moved, removed; `onApprove(plan)` gets null when nothing was changed.
export function review(message, { onApprove, onCancel }) {
  let plan = message.plan.map(({ feature, params }) => ({ feature, params: structuredClone(params) }));
  let isChanged = false;
  const box = h("div", { class: "review-box", role: "group", "aria-label": word("planTitle") });
  const change = (next) => { plan = next; isChanged = true; draw(); };

  function draw() {
    box.replaceChildren(
      h("p", { class: "hint" }, word("planHint")),
      h("ol", { class: "cards" }, plan.map(card)),
      h("div", { class: "acts" },
        button(word("approve"), (event) => { event.currentTarget.disabled = true; onApprove(isChanged ? plan : null); }, { sign: "check", kind: "solid", disabled: !plan.length }),
        button(word("cancel"), onCancel)));
  }

  function card(step, at) {
    const feature = declaration(step.feature);
    const moved = (to) => { const next = [...plan]; next.splice(to, 0, next.splice(at, 1)[0]); change(next); };
    const body = h("div", { class: "card-body" });
    const edit = button(word("edit"), async () => {
      if (body.childElementCount) { body.replaceChildren(); edit.setAttribute("aria-expanded", "false"); return; }
      const [{ form }] = await Promise.all([import("../tools/form.js"), style("tools")]);
      const fields = form(feature, { values: step.params, onChange: (values) => {
        plan[at] = { ...step, params: { ...step.params, ...values } };
        isChanged = true;
        says.textContent = summary(plan[at]);
      } });
      body.append(fields.root);
      edit.setAttribute("aria-expanded", "true");
      fields.focus();
    }, { sign: "edit", only: true, kind: "ghost", "aria-expanded": "false" });
    const says = h("p", { class: "hint" }, summary(step));
    return h("li", { class: "card" },
      h("div", { class: "card-head" }, featureIcon(feature?.name), h("div", { class: "grow" }, h("strong", {}, titleOf(step.feature)), says),
        plan.length > 1 && at > 0 ? button(word("moveUp"), () => moved(at - 1), { sign: "up", only: true, kind: "ghost" }) : null,
        feature ? edit : null,
        button(word("removeStep"), () => change(plan.filter((_, index) => index !== at)), { sign: "close", only: true, kind: "ghost" })),
      body);
  }
  draw();
  return box;
}
