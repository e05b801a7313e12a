"""A typed client of PhotoFun Studio, blocking and for asyncio.

with PhotoFun("http://localhost:9999", user_id="ana") as studio:
    session = studio.create_session()
    sent = studio.send_message(session["session_id"], content="Create a sunset over mountains, 16:9")
    done = studio.wait_for_message(session["session_id"], sent["message_id"])
    picture = studio.download(done["image_url"])
"""

from .client import AsyncPhotoFun, PhotoFun
from .transport import Event, ProblemError

__all__ = ["AsyncPhotoFun", "Event", "PhotoFun", "ProblemError"]
