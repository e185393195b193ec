"""What the pages load: scripts and styles, built once by the npm project in ``web/`` and named by what is in them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from relaxant.service.house import House
from relaxant.service.problems import Problem

_FOLDER = Path(__file__).parent.parent / "static"
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
KINDS = dict.fromkeys(_KINDS.values(), bytes)
_FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable"}  # its name changes with what is in it


@cache
def manifest() -> dict[str, str]:
    """From a plain name (``page.css``) to the name of the built file."""
    return msgspec.json.decode((_FOLDER / "manifest.json").read_bytes(), type=dict[str, str])


def asset(name: str) -> str:
    """The address of a built file."""
    return f"/static/{manifest()[name]}"


@cache
def _files() -> dict[str, bytes]:
    return {name: (_FOLDER / name).read_bytes() for name in manifest().values()}


async def static(request: Request, _house: House) -> Response:
    """A built file, to be kept by the browser for good."""
    name = request.path_params["name"]
    if name not in _files():
        raise Problem(404, "there is nothing here")
    return Response(_files()[name], media_type=_KINDS[Path(name).suffix], headers=_FOR_GOOD)
