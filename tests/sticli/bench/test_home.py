"""The daemon of a measurement: apart from the user's, with the settings that all engines have."""

from pathlib import Path

from sticli import paths
from sticli.bench.adapters.calls import Best, best
from sticli.bench.home import daemon
from sticli.models.find import embedded_model


def test_settings_are_measured_once_for_all(home: Path) -> None:
    found = best(embedded_model())
    cache = paths.resolve().cache / "calibration.json"
    cache.write_text(cache.read_text().replace('"measured":"', '"measured":"by hand, '))
    with daemon(None, response_cache="0") as client:
        model = client.status().model
        assert client.path != paths.resolve().socket
        assert client.sessions() == []
        folder = client.path.parent.parent
    assert not folder.exists()
    assert model
    assert model.detail["calibration"].startswith("by hand, ")
    detail = model.detail
    flash = detail["flash_attention"] == "on"
    assert found == Best(int(detail["threads"]), flash, int(detail["chunk"]))


def test_what_a_daemon_measures_is_left_for_the_next(home: Path) -> None:
    with daemon(None) as client:
        model = client.status().model
    assert model
    assert model.detail["calibration"] in (home / "cache" / "calibration.json").read_text()
