// The composer: words, pictures, which of them is edited, suggestions.
import { call, fresh, keep, picture, upload } from "../api.js";
import { button, chooseFiles, debounce, h, menu, onImages, say } from "../dom.js";
import { hasCamera, pick } from "../picker.js";
import { note } from "../shapes.js";
import { word } from "../words.js";

const MOST = 5;

export function composer({ onSend }) {
  let attached = [];
  let current = null;
  let ideas = [];
  const text = h("textarea", { rows: 1, maxLength: 4000, placeholder: word("say"), "aria-label": word("message"), enterKeyHint: "send" });
  const tray = h("ul", { class: "tray", "aria-label": word("attached"), hidden: true });
  const chips = h("div", { class: "chips", role: "group", "aria-label": word("suggestions") });
  const aim = h("div", { class: "aim", hidden: true });
  const left = h("span", { class: "left", hidden: true });
  const plus = button(word("attach"), () => menu(plus, [
    [word("fromDevice"), "upload", async () => add(await chooseFiles({ many: true }))],
    hasCamera && [word("takePhoto"), "camera", async () => add(await chooseFiles({ camera: true }))],
    [word("fromGallery"), "gallery", async () => { const found = await pick(); if (found) add([found.file || found]); }],
  ]), { sign: "plus", only: true, kind: "ghost", "aria-haspopup": "menu" });
  const review = button(word("review"), () => {
    keep("review", keep("review") ? "" : "yes");
    mark();
  }, { sign: "plan", kind: "ghost review", title: word("reviewHint") });
  const go = h("button", { type: "submit", class: "solid round go", title: word("send"), "aria-label": word("send") }, button("", null, { sign: "send" }).firstChild);
  const form = h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); submit(); } },
    chips, h("div", { class: "pad" }, tray, aim, text, h("div", { class: "tools-row" }, plus, review, left, go)));

  const mark = () => review.setAttribute("aria-pressed", String(Boolean(keep("review"))));
  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 200)}px`;
    left.hidden = text.value.length < 3600;
    left.textContent = word("left", { n: 4000 - text.value.length });
    go.disabled = !text.value.trim();
  };

  // --- pictures

  function add(given) {
    for (const each of given) {
      if (attached.length >= MOST) { say(word("tooMany", { n: MOST })); break; }
      attached.push(each instanceof File ? fromFile(each) : { id: fresh(), ...each, preview: picture(each.url, 256), ready: Promise.resolve(each.url) });
    }
    drawTray();
    text.focus();
  }

  function fromFile(file) {
    const control = new AbortController();
    const one = { id: fresh(), name: file.name, preview: URL.createObjectURL(file), share: 0, control };
    one.ready = upload(file, { signal: control.signal, onProgress: (share) => { one.share = share; bar(one); } }).then((stored) => {
      Object.assign(one, { url: stored.url, width: stored.width, height: stored.height, share: 1 });
      note(stored.url, stored.width, stored.height);
      one.preview = picture(stored.url, 256);
      drawTray();
      return stored.url;
    });
    one.ready.catch((trouble) => {
      if (trouble.name === "AbortError") return;
      attached = attached.filter((each) => each !== one);
      drawTray();
      say(trouble);
    });
    return one;
  }

  const bar = (one) => tray.querySelector(`[data-id="${one.id}"] progress`)?.setAttribute("value", one.share);

  function drawTray() {
    tray.hidden = !attached.length;
    tray.replaceChildren(...attached.map((one, at) => {
      const label = at === 0 ? word("toEdit") : word("reference");
      return h("li", { data: { id: one.id } },
        h("button", {
          type: "button", class: "thumb", title: attached.length > 1 ? word("editThisOne") : label, "aria-label": `${label}${one.name ? `: ${one.name}` : ""}`, "aria-pressed": String(at === 0),
          onclick: () => { attached = [one, ...attached.filter((each) => each !== one)]; drawTray(); },
        }, h("img", { src: one.preview, alt: "" }), attached.length > 1 ? h("span", { class: "role" }, label) : null,
          one.url ? null : h("progress", { max: 1, value: one.share, "aria-label": word("uploading") })),
        button(word("removePicture"), () => {
          one.control?.abort();
          attached = attached.filter((each) => each !== one);
          drawTray();
          text.focus();
        }, { sign: "close", only: true, kind: "ghost small remove" }));
    }));
    drawAim();
  }

  // What the next message edits when nothing is attached: the conversation's current picture.
  function drawAim() {
    aim.hidden = !current || attached.length > 0;
    if (aim.hidden) return;
    aim.replaceChildren(h("img", { src: picture(current, 96), alt: "" }), h("span", {}, word("nextEdits")),
      button(word("change"), async () => { const found = await pick(); if (found) add([found.file || found]); }, { kind: "link" }));
  }

  // --- suggestions

  const draw = (lines, deed) => chips.replaceChildren(...lines.map((line) => button(line.text, () => deed(line), { kind: "chip" })));
  const fill = (line) => {
    text.value = line.text;
    grow();
    drawIdeas();
    text.focus();
    if (line.id) call("POST", "/rec-prompt/choose", { json: { prompt_id: line.id, prompt: line.text } }).catch(() => {});
  };
  const drawIdeas = () => draw(text.value.trim() ? [] : ideas, fill);
  const suggest = debounce(async () => {
    const query = text.value.trim();
    if (query.length < 3 || query.length > 40) return drawIdeas();
    try {
      const { result } = await call("POST", "/rec-prompt/suggest", { json: { query } });
      if (text.value.trim() !== query) return;
      const fits = result.results.filter((each) => each.prompt.toLowerCase() !== query.toLowerCase()).slice(0, 4);
      draw(fits.map((each) => ({ text: each.prompt, id: each.prompt_id })), fill);
    } catch { chips.replaceChildren(); }
  }, 350);

  // --- sending

  async function submit() {
    const content = text.value.trim();
    if (!content || document.body.classList.contains("limited")) return text.focus();
    const pictures = attached;
    text.value = "";
    attached = [];
    drawTray();
    grow();
    chips.replaceChildren();
    await onSend({ content, pictures, mode: keep("review") ? "review" : "auto" });
  }

  text.oninput = () => { grow(); suggest(); };
  text.onkeydown = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); submit(); }
  };
  form.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])].filter((each) => each.type.startsWith("image/"));
    if (files.length) { event.preventDefault(); add(files); }
  });
  mark();
  grow();
  return {
    root: form, add,
    drop: (node) => onImages(node, add),
    focus: () => { if (!hasCamera) text.focus({ preventScroll: true }); },
    offer(lines) { ideas = lines.map((each) => ({ text: each })); drawIdeas(); },
    aim(url) { current = url; drawAim(); },
    write(words) { text.value = words; grow(); text.focus(); },
    clear() { attached = []; text.value = ""; drawTray(); grow(); },
  };
}
