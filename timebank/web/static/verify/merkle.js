// The Merkle tree of RFC 9162: inclusion, consistency, and tiles (C2SP tlog-tiles). Indices and sizes are BigInt.
"use strict"

const Merkle = (() => {
  const LEAF = Uint8Array.of(0), NODE = Uint8Array.of(1), WIDTH = 256n

  const leaf = (body) => Bytes.sha256(LEAF, body)
  const node = (left, right) => Bytes.sha256(NODE, left, right)
  const bits = (number) => number === 0n ? 0 : number.toString(2).length
  const ones = (number) => [...number.toString(2)].filter((digit) => digit === "1").length

  function inclusionLength(index, size) {
    const inner = bits(index ^ (size - 1n))
    return inner + ones(index >> BigInt(inner))
  }

  // The root that a proof of the right length leads to (RFC 9162, section 2.1.3.2).
  async function rootOf(leafHash, index, size, proof) {
    let here = index, last = size - 1n, result = leafHash
    for (const sibling of proof) {
      if (here & 1n || here === last) {
        result = await node(sibling, result)
        while (!(here & 1n) && here) { here >>= 1n; last >>= 1n }
      } else {
        result = await node(result, sibling)
      }
      here >>= 1n
      last >>= 1n
    }
    return result
  }

  const split = (count) => 1n << BigInt(bits(count - 1n) - 1)

  // The hash of entries [start, stop), out of complete subtrees: `read(level, index)` gives one.
  async function range(start, stop, read) {
    const peaks = []
    for (let at = start; at < stop;) {
      const level = bits(stop - at) - 1
      peaks.push(await read(level, at >> BigInt(level)))
      at += 1n << BigInt(level)
    }
    let result = peaks.pop()
    while (peaks.length) result = await node(peaks.pop(), result)
    return result
  }

  async function consistencyProof(old, size, read) {
    const proof = []
    let start = 0n, stop = size
    while (old !== stop) {
      const middle = start + split(stop - start)
      if (old <= middle) { proof.push(await range(middle, stop, read)); stop = middle }
      else { proof.push(await range(start, middle, read)); start = middle }
    }
    if (start) proof.push(await range(start, stop, read))
    return proof.reverse()
  }

  // RFC 9162, section 2.1.4.2, for 0 < old < size. Whether the tree of `size` entries extends that of `old`.
  async function isConsistent(old, size, oldRoot, root, proof) {
    const path = old & (old - 1n) ? [...proof] : [oldRoot, ...proof]
    if (!path.length) return false
    let here = old - 1n, last = size - 1n
    while (here & 1n) { here >>= 1n; last >>= 1n }
    let first = path[0], second = path[0]
    for (const sibling of path.slice(1)) {
      if (!last) return false
      if (here & 1n || here === last) {
        first = await node(sibling, first)
        second = await node(sibling, second)
        while (!(here & 1n) && here) { here >>= 1n; last >>= 1n }
      } else {
        second = await node(second, sibling)
      }
      here >>= 1n
      last >>= 1n
    }
    return !last && Bytes.same(first, oldRoot) && Bytes.same(second, root)
  }

  function path(level, index, width) {
    let digits = index.toString().padStart(3, "0")
    digits = digits.padStart(Math.ceil(digits.length / 3) * 3, "0")
    const groups = digits.match(/.{3}/g)
    const number = [...groups.slice(0, -1).map((group) => `x${group}`), groups.at(-1)].join("/")
    return `tile/${level}/${number}${width === 256 ? "" : `.p/${width}`}`
  }

  // Reads subtree hashes of the tree of `size` entries; `fetchTile(path)` gives a tile's bytes.
  function tileReader(size, fetchTile) {
    const kept = new Map()
    async function pyramid(level, index) {
      const left = (size >> BigInt(8 * level)) - index * WIDTH
      const width = Number(left < WIDTH ? left : WIDTH)
      const tile = await fetchTile(path(level, index, width))
      if (tile.length !== 32 * width) throw new Refused("log-broken", path(level, index, width))
      const levels = [Array.from({ length: width }, (_, at) => tile.slice(32 * at, 32 * at + 32))]
      while (levels.at(-1).length > 1) {
        const below = levels.at(-1), above = []
        for (let at = 0; at + 1 < below.length; at += 2) above.push(await node(below[at], below[at + 1]))
        levels.push(above)
      }
      return levels
    }
    return async (level, index) => {
      const tileLevel = Math.floor(level / 8), inner = level % 8, places = WIDTH >> BigInt(inner)
      const key = `${tileLevel}/${index / places}`
      if (!kept.has(key)) kept.set(key, pyramid(tileLevel, index / places))
      return (await kept.get(key))[inner][Number(index % places)]
    }
  }

  return { consistencyProof, inclusionLength, isConsistent, leaf, rootOf, tileReader }
})()
