// What is attached to a PDF: the receipts of its lines. Reads only what the time bank's own papers look like.
"use strict"

const Papers = (() => {
  const MOST_BYTES = 20_000_000
  const EMBEDDED = /\d+ \d+ obj\s*<<((?:(?!endobj|>>\s*stream)[\s\S])*?\/EmbeddedFile\b(?:(?!endobj|>>\s*stream)[\s\S])*)>>\s*stream\r?\n/g
  const latin = new TextDecoder("latin1")

  // The receipts in a PDF's attached files, as bytes; empty where there are none.
  async function receipts(pdf) {
    const text = latin.decode(pdf), found = []
    for (const object of text.matchAll(EMBEDDED)) {
      const start = object.index + object[0].length, length = Number(object[1].match(/\/Length (\d+)\b(?! \d+ R)/)?.[1])
      const stop = length ? start + length : text.indexOf("endstream", start)
      const packed = pdf.slice(start, stop)
      const bytes = object[1].includes("/FlateDecode") ? await Bytes.inflate(packed, MOST_BYTES, "deflate") : packed
      if (bytes && latin.decode(bytes.slice(0, 22)) === "c2sp.org/tlog-proof@v1") found.push(bytes)
    }
    return found
  }

  // The files in a .zip as the time bank gives it out, one after the other; what is not understood ends the list.
  async function unzip(bytes) {
    const found = []
    for (let at = 0; at + 30 <= bytes.length && latin.decode(bytes.slice(at, at + 4)) === "PK\x03\x04";) {
      const head = new DataView(bytes.buffer, bytes.byteOffset + at, 30)
      const [flags, method, size] = [head.getUint16(6, true), head.getUint16(8, true), head.getUint32(18, true)]
      const [name, extra] = [head.getUint16(26, true), head.getUint16(28, true)]
      const start = at + 30 + name + extra, packed = bytes.slice(start, start + size)
      if (flags & 8 || packed.length !== size || (method !== 0 && method !== 8)) break
      const content = method ? await Bytes.inflate(packed, MOST_BYTES) : packed
      if (!content) break
      found.push(new File([content], new TextDecoder().decode(bytes.slice(at + 30, at + 30 + name))))
      at = start + size
    }
    return found
  }

  return { receipts, unzip }
})()
