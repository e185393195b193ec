CREATE TABLE relaxant (
    version INTEGER NOT NULL,
    secret BYTEA,
    PRIMARY KEY (version)
)

CREATE TABLE audit (
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind VARCHAR(40) NOT NULL,
    by VARCHAR(200) NOT NULL,
    person BYTEA,
    what TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (number)
)

CREATE FUNCTION audit_only_added() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''the audit is only added to''; END'

CREATE TRIGGER audit_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_only_added()

CREATE TABLE people (
    lookup BYTEA NOT NULL,
    key BYTEA NOT NULL,
    PRIMARY KEY (lookup)
)

CREATE TABLE tokens (
    token BYTEA NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (token)
)

CREATE INDEX tokens_until ON tokens (until)

CREATE TABLE cards (
    card VARCHAR(36) NOT NULL,
    at BIGINT NOT NULL,
    service VARCHAR(60) NOT NULL,
    issuer VARCHAR(200) NOT NULL,
    person BYTEA NOT NULL,
    finding VARCHAR(200) NOT NULL,
    rules TEXT NOT NULL,
    indicator VARCHAR(10) NOT NULL,
    said BYTEA,
    PRIMARY KEY (card)
)

CREATE INDEX cards_person ON cards (person, said)

CREATE TABLE diaries (
    diary VARCHAR(36) NOT NULL,
    code BYTEA NOT NULL,
    label VARCHAR(200),
    columns TEXT NOT NULL,
    call TEXT,
    made BIGINT NOT NULL,
    until BIGINT NOT NULL,
    revoked BIGINT,
    PRIMARY KEY (diary),
    UNIQUE (code)
)

CREATE TABLE steps (
    state BYTEA NOT NULL,
    held TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (state)
)

CREATE TABLE sessions (
    cookie BYTEA NOT NULL,
    role VARCHAR(20) NOT NULL,
    by BYTEA NOT NULL,
    held TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (cookie)
)

CREATE TABLE answers (
    card VARCHAR(36) NOT NULL,
    at BIGINT NOT NULL,
    outcome VARCHAR(12) NOT NULL,
    reason VARCHAR(60),
    suggestions TEXT NOT NULL,
    PRIMARY KEY (card),
    FOREIGN KEY(card) REFERENCES cards (card)
)

CREATE TABLE entries (
    diary VARCHAR(36) NOT NULL,
    day VARCHAR(10) NOT NULL,
    part VARCHAR(20) NOT NULL,
    said TEXT NOT NULL,
    written BIGINT NOT NULL,
    kept BIGINT NOT NULL,
    PRIMARY KEY (diary, day, part),
    FOREIGN KEY(diary) REFERENCES diaries (diary)
)
