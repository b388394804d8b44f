// Reads passes as docs/pass-v1.md describes them, with nothing but Node's own crypto (OpenSSL).
// stdin: {"keys": {id: hex}, "codes": [{"text", "at"}]}; stdout: for each, what it says or why not.
import { createHash, createPublicKey, verify } from "node:crypto";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

function base45(text) {
  const out = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = [...text.slice(at, at + 3)].map((character) => ALPHABET.indexOf(character));
    const number = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    if (digits.includes(-1) || digits.length === 1 || number >= 256 ** (digits.length - 1)) throw new Error("not base45");
    if (digits.length === 3) out.push(number >> 8);
    out.push(number & 255);
  }
  return Buffer.from(out);
}

const ed25519 = (raw) => createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk" });
const signed = (key, parts, signature) => verify(null, Buffer.concat(parts), ed25519(key), signature);

function read(text, at, keys) {
  if (!text.startsWith("HP1:")) return "not a pass";
  const raw = base45(text.slice(4));
  if (raw.length !== 183 || raw[0] !== 1) return "not a pass";
  const certificate = raw.subarray(0, 115);
  const town = keys[raw.subarray(1, 5).toString("hex")];
  if (!town) return "another town";
  const begins = raw.readUInt32BE(115) * 30;
  if (!signed(Buffer.from(town, "hex"), [Buffer.from("hiroba pass-v1 certificate\n"), certificate.subarray(0, 51)], certificate.subarray(51))) return "forged";
  if (!signed(certificate.subarray(15, 47), [Buffer.from("hiroba pass-v1 window\n"), certificate, raw.subarray(115, 119)], raw.subarray(119))) return "forged";
  if (begins > certificate.readUInt32BE(47)) return "over";
  if (at > begins + 150) return "stale";
  if (at < begins - 120) return "early";
  return {
    token: certificate.readUIntBE(5, 6),
    holder: certificate.subarray(11, 15).toString("hex"),
    proof: createHash("sha256").update(certificate).update(raw.subarray(115, 119)).digest("hex"),
  };
}

let given = "";
process.stdin.on("data", (data) => { given += data; });
process.stdin.on("end", () => {
  const { keys, codes } = JSON.parse(given);
  process.stdout.write(JSON.stringify(codes.map(({ text, at }) => {
    try { return read(text, at, keys); } catch { return "not a pass"; }
  })));
});
