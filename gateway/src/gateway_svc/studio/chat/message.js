// One message on the screen: the frame where its picture comes, words under it so that nothing moves, what can be done with it.
import { picture, plain, savePicture } from "../api.js";
import { compare } from "../compare.js";
import { button, chooseFiles, h, menu, toast } from "../dom.js";
import { icon } from "../icons.js";
import { isSameRatio, note, noteRatio, reserve, shapeAfter, shapeOf } from "../shapes.js";
import { number, word, wordOr } from "../words.js";
import { review, steps, titleOf } from "./plan.js";

const LONG = 600;
const busy = (status) => status === "PROCESSING";

export function userMessage(message) {
  const urls = [...new Set([message.image_url, ...(message.uploaded_urls || []), ...(message.pictures || [])].filter(Boolean))];
  const thumbs = urls.map((url) => h("img", { src: picture(url, 256), alt: word("attached"), onload: ({ target }) => noteRatio(url, target.naturalWidth, target.naturalHeight) }));
  const words = h("p", { dir: "auto" }, message.content);
  const node = h("li", { class: "msg user", data: { id: message.message_id || "" } }, h("span", { class: "unseen" }, word("you")),
    thumbs.length ? h("div", { class: "sent" }, thumbs) : null, h("div", { class: "bubble" }, words));
  if (message.content.length > LONG) {
    words.classList.add("clipped");
    const more = button(word("showAll"), () => {
      words.classList.toggle("clipped");
      more.firstChild.textContent = word(words.classList.contains("clipped") ? "showAll" : "showLess");
    }, { kind: "link" });
    words.after(more);
  }
  return node;
}

