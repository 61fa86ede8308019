"""The cache: chosen by COURSE_CACHE, never half-written, safe for several processes, and mended when damaged."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from course_utils import cache

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


def python(code: str, *arguments) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], cwd=Path(__file__).parent.parent)


def test_course_cache_chooses_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "chosen"))
    made = cache.folder("features", "lite0")
    assert made == tmp_path / "chosen" / "features" / "lite0"
    assert made.is_dir()
    assert cache.folder("features", "lite0") == made


@pytest.mark.parametrize("unset", [None, ""])
def test_without_course_cache_the_users_cache_folder_is_taken(tmp_path, monkeypatch, unset):
    monkeypatch.delenv("COURSE_CACHE") if unset is None else monkeypatch.setenv("COURSE_CACHE", unset)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name, **_: str(tmp_path / name))
    assert cache.folder("x") == tmp_path / "chest-xray-course" / "x"


def test_a_cache_that_cannot_be_made_is_refused_with_the_remedy(tmp_path, monkeypatch):
    (tmp_path / "in the way").write_text("a file")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "in the way"))
    with pytest.raises(PermissionError, match=r"in the way.*Set COURSE_CACHE"):
        cache.folder("features")


def test_a_place_that_cannot_be_written_is_refused_with_the_remedy(tmp_path):
    (tmp_path / "in the way").write_text("a file")
    with pytest.raises(PermissionError, match=r"film\.npy cannot be written .*COURSE_CACHE"):
        with cache.replacing(tmp_path / "in the way" / "film.npy"):
            pass
    assert (tmp_path / "in the way").read_text() == "a file"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache_is_refused_with_the_remedy(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="COURSE_CACHE"):
        with cache.replacing(tmp_path / "film.npy"):
            pass


def test_a_file_takes_its_name_only_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "film.npy"
    with cache.replacing(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        temporary.write_text("whole")
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


@posix
def test_who_reads_the_old_file_reads_it_to_its_end(tmp_path):
    path = tmp_path / "film.npy"
    path.write_text("old")
    with open(path) as reader:
        with cache.replacing(path) as temporary:
            temporary.write_text("new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "film.npy"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="in the middle"):
        with cache.replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("in the middle")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_takes_its_name_only_when_it_is_complete(tmp_path):
    path = tmp_path / "data"
    with pytest.raises(RuntimeError, match="in the middle"):
        with cache.replacing(path, folder=True) as temporary:
            (temporary / "half").write_text("half")
            raise RuntimeError("in the middle")
    assert list(tmp_path.iterdir()) == []
    with cache.replacing(path, folder=True) as temporary:
        (temporary / "all").write_text("all")
    assert [p.relative_to(tmp_path).as_posix() for p in sorted(tmp_path.rglob("*"))] == ["data", "data/all"]


def test_a_folder_that_somebody_else_made_meanwhile_stays(tmp_path):
    path = tmp_path / "data"
    with pytest.raises(FileExistsError, match="made by somebody else"):
        with cache.replacing(path, folder=True) as temporary:
            (temporary / "ours").write_text("")
            path.mkdir()
            (path / "theirs").write_text("")
    assert [p.relative_to(tmp_path).as_posix() for p in sorted(tmp_path.rglob("*"))] == ["data", "data/theirs"]


def test_names_as_long_as_the_file_system_allows(tmp_path):
    path = tmp_path / ("x" * 250)
    with cache.replacing(path) as temporary:
        temporary.write_text("whole")
    assert path.read_text() == "whole"


@posix
def test_a_killed_process_leaves_the_old_file_as_it_was(tmp_path):
    path = tmp_path / "film.npy"
    path.write_text("old")
    code = """
import os, signal, sys
from pathlib import Path
from course_utils import cache
with cache.replacing(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert python(code, path).wait(60) == -signal.SIGKILL
    assert path.read_text() == "old"


def test_a_lock_lets_one_process_in_at_a_time(tmp_path):
    counter = tmp_path / "counter"
    counter.write_text("0")
    code = """
import sys, time
from pathlib import Path
from course_utils import cache
counter = Path(sys.argv[1])
for _ in range(40):
    with cache.lock(counter):
        number = int(counter.read_text())
        time.sleep(0.001)
        counter.write_text(str(number + 1))
"""
    processes = [python(code, counter) for _ in range(2)]
    assert [p.wait(60) for p in processes] == [0, 0]
    assert counter.read_text() == "80"


@posix
def test_a_killed_owner_frees_the_lock(tmp_path):
    code = """
import os, signal, sys
from pathlib import Path
from course_utils import cache
cache.lock(Path(sys.argv[1])).acquire()
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert python(code, tmp_path / "films").wait(60) == -signal.SIGKILL
    assert (tmp_path / "films.lock").exists()
    with cache.lock(tmp_path / "films").acquire(timeout=10):
        pass


def test_arrays_come_back_as_they_were_stored(tmp_path):
    numbers = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.save(tmp_path / "one.npy", numbers)
    np.savez(tmp_path / "two.npz", a=numbers, b=numbers + 1)
    np.testing.assert_array_equal(cache.load_array(tmp_path / "one.npy"), numbers)
    both = cache.load_array(tmp_path / "two.npz")
    assert sorted(both) == ["a", "b"]
    np.testing.assert_array_equal(both["b"], numbers + 1)


@pytest.mark.parametrize("kind", ["one.npy", "two.npz"])
@pytest.mark.parametrize("damage", ["missing", "folder", "empty", "cut", "zeros", "text"])
def test_a_damaged_array_counts_as_missing(tmp_path, kind, damage):
    path = tmp_path / kind
    numbers = np.arange(1000.0)
    np.save(path, numbers) if kind == "one.npy" else np.savez(path, a=numbers)
    whole = path.read_bytes()
    assert cache.load_array(path) is not None
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        damaged = {"empty": b"", "cut": whole[: len(whole) // 2], "zeros": bytes(len(whole)), "text": b"not an array"}
        path.write_bytes(damaged[damage])
    assert cache.load_array(path) is None


def test_a_flipped_bit_in_an_archive_of_arrays_is_noticed(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.arange(1000.0))
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "a.npz").write_bytes(data)
    assert cache.load_array(tmp_path / "a.npz") is None


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("wrapped", [False, True])
def test_nothing_is_ever_unpickled(tmp_path, wrapped):
    trap = Trap(tmp_path / "sprung")
    if wrapped:
        np.save(tmp_path / "a.npy", np.array([trap], object), allow_pickle=True)
    else:
        (tmp_path / "a.npy").write_bytes(pickle.dumps(trap))
    assert cache.load_array(tmp_path / "a.npy") is None
    assert not (tmp_path / "sprung").exists()
