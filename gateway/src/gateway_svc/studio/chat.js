// The chat: sessions, messages, and the picture that is being sent.
import { call, events, me, owner, picture } from "./calls.js";
import { node, say, show } from "./page.js";
import { stage, word } from "./words.js";

const MOST = 10 * 2 ** 20;
const ENDED = new Set(["DONE", "FAILED", "CANCELED", "AWAITING_APPROVAL"]);
const box = document.querySelector("#messages");
const text = document.querySelector("#text");
const attachment = document.querySelector("#attachment");
let session = null;
let attached = null;
const following = new Map();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// --- what is attached

export function attach(given) {
  if (attached?.preview?.startsWith("blob:")) URL.revokeObjectURL(attached.preview);
  attached = null;
  if (given instanceof File) {
    if (!given.type.startsWith("image/")) return say(word("noPicture"));
    if (given.size > MOST) return say(word("tooLarge"));
    attached = { file: given, preview: URL.createObjectURL(given) };
  } else if (given) {
    attached = { url: given, preview: picture(given, 320) };
  }
  attachment.hidden = !attached;
  attachment.querySelector("img").src = attached?.preview || "";
  if (attached) text.focus();
}

// --- sessions

export async function loadSessions() {
  const { result } = await call("GET", "/chat/sessions", { query: { limit: 50 } });
  document.querySelector("#sessions").replaceChildren(...result.map(sessionRow));
  return result;
}

function sessionRow(each) {
  const open = node("button", { type: "button", className: "plain title", textContent: each.title || "…" });
  open.onclick = () => openSession(each.session_id);
  open.ondblclick = async () => {
    const title = prompt(word("rename"), each.title)?.trim();
    if (title) await call("PATCH", `/chat/sessions/${each.session_id}`, { json: { title } }).then(loadSessions, say);
  };
  const remove = node("button", { type: "button", className: "plain remove", textContent: "✕", title: word("toTrash") });
  remove.onclick = async () => {
    if (!confirm(word("deleteChat"))) return;
    await call("DELETE", `/chat/sessions/${each.session_id}`).catch(say);
    if (session === each.session_id) newSession();
    await loadSessions().catch(say);
  };
  return node("li", { className: each.session_id === session ? "on" : "" }, open, remove);
}

export function newSession() {
  stopFollowing();
  session = null;
  box.replaceChildren(greeting());
  markSession();
  text.focus();
}

function greeting() {
  const examples = word("examples").map((line) => {
    const button = node("button", { type: "button", className: "choice", textContent: line });
    button.onclick = () => { text.value = line; grow(); text.focus(); };
    return button;
  });
  return node(
    "div", { className: "hello" }, node("img", { src: "/studio/icon.svg", alt: "" }), node("h1", { textContent: word("hello") }),
    node("p", { textContent: word("helloHint") }), node("div", { className: "choices" }, ...examples),
  );
}

export async function openSession(id) {
  stopFollowing();
  session = id;
  markSession();
  const { result } = await call("GET", `/chat/sessions/${id}`, { query: { limit: 100 } });
  if (session !== id) return;
  box.replaceChildren();
  for (const message of result.messages) {
    const shown = draw(message);
    if (message.role === "assistant" && message.status === "PROCESSING") follow(message.message_id, shown);
  }
  if (!result.messages.length) box.replaceChildren(greeting());
}

function markSession() {
  localStorage.setItem("photofun.session", session || "");
  loadSessions().catch(say);
}

// --- messages

function draw(message, before) {
  const bubble = node("article", { className: `message ${message.role}` });
  bubble.dataset.id = message.message_id;
  fill(bubble, message);
  before ? before.replaceWith(bubble) : box.append(bubble);
  box.scrollTop = box.scrollHeight;
  return bubble;
}

function fill(bubble, message) {
  const parts = [];
  if (message.role === "user") {
    if (message.image_url) parts.push(image(message.image_url, true));
    parts.push(node("p", { textContent: message.content }));
    bubble.replaceChildren(...parts);
    return;
  }
  const error = message.error;
  const words = error ? error.detail || error.message : message.content;
  if (words) parts.push(node("p", { textContent: words, className: error ? "error" : "" }));
  const steps = (message.plan || []).filter((step) => step.image_url && step.image_url !== message.image_url);
  if (steps.length) parts.push(node("div", { className: "steps" }, ...steps.map((step) => image(step.image_url, true))));
  if (message.image_url && message.intent !== "chat" && message.status !== "PROCESSING") parts.push(image(message.image_url, false, message));
  if (message.choices?.length) parts.push(node("div", { className: "choices" }, ...message.choices.map(choice)));
  if (message.status === "PROCESSING") parts.push(...progress(message));
  if (message.status === "CANCELED" && !words) parts.push(node("p", { className: "quiet", textContent: word("cancelled") }));
  if (message.status === "FAILED" || message.status === "CANCELED") parts.push(action("retry", message));
  if (message.status === "AWAITING_APPROVAL") parts.push(action("approve", message));
  bubble.replaceChildren(...parts);
}

function image(url, isSmall, message) {
  const shown = node("img", { src: picture(url, isSmall ? 240 : 1024), alt: message?.refined_prompt?.prompt || message?.content || "", loading: "lazy" });
  const button = node("button", { type: "button", className: isSmall ? "plain thumb" : "plain result" }, shown);
  button.onclick = () => show(url, message?.refined_prompt?.prompt || message?.content);
  shown.onload = () => { box.scrollTop = box.scrollHeight; };
  return button;
}

