"""Frames: the types their fields have, and the figures that the server and its exports have."""

from __future__ import annotations

import importlib
import io
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import world
from servers import binary

import slx
from slx import events

if TYPE_CHECKING:
    from servers import Server

INSTANT, SPAN = "datetime64[ns, UTC]", "timedelta64[ns]"


@pytest.fixture
def november(client: slx.Client) -> slx.Client:
    """A month of incidents: some late, one excluded, one open at its end."""
    client.record(world.month(40, world.local("2025-11-03 09:00"), timedelta(hours=3)))
    client.record(world.waited_for_the_client())
    client.record(
        [
            events.exclusion_decided(
                "INC00000",
                event_id="x",
                time=world.local("2025-11-05 09:00"),
                contract_id="workplace",
                excluded=True,
                decided_by="M. Manager",
                reason="storm",
            ),
            events.opened(
                "INC-open",
                event_id="o",
                time=world.local("2025-11-28 16:59") + timedelta(microseconds=1),
                contract_ids=["workplace"],
                priority="P2",
            ),
        ]
    )
    return client


def test_a_row_for_each_clock_with_the_types_of_its_fields(november: slx.Client) -> None:
    export = november.export(contract_id="workplace", period="2025-11", include_open=True)
    frame = export.to_pandas()
    types = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert len(frame) == 42
    for name in ("incident_id", "contract_id", "target_id", "priority", "service", "assignee"):
        assert types[name] == "str"
    for name in ("start_time", "stop_time", "due_time", "breach_time", "place_time"):
        assert types[name] == INSTANT
    for name in ("limit", "elapsed", "experienced_elapsed", "paused", "lateness"):
        assert types[name] == SPAN
    for name in ("contract_revision", "cycle", "affected_users"):
        assert types[name] == "int32"
    for name in ("metric", "phase", "outcome", "excluded_outcome", "party", "counted_as"):
        assert types[name] == "category"
    assert list(frame) == [field.name for field in next(export.messages()).DESCRIPTOR.fields]
    rows = {row.incident_id: row for row in export}
    one = frame.set_index("incident_id").loc["INC1"]
    assert one.elapsed == pd.Timedelta(hours=5, minutes=15) == rows["INC1"].elapsed
    assert one.breach_time == rows["INC1"].breach_time
    assert one.outcome == rows["INC1"].outcome == "breached"
    open_one = frame.set_index("incident_id").loc["INC-open"]
    assert open_one.stop_time is pd.NaT
    assert open_one.start_time == pd.Timestamp("2025-11-28T15:59:00.000001Z")
    assert pd.isna(open_one.party)
    assert (rows["INC-open"].party, rows["INC-open"].stop_time) == (None, None)


def test_nanoseconds_are_kept(client: slx.Client) -> None:
    opened = world.waited_for_the_client()[0]
    opened.occur_time.nanos = 123_456_789
    client.record([opened, *world.waited_for_the_client()[1:]])
    frame = client.export(contract_id="workplace", period="2025-11").to_pandas()
    assert frame.start_time[0] == pd.Timestamp("2025-11-21T15:30:00.123456789Z")
    assert frame.elapsed[0].value == (5 * 3600 + 15 * 60) * 10**9 - 123_456_789


def test_an_empty_export_has_the_same_columns(november: slx.Client) -> None:
    full = november.export(contract_id="workplace", period="2025-11").to_pandas()
    empty = november.export(contract_id="workplace", period="2024-11").to_pandas()
    assert len(empty) == 0
    assert dict(empty.dtypes) == dict(full.dtypes)
    assert len(pd.concat([empty, full])) == len(full)


