"""Which features are there?  Every module of this folder that declares FEATURE, found by listing it."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from ._base import Feature, FeatureParams

__all__ = ["Feature", "FeatureParams", "by_id", "by_slug", "features"]


@cache
def features() -> tuple[Feature, ...]:
    """All features in the order of their file names.  Raises ValueError when two share an id or a slug."""
    found = [
        importlib.import_module(f"{__name__}.{module.name}").FEATURE
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    ]
    names = [name for feature in found for name in {feature.id, feature.slug, *feature.aliases}]
    if len(names) != len(set(names)):
        raise ValueError("two features share an id, a slug or an alias")
    return tuple(found)


@cache
def _by_id() -> dict[str, Feature]:
    return {feature.id: feature for feature in features()}


@cache
def _by_slug() -> dict[str, Feature]:
    return {slug: feature for feature in features() for slug in (feature.slug, *feature.aliases)}


def by_id(feature_id: str) -> Feature | None:
    """The feature with this id (`remove_background`), or None."""
    return _by_id().get(feature_id)


def by_slug(slug: str) -> Feature | None:
    """The feature with this path segment or alias (`image-generation`), or None."""
    return _by_slug().get(slug)
