"""What a SOURCE is, and what holds its tables."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from relaxant.cohort.engine import Engine
from relaxant.cohort.ndjson import bulk_files
from relaxant.errors import InputError

ENGINES = ("duckdb", "spark")
_POSTGRES = ("postgresql://", "postgres://", "postgresql+pg8000://")
_SPARK = "spark:"
_TELLING = ("schema", "unix_sock")  # what of an address says which tables are meant
_WOULD_DO = "give a folder with Parquet or CSV files of the OMOP tables or with FHIR resources one a line (NDJSON), a DuckDB file, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"


def open_source(source: str, engine: str = "duckdb", *, memory: str = "1200MB", threads: int = 2, spill: Path | None = None) -> Engine:  # fmt: skip
    """The engine over a source; ``spill``: where it may go to disk, ``None``: where the system has temporary files. Raises :class:`InputError` where the source is none of those known, or its engine is not installed."""
    if engine not in ENGINES:
        raise InputError("--engine", engine, "there is no such engine", f"use {' or '.join(ENGINES)}")
    if source.startswith(_POSTGRES):
        if engine == "spark":
            raise InputError("--engine", engine, "a PostgreSQL database is read where it is", "leave --engine out")
        from relaxant.cohort.postgres import PostgresEngine

        return PostgresEngine(source.replace("postgresql+pg8000://", "postgresql://", 1))
    path = Path(source)
    if engine == "spark" or source.startswith(_SPARK):
        if not source.startswith(_SPARK) and not path.is_dir():
            raise InputError("SOURCE", source, "Spark reads folders and the tables of its catalog", "give a folder of Parquet or CSV files, or spark:DATABASE")  # fmt: skip
        if holds_bulk(source):
            raise InputError("--engine", engine, "FHIR bulk data are read without it", "leave --engine out")
        try:
            from relaxant.cohort.spark import SparkEngine
        except ModuleNotFoundError as error:
            raise InputError("--engine", engine, f"{error.name} is not installed", 'install it with: pip install "relaxant[spark]"') from None  # fmt: skip
        return SparkEngine(source)
    from relaxant.cohort.duck import DuckEngine, is_database

    if not path.exists():
        raise InputError("SOURCE", source, "there is nothing of that name", _WOULD_DO)
    if path.is_file() and not is_database(path):
        raise InputError(
            "SOURCE", source, "this file is no DuckDB database, and no line of it a FHIR resource", _WOULD_DO
        )
    with ExitStack() as undone:
        held = DuckEngine(path, memory=memory, threads=threads, spill=spill)
        undone.callback(held.close)
        if not held.columns():
            raise InputError("SOURCE", source, "none of the tables of OMOP is there", _WOULD_DO)
        undone.pop_all()
    return held


def holds_bulk(source: str) -> bool:
    """Whether a source is FHIR bulk data: a file, or a folder without a table of OMOP, in which lines are resources."""
    if "://" in source or source.startswith(_SPARK):
        return False
    from relaxant.cohort.duck import is_database, table_files

    path = Path(source)
    tables = is_database(path) if path.is_file() else path.is_dir() and table_files(path)
    return path.exists() and not tables and bool(bulk_files(path)[0])


def fingerprint(source: str) -> list[str]:
    """What tells one state of a source from another: its files with sizes and times, or the address of a database."""
    if "://" in source or source.startswith(_SPARK):
        return [shown_source(source)]
    path = Path(source)
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    try:
        return [f"{p} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in files]
    except OSError:
        return [source]


def shown_source(source: str) -> str:
    """A source as it may be written down: without user and password.

    >>> shown_source("postgresql://me:secret@db:5433/omop?schema=cdm")
    'postgresql://db:5433/omop?schema=cdm'
    """
    if "://" not in source:
        return source
    parts = urlsplit(source)
    told = [(name, value) for name, value in parse_qsl(parts.query) if name in _TELLING]
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2] or 'localhost'}{parts.path}"
    return f"{where}?{urlencode(told, safe='/')}" if told else where
