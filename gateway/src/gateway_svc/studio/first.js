// Before the first paint: which language and which theme?
(() => {
  const kept = (name) => { try { return localStorage.getItem(`photofun.${name}`); } catch { return null; } };
  const root = document.documentElement;
  const asked = kept("language") || (navigator.languages || [navigator.language]).find((each) => /^(vi|en)\b/i.test(each)) || "en";
  root.lang = asked.toLowerCase().startsWith("vi") ? "vi" : "en";
  if (kept("theme")) root.dataset.theme = kept("theme");
})();
