// Who is it?  A name when the studio is open; a token or API key when it asks for one.
import { keep, me } from "./api.js";
import { button, dialog, h } from "./dom.js";
import { word } from "./words.js";

// An identity provider sends people back with #access_token=… or #token=…; the address forgets it at once.
export function fromFragment() {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get("access_token") || given.get("token") || given.get("id_token");
  if (!token) return false;
  me.token = token.trim();
  history.replaceState(null, "", location.pathname + location.search);
  return true;
}

// Resolves with true when somebody else than before signed in.
export async function signIn(expired) {
  const before = subject(me.token);
  await dialog(word(expired ? "sessionEnded" : "signIn"), (close) => {
    const field = h("input", { type: "password", maxLength: 8192, autocomplete: "current-password", autofocus: true, required: true, spellcheck: false });
    const form = h("form", { class: "signin" },
      h("p", {}, word(expired ? "sessionEndedText" : "signInText")),
      h("label", { class: "field" }, h("span", {}, word("token")), field),
      h("p", { class: "hint" }, word("tokenHint")),
      h("footer", {}, h("button", { class: "solid wide" }, word("signIn"))));
    form.onsubmit = (event) => { event.preventDefault(); me.token = field.value.trim(); close(true); };
    return form;
  }, { locked: true, kind: "narrow" });
  return Boolean(before) && before !== subject(me.token);
}

// The token's subject, only to notice another person; the gateway is who checks it.
function subject(token) {
  try {
    return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub || "";
  } catch {
    return token;
  }
}

export async function openAccount(restart) {
  const signed = me.token;
  const done = await dialog(word("account"), (close) => {
    const name = h("input", { value: me.user, maxLength: 128, pattern: "\\S+", required: true, disabled: Boolean(signed), spellcheck: false });
    const token = h("input", { type: "password", value: me.token, maxLength: 8192, autocomplete: "current-password", spellcheck: false });
    const form = h("form", {},
      h("label", { class: "field" }, h("span", {}, word("userName")), name),
      h("p", { class: "hint" }, word("userHint")),
      h("label", { class: "field" }, h("span", {}, word("token")), token),
      h("p", { class: "hint" }, word("tokenHint")),
      h("footer", {}, signed ? button(word("signOut"), () => { me.token = ""; close(true); }) : null, h("button", { class: "solid" }, word("save"))));
    form.onsubmit = (event) => {
      event.preventDefault();
      if (!signed) me.user = name.value.trim();
      me.token = token.value.trim();
      close(true);
    };
    return form;
  }, { kind: "narrow" });
  if (!done) return;
  keep("session", "");
  location.hash = "#/";
  restart();
}
