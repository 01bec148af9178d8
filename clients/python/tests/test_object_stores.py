"""Object stores: an export has there what it would have in a directory, whichever cloud's it is."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import world
from azure.core.exceptions import ServiceRequestError
from azure.storage.blob import BlobServiceClient
from moto.moto_server.werkzeug_app import create_backend_app
from servers import binary, free_port
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import slx

STARTED_WITHIN = 60
#: The account that Azurite has, and its well-known key.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
#: What S3 hears who calls by; nobody checks it here.
SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=k/20251220/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


@dataclass(frozen=True)
class Store:
    """An object store with a bucket `warehouse`."""

    scheme: str
    #: Who slx is there, and where the store is.
    environment: dict[str, str]
    #: What lets slx speak with it unencrypted; none: that its address says so is enough.
    plain: dict[str, str]
    put: Callable[[str, bytes], Any]
    #: All that is in the bucket.
    objects: Callable[[], dict[str, bytes]]


@contextmanager
def speaking_s3(wrap: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
    """A store that speaks S3: its address, and a client of the test's."""
    server = make_server("127.0.0.1", 0, wrap(create_backend_app("s3")), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
    )
    client.create_bucket(Bucket="warehouse")
    try:
        yield address, client
    finally:
        server.shutdown()


def of_client(
    scheme: str, environment: dict[str, str], plain: dict[str, str], client: Any
) -> Store:
    def objects() -> dict[str, bytes]:
        found = client.list_objects_v2(Bucket="warehouse").get("Contents", [])
        read = {one["Key"]: client.get_object(Bucket="warehouse", Key=one["Key"]) for one in found}
        return {key: one["Body"].read() for key, one in read.items()}

    def put(key: str, body: bytes) -> None:
        client.put_object(Bucket="warehouse", Key=key, Body=body)

    return Store(scheme, environment, plain, put, objects)


@contextmanager
def s3(_directory: Path) -> Iterator[Store]:
    with speaking_s3(lambda app: app) as (address, client):
        environment = {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "k",
            "AWS_SECRET_ACCESS_KEY": "s",
        }
        yield of_client("s3", environment, {"AWS_ALLOW_HTTP": "true"}, client)


@contextmanager
def gs(directory: Path) -> Iterator[Store]:
    """Google's XML API takes what S3 takes; who calls, it hears in another way."""

    def signed_otherwise(app: Any) -> Any:
        def call(environ: dict[str, Any], start_response: Any) -> Any:
            if environ.get("HTTP_AUTHORIZATION", "").startswith("Bearer"):
                environ["HTTP_AUTHORIZATION"] = SIGNATURE
            return app(environ, start_response)

        return call

    with speaking_s3(signed_otherwise) as (address, client):
        account = directory / "account.json"
        key = {"client_email": "", "private_key": "", "private_key_id": "", "disable_oauth": True}
        account.write_text(json.dumps({"gcs_base_url": address, **key}))
        environment = {"GOOGLE_SERVICE_ACCOUNT": str(account)}
        yield of_client("gs", environment, {}, client)


@contextmanager
def az(directory: Path) -> Iterator[Store]:
    port = free_port()
    flags = ["--location", str(directory / "azurite"), "--blobPort", str(port)]
    server = subprocess.Popen(
        [os.environ["SLX_TEST_AZURITE"], *flags, "--skipApiVersionCheck"],
        stdout=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}/{ACCOUNT}"
        client = BlobServiceClient(address, credential=ACCOUNT_KEY, retry_total=0)
        container = client.get_container_client("warehouse")
        create(container, time.monotonic() + STARTED_WITHIN)
        environment = {
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": ACCOUNT_KEY,
            "AZURE_STORAGE_ENDPOINT": address,
        }

        def put(key: str, body: bytes) -> None:
            container.upload_blob(key, body)

        def objects() -> dict[str, bytes]:
            found = [blob.name for blob in container.list_blobs()]
            return {key: container.download_blob(key).readall() for key in found}

        yield Store("az", environment, {"AZURE_ALLOW_HTTP": "true"}, put, objects)
    finally:
        # It would wait until nobody is connected.
        server.kill()
        server.wait()


def create(container: Any, deadline: float) -> None:
    """Makes the bucket, once the store answers."""
    while True:
        try:
            container.create_container()
        except ServiceRequestError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.mark.parametrize("store_of", [s3, gs, az])
def test_an_object_store_has_what_a_directory_would_have(
    client: slx.Client, tmp_path: Path, store_of: Callable[[Path], AbstractContextManager[Store]]
) -> None:
    client.record(world.month(40, world.local("2025-10-20 09:00"), timedelta(hours=11)))
    command = [binary(), "export", "--address", client.address, "--tenant", client.tenant]
    command += ["--as-of-time", "2025-12-20T10:00:00Z", "--into"]
    root = tmp_path / "warehouse"
    subprocess.run([*command, str(root)], check=True)
    with store_of(tmp_path) as store:
        months = "reports/clocks/contract=workplace/"
        for old in (f"{months}month=1999-01/clocks.parquet", "reports/other", "clocks/other"):
            store.put(old, b"older")

        def export(bucket: str, **more: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [*command, f"{store.scheme}://{bucket}/reports"],
                check=False,
                capture_output=True,
                text=True,
                env={**store.environment, **more},
            )

        ran = export("warehouse", **store.plain)
        assert ran.stdout == f"40 clocks in {store.scheme}://warehouse/reports\n", ran.stderr
        files = {file for file in root.rglob("*") if file.is_file()}
        expected = {f"reports/{file.relative_to(root)}": file.read_bytes() for file in files}
        assert len(expected) == 2
        # What is not of the contract is nobody's here.
        others = {"reports/other": b"older", "clocks/other": b"older"}
        assert store.objects() == {**expected, **others}

        if store.plain:
            assert "http:// is not allowed" in export("warehouse").stderr
        refused = export("nowhere", **store.plain)
        assert refused.returncode == 1
        assert "nowhere" in refused.stderr
        assert "is not written" in refused.stderr
        assert store.objects() == {**expected, **others}
