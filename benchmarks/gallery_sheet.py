"""What do the local features look like on real photos?  Writes build/gallery-sheet/index.html and a PNG a feature.

    python benchmarks/gallery_sheet.py [--only relight,adjust] [--photos cat,coffee] [--out DIR]

Every cell is made by the code that the service runs, from encoded bytes to encoded bytes.
"""

from __future__ import annotations

import argparse
import html
import io
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from imaging_svc.engines.local.verbs import perform
from photofun_common.contracts.features import by_slug
from photofun_common.http import validated
from photos import fetch_photos
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
FONT = ROOT / "imaging-svc/src/imaging_svc/engines/local/fonts/DejaVuSans-Bold.ttf"
CELL = 300
Params = dict[str, Any]
STYLE = """<meta charset='utf-8'><title>PhotoFun Studio: every feature on real photos</title><style>
body{font:14px sans-serif}td img{width:280px}td{vertical-align:top;padding:4px}
figure{display:inline-block;width:340px;margin:6px;vertical-align:top}figure img{width:340px}</style>"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the sheet: a feature with parameters, over all photos.  `reference` names the photo it takes as a reference."""

    label: str
    slug: str
    params: Params = field(default_factory=dict)
    reference: str | None = None
    zoom: bool = False


def op(name: str, **values: Any) -> Params:
    return {"op": name, **values}


def adjust(label: str, *operations: Params) -> Row:
    return Row(label, "adjust", {"operations": list(operations)})


QUARTER = "a quarter"
ROWS: dict[str, list[Row]] = {
    "remove-background": [
        Row("transparent", "remove-background"),
        Row("on #2f6fdb", "remove-background", {"background_color": "#2f6fdb"}),
        Row("before the temple", "remove-background", reference="temple"),
        Row("mask", "remove-background", {"mask_only": True}),
    ],
    "upscale": [
        Row("x2, detail", "upscale", {}, zoom=True),
        Row("x4, detail", "upscale", {"scale_factor": 4}, zoom=True),
        Row("x2 sublime", "upscale", {"flavor": "sublime"}, zoom=True),
        Row("x2 photo_denoiser", "upscale", {"flavor": "photo_denoiser"}, zoom=True),
        Row("sharpen 80, ultra detail 80", "upscale", {"sharpen": 80, "ultra_detail": 80}, zoom=True),
        Row("smart grain 80", "upscale", {"smart_grain": 80}, zoom=True),
    ],
    "image-expand": [
        Row("all sides", "image-expand", dict.fromkeys(("left", "right", "top", "bottom"), QUARTER)),
        Row("left only", "image-expand", {"left": QUARTER}),
        Row("right and top", "image-expand", {"right": QUARTER, "top": QUARTER}),
    ],
    "relight": [
        Row("warm light from the left", "relight", {"prompt": "warm light from the left"}),
        Row("ánh sáng xanh lạnh từ bên phải", "relight", {"prompt": "ánh sáng xanh lạnh từ bên phải"}),
        Row("golden hour", "relight", {"prompt": "golden hour"}),
        Row("purple neon from behind", "relight", {"prompt": "purple neon light from behind"}),
        Row("candle from below, 1.0", "relight", {"prompt": "candle light from below", "light_transfer_strength": 1.0}),
        Row("warm left, strength 0.3", "relight", {"prompt": "warm light from the left", "light_transfer_strength": 0.3}),
        Row("dramatic", "relight", {"prompt": "", "style": "dramatic"}),
        Row("soft", "relight", {"prompt": "", "style": "soft"}),
        Row("cinematic", "relight", {"prompt": "", "style": "cinematic"}),
        Row("darker_but_realistic", "relight", {"prompt": "", "style": "darker_but_realistic"}),
        Row("like the rocket photo", "relight", {"prompt": ""}, reference="rocket"),
    ],
    "reimagine": [
        Row("subtle", "reimagine"),
        Row("vivid", "reimagine", {"imagination": "vivid"}),
        Row("wild", "reimagine", {"imagination": "wild"}),
        Row("watercolor", "reimagine", {"prompt": "watercolor", "imagination": "vivid"}),
        Row("tranh sơn dầu", "reimagine", {"prompt": "tranh sơn dầu", "imagination": "vivid"}),
        Row("pencil sketch", "reimagine", {"prompt": "pencil sketch", "imagination": "vivid"}),
        Row("cartoon", "reimagine", {"prompt": "cartoon", "imagination": "vivid"}),
        Row("low poly, wild", "reimagine", {"prompt": "low poly", "imagination": "wild"}),
        Row("neon, wild", "reimagine", {"prompt": "neon", "imagination": "wild"}),
    ],
    "style-transfer": [
        Row("flower, 0.75 / 0.75", "style-transfer", {}, reference="flower"),
        Row("rocket, style 0.3", "style-transfer", {"style_strength": 0.3}, reference="rocket"),
        Row("rocket, style 1", "style-transfer", {"style_strength": 1.0}, reference="rocket"),
        Row("coffee, structure 0.1", "style-transfer", {"structure_strength": 0.1, "style_strength": 1.0}, reference="coffee"),
        Row("coffee, structure 1", "style-transfer", {"structure_strength": 1.0, "style_strength": 1.0}, reference="coffee"),
        Row("portrait, super_pop", "style-transfer", {"is_portrait": True, "portrait_style": "super_pop"}, reference="temple"),
    ],
    "adjust": [
        adjust("brightness +60", op("brightness", amount=60)),
        adjust("brightness -60", op("brightness", amount=-60)),
        adjust("contrast +100", op("contrast", amount=100)),
        adjust("saturation +100", op("saturation", amount=100)),
        adjust("warmth +80", op("warmth", amount=80)),
        adjust("warmth -80", op("warmth", amount=-80)),
        adjust("grayscale", op("grayscale")),
        adjust("sepia", op("sepia")),
        adjust("blur 50", op("blur", amount=50)),
        adjust("blur-background 70", op("blur-background", amount=70)),
        adjust("sharpen 80", op("sharpen", amount=80)),
        adjust("rotate 12", op("rotate", degrees=12)),
        adjust("crop 1:1, round corners", op("crop", aspect_ratio="1:1"), op("round-corners", radius=60)),
        adjust("caption", op("text", text="Chào buổi sáng, Đà Lạt!\nNgười ơi, đường về ở đâu?", position="bottom")),
        adjust("caption, yellow, top left", op("text", text="Ưu đãi 50% Ấ Ẫ Ự Ỹ ợ", position="top-left", color="#ffd400", size=36)),
    ],
}

