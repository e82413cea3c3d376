"""What the front hears while the model loads."""

from sticli.daemon import messages
from sticli.daemon.worker.loading import EVERY, Loading


def test_the_front_hears_the_first_word_and_then_not_too_many() -> None:
    sent: list[messages.Outbound] = []
    now = 100.0
    loading = Loading(sent.append, lambda: now)
    for done in range(40):
        loading(done, 40)
        now += EVERY / 4
    assert sent[0] == messages.Loading(0, 40, "weights")
    assert 10 <= len(sent) <= 11
