// The index: boxes and lines by columns of the picture, boxes in each from top to bottom.

const BIN = 512, LONG = 4;                 // px; a line across more columns than that is long

function spatial(g) {
  const bins = Math.max(1, Math.ceil(g.roomy / BIN) + 1), STEPS = 4096;
  const bin = x => Math.max(0, Math.min(bins - 1, Math.floor(x / BIN)));
  const step = Math.max(1, g.tall / (STEPS - 2));
  let widest = 0, highest = 0;
  for (let b = 0; b < g.boxes; b++) {
    if (g.width[b] > widest) widest = g.width[b];
    if (g.height[b] > highest) highest = g.height[b];
  }
  const all = new Uint32Array(g.boxes);
  for (let b = 0; b < g.boxes; b++) all[b] = b;
  const { first, list } = counted(counted({ list: all }, STEPS, b => Math.max(0, Math.min(STEPS - 1,
    Math.floor(g.y[b] / step)))), bins, b => bin(g.x[b]));

  function above(y, from, to) {            // the first box of a column from y on
    while (from < to) {
      const middle = (from + to) >> 1;
      if (g.y[list[middle]] < y) from = middle + 1;
      else to = middle;
    }
    return from;
  }
  function rows(view, visit) {
    const [x0, y0, x1, y1] = view;
    for (let c = bin(x0 - widest); c <= bin(x1); c++) {
      const from = first[c], to = first[c + 1];
      if (from === to) continue;
      const low = above(y0 - highest - step, from, to), high = above(y1 + step, low, to);
      if (low < high) visit(low, high);
    }
  }

  let lines = null;
  function indexed() {
    const n = g.lines, bounds = new Float32Array(4 * n), b = [0, 0, 0, 0], long = [], short = [];
    for (let l = 0; l < n; l++) {
      g.bounds(l, b);
      bounds.set(b, 4 * l);
      (b[2] - b[0] > LONG * BIN ? long : short).push(l);
    }
    const sorted = counted({ list: Uint32Array.from(short) }, bins, l => bin(bounds[4 * l]));
    return { bounds, long, ...sorted };
  }
  return {
    list,
    count(view) {
      let sum = 0;
      rows(view, (low, high) => { sum += high - low; });
      return sum;
    },
    boxes(view, visit) {                   // those that a part of the picture may show
      rows(view, (low, high) => { for (let k = low; k < high; k++) visit(list[k]); });
    },
    lines([x0, y0, x1, y1], visit) {
      lines ||= indexed();
      const { bounds } = lines;
      const seen = l => bounds[4 * l] <= x1 && bounds[4 * l + 2] >= x0 && bounds[4 * l + 1] <= y1 &&
        bounds[4 * l + 3] >= y0;
      for (const l of lines.long) if (seen(l)) visit(l);
      const from = lines.first[Math.max(0, bin(x0) - LONG - 1)], to = lines.first[bin(x1) + 1];
      for (let k = from; k < to; k++) if (seen(lines.list[k])) visit(lines.list[k]);
    },
  };
}

function counted({ list }, buckets, key) { // a stable sort by counting
  const first = new Uint32Array(buckets + 1), keys = new Uint32Array(list.length);
  for (let k = 0; k < list.length; k++) first[(keys[k] = key(list[k])) + 1]++;
  for (let c = 0; c < buckets; c++) first[c + 1] += first[c];
  const next = first.slice(0, buckets), sorted = new Uint32Array(list.length);
  for (let k = 0; k < list.length; k++) sorted[next[keys[k]]++] = list[k];
  return { first, list: sorted };
}
