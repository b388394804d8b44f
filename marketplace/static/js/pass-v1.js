/* pass-v1 (docs/pass-v1.md) in the browser: what a telephone shows and a tablet checks, with WebCrypto alone. */

export const PREFIX = "HP1:";
export const WINDOW = 30, TOLERANCE = 120; // seconds
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const CERTIFICATE = 115, BODY = 51;

export const text = (string) => new TextEncoder().encode(string);
export const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
export const unhex = (string) => Uint8Array.from(string.match(/../g) || [], (pair) => parseInt(pair, 16));

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => { whole.set(part, at); return at + part.length; }, 0);
  return whole;
}

/* A whole number below 2^48 in so many bytes, the greatest first. */
export function number(value, size) {
  const bytes = new Uint8Array(size);
  for (let at = size - 1, rest = value; at >= 0; at -= 1, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  return bytes;
}
const numberIn = (bytes) => bytes.reduce((value, byte) => value * 256 + byte, 0);

/* RFC 9285. */
export function base45(bytes) {
  let out = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = bytes.subarray(at, at + 2);
    let value = numberIn(pair);
    for (let n = 0; n <= pair.length; n += 1, value = Math.floor(value / 45)) out += ALPHABET[value % 45];
  }
  return out;
}

export function unbase45(string) {
  const out = [];
  for (let at = 0; at < string.length; at += 3) {
    const digits = [...string.slice(at, at + 3)].map((character) => ALPHABET.indexOf(character));
    const value = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    if (digits.includes(-1) || digits.length === 1 || value >= 256 ** (digits.length - 1)) throw new Error("not base45");
    out.push(...number(value, digits.length - 1));
  }
  return Uint8Array.from(out);
}

export const windowOf = (seconds) => Math.floor(seconds / WINDOW);

/* The text of the code for one half minute; `key` is the device's private key. */
export async function show(key, certificate, window) {
  const said = joined(text("hiroba pass-v1 window\n"), certificate, number(window, 4));
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", key, said));
  return PREFIX + base45(joined(certificate, number(window, 4), signature));
}

/* Six digits; `key` is an HMAC-SHA-256 key. */
export async function digits(key, window) {
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, number(window, 4)));
  return String(numberIn(mac.subarray(0, 4)) % 1000000).padStart(6, "0");
}

async function signed(key, said, signature) {
  const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", imported, signature, said);
}

export class No extends Error {}

/* What a code says, checked with the town's public keys ({id: hex}) at that moment; No with a sentence otherwise. */
export async function read(string, keys, seconds) {
  let raw;
  try {
    raw = string.startsWith(PREFIX) ? unbase45(string.slice(PREFIX.length)) : new Uint8Array();
  } catch {
    raw = new Uint8Array();
  }
  if (raw.length !== CERTIFICATE + 68 || raw[0] !== 1) throw new No("特典パスの模様ではありません。");
  const certificate = raw.subarray(0, CERTIFICATE), stamp = raw.subarray(CERTIFICATE, CERTIFICATE + 4);
  const town = keys[hex(raw.subarray(1, 5))];
  if (!town) throw new No("ほかの町の特典パスです。ここでは使えません。");
  const body = joined(text("hiroba pass-v1 certificate\n"), certificate.subarray(0, BODY));
  const window = joined(text("hiroba pass-v1 window\n"), certificate, stamp);
  const good = await signed(unhex(town), body, certificate.subarray(BODY))
    && await signed(certificate.subarray(15, 47), window, raw.subarray(CERTIFICATE + 4));
  if (!good) throw new No("町が出した特典パスではありません。");
  const begins = numberIn(stamp) * WINDOW;
  if (begins > numberIn(certificate.subarray(47, BODY))) throw new No("特典パスの期限が切れています。");
  if (seconds > begins + WINDOW + TOLERANCE) throw new No("古い画面です。特典パスを開き直してもらってください。");
  if (seconds < begins - TOLERANCE) throw new No("スマートフォンの時計が進んでいるようです。");
  const hash = async (bytes) => hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  return {
    token: numberIn(certificate.subarray(5, 11)),
    begins,
    cid: (await hash(certificate)).slice(0, 16),
    proof: await hash(joined(certificate, stamp)),
  };
}
