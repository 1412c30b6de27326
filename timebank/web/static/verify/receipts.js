// Receipts (C2SP tlog-proof), their compact form for paper (docs/receipts.md), entries, and what is proven.
// The same questions in the same order as ledger/checking.py; one list of cases in the tests holds both to it.
"use strict"

const Receipts = (() => {
  const FIRST_LINE = "c2sp.org/tlog-proof@v1", MOST_HASHES = 63, MOST_ENTRY_BYTES = 65535, MOST_LEVELS = 33
  const KINDS = new Set(["genesis", "open", "close", "policy", "key", "earn", "care", "hold", "settle", "release", "gift", "donate",
    "grant", "expire", "inherit", "retire", "clear", "reverse", "audit"])
  const hex = (length) => (value) => typeof value === "string" && new RegExp(`^[0-9a-f]{${length}}$`).test(value)
  const id = (value) => typeof value === "string" && /^[!-~]{1,255}$/.test(value)
  const number = (value) => Number.isSafeInteger(value) && value >= 0
  const FIELDS = {
    actor: id, at: (value) => isTime(value), book: id, data: (value) => isObject(value), evidence: hex(64), key: id,
    kind: (value) => KINDS.has(value), nonce: hex(32), of: number, on: (value) => isDay(value), policy: hex(64),
    postings: (value) => Array.isArray(value) && value.length > 0 && value.every((one) =>
      Array.isArray(one) && one.length === 2 && id(one[0]) && Number.isSafeInteger(one[1])),
    prev: hex(64), seq: number, v: (value) => value === 1,
  }
  const NEEDED = ["actor", "at", "book", "kind", "nonce", "prev", "seq", "v"]

  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value)
  const isDay = (text) => typeof text === "string" && /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) && isTime(`${text}T00:00:00.000Z`)
  function isTime(text) {
    if (typeof text !== "string" || !/^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z$/.test(text)) return false
    const moment = new Date(text)
    return !Number.isNaN(moment.getTime()) && moment.toISOString() === text
  }

  // RFC 8785, as far as entries need it: no number but whole ones, no half characters, no more than 32 levels of `data`.
  function canonical(value, depth = 0) {
    if (depth > MOST_LEVELS) return "?"
    if (Array.isArray(value)) return `[${value.map((one) => canonical(one, depth + 1)).join(",")}]`
    if (isObject(value)) {
      const names = Object.keys(value).sort()
      return `{${names.map((name) => `${canonical(name)}:${canonical(value[name], depth + 1)}`).join(",")}}`
    }
    if (typeof value === "number" && !Number.isSafeInteger(value)) return "?"
    if (typeof value === "string" && /[\ud800-\udfff]/u.test(value)) return "?"
    return JSON.stringify(value)
  }

  function entryOf(body) {
    const wrong = (why) => new Refused("no-entry", why)
    if (body.length > MOST_ENTRY_BYTES) throw wrong("too long")
    let text, entry
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body)
      entry = JSON.parse(text)
    } catch {
      throw wrong("not JSON")
    }
    if (!isObject(entry)) throw wrong("not an object")
    for (const [name, value] of Object.entries(entry)) {
      if (!Object.hasOwn(FIELDS, name) || !FIELDS[name](value)) throw wrong(name)
    }
    for (const name of NEEDED) if (!Object.hasOwn(entry, name)) throw wrong(name)
    if (canonical(entry) !== text) throw wrong("not in the one form that counts (RFC 8785)")
    return entry
  }

  function parse(text) {
    const wrong = (why) => new Refused("unreadable", why)
    const at = text.indexOf("\n\n")
    const lines = text.slice(0, Math.max(at, 0)).split("\n")
    if (at < 0 || lines.length < 3 || lines[0] !== FIRST_LINE) throw wrong("not a receipt")
    if (!lines[1].startsWith("extra ") || !lines[2].startsWith("index ")) throw wrong("no entry or no number in it")
    const index = lines[2].slice("index ".length)
    if (!Notes.decimal(index)) throw wrong("the number")
    if (lines.length - 3 > MOST_HASHES) throw wrong("the proof is too long")
    const proof = lines.slice(3).map(Bytes.unbase64), body = Bytes.unbase64(lines[1].slice("extra ".length))
    if (!body || proof.some((hash) => hash?.length !== 32)) throw wrong("a line is not base64 in its plain form")
    return { index: BigInt(index), proof, body, checkpoint: text.slice(at + 2) }
  }

  class Reader {
    constructor(bytes) { this.bytes = bytes; this.at = 0 }
    take(count) {
      if (this.at + count > this.bytes.length) throw new Refused("unreadable", "the code ends too early")
      this.at += count
      return this.bytes.slice(this.at - count, this.at)
    }
    byte() { return this.take(1)[0] }
    number() {
      let value = 0n
      for (let shift = 0n; shift < 63n; shift += 7n) {
        const byte = this.byte()
        value |= BigInt(byte & 0x7f) << shift
        if (byte < 0x80) return value
      }
      throw new Refused("unreadable", "a number is too large")
    }
    rest() { return this.take(this.bytes.length - this.at) }
  }

  const compactParts = (line) => line.replace(/\s/g, "").toUpperCase().match(/^TBR1\/([1-9])\/([1-9])\/([0-9A-F]{8})\/([A-Z2-7]+)$/)

  // The receipt out of the texts of its codes, in any order. `missing` in the refusal is the number of a code not there.
  async function decode(lines) {
    const wrong = (why) => new Refused("unreadable", why)
    const found = new Map(), heads = new Set()
    for (const line of lines) {
      const part = compactParts(line), bytes = part && Bytes.unbase32(part[4])
      if (!bytes) throw wrong("the text of a code is damaged or incomplete")
      heads.add(`${part[2]}/${part[3]}`)
      found.set(Number(part[1]), bytes)
    }
    if (heads.size !== 1) throw wrong("these codes do not belong to one receipt")
    const [count, check] = [...heads][0].split("/")
    for (let one = 1; one <= Number(count); one++) {
      if (!found.has(one)) throw Object.assign(wrong(`${one}/${count}`), { missing: one, count: Number(count) })
    }
    if (found.size !== Number(count)) throw wrong("a code too many")
    const payload = Bytes.joined(...[...found.keys()].sort().map((one) => found.get(one)))
    if (Bytes.hex((await Bytes.sha256(payload)).slice(0, 4)).toUpperCase() !== check) throw wrong("misread or changed")
    return fromPayload(payload)
  }

  async function fromPayload(payload) {
    const wrong = (why) => new Refused("unreadable", why)
    const reader = new Reader(payload)
    if (reader.byte() !== 1) throw wrong("another version")
    const index = reader.number(), size = reader.number(), root = reader.take(32), count = reader.byte()
    if (count > MOST_HASHES) throw wrong("the proof is too long")
    const proof = Array.from({ length: count }, () => reader.take(32))
    const lines = Array.from({ length: reader.byte() }, () => {
      const name = new TextDecoder().decode(reader.take(reader.byte()))
      return [name, reader.take(4), reader.take(reader.byte())]
    })
    const spelled = new Reader(reader.take(Number(reader.number())))
    const template = await Bytes.inflate(reader.rest(), MOST_ENTRY_BYTES)
    if (!template) throw wrong("the entry can't be unpacked")
    const parts = [], source = new Reader(template)
    while (source.at < template.length) {
      const byte = source.byte()
      parts.push(byte === 1 ? Bytes.text(Bytes.hex(spelled.take(source.byte()))) : Uint8Array.of(byte))
    }
    if (spelled.rest().length) throw wrong("the code holds more than its entry")
    const body = Bytes.joined(...parts)
    let origin
    try { origin = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)).book } catch { throw wrong("no entry in it") }
    if (typeof origin !== "string" || origin.includes("\n")) throw wrong("no book in it")
    const signatures = lines.map(([name, keyId, value]) => `\u2014 ${name || origin} ${Bytes.base64(Bytes.joined(keyId, value))}\n`)
    return { index, proof, body, checkpoint: `${origin}\n${size}\n${Bytes.base64(root)}\n\n${signatures.join("")}` }
  }

  const isCompact = (text) => text.trimStart().toUpperCase().startsWith("TBR1/")

  // Every receipt in a file: parsed ones, or refusals in their places. Always at least one.
  async function readAll(bytes) {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)
    const tried = async (reading) => { try { return await reading() } catch (error) { return caught(error) } }
    if (isCompact(text)) {
      const groups = new Map()
      for (const code of text.replace(/\s/g, "").toUpperCase().split(/(?=TBR1\/)/)) {
        const group = code.split("/").slice(2, 4).join("/")
        groups.set(group, [...(groups.get(group) ?? []), code])
      }
      return Promise.all([...groups.values()].map((lines) => tried(() => decode(lines))))
    }
    const starts = [...text.matchAll(/^c2sp\.org\/tlog-proof@v1$/gm)].map((found) => found.index).filter((at) => at)
    const cuts = [0, ...starts, text.length]
    return Promise.all(cuts.slice(1).map((stop, at) => tried(() => parse(text.slice(cuts[at], stop)))))
  }

  function caught(error) {
    if (error instanceof Refused) return error
    throw error
  }

  // Asks everything of a receipt; the first answer that is wrong ends it. Gives { reason, detail, entry, tree, signedBy }.
  async function judge(receipt, rule) {
    const result = { reason: "proven", detail: "", entry: null, tree: null, signedBy: [], note: null }
    if (receipt instanceof Refused) return { ...result, reason: receipt.reason, detail: receipt.detail, missing: receipt.missing, count: receipt.count }
    try {
      result.entry = entryOf(receipt.body)
      if (BigInt(result.entry.seq) !== receipt.index) throw new Refused("other-entry", `${receipt.index} ≠ ${result.entry.seq}`)
      result.note = Notes.parse(receipt.checkpoint)
      result.tree = Notes.checkpoint(result.note.text)
      result.signedBy = await signers(result, rule)
      await requireInclusion(receipt, result.tree)
    } catch (error) {
      const refused = caught(error)
      return { ...result, reason: refused.reason, detail: refused.detail }
    }
    return result
  }

  async function signers({ note, tree, entry }, rule) {
    if (tree.origin !== entry.book || !rule.logs.some((one) => one.name === tree.origin)) {
      throw new Refused("other-book", `${entry.book}; ${tree.origin}`)
    }
    return trusted(note, tree, rule)
  }

  // The lines under a checkpoint that count, if a key of the book signed and enough witnesses saw it.
  async function trusted(note, tree, rule) {
    const own = (line) => rule.logs.some((one) => one.name === tree.origin && one.name === line.name && one.keyId === line.keyId)
    if (!note.signatures.some(own)) throw new Refused("not-signed", tree.origin)
    const verified = await Notes.verify(note, rule.keys)
    if (!Notes.isMet(rule, verified)) throw new Refused("too-few-witnesses")
    return verified
  }

  async function requireInclusion(receipt, tree) {
    if (receipt.index >= tree.size) throw new Refused("not-among-them", `${receipt.index} ≥ ${tree.size}`)
    if (receipt.proof.length !== Merkle.inclusionLength(receipt.index, tree.size)) throw new Refused("proof-length")
    const root = await Merkle.rootOf(await Merkle.leaf(receipt.body), receipt.index, tree.size, receipt.proof)
    if (!Bytes.same(root, tree.root)) throw new Refused("other-root")
  }

  // Compares the tree of a proven receipt with the newest that the log gives out. `read(path)` fetches its bytes.
  async function compare(tree, rule, read) {
    const note = Notes.parse(new TextDecoder().decode(await read("checkpoint")))
    const newest = Notes.checkpoint(note.text)
    if (newest.origin !== tree.origin) throw new Refused("other-book", newest.origin)
    await trusted(note, newest, rule)
    if (newest.size < tree.size) throw new Refused("log-older", `${newest.size} < ${tree.size}`)
    if (newest.size === tree.size) {
      if (!Bytes.same(newest.root, tree.root)) throw new Refused("log-forked", String(tree.size))
      return newest
    }
    const reader = Merkle.tileReader(newest.size, read)
    const proof = await Merkle.consistencyProof(tree.size, newest.size, reader)
    if (!await Merkle.isConsistent(tree.size, newest.size, tree.root, newest.root, proof)) throw new Refused("log-forked", `${tree.size}, ${newest.size}`)
    return newest
  }

  // A paper with its detached signature: a note over the file's SHA-256, by the key of the book's papers.
  async function judgePaper(file, signature, vkey) {
    try {
      const key = await Notes.key(vkey.trim())
      const note = Notes.parse(new TextDecoder("utf-8", { ignoreBOM: true }).decode(signature))
      if (!note.signatures.some((line) => line.name === key.name && line.keyId === key.keyId)) throw new Refused("not-signed", key.name)
      await Notes.verify(note, [key])
      const said = note.text.match(/^(.+)\nsha256 ([A-Za-z0-9+/]{43}=)\n$/)
      if (!said || said[1] !== key.name) throw new Refused("other-paper", "the note names no paper")
      if (said[2] !== Bytes.base64(await Bytes.sha256(file))) throw new Refused("other-paper", "the SHA-256 differs")
      return { reason: "proven", key }
    } catch (error) {
      const refused = caught(error)
      return { reason: refused.reason === "no-checkpoint" ? "unreadable" : refused.reason, detail: refused.detail }
    }
  }

  return { compare, isCompact, judge, judgePaper, readAll }
})()
