"""The store's tables, and the way from each older form of them to the newest.

Forward only: a migration is never changed once released, a new one is added at the end.
`PRAGMA user_version` counts the migrations that a store has had. SQLite 3.24 is enough.
"""

import sqlite3

APPLICATION_ID = 0x536F6A6E
"""Marks the file as a store of ours ("Sojn")."""

_FIRST = """
CREATE TABLE jobs (
    signature TEXT NOT NULL,
    machine TEXT NOT NULL,
    name TEXT NOT NULL,
    backend TEXT NOT NULL,
    state TEXT NOT NULL,
    exit_code INTEGER,
    reason TEXT NOT NULL,
    scheduler_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    token TEXT NOT NULL,
    task_index INTEGER NOT NULL,
    submitted_at REAL,
    started_at REAL,
    finished_at REAL,
    job_dir TEXT NOT NULL,
    workflow TEXT NOT NULL,
    step TEXT NOT NULL,
    workflow_version TEXT NOT NULL,
    user TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    polled_at REAL,
    absent_since REAL,
    absent_watched REAL NOT NULL,
    absent_polls INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    blocked_by TEXT NOT NULL,
    root_id TEXT NOT NULL,
    parents TEXT NOT NULL,
    resources TEXT NOT NULL,
    usage TEXT NOT NULL,
    consumed TEXT NOT NULL,
    job TEXT NOT NULL,
    components TEXT NOT NULL,
    PRIMARY KEY (signature, machine)
);
CREATE INDEX jobs_scheduler_id ON jobs (scheduler_id, machine) WHERE scheduler_id <> '';
CREATE INDEX jobs_workflow ON jobs (workflow, step);
CREATE INDEX jobs_state ON jobs (state, machine);
CREATE INDEX jobs_created ON jobs (created_at);

CREATE TABLE attempts (
    signature TEXT NOT NULL,
    machine TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    exit_code INTEGER,
    reason TEXT NOT NULL,
    scheduler_id TEXT NOT NULL,
    token TEXT NOT NULL,
    task_index INTEGER NOT NULL,
    submitted_at REAL,
    started_at REAL,
    finished_at REAL,
    job_dir TEXT NOT NULL,
    resources TEXT NOT NULL,
    usage TEXT NOT NULL,
    PRIMARY KEY (signature, machine, attempt)
) WITHOUT ROWID;

-- An attempt becomes history when the job goes on to another, whoever does that.
CREATE TRIGGER jobs_attempt AFTER UPDATE OF attempt ON jobs WHEN old.attempt <> new.attempt
BEGIN
    INSERT OR REPLACE INTO attempts VALUES (
        old.signature, old.machine, old.attempt, old.state, old.exit_code, old.reason,
        old.scheduler_id, old.token, old.task_index, old.submitted_at, old.started_at,
        old.finished_at, old.job_dir, old.resources, old.usage);
END;

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    signature TEXT NOT NULL,
    machine TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    at REAL NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    reason TEXT NOT NULL,
    exit_code INTEGER,
    source TEXT NOT NULL,
    evidence TEXT NOT NULL
);
CREATE INDEX events_job ON events (signature, machine);

CREATE TABLE memberships (
    workflow TEXT NOT NULL,
    node TEXT NOT NULL,
    signature TEXT NOT NULL,
    machine TEXT NOT NULL,
    step TEXT NOT NULL,
    seen_at REAL NOT NULL,
    PRIMARY KEY (workflow, node, signature, machine)
) WITHOUT ROWID;
CREATE INDEX memberships_job ON memberships (signature, machine);

CREATE TABLE workflows (
    name TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    script TEXT NOT NULL,
    arguments TEXT NOT NULL,
    directory TEXT NOT NULL,
    environment TEXT NOT NULL,
    script_digest TEXT NOT NULL,
    machine TEXT NOT NULL,
    status TEXT NOT NULL,
    suspended_on TEXT NOT NULL,
    created_at REAL NOT NULL,
    last_run_at REAL,
    paused INTEGER NOT NULL,
    owner TEXT NOT NULL,
    owned_since REAL,
    resumes INTEGER NOT NULL,
    resume_failures INTEGER NOT NULL,
    resumed_at REAL,
    log TEXT NOT NULL,
    detail TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE nodes (
    workflow TEXT NOT NULL,
    node TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    signature TEXT NOT NULL,
    components TEXT NOT NULL,
    seen_at REAL NOT NULL,
    PRIMARY KEY (workflow, node)
) WITHOUT ROWID;

CREATE TABLE steps (
    signature TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    module TEXT NOT NULL,
    workflow TEXT NOT NULL,
    created_at REAL NOT NULL,
    seconds REAL,
    consumed TEXT NOT NULL,
    value TEXT NOT NULL,
    components TEXT NOT NULL
);
CREATE INDEX steps_workflow ON steps (workflow);

CREATE TABLE machines (
    name TEXT PRIMARY KEY,
    root_id TEXT NOT NULL DEFAULT '',
    root_path TEXT NOT NULL DEFAULT '',
    backend TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'ok',
    state_since REAL,
    detail TEXT NOT NULL DEFAULT '',
    contacted_at REAL,
    paused INTEGER NOT NULL DEFAULT 0,
    polled_at REAL,
    poll_seconds REAL NOT NULL DEFAULT 0,
    connections INTEGER NOT NULL DEFAULT 0,
    trips INTEGER NOT NULL DEFAULT 0,
    scheduler_calls INTEGER NOT NULL DEFAULT 0,
    bytes_up INTEGER NOT NULL DEFAULT 0,
    bytes_down INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE digests (
    path BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    digest TEXT NOT NULL,
    used_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX digests_used ON digests (used_at);

CREATE TABLE archives (
    tree TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    used_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX archives_used ON archives (used_at);
"""

