"""What the pages show works when it is pasted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import world

import slx

if TYPE_CHECKING:
    from servers import Server

ROOT = Path(__file__).parents[3]


def _blocks(page: Path) -> list[str]:
    """The blocks of Python that use the client."""
    texts = page.read_text().split("```python\n")[1:]
    return [text.partition("```")[0] for text in texts]


def test_the_readme_s_snippet_can_be_pasted(
    shared: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLX_ADDRESS", shared.url)
    monkeypatch.setenv("SLX_TENANT", "readme")
    with slx.Client() as client:
        world.put_terms(client)
    (block,) = (block for block in _blocks(ROOT / "README.md") if "import slx" in block)
    exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith("met 2:00:00 2026-11-23 12:00:00+00:00\n")
    assert "priority  met  breached" in printed


def test_the_page_of_the_client_can_be_pasted(
    shared: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with shared.client(tenant="acme") as client:
        world.put_terms(client)
    blocks = _blocks(ROOT / "clients/python/README.md")
    assert len(blocks) > 8
    names: dict[str, Any] = {}
    for block in blocks:
        text = block.replace("http://127.0.0.1:7459", shared.url)
        exec(compile(text, "clients/python/README.md", "exec"), names)
        if "def follow" in block:
            _follows(names)
        if "def secure" in block:
            _is_understood(names, tmp_path)
    printed = capsys.readouterr().out
    assert printed.startswith("2 0\naudit-3 INVALID_FIELD ['incident_id']\n")
    assert "resolve undecided 0:15:00 None" in printed
    assert "INVALID_FIELD ['contract_id']" in printed


def _follows(names: dict[str, Any]) -> None:
    """The watch of the page begins where a list ends, and is stopped by what takes."""
    client: slx.Client = names["client"]
    with client.watch(after=client.clocks().stamp) as watch:
        next(iter(watch.messages()))
        token = watch.resume_token
    client.record(
        slx.events.opened(
            "INC2",
            event_id="1",
            time=world.local("2025-11-21 16:30"),
            contract_ids=["workplace"],
            priority="P1",
        )
    )

    class Taken(Exception):
        pass

    def take(notice: slx.Notice, resume_token: str) -> None:
        assert notice.incident_id == "INC2"
        assert resume_token
        raise Taken

    with pytest.raises(Taken):
        names["follow"](take, token)


def _is_understood(names: dict[str, Any], folder: Path) -> None:
    """There is no such server, but what the page gives it is read."""
    with pytest.raises(FileNotFoundError, match=r"itsm\.token"):
        names["secure"]()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "itsm.token").write_text("secret")
        (folder / "authority.pem").write_text("")
        names["secure"]().close()