// `context`: {siblings(count) → urls, source() → url | null, act(verb, body), say(text), use(url), open(url), files(files), isLast()}
export function botMessage(message, context) {
  const words = h("p", { class: "words", dir: "auto" });
  const progress = h("div", { class: "progress" });
  const frame = h("figure", { class: "frame", hidden: true });
  const rest = h("div", { class: "rest" });
  const root = h("li", { class: "msg bot", data: { id: message.message_id } }, h("span", { class: "unseen" }, word("studio")), progress, frame, words, rest);
  let drawn = "";
  let progressDrawn = "";
  let restDrawn = "";
  let comparing = false;

  function update(next) {
    message = { ...message, ...next };
    root.dataset.status = message.status;
    root.setAttribute("aria-busy", String(busy(message.status)));
    const failed = message.status === "FAILED";
    const isTold = failed || busy(message.status) || ["CANCELED", "AWAITING_APPROVAL"].includes(message.status);
    words.textContent = isTold ? "" : wordOr(`replies.${message.content}`, message.content || "");
    words.hidden = !words.textContent;
    drawProgress();
    drawFrame();
    drawRest(failed);
  }

  // --- while it works

  // Drawn anew only when it changed: a click must not lose its button to the next event.
  function drawProgress() {
    const plan = message.plan || [];
    const running = busy(message.status);
    const now = JSON.stringify([message.status, message.queue_position, plan.map((step) => step.status)]);
    if (now === progressDrawn) return;
    progressDrawn = now;
    if (!running && plan.length < 2) return progress.replaceChildren();
    if (message.status === "AWAITING_APPROVAL") return progress.replaceChildren();
    if (!plan.length) {
      const stage = message.queue_position ? word("inQueue", { n: message.queue_position }) : word("thinking");
      return progress.replaceChildren(h("div", { class: "thinking" }, h("i"), h("i"), h("i"), h("span", {}, stage)));
    }
    progress.replaceChildren(...(plan.length > 1 ? [steps(plan)] : []));
  }

  // --- the frame: a placeholder with the ratio of what comes, then the picture in the same place

  const before = () => {
    const source = isDrawn() ? null : context.source();
    return source || message.plan?.find((step) => step.image_url && step.image_url !== message.image_url)?.image_url || null;
  };
  const isDrawn = () => message.plan?.[0]?.feature === "image_generation";

  function drawFrame() {
    const plan = message.plan || [];
    const makes = plan.length > 0 && message.status !== "AWAITING_APPROVAL";
    const url = message.status === "PROCESSING" ? null : message.image_url;
    const shows = url && message.intent !== "chat";
    const waits = busy(message.status) && makes;
    frame.hidden = !(shows || waits);
    if (frame.hidden) { drawn = ""; return; }
    if (waits) return drawWaiting(plan);
    if (drawn === url) return;
    drawn = url;
    const size = message.image?.metadata || {};
    if (size.width) note(url, size.width, size.height);
    reserve(frame, shapeOf(url) || shapeAfter(plan, shapeOf(context.source())));
    const alt = message.refined_prompt?.original_prompt || message.content || word("picture");
    const img = h("img", { src: picture(url, 1280), alt, onload: () => {
      noteRatio(url, img.naturalWidth, img.naturalHeight);
      if (!size.width) reserve(frame, shapeOf(url));
      frame.classList.add("ready");
    }, onerror: () => frame.replaceChildren(h("p", { class: "hint" }, word("pictureGone"))) });
    frame.classList.remove("waiting", "ready");
    frame.replaceChildren(h("button", { type: "button", class: "open", "aria-label": word("openPicture", { title: alt }), onclick: () => context.open(url) }, img));
  }

  function drawWaiting(plan) {
    const shape = shapeAfter(plan, shapeOf(context.source()));
    const at = plan.find((step) => step.status === "IN_PROGRESS") || plan.find((step) => step.status === "PENDING") || plan[0];
    const base = [...plan].reverse().find((step) => step.image_url)?.image_url || (isDrawn() ? null : context.source());
    if (drawn !== `waiting ${base}`) {
      drawn = `waiting ${base}`;
      frame.classList.add("waiting");
      frame.classList.remove("ready");
      frame.replaceChildren(base ? h("img", { class: "dim", src: picture(base, 640), alt: "" }) : "", h("figcaption", {}, h("span", { class: "step" }), h("span", { class: "share" }), h("progress", { max: 1, "aria-label": word("working") })));
    }
    reserve(frame, shape);
    const share = message.progress || 0;
    frame.querySelector(".step").textContent = `${titleOf(at.feature)}…`;
    frame.querySelector(".share").textContent = share > 0.02 ? `${number(Math.round(share * 100))} %` : "";
    frame.querySelector("progress").value = Math.max(0.03, share);
  }

  // --- what can be done now

  function drawRest(failed) {
    const status = message.status;
    const now = JSON.stringify([status, message.attempt, message.image_url, message.error, message.choices]);
    if (now === restDrawn) return;
    restDrawn = now;
    const parts = [];
    if (failed) parts.push(problem());
    if (status === "CANCELED") parts.push(h("p", { class: "hint" }, word("cancelled")));
    if (busy(status)) parts.push(h("div", { class: "acts" }, deed("cancel", "stop", "cancel")));
    if (status === "CANCELED") parts.push(h("div", { class: "acts" }, deed("runAgain", "retry", "retry")));
    if (status === "AWAITING_APPROVAL") {
      parts.push(review(message, { onApprove: (plan) => context.act("approve", plan ? { plan } : {}), onCancel: () => context.act("cancel") }));
    }
    if (message.choices?.length && (status === "DONE" || failed)) {
      parts.push(h("div", { class: "acts choices" }, message.choices.map((each) => button(each.label, () => context.say(each.message), { kind: "chip" }))));
    }
    if (!frame.hidden && status !== "PROCESSING" && message.image_url) parts.push(pictureActs());
    const between = (message.plan || []).filter((step) => step.image_url && step.image_url !== message.image_url);
    if (between.length && !busy(status)) {
      parts.push(h("div", { class: "between" }, between.map((step) => h("button", { type: "button", class: "thumb", title: titleOf(step.feature), "aria-label": word("openPicture", { title: titleOf(step.feature) }), onclick: () => context.open(step.image_url) },
        h("img", { src: picture(step.image_url, 192), alt: "", loading: "lazy" }), h("span", {}, titleOf(step.feature))))));
    }
    if (!busy(status) && message.image_url && message.plan?.at(-1)?.params?.num_images > 1) parts.unshift(siblings());
    rest.replaceChildren(...parts);
  }

  // The other pictures of a wish for several.
  function siblings() {
    const row = h("div", { class: "siblings" });
    context.siblings(message.plan.at(-1).params.num_images).then((urls) => row.replaceChildren(...urls.filter((url) => picture(url) !== picture(message.image_url)).map((url) =>
      h("button", { type: "button", class: "thumb", "aria-label": word("openPicture", { title: message.refined_prompt?.original_prompt || "" }), onclick: () => context.open(url, urls) },
        h("img", { src: picture(url, 384), alt: "" })))), () => row.remove());
    return row;
  }

  const deed = (label, sign, verb, kind = "") => {
    const made = button(word(label), async () => {
      made.disabled = true;
      if (!(await context.act(verb))) made.disabled = false;
    }, { sign, kind });
    return made;
  };

  function problem() {
    const slug = message.error?.slug || String(message.error?.type || "").split("/").pop();
    const acts = h("div", { class: "acts" });
    if (slug === "needs-image" || slug === "needs-reference") {
      acts.append(button(word("choosePicture"), async () => context.files(await chooseFiles(), slug), { sign: "upload", kind: "solid" }));
    }
    acts.append(deed("retry", "retry", "retry"));
    return h("div", { class: "problem" }, icon("info"), h("div", {}, h("p", {}, plain(message.error) || message.content), acts));
  }

  function pictureActs() {
    const url = message.image_url;
    const acts = h("div", { class: "acts" });
    const earlier = before();
    if (earlier && earlier !== url && message.intent !== "undo") {
      const toggle = button(word("compare"), () => {
        comparing = !comparing;
        toggle.setAttribute("aria-pressed", String(comparing));
        drawn = "";
        drawFrame();
        if (comparing) frame.replaceChildren(side(earlier, url));
      }, { sign: "compare", "aria-pressed": "false" });
      comparing = false;
      acts.append(toggle);
    }
    acts.append(
      button(word("useThis"), () => context.use(url), { sign: "edit" }),
      button(word("download"), () => savePicture(url, message.refined_prompt?.original_prompt || ""), { sign: "download" }));
    if (message.intent !== "undo" && context.isLast() && earlier) acts.append(button(word("undo"), () => context.say(word("undoWords")), { sign: "undo" }));
    const more = button(word("moreActions"), () => menu(more, [
      [word("openInTools"), "tools", () => context.tool(url)],
      [word("copyPrompt"), "copy", () => navigator.clipboard.writeText(message.refined_prompt?.prompt || "").then(() => toast(word("copied")))],
      [word("deleteMessage"), "trash", () => context.remove(), true],
    ]), { sign: "more", only: true, "aria-haspopup": "menu" });
    acts.append(more);
    return acts;
  }

  const side = (one, other) => {
    const same = isSameRatio(shapeOf(one) || shapeOf(other), shapeOf(other));
    if (same) return compare(one, other, { width: 1280, alt: word("after") });
    return h("div", { class: "pair" }, [[one, "before"], [other, "after"]].map(([url, name]) => h("div", {}, h("img", { src: picture(url, 640), alt: word(name) }), h("span", { class: "tag" }, word(name)))));
  };

  update(message);
  return { root, update, get message() { return message; } };
}
