"""What does the studio say?  The answer in words, English or Vietnamese, from what is known of it by now."""

# ruff: noqa: E501 - sentences read best a sentence a line
from __future__ import annotations

import re
from typing import Any

from photofun_common.contracts.prompt import Choice, PlannedStep
from photofun_common.contracts.values import ProblemData
from photofun_common.told import told_plan, told_step

from .domain import Turn

__all__ = ["choices_of", "content_of", "language_of", "say"]

_VIETNAMESE = re.compile("[ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ]", re.IGNORECASE)

_WORDS = {
    "done": ("Done: {steps}.", "Xong: {steps}."),
    "drawn": ("Here is your picture.", "Ảnh của bạn đây."),
    "drawn_many": ("Here are your pictures.", "Những bức ảnh của bạn đây."),
    "undrawn": (
        "The local engine could not draw: {terms}. A key such as GEMINI_API_KEY connects an engine that can.",
        "Engine cục bộ chưa vẽ được: {terms}. Đặt một khóa như GEMINI_API_KEY để dùng engine vẽ được."),
    "awaiting": ("Here is the plan:\n{steps}\nApprove it and I will start.", "Đây là kế hoạch:\n{steps}\nBạn duyệt thì mình bắt đầu nhé."),
    "failed": ("That did not work: {detail}", "Chưa làm được: {detail}"),
    "failed_partly": (
        "Done: {steps}. The next step did not work: {detail} What was made before is kept.",
        "Đã xong: {steps}. Bước tiếp theo chưa làm được: {detail} Những gì đã làm vẫn được giữ."),
    "canceled": ("Canceled.", "Đã hủy."),
    "first": ("This is the first picture already, so we stay here.", "Đây đã là bức ảnh đầu tiên rồi, nên mình giữ nguyên."),
    "newest": ("This is the newest picture already, so we stay here.", "Đây đã là bức ảnh mới nhất rồi, nên mình giữ nguyên."),
    "too_far": (
        "There is no picture number {wanted}: this conversation has {count}.",
        "Không có bức ảnh số {wanted}: cuộc trò chuyện này có {count} ảnh."),
    "no_pictures": (
        "There is no picture to go back to yet. Send one, or tell me what to create.",
        "Chưa có bức ảnh nào để quay lại. Bạn gửi một ảnh, hoặc cho mình biết cần tạo gì nhé.",
    ),
    "moved_to": ("Done: back to picture {number} of {count}.", "Xong: đang ở ảnh số {number} trong {count} ảnh."),
    "moved": ("Done: this is the current picture now.", "Xong: đây là bức ảnh hiện tại."),
}  # fmt: skip

# what a person can do about it, said for the problems that a conversation meets; any other speaks for itself
_PROBLEMS = {
    "needs-image": ("I need a picture for that. Send one, or tell me what to draw.", "Việc này cần một bức ảnh. Bạn gửi ảnh, hoặc bảo mình vẽ gì trước nhé."),
    "needs-reference": (
        "I need a second picture as the reference. Send it along, or name a style.",
        "Việc này cần thêm một ảnh mẫu. Bạn gửi kèm ảnh mẫu, hoặc nói tên phong cách nhé."),
    "moderation-blocked": ("The content rules refuse this. Say it in other words, please.", "Nội dung này bị quy định từ chối. Bạn nói cách khác giúp mình nhé."),
    "unsafe-url": ("I may not open that address. Send the picture itself.", "Mình không được mở địa chỉ đó. Bạn gửi thẳng bức ảnh nhé."),
    "image-url-unreachable": ("I can't fetch the picture from that address. Send the picture itself.", "Mình không tải được ảnh từ địa chỉ đó. Bạn gửi thẳng bức ảnh nhé."),
    "unsupported-image": ("I can't read this kind of file. JPEG, PNG and WebP work.", "Mình không đọc được loại tệp này. JPEG, PNG và WebP thì được."),
    "image-undecodable": ("This file is damaged, or no picture. Try another one.", "Tệp này bị hỏng hoặc không phải ảnh. Bạn thử ảnh khác nhé."),
    "image-too-large": ("The picture has too many pixels. Send a smaller one.", "Ảnh có quá nhiều điểm ảnh. Bạn gửi ảnh nhỏ hơn nhé."),
    "deadline-exceeded": ("It took too long and was stopped. Try again.", "Việc này mất quá nhiều thời gian nên đã dừng. Bạn thử lại nhé."),
    "provider-rate-limited": ("The engine is asked too much just now. Try again in a moment.", "Engine đang quá tải. Bạn thử lại sau ít phút nhé."),
    "provider-unavailable": ("The engine can't be reached just now. Try again in a moment.", "Hiện không kết nối được engine. Bạn thử lại sau ít phút nhé."),
    "provider-failed": ("The engine failed. Try again.", "Engine gặp lỗi. Bạn thử lại nhé."),
    "planning-failed": ("I could not work out this message. Say it in other words.", "Mình chưa hiểu được tin nhắn này. Bạn nói cách khác nhé."),
    "worker-lost": ("The work was interrupted. Try again.", "Công việc bị gián đoạn. Bạn thử lại nhé."),
    "internal-error": ("Something went wrong on our side. Try again.", "Bên mình gặp trục trặc. Bạn thử lại nhé."),
}  # fmt: skip


