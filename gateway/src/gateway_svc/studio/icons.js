// The line drawings, on a grid of 24.
const PATHS = {
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  send: "M12 19V5M6 11l6-6 6 6",
  chat: "M5 5h14a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-8l-5 4v-4H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z",
  tools: "M4 7h9M17 7h3M4 12h3M11 12h9M4 17h7M15 17h5M15 5v4M9 10v4M13 15v4",
  gallery: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.500v.01",
  star: "M12 4l2.5 5.200 5.700.8-4.100 4 1 5.600-5.100-2.700-5.100 2.700 1-5.600-4.100-4 5.700-.8z",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l.8 12h8.400L17 7M10.5 10.500v5.500M13.5 10.500v5.5",
  download: "M12 4v11M7 10.500l5 5 5-5M5 20h14",
  upload: "M12 16V5M7 9.500l5-5 5 5M5 20h14",
  search: "M11 5a6 6 0 1 0 0 12a6 6 0 0 0 0-12zM15.5 15.500L20 20",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M6 12v.01M12 12v.01M18 12v.01",
  edit: "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
  undo: "M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-4",
  retry: "M19 12a7 7 0 1 1-2-5M19 4v4h-4",
  stop: "M8 8h8v8H8z",
  check: "M5 12.500l4.5 4.500L19 7",
  plan: "M5 6l1.5 1.500L9 5M5 12l1.5 1.500L9 11M5 18l1.5 1.500L9 17M12 6.500h8M12 12.500h8M12 18.500h8",
  compare: "M12 4v16M9 8l-4 4 4 4M15 8l4 4-4 4",
  info: "M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16zM12 11v5M12 8v.01",
  left: "M14 6l-6 6 6 6",
  right: "M10 6l6 6-6 6",
  up: "M6 14l6-6 6 6",
  down: "M6 10l6 6 6-6",
  crop: "M7 3v14h14M3 7h14v14",
  rotate: "M19 12a7 7 0 1 1-2-5M19 4v4h-4",
  flip: "M12 4v16M9 7L4 17h5zM15 7l5 10h-5z",
  sun: "M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400",
  moon: "M19 14.500A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.500z",
  auto: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  person: "M12 4.500a3.750 3.750 0 1 0 0 7.500a3.750 3.750 0 0 0 0-7.500zM4.5 20c.8-3.800 3.700-5.5 7.5-5.500s6.700 1.700 7.5 5.5",
  album: "M7 4h10M5 7h14M4 10h16v10H4z",
  camera: "M4 8h3.500l1.5-2.500h6L16.5 8H20v11H4zM12 10a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7z",
  wand: "M5 19L15 9M17 4v4M15 6h4M19 12v3M17.5 13.500h3M9 4v3M7.5 5.500h3",
  cutout: "M12 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6zM6.5 19c.5-3.5 2.5-5 5.5-5s5 1.5 5.5 5M3 6V3h3M18 3h3v3M21 18v3h-3M6 21H3v-3",
  upscale: "M4 13v7h7M20 11V4h-7M4 20l6.5-6.500M20 4l-6.5 6.5",
  reimagine: "M4 8c4 0 4 8 8 8s4-8 8-8M4 16c4 0 4-8 8-8s4 8 8 8",
  expand: "M8 8h8v8H8zM4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4",
  style: "M12 4a8 8 0 1 0 0 16c1.5 0 1.5-1.200 1-2-.6-1.200.2-2.5 1.5-2.500H17a3 3 0 0 0 3-3.500c-.4-4.5-3.800-8-8-8zM8 11v.01M11 7.800v.01M15 8.500v.01",
  words: "M5 6h14M12 6v13M9 19h6",
  zoomin: "M11 5a6 6 0 1 0 0 12a6 6 0 0 0 0-12zM15.5 15.500L20 20M11 8.500v5M8.5 11h5",
  offline: "M4 4l16 16M8.5 14.500a5 5 0 0 1 6 0M5.5 11a9.5 9.5 0 0 1 4-2.200M14.5 9a9.5 9.5 0 0 1 4 2.200M12 18.500v.01",
  filter: "M4 6h16l-6 7v5l-4 2v-7z",
  select: "M5 5h14v14H5zM8.5 12.500l2.5 2.5 5-5.5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  tree: "M12 4v6M12 10H6v5M12 10h6v5M4 15h4v5H4zM16 15h4v5h-4z",
  file: "M6 4h8l4 4v12H6zM14 4v4h4",
};

export function icon(name, { filled = false } = {}) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  if (filled) svg.classList.add("filled");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name] || PATHS.wand);
  svg.append(path);
  return svg;
}

const FEATURES = {
  adjust: "crop", edit: "words", "image-expand": "expand", "image-generate": "wand", reimagine: "reimagine",
  relight: "sun", "remove-background": "cutout", "style-transfer": "style", upscale: "upscale",
};
export const featureIcon = (name) => icon(FEATURES[name] || "wand");
