"""SIGHUP: the server takes up the intent model that the settings name now."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from dialog.conversation import Understands
from nlu.errors import NluError
from server.cli.early import Early
from server.documents import index_aside
from server.engines import Engines
from server.errors import ServerError
from server.meaning import load_meaning
from server.models import ModelStore
from server.settings import Settings

log = structlog.get_logger()


@asynccontextmanager
async def renewing(
    engines: Engines, reread: Callable[[], Settings], early: Early | None = None
) -> AsyncIterator[None]:
    """Renew the understander at each SIGHUP.

    Args:
        engines: Whose understander is replaced.
        reread: Reads the settings again.
        early: What has come until now.
    """
    told = asyncio.Event()

    async def renew_when_told() -> None:
        while await told.wait():
            told.clear()
            await renew_meaning(engines, reread)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, told.set)
    if early is not None and early.told:
        told.set()
    renewal = asyncio.create_task(renew_when_told())
    try:
        yield
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        renewal.cancel()


async def renew_meaning(engines: Engines, reread: Callable[[], Settings]) -> None:
    """Take up the model that the settings name now; nothing changes where it cannot be loaded.

    Calls under way end with the model that they began with, the next call has the new one.

    Args:
        engines: Whose understander is replaced.
        reread: Reads the settings again.
    """
    before = engines.understander
    try:
        engines.understander = await asyncio.to_thread(_loaded, reread)
    except (ServerError, NluError) as error:
        log.error("model_not_taken", error=str(error), model=before.version)
        return
    except Exception:  # a full disk, say: the next signal may find it mended
        log.exception("model_not_taken", model=before.version)
        return
    log.info("model_taken", model=engines.understander.version, before=before.version)


def _loaded(reread: Callable[[], Settings]) -> Understands:
    settings = reread()
    encoder = ModelStore(settings.models).prepare(settings.encoder)
    index_aside(settings, encoder)
    return load_meaning(settings, encoder)
