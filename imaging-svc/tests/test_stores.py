"""Does every file store keep, give back, measure, replace and remove alike?  A folder, a real S3 server, and Cloudinary's contract."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import numpy as np
import pytest
from imaging_svc.codec import encode
from imaging_svc.domain import FileNotStoredError
from imaging_svc.settings import Settings
from imaging_svc.stores import BlobStore, StorageUnavailableError, open_store
from moto.server import ThreadedMotoServer
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from fakes.cloudinary import FakeCloudinary
from fakes.serving import serve

KEYS = {kind: f"{'ab12' * 10}.{kind}" for kind in ("png", "jpeg", "webp")}
STORES = ("file", "s3", "s3-prefix", "cloudinary", "cloudinary-sha256")


def _picture(kind: str, shade: int = 90) -> bytes:
    return encode(np.full((9, 12, 3), shade, np.uint8), kind).data  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A server that speaks S3, with a bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    base = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    client: Any = boto3.client("s3", endpoint_url=base, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
    client.create_bucket(Bucket="pictures")
    yield base
    server.stop()


def _s3_url(base: str, place: str) -> str:
    return f"s3://{place}?endpoint={base}&region=us-east-1&allow_http=true&access_key_id=k&secret_access_key=s"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[BlobStore]:
    store = open_store(url)
    try:
        yield store
    finally:
        await store.aclose()


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path, s3: str) -> AsyncIterator[BlobStore]:
    if request.param.startswith("cloudinary"):
        fake = FakeCloudinary(algorithm="sha256" if request.param.endswith("sha256") else "sha1")
        async with serve(fake.app) as base, opened(fake.url(base)) as found:
            yield found
        return
    urls = {"file": f"file://{tmp_path}", "s3": _s3_url(s3, "pictures"), "s3-prefix": _s3_url(s3, "pictures/some/where")}
    async with opened(urls[request.param]) as found:
        yield found


@pytest.mark.parametrize("kind", KEYS)
async def test_what_is_put_comes_back_byte_for_byte(store: BlobStore, kind: str) -> None:
    data = _picture(kind)

    await store.put(KEYS[kind], data)

    assert await store.get(KEYS[kind]) == data
    assert await store.size(KEYS[kind]) == len(data)


async def test_a_second_put_replaces_the_first(store: BlobStore) -> None:
    await store.put(KEYS["png"], _picture("png", 10))
    await store.put(KEYS["png"], _picture("png", 200))

    assert await store.get(KEYS["png"]) == _picture("png", 200)


async def test_what_is_not_there_is_told_apart_from_trouble(store: BlobStore) -> None:
    missing = f"{'cd34' * 10}.png"

    assert await store.size(missing) is None
    with pytest.raises(FileNotStoredError):
        await store.get(missing)


async def test_what_is_deleted_is_gone_and_twice_is_fine(store: BlobStore) -> None:
    await store.put(KEYS["png"], _picture("png"))

    await store.delete(KEYS["png"])
    await store.delete(KEYS["png"])

    assert await store.size(KEYS["png"]) is None


async def test_an_address_of_the_stores_own_is_fetched_without_any_key(store: BlobStore) -> None:
    await store.put(KEYS["png"], _picture("png"))

    url = await store.public_url(KEYS["png"])
    if url is None:
        assert type(store).__name__ == "ObjectStore", "only a folder has no address"
        return
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        assert answer.content_type == "image/png"
        assert Image.open(io.BytesIO(await answer.read())).size == (12, 9)


async def test_many_at_once(store: BlobStore) -> None:
    import asyncio

    keys = [f"{number:040x}.png" for number in range(24)]
    await asyncio.gather(*(store.put(key, _picture("png", number)) for number, key in enumerate(keys)))

    assert await asyncio.gather(*(store.get(key) for key in keys)) == [_picture("png", number) for number in range(24)]


async def _all_fail(store: BlobStore) -> None:
    for call in (store.put(KEYS["png"], _picture("png")), store.get(KEYS["png"]), store.size(KEYS["png"]), store.delete(KEYS["png"])):
        with pytest.raises(StorageUnavailableError) as caught:
            await call
        assert caught.value.slug == "storage-unavailable"
        assert "secret" not in caught.value.detail


async def test_a_server_that_is_away_is_told_as_such() -> None:
    async with opened(_s3_url("http://127.0.0.1:9", "pictures")) as store:
        await _all_fail(store)
    async with opened(FakeCloudinary().url("http://127.0.0.1:9")) as store:
        await _all_fail(store)


async def test_a_bucket_that_is_not_there_takes_no_picture(s3: str) -> None:
    async with opened(_s3_url(s3, "nowhere")) as store:
        with pytest.raises(StorageUnavailableError):
            await store.put(KEYS["png"], _picture("png"))


@pytest.mark.parametrize("answer", [(500, {"error": {"message": "General Error"}}), (502, "<html>"), (420, {"error": {"message": "Rate"}})])
async def test_cloudinarys_errors_are_errors(answer: tuple[int, Any]) -> None:
    fake = FakeCloudinary()

    async with serve(fake.app) as base, opened(fake.url(base)) as store:
        fake.switches.fail = [answer] * 4
        await _all_fail(store)


async def test_an_error_of_cloudinary_that_does_not_say_so_is_one_all_the_same() -> None:
    fake = FakeCloudinary(error_without_error=True)

    async with serve(fake.app) as base, opened(fake.url(base)) as store:
        await _all_fail(store)


async def test_a_wrong_secret_is_refused_and_not_shown() -> None:
    fake = FakeCloudinary()

    async with serve(fake.app) as base, opened(fake.url(base).replace("test-secret", "not-the-secret")) as store:
        await _all_fail(store)


async def test_cloudinary_is_never_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imaging_svc.stores.cloud._SECONDS", 0.3)
    fake = FakeCloudinary()
    fake.switches.slow = 5.0

    async with serve(fake.app) as base, opened(fake.url(base)) as store:
        await _all_fail(store)


async def test_files_at_cloudinary_are_not_public() -> None:
    fake = FakeCloudinary()

    async with serve(fake.app) as base, opened(fake.url(base)) as store:
        await store.put(KEYS["png"], _picture("png"))

    assert {kind for kind, _ in fake.files} == {"authenticated"}


@pytest.mark.parametrize("url", ["ftp://x", "cloudinary://cloud", "cloudinary://key@cloud", "s3://b?nonsense=1"])
def test_an_address_that_can_be_no_store_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match=r"STORAGE_URL|cloudinary://"):
        open_store(url)


@pytest.mark.parametrize("url", ["gs://bucket/some/prefix?skip_signature=true", "az://container/prefix?account_name=a&skip_signature=true"])
def test_the_other_clouds_open_by_their_address(url: str) -> None:
    assert open_store(url)


def test_cloudinarys_own_settings_name_the_store() -> None:
    def storage(**given: Any) -> str:
        return Settings(_env_file=None, **given).storage

    account = "cloudinary://k:s@cloud"
    assert storage(cloudinary_url=account) == account
    assert storage(cloudinary_url=account, storage_url="file:///tmp/x") == "file:///tmp/x"
    assert storage(storage_url=account, cloudinary_upload_prefix="http://127.0.0.1:1") == f"{account}?upload_prefix=http://127.0.0.1:1"
    assert storage().startswith("file://")
