// A feature's parameters as a form, made of their JSON Schema: chips, sliders, switches, words, colours, lists of operations.
import { button, h } from "../dom.js";
import { number, word, wordOr } from "../words.js";

const RARE = new Set(["model", "output_format", "seed", "size"]);
const SWATCHES = ["#ffffff", "#000000", "#e8e4da", "#7fb2ff", "#8fd19e", "#ffb800", "#ff6b57"];
const COLOR = "#[0-9a-fA-F]{3}";
const ALIASES = { imagination: ["moderate", "creative", "extreme"] };
let counter = 0;

// Follows $ref, drops the null of "anyOf: [x, null]", and keeps the outer title and default.
export function resolve(schema, root) {
  let found = schema;
  if (found.$ref) found = { ...root.$defs[found.$ref.split("/").pop()], ...found, $ref: undefined };
  const options = found.anyOf?.filter((each) => each.type !== "null");
  if (options) found = { ...resolve(options.find((each) => each.enum) || options[0], root), ...found, anyOf: undefined, isOptional: options.length < found.anyOf.length };
  return found;
}

export const labelOf = (name, schema) => wordOr(`params.${name}`, schema.title || name);
const valueWord = (value, name = "") => (name === "scale_factor" ? `${value}×` : wordOr(`values.${value}`, String(value).replaceAll("_", " ")));
const sameAs = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

// `onChange(values)` hears all values that differ from their defaults. Answers {root, values, set, focus}.
export function form(feature, { values = {}, onChange = () => {}, skip = [], ideas = [] } = {}) {
  const schema = feature.parameters;
  const current = structuredClone(values);
  const fields = new Map();
  const common = h("div", { class: "fields" });
  const rare = h("div", { class: "fields" });
  for (const [name, given] of Object.entries(schema.properties)) {
    if (skip.includes(name)) continue;
    const inner = resolve(given, schema);
    const set = (value) => {
      const isDefault = value === undefined || value === "" || sameAs(value, inner.default);
      isDefault && !(name in values) ? delete current[name] : (current[name] = value === undefined ? null : value);
      onChange({ ...current });
    };
    const made = field(name, inner, current[name] ?? inner.default ?? undefined, set, { root: schema, ideas, isRequired: (schema.required || []).includes(name) });
    if (!made) continue;
    fields.set(name, made);
    (RARE.has(name) ? rare : common).append(made.node);
  }
  const more = rare.childElementCount ? h("details", { class: "more-options" }, h("summary", {}, word("moreOptions")), rare) : null;
  return {
    root: h("div", { class: "form" }, common, more),
    values: () => ({ ...current }),
    set(name, value) { fields.get(name)?.set(value); },
    focus() { common.querySelector("input, textarea, button")?.focus(); },
  };
}

// One field: {node, set(value)}; null for what people need not see.
export function field(name, schema, value, onValue, { root, ideas = [], isRequired = false } = {}) {
  const label = labelOf(name, schema);
  if (schema.properties) return group(schema, value || {}, onValue, root);
  if (schema.enum) return choices(name, label, schema, value, onValue);
  if (schema.type === "boolean") return toggle(label, schema, value, onValue);
  if (schema.type === "integer" || schema.type === "number") return numeric(name, label, schema, value, onValue);
  if (schema.type === "array" && schema.items?.oneOf) return operations(label, schema, value || [], onValue, root);
  if (schema.type === "string" && schema.pattern?.includes(COLOR)) return color(label, value, onValue);
  if (schema.type === "string") return words(label, schema, value || "", onValue, { ideas, isRequired });
  return null;
}

function group(schema, value, onValue, root) {
  const inner = { ...value };
  const made = Object.entries(schema.properties).map(([name, given]) => {
    const part = resolve(given, root);
    return field(name, part, inner[name] ?? part.default ?? undefined, (next) => {
      inner[name] = next ?? null;
      onValue(Object.values(inner).some((each) => each !== null) ? { ...inner } : undefined);
    }, { root });
  }).filter(Boolean);
  return { node: h("div", { class: "fields" }, made.map((each) => each.node)), set() {} };
}

