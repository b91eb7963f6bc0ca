"""What happened to a photo: sharp, soft on purpose, shaken, out of focus; how far, how noisy.

from deblur.diagnosis import diagnose, sentences

found = diagnose("photo.jpg")
print(found.kind, found.length, *sentences(found))
"""

from deblur.diagnosis.diagnosis import NETWORK_SHA256, diagnose
from deblur.diagnosis.heat_map import heat_map
from deblur.diagnosis.record import Diagnosis, TileReport
from deblur.diagnosis.sentences import sentences
from deblur.synthesis.kinds import Kind

__all__ = ["NETWORK_SHA256", "Diagnosis", "Kind", "TileReport", "diagnose", "heat_map", "sentences"]
