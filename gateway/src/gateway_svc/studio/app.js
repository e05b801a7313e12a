// The studio page: the shell around the views, and which one is shown.
import { isAway, keep, me, state } from "./api.js";
import { fromFragment, openAccount, signIn } from "./account.js";
import { find, say, style, toast } from "./dom.js";
import { icon } from "./icons.js";
import { language, speak, word } from "./words.js";

const LOADERS = {
  chat: () => import("./chat/chat.js"),
  tools: async () => (await Promise.all([import("./tools/tools.js"), style("tools")]))[0],
  gallery: async () => (await Promise.all([import("./gallery/gallery.js"), style("gallery")]))[0],
};
const SIGNS = { light: "sun", dark: "moon", auto: "auto" };
const main = find("#main");
const views = new Map();
let shown = null;

// --- which view: #/chat/ID, #/tools/NAME, #/gallery/PART

const route = () => {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return LOADERS[name] ? [name, rest] : ["chat", []];
};

async function go() {
  const [name, rest] = route();
  for (const link of document.querySelectorAll(".nav a")) {
    link.dataset.view === name ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  document.title = `${word(name)} · PhotoFun Studio`;
  if (!views.has(name)) views.set(name, LOADERS[name]().then((module) => module.create()));
  try {
    const view = await views.get(name);
    if (route()[0] !== name) return;
    if (shown !== view) {
      shown?.hide?.();
      main.replaceChildren(view.root);
      shown = view;
    }
    await view.show(...rest);
  } catch (trouble) {
    if (!views.has(name) || !shown) views.delete(name);
    say(trouble);
  }
}

// --- the corner

function corner() {
  const theme = () => document.documentElement.dataset.theme || "auto";
  const tongue = find("#language");
  tongue.textContent = language() === "en" ? "VI" : "EN";
  tongue.lang = language() === "en" ? "vi" : "en";
  tongue.title = language() === "en" ? "Tiếng Việt" : "English";
  tongue.setAttribute("aria-label", tongue.title);
  tongue.onclick = async () => {
    await speak(language() === "en" ? "vi" : "en");
    restart();
  };
  const lamp = find("#theme");
  const label = () => {
    lamp.replaceChildren(icon(SIGNS[theme()]));
    lamp.title = `${word("theme")}: ${word(`themes.${theme()}`)}`;
    lamp.setAttribute("aria-label", lamp.title);
  };
  lamp.onclick = () => {
    const next = { auto: "light", light: "dark", dark: "auto" }[theme()];
    next === "auto" ? delete document.documentElement.dataset.theme : (document.documentElement.dataset.theme = next);
    keep("theme", next === "auto" ? "" : next);
    label();
  };
  label();
  const person = find("#account");
  person.replaceChildren(icon("person"));
  person.title = word("account");
  person.setAttribute("aria-label", person.title);
  person.onclick = () => openAccount(restart);
}

function restart() {
  shown?.hide?.();
  shown = null;
  views.clear();
  corner();
  go();
}

// --- what happens to the connection

const banner = find("#banner");
const show = (sign, text, kind = "") => {
  banner.className = `banner ${kind}`;
  banner.replaceChildren(icon(sign), text);
  banner.hidden = false;
};
state.addEventListener("offline", () => show("offline", word("offline"), "bad"));
state.addEventListener("online", () => {
  banner.hidden = true;
  toast(word("online"));
  shown?.refresh?.();
});
state.addEventListener("signin", ({ detail }) => signIn(detail.expired).then((other) => { detail.resolve(); if (other) restart(); }));
let counting;
state.addEventListener("limited", ({ detail }) => {
  const until = Date.now() + detail * 1000;
  clearInterval(counting);
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    document.body.classList.toggle("limited", left > 0);
    if (left > 0) return show("info", word("limited", { n: left }));
    clearInterval(counting);
    if (!isAway()) banner.hidden = true;
    shown?.refresh?.();
  };
  tick();
  counting = setInterval(tick, 1000);
});

// --- start

fromFragment();
await speak();
for (const [name, sign] of [["chat", "chat"], ["tools", "tools"], ["gallery", "gallery"]]) find(`[data-view=${name}]`).prepend(icon(sign));
corner();
find(".skip").onclick = (event) => { event.preventDefault(); main.focus(); };
addEventListener("hashchange", () => { if (!fromFragment()) go(); else restart(); });
for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
await go();
document.documentElement.dataset.ready = me.token ? "signed" : "open";
performance.mark("photofun-interactive");
