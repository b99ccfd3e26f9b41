"""Several trainings on the devices of one machine: GPUs in turn, and none that has no room in their memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from archspec import Architecture, Classifier, Conv, Image, price
from search import Training, training_memory
from search.backends import local, sharing
from search.backends.local import Local
from search.backends.sharing import BELIEVED, KEPT, PROCESS, Device, Sharing, devices_of
from search.backends.worker import Trainer
from search.errors import RunError
from search.training.shortage import most
from search.trial import Trial
from tests.examples import EXAMPLES, SELECTED
from tests.laws.memory import task_of, training_of
from tests.search.backends.test_workers import Idle
from tests.search.tiny import bars, small_search, told

SMALL, LARGE = (
    Architecture(input=Image(channels=1, size=(6, 6)), body=[Conv(channels=width)], head=Classifier(classes=2))
    for width in (2, 64)
)
TASK, TRAINING = bars(), Training(batch_size=64, device="cpu")
# Bytes of a process, so few that the trainings count.
FEW = 10**4
TAKES = {network: FEW + KEPT * training_memory(network, TASK, TRAINING) for network in (SMALL, LARGE)}


def begun(
    monkeypatch: pytest.MonkeyPatch, devices: Sequence[Device], networks: Sequence[Architecture], workers: int
) -> Local:
    """The local backend with stubs of processes, all ready, that have been given these networks."""
    monkeypatch.setattr(Idle, "begun", [], raising=False)
    monkeypatch.setattr(local, "_Worker", Idle)
    monkeypatch.setattr(local, "devices_of", lambda wanted: devices)
    monkeypatch.setattr(sharing, "PROCESS", FEW)
    backend = Local(Trainer(TASK, TRAINING, small_search().goal, ""), workers)
    for number, architecture in enumerate(networks):
        backend.submit(Trial(number, number, {}, architecture=architecture))
        for worker in Idle.begun:
            worker.ready = True
        backend._hand_out()
    return backend


@pytest.mark.parametrize(
    ("networks", "memory", "most"),
    [
        ([SMALL] * 5, 3.5 * TAKES[SMALL], 3),
        ([LARGE] * 5, 2.5 * TAKES[LARGE], 2),
        ([LARGE, SMALL, SMALL, LARGE, LARGE], TAKES[LARGE] + 1.5 * TAKES[SMALL], 2),
        ([LARGE, SMALL, LARGE], 1.0, 1),
        ([LARGE] * 5, None, 4),
    ],
)
def test_what_has_no_room_waits_and_all_are_trained_in_their_order(
    networks: Sequence[Architecture], memory: float | None, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device(None if memory is None else int(memory))
    backend = begun(monkeypatch, [device], networks, workers=4)
    order, beside = list[int](), 0
    while there := [worker.trial for worker in Idle.begun if worker.trial is not None]:
        order += sorted(trial.number for trial in there if trial.number not in order)
        beside = max(beside, len(there))
        taken = sum(TAKES[trial.architecture] for trial in there if trial.architecture is not None)
        assert len(there) == 1 or memory is None or taken <= memory
        next(worker for worker in Idle.begun if worker.trial is there[0]).trial = None
        backend._hand_out()
        for worker in Idle.begun:
            worker.ready = True
    assert order == list(range(len(networks)))
    assert beside == most


def test_nothing_is_tried_out_where_there_is_room_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    shared, tried = Sharing(TASK, TRAINING), count()
    monkeypatch.setattr(shared, "told", lambda architecture: next(tried))
    trials = [Trial(number, number, {}, architecture=LARGE) for number in range(4)]
    assert shared.has_room(trials[0], trials[1:], Device(10**12))
    assert next(tried) == 0


@pytest.mark.parametrize("name", SELECTED)
def test_what_is_believed_by_costs_is_more_than_a_training_takes(name: str) -> None:
    architecture = EXAMPLES[name]
    examples = 64
    task, training = task_of(architecture, examples), training_of(examples)
    believed = BELIEVED * most(price(architecture), examples)
    assert believed > training_memory(architecture, task, training)


def test_a_candidate_that_nobody_can_tell_counts_as_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(architecture: Architecture) -> int:
        raise RunError("its memory is not known")

    shared = Sharing(TASK, TRAINING)
    monkeypatch.setattr(shared, "told", unknown)
    first, second = (Trial(number, number, {}, architecture=LARGE) for number in range(2))
    assert shared.has_room(first, [second], Device(int(2 * PROCESS)))
    assert not shared.has_room(first, [second], Device(int(2 * PROCESS) - 1))


def gpus(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let torch find GPUs, the first of 10 GB and each other one of 1 GB more."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: number)
    properties = [SimpleNamespace(total_memory=(10 + index) * 10**9) for index in range(number)]
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: properties[index])


@pytest.mark.parametrize(
    ("wanted", "visible", "number", "expected"),
    [
        ("auto", None, 3, [(10, "0"), (11, "1"), (12, "2")]),
        ("cuda", "3, 5", 2, [(10, "3"), (11, "5")]),
        ("auto", "GPU-aa,GPU-bb,-1,GPU-cc", 2, [(10, "GPU-aa"), (11, "GPU-bb")]),
        ("auto", "3", 1, [(10, None)]),
        ("cuda:1", None, 3, [(11, None)]),
    ],
)
def test_trainings_take_turns_on_all_gpus_unless_one_is_named(
    wanted: str,
    visible: str | None,
    number: int,
    expected: list[tuple[int, str | None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpus(monkeypatch, number)
    monkeypatch.delenv(sharing.VISIBLE, raising=False)
    if visible is not None:
        monkeypatch.setenv(sharing.VISIBLE, visible)
    assert [(device.memory, device.visible) for device in devices_of(wanted)] == [
        (memory * 10**9, name) for memory, name in expected
    ]
    assert [device.visible for device in devices_of("cpu")] == [None]


def test_a_candidate_goes_to_the_gpu_that_trains_the_fewest(monkeypatch: pytest.MonkeyPatch) -> None:
    devices = [Device(None, "0"), Device(None, "1")]
    backend = begun(monkeypatch, devices, [SMALL] * 4, workers=4)
    assert [worker.device.visible for worker in Idle.begun] == ["0", "1", "0", "1"]
    Idle.begun[1].trial = Idle.begun[3].trial = Idle.begun[0].trial = None
    backend.submit(Trial(4, 4, {}, architecture=SMALL))
    backend.submit(Trial(5, 5, {}, architecture=SMALL))
    busy = {worker.device.visible: worker.number for worker in Idle.begun if worker.number in (4, 5)}
    assert [worker.device.visible for worker in Idle.begun if worker.number == 4] == ["1"]
    assert sorted(busy.values(), key=str) == [4, 5]


def test_a_worker_sees_its_gpu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "devices_of", lambda wanted: [Device(None, "GPU-7")])
    backend = Local(Trainer(TASK, TRAINING, small_search().goal, ""), 1)
    try:
        (worker,) = backend._pool
        environment = Path(f"/proc/{worker.process.pid}/environ").read_bytes().split(b"\0")
    finally:
        backend.close()
    assert b"CUDA_VISIBLE_DEVICES=GPU-7" in environment


def test_waiting_for_memory_changes_no_candidate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    free = told(small_search(trials=5).run(tmp_path / "free", workers=2, watch=None))
    monkeypatch.setattr(local, "devices_of", lambda wanted: [Device(1)])
    assert told(small_search(trials=5).run(tmp_path / "one", workers=2, watch=lambda *outcome: None)) == free
    assert capsys.readouterr().err.count("waits, as its training takes about") == 1


@pytest.mark.parametrize("gpus", [1, 2])
def test_who_waits_for_memory_is_told_once(gpus: int, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = begun(monkeypatch, [Device(1, str(gpu)) for gpu in range(gpus)], [LARGE] * 5, workers=4)
    Idle.begun[0].trial = None
    backend._hand_out()
    assert [notice.text.partition(",")[0] for notice in backend._notices] == [f"trial {gpus} waits"]


def test_who_waits_for_a_process_is_not_told_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = begun(monkeypatch, [Device(None)], [SMALL] * 2, workers=3)
    for number in (2, 3, 4):
        backend.submit(Trial(number, number, {}, architecture=SMALL))
    assert not backend._notices
