// Signs what a station verifies. It shows what the signed text says, and refuses a text that stands for something else.
import { bytesOf, hex, inForce, kept, sha256, sign, unhex } from "./key.js"

const form = document.querySelector("[data-sign]")
const says = form.querySelector("[data-says]")
const button = form.querySelector("button")

offer().catch(() => { says.textContent = says.dataset.failed })

async function offer() {
  const there = inForce(form.dataset.keys)
  const plans = []
  for (const card of form.querySelectorAll("[data-statement]")) {
    const { book, station, text } = card.dataset
    const told = await read(card)
    if (!told) {
      says.textContent = says.dataset.wrong
      return
    }
    card.querySelector("[data-minutes]").textContent = told.minutes
    card.querySelector("[data-day]").textContent = told.on
    const key = (await kept(`${book}/station/${station}`)).find((one) => there.has(one.verifier))
    if (!key) {
      says.textContent = says.dataset.none
      return
    }
    plans.push({ id: card.dataset.statement, key, seq: there.get(key.verifier), text })
  }
  button.hidden = false
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    button.disabled = true
    try {
      for (const plan of plans) {
        form.elements[`key-${plan.id}`].value = plan.seq
        form.elements[`signature-${plan.id}`].value = await sign(plan.key, plan.text)
      }
      form.submit()
    } catch {
      button.disabled = false
      says.textContent = says.dataset.failed
    }
  })
}

// What the text says: minutes and day. Null if it is no statement of this station, or if the document that it commits to
// is another than the one given, or says other minutes.
async function read(card) {
  const { book, station, text, document: content, salt } = card.dataset
  const [head, line, end, ...more] = text.split("\n")
  if (head !== `${book}/verified` || end !== "" || more.length) return null
  const told = JSON.parse(line), document_ = JSON.parse(content)
  if (told.station !== station || told.book !== book || document_.station !== station) return null
  if (told.evidence !== hex(await sha256(unhex(salt), bytesOf(content)))) return null
  const minutes = told.postings.reduce((sum, [, amount]) => sum + Math.max(0, amount), 0)
  if (minutes !== document_.to_member + document_.to_pool) return null
  return { minutes, on: told.on }
}
