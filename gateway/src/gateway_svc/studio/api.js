// How does the page talk to the gateway?  The public API, nothing else.
import { word, wordOr } from "./words.js";

const MOST = 10 * 2 ** 20;
const ANSWERED = 90_000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const store = (area, name, value) => {
  if (value === undefined) return area.getItem(`photofun.${name}`) || "";
  value ? area.setItem(`photofun.${name}`, value) : area.removeItem(`photofun.${name}`);
  return value;
};
export const keep = (name, value) => store(localStorage, name, value);
export const fresh = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");

// A token lives as long as the tab: session storage only.
export const me = {
  get user() { return keep("user") || keep("user", `guest-${fresh().slice(0, 8)}`); },
  set user(name) { keep("user", name); },
  get token() { return store(sessionStorage, "token"); },
  set token(text) { store(sessionStorage, "token", text); },
};

// With a token the token says who it is; without one the request does.
export const owner = () => (me.token ? {} : { user_id: me.user });
const signed = () => (me.token ? { Authorization: `Bearer ${me.token}` } : {});

export class Problem extends Error {
  constructor(status, body = {}, retryAfter = 0) {
    const slug = body.slug || String(body.type || "").split("/").pop() || "";
    super(wordOr(`problems.${slug}`, body.detail || body.message || word("problems.unknown", { status })));
    Object.assign(this, { status, slug, retryAfter, errors: body.errors || [], requestId: body.request_id });
  }
}
export const plain = (error) => (error ? new Problem(error.status, error).message : "");

// --- what the shell listens to: "offline", "online", "signin", "limited"
export const state = new EventTarget();
const tell = (name, detail) => state.dispatchEvent(new CustomEvent(name, { detail }));
let away = false;
export const isAway = () => away;

async function lost() {
  if (away) return;
  away = true;
  tell("offline");
  for (let wait = 1000; away; wait = Math.min(wait * 1.5, 8000)) {
    await pause(wait);
    try {
      if ((await fetch("/livez", { cache: "no-store" })).ok) away = false;
    } catch { /* still away */ }
  }
  tell("online");
}
addEventListener("offline", lost);

// Signing in is asked for once, however many calls wait for it.
let asking = null;
function signIn(expired) {
  asking ??= new Promise((resolve) => tell("signin", { expired, resolve })).finally(() => { asking = null; });
  return asking;
}

// `make()` answers [path, options]; it is asked again after signing in, since then the token says who it is.
async function send(make) {
  const used = me.token;
  const [path, options] = make();
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...options.headers, ...signed() } });
  } catch (trouble) {
    if (trouble.name === "AbortError") throw trouble;
    lost();
    throw new Problem(0, { slug: "offline" });
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const problem = new Problem(response.status, body, Number(response.headers.get("Retry-After")) || 0);
  if (problem.status === 401) {
    if (used === me.token) await signIn(Boolean(used));
    return send(make);
  }
  if (problem.status === 429) tell("limited", problem.retryAfter || 5);
  throw problem;
}

export async function call(method, path, { query, json, key, signal } = {}) {
  const headers = { ...(json ? { "Content-Type": "application/json" } : {}), ...(key ? { "Idempotency-Key": key } : {}) };
  const limit = AbortSignal.timeout(ANSWERED);
  const both = signal ? AbortSignal.any([signal, limit]) : limit;
  const response = await send(() => {
    const asked = new URLSearchParams({ ...(method === "GET" || method === "DELETE" ? owner() : {}), ...query });
    const body = json ? JSON.stringify({ ...owner(), ...json }) : undefined;
    return [`/v1${path}${asked.size ? `?${asked}` : ""}`, { method, headers, body, signal: both }];
  });
  return response.json();
}

