// How does the page talk to the gateway?
const made = () => `guest-${crypto.randomUUID ? crypto.randomUUID().slice(0, 8) : Math.random().toString(16).slice(2, 10)}`;

export const me = {
  get user() {
    if (!localStorage.getItem("photofun.user")) localStorage.setItem("photofun.user", made());
    return localStorage.getItem("photofun.user");
  },
  set user(name) { localStorage.setItem("photofun.user", name); },
  get token() { return localStorage.getItem("photofun.token") || ""; },
  set token(text) { text ? localStorage.setItem("photofun.token", text) : localStorage.removeItem("photofun.token"); },
};

// With a token the token says who it is; without one the request does.
export const owner = () => (me.token ? {} : { user_id: me.user });
const signed = () => (me.token ? { Authorization: `Bearer ${me.token}` } : {});

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.message || `HTTP ${status}`);
    this.status = status;
    this.slug = body.slug;
  }
}

export async function call(method, path, { query, json, form, key, signal } = {}) {
  const asked = new URLSearchParams({ ...(method === "GET" || method === "DELETE" ? owner() : {}), ...query });
  const headers = { ...signed() };
  let body = form;
  if (json) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify({ ...owner(), ...json });
  }
  if (key) headers["Idempotency-Key"] = key;
  const response = await fetch(`/v1${path}${asked.size ? `?${asked}` : ""}`, { method, headers, body, signal });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, answer);
  return answer;
}

// Server-Sent Events through fetch, which can carry a token.
export async function* events(path, { signal, after = 0 } = {}) {
  const headers = { ...signed(), Accept: "text/event-stream", ...(after ? { "Last-Event-ID": String(after) } : {}) };
  const response = await fetch(`/v1${path}?${new URLSearchParams(owner())}`, { headers, signal });
  if (!response.ok || !response.body) throw new Problem(response.status, await response.json().catch(() => ({})));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const event = { event: "message", data: "", id: 0 };
      for (const line of block.split(/\r?\n/)) {
        const [, name, text] = line.match(/^(\w+): ?(.*)$/) || [];
        if (name === "data") event.data += text;
        else if (name === "id") event.id = Number(text);
        else if (name) event[name] = text;
      }
      if (event.data) yield { ...event, data: JSON.parse(event.data) };
    }
  }
}

// Our own files are read through this very gateway, whatever name they carry.
export function picture(url, width) {
  if (!url) return "";
  const parsed = new URL(url, location.href);
  if (!/^\/(api\/)?v1\/files\//.test(parsed.pathname)) return parsed.href;
  if (width) parsed.searchParams.set("w", String(width));
  return parsed.pathname + parsed.search;
}
