"""Call detail records: a file a call, with what RTCP tells of its sound, and not who called."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from server.records import details_path


@dataclass(slots=True)
class CallDetails:
    """One call as the trunk's bill and its operators want it; who called is in its sealed record.

    Attributes:
        call: Our name of the call; its record has the same.
        sip_call_id: The trunk's.
        called: As the network tells.
        source, transport: Where the INVITE came from; behind a proxy on this machine, where that
            had it from, and how it came from the proxy.
        rate: Of the caller's sound, Hz.
        ended: "goodbye", "transfer", "hangup", "error", "lost", or why it was refused.
        quality: RTCP's figures, milliseconds and packets, and `mos`, an estimate by the E-model
            (ITU-T G.107), 1 to 5.
    """

    call: str
    sip_call_id: str
    called: str
    source: str
    transport: str
    began: datetime
    answered: datetime | None = None
    over: datetime | None = None
    rate: int = 0
    ended: str = "error"
    quality: dict[str, Any] = field(default_factory=dict)

    def measure(self, stats: Mapping[str, Any] | None) -> None:
        """Take the closing report of the stack (the fields of baresip's `CallStats`)."""
        if stats is None:
            return
        received = stats["rx_packets"] + stats["rx_lost"]
        self.quality = {
            "received": stats["rx_packets"],
            "lost": stats["rx_lost"],
            "loss_percent": round(100 * stats["rx_lost"] / received, 2) if received else 0.0,
            "jitter_ms": round(stats["rx_jitter_ms"], 1),
            "sent": stats["tx_packets"],
            "far_lost": stats["tx_lost"],
            "far_jitter_ms": round(stats["tx_jitter_ms"], 1),
            "round_trip_ms": round(stats["rtt_ms"], 1),
            "buffer_ms": stats["jbuf_delay_ms"],
            "late": stats["jbuf_late"],
            "mos": stats["mos"],
        }

    def write(self, folder: Path | None) -> None:
        """Write it to `CALL.cdr.json` in the folder of records, for its owner only (blocking)."""
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(details_path(folder, self.call), flags, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(asdict(self), stream, default=datetime.isoformat, ensure_ascii=False)
