"""What is written to the log when something breaks."""

import subprocess
import sys

BREAKS = """
import structlog
from server.cli.logs import set_up_logs
set_up_logs(False)
def authenticate(pin):
    heard = "my pin is " + pin
    raise RuntimeError("the bank broke")
try:
    authenticate("48" + "21")
except RuntimeError:
    structlog.get_logger().exception("answer_failed", turn=3)
"""


def test_a_failure_is_logged_without_what_the_caller_said():
    run = subprocess.run(
        [sys.executable, "-c", BREAKS], capture_output=True, text=True, timeout=60, check=True
    )
    assert '"event": "answer_failed"' in run.stderr
    assert "the bank broke" in run.stderr
    assert "4821" not in run.stderr


UNREAD = """
import asyncio
import json
from loguru import logger
from server.channels.browser.peer import Peer
from server.cli.logs import set_up_logs
set_up_logs(False)
class Channel:
    readyState = "open"
    def on(self, event):
        return lambda handler: setattr(self, event, handler) or handler
async def tell():
    channel = Channel()
    peer = Peer()
    peer.pc.emit("datachannel", channel)
    keys = list("48" + "21")
    await channel.message(json.dumps({"label": "rtvi-ai", "data": {"buttons": keys}}))
    logger.error("told")
    await peer.pc.close()
asyncio.run(tell())
"""


def test_a_message_over_webrtc_that_cannot_be_read_is_not_logged():
    run = subprocess.run(
        [sys.executable, "-c", UNREAD], capture_output=True, text=True, timeout=60, check=True
    )
    assert "told" in run.stderr
    assert "buttons" not in run.stderr
