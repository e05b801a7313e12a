// What does the page say, in which language?
let words = {};
let rules = new Intl.PluralRules("en");

export const language = () => document.documentElement.lang;

export async function speak(name = language()) {
  words = (await import(`./words/${name}.js`)).default;
  rules = new Intl.PluralRules(name);
  document.documentElement.lang = name;
  try { localStorage.setItem("photofun.language", name); } catch { /* a private window keeps nothing */ }
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of document.querySelectorAll("[data-title]")) node.setAttribute("aria-label", word(node.dataset.title));
}

const reach = (path) => path.split(".").reduce((inner, part) => inner?.[part], words);
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));

// `word(name, {n: 3})` takes the plural form of n; a name may walk into a group: "problems.needs-image".
export function word(name, values = {}) {
  const found = reach(name);
  if (found === undefined) return name;
  if (typeof found === "string") return filled(found, values);
  return filled(found[rules.select(values.n)] ?? found.other, { ...values, n: number(values.n) });
}

export const wordOr = (name, fallback) => (typeof reach(name) === "string" ? reach(name) : fallback);
export const lines = (name) => reach(name) || [];
export const number = (value) => new Intl.NumberFormat(language()).format(value);

export function day(value) {
  const then = new Date(value);
  const apart = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(then).setHours(0, 0, 0, 0)) / 864e5);
  if (apart < 2) return new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(-apart, "day");
  const year = then.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return new Intl.DateTimeFormat(language(), apart < 7 ? { weekday: "long" } : { day: "numeric", month: "long", year }).format(then);
}

export const moment = (value) => new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(value));

export function size(bytes) {
  const [unit, share] = bytes < 2 ** 20 ? ["kilobyte", 2 ** 10] : bytes < 2 ** 30 ? ["megabyte", 2 ** 20] : ["gigabyte", 2 ** 30];
  return new Intl.NumberFormat(language(), { style: "unit", unit, maximumFractionDigits: share > 2 ** 10 ? 1 : 0 }).format(bytes / share);
}
