"""Posts what happens to clocks to a chat, as it happens: warnings, breaches, what was withdrawn.

    python chat.py --webhook https://chat.example.com/hooks/T000 --zone Europe/Amsterdam

The webhook is an incoming one, as Slack, Mattermost and Rocket.Chat have them: it takes
{"text": "..."}. What was posted is kept in the file --state, so that after a stop nothing is left
out; at most the one that was on its way comes twice.

Where the server is, and who this is, the environment says: SLX_ADDRESS, SLX_TENANT, SLX_TOKEN_FILE.
"""

import argparse
import json
import logging
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import slx

TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500
LONGEST_PAUSE = 60.0
POSTED_KEPT = 1_000

logger = logging.getLogger("chat")


class State:
    """Where to go on, and what was posted of late, in a file that is whole at any time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        kept = json.loads(file.read_text()) if file.exists() else {}
        self.resume_token: str = kept.get("resume_token", "")
        # By their ids, since a watch that goes on may give some again.
        self.posted: list[str] = kept.get("posted", [])

    def posted_one(self, notice: slx.Notice) -> None:
        """Keeps that a notice was posted."""
        self.posted = [*self.posted, notice.id][-POSTED_KEPT:]
        self._save()

    def taken_in(self, message: slx.WatchMessage) -> None:
        """Keeps that all of a message was posted."""
        self.resume_token = message.resume_token
        self._save()

    def _save(self) -> None:
        text = json.dumps({"resume_token": self.resume_token, "posted": self.posted})
        fresh = self._file.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self._file)


def follow(client: slx.Client, state: State, post: Callable[[str], None], zone: ZoneInfo) -> None:
    """Posts without end."""
    kinds = [slx.NoticeKind.WARNED, slx.NoticeKind.BREACHED]
    while True:
        with client.watch(resume_token=state.resume_token, kinds=kinds) as watch:
            try:
                for message in watch.messages():
                    for notice in message.notices:
                        if notice.id not in state.posted:
                            post(text_of(notice, zone))
                            state.posted_one(notice)
                    state.taken_in(message)
            except slx.ResumePointExpired:
                post("slx: I was away for too long. What breached meanwhile, slx clocks lists.")
                state.resume_token = ""


def text_of(notice: slx.Notice, zone: ZoneInfo) -> str:
    """A notice in a line."""
    priority = f" ({notice.priority})" if notice.priority else ""
    about = f"{notice.incident_id}{priority}: {notice.target_id} of {notice.contract_id}"
    if notice.withdrawn:
        what = "breached" if notice.kind is slx.NoticeKind.BREACHED else "near its limit"
        return f":white_check_mark: {about}: not {what} after all"
    when = "" if notice.time is None else f"{notice.time.astimezone(zone):%a %d %b %H:%M}"
    if notice.kind is slx.NoticeKind.BREACHED:
        return f":red_circle: {about}: breached {when}"
    left = ""
    # A fact that comes late may report a warning that is long over.
    if notice.clock is not None and notice.clock.remaining > timedelta():
        left = f", {_shown(notice.clock.remaining)} left"
    return f":large_yellow_circle: {about}: near its limit {when}{left}"


def poster(webhook: str) -> Callable[[str], None]:
    """Posts to a webhook, again and again while that may help."""

    def post(text: str) -> None:
        body = json.dumps({"text": text}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(webhook, body, headers)  # noqa: S310 - the user's own
        pause = 0.5
        while True:
            try:
                urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
            except urllib.error.HTTPError as refused:
                if refused.code != TOO_MANY_REQUESTS and refused.code < SERVER_ERROR:
                    # It would be refused for ever, and hold up all others.
                    logger.exception("refused: %s", text)
                    return
                logger.warning("again in %.1f s: %s", pause, refused)
            except OSError as broken:
                logger.warning("again in %.1f s: %s", pause, broken)
            else:
                return
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    return post


def _shown(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 60} h {minutes % 60:02} min"


def main(arguments: list[str] | None = None) -> int:
    """Follows until it is interrupted."""
    parser = argparse.ArgumentParser(description="Posts what happens to clocks to a chat.")
    parser.add_argument("--webhook", required=True, help="the URL of the incoming webhook")
    parser.add_argument("--state", type=Path, default=Path("chat.json"), help="where to go on")
    parser.add_argument("--zone", type=ZoneInfo, default=ZoneInfo("UTC"), help="a time zone")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO)
    with slx.Client() as client:
        try:
            follow(client, State(given.state), poster(given.webhook), given.zone)
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
