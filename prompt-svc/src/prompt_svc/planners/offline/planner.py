"""How do words become a plan here?  Undo, follow-ups, clauses and their rules, small talk, then the classifier, then a question."""

# ruff: noqa: E501 - phrases and instructions stand as they are said
from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

from photofun_common.contracts.conversation import SessionPicture
from photofun_common.contracts.features import by_id, features
from photofun_common.contracts.prompt import UndoTarget
from photofun_common.contracts.values import PictureRef

from ...domain import Ask, Plan, valid_step, valid_steps
from . import clauses, followups, prompts, references, regenerating, slots, talk
from .classifier import Classifier
from .rules import Facts, Found, bare_color, generated, read_clause, without_politeness
from .rules.background import is_backdrop
from .rules.edit import OBJECT_COLOR
from .text import Words, language_of, read

__all__ = ["OfflinePlanner"]

_SURE = 0.5
_CERTAIN = 0.95
_CONTRADICTS = 0.8
_NEGATED = re.compile(
    r"^(?:please |no |oh |actually )*(?:don'?t|do not|dont|never|stop|not yet|no need to|dung|dung co|khoan|khong can|khong muon|thoi dung|thoi khong)\b(?! (?:worry|forget))"
)
_LONGEST = 4000
_READ = 700
_SHORT = 240


