"""A session's feed: who brings its lines, and how far each has come."""

import msgspec

from sticli.schema import SCHEMA

MAX_FEEDS = 64  # feeds of a session that are listed
MAX_POSITION = 4096  # bytes
MAX_DESCRIPTION = 2048  # bytes


class NewFeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PUT /v1/sessions/{s}/feeds/{producer}: who is about to append, answered by Feed."""

    description: str  # what it reads, and what it does with it
    lasting: bool = False  # it comes back under this name: one that does not is forgotten first


class Feed(msgspec.Struct, frozen=True):
    """A producer that said what it is."""

    producer: str
    description: str
    next_seq: int  # lines that it has brought
    position: str  # where it goes on, in its own words; empty: it has not said
    at: float  # when it was last heard of, in seconds since the epoch
    run: int = 1  # how often it was registered: appends of an earlier run are refused
    lasting: bool = False
    schema_version: int = SCHEMA
