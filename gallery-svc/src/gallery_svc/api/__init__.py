"""HTTP in and out: `/v1/gallery`."""

from .images import router as images_router

__all__ = ["routers"]

routers = (images_router,)
