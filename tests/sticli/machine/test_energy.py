"""Energy is that of the CPU packages that the system lets us read."""

from pathlib import Path

from sticli.machine.energy import drawn, energy


def zone(folder: Path, name: str, joules: int, around: int) -> None:
    folder.mkdir()
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{joules * 10**6}\n")
    (folder / "max_energy_range_uj").write_text(f"{around * 10**6}\n")


def test_packages_draw_and_their_parts_are_in_them(tmp_path: Path) -> None:
    zone(tmp_path / "intel-rapl:0", "package-0", 10, 100)
    zone(tmp_path / "intel-rapl:0:0", "core", 7, 100)
    zone(tmp_path / "intel-rapl:1", "package-1", 90, 100)
    before = energy(None, tmp_path)
    assert before == [(10.0, 100.0), (90.0, 100.0)]
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("15000000")
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("2000000")  # begins anew at 100
    assert drawn(before, energy(None, tmp_path)) == 5 + 12


def test_energy_that_nobody_may_read_is_not_zero(tmp_path: Path) -> None:
    (tmp_path / "intel-rapl:0").mkdir()
    found = energy(None, tmp_path)
    assert found == []
    assert drawn(found, found) is None
    assert drawn(energy(None, tmp_path / "none"), []) is None
