"""Where can a stored picture be read?  Its URL: plain in open mode, signed and expiring in required mode."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from urllib.parse import parse_qs, urlsplit

__all__ = ["KEY_PATTERN", "FileUrls"]

KEY_PATTERN = re.compile(r"^[a-z0-9]{32,64}\.(png|jpg|webp)$")
_PATH = re.compile(r"^/(?:api/)?v1/files/([a-z0-9]{32,64}\.(?:png|jpg|webp))/?$")


class FileUrls:
    """Makes and reads `/v1/files/{key}` URLs.  `expires_in` seconds is how long a signed one lives."""

    def __init__(self, public_url: str, secret: str, *, signed: bool, expires_in: int = 3600) -> None:
        self._base = public_url.rstrip("/")
        self._secret = secret.encode()
        self._signed = signed
        self._expires_in = expires_in

    def url(self, key: str) -> str:
        """The URL of a stored file.  A signed one is stable for a quarter of its life, so that caches can work."""
        if not self._signed:
            return f"{self._base}/v1/files/{key}"
        slot = max(1, self._expires_in // 4)
        expires = (int(time.time()) // slot + 1) * slot + self._expires_in
        return f"{self._base}/v1/files/{key}?expires={expires}&signature={self._sign(key, expires)}"

    def key_of(self, url: str) -> str | None:
        """The key when this is one of the studio's own file URLs, whoever's gateway it names; else None."""
        try:
            found = _PATH.match(urlsplit(url).path)
        except ValueError:
            return None
        return found.group(1) if found else None

    def is_ours(self, url: str) -> bool:
        """Whether the URL points at the studio itself (any path of it)."""
        try:
            return urlsplit(url).netloc.lower() == urlsplit(self._base).netloc.lower()
        except ValueError:
            return False

    def is_readable(self, key: str, expires: str | None, signature: str | None) -> bool:
        """Whether this URL opens this file now."""
        if not self._signed:
            return True
        if not expires or not signature or not expires.isascii() or not expires.isdigit() or len(expires) > 12:
            return False
        return int(expires) >= time.time() and hmac.compare_digest(signature.encode(), self._sign(key, int(expires)).encode())

    def is_signed_url(self, url: str) -> bool:
        """Whether a whole URL of ours carries a valid signature (always true in open mode)."""
        key, query = self.key_of(url), parse_qs(urlsplit(url).query)
        return key is not None and self.is_readable(key, query.get("expires", [None])[0], query.get("signature", [None])[0])

    def _sign(self, key: str, expires: int) -> str:
        return hmac.new(self._secret, f"{key}|{expires}".encode(), hashlib.sha256).hexdigest()[:40]
