"""The examples of swmr_tools' documentation, with nothing but their import changed."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from longtake.follow.keys import data_source, key_follower
from longtake.streams.polling import Polling


@pytest.fixture(autouse=True)
def time_that_flies(monkeypatch):
    """The examples have no finished dataset: each of them waits for ten seconds."""
    now = [0.0]

    def wait(seconds):
        now[0] += seconds

    def polling(poll, timeout):
        return Polling(poll, timeout, clock=lambda: now[0], wait=wait)

    for module in (data_source, key_follower):
        monkeypatch.setattr(module, "Polling", polling)


def test_basic_use(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    from longtake.follow import DataSource

    data_1 = np.random.randint(low=-10000, high=10000, size=(2, 2, 5, 10))  # noqa: NPY002
    data_2 = np.random.randint(low=-10000, high=10000, size=(2, 2, 5, 10))  # noqa: NPY002
    keys_1 = np.arange(1, 5).reshape(2, 2, 1, 1)

    with h5py.File("example.h5", "w", libver="latest") as f:
        f.create_group("keys")
        f.create_group("data")
        f["keys"].create_dataset("keys_1", data=keys_1)
        f["data"].create_dataset("data_1", data=data_1)
        f["data"].create_dataset("data_2", data=data_2)

    with h5py.File("example.h5", "r") as f:
        keys = [f["/keys/keys_1"]]
        datasets = {"/data/data_1": f["/data/data_1"], "/data/data_2": f["/data/data_2"]}
        ds = DataSource(keys, datasets)

        for data_map in ds:
            frame = data_map["/data/data_1"]
            print(data_map.slice_metadata)
            print(str(frame))

    shown = ""
    for y in range(2):
        for x in range(2):
            shown += f"(slice({y}, {y + 1}, None), slice({x}, {x + 1}, None))\n"
            shown += str(data_1[y : y + 1, x : x + 1]) + "\n"
    assert capsys.readouterr().out == shown


def test_key_follower(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    from longtake.follow import KeyFollower

    complete_key_array = np.arange(8).reshape(2, 4, 1, 1) + 1

    with h5py.File("test_file.h5", "w", libver="latest") as f:
        f.create_group("keys")
        f["/keys"].create_dataset("key_1", data=complete_key_array)

    with h5py.File("test_file.h5", "r", swmr=True) as f:
        keys = [f["/keys/key_1"]]
        kf = KeyFollower(keys)
        for key in kf:
            print(key)

    assert capsys.readouterr().out == "0\n1\n2\n3\n4\n5\n6\n7\n"
    assert kf.timed_out
