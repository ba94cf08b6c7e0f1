// The geometry of a very large graph: ranks, rows and heights; lines are drawn from them.

const TURN = 42, SPREAD = 14, CHIP_WIDTH = 56, CHIP_HEIGHT = 26;

function stripGeometry(c, graph) {
  const n = c.kind.length, m = graph.m, items = c.item_rank.length, chips = c.chips[0];
  const boxes = n + chips, ranks = c.left.length;
  const x = new Float32Array(boxes), y = new Float32Array(boxes);
  const width = new Float32Array(boxes), height = new Float32Array(boxes);
  const right = Float64Array.from(c.left, (left, r) => left + c.wide[r]);
  for (let i = 0; i < n; i++) {
    const r = c.rank[i];
    x[i] = c.left[r] + c.dx[i] / 10; y[i] = c.drop[r] + c.y[i] / 10;
    width[i] = c.width[i]; height[i] = c.height[i];
  }
  const level = new Float32Array(items);
  for (let q = 0; q < items; q++) level[q] = c.drop[c.item_rank[q]] + c.item_y[q] / 10;
  for (let q = 0; q < chips; q++) {
    x[n + q] = right[c.item_rank[q]] - CHIP_WIDTH; y[n + q] = level[q] - CHIP_HEIGHT / 2;
    width[n + q] = CHIP_WIDTH; height[n + q] = CHIP_HEIGHT;
  }
  const via = new Int32Array(m);           // edge -> the item it leaves; -1: its own box
  for (let e = 0, k = 0; e < m; e++) via[e] = c.far[e] ? c.via[k++] : -1;
  const joints = items - chips;
  const startY = e => via[e] < 0 ? y[graph.tail(e)] + height[graph.tail(e)] / 2 : level[via[e]];

  function offset(e, head, y0) {           // edges enter side by side, in the order of their starts
    const around = graph.ins(head), k = around.length;
    if (k === 1 || k > 24) return 0;
    const own = startY(e);
    let before = 0;
    for (const other of around) {
      const at = startY(other);
      if (at < own || at === own && other < e) before++;
    }
    const by = (before - (k - 1) / 2) * SPREAD, op = c.kind[head] === 5;
    const most = op ? 40 : height[head] / 2 - 8;
    return op && own === y0 ? 0 : Math.max(-most, Math.min(most, by));
  }
  function gap(pen, coarse, x0, y0, r0, r1, y1) {      // through the gap before rank r1, or to its row
    if (x0 < right[r0]) pen.line(right[r0], y0);
    const turn = c.left[r1] + TURN;
    if (c.drop[r0] !== c.drop[r1]) {
      const gutter = c.roof[r1] - 80, out = right[r0] + 24, back = c.left[r1] - 12;
      pen.line(out, y0); pen.line(out, gutter); pen.line(back, gutter); pen.line(back, y1); pen.line(turn, y1);
    } else if (coarse || y0 === y1) pen.line(turn, y1);
    else {
      const half = (turn - right[r0]) * 0.55;
      pen.curve(right[r0] + half, y0, turn - half, y1, turn, y1);
    }
  }
  return {
    n, boxes, x, y, width, height, of: b => b < n ? b : c.item_node[b - n], kind: c.kind,
    fold: () => -1, roomy: data.width, tall: data.height, under: [], over: [], marks: [], lids: [],
    lines: m + joints, edge: l => l < m ? l : -1, rail: l => l < m ? -1 : c.item_node[chips + l - m],
    role: l => l < m ? "edge" : c.kind[c.item_node[chips + l - m]] < 2 ? "rail" : "bus",
    trace(l, pen, coarse) {
      if (l >= m) return joint(chips + l - m, pen, coarse);
      const t = graph.tail(l), h = graph.head(l), q = via[l], hr = c.rank[h];
      const sr = q < 0 ? c.rank[t] : c.item_rank[q];
      const sx = q < 0 ? x[t] + width[t] : right[sr], sy = startY(l), y1 = y[h] + height[h] / 2;
      pen.move(sx, sy);
      if (sr !== hr) {
        const to = y1 + (coarse ? 0 : offset(l, h, y1));
        gap(pen, coarse, sx, sy, sr, hr, to);
        if (to !== y1 && c.kind[h] === 5) {
          pen.line(x[h] - 12, to);
          const r = height[h] / 2, by = Math.min(r - 1, Math.max(1 - r, (to - y1) * 0.7));
          const inner = r - Math.sqrt(r * r - by * by);
          return pen.line(x[h] + inner - 5, y1 + by);
        }
        return pen.line(x[h] - (c.kind[h] === 5 ? 8 : 0), to);
      }
      pen.line(x[h] - (c.kind[h] === 5 ? 8 : 0), y1);
    },
    arrow(l) {
      if (l >= m || c.kind[graph.head(l)] !== 5) return null;
      const h = graph.head(l), y1 = y[h] + height[h] / 2, to = y1 + offset(l, h, y1), r = height[h] / 2;
      const by = Math.min(r - 1, Math.max(1 - r, (to - y1) * 0.7));
      const tip = x[h] + r - Math.sqrt(r * r - by * by);
      return { x: tip, y: y1 + by, fx: tip - 9, fy: to - (to - y1 - by) * 0.4 };
    },
    bounds(l, b) {
      if (l >= m) {
        const q = chips + l - m, r = c.item_rank[q];
        const from = before(q), y0 = from < 0 ? y[c.item_node[q]] + height[c.item_node[q]] / 2 : level[from];
        const x0 = from < 0 ? x[c.item_node[q]] : right[c.item_rank[from]];
        return box(b, x0, y0, right[r], level[q]);
      }
      const t = graph.tail(l), h = graph.head(l), q = via[l];
      const r0 = q < 0 ? c.rank[t] : c.item_rank[q];
      box(b, q < 0 ? x[t] + width[t] : right[r0], startY(l), x[h], y[h] + height[h] / 2);
      if (c.drop[r0] !== c.drop[c.rank[h]]) b[2] = right[r0] + 24;
    },
    scopes: scopesOf(c), look: b => b < n ? KINDS[c.kind[b]] : "", sum: () => "", name: () => "",
  };

  function before(q) {                     // the joint that a joint follows; -1: the box itself
    return q > chips && c.item_node[q - 1] === c.item_node[q] ? q - 1 : -1;
  }
  function joint(q, pen, coarse) {
    const from = before(q), t = c.item_node[q];
    const r0 = from < 0 ? c.rank[t] : c.item_rank[from];
    const x0 = from < 0 ? x[t] + width[t] : right[r0];
    const y0 = from < 0 ? y[t] + height[t] / 2 : level[from];
    pen.move(x0, y0);
    gap(pen, coarse, x0, y0, r0, c.item_rank[q], level[q]);
    pen.line(right[c.item_rank[q]], level[q]);
  }
  function box(b, x0, y0, x1, y1) {
    b[0] = Math.min(x0, x1); b[2] = Math.max(x0, x1);
    b[1] = Math.min(y0, y1) - 40; b[3] = Math.max(y0, y1) + 40;
  }
}