function choices(name, label, schema, value, onValue) {
  const id = `f${(counter += 1)}`;
  const options = schema.enum.filter((each) => !ALIASES[name]?.includes(each) || each === value);
  const isRatio = options.every((each) => /^\d+:\d+$/.test(each));
  const all = schema.isOptional ? [null, ...options] : options;
  let chosen = value ?? (schema.isOptional ? null : schema.default ?? options[0]);
  const chips = all.map((each) => h("button", {
    type: "button", class: "chip", role: "radio", onclick: () => pick(each, true),
  }, isRatio && each ? ratioBox(each) : null, h("span", {}, each === null ? word("auto") : valueWord(each, name))));
  const node = h("div", { class: "field", role: "radiogroup", "aria-labelledby": id }, h("span", { id }, label), h("div", { class: "chip-row" }, chips));
  const pick = (each, tells = false) => {
    chosen = each;
    chips.forEach((chip, at) => {
      chip.setAttribute("aria-checked", String(all[at] === chosen));
      chip.tabIndex = all[at] === chosen ? 0 : -1;
    });
    if (tells) onValue(each ?? undefined);
  };
  node.onkeydown = (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const to = (all.indexOf(chosen) + by + all.length) % all.length;
    pick(all[to], true);
    chips[to].focus();
  };
  pick(chosen);
  if (!chips.some((chip) => chip.tabIndex === 0)) chips[0].tabIndex = 0;
  return { node, set: pick };
}

export function ratioBox(ratio) {
  const [across, down] = ratio.split(":").map(Number);
  const share = 15 / Math.max(across, down);
  return h("i", { class: "ratio-box", "aria-hidden": "true", style: { width: `${Math.max(5, across * share)}px`, height: `${Math.max(5, down * share)}px` } });
}

function toggle(label, schema, value, onValue) {
  const box = h("input", { type: "checkbox", checked: Boolean(value), onchange: () => onValue(box.checked) });
  return { node: h("label", { class: "check" }, box, h("span", {}, label)), set(next) { box.checked = next; } };
}

function numeric(name, label, schema, value, onValue) {
  const least = schema.minimum ?? schema.ge;
  const most = schema.maximum ?? schema.le;
  const isWhole = schema.type === "integer";
  if (least === undefined || most === undefined || most - least > 10_000) {
    const box = h("input", { type: "number", min: least, max: most, step: isWhole ? 1 : "any", value: value ?? "", placeholder: word(name === "seed" ? "random" : "auto"), inputMode: "numeric" });
    box.oninput = () => onValue(box.value === "" ? undefined : Number(box.value));
    return { node: h("label", { class: "field number" }, h("span", {}, label), box), set(next) { box.value = next ?? ""; } };
  }
  if (isWhole && most - least < 5) {
    const few = { ...schema, enum: Array.from({ length: most - least + 1 }, (_, at) => least + at) };
    return choices("", label, few, value, onValue);
  }
  return slider(label, { least, most, step: isWhole ? 1 : 0.01, value: value ?? least, onValue });
}

// A slider that says its value and goes back to `home` with a double click.
export function slider(label, { least, most, step = 1, value, home = value, onValue, unit = "" }) {
  const id = `f${(counter += 1)}`;
  const shown = h("output", { for: id });
  const says = (next) => (step < 1 ? `${number(Math.round(next * 100))} %` : `${least < 0 && next > 0 ? "+" : ""}${number(next)}${unit}`);
  const range = h("input", { type: "range", id, min: least, max: most, step, value });
  const paint = () => {
    shown.textContent = says(Number(range.value));
    const [low, high] = least < 0 ? [Math.min(0, range.value), Math.max(0, range.value)] : [least, range.value];
    range.style.setProperty("--low", `${((low - least) / (most - least)) * 100}%`);
    range.style.setProperty("--high", `${((high - least) / (most - least)) * 100}%`);
  };
  range.oninput = () => { paint(); onValue(Number(range.value)); };
  range.ondblclick = () => { range.value = home; paint(); onValue(home); };
  paint();
  return { node: h("div", { class: "field slide" }, h("label", { for: id }, label), shown, range), set(next) { range.value = next; paint(); } };
}

