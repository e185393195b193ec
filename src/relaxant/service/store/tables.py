"""The tables, written once for SQLite and PostgreSQL. Times are UTC, in whole milliseconds since 1970; no column holds a name, a record number or a token."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    event,
)
from sqlalchemy.schema import ExecutableDDLElement

VERSION = 3  # of these tables; kept in the database, and raised by whatever changes one
METADATA = MetaData()
_MILLISECONDS = BigInteger
_ddl: Callable[[str], ExecutableDDLElement] = DDL

# What made the database. ``secret``: a keyed hash that tells whether a secret is the one that the database was begun with.
MADE = Table(
    "relaxant",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("secret", LargeBinary(32)),
)

# Only ever added to. ``person`` is a pseudonym; ``what`` is JSON of ids from our own code and knowledge. ``hash`` is over the row and the hash before it.
AUDIT = Table(
    "audit",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", _MILLISECONDS, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("by", String(200), nullable=False),
    Column("person", LargeBinary(32)),
    Column("what", Text, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)

# The database itself refuses what is no addition, so that neither a slip of ours nor a plain statement of another's goes unnoticed.
for _words in (
    "CREATE TRIGGER audit_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END",
    "CREATE TRIGGER audit_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END",
):
    event.listen(AUDIT, "after_create", _ddl(_words).execute_if(dialect="sqlite"))
for _words in (
    "CREATE FUNCTION audit_only_added() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''the audit is only added to''; END'",
    "CREATE TRIGGER audit_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_only_added()",
):
    event.listen(AUDIT, "after_create", _ddl(_words).execute_if(dialect="postgresql"))

# The key that makes a person's pseudonym; without it nothing leads from the audit to the person. ``lookup``: a keyed hash of the record number.
PEOPLE = Table(
    "people",
    METADATA,
    Column("lookup", LargeBinary(32), primary_key=True),
    Column("key", LargeBinary(32), nullable=False),
)

# Tokens that were used, until they would be refused for their age anyhow. ``token``: a hash of issuer and ``jti``.
TOKENS = Table(
    "tokens",
    METADATA,
    Column("token", LargeBinary(32), primary_key=True),
    Column("until", _MILLISECONDS, nullable=False),
    Index("tokens_until", "until"),
)

# Cards that were shown. ``finding``: the finding's id, ``rules``: ids parted by spaces; ``said``: a hash of what it said of which order on which day.
CARDS = Table(
    "cards",
    METADATA,
    Column("card", String(36), primary_key=True),
    Column("at", _MILLISECONDS, nullable=False),
    Column("service", String(60), nullable=False),
    Column("issuer", String(200), nullable=False),
    Column("person", LargeBinary(32), nullable=False),
    Column("finding", String(200), nullable=False),
    Column("rules", Text, nullable=False),
    Column("indicator", String(10), nullable=False),
    Column("said", LargeBinary(32)),
)

# What was answered to a card. ``outcome``: accepted or overridden; ``reason``: a code of ours, or "other"; ``said``: the card's, by which a later call
# finds what was answered. A card that nobody answered stands in no index but that of its id.
ANSWERS = Table(
    "answers",
    METADATA,
    Column("card", String(36), ForeignKey("cards.card"), primary_key=True),
    Column("at", _MILLISECONDS, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("reason", String(60)),
    Column("suggestions", Text, nullable=False),
    Column("said", LargeBinary(32)),
    Index("answers_said", "said"),
)

# A diary that a link opens. ``code``: a hash of the link's code, which is nowhere else; ``call``: whom to call, in words of the clinic.
DIARIES = Table(
    "diaries",
    METADATA,
    Column("diary", String(36), primary_key=True),
    Column("code", LargeBinary(32), nullable=False, unique=True),
    Column("label", String(200)),
    Column("columns", Text, nullable=False),
    Column("call", Text),
    Column("made", _MILLISECONDS, nullable=False),
    Column("until", _MILLISECONDS, nullable=False),
    Column("revoked", _MILLISECONDS),
)

# One part of one day, as last written. ``said`` is JSON of what was entered; ``written`` is the device's time, which decides between two devices.
ENTRIES = Table(
    "entries",
    METADATA,
    Column("diary", String(36), ForeignKey("diaries.diary"), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("part", String(20), primary_key=True),
    Column("said", Text, nullable=False),
    Column("written", _MILLISECONDS, nullable=False),
    Column("kept", _MILLISECONDS, nullable=False),
)

# What is between two steps of a sign-in or a launch. ``state``: a hash; ``held``: JSON.
STEPS = Table(
    "steps",
    METADATA,
    Column("state", LargeBinary(32), primary_key=True),
    Column("held", Text, nullable=False),
    Column("until", _MILLISECONDS, nullable=False),
    Index("steps_until", "until"),
)

# Who is signed in. ``cookie``: a hash of it.
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("cookie", LargeBinary(32), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("by", LargeBinary(32), nullable=False),
    Column("held", Text, nullable=False),
    Column("until", _MILLISECONDS, nullable=False),
    Index("sessions_until", "until"),
)
