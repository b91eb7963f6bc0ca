// Pictures of one view beside and below each other, each as large as it can be.

const GAP = 4;

/** Boxes for so many pictures of width x height on a stage, all in device pixels. */
export function arrange(count, stage, { width, height }) {
  const share = (side, parts) => Math.floor((side - GAP * (parts - 1)) / parts);
  const ways = Array.from({ length: count }, (_, place) => {
    const columns = place + 1;
    const boxWidth = share(stage.width, columns);
    const boxHeight = share(stage.height, Math.ceil(count / columns));
    return { columns, boxWidth, boxHeight, scale: Math.min(boxWidth / width, boxHeight / height) };
  });
  const { columns, boxWidth, boxHeight } = ways.reduce((one, other) =>
    other.scale > one.scale ? other : one
  );
  const corner = (place) => [
    (place % columns) * (boxWidth + GAP),
    Math.floor(place / columns) * (boxHeight + GAP),
  ];
  const within = ({ x, y }) => ({ x: x % (boxWidth + GAP), y: y % (boxHeight + GAP) });
  return { boxWidth, boxHeight, corner, within };
}
