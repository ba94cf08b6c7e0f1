// Codec: what codec.py packed, as typed arrays and lists of strings, by name.

async function unpacked(name) {
  if (!document.querySelector(`[data-pack="${name}"]`) && document.readyState === "loading")
    await new Promise(done => addEventListener("DOMContentLoaded", done, { once: true }));
  const pack = document.querySelector(`[data-pack="${name}"]`), text = pack.textContent;
  const inflate = new DecompressionStream("deflate"), writer = inflate.writable.getWriter();
  writer.write(bytesOf(text)).then(() => writer.close());
  const bytes = new Uint8Array(await new Response(inflate.readable).arrayBuffer());
  pack.remove();                     // it is large, and read
  const view = new DataView(bytes.buffer), length = view.getUint32(0, true);
  const decoder = new TextDecoder();
  const columns = {};
  let at = 4 + length;
  for (const [column, type, count, size] of JSON.parse(decoder.decode(bytes.subarray(4, at)))) {
    const content = bytes.subarray(at, at + size);
    columns[column] = type === "json" ? JSON.parse(decoder.decode(content)) : array(type, count, content);
    at += size;
  }
  return columns;
}

function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const plain = atob(text), bytes = new Uint8Array(plain.length);
  for (let i = 0; i < plain.length; i++) bytes[i] = plain.charCodeAt(i);
  return bytes;
}

function array(type, count, content) {
  if (type[0] === "f") return type === "f32" ? new Float32Array(joined(content, count, 4)) :
    new Float64Array(joined(content, count, 8));
  const whole = type.slice(1) === "8" ? content.slice() : type.slice(1) === "16" ?
    new Uint16Array(joined(content, count, 2)) : new Uint32Array(joined(content, count, 4));
  if (type[0] === "u") return whole;
  const sums = new Int32Array(count);      // differences, with 0, -1, 1, -2 as 0, 1, 2, 3
  for (let i = 0, sum = 0; i < count; i++) {
    const step = whole[i];
    sum += step & 1 ? -((step >>> 1) + 1) : step >>> 1;
    sums[i] = sum;
  }
  return sums;
}

function joined(planes, count, size) {     // all first bytes, then all second ones ...
  const bytes = new Uint8Array(count * size);
  for (let k = 0; k < size; k++)
    for (let i = 0, from = k * count, to = k; i < count; i++, to += size) bytes[to] = planes[from + i];
  return bytes.buffer;
}