SCENES: list[tuple[str, str | None, str]] = [
    ("sunset over mountains with a lake", None, "16:9"),
    ("hoàng hôn trên biển, mây hồng", None, "16:9"),
    ("misty pine forest at dawn", None, "3:2"),
    ("rừng thông trong sương sớm", "watercolor", "3:2"),
    ("neon city skyline at night in the rain", None, "21:9"),
    ("thành phố về đêm rực ánh đèn", "anime", "16:9"),
    ("snowy mountains under a starry sky with the milky way", None, "16:9"),
    ("desert dunes at noon", None, "4:3"),
    ("sa mạc lúc hoàng hôn", "oil-painting", "4:3"),
    ("green countryside with rolling hills in spring", None, "16:9"),
    ("cánh đồng lúa chín vàng buổi chiều", None, "16:9"),
    ("autumn forest by a lake, golden light", None, "3:2"),
    ("a storm over the ocean, dark clouds, lightning", None, "16:9"),
    ("biển xanh ngày nắng, bãi cát trắng", None, "16:9"),
    ("nebula and planets in deep space", None, "16:9"),
    ("dải ngân hà, vũ trụ", "digital-art", "1:1"),
    ("aurora borealis over a frozen lake", None, "16:9"),
    ("abstract waves of blue and gold", None, "1:1"),
    ("trừu tượng màu tím và cam", None, "1:1"),
    ("geometric pattern in teal and pink", None, "1:1"),
    ("hình khối hình học màu pastel", None, "1:1"),
    ("smooth gradient from pink to orange", None, "16:9"),
    ("full moon over a quiet sea", None, "9:16"),
    ("trăng tròn trên hồ nước", "watercolor", "9:16"),
    ("mountain lake in morning fog", "sketch", "4:3"),
    ("city street skyline at sunset", "sketch", "3:2"),
    ("cherry blossoms by a river in spring", "anime", "16:9"),
    ("mùa thu lá vàng bên hồ", "oil-painting", "1:1"),
    ("pixel art island with palm trees", "pixel-art", "1:1"),
    ("pixel art city at night", "pixel-art", "16:9"),
    ("low hills and a road, 3d render", "3d", "16:9"),
    ("a 3d snowy village valley", "3d", "1:1"),
    ("rainbow over a meadow after rain", None, "16:9"),
    ("heavy snow in a winter forest at night", None, "2:3"),
    ("a cat sitting on a sofa", None, "1:1"),
    ("một con mèo trên bãi biển lúc hoàng hôn", None, "1:1"),
    ("a dog running in a field of flowers", None, "3:2"),
    ("a portrait of an old man", None, "3:4"),
    ("volcano erupting at night", None, "16:9"),
    ("waterfall in a jungle", None, "3:4"),
    ("vịnh Hạ Long buổi sáng", None, "16:9"),
    ("ruộng bậc thang Sa Pa", None, "3:2"),
    ("tropical beach with turquoise water and palm trees", None, "16:9"),
    ("lavender field under a purple sunset", None, "16:9"),
    ("a lighthouse on a cliff in a storm", None, "3:2"),
    ("red mars landscape", None, "16:9"),
    ("lighthouse, minimal, pastel", "digital-art", "1:1"),
    ("night sky full of stars above the desert", None, "9:16"),
]


