// How large will a step's result be?  So that a placeholder has the ratio of what comes.
const seen = new Map();
const key = (url) => (url ? new URL(url, location.href).pathname.split("/").pop() : "");

export const note = (url, width, height) => { if (url && width && height) seen.set(key(url), { width, height }); };
// From a thumbnail only the ratio is learnt.
export const noteRatio = (url, width, height) => { if (url && !seen.has(key(url)) && width && height) seen.set(key(url), { width: 2000, height: (2000 * height) / width }); };
export const shapeOf = (url) => seen.get(key(url)) || null;

const fromRatio = (text, { width, height }) => {
  const [across, down] = text.split(":").map(Number);
  return across / down > width / height ? { width, height: (width * down) / across } : { width: (height * across) / down, height };
};
const ofArea = (text, area = 1024 * 1024) => {
  const [across, down] = text.split(":").map(Number);
  return { width: Math.sqrt((area * across) / down), height: Math.sqrt((area * down) / across) };
};

function adjusted(operation, { width, height }) {
  switch (operation.op) {
    case "crop":
      if (operation.aspect_ratio) return fromRatio(operation.aspect_ratio, { width, height });
      return {
        width: Math.min(operation.width || width, width - (operation.x || 0)),
        height: Math.min(operation.height || height, height - (operation.y || 0)),
      };
    case "rotate": {
      const turn = (operation.degrees * Math.PI) / 180;
      const [cos, sin] = [Math.abs(Math.cos(turn)), Math.abs(Math.sin(turn))];
      return { width: width * cos + height * sin, height: width * sin + height * cos };
    }
    case "resize": {
      const wide = operation.width || (width * operation.height) / height;
      return { width: wide, height: operation.height || (height * wide) / width };
    }
    default:
      return { width, height };
  }
}

// The {width, height} after `steps` of {feature, params}, from `source` (null when not known).
export function shapeAfter(steps, source) {
  let shape = source;
  for (const { feature, params = {} } of steps) {
    if (feature === "image_generation") {
      const [width, height] = (params.size || "").split("x").map(Number);
      shape = width && height ? { width, height } : ofArea(params.aspect_ratio || "1:1");
    }
    if (!shape) continue;
    if (feature === "reimagine" && params.aspect_ratio) shape = ofArea(params.aspect_ratio);
    if (feature === "upscale") shape = { width: shape.width * (params.scale_factor || 2), height: shape.height * (params.scale_factor || 2) };
    if (feature === "image_expand") {
      const side = (name) => Number(params[name]) || 0;
      shape = { width: shape.width + side("left") + side("right"), height: shape.height + side("top") + side("bottom") };
    }
    if (feature === "adjust") for (const operation of params.operations || []) shape = adjusted(operation, shape);
  }
  return shape;
}

export const isSameRatio = (one, other) => Boolean(one && other) && Math.abs((one.width / one.height) / (other.width / other.height) - 1) < 0.02;

// Gives a frame the room of `shape` before anything is in it.
export function reserve(frame, shape) {
  const { width, height } = shape || { width: 4, height: 3 };
  frame.style.setProperty("--ratio", String(Math.min(8, Math.max(0.2, width / height))));
  frame.style.setProperty("--wide", shape && shape.width < 640 ? `${Math.max(220, Math.round(shape.width))}px` : "640px");
}
