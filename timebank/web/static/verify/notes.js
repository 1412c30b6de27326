// Signed notes, checkpoints, verifier keys and policies (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy).
"use strict"

const Notes = (() => {
  const ED25519 = 1, COSIGNATURE = 4, ML_DSA_44 = 6
  const KEY_BYTES = { [ED25519]: 32, [COSIGNATURE]: 32, [ML_DSA_44]: 1312 }
  const SIGNATURE_BYTES = { [ED25519]: 64, [COSIGNATURE]: 72, [ML_DSA_44]: 2428 }
  const TYPE_NAMES = { [ED25519]: "ed25519", [COSIGNATURE]: "cosignature", [ML_DSA_44]: "ml_dsa_44" }
  const MOST_SIGNATURES = 100, DASH = "\u2014 "
  const decimal = (text) => /^(0|[1-9][0-9]{0,18})$/.test(text)
  const isName = (text) => text !== "" && !/[\s+\u0000-\u001f\u0085\u001c-\u001f]/.test(text)

  function parse(raw) {
    const wrong = (why) => new Refused("no-checkpoint", why)
    if (/[\u0000-\u0009\u000b-\u001f]/.test(raw)) throw wrong("a control character")
    const at = raw.lastIndexOf("\n\n")
    if (at < 0 || !raw.endsWith("\n") || at + 2 >= raw.length) throw wrong("no signatures stand under this text")
    const lines = raw.slice(at + 2, -1).split("\n")
    if (lines.length > MOST_SIGNATURES) throw wrong("too many signatures")
    const signatures = lines.map((line) => {
      const words = line.startsWith(DASH) ? line.slice(DASH.length) : ""
      const space = words.indexOf(" ")
      const value = space < 0 ? null : Bytes.unbase64(words.slice(space + 1))
      if (!value || value.length <= 4 || !isName(words.slice(0, space))) throw wrong("a line under it is not a signature")
      return { name: words.slice(0, space), keyId: Bytes.hex(value.slice(0, 4)), value: value.slice(4) }
    })
    return { text: raw.slice(0, at + 1), signatures }
  }

  function checkpoint(text) {
    const [origin, size, root, end, ...more] = text.split("\n")
    const hash = root === undefined ? null : Bytes.unbase64(root)
    if (!origin || !decimal(size ?? "") || hash?.length !== 32 || end !== "" || more.length) {
      throw new Refused("no-checkpoint", "it has not the three lines of a checkpoint")
    }
    return { origin, size: BigInt(size), root: hash, text }
  }

  async function key(text) {
    const first = text.indexOf("+"), second = text.indexOf("+", first + 1)
    const material = second < 0 ? null : Bytes.unbase64(text.slice(second + 1))
    if (!material?.length || first < 0) throw new Refused("policy", `${text.slice(0, 60)} is not a key`)
    const name = text.slice(0, first), type = material[0], bytes = material.slice(1)
    if (!isName(name) || KEY_BYTES[type] !== bytes.length) throw new Refused("policy", `${name} has an unknown key`)
    const keyId = Bytes.hex((await Bytes.sha256(Bytes.text(`${name}\n`), material)).slice(0, 4))
    if (keyId !== text.slice(first + 1, second)) throw new Refused("policy", `the key of ${name} has a wrong id`)
    return { name, type, typeName: TYPE_NAMES[type], bytes, keyId, fingerprint: Bytes.hex(await Bytes.sha256(material)) }
  }

  const short = (text) => {
    const bytes = Bytes.text(text)
    return bytes.length > 255 ? null : Bytes.joined(Uint8Array.of(bytes.length), bytes)
  }

  // Whether this line's value signs the note; `seconds` is the time that it carries, or null.
  async function verifyLine(one, note, value) {
    const wrong = () => new Refused("false-signature", `${one.name} (${one.keyId})`)
    if (value.length !== SIGNATURE_BYTES[one.type]) throw wrong()
    let good, seconds = null
    if (one.type === ED25519) {
      good = await Bytes.ed25519(one.bytes, value, Bytes.text(note.text))
    } else {
      seconds = new DataView(value.buffer, value.byteOffset, 8).getBigUint64(0)
      if (seconds >= 1n << 63n) throw wrong()
      const rest = value.slice(8)
      if (one.type === COSIGNATURE) {
        good = await Bytes.ed25519(one.bytes, rest, Bytes.text(`cosignature/v1\ntime ${seconds}\n${note.text}`))
      } else {
        const tree = checkpoint(note.text), [name, origin] = [short(one.name), short(tree.origin)]
        if (!name || !origin) throw wrong()
        good = Bytes.mldsa44(one.bytes, rest, Bytes.joined(Bytes.text("subtree/v1\n\0"), name, Bytes.eight(seconds), origin,
          Bytes.eight(0), Bytes.eight(tree.size), tree.root))
      }
    }
    if (!good) throw wrong()
    return { key: one, seconds }
  }

  // Who of these keys signed, each once. A line of a known key that does not verify refuses the whole note.
  async function verify(note, keys) {
    const known = new Map(keys.map((one) => [`${one.name} ${one.keyId}`, one]))
    const verified = new Map()
    for (const line of note.signatures) {
      const place = `${line.name} ${line.keyId}`
      if (!known.has(place)) continue
      const found = await verifyLine(known.get(place), note, line.value)
      if (!verified.has(place)) verified.set(place, found)
    }
    return [...verified.values()]
  }

  async function policy(text) {
    const found = { logs: [], witnesses: new Map(), groups: new Map(), quorum: null }
    const used = new Set()
    const wrong = (line, why) => new Refused("policy", `${line}: ${why}`)
    const use = (name, line) => {
      if (!found.witnesses.has(name) && !found.groups.has(name)) throw wrong(line, `${name} is not defined above`)
      if (used.has(name)) throw wrong(line, `${name} is used twice`)
      used.add(name)
    }
    const fresh = (name, line) => {
      if (name === "none" || found.witnesses.has(name) || found.groups.has(name)) throw wrong(line, `${name} is taken`)
      return name
    }
    for (const [at, line] of text.split("\n").entries()) {
      const [verb, ...rest] = line.trim().split(/\s+/)
      if (!verb || verb.startsWith("#")) continue
      if (verb === "log" && [1, 2].includes(rest.length)) {
        const one = await key(rest[0])
        if (one.type === COSIGNATURE) throw wrong(at + 1, "a witness's key does not sign for a book")
        found.logs.push(one)
      } else if (verb === "witness" && [2, 3].includes(rest.length)) {
        const one = await key(rest[1])
        if (one.type === ED25519) throw wrong(at + 1, "a witness signs with a cosignature")
        found.witnesses.set(fresh(rest[0], at + 1), one)
      } else if (verb === "group" && rest.length >= 3) {
        const [name, needed, ...members] = rest
        for (const member of members) use(member, at + 1)
        const count = needed === "all" ? members.length : needed === "any" ? 1 : /^[0-9]+$/.test(needed) ? Number(needed) : 0
        if (count < 1 || count > members.length) throw wrong(at + 1, "no such group")
        found.groups.set(fresh(name, at + 1), { count, members })
      } else if (verb === "quorum" && rest.length === 1 && found.quorum === null) {
        if (rest[0] !== "none") use(rest[0], at + 1)
        found.quorum = rest[0]
      } else {
        throw wrong(at + 1, "not understood")
      }
    }
    if (!found.logs.length) throw new Refused("policy", "the policy names no book")
    if (found.quorum === null) throw new Refused("policy", "the policy names no quorum")
    found.keys = [...found.logs, ...found.witnesses.values()]
    return found
  }

  function isMet(rule, signers) {
    const signed = new Set(signers.map((one) => `${one.key.name} ${one.key.keyId}`))
    const met = (name) => {
      const witness = rule.witnesses.get(name)
      if (witness) return signed.has(`${witness.name} ${witness.keyId}`)
      const { count, members } = rule.groups.get(name)
      return members.filter(met).length >= count
    }
    return rule.quorum === "none" || met(rule.quorum)
  }

  return { checkpoint, decimal, isMet, key, parse, policy, verify }
})()
