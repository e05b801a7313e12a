"""Where is a Chromium that the tests can drive?  `python tests/e2e/browser/chromium.py` brings one when there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_PLACES = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")
_DEBIAN = ("chromium", "fonts-inter", "fonts-dejavu-core", "fonts-noto-color-emoji")
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server")


def find() -> str | None:
    """The browser's path: `CHROMIUM`, one on PATH, an application on a Mac, or Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return named
    on_path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    return on_path or next((place for place in (*_PLACES, _playwrights()) if place and Path(place).is_file()), None)


def _playwrights() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def bring() -> None:
    """Install one: from the distribution on Debian and Ubuntu, else Playwright's own build.  Raises CalledProcessError."""
    if shutil.which("apt-get") and (os.geteuid() == 0 or shutil.which("sudo")):
        rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
        subprocess.run([*rights, "apt-get", "update", "-qq"], check=True)
        install = [*rights, "apt-get", "install", "-qq", "-y", "--no-install-recommends", *_DEBIAN]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    if find() is None:
        print("Installing Chromium for the tests of the studio page", flush=True)
        bring()
    print(find())