class OfflinePlanner:
    """The planner that is always there."""

    def __init__(self, classifier: Classifier | None = None) -> None:
        self._classifier = classifier or Classifier()

    async def plan(self, ask: Ask) -> Plan:
        head, tail = _parts(ask.text[:_LONGEST])
        words = read(head)
        language = ask.lang if ask.lang in ("en", "vi") else self.language(words, ask)
        is_short = len(head) <= _SHORT  # what takes longer to read must not hold the loop
        found = self._known(words, ask, language) if is_short else await asyncio.to_thread(self._known, words, ask, language)
        if found is None:
            found = await asyncio.to_thread(self._guessed, words, ask, language)
        elif found.confidence < _CERTAIN and len(found.steps) == 1 and not found.is_follow_up:
            found = await asyncio.to_thread(self._second_opinion, found, words, ask, language)
        return _with_tail(found, tail) if tail else found

    async def refine(self, ask: Ask) -> Plan:
        """Only the words: what an image engine is told."""
        words = read(ask.text[:_LONGEST])
        language = ask.lang if ask.lang in ("en", "vi") else language_of(words)
        text = prompts.refined(words, language=language, style=ask.style, topic=ask.topic) if ask.refine else words.raw
        return Plan("image_generation", 0.9, language, refined_prompt=text, keywords=prompts.keywords_of(words.raw))

    def warm(self) -> None:
        """Read the declared examples once, so that the first person does not wait for patterns to compile."""
        for feature in features():
            for phrase in (*feature.examples, *feature.examples_vi):
                self._known(read(phrase), Ask(phrase, has_picture=True), "en")

    def language(self, words: Words, ask: Ask) -> str:
        """The message's language; a message too short to tell goes with the one before."""
        found = language_of(words)
        if (
            found == "en"
            and len(words.key.split()) <= 2
            and words.raw.isascii()
            and (before := [entry for entry in ask.history if entry.role == "user"])
        ):
            told = language_of(read(before[-1].content[:400]))
            known = re.search(r"\b(?:undo|more|less|again|hi|hello|thanks|bigger|brighter|darker|warmer|help)\b", words.key)
            return told if not known else found
        return found

    # --- known by rules

    def _known(self, words: Words, ask: Ask, language: str) -> Plan | None:
        facts = _facts(ask)
        if not words.key.strip():
            return self._talk("chat", words, language)
        if target := references.undo_of(words):
            return self._undo(target, ask, language)
        said = talk.small_talk(words)
        if said and said.kind in ("injection", "help", "who", "off-topic", "other-media"):
            return self._talk(said.kind, words, language)
        if (failed := followups.failed_plan(ask.history)) and followups.is_again(words):
            return self._planned([Found(step.feature, step.params) for step in failed], words, ask, language, None, None)
        follow = followups.follow_up(words, ask.history, facts) or regenerating.regenerated(words, ask.history)
        if follow is not None:
            return self._followed(follow, words, ask, language)
        if _NEGATED.match(words.key) and not re.search(r"[,;.]|\b(?:but|nhung|just|ma)\b", words.key):
            return self._talk("stop", words, language)
        if said and said.kind in ("question", "price") and talk.is_how_to(words):
            return self._talk(said.kind, words, language)
        if said and said.kind in ("thanks", "greeting", "how", "bye", "praise", "sorry", "bad", "joke", "stop"):
            greets = ask.has_own_picture and said.kind in ("greeting", "how")
            return self._talk("picture" if greets else said.kind, words, language)
        if steps := _forced(words, _facts(ask)):
            return self._planned(steps, words, ask, language, None, None)
        named = self._named(words, ask)
        if isinstance(named, Plan):
            return replace(named, language=language, reply=talk.clarify_reply(language, why="picture"))
        bare, picture, reference = named
        if step := clauses.about_it(bare):
            return self._planned([step], words, ask, language, picture, reference)
        facts = replace(facts, has_reference=facts.has_reference or reference is not None)
        steps = self._steps(bare, facts)
        if steps and not (talk.is_vague(words) and all(step.feature == "edit" for step in steps) and not OBJECT_COLOR.match(words.key)):
            return self._planned(steps, words, ask, language, picture, reference)
        if followups.hangs_in_the_air(words) and not followups.last_plan(ask.history):
            return Plan("clarify", 0.9, language, reply=talk.clarify_reply(language, why="follow"), choices=talk.improvements(language))
        if talk.is_vague(words):
            return Plan("clarify", 0.9, language, reply=talk.clarify_reply(language, why="vague"), choices=talk.improvements(language))
        if said:
            return self._talk(said.kind, words, language)
        if described := self._described(words, ask):
            return self._planned([described], words, ask, language, picture, reference)
        return None

    def _steps(self, words: Words, facts: Facts) -> list[Found]:
        """What the clauses ask for.  A bare colour after a cut-out is the new background's, a bare value repeats the verb before."""
        steps: list[Found] = []
        before: Words | None = None
        for clause in clauses.split(words, facts):
            if _NEGATED.match(clause.key) or (steps and clauses.restates(clause)):
                continue
            found = read_clause(clause, facts)
            color = bare_color(without_politeness(clause).key)
            if color and steps and steps[-1].feature == "remove_background" and (found is None or found.feature == "edit"):
                found = Found("remove_background", {"background_color": color})
            if found is None and before is not None and (whole := clauses.completed(clause, before)):
                found = read_clause(whole, facts)
            if found is not None:
                steps.append(found)
                before = clause
        return steps

    def _named(self, words: Words, ask: Ask) -> tuple[Words, PictureRef | None, PictureRef | None] | Plan:
        """Earlier pictures that the words name: the words without them, the picture to edit and the reference."""
        current = next((picture.position for picture in ask.pictures if picture.current), len(ask.pictures) or None)
        found = references.mentioned(words.key, current=current)
        if not found or not ask.pictures or (ask.has_reference and is_backdrop(words.key)):
            return words, None, None
        refs = [_picture_at(ask.pictures, one.position) for one in found[:2]]
        if refs[0] is None:
            return Plan("clarify", 0.6, "en")
        if len(refs) == 1 and is_backdrop(words.key):
            return words, None, refs[0].ref
        transfers = re.search(r"\b(?:style|like|phong cach|giong|theo|match|colors?|mau sac)\b", words.key)
        if len(refs) == 2 and transfers and refs[1] is not None:
            after = re.search(r"\b(?:like|of|from|theo|giong|cua)\b", words.key[: found[1].start + 4])
            first, second = (refs[0], refs[1]) if after else (refs[1], refs[0])
            return words, first.ref, second.ref
        if transfers and re.search(
            r"\b(?:style|phong cach)\b[\w\s]{0,12}$|\b(?:look(?:s)? like|giong|match|theo)\b[\w\s]{0,16}$", words.key[: found[0].start + 3]
        ):
            return words, None, refs[0].ref
        one = found[0]
        middle = " it " if _dangling(words.key[: one.start]) else " "
        left, right = words.at[one.start], words.at[one.end]
        return read(f"{words.raw[:left].rstrip()}{middle}{words.raw[right:].lstrip()}".strip(" ,:")), refs[0].ref, None

    def _planned(
        self, found: list[Found], words: Words, ask: Ask, language: str, picture: PictureRef | None, reference: PictureRef | None
    ) -> Plan:
        has_reference = ask.has_reference or reference is not None
        if any(step.feature == "style_transfer" for step in found) and not has_reference:
            return self._ask(["style_transfer", "reimagine"], language, why="reference")
        pairs: list[tuple[str, dict[str, Any]]] = []
        refined: str | None = None
        for step in found:
            params = dict(step.params)
            if step.feature == "image_generation" and step.subject is not None:
                if ask.refine:
                    params["prompt"] = prompts.refined(step.subject, language=language, style=ask.style, topic=ask.topic)
                if ask.style and "styling" not in params:
                    styled = slots.style_in(ask.style.lower().replace("-", " ")) or slots.style_in(ask.style.lower())
                    if styled and styled[0]:
                        params["styling"] = {"style": styled[0]}
            refined = refined or (str(params["prompt"]) if params.get("prompt") else None)
            pairs.append((step.feature, params))
        steps = valid_steps(_sensible(pairs))
        if not steps:
            return self._ask([step.feature for step in found], language)
        return Plan(
            steps[0].feature, min(step.confidence for step in found), language, steps, reply=talk.done_reply([step.feature for step in steps], language),
            refined_prompt=refined, keywords=prompts.keywords_of(words.raw), picture=picture, reference=reference,
        )  # fmt: skip

    def _followed(self, follow: followups.FollowUp, words: Words, ask: Ask, language: str) -> Plan:
        params = dict(follow.params)
        if follow.subject is not None and ask.refine:
            params["prompt"] = prompts.refined(
                read(follow.subject), language=language_of(read(follow.subject)), style=ask.style, topic=ask.topic
            )
        step = valid_step(follow.feature, params)
        if step is None:
            return self._ask([follow.feature], language)
        picture = None
        if follow.from_source and step.feature != "image_generation":
            picture = None if ask.has_own_picture else followups.source_of_last(ask.pictures, ask.history)
        prompt = step.params.get("prompt")
        return Plan(
            step.feature, follow.confidence, language, (step,), reply=talk.done_reply([step.feature], language),
            refined_prompt=str(prompt) if prompt else None, keywords=prompts.keywords_of(words.raw), picture=picture, is_follow_up=True,
        )  # fmt: skip

    def _described(self, words: Words, ask: Ask) -> Found | None:
        """Bare words that describe a picture: 'a cat on the moon'."""
        core = without_politeness(words)
        count = len(core.key.split())
        looks_drawn = re.match(r"^(?:an?|two|three|some|mot|hai|ba|nhung|canh|buc tranh|chan dung)\s+\w+", core.key) and not re.match(
            r"^(?:a|mot) (?:bit|little|lot|few|chut|ti|xiu|it)\b", core.key
        )
        if looks_drawn and count >= 3:
            return _drawn(core, 0.8)
        if not ask.has_picture and not ask.pictures and count <= 6 and prompts.is_scene(core.key) and not core.key.endswith("?"):
            return _drawn(core, 0.7)
        if (
            not ask.has_picture
            and not ask.pictures
            and count >= 3
            and not core.key.endswith("?")
            and re.search(r"\b(?:in|on|at|with|under|over|by|of|at night|tren|duoi|trong|giua|ben|kieu|luc)\b|,", core.key)
            and not re.search(r"\b(?:i|you|we|he|she|they|is|are|am|was|toi|ban|minh|em)\b", core.key)
        ):
            return _drawn(core, 0.7)
        return None

    # --- guessed

    def _second_opinion(self, plan: Plan, words: Words, ask: Ask, language: str) -> Plan:
        """A plan out of loose rules as the classifier sees it: agreed, less sure, or asked about when it sees something else."""
        likely = self._classifier.best(without_politeness(words).raw)
        if not likely:
            return plan
        mine = sum(share for label, share in likely if label.split(":")[0] == plan.intent)
        label, share = likely[0]
        other = label.split(":")[0]
        is_drawn_anew = plan.intent == "image_generation" and not (ask.has_picture or ask.pictures)
        if other == plan.intent or mine >= 0.25 or is_drawn_anew:
            return replace(plan, confidence=round(max(plan.confidence, min(0.95, mine)), 2))
        if share >= _CONTRADICTS and other not in ("chat", "undo"):
            return replace(self._ask([plan.intent, other], language, words=words), confidence=0.45)
        return replace(plan, confidence=0.55 if share >= _SURE else min(plan.confidence, 0.75))

    def _guessed(self, words: Words, ask: Ask, language: str) -> Plan:
        likely = self._classifier.best(without_politeness(words).raw)
        if not likely:
            return self._ask(["image_generation", "remove_background", "adjust", "upscale"], language)
        label, sure = likely[0]
        if label == "chat":
            if sure >= _SURE:
                return replace(self._talk("chat", words, language), confidence=round(sure, 2))
        elif label == "undo":
            if sure >= 0.6:
                return replace(self._undo(UndoTarget(steps=1), ask, language), confidence=round(sure, 2))
        elif sure >= _SURE and (found := _from_label(label, words, ask)):
            return self._planned([replace(found, confidence=round(min(sure, 0.9), 2))], words, ask, language, None, None)
        names = [name.split(":")[0] for name, _ in likely if name.split(":")[0] not in ("chat", "undo")]
        plan = self._ask(names, language, words=words)
        return replace(plan, confidence=round(min(sure, 0.49), 2))

    # --- answers without a picture

    def _talk(self, kind: str, words: Words, language: str) -> Plan:
        return Plan("chat", 0.95, language, reply=talk.reply_for(kind, language, words=words), keywords=prompts.keywords_of(words.raw))

    def _undo(self, target: UndoTarget, ask: Ask, language: str) -> Plan:
        chosen = _picture_at(ask.pictures, target.position) if target.position is not None else None
        reply = "Mình quay lại ảnh trước." if language == "vi" else "Going back."
        if target.position is not None:
            reply = "Mình quay lại ảnh đó." if language == "vi" else "Going back to that picture."
        return Plan("undo", 0.95, language, reply=reply, undo=target, picture=chosen.ref if chosen else None)

    def _ask(self, features: list[str], language: str, *, why: str = "unsure", words: Words | None = None) -> Plan:
        """A question with the likely features as choices; those that take words offer the person's own."""
        said = words.raw.strip(" .!?,") if words else ""
        choices = talk.choices_for([*features, "image_generation", "adjust", "remove_background"], language, said=said)[:4]
        return Plan("clarify", 0.4, language, reply=talk.clarify_reply(language, why=why), choices=choices)


