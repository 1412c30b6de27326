// The page of the stations' keys: makes, vouches for and retires keys in this browser. See key.js.
import { addedText, inForce, keep, kept, make, retiredText, sign } from "./key.js"

for (const block of document.querySelectorAll("[data-station]")) {
  offer(block).catch(() => say(block, "old"))
}

function say(block, what) {
  const place = block.querySelector("[data-says]")
  if (place) place.textContent = place.dataset[what]
}

async function offer(block) {
  if (!block.querySelector("[data-make]")) return
  const { station, book, name, next } = block.dataset
  const there = inForce(block.dataset.keys)
  const mine = await kept(name)
  const usable = mine.find((key) => there.has(key.verifier))
  for (const key of mine) {
    for (const mark of block.querySelectorAll(`[data-here="${CSS.escape(key.verifier)}"]`)) mark.hidden = false
  }
  if (usable) {
    offerVouching(block, usable, there)
    offerRetiring(block, usable, there)
    return
  }
  const waiting = mine.at(-1)
  if (waiting && there.size) showRequest(block, waiting, await sign(waiting, addedText(book, station, Number(next), waiting.verifier)))
  else await offerMaking(block, mine, there.size > 0)
}

async function offerMaking(block, mine, needsVouching) {
  const { station, book, name, next } = block.dataset
  const form = block.querySelector("[data-make]")
  await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])
  form.hidden = false
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    try {
      const key = await make(name)
      await keep(name, [...mine, key])
      const possession = await sign(key, addedText(book, station, Number(next), key.verifier))
      if (needsVouching) {
        form.hidden = true
        showRequest(block, key, possession)
        return
      }
      form.elements.key.value = key.verifier
      form.elements.possession.value = possession
      form.submit()
    } catch {
      say(block, "failed")
    }
  })
}

function showRequest(block, key, possession) {
  const place = block.querySelector("[data-request]")
  place.querySelector("textarea").value = `${key.verifier} ${possession}`
  place.hidden = false
}

function offerVouching(block, key, there) {
  const { station, book, name, next } = block.dataset
  const form = block.querySelector("[data-vouch]")
  form.hidden = false
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const [verifier, possession, ...more] = form.querySelector("textarea").value.trim().split(/\s+/)
    if (!possession || more.length || !verifier.startsWith(`${name}+`)) {
      say(block, "wrong")
      return
    }
    try {
      form.elements.key.value = verifier
      form.elements.possession.value = possession
      form.elements.by.value = there.get(key.verifier)
      form.elements.signature.value = await sign(key, addedText(book, station, Number(next), verifier))
      form.submit()
    } catch {
      say(block, "failed")
    }
  })
}

function offerRetiring(block, key, there) {
  const { station, book } = block.dataset
  for (const form of block.querySelectorAll("[data-retire]")) {
    form.hidden = false
    form.addEventListener("submit", async (event) => {
      event.preventDefault()
      try {
        form.elements.by.value = there.get(key.verifier)
        form.elements.signature.value = await sign(key, retiredText(book, station, form.dataset.retire))
        form.submit()
      } catch {
        say(block, "failed")
      }
    })
  }
}