def say(what: str, language: str, **values: Any) -> str:
    english, vietnamese = _WORDS[what]
    return (vietnamese if language == "vi" else english).format(**values)


def language_of(turn: Turn) -> str:
    """The planner's word, else a look at the letters."""
    return turn.language or ("vi" if _VIETNAMESE.search(turn.text) else "en")


def content_of(turn: Turn) -> str:
    """The answer in words: it does not matter which event came first."""
    language = language_of(turn)
    if turn.status == "PROCESSING":
        return ""
    if turn.status == "AWAITING_APPROVAL":
        lines = "\n".join(f"{number}. {told_step(step, language)}" for number, step in enumerate(turn.plan, 1))
        return say("awaiting", language, steps=lines)
    if turn.status == "CANCELED":
        return say("canceled", language)
    if turn.status == "FAILED":
        detail = _detail(turn.problem, language)
        if done := _finished(turn):
            return say("failed_partly", language, steps=told_plan(done, language), detail=detail).strip()
        return say("failed", language, detail=detail).strip()
    if turn.intent in ("chat", "clarify", "undo"):
        return turn.reply or (say("moved", language) if turn.intent == "undo" else "")
    return _done(turn, language)


def choices_of(turn: Turn) -> list[Choice]:
    """The buttons below the answer: what a question offers, or what a failed message's problem offers instead."""
    if turn.choices or turn.problem is None or turn.status != "FAILED":
        return list(turn.choices)
    offers = turn.problem.extra.get("offers") or []
    return [Choice(label=str(one["label"]), message=str(one["message"])) for one in offers if {"label", "message"} <= one.keys()]


def _done(turn: Turn, language: str) -> str:
    last = max((picture.step for picture in turn.results), default=0)
    many = sum(picture.step == last for picture in turn.results) > 1
    is_drawn = not turn.plan or (len(turn.plan) == 1 and turn.plan[0].feature == "image_generation")
    words = say("drawn_many" if many else "drawn", language) if is_drawn else say("done", language, steps=told_plan(turn.plan, language))
    undrawn = ((turn.image or {}).get("extra") or {}).get("ignored_terms") or []
    return f"{words} {say('undrawn', language, terms=', '.join(map(str, undrawn[:6])))}" if undrawn else words


def _finished(turn: Turn) -> list[PlannedStep]:
    made = {picture.step for picture in turn.results}
    return [step for index, step in enumerate(turn.plan) if index in made]


def _detail(problem: ProblemData | None, language: str) -> str:
    if problem is None:
        return ""
    english, vietnamese = _PROBLEMS.get(problem.slug, (problem.detail or "", problem.detail or ""))
    return vietnamese if language == "vi" else english
