// The geometry of a scene that was laid out and composed in Python, tenths of a px.

const OWNERS = ["", "edge", "rail", "chip", "fold", "head", "port"];
const RECT = 0, PATH = 1, POLYGON = 2, TEXT = 3;

function sheetGeometry(c) {
  const n = c.kind.length, marks = [];
  const px = Float32Array.from(c.mark_x, v => v / 10), py = Float32Array.from(c.mark_y, v => v / 10);
  for (let i = 0, at = 0, r = 0, t = 0; i < c.mark_kind.length; at += c.mark_count[i++]) {
    const mark = { kind: c.mark_kind[i], role: c.roles[c.mark_role[i]], at, count: c.mark_count[i],
      owner: OWNERS[c.mark_owner[i]], of: c.mark_of[i], width: 0, height: 0 };
    if (mark.kind === RECT) {
      mark.width = c.mark_width[r] / 10;
      mark.height = c.mark_height[r] / 10;
      mark.radius = c.mark_radius[r++] / 10;
    } else if (mark.kind === TEXT) {
      mark.text = c.texts[c.mark_text[t]];
      mark.anchor = ["start", "center", "end"][c.mark_anchor[t++]];
    }
    marks.push(mark);
  }
  const chips = marks.filter(mark => mark.owner === "chip" && mark.kind === RECT);
  const boxes = n + chips.length;
  const side = (name, key, moved) => Float32Array.from({ length: boxes }, (_, b) => b < n ? c[name][b] / 10 :
    key ? chips[b - n][key] : moved[chips[b - n].at]);
  const lines = marks.filter(mark => mark.kind === PATH && mark.owner !== "");
  const heads = new Map(marks.filter(mark => mark.kind === POLYGON && mark.owner === "edge")
    .map(mark => [mark.of, mark]));
  const g = {
    n, boxes, x: side("x", "", px), y: side("y", "", py), width: side("width", "width"),
    height: side("height", "height"), of: b => b < n ? b : chips[b - n].of, kind: c.kind, px, py, marks,
    fold: i => c.fold[i] - 1, roomy: data.width, tall: data.height, lids: [],
    under: marks.filter(mark => mark.owner === "fold"),
    over: marks.filter(mark => mark.owner !== "fold" && mark.owner !== "chip" && !(mark.owner && mark.kind === PATH)
      && !(mark.owner === "edge" && mark.kind === POLYGON)),
    lines: lines.length, edge: l => lines[l].owner === "edge" ? lines[l].of : -1,
    rail: l => lines[l].owner === "rail" ? lines[l].of : -1, role: l => lines[l].role,
    trace(l, pen, coarse) {
      const { at, count } = lines[l];
      pen.move(px[at], py[at]);
      for (let i = at + 1; i < at + count; i += 3)
        if (coarse || straight(i)) pen.line(px[i + 2], py[i + 2]);
        else pen.curve(px[i], py[i], px[i + 1], py[i + 1], px[i + 2], py[i + 2]);
    },
    arrow(l) {                             // its tip and where it points from
      const head = lines[l].owner === "edge" && heads.get(lines[l].of);
      return head && { x: px[head.at], y: py[head.at], fx: (px[head.at + 1] + px[head.at + 2]) / 2,
        fy: (py[head.at + 1] + py[head.at + 2]) / 2 };
    },
    bounds(l, b) {
      const { at, count } = lines[l];
      b[0] = b[2] = px[at]; b[1] = b[3] = py[at];
      for (let i = at + 1; i < at + count; i++) {
        b[0] = Math.min(b[0], px[i]); b[2] = Math.max(b[2], px[i]);
        b[1] = Math.min(b[1], py[i]); b[3] = Math.max(b[3], py[i]);
      }
    },
    scopes: scopesOf(c), look: b => b < n ? c.roles[c.look[b]] : "", sum: b => c.texts[c.sum[b]],
    name: b => c.texts[c.name[b]],
  };
  const level = (p, i) => p[i - 1] === p[i + 2] && p[i] === p[i + 2] && p[i + 1] === p[i + 2];
  const straight = i => level(py, i) || level(px, i);        // their control points may lie beyond them
  return g;
}

function scopesOf(c) {
  return Array.from(c.scope_of, (scope, i) => ({ name: c.scopes[scope].split("/").at(-1), scope,
    first: !i || c.scope_of[i - 1] !== scope, depth: c.scopes[scope].split("/").length,
    x: c.scope_left[i] / 10, y: c.scope_top[i] / 10, width: (c.scope_right[i] - c.scope_left[i]) / 10,
    height: (c.scope_bottom[i] - c.scope_top[i]) / 10 }));
}
