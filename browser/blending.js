// A blend in linear light, as the file has it: `strength` percent of what is after.

const STEPS = 4096;
const linear = Float32Array.from({ length: 256 }, (_, code) => {
  const value = code / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});
const encoded = Uint8ClampedArray.from({ length: STEPS + 1 }, (_, step) => {
  const light = step / STEPS;
  return 255 * (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055);
});

/** Mix two canvases of one size into the second. */
export function blend(before, after, strength) {
  const { width, height } = after.canvas;
  const [first, second] = [before, after].map((each) => each.getImageData(0, 0, width, height));
  const share = strength / 100;
  for (let at = 0; at < second.data.length; at += 1) {
    if ((at & 3) === 3) continue;
    const light = (1 - share) * linear[first.data[at]] + share * linear[second.data[at]];
    second.data[at] = encoded[Math.round(light * STEPS)];
  }
  after.putImageData(second, 0, 0);
}
