"""From sharp photos to blurred ones: motion, optics and the camera, in linear light."""
