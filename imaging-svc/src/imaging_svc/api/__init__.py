"""HTTP in and out: features, files, jobs, webhooks, and images as OpenAI's clients know them."""

from .features import router as features_router
from .files import router as files_router
from .jobs import router as jobs_router
from .openai import router as openai_router
from .webhooks import router as webhooks_router

__all__ = ["routers"]

routers = (features_router, files_router, jobs_router, openai_router, webhooks_router)