// Server-Sent Events through fetch, which can carry a token.
export async function* events(path, { signal, after = 0 } = {}) {
  const headers = { Accept: "text/event-stream", ...(after ? { "Last-Event-ID": String(after) } : {}) };
  const response = await send(() => [`/v1${path}?${new URLSearchParams(owner())}`, { headers, signal }]);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop();
      yield* blocks.map(eventOf).filter(Boolean);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function eventOf(block) {
  const event = { event: "message", data: "", id: 0 };
  for (const line of block.split(/\r?\n/)) {
    const [, name, text] = line.match(/^(\w+): ?(.*)$/) || [];
    if (name === "data") event.data += text;
    else if (name === "id") event.id = Number(text);
    else if (name) event[name] = text;
  }
  return event.data ? { ...event, data: JSON.parse(event.data) } : null;
}

// Follow a job to its end through broken connections: `onUpdate(job)` for each event, `read()` is the last word.
// Resolves with what `read` said once `isOver` is true of it.
export async function follow(path, { signal, onUpdate, read, isOver }) {
  let after = 0;
  for (let tries = 0; !signal.aborted; tries += 1) {
    try {
      for await (const event of events(path, { signal, after })) {
        after = event.id || after;
        tries = 0;
        if (event.event === "end" || event.data.status === "AWAITING_APPROVAL") break;
        onUpdate(event.data);
      }
    } catch (trouble) {
      if (signal.aborted) return null;
      if (trouble.status === 404) throw trouble;
    }
    try {
      const told = await read(signal);
      if (isOver(told)) return told;
    } catch (trouble) {
      if (signal.aborted) return null;
      if (trouble.status >= 400 && trouble.status < 500 && trouble.status !== 429) throw trouble;
    }
    await pause(Math.min(300 + 300 * tries, 4000));
  }
  return null;
}

// --- pictures

// Our own files are read through this very gateway, whatever name they carry.
export function picture(url, width) {
  if (!url || url.startsWith("blob:")) return url || "";
  const parsed = new URL(url, location.href);
  if (!/^\/(api\/)?v1\/files\//.test(parsed.pathname)) return parsed.href;
  if (width) parsed.searchParams.set("w", String(Math.round(width)));
  return parsed.pathname + parsed.search;
}

export const isPicture = (file) => /^image\//.test(file.type) || /\.(jpe?g|png|webp|gif|avif|hei[cf])$/i.test(file.name || "");

// What is over the limit is made smaller here, so that a camera's big files just work.
async function fitted(file) {
  if (file.size <= MOST) return file;
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) throw new Problem(413, { slug: "input-too-large" });
  for (let share = Math.min(1, 6000 / Math.max(bitmap.width, bitmap.height)); share > 0.1; share *= 0.8) {
    const canvas = new OffscreenCanvas(Math.round(bitmap.width * share), Math.round(bitmap.height * share));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
    if (blob.size <= MOST) return new File([blob], (file.name || "picture").replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  }
  throw new Problem(413, { slug: "input-too-large" });
}

// Uploads a picture; answers {url, width, height, …}.
export async function upload(file, options) {
  if (!isPicture(file)) throw new Problem(415, { slug: "unsupported-image" });
  return post("/files/", file, options);
}

// Sends a file with progress (0..1), which fetch can't tell; answers the result.
export async function post(path, file, { onProgress = () => {}, signal } = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(owner())) form.append(name, value);
  const given = isPicture(file) ? await fitted(file) : file;
  form.append("file", given, given.name || "picture.png");
  const answer = await new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/v1${path}`);
    for (const [name, value] of Object.entries(signed())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); };
    request.onload = () => resolve(request);
    request.onerror = () => { lost(); reject(new Problem(0, { slug: "offline" })); };
    request.onabort = () => reject(new DOMException("", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
  if (answer.status === 401) {
    await signIn(Boolean(me.token));
    return post(path, file, { onProgress, signal });
  }
  if (answer.status >= 400) {
    const wait = Number(answer.getResponseHeader("Retry-After")) || 5;
    if (answer.status === 429) tell("limited", wait);
    throw new Problem(answer.status, answer.response || {}, wait);
  }
  return answer.response.result;
}

// A file of ours saved under a good name; a token can't ride on a link, so then it is fetched.
export async function save(path, name, { isOurs = true } = {}) {
  let href = path;
  if (isOurs && me.token) {
    const response = await send(() => [path, {}]);
    href = URL.createObjectURL(await response.blob());
  }
  const link = Object.assign(document.createElement("a"), { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  if (href !== path) setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

const extension = (url) => new URL(url, location.href).pathname.split(".").pop();
export const savePicture = (url, words = "") => {
  const stem = words.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40);
  return save(picture(url), `${stem || "photofun"}.${extension(url)}`, { isOurs: false });
};

// --- the features' declarations, asked once
let declared = null;
export function features() {
  declared ??= call("GET", "/features").then(({ result }) => result).catch((trouble) => { declared = null; throw trouble; });
  return declared;
}
