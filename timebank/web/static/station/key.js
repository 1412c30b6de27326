// A station's own key: made and kept in this browser, where its secret half can't be read, only used.
// What is signed, byte by byte: docs/station-signatures.md.
const ED25519 = 1
const encoder = new TextEncoder()

export const bytesOf = (text) => encoder.encode(text)
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16))

export function base64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
}

export async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()))
}

// The note that a new key signs, and a key in force that vouches for it.
export function addedText(book, station, number, verifier) {
  return `${book}/station-key\n${JSON.stringify({ add: verifier, book, number, station })}\n`
}

// The note by which a key in force retires a key of its station.
export function retiredText(book, station, verifier) {
  return `${book}/station-key\n${JSON.stringify({ book, retire: verifier, station })}\n`
}

// Make a key of this name. Throws where the browser has no Ed25519.
export async function make(name) {
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])
  const material = new Uint8Array([ED25519, ...new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey))])
  const id = hex((await sha256(bytesOf(`${name}\n`), material)).slice(0, 4))
  return { verifier: `${name}+${id}+${base64(material)}`, secret: pair.privateKey }
}

// Base64 of the 64 bytes that `data` of an entry carries.
export async function sign(key, text) {
  return base64(new Uint8Array(await crypto.subtle.sign("Ed25519", key.secret, bytesOf(text))))
}

// What this browser keeps under a key name: an array of keys, the newest last.
export async function kept(name) {
  return (await run("readonly", (store) => store.get(name))) ?? []
}

export async function keep(name, keys) {
  await run("readwrite", (store) => store.put(keys, name))
}

function run(mode, ask) {
  return new Promise((done, failed) => {
    const opening = indexedDB.open("station-keys", 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys")
    opening.onerror = () => failed(opening.error)
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("keys", mode)
      const request = ask(transaction.objectStore("keys"))
      transaction.oncomplete = () => { opening.result.close(); done(request.result) }
      transaction.onerror = () => failed(transaction.error)
    }
  })
}

// "12 name+id+key" lines → Map of verifier key → number of the entry that added it.
export function inForce(lines) {
  return new Map(lines.split("\n").filter(Boolean).map((line) => {
    const space = line.indexOf(" ")
    return [line.slice(space + 1), line.slice(0, space)]
  }))
}
