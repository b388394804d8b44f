// Trees in, CIDs out. Standard input: [{"options": …, "tiny": {"chunk", "width"} or null, "trees": [[[path, base64 or
// null for a folder], …], …]}, …]. Standard output: the CID of each tree, wrapped in a directory, one list for each.
import { readFileSync } from "node:fs";
import { importer } from "ipfs-unixfs-importer";
import { fixedSize } from "ipfs-unixfs-importer/chunker";
import { balanced } from "ipfs-unixfs-importer/layout";

const nowhere = { put: async (cid) => cid };

async function named({ options, tiny, trees }) {
  const roots = [];
  for (const tree of trees) {
    const entries = tree.map(([path, data]) => (data === null ? { path } : { path, content: Buffer.from(data, "base64") }));
    const shape = tiny && {
      chunker: fixedSize({ chunkSize: tiny.chunk }),
      layout: balanced({ maxChildrenPerNode: tiny.width }),
    };
    let root;
    for await (const entry of importer(entries, nowhere, { ...options, ...shape, wrapWithDirectory: true })) root = entry.cid;
    roots.push(root.toString());
  }
  return roots;
}

const found = [];
for (const asked of JSON.parse(readFileSync(0, "utf8"))) found.push(await named(asked));
console.log(JSON.stringify(found));
