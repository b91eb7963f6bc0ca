// In Judge, a key presses the answer that shows it.
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (target.closest?.("input, textarea, select, [role=listbox]")) return;
  const answers = [...document.querySelectorAll(".judge .answers button")];
  const answer = answers.find((each) => each.classList.contains(`key-${key}`) && each.offsetParent);
  if (!answer) return;
  event.preventDefault();
  answer.click();
});

// Pictures are shown pixel by pixel of the screen; where two do not fit, both shrink alike.
const HIGHEST = 0.72; // of the window, for two above each other

const shareOf = (exhibits, pictures) => {
  const { clientWidth } = exhibits;
  const style = getComputedStyle(exhibits);
  const room = clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const widths = pictures.map((each) => each.naturalWidth / devicePixelRatio);
  const heights = pictures.map((each) => each.naturalHeight / devicePixelRatio);
  const beside = widths.reduce((sum, each) => sum + each, parseFloat(style.columnGap) || 0);
  if (pictures.length < 2 || beside <= room) return Math.min(1, room / Math.max(...widths));
  const above = (innerHeight * HIGHEST) / heights.reduce((sum, each) => sum + each, 0);
  return Math.min(1, room / Math.max(...widths), above);
};

const size = (exhibits) => {
  const pictures = [...exhibits.querySelectorAll("img")];
  if (!exhibits.clientWidth || !pictures.every((each) => each.naturalWidth)) return;
  const share = shareOf(exhibits, pictures);
  for (const each of pictures) {
    each.style.setProperty("--wide", `${(each.naturalWidth / devicePixelRatio) * share}px`);
    const caption = each.parentElement.querySelector("figcaption");
    caption.textContent = share < 1 ? `${Math.round(100 * share)} %` : "";
  }
};

const sizeAll = () => document.querySelectorAll(".judge .exhibits").forEach(size);
addEventListener("resize", sizeAll);
document.addEventListener(
  "load",
  ({ target }) => target.closest?.(".judge .exhibits") && sizeAll(),
  true
);
