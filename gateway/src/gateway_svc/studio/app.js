// The studio page: wires the parts together.
import { attach, newSession, openSession, restart, startChat } from "./chat.js";
import { me } from "./calls.js";
import { load, startGallery } from "./gallery.js";
import { onOpen, openTab, say, shownPicture } from "./page.js";
import { speak, switchLanguage } from "./words.js";

const find = (selector) => document.querySelector(selector);
const current = () => find("[role=tab][aria-selected=true]").dataset.tab;

speak();
for (const tab of document.querySelectorAll("[role=tab]")) tab.onclick = () => openTab(tab.dataset.tab);
onOpen("gallery", () => load("gallery").catch(say));
onOpen("trash", () => load("trash").catch(say));

find("#language").onclick = () => {
  switchLanguage();
  const session = localStorage.getItem("photofun.session");
  if (current() !== "chat") openTab(current());
  session ? openSession(session).catch(say) : newSession();
};

const viewer = find("#viewer");
viewer.querySelector(".close").onclick = () => viewer.close();
viewer.onclick = (event) => { if (event.target === viewer) viewer.close(); };
viewer.querySelector("[data-act=edit]").onclick = () => {
  attach(shownPicture());
  viewer.close();
  openTab("chat");
};

const account = find("#account");
find("#who").onclick = () => {
  if (account.open) return;
  find("#user").value = me.user;
  find("#token").value = me.token;
  account.showModal();
};
account.querySelector("form").onsubmit = () => {
  me.user = find("#user").value.trim() || me.user;
  me.token = find("#token").value.trim();
  localStorage.removeItem("photofun.session");
  restart().catch(say);
  openTab("chat");
};

startGallery();
startChat().catch(say);
