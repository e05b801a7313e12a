"""HTTP in and out: `/v1/gallery`.  Fixed paths come before `/{image_id}`."""

from .albums import router as albums_router
from .images import router as images_router
from .imports import router as imports_router
from .recipes import router as recipes_router
from .users import router as users_router

__all__ = ["routers"]

routers = (albums_router, recipes_router, imports_router, users_router, images_router)
