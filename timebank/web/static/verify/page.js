// The page that checks receipts: takes files, texts and scans, and says in words what is proven. Asks nobody.
"use strict"

const Page = (() => {
  const $ = (id) => document.getElementById(id)
  const template = $("verify-words").content
  const language = document.documentElement.lang || "zh-CN"
  const scanned = []
  let proven = null, turn = 0

  function word(name, values = {}) {
    const text = template.querySelector(`[data-word="${name}"]`)?.textContent ?? name
    return text.replace(/\{([a-z]+)\}/g, (_, key) => values[key] ?? "")
  }

  function made(tag, className, ...children) {
    const element = document.createElement(tag)
    if (className) element.className = className
    element.append(...children)
    return element
  }

  function amount(minutes) {
    const whole = Math.abs(minutes), hours = Math.floor(whole / 60), rest = whole % 60
    const name = hours && rest ? "hours-minutes" : hours ? "hours" : "minutes"
    return (minutes < 0 ? "−" : "+") + word(name, { hours, minutes: rest })
  }

  function moment(date) {
    if (Number.isNaN(date.getTime())) return ""
    return new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }).format(date)
  }

  const groups = (text) => text.match(/.{1,4}/g).join(" ")
  const at = (seconds) => seconds > 8640000000000n ? String(seconds) : moment(new Date(Number(seconds) * 1000))

  function signer({ key, seconds }) {
    const values = { name: key.name, key: key.keyId, type: word(`type.${key.typeName}`) }
    return seconds === null ? word("signer", values) : word("signer-at", { ...values, time: at(seconds) })
  }

  function facts(rows) {
    return made("dl", "govuk-summary-list", ...rows.filter(([, values]) => values.length).map(([name, values]) =>
      made("div", "govuk-summary-list__row", made("dt", "govuk-summary-list__key", name),
        made("dd", "govuk-summary-list__value", ...values.map((value) => made("div", "", value))))))
  }

  function entryRows(entry) {
    return [
      [word("what"), [word(`kind.${entry.kind}`)]],
      [word("recorded"), [moment(new Date(entry.at))]],
      [word("served"), entry.on ? [new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(new Date(entry.on))] : []],
      [word("of"), entry.of === undefined ? [] : [String(entry.of)]],
      [word("accounts"), (entry.postings ?? []).map(([account, minutes]) => word("posting", { amount: amount(minutes), account }))],
    ]
  }

  function treeRows({ entry, tree, signedBy }, rule) {
    const own = signedBy.filter(({ key }) => key.name === tree.origin), others = signedBy.filter(({ key }) => key.name !== tree.origin)
    return [
      [word("among"), [word("size", { size: tree.size, seq: entry.seq })]],
      [word("signed"), own.map(signer)],
      [word("seen"), others.map(signer)],
      [word("quorum"), [word(rule.quorum === "none" ? "quorum-none" : "quorum-met")]],
    ]
  }

  // One result: a heading that says yes or no, then why.
  function card(result, ...children) {
    const good = result.reason === "proven"
    const box = made("div", `govuk-notification-banner site-verdict${good ? " govuk-notification-banner--success" : " site-verdict--no"}`,
      made("div", "govuk-notification-banner__content", made("h2", "govuk-heading-m", word(good ? "proven" : "not-proven")), ...children))
    box.dataset.reason = result.reason
    return box
  }

  function refusal(result) {
    const reason = result.missing ? word("reason.code-missing", result) : word(`reason.${result.reason}`)
    const parts = [made("p", "govuk-body", reason)]
    if (result.detail) parts.push(made("p", "govuk-body site-quiet", word("detail", { detail: result.detail })))
    return parts
  }

  function receiptCard(result, rule) {
    const { entry } = result
    if (result.reason !== "proven") {
      const claims = entry ? [made("p", "govuk-body", word("claims", entry))] : []
      return card(result, ...refusal(result), ...claims)
    }
    return card(result, made("p", "govuk-body", word("entry", entry)), facts([...entryRows(entry), ...treeRows(result, rule)]),
      made("p", "govuk-body", word("unproven")))
  }

  function paperCard(name, result) {
    const file = facts([[word("paper-file"), [name]], [word("signed"), result.key ? [signer({ key: result.key, seconds: null })] : []]])
    return card(result, ...(result.reason === "proven" ? [made("p", "govuk-body", word("paper"))] : refusal(result)), file)
  }

  async function photo(file) {
    const picture = await createImageBitmap(file)
    for (const longest of [1600, 800, 2400]) {
      const scale = longest / Math.max(picture.width, picture.height)
      const canvas = made("canvas")
      canvas.width = Math.round(picture.width * scale)
      canvas.height = Math.round(picture.height * scale)
      const context = canvas.getContext("2d")
      context.fillStyle = "#fff"
      context.fillRect(0, 0, canvas.width, canvas.height)
      context.drawImage(picture, 0, 0, canvas.width, canvas.height)
      try { return vendored.decodeQR(context.getImageData(0, 0, canvas.width, canvas.height)) } catch { /* another size may do */ }
    }
    throw new Refused("no-code")
  }

  // Sorts what was given: codes go together, a PDF goes with its signature, everything else is a file of receipts.
  async function sorted(files, text) {
    const given = { codes: [], receipts: [], papers: [], signatures: [], refused: [] }
    const take = (bytes) => {
      const words = new TextDecoder().decode(bytes)
      if (Receipts.isCompact(words)) given.codes.push(words)
      else given.receipts.push(bytes)
    }
    const waiting = [...files]
    while (waiting.length) {
      const file = waiting.shift(), bytes = new Uint8Array(await file.arrayBuffer())
      const start = new TextDecoder().decode(bytes.slice(0, 5)), isPdf = start === "%PDF-"
      const inside = start.startsWith("PK") ? await Papers.unzip(bytes) : []
      waiting.push(...inside)
      if (inside.length) continue
      if (isPdf || /\.pdf$/i.test(file.name)) given.papers.push({ name: file.name, bytes })
      else if (/\.sig$/i.test(file.name)) given.signatures.push({ name: file.name, bytes })
      else if (file.type.startsWith("image/")) {
        try { given.codes.push(await photo(file)) } catch (error) { given.refused.push(error instanceof Refused ? error : new Refused("no-code")) }
      } else take(bytes)
    }
    if (text.trim()) take(new TextEncoder().encode(text.endsWith("\n") ? text : `${text}\n`))
    return given
  }

  async function answers(given, rule) {
    const found = given.refused.map((error) => card(error, ...refusal(error)))
    const attached = await Promise.all(given.papers.map(({ bytes }) => Papers.receipts(bytes)))
    const codes = given.codes.length ? [Bytes.text(given.codes.join("\n"))] : []
    const judged = []
    for (const bytes of [...given.receipts, ...codes, ...attached.flat()]) {
      for (const receipt of await Receipts.readAll(bytes)) judged.push(await Receipts.judge(receipt, rule))
    }
    for (const result of judged) {
      if (result.reason === "proven") proven = { tree: result.tree, rule }
    }
    const signatures = [...given.signatures]
    for (const { name, bytes } of given.papers) {
      const own = signatures.findIndex((one) => one.name === `${name}.sig`)
      const [signature] = signatures.splice(own < 0 ? 0 : own, 1)
      found.push(paperCard(name, signature ? await Receipts.judgePaper(bytes, signature.bytes, $("verify-papers").value) : { reason: "no-signature-file" }))
    }
    for (const { name } of signatures) found.push(paperCard(name, { reason: "no-paper-file" }))
    return [...found, ...judged.map((result) => receiptCard(result, rule))]
  }

  async function check(files, text) {
    const mine = ++turn, answer = $("verify-answer")
    proven = null
    $("verify-compared").replaceChildren()
    $("verify-newest").hidden = true
    answer.replaceChildren(made("p", "govuk-body", word("reading")))
    let cards
    try {
      const given = await sorted(files, text)
      const rule = await Notes.policy($("verify-policy").value)
      cards = await answers(given, rule)
    } catch (error) {
      // What nobody foresaw proves nothing, and must not leave the page waiting.
      const refused = error instanceof Refused ? error : new Refused("unreadable", String(error))
      cards = [card(refused, ...refusal(refused))]
    }
    if (mine !== turn) return
    answer.replaceChildren(...(cards.length ? cards : [made("p", "govuk-body", word("nothing"))]))
    $("verify-newest").hidden = !proven || !log()
  }

  const log = () => location.protocol === "file:" ? "" : $("verify-words").dataset.log

  async function read(path) {
    const full = path.replace(/\.p\/\d+$/, "")
    let answer = await fetch(`${log()}/${path}`, { credentials: "omit" }).catch(() => null)
    if (answer?.status === 404 && full !== path) answer = await fetch(`${log()}/${full}`, { credentials: "omit" }).catch(() => null)
    if (!answer?.ok) throw new Refused("log-away", path)
    const bytes = new Uint8Array(await answer.arrayBuffer()), width = path.match(/\.p\/(\d+)$/)?.[1]
    return width ? bytes.slice(0, 32 * Number(width)) : bytes
  }

  async function compare() {
    const box = $("verify-compared")
    box.replaceChildren(made("p", "govuk-body", word("reading")))
    try {
      const newest = await Receipts.compare(proven.tree, proven.rule, read)
      box.replaceChildren(card({ reason: "proven" }, made("p", "govuk-body", word("consistent", newest))))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      box.replaceChildren(card(error, ...refusal(error)))
    }
  }

  async function showKeys() {
    const rows = []
    const row = (whose, key) => rows.push(made("li", "", word("key", {
      name: `${word(whose)} ${key.name}`, type: word(`type.${key.typeName}`), fingerprint: groups(key.fingerprint),
    })))
    try {
      const rule = await Notes.policy($("verify-policy").value)
      for (const key of rule.logs) row("key-of-book", key)
      for (const key of rule.witnesses.values()) row("key-of-witness", key)
      if ($("verify-papers").value.trim()) row("key-of-papers", await Notes.key($("verify-papers").value.trim()))
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      rows.push(made("li", "", `${word("reason.policy")} ${error.detail}`))
    }
    $("verify-keys").replaceChildren(...rows)
  }

  function start() {
    const form = $("verify-form"), files = $("verify-files"), text = $("verify-text")
    const checkAll = () => check([...files.files], text.value)
    form.hidden = false
    $("verify-without").hidden = true
    form.addEventListener("submit", (event) => { event.preventDefault(); checkAll() })
    files.addEventListener("change", checkAll)
    document.addEventListener("dragover", (event) => event.preventDefault())
    document.addEventListener("drop", (event) => {
      event.preventDefault()
      if (event.dataTransfer.files.length) check([...event.dataTransfer.files], "")
    })
    $("verify-scanned")?.addEventListener("change", (event) => {
      if (!scanned.includes(event.target.value)) scanned.push(event.target.value)
      text.value = scanned.join("\n")
      check([], text.value)
    })
    $("verify-newest").addEventListener("click", compare)
    for (const id of ["verify-policy", "verify-papers"]) $(id).addEventListener("input", showKeys)
    showKeys()
  }

  start()
  return { check }
})()
