"""What does the gallery answer over the bus?  Questions by subject, and who answers them."""

from __future__ import annotations

from photofun_common.bus import RpcHandler, answering
from photofun_common.contracts.files import AfterQuestion, Keys

from .service import Services

__all__ = ["answers_of"]


def answers_of(services: Services) -> dict[str, RpcHandler]:
    """Every question this service answers."""
    return {
        "rpc.gallery.known_files": answering(Keys, services.upkeep.known_files),
        "rpc.gallery.files": answering(AfterQuestion, services.upkeep.files),
        "rpc.gallery.forget_files": answering(Keys, services.upkeep.forget_files),
    }