def test_a_frame_has_what_the_export_of_the_command_line_has(
    november: slx.Client, shared: Server
) -> None:
    command = [binary(), "export", "--contract", "workplace", "--period", "2025-11", "--open"]
    command += ["--address", shared.url, "--tenant", november.tenant]
    written = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    csv = pd.read_csv(io.StringIO(written), dtype=str, keep_default_na=False)
    frame = november.export(
        contract_id="workplace", period="2025-11", include_open=True
    ).to_pandas()
    named = {
        f"{name}_seconds" if dtype == SPAN else name: name for name, dtype in frame.dtypes.items()
    }
    assert list(csv) == list(named)
    for shown, name in named.items():
        column = frame[name]
        if column.dtype == SPAN:
            seconds = column.fillna(pd.Timedelta(0)).dt.total_seconds()
            assert list(csv[shown].astype(float)) == list(seconds), name
        elif column.dtype == INSTANT:
            written_column = pd.to_datetime(csv[shown], utc=True, format="ISO8601")
            assert list(written_column.isna()) == list(column.isna()), name
            assert list(written_column.dropna()) == list(column.dropna()), name
        else:
            assert list(csv[shown]) == ["" if pd.isna(each) else str(each) for each in column], name


def test_without_pandas_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.delitem(sys.modules, "slx.frames", raising=False)
    monkeypatch.delattr(slx, "frames", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"needs pandas: pip install .*\[pandas\]"):
        importlib.import_module("slx.frames")


def test_what_is_counted_is_what_compliance_says(november: slx.Client) -> None:
    compliance = november.compliance(
        "workplace", "2025-11", group_by=[slx.GroupKey.PRIORITY, slx.GroupKey.SERVICE]
    )
    groups = compliance.to_pandas()
    assert list(groups)[:8] == [
        "contract_id",
        "period",
        "period_start",
        "period_end",
        "priority",
        "service",
        "met",
        "breached",
    ]
    assert set(groups.contract_id) == {"workplace"}
    assert groups.period_start[0] == pd.Timestamp("2025-11-01", tz="Europe/Amsterdam")
    types = {name: str(dtype) for name, dtype in groups.dtypes.items()}
    assert len(types) == len(groups.columns)
    for name in (
        "met",
        "breached",
        "excluded",
        "experienced_met",
        "watermelons",
        "incidents",
    ):
        assert types[name] == "int64"
    for name in ("attainment", "experienced_attainment", "attainment_gap", "survey_average_score"):
        assert types[name] == "float64"
    for name in ("elapsed_p90", "lateness", "backlog_age_oldest", "survey_lost_time"):
        assert types[name] == SPAN
    rows = november.export(contract_id="workplace", period="2025-11", include_open=True).to_pandas()
    keys = ["priority", "service", "counted_as"]
    counted = rows.groupby(keys, observed=True).size().unstack(fill_value=0)
    by_group = groups.set_index(["priority", "service"])
    for word in ("met", "breached", "excluded", "undecided"):
        assert counted[word].to_dict() == by_group[word].to_dict()
    shares = 100 * by_group.met / (by_group.met + by_group.breached)
    # Rounded down to four decimals by the server.
    assert ((shares - by_group.attainment).dropna().between(0, 0.0001)).all()
    assert [group.contractual.met for group in compliance.groups] == list(groups.met)


def test_objectives_have_rows_too(november: slx.Client) -> None:
    quarter = november.compliance("workplace", "2025-Q4", as_of=world.utc("2026-01-15"))
    frame = quarter.objectives_to_pandas()
    assert list(frame.period) == ["2025-10", "2025-11", "2025-12"]
    assert list(frame.objective_id.unique()) == ["resolved"]
    assert list(frame.promise.unique()) == ["attainment"]
    assert list(frame.verdict) == ["no data", "met", "missed"]
    assert str(frame.percent.dtype) == "float64"
    assert list(frame.percent.isna()) == [True, False, False]
    assert list(frame.no_data_reason.isna()) == [False, True, True]
    assert [each.objective_id for each in quarter.objectives] == list(frame.objective_id)
    assert [each.verdict for each in quarter.objectives] == list(frame.verdict)
    assert str(november.compliance("workplace", "2025-11").to_pandas().met.dtype) == "int64"
