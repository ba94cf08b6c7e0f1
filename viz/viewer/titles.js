// Titles: frames and names of scopes and folds, while boxes are too small to read.

function titlePainter(ctx, g, state) {
  const strength = k => Math.min(1, Math.max(0, (0.40 - k) / 0.10));
  const named = () => folds.all.flatMap((fold, f) => folds.shown(f) ? [{ ...folds.corner(f), first: true,
    name: (fold.count > 1 ? `×${fold.count} ` : "") + fold.title, depth: 1, framed: true, shut: !fold.open }] : []);
  function inSight([x0, y0, x1, y1], k) {
    return strength(k) ? [...(k < FULL ? named() : []), ...g.scopes].filter(s => !s.hidden && s.width * k > 24 &&
      s.height * k > 8 && s.x < x1 && s.y < y1 && s.x + s.width > x0 && s.y + s.height > y0) : [];
  }
  function frames(seen, ox, oy, k) {
    ctx.fillStyle = state.look.page.ink;
    ctx.strokeStyle = state.look.page.line;
    ctx.lineWidth = 1 / k;
    for (const s of inSight(seen, k)) if (!s.framed) {
      const pad = Math.max(4, 16 - 4 * s.depth);
      outlined(ctx, s.x - ox - pad, s.y - oy - pad, s.width + 2 * pad, s.height + 2 * pad, 12);
      ctx.globalAlpha = 0.025 * strength(k);
      ctx.fill();
      ctx.globalAlpha = (s.depth > 2 ? 0.2 : 0.45) * strength(k);
      ctx.stroke();
    }
    ctx.globalAlpha = 1;
  }
  function titles(ox, oy, k, seen) {
    const taken = [];
    ctx.textAlign = "left";
    ctx.lineJoin = "round";
    ctx.globalAlpha = strength(k);
    for (const s of inSight(seen, k)) {
      const size = Math.max(10, 15 - 1.5 * s.depth);
      ctx.font = state.look.texts.head.font.replace("%", size / k);
      const wide = ctx.measureText(s.name).width;
      const x = s.shut ? s.x + (s.width - wide) / 2 : Math.max(s.x, Math.min(seen[0] + 8 / k, s.x + s.width - wide));
      const y = s.shut ? s.y + s.height / 2 + size / 3 / k : Math.max(s.y + 2 / k, seen[1] + 16 / k);
      if (!s.first && x === s.x || wide > s.width || y > s.y + s.height) continue;
      if (taken.some(([a, b, w]) => Math.abs(b - y) < size * 1.1 / k && x < a + w && a < x + wide)) continue;
      taken.push([x, y, wide + 4 / k]);
      ctx.strokeStyle = state.look.page.paper;
      ctx.lineWidth = 4 / k;
      ctx.strokeText(s.name, x - ox, y - oy);
      ctx.fillStyle = s.depth > 1 ? state.look.page.muted : state.look.page.ink;
      ctx.fillText(s.name, x - ox, y - oy);
    }
    ctx.globalAlpha = 1;
  }
  return { frames, titles };
}
