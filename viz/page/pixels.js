// Pixels: lines and boxes written straight into the image of a picture seen from very far.

// A line from (ax, ay) to (bx, by), in an image of w by h pixels: one pixel a step along its longer side.
function trail(out, w, h, ax, ay, bx, by, color) {
  if (ax < 0 && bx < 0 || ay < 0 && by < 0 || ax >= w && bx >= w || ay >= h && by >= h) return;
  const dx = bx - ax, dy = by - ay, steps = Math.max(Math.abs(dx), Math.abs(dy));
  let from = 0, to = 1;                    // the part of it within the image
  for (const [at, by_, size] of [[ax, dx, w], [ay, dy, h]]) {
    if (!by_) continue;
    const a = -at / by_, b = (size - 1e-6 - at) / by_;
    from = Math.max(from, Math.min(a, b));
    to = Math.min(to, Math.max(a, b));
  }
  if (from > to) return;
  const n = Math.max(1, Math.ceil(steps * (to - from))), sx = dx * (to - from) / n, sy = dy * (to - from) / n;
  let x = ax + dx * from, y = ay + dy * from;
  for (let i = 0; i <= n; i++, x += sx, y += sy) {
    const px = x | 0, py = y | 0;
    if (px >= 0 && py >= 0 && px < w && py < h) out[py * w + px] = color;
  }
}
