"""How does a picture become a painting?  Reimagining with painterly filters, and the style of another picture."""

from .reimagine import reimagine
from .transfer import style_transfer

__all__ = ["reimagine", "style_transfer"]
