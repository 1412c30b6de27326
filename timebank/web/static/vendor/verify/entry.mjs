export { ed25519 } from "@noble/curves/ed25519.js"
export { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js"
export { sha256 } from "@noble/hashes/sha2.js"
export { default as decodeQR } from "qr/decode.js"
