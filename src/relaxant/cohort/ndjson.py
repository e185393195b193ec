"""FHIR bulk data as files: which of a folder hold resources, one a line, plain or gzipped, and their lines.

Format: HL7, FHIR Bulk Data Access (https://hl7.org/fhir/uv/bulkdata/export.html); what files are called says nothing there and nothing here.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from relaxant.errors import InputError

MOST_LINE = 64 * 1024 * 1024  # bytes: a line that is longer is no resource of a record that is read
_HEAD = 65_536
_GZIP = b"\x1f\x8b"
_RESOURCE = re.compile(rb'"resourceType"\s*:')
_TELL = 4096  # lines from one word on how far it is to the next


def bulk_files(source: Path) -> tuple[list[Path], list[Path]]:
    """The files of a source (itself, or all in a folder, however deep) that hold FHIR resources one a line, and those that hold something else.

    Hidden and empty files are neither.
    """
    paths = [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.is_file())
    held, others = list[Path](), list[Path]()
    for path in paths:
        if any(part.startswith(".") for part in path.relative_to(source).parts):
            continue
        try:
            head = _head(path)
        except OSError as error:
            raise _unreadable(path, error) from None
        if head:
            (held if _RESOURCE.search(head) else others).append(path)
    return held, others


def lines(path: Path, told: Callable[[int], None]) -> Iterator[bytes | None]:
    """The lines of a file without spaces around them; nothing for an empty one, ``None`` for one that is longer than any resource.

    ``told`` hears from time to time how many bytes of the file are read. Raises :class:`InputError` where the file cannot be read to its end.
    """
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == _GZIP
            raw.seek(0)
            with cast(IO[bytes], gzip.GzipFile(fileobj=raw) if zipped else raw) as file:
                for place, line in enumerate(_cut(file)):
                    if place % _TELL == 0:
                        told(raw.tell())
                    if line is None:
                        yield None
                        continue
                    line = line.removeprefix(codecs.BOM_UTF8).strip() if place == 0 else line.strip()
                    yield line
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None


def _cut(file: IO[bytes]) -> Iterator[bytes | None]:
    while line := file.readline(MOST_LINE):
        if line.endswith(b"\n") or len(line) < MOST_LINE:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MOST_LINE)
        yield None


def _head(path: Path) -> bytes:
    """The start of what a file says; of a gzipped one as much as its start gives."""
    with path.open("rb") as file:
        start = file.read(_HEAD)
    if not start.startswith(_GZIP):
        return start
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(start, _HEAD)
    except zlib.error as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> InputError:
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        return InputError(
            f"SOURCE {path.name}", path, "this gzipped file is cut short or broken", "give the whole file"
        )
    why = error.strerror if isinstance(error, OSError) else str(error)
    return InputError(f"SOURCE {path.name}", path, f"it cannot be read ({why})", "give files that may be read")
