// The chat: one conversation on the screen, its jobs followed live.
import { call, features, follow, fresh, keep, Problem } from "../api.js";
import { button, chooseFiles, confirmed, find, h, say, skeletons, tell } from "../dom.js";
import { icon } from "../icons.js";
import { shapeOf } from "../shapes.js";
import { language, lines, word } from "../words.js";
import { composer } from "./composer.js";
import { botMessage, userMessage } from "./message.js";
import { know } from "./plan.js";
import { sessions } from "./sessions.js";

const PAGE = 30;
const OVER = new Set(["DONE", "FAILED", "CANCELED", "AWAITING_APPROVAL"]);
const OPEN = { CREATED: "PROCESSING", IN_PROGRESS: "PROCESSING" };

export function create() {
  let session = null;
  let older = null;
  let shownAt = 0;
  const said = [];
  const following = new Map();

  const log = h("ol", { class: "messages", "aria-label": word("messages") });
  const scroller = h("div", { class: "scroll", tabIndex: -1 }, log);
  const down = button(word("toNewest"), () => toEnd(true), { sign: "down", only: true, kind: "down" });
  const write = composer({ onSend: send });
  const side = sessions({ onOpen: (id) => go(id), onGone: () => go(null) });
  const heading = h("h1", { class: "unseen" }, word("chat"));
  const drawer = button(word("chats"), () => root.classList.toggle("drawn"), { sign: "menu", only: true, kind: "ghost drawer" });
  const fresher = button(word("newChat"), () => go(null), { sign: "plus", only: true, kind: "ghost fresher" });
  const title = h("p", { class: "talk-title" });
  const root = h("section", { class: "chat" }, side.root,
    h("div", { class: "shade", onclick: () => root.classList.remove("drawn") }),
    h("div", { class: "talk" }, heading, h("div", { class: "talk-head" }, drawer, title, fresher), scroller, h("div", { class: "foot" }, down, write.root)));
  down.hidden = true;
  root.onkeydown = (event) => { if (event.key === "Escape") root.classList.remove("drawn"); };
  write.drop(root);
  let isAtEnd = true; // until somebody scrolls up
  let scrolled = 0;
  const growth = new ResizeObserver(() => { if (isAtEnd) toEnd(); });
  growth.observe(scroller);
  growth.observe(log);
  scroller.onscroll = () => {
    const away = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    if (away < 60) isAtEnd = true;
    else if (scroller.scrollTop < scrolled) isAtEnd = false;
    scrolled = scroller.scrollTop;
    down.hidden = away < 300;
    if (older && scroller.scrollTop < 200) earlier();
  };

  const go = (id) => {
    const hash = id ? `#/chat/${id}` : "#/chat/new";
    location.hash === hash ? show(id || "new") : (location.hash = hash);
  };
  const nearEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 160;
  const toEnd = (smoothly = false) => scroller.scrollTo({ top: scroller.scrollHeight, behavior: smoothly ? "smooth" : "instant" });

  // --- a conversation

  async function show(id) {
    root.classList.remove("drawn");
    await open(id);
    const brought = keep("chat-picture");
    if (!brought) return;
    keep("chat-picture", "");
    write.add([{ url: brought }]);
  }

  async function open(id) {
    if (session && said.length && (id || keep("session")) === session) return refresh();
    const asked = id || keep("session");
    leave();
    know().then(() => offer(), say);
    if (!asked || asked === "new") {
      greet();
      side.load().catch(say);
      return;
    }
    session = asked;
    keep("session", asked);
    side.mark(asked);
    side.load().then(() => { title.textContent = side.title(session); }, say);
    log.replaceChildren(...skeletons(2, "talk"));
    const mine = (shownAt += 1);
    try {
      const { result, meta } = await call("GET", `/chat/sessions/${asked}`, { query: { limit: PAGE } });
      if (mine !== shownAt) return;
      log.replaceChildren();
      older = meta?.next_cursor || null;
      result.messages.forEach((each) => draw(each));
      if (!said.length) return greet(session);
      aim(result.image_url);
      offer();
      toEnd();
    } catch (trouble) {
      if (mine !== shownAt) return;
      if (trouble.status === 404) { keep("session", ""); return id ? go(null) : greet(); }
      log.replaceChildren(h("li", { class: "problem" }, icon("info"), h("div", {}, h("p", {}, trouble.message), button(word("retry"), () => { session = null; open(asked); }, { sign: "retry" }))));
    }
  }

  async function earlier() {
    const cursor = older;
    older = null;
    const { result, meta } = await call("GET", `/chat/sessions/${session}/messages`, { query: { limit: PAGE, before: cursor } }).catch(() => ({ result: [] }));
    const high = scroller.scrollHeight;
    [...result].reverse().forEach((each) => draw(each, { first: true }));
    scroller.scrollTop += scroller.scrollHeight - high;
    older = meta?.next_cursor || null;
  }

  function leave() {
    for (const control of following.values()) control.abort();
    following.clear();
    said.length = 0;
    session = null;
    older = null;
    shownAt += 1;
    title.textContent = "";
    write.aim(null);
    write.offer([]);
    side.mark(null);
  }

  function greet(kept = null) {
    session = kept;
    if (!kept) keep("session", "");
    log.replaceChildren(h("li", { class: "hello" },
      h("h2", {}, word("hello")), h("p", {}, word("helloText")),
      h("div", { class: "starts" }, lines("starts").map(([sign, name, text, files]) =>
        h("button", { type: "button", class: "start", onclick: async () => {
          if (files) write.add(await chooseFiles({ many: true }));
          write.write(text);
        } }, icon(sign), h("strong", {}, name), h("span", {}, text))))));
    write.focus();
  }

  // --- messages

  function draw(message, { first = false } = {}) {
    const view = message.role === "user" ? { root: userMessage(message), message } : botMessage(message, contextOf(message));
    first ? (said.unshift(view), log.prepend(view.root)) : (said.push(view), log.append(view.root));
    if (message.role === "assistant" && !OVER.has(message.status)) track(view);
    return view;
  }

  // The picture that a message starts from: the one sent with it, else the one that was current then.
  function sourceOf(id) {
    const at = said.findIndex((each) => each.message.message_id === id);
    for (let back = (at < 0 ? said.length : at) - 1; back >= 0; back -= 1) {
      const { role, image_url, uploaded_urls, intent, status } = said[back].message;
      if (role === "user" && (image_url || uploaded_urls?.[0])) return image_url || uploaded_urls[0];
      if (role === "assistant" && image_url && status !== "PROCESSING" && intent !== "chat") return image_url;
    }
    return null;
  }

  // A picture that came with a message of which nothing was made yet: it still goes with the next one.
  function unspent() {
    for (const { message } of [...said].reverse()) {
      if (message.role === "assistant" && (message.image_url || !OVER.has(message.status))) return null;
      if (message.role === "user" && message.image_url) return message.image_url;
    }
    return null;
  }

  function contextOf(message) {
    const id = message.message_id;
    const path = () => `/chat/sessions/${session}/messages/${id}`;
    const view = () => said.find((each) => each.message.message_id === id);
    return {
      source: () => sourceOf(id),
      isLast: () => said.at(-1)?.message.message_id === id,
      say: (text) => send({ content: text, pictures: [], mode: "auto" }),
      use: (url) => { write.add([{ url, ...(shapeOf(url) || {}) }]); },
      open: async (url, more = []) => {
        const known = pictures();
        const others = more.filter((each) => known.every((one) => one.image_url !== each)).map((each) => ({ image_url: each }));
        (await import("../viewer.js")).openPictures([...known, ...others], url);
      },
      // The gallery hears of pictures a moment after the chat does.
      async siblings(count) {
        let mine = [];
        for (let tries = 0; tries < 6 && mine.length < count; tries += 1) {
          if (tries) await new Promise((resolve) => setTimeout(resolve, 500));
          const { result } = await call("GET", "/gallery", { query: { session_id: session, limit: 100 } });
          mine = result.filter((each) => each.job_id === id);
        }
        const last = Math.max(...mine.map((each) => each.step));
        return mine.filter((each) => each.step === last).sort((one, other) => one.index - other.index).map((each) => each.image_url);
      },
      tool: (url) => { keep("tool-picture", url); location.hash = "#/tools"; },
      files: (files, slug) => {
        if (!files.length) return;
        const asked = said[said.indexOf(view()) - 1]?.message.content || "";
        const source = slug === "needs-reference" ? sourceOf(id) : null;
        if (source) write.add([{ url: source }]);
        write.add(files);
        write.write(asked);
      },
      async act(verb, body = {}) {
        try {
          const { result } = await call("POST", `${path()}/${verb}`, { json: body, key: fresh() });
          const one = view();
          if (!one) return true;
          one.update(result);
          if (!OVER.has(result.status)) track(one);
          return true;
        } catch (trouble) { say(trouble); return false; }
      },
      async remove() {
        if (!(await confirmed(word("deleteMessage"), word("deleteMessageText"), { yes: word("delete") }))) return;
        try {
          await call("DELETE", path());
          const one = view();
          if (one) { one.root.remove(); said.splice(said.indexOf(one), 1); }
        } catch (trouble) { say(trouble); }
      },
    };
  }

  const pictures = () => said.flatMap(({ message }) => (message.role === "user"
    ? [message.image_url, ...(message.uploaded_urls || [])]
    : [...(message.plan || []).map((step) => step.image_url), message.image_url]).filter(Boolean).map((url) => ({
    image_url: url, prompt: message.refined_prompt?.original_prompt || message.content,
    ...(message.image_url === url && message.image?.metadata?.image_id ? { image_id: message.image.metadata.image_id } : {}),
  }))).filter((each, at, all) => all.findIndex((other) => other.image_url === each.image_url) === at);

  function aim(url) {
    const last = url ?? sourceOf(null);
    write.aim(last);
  }

  async function offer() {
    const last = said.at(-1)?.message;
    if (!last || !OVER.has(last.status) || last.status === "AWAITING_APPROVAL" || last.choices?.length || !sourceOf(null)) return write.offer([]);
    const done = new Set((last.plan || []).map((step) => step.feature));
    const can = (await features()).filter((each) => each.needs_image && !each.reference_required && each.engines.length && !done.has(each.id));
    write.offer(can.map((each) => (each.examples[language()] || each.examples.en)[0]).slice(0, 4));
  }

  // --- following a job

  async function track(view) {
    const { message_id: id } = view.message;
    following.get(id)?.abort();
    const control = new AbortController();
    following.set(id, control);
    const path = `/chat/sessions/${session}/messages/${id}`;
    try {
      const told = await follow(`${path}/events`, {
        signal: control.signal,
        onUpdate: (job) => {
          const { status, plan, progress, queue_position } = job;
          if (OPEN[status]) keepPlace(() => view.update({ status: OPEN[status], plan, progress, queue_position }));
        },
        read: async (signal) => (await call("GET", path, { signal })).result,
        isOver: (message) => OVER.has(message.status),
      });
      if (!told) return;
      keepPlace(() => view.update(told));
      tell(told.status === "FAILED" ? view.root.textContent : told.content || word("done"));
      aim(told.image_url && told.intent !== "chat" ? told.image_url : undefined);
      offer();
      side.load().then(() => { title.textContent = side.title(session); }, () => {});
    } catch (trouble) {
      if (!control.signal.aborted) say(trouble);
    } finally {
      if (following.get(id) === control) following.delete(id);
    }
  }

  function keepPlace(work) {
    const near = nearEnd();
    work();
    if (near) toEnd();
  }

  // --- sending

  async function send({ content, pictures, mode }) {
    if (!session) log.replaceChildren();
    find(".hello", log)?.remove();
    const key = fresh();
    const waiting = pictures.length ? null : unspent();
    const mine = draw({ role: "user", content, pictures: pictures.map((each) => each.preview) });
    toEnd();
    const attempt = async () => {
      try {
        const urls = await Promise.all(waiting ? [waiting] : pictures.map((each) => each.ready));
        if (!session) {
          const { result } = await call("POST", "/chat/sessions", { json: {} });
          session = result.session_id;
          keep("session", session);
          history.replaceState(null, "", `#/chat/${session}`);
        }
        const body = { content, mode, ...(urls.length ? { image_url: urls[0], additional_images: urls.slice(1) } : {}) };
        const { result } = await call("POST", `/chat/sessions/${session}/messages`, { json: body, key });
        mine.message = { ...result.user_message, image_url: result.user_message.image_url || urls[0] || null };
        mine.root.dataset.id = mine.message.message_id;
        draw(result.assistant_message);
        side.mark(session);
        side.load().then(() => { title.textContent = side.title(session); }, () => {});
        toEnd();
      } catch (trouble) {
        const box = h("div", { class: "unsent" }, h("span", {}, trouble instanceof Problem ? trouble.message : word("notSent")),
          button(word("sendAgain"), () => { box.remove(); attempt(); }, { sign: "retry", kind: "link" }));
        mine.root.append(box);
        toEnd();
      }
    };
    write.offer([]);
    await attempt();
  }

  async function refresh() {
    side.load().catch(() => {});
    for (const view of said) if (view.message.role === "assistant" && !OVER.has(view.message.status) && !following.has(view.message.message_id)) track(view);
  }

  return {
    root, show, refresh,
    hide() {
      for (const control of following.values()) control.abort();
      following.clear();
      root.classList.remove("drawn");
    },
  };
}
