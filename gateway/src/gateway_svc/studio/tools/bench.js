// One tool at work: the picture, its controls, the job, and the result beside what it was.
import { call, follow, fresh, keep, picture, savePicture } from "../api.js";
import { compare } from "../compare.js";
import { button, chooseFiles, h, onImages, say, tell, toast } from "../dom.js";
import { icon } from "../icons.js";
import { hasCamera, pick, settled } from "../picker.js";
import { isSameRatio } from "../shapes.js";
import { language, number, word, wordOr } from "../words.js";
import { adjuster } from "./adjust.js";
import { expander } from "./expand.js";
import { form } from "./form.js";
import { lamp } from "./light.js";

const OVER = new Set(["COMPLETED", "FAILED", "CANCELED"]);
const SPECIAL = { adjust: adjuster, "image-expand": expander, relight: lamp };
let held = null; // the picture on the bench, {url, width, height}, the same for every tool

const titled = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

export function bench(feature) {
  const isVi = language() === "vi";
  const ideas = feature.examples[language()] || feature.examples.en || [];
  const references = {};
  let values = {};
  let job = null;
  let result = null;
  let shown = null;

  const easel = h("div", { class: "easel" });
  const acts = h("div", { class: "easel-acts" });
  const trouble = h("div", { role: "alert" });
  const special = SPECIAL[feature.name]?.({ easel, onChange: () => mark(), onWords: (text) => fields.set("prompt", text) });
  const fields = form(feature, {
    skip: [...(feature.name === "adjust" ? ["operations"] : []), ...(special?.skip || [])],
    ideas: feature.parameters.properties.prompt?.description ? ideas : [],
    onChange: (next) => { values = next; special?.heard?.(next); mark(); },
  });
  const slots = h("div", { class: "fields" }, feature.references.map(slot));
  const go = button(feature.needs_image ? word("apply") : word("create"), () => run(), { kind: "solid wide go-tool" });
  const controls = h("form", { class: "controls", onsubmit: (event) => { event.preventDefault(); run(); } },
    h("div", { class: "controls-head" },
      h("a", { class: "back-link", href: "#/tools", "aria-label": word("back"), title: word("back") }, icon("left")),
      h("div", {}, h("h1", {}, isVi ? feature.title_vi : feature.title), h("p", { class: "hint" }, isVi ? feature.description_vi : feature.description))),
    h("div", { class: "controls-body" },
      feature.engines.length ? null : h("div", { class: "problem" }, icon("info"), h("p", {}, word("needsEngineText"))),
      special?.root || null, ...(feature.reference_required ? [slots, fields.root] : [fields.root, slots])),
    h("div", { class: "controls-foot" }, trouble, go));
  const root = h("div", { class: "bench" }, h("div", { class: "stand" }, easel, acts), controls);
  onImages(easel, ([file]) => take({ file }));

  // --- the picture

  function slot(name) {
    const isNeeded = feature.reference_required && name === feature.references[0];
    const box = h("div", { class: "slot" });
    const drawSlot = () => {
      const has = references[name];
      box.replaceChildren(
        has ? h("img", { src: picture(has.url, 160), alt: wordOr(`params.${name}`, titled(name)) }) : "",
        button(has ? word("otherPicture") : word("addReference"), async () => {
          const found = await pick(wordOr(`params.${name}`, word("addReference")));
          if (!found) return;
          try { references[name] = await settled(found); } catch (problem) { say(problem); }
          drawSlot();
          mark();
        }, { sign: has ? null : "plus" }),
        has ? button(word("removePicture"), () => { delete references[name]; drawSlot(); mark(); }, { sign: "close", only: true, kind: "ghost small" }) : "");
    };
    const node = h("div", { class: "field" }, h("span", {}, wordOr(`params.${name}`, titled(name)), h("small", {}, ` · ${word(isNeeded ? "required" : "optional")}`)), box);
    drawSlot();
    return node;
  }

  async function take(found) {
    if (!found) return;
    result = null;
    const bar = h("progress", { max: 1, value: 0, "aria-label": word("uploading") });
    if (found.file) easel.replaceChildren(h("div", { class: "waiting-box" }, h("span", { class: "spin" }), h("p", {}, word("uploading")), bar));
    try {
      held = await settled(found, (share) => { bar.value = share; });
      shown = null;
    } catch (problem) { say(problem); }
    await draw();
  }

  const choose = async (camera) => { const [file] = await chooseFiles({ camera }); if (file) take({ file }); };
  const dropZone = () => h("div", { class: "drop-zone" }, h("span", { class: "badge" }, icon("gallery")), h("h2", {}, word("dropPicture")), h("p", { class: "hint" }, word("dropPictureText")),
    h("div", { class: "row" }, button(word("fromDevice"), () => choose(false), { sign: "upload", kind: "solid" }),
      button(word("fromGallery"), async () => take(await pick()), { sign: "gallery" }), hasCamera ? button(word("takePhoto"), () => choose(true), { sign: "camera" }) : null));

  const loaded = (url) => new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error(word("pictureGone")));
    image.src = picture(url);
  });

  async function draw() {
    mark();
    if (job) return;
    if (result) return drawResult();
    acts.replaceChildren();
    if (!feature.needs_image) return easel.replaceChildren(h("div", { class: "drop-zone quiet" }, h("span", { class: "badge" }, icon("wand")), h("p", { class: "hint" }, word("resultPlace"))));
    if (!held) return easel.replaceChildren(dropZone());
    acts.replaceChildren(button(word("otherPicture"), async () => take(await pick()), { sign: "gallery" }));
    if (shown === held.url && special) return;
    try {
      const image = await loaded(held.url);
      held = { ...held, width: image.naturalWidth, height: image.naturalHeight };
      shown = held.url;
      if (special) special.show(image, held);
      else easel.replaceChildren(whole(held));
    } catch (problem) {
      held = null;
      say(problem);
      easel.replaceChildren(dropZone());
    }
  }
  const whole = ({ url, width, height }) => h("div", { class: "canvas-box", style: { "--ratio": String((width || 4) / (height || 3)) } }, h("img", { class: "whole", src: picture(url, 1600), alt: word("picture") }));

  // --- the job

  const isReady = () => {
    if (feature.needs_image && !held) return false;
    if (feature.reference_required && !references[feature.references[0]]) return false;
    if ((feature.parameters.required || []).includes("prompt") && !values.prompt) return false;
    return special ? special.isReady() : true;
  };
  function mark() {
    go.disabled = Boolean(job) || !isReady() || !feature.engines.length;
    sizes();
  }
  const sizeHint = h("p", { class: "hint", hidden: feature.name !== "upscale" });
  if (feature.name === "upscale") fields.root.prepend(sizeHint);
  function sizes() {
    if (feature.name !== "upscale" || !held?.width) return;
    const by = values.scale_factor || 2;
    sizeHint.textContent = word("newSize", { from: `${number(held.width)} × ${number(held.height)}`, to: `${number(held.width * by)} × ${number(held.height * by)}` });
  }

  async function run() {
    if (job || !isReady()) return;
    trouble.replaceChildren();
    const control = new AbortController();
    job = { control };
    mark();
    drawWorking();
    const body = { ...values, ...special?.values() };
    for (const [name, each] of Object.entries(references)) body[`${name}_url`] = each.url;
    if (feature.needs_image) body.image_url = held.url;
    try {
      const { result: made } = await call("POST", `/features/${feature.name}`, { json: body, key: fresh(), signal: control.signal });
      const told = made.image_url && (feature.synchronous || OVER.has(made.status)) ? { status: "COMPLETED", ...made } : await followed(made.task_id, control);
      job = null;
      if (!told || told.status === "CANCELED") { shown = null; tell(word("cancelled")); return draw(); }
      if (told.status === "FAILED") throw new (await import("../api.js")).Problem(told.error?.status || 500, told.error || {});
      const images = told.images?.length ? told.images : [{ image_url: told.image_url }];
      result = { images, at: 0, before: feature.needs_image ? held : null, degraded: told.degraded };
      tell(word("saved"));
      await draw();
    } catch (problem) {
      job = null;
      if (problem.name !== "AbortError") trouble.replaceChildren(h("div", { class: "problem" }, icon("info"), h("p", {}, problem.message)));
      shown = null;
      await draw();
    }
  }

  function followed(id, control) {
    job.id = id;
    return follow(`/jobs/${id}/events`, {
      signal: control.signal,
      onUpdate: (told) => drawWorking(told),
      read: async (signal) => (await call("GET", `/jobs/${id}`, { signal })).result,
      isOver: (told) => OVER.has(told.status),
    });
  }

  function drawWorking(told = {}) {
    const share = told.progress || 0;
    let box = easel.querySelector(".working");
    if (!box) {
      box = h("div", { class: "working" }, h("div", { class: "working-box" }, h("span", {}), h("b", {}), h("progress", { max: 1, "aria-label": word("working") }), button(word("cancel"), cancel, { sign: "stop" })));
      if (!feature.needs_image) easel.replaceChildren();
      easel.append(box);
      acts.replaceChildren();
    }
    box.querySelector("span").textContent = told.queue_position ? word("inQueue", { n: told.queue_position }) : `${isVi ? feature.title_vi : feature.title}…`;
    box.querySelector("b").textContent = share > 0.01 ? `${number(Math.round(share * 100))} %` : "";
    const bar = box.querySelector("progress");
    share > 0.01 ? (bar.value = share) : bar.removeAttribute("value");
  }

  async function cancel() {
    if (!job) return;
    if (job.id) return call("POST", `/jobs/${job.id}/cancel`, { json: {} }).catch(say);
    job.control.abort();
    job = null;
    shown = null;
    await draw();
  }

  // --- the result

  function drawResult() {
    const { images, at, before } = result;
    const now = images[at];
    const same = before && isSameRatio(before, now.width ? now : before);
    const box = h("div", { class: "canvas-box", style: { "--ratio": String((now.width || before?.width || 1) / (now.height || before?.height || 1)) } },
      same ? compare(before.url, now.image_url, { width: 1600, alt: word("result") }) : h("img", { class: "whole", src: picture(now.image_url, 1600), alt: word("result"), onload: ({ target }) => box.style.setProperty("--ratio", String(target.naturalWidth / target.naturalHeight)) }));
    const thumbs = images.length > 1 ? h("div", { class: "result-thumbs", role: "group", "aria-label": word("results") }, images.map((each, index) =>
      h("button", { type: "button", class: "thumb", "aria-pressed": String(index === at), "aria-label": `${word("result")} ${index + 1}`, onclick: () => { result.at = index; drawResult(); } }, h("img", { src: picture(each.image_url, 160), alt: "" })))) : null;
    easel.replaceChildren(box, ...(thumbs ? [thumbs] : []));
    const hold = before && !same ? button(word("before"), () => {}, { sign: "compare" }) : null;
    if (hold) {
      const flip = (on) => { const img = box.querySelector(".whole"); img.src = picture(on ? before.url : now.image_url, 1600); hold.setAttribute("aria-pressed", String(on)); };
      hold.onclick = () => flip(hold.getAttribute("aria-pressed") !== "true");
    }
    acts.replaceChildren(...[hold,
      before ? button(word("goOn"), () => { held = { url: now.image_url, width: now.width, height: now.height }; result = null; shown = null; draw(); }, { sign: "check", kind: "solid" }) : null,
      button(word("download"), () => savePicture(now.image_url, values.prompt || feature.name), { sign: "download" }),
      button(word("editInChat"), () => { keep("chat-picture", now.image_url); location.hash = "#/"; }, { sign: "chat" }),
      before ? button(word("startOver"), () => { result = null; shown = null; draw(); }, { sign: "undo" }) : null,
      before ? null : button(word("openInTools"), () => { held = { url: now.image_url, width: now.width, height: now.height }; location.hash = "#/tools"; }, { sign: "tools" })].filter(Boolean));
    if (result.degraded && typeof result.degraded === "string") toast(result.degraded);
  }

  return {
    name: feature.name, root,
    async enter() {
      const brought = keep("tool-picture");
      if (brought) { keep("tool-picture", ""); held = { url: brought }; result = null; shown = null; }
      await draw();
    },
    refresh() { if (!job) draw(); },
    pause() {},
    leave() { job?.control.abort(); },
  };
}
