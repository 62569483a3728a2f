"""`tellerline conformance`: whether a server keeps docs/protocol.md."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from server.cli.root import app, progress_console


@app.command()
def conformance(
    url: Annotated[str, typer.Argument(help="The server's ws:// or wss:// url of /v1/call.")],
    token: Annotated[
        str | None, typer.Option(help="The server's token.", envvar="TELLERLINE_TOKEN")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Test every promise of docs/protocol.md that a client can test; exit code 1 if one is broken.

    Places some fifteen short calls, one after the other; a server needs a free place and a minute.
    Not tested are `duck`, which needs somebody's voice, and `busy`, which needs every place.
    """
    from server.client.conformance import PROMISES, Finding, Server, check

    console = Console()

    async def run() -> list[Finding]:
        findings = []
        with progress_console.status("testing") as status:
            for promise in PROMISES:
                status.update((promise.__doc__ or "").strip())
                finding = await check(Server(url, token), promise)
                findings.append(finding)
                if as_json:
                    print(json.dumps(asdict(finding)), flush=True)
                else:
                    mark = "[green]kept[/]  " if finding.kept else "[red]broken[/]"
                    why = f": {finding.why}" if finding.why else ""
                    console.print(f"{mark} {finding.name}{why}", highlight=False, soft_wrap=True)
        return findings

    findings = asyncio.run(run())
    kept = sum(finding.kept for finding in findings)
    if as_json:
        print(json.dumps({"kept": kept, "broken": len(findings) - kept}))
    else:
        console.print(f"{kept} of {len(findings)} promises kept")
    raise typer.Exit(0 if kept == len(findings) else 1)
