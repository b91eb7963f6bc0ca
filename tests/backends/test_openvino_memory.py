"""What OpenVINO leaves behind in a process that loads it and lets go of it."""

import subprocess
import sys

USED_AND_LET_GO = """
import gc, signal, threading
from deblur.backends.openvino_backend import OpenVinoBackend
from deblur.weights import fetch_weights, find_model

def let_go():
    backends.clear()
    gc.collect()

came = []
signal.signal(signal.SIGINT, lambda *what: came.append(what))
backends = [OpenVinoBackend(fetch_weights(find_model("residual-unet-xs"), ".onnx"))]
other = threading.Thread(target=let_go)
other.start()
other.join()
signal.raise_signal(signal.SIGINT)
print(len(came))
"""


def test_a_signal_arrives_after_another_thread_let_go_of_the_last_network() -> None:
    """The fault showed only where the processor has AMX."""
    done = subprocess.run(
        [sys.executable, "-c", USED_AND_LET_GO], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