_SECOND = """
ALTER TABLE workflows ADD COLUMN interpreter TEXT NOT NULL DEFAULT '';
"""

_THIRD = """
ALTER TABLE workflows ADD COLUMN options TEXT NOT NULL DEFAULT '[]';
"""

_FOURTH = """
ALTER TABLE jobs ADD COLUMN asked TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN given TEXT NOT NULL DEFAULT '{}';
ALTER TABLE jobs ADD COLUMN stderr_tail TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN never_starts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN asked TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN given TEXT NOT NULL DEFAULT '{}';
ALTER TABLE attempts ADD COLUMN stderr_tail TEXT NOT NULL DEFAULT '';

-- What was kept of attempts among the settings outlived the jobs: it moves to them. A retry's
-- words held for the attempts after it, too; ':' is the character after the last digit.
UPDATE jobs SET given = ifnull((
    SELECT value FROM settings
    WHERE key > 'resources:' || machine || ':' || signature || ':'
    AND key < 'resources:' || machine || ':' || signature || '::'
    AND CAST(substr(key, length(machine || signature) + 13) AS INTEGER) <= attempt
    ORDER BY length(key) DESC, key DESC LIMIT 1), '{}');
UPDATE attempts SET given = ifnull((
    SELECT value FROM settings
    WHERE key > 'resources:' || machine || ':' || signature || ':'
    AND key < 'resources:' || machine || ':' || signature || '::'
    AND CAST(substr(key, length(machine || signature) + 13) AS INTEGER) <= attempt
    ORDER BY length(key) DESC, key DESC LIMIT 1), '{}');
UPDATE jobs SET stderr_tail = ifnull((
    SELECT value FROM settings
    WHERE key = 'stderr:' || machine || ':' || signature || ':' || attempt), '');
UPDATE attempts SET stderr_tail = ifnull((
    SELECT value FROM settings
    WHERE key = 'stderr:' || machine || ':' || signature || ':' || attempt), '');
DELETE FROM settings WHERE key GLOB 'resources:*' OR key GLOB 'stderr:*';
-- With a retry's words among the resources, what was asked for without them is not known.
UPDATE jobs SET asked = '{"resources": ' || resources || '}' WHERE given = '{}';

DROP TRIGGER jobs_attempt;
CREATE TRIGGER jobs_attempt AFTER UPDATE OF attempt ON jobs WHEN old.attempt <> new.attempt
BEGIN
    INSERT OR REPLACE INTO attempts (
        signature, machine, attempt, state, exit_code, reason, scheduler_id, token, task_index,
        submitted_at, started_at, finished_at, job_dir, resources, usage, asked, given,
        stderr_tail)
    VALUES (
        old.signature, old.machine, old.attempt, old.state, old.exit_code, old.reason,
        old.scheduler_id, old.token, old.task_index, old.submitted_at, old.started_at,
        old.finished_at, old.job_dir, old.resources, old.usage, old.asked, old.given,
        old.stderr_tail);
END;
"""

_FIFTH = """
ALTER TABLE memberships ADD COLUMN current INTEGER NOT NULL DEFAULT 1;
UPDATE memberships SET current = EXISTS (
    SELECT 1 FROM nodes WHERE nodes.workflow = memberships.workflow
    AND nodes.node = memberships.node AND nodes.signature = memberships.signature);
DROP INDEX memberships_job;
CREATE INDEX memberships_job ON memberships (signature, machine, current);
"""

_SIXTH = """
ALTER TABLE jobs ADD COLUMN imported TEXT NOT NULL DEFAULT '';
"""

_SEVENTH = """
ALTER TABLE jobs ADD COLUMN unclear INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN not_before REAL;
"""

# What no date can say was taken from machines and tickets by earlier releases.
_EIGHTH = "".join(
    f"UPDATE {table} SET {time} = NULL WHERE {time} NOT BETWEEN 0 AND 253402214400;\n"
    for table in ("jobs", "attempts")
    for time in ("submitted_at", "started_at", "finished_at")
)

MIGRATIONS: tuple[str, ...] = (
    *(_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH, _SEVENTH),
    _EIGHTH,
)
"""Number n brings a store from version n to n + 1."""

VERSION = len(MIGRATIONS)
"""The version that this release reads and writes."""


def migrate(connection: sqlite3.Connection, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Bring the store to the newest version in one transaction: wholly or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for script in migrations[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {max(version, len(migrations))}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _statements(script: str) -> list[str]:
    """Single statements: `executescript` would commit between them."""
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    return statements
