"""The notebook of examples/python, run by a kernel as Jupyter runs it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import world
from nbclient import NotebookClient

from slx import events

if TYPE_CHECKING:
    import pytest

    import slx

NOTEBOOK = Path(__file__).parents[3] / "examples" / "python" / "warehouse" / "months.ipynb"
BEGINS = world.local("2025-10-01 09:30")
HOUR = timedelta(hours=1)


def test_a_notebook_shows_the_months_and_what_was_restated(
    client: slx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.record(world.month(24, BEGINS, 48 * HOUR))
    reported = {month: client.compliance("workplace", month) for month in ("2025-10", "2025-11")}
    client.record(
        [
            # One was resolved in time after all, another never was.
            events.resolved("INC00000", event_id="in time", time=BEGINS + HOUR),
            events.retracted(
                "INC00001", event_id="back", time=BEGINS + 49 * HOUR, retracted_event_id="r"
            ),
            events.retracted(
                "INC00002", event_id="back", time=BEGINS + 97 * HOUR, retracted_event_id="r"
            ),
        ]
    )
    # To the microsecond, as instants are written: the last record was within this one.
    known = reported["2025-11"].stamp.known_time + timedelta(microseconds=1)
    monkeypatch.setenv("SLX_REPORTED", known.isoformat())
    monkeypatch.setenv("SLX_ADDRESS", client.address)
    monkeypatch.setenv("SLX_TENANT", client.tenant)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shown = _run(NOTEBOOK)

    now = {month: client.compliance("workplace", month) for month in reported}
    before, after = (_attainment(each["2025-10"]) for each in (reported, now))
    assert before != after
    unmoved = _attainment(now["2025-11"])
    assert shown["months"][-2:] == [f"2025-10      {after}", f"2025-11      {unmoved}"]
    assert "place_time [microseconds]: Where it is placed" in "\n".join(shown["meanings"])
    assert [line.split()[1:] for line in shown["restated-months"]] == [
        ["target_id", "priority", "attainment_reported", "attainment"],
        ["2025-10", "resolve", "P1", str(before), str(after)],
    ]
    assert [line.split()[1:] for line in shown["restated-clocks"]] == [
        ["target_id", "cycle", "counted_as_reported", "counted_as"],
        ["INC00000", "resolve", "1", "breached", "met"],
        ["INC00001", "resolve", "1", "met", "breached"],
        ["INC00002", "resolve", "1", "met", "breached"],
    ]


def _attainment(compliance: slx.Compliance) -> float:
    (group,) = compliance.groups
    attainment = group.contractual.attainment
    assert attainment is not None
    return float(attainment)


def _run(path: Path) -> dict[str, list[str]]:
    """Runs a notebook: the lines that each cell shows, by its id."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs are of somebody's data"
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    return {cell.id: _lines(cell) for cell in notebook.cells if cell.cell_type == "code"}


def _lines(cell: Any) -> list[str]:
    outputs = (out.get("text") or out["data"]["text/plain"] for out in cell.outputs)
    return [line for text in outputs for line in text.splitlines()]
