// Bytes, hashes and signatures. The browser's own cryptography where it has it, else the vendored one.
// Needs `vendored` (vendor/verify/crypto.js). Classic scripts, so that one file on a disk can hold them all.
"use strict"

// What is wrong, as a stable word (the same as those of `python -m ledger check`); `detail` is for who looks closer.
class Refused extends Error {
  constructor(reason, detail = "") {
    super(detail || reason)
    this.reason = reason
    this.detail = detail
  }
}

const Bytes = (() => {
  const encoder = new TextEncoder()
  const subtle = globalThis.crypto?.subtle

  function joined(...parts) {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of parts) { whole.set(part, at); at += part.length }
    return whole
  }

  function hex(bytes) { return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") }

  function same(a, b) { return a.length === b.length && a.every((byte, at) => byte === b[at]) }

  function base64(bytes) {
    let text = ""
    for (const byte of bytes) text += String.fromCharCode(byte)
    return btoa(text)
  }

  // Strict: a second spelling of the same bytes would be a second receipt. Null for anything else.
  function unbase64(text) {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4) return null
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
    return base64(bytes) === text ? bytes : null
  }

  function unbase32(text) {
    const bytes = []
    let bits = 0, value = 0
    for (const char of text) {
      const digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(char)
      if (digit < 0) return null
      value = (value << 5) | digit
      bits += 5
      if (bits >= 8) { bits -= 8; bytes.push((value >> bits) & 0xff); value &= (1 << bits) - 1 }
    }
    return [1, 3, 6].includes(text.length % 8) ? null : Uint8Array.from(bytes)
  }

  // A whole number in eight bytes, the highest first.
  function eight(number) {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(number))
    return bytes
  }

  async function sha256(...parts) {
    const whole = joined(...parts)
    return subtle ? new Uint8Array(await subtle.digest("SHA-256", whole)) : vendored.sha256(whole)
  }

  async function ed25519(key, signature, message) {
    if (subtle) {
      let imported = null
      try { imported = await subtle.importKey("raw", key, "Ed25519", false, ["verify"]) } catch { /* too old */ }
      if (imported) return subtle.verify("Ed25519", imported, signature, message)
    }
    try { return vendored.ed25519.verify(signature, message, key, { zip215: false }) } catch { return false }
  }

  function mldsa44(key, signature, message) {
    try { return vendored.ml_dsa44.verify(signature, message, key) } catch { return false }
  }

  // Unpacks raw deflate, at most `most` bytes; null where that fails.
  async function inflate(packed, most, kind = "deflate-raw") {
    try {
      const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream(kind)).getReader()
      const parts = []
      for (let size = 0; ;) {
        const { done, value } = await reader.read()
        if (done) return joined(...parts)
        size += value.length
        if (size > most) { reader.cancel(); return null }
        parts.push(value)
      }
    } catch {
      return null
    }
  }

  return { base64, ed25519, eight, hex, inflate, joined, mldsa44, same, sha256, text: (text) => encoder.encode(text), unbase32, unbase64 }
})()