def _parts(text: str) -> tuple[str, str]:
    """The beginning that rules read, and the rest of a long description."""
    if len(text) <= _READ:
        return text, ""
    cut = text.rfind(" ", _READ // 2, _READ)
    cut = cut if cut > 0 else _READ
    return text[:cut], text[cut:].strip()


def _with_tail(plan: Plan, tail: str) -> Plan:
    """The rest of a long description belongs to the last step that takes words."""
    steps = list(plan.steps)
    for index in range(len(steps) - 1, -1, -1):
        step = steps[index]
        if isinstance(step.params.get("prompt"), str):
            longer = valid_step(step.feature, {**step.params, "prompt": f"{step.params['prompt']} {tail}"[:2000]})
            if longer is not None:
                steps[index] = longer
                return replace(plan, steps=tuple(steps), refined_prompt=str(longer.params["prompt"]))
            break
    return plan


def _facts(ask: Ask) -> Facts:
    current = next((picture for picture in ask.pictures if picture.current), ask.pictures[-1] if ask.pictures else None)
    return Facts(
        has_picture=ask.has_picture,
        has_reference=ask.has_reference,
        width=current.width if current else None,
        height=current.height if current else None,
    )


def _picture_at(pictures: tuple[SessionPicture, ...], position: int | None) -> SessionPicture | None:
    if position is None or not pictures:
        return None
    if position == -1:
        return pictures[-1]
    return next((picture for picture in pictures if picture.position == position), None)


def _dangling(before: str) -> bool:
    """Whether a verb waits for its object: 'upscale [the first picture]'."""
    return bool(
        re.search(
            r"\b(?:upscale|rotate|flip|crop|make|turn|blur|sharpen|remove|enlarge|expand|relight|reimagine|resize|phong to|xoay|lat|cat|lam|cho|doi|bien|of|from|on|to|in)\s*$",
            before.strip(),
        )
    )


def _sensible(steps: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """A cut-out followed by a background colour is one step, a file format belongs to the step before, the same step twice in a row is one."""
    out: list[tuple[str, dict[str, Any]]] = []
    for feature, params in steps:
        last = out[-1] if out else None
        if last and last[0] == feature == "remove_background":
            out[-1] = (feature, {**last[1], **params})
        elif last and last[0] == feature == "upscale":
            factor = max(last[1].get("scale_factor", 2), params.get("scale_factor", 2))
            out[-1] = (feature, {**last[1], **params, "scale_factor": factor})
        elif last and feature == "adjust" and not params.get("operations"):
            out[-1] = (last[0], {**last[1], **{name: value for name, value in params.items() if name != "operations"}})
        elif last and feature == "adjust" and last[0] == "adjust":
            operations = _joined([*last[1].get("operations", []), *params.get("operations", [])])
            out[-1] = ("adjust", {**last[1], **params, "operations": operations})
        elif last != (feature, params):
            out.append((feature, params))
    return out


def _joined(operations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Operations where the same tone twice in the same direction is one, the stronger."""
    out: list[dict[str, Any]] = []
    for op in operations:
        same = next((index for index, other in enumerate(out) if other["op"] == op["op"] and isinstance(op.get("amount"), int)), None)
        if op in out and op["op"] in ("grayscale", "sepia"):
            continue
        if same is not None and out[same]["amount"] * op["amount"] > 0:
            out[same] = max(out[same], op, key=lambda one: abs(one["amount"]))
        else:
            out.append(op)
    return out


def _forced(words: Words, facts: Facts) -> list[Found]:
    """'Edit with words: give him a hat': the feature that is named before the colon, as choices do."""
    name, colon, _ = words.key.partition(":")
    feature = _TITLES.get(" ".join(name.split())) if colon else None
    rest = words.slice(len(name) + 1, len(words.key))
    if feature is None or not rest.key.strip():
        return []
    if feature == "image_generation":
        found = _drawn(rest, 0.95)
        return [found] if found else []
    if feature in ("edit", "relight", "reimagine"):
        return [Found(feature, {"prompt": rest.raw.strip()})]
    found = read_clause(rest, facts)
    return [found] if found and found.feature == feature else []


_TITLES = {" ".join(read(title).key.split()): feature.id for feature in features() for title in (feature.title, feature.title_vi)}


def _drawn(words: Words, confidence: float) -> Found | None:
    return generated(words, 0, words.key, confidence=confidence)


def _from_label(label: str, words: Words, ask: Ask) -> Found | None:
    """The step that a guessed label stands for, with the slots that the words hold."""
    feature_id, _, detail = label.partition(":")
    key = words.key
    if feature_id == "image_generation":
        return _drawn(without_politeness(words), 0.7)
    if feature_id == "adjust":
        operation = _operation(detail, key)
        return Found("adjust", {"operations": [operation]}, 0.7) if operation else None
    if feature_id == "upscale":
        return Found("upscale", {"scale_factor": 4 if (slots.factor_of(key) or 2) > 2 else 2}, 0.7)
    if feature_id == "image_expand":
        return Found("image_expand", dict(slots.sides_in(key)), 0.7)
    if feature_id == "remove_background":
        color = slots.color_in(key)
        return Found(
            "remove_background", {"background_color": color[0]} if color and re.search(r"\b(?:on|background|nen|phong)\b", key) else {}, 0.7
        )
    if feature_id in ("relight", "edit"):
        return Found(feature_id, {"prompt": words.raw.strip()}, 0.7)
    if feature_id == "reimagine":
        return Found("reimagine", {"prompt": words.raw.strip(), "imagination": "vivid"}, 0.7)
    return Found(feature_id, {}, 0.7) if by_id(feature_id) else None


def _operation(detail: str, key: str) -> dict[str, Any] | None:
    name, sign = detail.rstrip("+-"), -1 if detail.endswith("-") else 1
    if name in ("brightness", "contrast", "saturation", "warmth"):
        return {"op": name, "amount": slots.amount_of(key, sign=sign)}
    if name in ("blur", "blur-background", "sharpen"):
        return {"op": name, "amount": slots.strength_of(key, default=50)}
    if name in ("grayscale", "sepia"):
        return {"op": name}
    if name == "flip":
        return {"op": "flip", "direction": "vertical" if re.search(r"\bvertical|doc|upside\b", key) else "horizontal"}
    if name == "rotate":
        return {"op": "rotate", "degrees": slots.degrees_of(key) or 90}
    if name == "crop":
        ratio = slots.ratio_in(key, loose=True)
        return {"op": "crop", "aspect_ratio": ratio[0] if ratio else "1:1"}
    if name == "round-corners":
        return {"op": "round-corners", "radius": 48}
    return None
