// Reads a tree from a trustless gateway twice, block by block and as one CAR, hashing every block here, and prints what
// is in it: {"blocks": n, "files": {path: [bytes, SHA-256 of the content]}}. Any doubt is an error. The CAR is read
// whole; block by block, of each directory one file in `every` (1, where nothing is said).
// node verify.mjs http://127.0.0.1:8000 <root> [every]
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { CarReader } from "@ipld/car";
import { exporter } from "ipfs-unixfs-exporter";
import { CID } from "multiformats/cid";

const [gateway, name, every = "1"] = process.argv.slice(2);
const root = CID.parse(name);
const RAW = 0x55; // files of one block; whatever has a block of its own above others is always read

async function fetched(path, type) {
  const answer = await fetch(`${gateway}/ipfs/${path}`);
  assert.equal(answer.status, 200, path);
  assert.equal(answer.headers.get("content-type").split(";")[0], type, path);
  return new Uint8Array(await answer.arrayBuffer());
}

function checked(cid, bytes) {
  assert.equal(cid.multihash.code, 0x12, `${cid} is not by SHA-256`);
  assert.deepEqual(createHash("sha256").update(bytes).digest(), Buffer.from(cid.multihash.digest), `${cid} has other bytes`);
  return bytes;
}

class Blocks {
  known = new Map();
  constructor(find) {
    this.find = find;
  }
  async *get(cid) {
    if (!this.known.has(`${cid}`)) this.known.set(`${cid}`, checked(cid, await this.find(cid)));
    yield this.known.get(`${cid}`);
  }
}

async function read(blocks, every, cid = root, path = "", files = {}) {
  const entry = await exporter(cid, blocks);
  if (entry.type === "directory") {
    let nth = 0;
    for await (const child of entry.entries()) {
      const skipped = child.cid.code === RAW && nth++ % every !== 0;
      if (!skipped) await read(blocks, every, child.cid, path ? `${path}/${child.name}` : child.name, files);
    }
    return files;
  }
  const digest = createHash("sha256");
  let size = 0;
  for await (const part of entry.content()) {
    digest.update(part);
    size += part.length;
  }
  files[path] = [size, digest.digest("hex")];
  return files;
}

const oneByOne = new Blocks((cid) => fetched(`${cid}?format=raw`, "application/vnd.ipld.raw"));
const some = await read(oneByOne, Number(every));

const car = await CarReader.fromBytes(await fetched(`${name}?format=car`, "application/vnd.ipld.car"));
assert.deepEqual((await car.getRoots()).map(String), [name]);
let blocks = 0;
for await (const { cid, bytes } of car.blocks()) {
  checked(cid, bytes);
  blocks += 1;
}
const fromCar = new Blocks(async (cid) => (await car.get(cid)).bytes);
const files = await read(fromCar, 1);
assert.deepEqual(some, Object.fromEntries(Object.keys(some).map((path) => [path, files[path]])));
assert.equal(blocks, fromCar.known.size, "the CAR holds all the blocks and no others");

console.log(JSON.stringify({ blocks, files }));