function choice(each) {
  const button = node("button", { type: "button", className: "choice", textContent: each.label });
  button.onclick = () => send(each.message);
  return button;
}

function progress(message) {
  const share = Math.max(0.03, message.progress || 0);
  const bar = node("i");
  bar.style.width = `${Math.round(share * 100)}%`;
  const step = (message.plan || []).find((each) => each.status === "IN_PROGRESS");
  const name = step ? step.feature.replaceAll("_", " ") : message.stage ? stage(message.stage) : word("working");
  return [
    node("div", { className: "working" }, node("span", { className: "dots" }, node("b"), node("b"), node("b")), node("span", { textContent: name })),
    node("div", { className: "bar" }, bar), action("cancel", message),
  ];
}

function action(verb, message) {
  const button = node("button", { type: "button", className: "choice", textContent: word(verb) });
  button.onclick = async () => {
    button.disabled = true;
    const bubble = button.closest(".message");
    try {
      const { result } = await call("POST", `/chat/sessions/${session}/messages/${message.message_id}/${verb}`, { json: {}, key: crypto.randomUUID?.() });
      stopFollowing(message.message_id);
      fill(bubble, result);
      if (!ENDED.has(result.status)) follow(message.message_id, bubble);
    } catch (trouble) {
      button.disabled = false;
      say(trouble);
    }
  };
  return button;
}

// --- sending and following

export async function send(words) {
  const content = (words ?? text.value).trim();
  if (!content) return text.focus();
  const sent = words === undefined ? attached : null;
  if (!session) {
    box.replaceChildren();
    const { result } = await call("POST", "/chat/sessions", { json: {} });
    session = result.session_id;
    localStorage.setItem("photofun.session", session);
  }
  const mine = draw({ role: "user", content, image_url: sent?.preview });
  if (words === undefined) {
    text.value = "";
    grow();
    attached = null;
    attachment.hidden = true;
  }
  try {
    const { result } = await post(content, sent);
    draw(result.user_message.image_url ? result.user_message : { ...result.user_message, image_url: sent?.preview }, mine);
    follow(result.message_id, draw(result.assistant_message));
    loadSessions().catch(say);
  } catch (trouble) {
    mine.append(node("p", { className: "error", textContent: trouble.message }));
    if (words === undefined) { text.value = content; attached = sent; attachment.hidden = !sent; }
    say(trouble);
  }
}

function post(content, sent) {
  const path = `/chat/sessions/${session}/messages`;
  const key = crypto.randomUUID?.();
  if (!sent?.file) return call("POST", path, { json: { content, ...(sent?.url ? { image_url: sent.url } : {}) }, key });
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...owner(), content })) form.append(name, value);
  form.append("image_file", sent.file, sent.file.name || "picture.png");
  return call("POST", path, { form, key });
}

function stopFollowing(id) {
  for (const [each, control] of following) {
    if (id && each !== id) continue;
    control.abort();
    following.delete(each);
  }
}

async function follow(id, bubble) {
  const control = new AbortController();
  const { signal } = control;
  const path = `/chat/sessions/${session}/messages/${id}`;
  following.set(id, control);
  const poll = async () => (await call("GET", path, { signal })).result;
  try {
    let after = 0;
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        for await (const event of events(`${path}/events`, { signal, after })) {
          after = event.id || after;
          tries = 0;
          if (event.event === "end") break;
          fill(bubble, { role: "assistant", message_id: id, status: "PROCESSING", progress: event.data.progress, plan: event.data.plan, stage: event.data.event?.stage });
        }
      } catch (trouble) {
        if (signal.aborted) return;
      }
      const message = await poll().catch((trouble) => {
        if (trouble.status >= 400 && trouble.status < 500 && trouble.status !== 429) throw trouble;
        return null;
      });
      if (message) {
        fill(bubble, message);
        box.scrollTop = box.scrollHeight;
        if (ENDED.has(message.status)) return;
      }
      await pause(Math.min(700 + 300 * tries, 5000));
    }
  } catch (trouble) {
    if (!signal.aborted) say(trouble);
  } finally {
    if (following.get(id) === control) following.delete(id);
  }
}

// --- the composer

export function grow() {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, 180)}px`;
}

export async function startChat() {
  document.querySelector("#new-session").onclick = newSession;
  document.querySelector("#file").onchange = (event) => { attach(event.target.files[0]); event.target.value = ""; };
  attachment.querySelector("button").onclick = () => attach(null);
  document.querySelector("#composer").onsubmit = (event) => { event.preventDefault(); send().catch(say); };
  text.oninput = grow;
  text.onkeydown = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send().catch(say); }
  };
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files || [])].find((each) => each.type.startsWith("image/"));
    if (file) { event.preventDefault(); attach(file); }
  });
  const drop = document.querySelector("#drop");
  document.addEventListener("dragover", (event) => { event.preventDefault(); drop.hidden = false; });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.hidden = true; });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.hidden = true;
    if (event.dataTransfer.files[0]) attach(event.dataTransfer.files[0]);
  });
  await restart();
}

export async function restart() {
  const last = localStorage.getItem("photofun.session");
  if (!last) return newSession();
  await openSession(last).catch(newSession);
}

export const whoami = () => me.user;
