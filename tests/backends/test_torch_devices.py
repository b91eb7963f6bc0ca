"""Which of torch's devices a machine has, and which of them is taken."""

import pytest
import torch

from deblur.backends.torch_backend import available_devices, choose_device
from deblur.errors import BackendUnavailableError


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A machine on which torch finds what the test names."""
    for name, place in (("cuda", torch.cuda), ("mps", torch.backends.mps)):
        monkeypatch.setattr(place, "is_available", lambda found=name in request.param: found)


@pytest.mark.parametrize(
    ("machine", "devices"),
    [
        ((), ("cpu",)),
        (("mps",), ("mps", "cpu")),
        (("cuda",), ("cuda", "cpu")),
        (("cuda", "mps"), ("cuda", "mps", "cpu")),
    ],
    indirect=["machine"],
)
@pytest.mark.usefixtures("machine")
def test_auto_is_the_first_device_that_there_is(devices: tuple[str, ...]) -> None:
    assert available_devices() == devices
    assert choose_device("auto") == devices[0]
    assert [choose_device(each) for each in devices] == [*devices]


@pytest.mark.parametrize("machine", [("cuda",)], indirect=True)
@pytest.mark.usefixtures("machine")
def test_a_device_that_is_not_here_is_refused_with_those_that_are() -> None:
    with pytest.raises(BackendUnavailableError, match=r"no device 'mps'.*auto, cuda, cpu"):
        choose_device("mps")
