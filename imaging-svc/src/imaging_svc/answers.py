"""What does imaging-svc answer over the bus?  Questions by subject, and who answers them."""

from __future__ import annotations

from photofun_common.bus import RpcHandler, answering
from photofun_common.contracts.files import Keys, PrefixQuestion
from photofun_common.contracts.imaging import KeepQuestion

from .service import ImagingService

__all__ = ["answers_of"]


def answers_of(service: ImagingService) -> dict[str, RpcHandler]:
    """Every question this service answers."""
    return {
        "rpc.imaging.keep": answering(KeepQuestion, service.sources.keep),
        "rpc.imaging.files": answering(PrefixQuestion, service.files.listed),
        "rpc.imaging.missing_files": answering(Keys, service.files.missing),
        "rpc.imaging.remove_files": answering(Keys, service.files.removed),
    }
