"""Watching: nothing is lost, whatever breaks."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import pytest
import world
from proxies import Proxy

import slx
from slx import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import Server

    from slx.v1.incident_pb2 import IncidentEvent

#: Fast, so that tests are.
QUICK = slx.Retries(longest_pause=timedelta(milliseconds=200))


class Follower:
    """Follows a watch in a thread of its own, and keeps what comes."""

    def __init__(self, watch: slx.Watch) -> None:
        self.watch = watch
        self.notices: list[slx.Notice] = []
        self.failed: BaseException | None = None
        self._thread = threading.Thread(target=self._follow)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.watch.close()
        self.joined()

    def joined(self) -> None:
        self._thread.join(world.PATIENCE)
        assert not self._thread.is_alive()

    def wait_for(self, count: int) -> None:
        world.eventually(
            lambda: self.failed or len(self.notices) >= count, f"{count} notices: {self.notices}"
        )
        assert self.failed is None

    @property
    def seen(self) -> list[tuple[str, slx.NoticeKind]]:
        return [(notice.incident_id, notice.kind) for notice in self.notices]

    @property
    def standing(self) -> set[str]:
        """The kinds of what was reported and not withdrawn."""
        kinds: dict[str, str] = {}
        for notice in list(self.notices):
            if notice.withdrawn:
                kinds.pop(notice.occurrence_id, None)
            else:
                kinds[notice.occurrence_id] = notice.kind
        return set(kinds.values())

    def _follow(self) -> None:
        try:
            self.notices.extend(self.watch)
        except slx.SlxError as error:
            self.failed = error


def _opened(incident_id: str, time: datetime, priority: str = "P1") -> IncidentEvent:
    return events.opened(
        incident_id, event_id="o", time=time, contract_ids=["workplace"], priority=priority
    )


def test_what_happens_is_reported_and_taken_back_when_it_did_not(client: slx.Client) -> None:
    after = client.clocks().stamp
    with Follower(client.watch(after=after, contract_ids=["workplace"])) as follower:
        client.record(world.waited_for_the_client())
        everything = {"started", "paused", "resumed", "warned", "breached", "stopped"}
        world.eventually(lambda: follower.standing == everything, "what happened")
        breached = [each for each in follower.notices if each.kind is slx.NoticeKind.BREACHED][-1]
        assert breached.time == world.local("2025-11-24 13:45")
        assert breached.clock is not None
        assert breached.clock.outcome is slx.Outcome.BREACHED
        warned = next(each for each in follower.notices if each.kind is slx.NoticeKind.WARNED)
        assert warned.warning is not None
        assert warned.warning.percent == 75

        client.record(
            events.resolved(
                "INC1", event_id="5", time=world.local("2025-11-24 13:00"), corrects_event_id="4"
            )
        )
        left = everything - {"breached"}
        world.eventually(lambda: follower.standing == left, "the breach is withdrawn")
        assert any(
            notice.withdrawn and notice.occurrence_id == breached.occurrence_id
            for notice in follower.notices
        )


def test_what_time_brings_about_is_reported_as_it_comes(client: slx.Client) -> None:
    with Follower(client.watch(after=client.clocks().stamp, kinds=["breached"])) as follower:
        client.record(_opened("INC1", datetime.now(UTC), "P0"))
        follower.wait_for(1)
    assert follower.seen == [("INC1", slx.NoticeKind.BREACHED)]


def test_nothing_is_lost_over_a_kill_of_the_server(start: Callable[..., Server]) -> None:
    server = start()
    with server.client(retries=QUICK) as client:
        world.put_terms(client)
        begin = client.clocks().stamp
        rounds, each = 4, 5
        with Follower(client.watch(after=begin)) as follower:
            for number in range(rounds):
                first = number * each
                client.record(
                    [
                        _opened(f"INC{first + more:02}", world.local("2025-11-21 16:30"))
                        for more in range(each)
                    ]
                )
                # Some are reported by now, and some are not.
                server.kill()
                server.start_again()
            # Started, warned and breached: 4 hours are long over.
            follower.wait_for(3 * rounds * each)
        # What another watch reports of the same time, from the same beginning, unbroken.
        with Follower(client.watch(after=begin)) as again:
            again.wait_for(3 * rounds * each)
        for incident_id in {notice.incident_id for notice in again.notices}:
            of_both = [
                [
                    (notice.kind, notice.id)
                    for notice in notices
                    if notice.incident_id == incident_id
                ]
                for notices in (follower.notices, again.notices)
            ]
            assert of_both[0] == of_both[1]
        breached = {notice.incident_id for notice in follower.notices if notice.kind == "breached"}
        assert breached == {clock.incident_id for clock in client.clocks(outcomes=["breached"])}
        assert len(breached) == rounds * each


def test_nothing_is_lost_where_the_connection_is_cut(client: slx.Client, shared: Server) -> None:
    with (
        Proxy(shared.port) as proxy,
        slx.Client(proxy.url, tenant=client.tenant, retries=QUICK) as cut,
        Follower(cut.watch(after=client.clocks().stamp, kinds=["started"])) as follower,
    ):
        for number in range(6):
            client.record(_opened(f"INC{number}", world.local("2025-11-21 16:30")))
            follower.wait_for(number + 1)
            proxy.cut()
        assert [incident_id for incident_id, _ in follower.seen] == [
            f"INC{number}" for number in range(6)
        ]


def test_a_connection_that_is_gone_without_a_word_is_noticed(
    client: slx.Client, shared: Server
) -> None:
    # As the client does by itself, but in seconds.
    options = [("grpc.keepalive_time_ms", 1_000), ("grpc.http2.ping_timeout_ms", 500)]
    with (
        Proxy(shared.port) as proxy,
        slx.Client(proxy.url, tenant=client.tenant, retries=QUICK, options=options) as stalled,
        Follower(stalled.watch(after=client.clocks().stamp, kinds=["started"])) as follower,
    ):
        client.record(_opened("INC1", world.local("2025-11-21 16:30")))
        follower.wait_for(1)
        proxy.stall()
        client.record(_opened("INC2", world.local("2025-11-21 16:30")))
        follower.wait_for(2)
        assert proxy.cuts == 0


def test_another_process_goes_on_from_the_token_that_was_kept(client: slx.Client) -> None:
    after = client.clocks().stamp
    client.record(world.waited_for_the_client())
    taken: list[str] = []
    token = ""
    # As though each process took one notice, and then crashed.
    for _ in range(20):
        if len(set(taken)) == 6:
            break
        watch = client.watch(resume_token=token) if token else client.watch(after=after)
        with watch:
            for notice in watch:
                fresh = notice.id not in taken
                taken.append(notice.id)
                token = watch.resume_token or token
                if fresh:
                    break
    assert len(set(taken)) == 6
    assert list(dict.fromkeys(taken)) == [
        notice.id for notice in _first(client.watch(after=after), 6)
    ]


def _first(watch: slx.Watch, count: int) -> list[slx.Notice]:
    with watch:
        return [notice for _, notice in zip(range(count), watch, strict=False)]


def test_a_quiet_watch_has_tokens_too(client: slx.Client) -> None:
    watch = client.watch(heartbeat_interval=timedelta(seconds=1))
    with watch:
        for message in watch.messages():
            if not message.notices:
                assert message.resume_token == watch.resume_token != ""
                break
        token = watch.resume_token
    client.record(_opened("INC1", world.local("2025-11-21 16:30")))
    (notice,) = _first(client.watch(resume_token=token), 1)
    assert notice.kind is slx.NoticeKind.STARTED


def test_a_token_of_another_store_is_refused(
    client: slx.Client, start: Callable[..., Server]
) -> None:
    with start().client() as other:
        world.put_terms(other)
        watch = other.watch(heartbeat_interval=timedelta(seconds=1))
        with watch:
            next(iter(watch.messages()))
    with pytest.raises(slx.ResumePointExpired) as raised:
        next(iter(client.watch(resume_token=watch.resume_token)))
    assert raised.value.reason == "RESUME_POINT_EXPIRED"
    with pytest.raises(slx.InvalidArgument, match="heartbeat_interval"):
        next(client.watch(heartbeat_interval=timedelta(seconds=0.5)).messages())


def test_a_watch_ends_when_it_or_its_client_is_closed(shared: Server) -> None:
    for closes_client in (False, True):
        client = shared.client(tenant=f"closed {closes_client}")
        world.put_terms(client)
        watch = client.watch()
        with Follower(watch) as follower:
            world.eventually(lambda: watch._stream, "it is open")  # noqa: B023
            if closes_client:
                client.close()
            else:
                watch.close()
            follower.joined()
            assert follower.failed is None
        client.close()


def test_a_server_with_too_many_watches_is_waited_out(
    start: Callable[..., Server], caplog: pytest.LogCaptureFixture
) -> None:
    with start("--watches-max", "1").client() as client:
        world.put_terms(client)
        begin = client.clocks().stamp
        first = client.watch(after=begin)
        with Follower(first):
            client.record(_opened("INC1", world.local("2025-11-21 16:30")))
            world.eventually(lambda: first.resume_token, "the first watches")
            with Follower(client.watch(after=begin)) as second:
                world.eventually(lambda: "OVERLOADED" in caplog.text, "the second is refused")
                first.close()
                second.wait_for(3)


def test_how_objectives_stand_and_what_probably_breaches(client: slx.Client) -> None:
    client.record(_opened("INC1", datetime.now(UTC), "P2"))
    watch = client.watch(
        contract_ids=["workplace"],
        objectives=True,
        breach_probability=0.0001,
        outlook_interval=timedelta(seconds=1),
        heartbeat_interval=timedelta(seconds=1),
    )
    objectives: list[slx.ObjectiveNotice] = []
    likely: list[slx.LikelyBreach] = []
    with watch:
        for message in watch.messages():
            objectives += message.objectives
            likely += message.likely_breaches
            if objectives and likely:
                break
    assert {notice.objective_id for notice in objectives} == {"resolved"}
    assert objectives[0].state is slx.ObjectiveState.SAFE
    assert likely[0].forecast is not None
    assert likely[0].incident_id == "INC1"
