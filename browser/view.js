// What part of a photo a box shows: `scale` device pixels a pixel, (x, y) of the photo at its corner.

export const MOST = 16;
const MAX_FIT = 2;

export class View {
  constructor(width, height) {
    Object.assign(this, { width, height, scale: 0, x: 0, y: 0, boxWidth: 1, boxHeight: 1 });
  }

  get fitting() {
    const fits = Math.min(this.boxWidth / this.width, this.boxHeight / this.height);
    return Math.min(fits, MAX_FIT);
  }

  get isFitting() {
    return Math.abs(this.scale - this.fitting) < 1e-6;
  }

  /** The middle of the box, in pixels of the photo. */
  get middle() {
    return [this.x + this.boxWidth / this.scale / 2, this.y + this.boxHeight / this.scale / 2];
  }

  /** Give the box another size; what is in its middle stays there. */
  resize(boxWidth, boxHeight) {
    const [middle, fitted] = [this.scale && this.middle, this.scale && this.isFitting];
    Object.assign(this, { boxWidth, boxHeight });
    if (fitted) this.fit();
    else if (middle) this.look(...middle, this.scale);
  }

  fit() {
    this.look(this.width / 2, this.height / 2, this.fitting);
  }

  /** Put a place of the photo into the middle. */
  look(x, y, scale) {
    this.scale = Math.min(MOST, Math.max(Math.min(this.fitting, 1), scale));
    this.x = x - this.boxWidth / this.scale / 2;
    this.y = y - this.boxHeight / this.scale / 2;
    this.keepInside();
  }

  /** Zoom so that what lies at a place of the box stays there, in device pixels. */
  zoom(scale, atX, atY) {
    const to = Math.min(MOST, Math.max(Math.min(this.fitting, 1), scale));
    this.x += atX / this.scale - atX / to;
    this.y += atY / this.scale - atY / to;
    this.scale = to;
    this.keepInside();
  }

  /** Move by device pixels. */
  move(byX, byY) {
    this.x -= byX / this.scale;
    this.y -= byY / this.scale;
    this.keepInside();
  }

  keepInside() {
    const inside = (at, side, seen) =>
      seen >= side ? (side - seen) / 2 : Math.min(Math.max(at, 0), side - seen);
    this.x = inside(this.x, this.width, this.boxWidth / this.scale);
    this.y = inside(this.y, this.height, this.boxHeight / this.scale);
  }

  /** Where a place of the photo lies in the box, in whole device pixels. */
  place(x, y) {
    return [Math.round((x - this.x) * this.scale), Math.round((y - this.y) * this.scale)];
  }
}
