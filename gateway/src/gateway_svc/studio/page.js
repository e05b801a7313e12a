// Small things that every part of the page uses.
import { picture } from "./calls.js";
import { word } from "./words.js";

export function node(name, members = {}, ...children) {
  const made = Object.assign(document.createElement(name), members);
  made.append(...children);
  return made;
}

let hiding;
export function say(trouble) {
  const toast = document.querySelector("#toast");
  const text = typeof trouble === "string" ? trouble : trouble?.status === 401 ? word("signIn") : trouble instanceof TypeError ? word("offline") : trouble?.message;
  if (!text) return;
  if (trouble?.status === 401) document.querySelector("#who").click();
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { toast.hidden = true; }, 5000);
}

let shown = "";
export const shownPicture = () => shown;

export function show(url, caption) {
  const viewer = document.querySelector("#viewer");
  shown = url;
  viewer.querySelector("img").src = picture(url);
  viewer.querySelector("p").textContent = caption || "";
  const link = viewer.querySelector("[data-act=download]");
  link.href = picture(url);
  link.download = `photofun-${new URL(url, location.href).pathname.split("/").pop()}`;
  viewer.showModal();
}

const opened = new Map();
export const onOpen = (tab, work) => opened.set(tab, work);

export function openTab(tab) {
  for (const button of document.querySelectorAll("[role=tab]")) {
    const on = button.dataset.tab === tab;
    button.setAttribute("aria-selected", String(on));
    document.querySelector(`#${button.dataset.tab}`).hidden = !on;
  }
  opened.get(tab)?.();
}
