"""From a network in TensorFlow.js's form to an `.onnx` file, with numpy and onnx alone."""

from deblur.tfjs.graph import read_graph
from deblur.tfjs.translation import translate

__all__ = ["read_graph", "translate"]