export function color(label, value, onValue, { none = true } = {}) {
  const own = h("input", { type: "color", value: /^#[0-9a-f]{6}$/i.test(value || "") ? value : "#ffb800", "aria-label": label, oninput: () => { mark(own.value); onValue(own.value); } });
  const chips = [...(none ? [null] : []), ...SWATCHES].map((each) => h("button", {
    type: "button", class: `swatch${each ? "" : " checker"}`, title: each || word("none"), "aria-label": each || word("none"), data: { color: each || "" },
    style: each ? { background: each } : {}, onclick: () => { mark(each); onValue(each ?? undefined); },
  }));
  const mark = (each) => chips.forEach((chip) => chip.setAttribute("aria-pressed", String(chip.dataset.color === (each || ""))));
  mark(value);
  return { node: h("div", { class: "field", role: "group", "aria-label": label }, h("span", {}, label), h("div", { class: "swatches" }, chips, own)), set: mark };
}

function words(label, schema, value, onValue, { ideas, isRequired }) {
  const isLong = (schema.maxLength || 0) > 300;
  const box = h(isLong ? "textarea" : "input", { value, maxLength: schema.maxLength || 2000, required: isRequired, ...(isLong ? { rows: 3 } : {}), placeholder: isLong && ideas[0] ? ideas[0] : "" });
  const left = h("span", { class: "hint", hidden: true });
  box.oninput = () => {
    left.hidden = !schema.maxLength || box.value.length < schema.maxLength * 0.8;
    left.textContent = word("characters", { n: number(box.value.length), most: number(schema.maxLength) });
    onValue(box.value.trim() || undefined);
  };
  const set = (next) => { box.value = next ?? ""; box.oninput(); };
  const chips = isLong && ideas.length ? h("div", { class: "chip-row" }, ideas.map((each) => button(each, () => { set(each); box.focus(); }, { kind: "chip" }))) : null;
  return { node: h("div", { class: "fields" }, h("label", { class: "field" }, h("span", {}, label, isRequired ? "" : h("small", {}, ` · ${word("optional")}`)), box, left), chips), set };
}

// A list of {op, …}: each operation is a small form of its own kind.
function operations(label, schema, value, onValue, root) {
  const kinds = schema.items.discriminator.mapping;
  const list = h("ol", { class: "ops" });
  let rows = structuredClone(value);
  const tell = () => onValue(structuredClone(rows));
  const draw = () => list.replaceChildren(...rows.map((row, at) => {
    const shape = root.$defs[kinds[row.op]?.split("/").pop()] || { properties: {} };
    const parts = Object.entries(shape.properties).filter(([name]) => name !== "op").map(([name, given]) =>
      field(name, resolve(given, root), row[name] ?? undefined, (next) => { rows[at] = { ...rows[at], [name]: next ?? null }; tell(); }, { root })).filter(Boolean);
    return h("li", {}, h("div", { class: "row" }, h("strong", { class: "grow" }, valueWord(row.op)),
      button(word("delete"), () => { rows = rows.filter((_, index) => index !== at); draw(); tell(); }, { sign: "close", only: true, kind: "ghost small" })),
    parts.length ? h("div", { class: "fields" }, parts.map((each) => each.node)) : null);
  }));
  const add = h("select", { "aria-label": label, onchange: () => {
    const shape = root.$defs[kinds[add.value].split("/").pop()];
    const row = { op: add.value };
    for (const [name, given] of Object.entries(shape.properties)) {
      const part = resolve(given, root);
      if ((shape.required || []).includes(name) && name !== "op") row[name] = part.type === "string" ? "…" : 25;
    }
    rows.push(row);
    add.value = "";
    draw();
    tell();
  } }, h("option", { value: "" }, `+ ${label}`), Object.keys(kinds).map((each) => h("option", { value: each }, valueWord(each))));
  draw();
  return { node: h("div", { class: "field" }, h("span", {}, label), list, add), set(next) { rows = structuredClone(next || []); draw(); } };
}
