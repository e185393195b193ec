"""What a screen keeps while it runs, so that one that was stopped goes on where it was: a folder within the output, gone when all is done.

Everything is written beside its name and then given it, so that what has its name is whole.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from relaxant.cohort.said import SAID
from relaxant.errors import InputError

FOLDER = "unfinished"
_SPILL = "spill-"
_ROWS = 131_072  # of a group of the prepared relation, which is read as a whole


class Span(msgspec.Struct, frozen=True):
    """The people of one batch: those with numbers from ``first`` to ``last``."""

    number: int
    first: int
    last: int


class Unfinished:
    """The folder of a screen that runs. ``stamp`` says of what the screen is made; a folder of another screen is begun anew."""

    def __init__(self, output: Path, stamp: dict[str, object]) -> None:
        self.folder = output / FOLDER
        written = msgspec.json.format(msgspec.json.encode(stamp, order="sorted"), indent=1)
        try:
            resumed = (self.folder / "stamp.json").read_bytes() == written
        except OSError:
            resumed = False
        try:
            if not resumed:
                if self.folder.exists():
                    shutil.rmtree(self.folder)
                self.folder.mkdir(parents=True)
                self.put("stamp.json", written)
        except OSError as error:
            raise InputError("--output", output, f"it cannot be written ({error.strerror})", "give a folder that may be written") from None  # fmt: skip

    @property
    def said(self) -> Path:
        """The prepared rows, once they are whole."""
        return self.folder / "said.parquet"

    def put(self, name: str, data: bytes) -> None:
        """Writes a file as a whole."""
        self.made(name, lambda path: path.write_bytes(data))

    def get(self, name: str) -> bytes | None:
        """A file that was written; ``None`` where it was not."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def made(self, name: str, write: Callable[[Path], object]) -> None:
        """Lets something be written beside its name, then gives it the name."""
        beside = self.folder / f"{name}.{os.getpid()}.part"
        write(beside)
        os.replace(beside, self.folder / name)

    @contextmanager
    def spill(self) -> Iterator[Path]:
        """A folder for what goes to disk while the rows are prepared, gone afterwards; that of a screen that was killed goes first."""
        for left in self.folder.glob(f"{_SPILL}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=_SPILL) as made:
            yield Path(made)

    def put_said(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema = SAID) -> None:
        """Writes the prepared rows, people one after another."""

        def write(path: Path) -> None:
            with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
                for batch in batches:
                    writer.write_batch(batch.cast(schema), row_group_size=_ROWS)

        self.made("said.parquet", write)

    def read_said(self, span: Span) -> pa.Table:
        """The rows of the people of a batch."""
        chosen = [("person_id", ">=", span.first), ("person_id", "<=", span.last)]
        return pq.read_table(self.said, filters=chosen, use_threads=False)

    def done(self) -> None:
        """All is written elsewhere: the folder goes."""
        shutil.rmtree(self.folder)
