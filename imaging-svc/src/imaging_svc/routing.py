"""Which engines may do a feature, in which order?"""

from __future__ import annotations

from photofun_common.contracts.features import Feature, by_id

from .domain import EngineMissingError
from .engines import Engine

__all__ = ["Router", "parse_routing"]


def parse_routing(text: str) -> dict[str, list[str]]:
    """`image-generate=freepik,local;upscale=local` as a table.  Raises ValueError for a line that is none."""
    table: dict[str, list[str]] = {}
    for line in filter(None, (part.strip() for part in text.split(";"))):
        slug, separator, names = line.partition("=")
        if not separator or not names.strip():
            raise ValueError(f"IMAGE_ROUTING: '{line}' is not feature=engine,engine")
        table[slug.strip()] = [name.strip() for name in names.split(",") if name.strip()]
    return table


class Router:
    """The engines there are, and the policy per feature; without one: every remote engine with a key, then local."""

    def __init__(self, engines: list[Engine], table: dict[str, list[str]]) -> None:
        self.engines = {engine.id: engine for engine in engines}
        self._table = table

    def route(self, feature: str) -> list[Engine]:
        """The engines that can do a feature now, in the order to try them."""
        declared = by_id(feature)
        names = self._table.get(declared.slug if declared else feature) or [*(name for name in self.engines if name != "local"), "local"]
        chosen = [self.engines[name] for name in names if name in self.engines]
        return [engine for engine in chosen if feature in engine.features and engine.missing is None]

    def require(self, feature: Feature) -> None:
        """Raises EngineMissingError, which names the settings that would help, when nobody here can do the feature."""
        if not self.route(feature.id):
            keys = sorted({engine.missing for engine in self.engines.values() if feature.id in engine.features and engine.missing})
            raise EngineMissingError(
                f"'{feature.title}' needs an engine that edits by instruction: set {' or '.join(keys) or 'a provider key'}. "
                "Without one, background removal, upscaling, relighting, expanding, styles and adjustments work.",
                settings=keys,
            )
