// A picture by its address: a small one at once, and its own pixels, in tiles, where they are seen.

const TILE = 512;
const MIN_SCALE = 0.5;
const MAX_KEPT = 400;
const kept = new Map();

/** An image that is fetched once; `then` is called when it is there, or is known not to come. */
export function image(address, then) {
  let found = kept.get(address);
  if (!found) {
    found = new Image();
    found.decoding = "async";
    found.src = address;
    kept.set(address, found);
    while (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value);
  }
  if (!found.complete) {
    for (const end of ["load", "error"]) found.addEventListener(end, then, { once: true });
  }
  return found;
}

const isThere = (each) => each.complete && each.naturalWidth > 0;

export class Picture {
  /** An address that ends in "/" has a small picture and tiles; any other is the whole. */
  constructor(address, width, height) {
    Object.assign(this, { address, width, height, isWhole: !address.endsWith("/") });
  }

  /** Draw what a view shows; gives how many images are still on their way. */
  draw(context, view, then) {
    const small = image(this.isWhole ? this.address : `${this.address}preview.jpg`, then);
    let coming = small.complete ? 0 : 1;
    context.imageSmoothingEnabled = view.scale < 2;
    context.imageSmoothingQuality = "high";
    const [left, top] = view.place(0, 0);
    const [right, bottom] = view.place(this.width, this.height);
    if (isThere(small)) context.drawImage(small, left, top, right - left, bottom - top);
    if (!this.needsTiles(view, small)) return coming;
    for (const tile of this.tilesIn(view)) {
      const piece = image(`${this.address}${tile.join("-")}.png`, then);
      if (!piece.complete) coming += 1;
      if (!isThere(piece)) continue;
      const [x, y] = view.place(tile[0], tile[1]);
      const [endX, endY] = view.place(tile[0] + tile[2], tile[1] + tile[3]);
      context.drawImage(piece, x, y, endX - x, endY - y);
    }
    return coming;
  }

  needsTiles(view, small) {
    if (this.isWhole) return false;
    const shrunk = isThere(small) ? small.naturalWidth / this.width : 1;
    return view.scale >= Math.min(1, Math.max(shrunk * 1.01, MIN_SCALE));
  }

  *tilesIn(view) {
    const first = (at) => Math.max(0, Math.floor(at / TILE) * TILE);
    const [endX, endY] = [view.x + view.boxWidth / view.scale, view.y + view.boxHeight / view.scale];
    for (let top = first(view.y); top < Math.min(endY, this.height); top += TILE) {
      for (let left = first(view.x); left < Math.min(endX, this.width); left += TILE) {
        yield [left, top, Math.min(TILE, this.width - left), Math.min(TILE, this.height - top)];
      }
    }
  }
}
