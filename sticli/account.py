"""A session's account of its tokens: where they are, and how they came there."""

import msgspec

from sticli.schema import SCHEMA


class Move(msgspec.Struct, frozen=True):
    """One step of a session on the memory ladder."""

    at: float  # seconds since the epoch
    place: str  # where it went: device | host | disk | journal
    tokens: int  # that moved; the rest is computed anew
    reason: str


class Account(msgspec.Struct, frozen=True):
    """GET /v1/sessions/{s}/explain: where a session's tokens are, and how they came there."""

    session: str
    place: str
    pinned: bool
    tenant: str
    limit: int
    tokens: int  # that its prefix and lines have
    cached: int  # of them in cells, wherever those are
    reserved: int  # cells of the device set aside for it
    promised: int  # cells that running questions may fill
    ready: int  # cells that prepared decisions hold
    computed: int  # tokens computed since the worker knows it
    restored: int  # tokens that came back from host RAM or disk
    shared: int  # tokens whose cells came from another session of its tenant
    shared_from: str
    rebases: int
    drafted: int
    accepted: int
    moves: list[Move]  # the newest last
    notes: list[str]  # sentences: why
    schema_version: int = SCHEMA
