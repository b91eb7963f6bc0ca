// A browser's own name for its visit: by it a reload finds the photos again.

const NAME = "deblur-visit";

window.deblurKey = () => {
  let key = sessionStorage.getItem(NAME);
  if (!key) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    key = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem(NAME, key);
  }
  return [key];
};
