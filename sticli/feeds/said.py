"""What a person is told of a feed."""

from sticli.feeds.place import parse
from sticli.protocol import Feed
from sticli.render import age, plural


def said(feed: Feed, now: float) -> str:
    """`follows /var/log/x, --grep error, 12,340 lines, 3s ago, at byte 123,456`"""
    words = [feed.description, plural(feed.next_seq, "line"), f"{age(now - feed.at)} ago"]
    position = parse(feed.position)
    if position and position.place:
        words.append(f"at byte {position.place.offset:,}")
    return ", ".join(words)
