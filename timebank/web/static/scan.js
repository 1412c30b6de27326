// Fills an input from a QR code that the camera sees. Knows nothing of what the code means.
//
//   <div data-scan="card" hidden data-looking="…" data-found="…" data-refused="…" data-stopped="…">
//     <button type="button" data-scan-start>…</button>
//     <button type="button" data-scan-stop hidden>…</button>
//     <video muted playsinline hidden></video>
//     <p role="status"></p>
//   </div>
//
// `data-scan` is the id of the input. The block stays hidden without a camera, or where the browser gives none to pages
// that are not served over HTTPS: the input can always be typed into.
const EVERY_MILLISECONDS = 150
const LONGEST_SIDE = 800

for (const block of document.querySelectorAll("[data-scan]")) offer(block)

async function offer(block) {
  const devices = await navigator.mediaDevices?.enumerateDevices?.()
  if (!devices?.some((device) => device.kind === "videoinput")) return
  block.hidden = false
  block.querySelector("[data-scan-start]").addEventListener("click", () => scan(block))
}

async function scan(block) {
  const [start, stop] = ["start", "stop"].map((name) => block.querySelector(`[data-scan-${name}]`))
  const video = block.querySelector("video")
  const says = block.querySelector("[role=status]")
  start.hidden = true
  let stream
  try {
    // The decoder is large: only who scans loads it.
    const [{ default: decode }, opened] = await Promise.all([
      import("./vendor/qr/decode.js"),
      navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment" } }),
    ])
    stream = opened
    video.srcObject = stream
    await video.play()
    video.hidden = stop.hidden = false
    says.textContent = block.dataset.looking
    stop.focus()
    const text = await read(video, decode, stop)
    if (text === null) {
      says.textContent = block.dataset.stopped
    } else {
      const input = document.getElementById(block.dataset.scan)
      input.value = text
      input.dispatchEvent(new Event("change", { bubbles: true }))
      says.textContent = block.dataset.found
    }
  } catch {
    says.textContent = block.dataset.refused
  }
  for (const track of stream?.getTracks() ?? []) track.stop()
  video.srcObject = null
  video.hidden = stop.hidden = true
  start.hidden = false
  start.focus()
}

// The text of the first code seen, or null once `stop` is pressed.
async function read(video, decode, stop) {
  const canvas = document.createElement("canvas")
  const context = canvas.getContext("2d", { willReadFrequently: true })
  let stopped = false
  stop.addEventListener("click", () => { stopped = true }, { once: true })
  while (!stopped) {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight, 1))
    canvas.width = Math.max(1, Math.round(video.videoWidth * scale))
    canvas.height = Math.max(1, Math.round(video.videoHeight * scale))
    context.drawImage(video, 0, 0, canvas.width, canvas.height)
    const text = seen(context.getImageData(0, 0, canvas.width, canvas.height), decode)
    if (text) return text
    await new Promise((done) => setTimeout(done, EVERY_MILLISECONDS))
  }
  return null
}

// Most frames show no code, which the decoder throws about.
function seen(image, decode) {
  try {
    return decode(image)
  } catch {
    return ""
  }
}
