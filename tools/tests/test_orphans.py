"""Files without rows and rows without files are found, and only those."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from photofun_common.bus import MemoryBus, answering
from photofun_common.contracts.files import AfterQuestion, Files, Keys, PrefixQuestion, StoredFile
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.values import Picture
from photofun_common.jobs import JobStore
from photofun_tools import orphans

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=2)


def _key(digit: str) -> str:
    return f"{digit * 40}.png"


class House:
    """The services as far as they are asked."""

    def __init__(self) -> None:
        self.store = {_key(digit): OLD for digit in "abcde"} | {_key("f"): NOW}
        self.rows, self.shown = [_key("a"), _key("1")], [_key("b")]
        self.bus = MemoryBus()
        self.bus.rpc = {
            "rpc.imaging.files": answering(PrefixQuestion, self.files),
            "rpc.imaging.missing_files": answering(Keys, self.missing),
            "rpc.imaging.remove_files": answering(Keys, self.remove),
            "rpc.gallery.known_files": answering(Keys, self.known_rows),
            "rpc.conversation.known_files": answering(Keys, self.known_shown),
            "rpc.gallery.files": answering(AfterQuestion, self.all_rows),
            "rpc.gallery.forget_files": answering(Keys, self.forget),
        }

    async def files(self, asked: PrefixQuestion) -> Files:
        return Files(files=[StoredFile(key=key, bytes=1, modified_at=at) for key, at in self.store.items() if key.startswith(asked.prefix)])

    async def missing(self, asked: Keys) -> Keys:
        return Keys(keys=[key for key in asked.keys if key not in self.store])

    async def remove(self, asked: Keys) -> Keys:
        self.store = {key: at for key, at in self.store.items() if key not in asked.keys}
        return asked

    async def known_rows(self, asked: Keys) -> Keys:
        return Keys(keys=[key for key in asked.keys if key in self.rows])

    async def known_shown(self, asked: Keys) -> Keys:
        return Keys(keys=[key for key in asked.keys if key in self.shown])

    async def all_rows(self, asked: AfterQuestion) -> Keys:
        return Keys(keys=sorted(key for key in self.rows if key > asked.after))

    async def forget(self, asked: Keys) -> Keys:
        self.rows = [key for key in self.rows if key not in asked.keys]
        return asked


async def test_only_what_nobody_needs_is_an_orphan_and_fixing_leaves_none() -> None:
    house = House()
    source = Picture(image_id="i", key=_key("c"), width=1, height=1, content_type="image/png")
    await JobStore(house.bus).create(JobRecord(job_id="j", kind="feature", user_id="ann", source=source, deadline=NOW))

    found = await orphans.check(house.bus, older=timedelta(hours=24))
    await orphans.fix(house.bus, found)
    after = await orphans.check(house.bus, older=timedelta(hours=24))

    assert [file.key for file in found.files] == [_key("d"), _key("e")] and found.missing == (_key("1"),)
    assert (found.seen, found.rows) == (6, 2) and after.files == () == after.missing
    assert set(house.store) == {_key(digit) for digit in "abcf"} and house.rows == [_key("a")]
