"""Databases for tests: a file of SQLite, and a real PostgreSQL of the test run's own on a free port of loopback."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

_NO_CONNECTION, _RECOVERY = 2, 60.0  # what psql ends with; seconds
_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))


class Server:
    """A PostgreSQL that was begun for this test run. It does not run as root, listens on loopback alone, and asks for a password."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self.folder, self.user = folder, user
        self.data, self.log, self.password = folder / "data", folder / "log", secrets.token_hex(16)
        self.port = _free_port()
        self.empty, self.taken = list[str](), list[str]()
        word = folder / "password"
        word.write_text(self.password)
        if user is not None:
            for path in (folder, word):
                shutil.chown(path, user)
        self._run("initdb", "-D", str(self.data), "-U", "relaxant", "-A", "scram-sha-256", "--pwfile", str(word), "-E", "UTF8", "--locale", "C", "--no-sync")  # fmt: skip
        word.unlink()

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c max_connections=60 -c shared_buffers=16MB -c fsync=off"
        # Processes are killed here, never the machine: what was given to the operating system survives
        self._run("pg_ctl", "start", "-w", "-t", "60", "-D", str(self.data), "-l", str(self.log), "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """``immediate`` is a crash: the next start recovers from the log."""
        self._run("pg_ctl", "stop", "-w", "-t", "60", "-m", mode, "-D", str(self.data))

    def url(self, database: str) -> str:
        return f"postgresql+pg8000://relaxant:{quote(self.password)}@127.0.0.1:{self.port}/{database}"

    def encrypt(self) -> Path:
        """Has it speak TLS, with a certificate for 127.0.0.1 that is its own authority; gives the certificate."""
        if shutil.which("openssl") is None:
            pytest.skip("openssl is not installed, which makes the server's certificate")
        certificate, key = self.folder / "server.crt", self.folder / "server.key"
        made = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ]
        named = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        subprocess.run([*made, *named, "-out", certificate, "-keyout", key], check=True, capture_output=True)
        key.chmod(0o600)
        if self.user is not None:
            shutil.chown(key, self.user)
            shutil.chown(certificate, self.user)
        for name, value in (("ssl_cert_file", certificate), ("ssl_key_file", key), ("ssl", "on")):
            self.say(f"ALTER SYSTEM SET {name} = '{value}'")
        self._run("pg_ctl", "reload", "-D", str(self.data))
        return certificate

    def new(self) -> str:
        """The address of an empty database."""
        if not self.empty:
            name = f"t{secrets.token_hex(6)}"
            self.say(f"CREATE DATABASE {name}")
            self.empty.append(name)
        self.taken.append(self.empty.pop())
        return self.url(self.taken[-1])

    def clear(self) -> None:
        """Empties every database that was taken, for the next test."""
        while self.taken:
            name = self.taken.pop()
            self.say(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
            self.say("DROP SCHEMA public CASCADE; CREATE SCHEMA public", name)
            self.empty.append(name)

    def say(self, words: str, database: str = "postgres") -> str:
        """What one statement answers; a server that recovers from a crash is waited for."""
        environment = {**os.environ, "PGPASSWORD": self.password}
        last = time.monotonic() + _RECOVERY
        while True:
            said = subprocess.run(
                [str(_BINARIES[-1] / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "relaxant", "-d", database, "-v", "ON_ERROR_STOP=1", "-Atc", words],
                capture_output=True, text=True, env=environment, check=False, timeout=60,
            )  # fmt: skip
            if said.returncode != _NO_CONNECTION or time.monotonic() > last:
                break
            time.sleep(0.2)
        assert said.returncode == 0, said.stderr
        return said.stdout.strip()

    def workers(self, database: str) -> list[int]:
        """The processes that serve a database."""
        return [int(p) for p in self.say(f"SELECT pid FROM pg_stat_activity WHERE datname = '{database}'").split()]

    def worker(self, database: str) -> int:
        """One of them; where all have just ended, the first that comes."""
        last = time.monotonic() + _RECOVERY
        while not (found := self.workers(database)):
            assert time.monotonic() < last, "nobody is connected"
            time.sleep(0.05)
        return found[0]

    def _run(self, name: str, *arguments: str) -> None:
        found = subprocess.run(
            [str(_BINARIES[-1] / name), *arguments], user=self.user, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd=self.folder, timeout=120, check=False,
        )  # fmt: skip
        assert found.returncode == 0, f"{name} failed: {self.log.read_text() if self.log.exists() else ''}"


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    """The PostgreSQL of this test run; what a test puts into it is gone afterwards."""
    yield running
    running.clear()


@pytest.fixture(scope="session")
def running() -> Iterator[Server]:
    if not _BINARIES:
        pytest.skip("PostgreSQL is not installed under /usr/lib/postgresql (apt-get install postgresql)")
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = next((u.pw_name for u in pwd.getpwall() if u.pw_name in ("postgres", "nobody")), None)
        if user is None:
            pytest.skip("PostgreSQL does not run as root, and there is no user nobody or postgres")
    folder = Path(tempfile.mkdtemp(prefix="relaxant-postgresql-"))
    try:
        made = Server(folder, user)
        made.start()
        try:
            yield made
        finally:
            made.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'relaxant.sqlite3'}"
    found: Server = request.getfixturevalue("server")
    return found.new()


@pytest.fixture(scope="session")
def spark() -> Iterator[None]:
    """A Spark on this machine for all tests that ask for it: two tasks at once, and of small tables as little compiled as can be."""
    pytest.importorskip("pyspark", reason="Spark is not installed (relaxant[spark])")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed, in which Spark runs")
    from relaxant.cohort.spark import local_session

    quick = {"SPARK_MASTER": "local[2,4]", "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
    before = {name: os.environ.get(name) for name in quick}
    os.environ.update(quick)
    session = local_session()
    session.conf.set("spark.sql.codegen.wholeStage", "false")
    session.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    session.conf.set("spark.sql.shuffle.partitions", "2")
    yield
    session.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to a process of ours."""
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
