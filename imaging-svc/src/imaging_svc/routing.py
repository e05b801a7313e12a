"""Which engines may do a feature, in which order?"""

from __future__ import annotations

from photofun_common.contracts.features import Feature, by_id, by_slug, features
from photofun_common.contracts.values import ENGINE_NAMES

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
        feature = by_slug(slug.strip())
        if feature is None:
            raise ValueError(f"IMAGE_ROUTING: there is no feature '{slug.strip()}'")
        chosen = [name.strip() for name in names.split(",") if name.strip()]
        if unknown := [name for name in chosen if name not in ENGINE_NAMES]:
            raise ValueError(f"IMAGE_ROUTING: there is no engine '{unknown[0]}', there are {', '.join(ENGINE_NAMES)}")
        table[feature.slug] = chosen
    return table


class Router:
    """The engines there are, and the policy per feature; without one: every remote engine with a key, then local."""

    def __init__(self, engines: list[Engine], table: dict[str, list[str]]) -> None:
        self.engines = {engine.id: engine for engine in engines}
        self._table = table

    def route(self, feature: str, model: str | None = None) -> list[Engine]:
        """The engines that can do a feature now, in the order to try them; one that `model` names comes first."""
        declared = by_id(feature)
        names = self._table.get(declared.slug if declared else feature) or [*(name for name in self.engines if name != "local"), "local"]
        chosen = [self.engines[name] for name in names if name in self.engines]
        able = [engine for engine in chosen if feature in engine.features and engine.missing is None]
        return sorted(able, key=lambda engine: not _is_meant(engine, model)) if model else able

    def require(self, feature: Feature, *, language: str | None = None) -> None:
        """Raises EngineMissingError, which names the settings that would help, when nobody here can do the feature."""
        if self.route(feature.id):
            return
        keys = sorted({engine.missing for engine in self.engines.values() if feature.id in engine.features and engine.missing})
        offers = [other for other in features() if other.needs_picture and self.route(other.id)]
        raise EngineMissingError(
            _missing_text(feature, keys, offers, vietnamese=language == "vi"),
            settings=keys,
            offers=[
                {"feature": other.slug, "label": other.title_vi if language == "vi" else other.title, "message": _example(other, language)}
                for other in offers
            ],
        )


def _is_meant(engine: Engine, model: str) -> bool:
    """`photofun-gemini`, `gemini` or one of the engine's models."""
    return model in (engine.id, f"photofun-{engine.id}") or any(model == name or model.startswith(f"{name}/") for name in engine.models)


def _example(feature: Feature, language: str | None) -> str:
    return (feature.examples_vi if language == "vi" else feature.examples)[0]


def _missing_text(feature: Feature, keys: list[str], offers: list[Feature], *, vietnamese: bool) -> str:
    if vietnamese:
        names = ", ".join(other.title_vi.lower() for other in offers)
        return (
            f"“{feature.title_vi}” cần một engine biết sửa ảnh theo lời: hãy đặt {' hoặc '.join(keys) or 'khóa của một nhà cung cấp'}. "
            f"Không có khóa, studio vẫn làm được: {names}."
        )
    names = ", ".join(other.title.lower() for other in offers)
    return (
        f"'{feature.title}' needs an engine that edits by instruction: set {' or '.join(keys) or 'a provider key'}. "
        f"Without one the studio can still do this: {names}."
    )