def scene_of(prompt: str, style: str | None, ratio: str) -> tuple[bytes, float, str]:
    """A drawn scene as bytes, the seconds it took, what was left out."""
    feature = by_slug("image-generate")
    assert feature is not None
    values = validated(feature.params, {"prompt": prompt, "aspect_ratio": ratio, "styling": {"style": style}}).model_dump(mode="json")
    began = time.perf_counter()
    made, said = perform("image_generation", values, prompt, None, {}, 7, {}, progress=lambda _: None)
    left_out = ", ".join(said.details.get("ignored_terms", []))
    return made[0].data, time.perf_counter() - began, f"left out: {left_out}" if left_out else said.model


def scenes_page(out: Path, made: list[tuple[bytes, float, str]]) -> str:
    """The scenes' PNG, four in a row, and their part of the page."""
    font = ImageFont.truetype(FONT, 13)
    side, columns = 440, 4
    page = Image.new("RGB", (columns * (side + 8), -(-len(made) // columns) * (side * 3 // 4 + 50)), "white")
    draw = ImageDraw.Draw(page)
    parts = ["<h2 id='image-generate'>image-generate</h2><p><a href='image-generate.png'>all as one PNG</a></p>"]
    for number, ((prompt, style, ratio), (data, seconds, said)) in enumerate(zip(SCENES, made, strict=True)):
        at = (number % columns * (side + 8), number // columns * (side * 3 // 4 + 50))
        picture = shown(data, side)
        picture.thumbnail((side, side * 3 // 4))
        page.paste(picture, (at[0], at[1] + 38))
        draw.text((at[0] + 2, at[1] + 2), prompt[:56], fill="black", font=font)
        draw.text((at[0] + 2, at[1] + 20), f"{style or 'no style'}, {ratio}, {seconds:.1f} s, {said}"[:60], fill="#666", font=font)
        file = f"image-generate-{number}.webp"
        shown(data, 1400).save(out / file, quality=85)
        words = html.escape(f"{prompt} ({style or 'no style'}, {ratio}, {said}, {seconds:.1f} s)")
        parts.append(f"<figure><a href='{file}'><img loading='lazy' src='{file}'></a><figcaption>{words}</figcaption></figure>")
    page.save(out / "image-generate.png")
    return "".join(parts)


def cell_of(row: Row, photo: str, photos: dict[str, bytes]) -> tuple[bytes, float, str]:
    """A cell's picture as bytes, the seconds it took, and what there is to say."""
    feature = by_slug(row.slug)
    assert feature is not None
    params = dict(row.params)
    with Image.open(io.BytesIO(photos[photo])) as opened:
        width, height = opened.size
    for side, length in (("left", width), ("right", width), ("top", height), ("bottom", height)):
        if params.get(side) == QUARTER:
            params[side] = length // 4
    values = validated(feature.params, params).model_dump(mode="json")
    references = {feature.references[0]: photos[row.reference]} if row.reference else {}
    source = shrunk(photos[photo]) if row.zoom else photos[photo]
    began = time.perf_counter()
    made, said = perform(row.slug.replace("-", "_"), values, values.get("prompt") or "", source, references, 7, {}, progress=lambda _: None)
    return made[0].data, time.perf_counter() - began, said.model + (f" ({said.degraded})" if said.degraded else "")


def shrunk(data: bytes) -> bytes:
    """The middle of a photo, 150 pixels a side, as PNG: small enough that enlarging shows."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    left, top = (picture.width - 150) // 2, max(0, (picture.height - 150) // 3)
    out = io.BytesIO()
    picture.crop((left, top, left + 150, top + 150)).save(out, "PNG")
    return out.getvalue()


def shown(data: bytes, side: int = CELL) -> Image.Image:
    """A picture as it lies on the page: over a checkerboard, within `side` pixels."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGBA")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    squares = (np.indices((picture.height, picture.width)) // 10).sum(0) % 2
    ground = Image.fromarray(np.where(squares[..., None] == 0, np.uint8(255), np.uint8(205)).repeat(3, 2)).convert("RGBA")
    return Image.alpha_composite(ground, picture).convert("RGB")


def sheet_of(slug: str, names: list[str], cells: dict[tuple[str, str], tuple[bytes, float, str]], photos: dict[str, bytes]) -> Image.Image:
    """One feature's page: a column a photo, the originals on top, a row for each set of parameters."""
    rows = ROWS[slug]
    font = ImageFont.truetype(FONT, 14)
    height = CELL + 26
    page = Image.new("RGB", (len(names) * (CELL + 8), height * (len(rows) + 1)), "white")
    draw = ImageDraw.Draw(page)
    for column, name in enumerate(names):
        original = shrunk(photos[name]) if rows[0].zoom else photos[name]
        stack = [("original: " + name, original, 0.0), *((row.label, *cells[row.label, name][:2]) for row in rows)]
        for line, (label, data, seconds) in enumerate(stack):
            at = (column * (CELL + 8), line * height)
            page.paste(enlarged(data) if rows[0].zoom else shown(data), (at[0], at[1] + 22))
            draw.text((at[0] + 2, at[1] + 3), label + (f"  {seconds:.1f} s" if seconds else ""), fill="black", font=font)
    return page


def enlarged(data: bytes) -> Image.Image:
    """A small picture at cell size by plain doubling, a large one shrunk."""
    picture = shown(data, 4096)
    how = Image.Resampling.BICUBIC if picture.width < CELL else Image.Resampling.LANCZOS
    return picture.resize((CELL, round(CELL * picture.height / picture.width)), how)


def write(out: Path, slug: str, page: Image.Image, cells: dict[tuple[str, str], tuple[bytes, float, str]], names: list[str]) -> str:
    """Keep a feature's PNG and its pictures; answer its part of the page."""
    page.save(out / f"{slug}.png")
    parts = [f"<h2 id='{slug}'>{slug}</h2><p><a href='{slug}.png'>the whole feature as one PNG</a></p><table>"]
    for row in ROWS[slug]:
        parts.append(f"<tr><th>{html.escape(row.label)}</th>")
        for name in names:
            data, seconds, model = cells[row.label, name]
            file = f"{slug}-{ROWS[slug].index(row)}-{name}.webp"
            shown(data, 900).save(out / file, quality=85)
            parts.append(
                f"<td><a href='{file}'><img loading='lazy' src='{file}'></a><br>{name}: {html.escape(model)}, {seconds:.1f} s</td>"
            )
        parts.append("</tr>")
    return "".join([*parts, "</table>"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", default=",".join(["image-generate", *ROWS]), help="features, with commas")
    parser.add_argument("--photos", default="", help="photos, with commas")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "gallery-sheet")
    options = parser.parse_args()
    os.environ.setdefault("IMAGING_WEIGHTS_DIR", str(ROOT / ".weights"))
    photos = fetch_photos(ROOT / "build" / "photos")
    names = [name for name in options.photos.split(",") if name] or list(photos)
    options.out.mkdir(parents=True, exist_ok=True)
    parts = []
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as workers:
        for slug in options.only.split(","):
            if slug == "image-generate":
                drawn = [workers.submit(scene_of, *scene) for scene in SCENES]
                parts.append(scenes_page(options.out, [future.result() for future in drawn]))
                print(f"{slug}: {len(SCENES)} pictures", flush=True)
                continue
            asked = {(row.label, name): workers.submit(cell_of, row, name, photos) for row in ROWS[slug] for name in names}
            cells = {key: future.result() for key, future in asked.items()}
            parts.append(write(options.out, slug, sheet_of(slug, names, cells, photos), cells, names))
            print(f"{slug}: {len(cells)} cells", flush=True)
    (options.out / "index.html").write_text(f"{STYLE}<h1>Every feature on real photos</h1>{''.join(parts)}", encoding="utf-8")
    print(f"look at {options.out / 'index.html'}")


if __name__ == "__main__":
    main()
