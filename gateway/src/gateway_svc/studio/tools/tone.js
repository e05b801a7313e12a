// The everyday edits as the studio computes them, on a canvas: what is seen is what will be made.
const LUMA = [0.299, 0.587, 0.114];
const SEPIA = [0.393, 0.769, 0.189, 0.349, 0.686, 0.168, 0.272, 0.534, 0.131];
const ramp = (curve) => Uint8ClampedArray.from({ length: 256 }, (_, at) => curve(at / 255) * 255);

const CURVES = {
  brightness: (share) => { const power = 1 + 1.3 * Math.abs(share); return [share > 0 ? (x) => 1 - (1 - x) ** power : (x) => x ** power]; },
  contrast: (share) => {
    if (share <= 0) return [(x) => 0.5 + (x - 0.5) * (1 + 0.75 * share)];
    const steep = 5 * share;
    return [(x) => 0.5 + Math.tanh(steep * (x - 0.5)) / (2 * Math.tanh(steep / 2))];
  },
  warmth: (share) => {
    const [gain, loss] = [1 + 0.45 * Math.abs(share), 1 - 0.3 * Math.abs(share)];
    const more = (x) => (gain * x) / (1 + (gain - 1) * x);
    const less = (x) => loss * x;
    const green = (x) => x * (1 - 0.03 * Math.abs(share));
    return share > 0 ? [more, green, less] : [less, green, more];
  },
};

const matrixOf = ({ op, amount = 0 }) => {
  if (op === "sepia") return SEPIA;
  if (op === "grayscale") return [...LUMA, ...LUMA, ...LUMA];
  const share = amount / 100;
  const factor = 1 + share * (share > 0 ? 1.2 : 1);
  return [0, 1, 2].flatMap((row) => LUMA.map((weight, column) => (1 - factor) * weight + (row === column ? factor : 0)));
};

// Runs the operations that work pixel by pixel on `data` (RGBA bytes) in place.
export function tone(data, operations) {
  for (const operation of operations) {
    const { op, amount = 0 } = operation;
    if (CURVES[op] && amount) {
      const curves = CURVES[op](amount / 100).map(ramp);
      const [red, green, blue] = curves.length === 1 ? [curves[0], curves[0], curves[0]] : curves;
      for (let at = 0; at < data.length; at += 4) {
        data[at] = red[data[at]];
        data[at + 1] = green[data[at + 1]];
        data[at + 2] = blue[data[at + 2]];
      }
    } else if (op === "grayscale" || op === "sepia" || (op === "saturation" && amount)) {
      const m = matrixOf(operation);
      for (let at = 0; at < data.length; at += 4) {
        const [r, g, b] = [data[at], data[at + 1], data[at + 2]];
        data[at] = m[0] * r + m[1] * g + m[2] * b;
        data[at + 1] = m[3] * r + m[4] * g + m[5] * b;
        data[at + 2] = m[6] * r + m[7] * g + m[8] * b;
      }
    } else if (op === "sharpen" && amount) sharpen(data, operation);
  }
}

// An unsharp mask over the nearest neighbours: close to what the studio does, at preview size.
function sharpen(data, { amount, width }) {
  if (!width) return;
  const share = (1.1 * amount) / 100;
  const before = new Uint8ClampedArray(data);
  const row = width * 4;
  for (let at = row + 4; at < data.length - row - 4; at += 4) {
    for (let channel = at; channel < at + 3; channel += 1) {
      const around = (before[channel - 4] + before[channel + 4] + before[channel - row] + before[channel + row]) / 4;
      data[channel] = before[channel] + share * (before[channel] - around);
    }
  }
}

// Draws `image` turned and flipped, cut to `box` (shares of the turned picture), toned, blurred, captioned, rounded.
// `view`: {turn: 0|1|2|3 quarters, flipX, flipY, box, tones, blur, caption, radius (share)}; `most` is the longest side in pixels.
export function paint(canvas, image, view, most) {
  const isTurned = view.turn % 2 === 1;
  const [wide, high] = isTurned ? [image.naturalHeight, image.naturalWidth] : [image.naturalWidth, image.naturalHeight];
  const box = view.box || { x: 0, y: 0, width: 1, height: 1 };
  const scale = Math.min(1, most / Math.max(wide * box.width, high * box.height));
  canvas.width = Math.max(1, Math.round(wide * box.width * scale));
  canvas.height = Math.max(1, Math.round(high * box.height * scale));
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  ink.save();
  if (view.blur) ink.filter = `blur(${0.018 * (view.blur / 100) * Math.sqrt(canvas.width * canvas.height)}px)`;
  ink.translate(-box.x * wide * scale, -box.y * high * scale);
  ink.translate((wide * scale) / 2, (high * scale) / 2);
  ink.scale(view.flipX ? -1 : 1, view.flipY ? -1 : 1);
  ink.rotate((view.turn * Math.PI) / 2);
  const [across, down] = [image.naturalWidth * scale, image.naturalHeight * scale];
  ink.drawImage(image, -across / 2, -down / 2, across, down);
  ink.restore();
  const tones = view.tones.map((each) => (each.op === "sharpen" ? { ...each, width: canvas.width } : each));
  if (tones.length) {
    const pixels = ink.getImageData(0, 0, canvas.width, canvas.height);
    tone(pixels.data, tones);
    ink.putImageData(pixels, 0, 0);
  }
  if (view.caption?.text) caption(ink, canvas, view.caption);
  if (view.radius) {
    const radius = (view.radius * Math.min(canvas.width, canvas.height)) / 2;
    ink.globalCompositeOperation = "destination-in";
    ink.beginPath();
    ink.roundRect(0, 0, canvas.width, canvas.height, radius);
    ink.fill();
    ink.globalCompositeOperation = "source-over";
  }
}

function caption(ink, canvas, { text, position = "bottom", color = "#ffffff", share = 1 / 15 }) {
  const size = Math.max(9, Math.min(canvas.width, canvas.height) * share);
  const margin = size * 0.8;
  ink.font = `600 ${size}px "DejaVu Sans", Inter, system-ui, sans-serif`;
  ink.textAlign = position.includes("left") ? "left" : position.includes("right") ? "right" : "center";
  ink.textBaseline = "middle";
  const lines = [];
  for (const word of text.split(/\s+/)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && ink.measureText(longer).width <= canvas.width - 2 * margin) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const x = { left: margin, right: canvas.width - margin, center: canvas.width / 2 }[ink.textAlign];
  const high = lines.length * size * 1.25;
  const top = position.includes("top") ? margin : position === "center" ? (canvas.height - high) / 2 : canvas.height - margin - high;
  lines.forEach((line, at) => {
    const y = top + (at + 0.5) * size * 1.25;
    ink.lineWidth = size / 7;
    ink.lineJoin = "round";
    ink.strokeStyle = "#000000b0";
    ink.strokeText(line, x, y);
    ink.fillStyle = color;
    ink.fillText(line, x, y);
  });
}
