// Compiles contracts/src into contracts/artifacts, byte for byte the same on every machine: the compiler, the
// library and the settings are pinned, and source names are those below, since they are part of the bytecode's hash.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const solc = createRequire(import.meta.url)("solc");
const target = process.argv[2] ?? join(here, "artifacts");

// contracts of the product, and attackers that only the tests deploy
const sources = ["src", "test"].flatMap((folder) =>
  readdirSync(join(here, folder))
    .filter((file) => file.endsWith(".sol") && !file.endsWith(".t.sol")) // those are for forge alone
    .sort()
    .map((file) => `contracts/${folder}/${file}`),
);
const input = {
  language: "Solidity",
  sources: Object.fromEntries(sources.map((name) => [name, { content: readFileSync(join(here, "..", name), "utf8") }])),
  settings: {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: "cancun",
    outputSelection: { "*": { "*": ["abi", "metadata", "evm.bytecode.object", "evm.deployedBytecode"] } },
  },
};
// "contracts/src/…" is ours, "@openzeppelin/…" comes from node_modules
const find = (name) => {
  const path = name.startsWith("contracts/") ? join(here, "..", name) : join(here, "node_modules", name);
  try {
    return { contents: readFileSync(path, "utf8") };
  } catch (error) {
    return { error: String(error) };
  }
};

const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
for (const { formattedMessage } of output.errors ?? []) console.error(formattedMessage);
if ((output.errors ?? []).length > 0) process.exit(1); // a warning is an error here

for (const source of sources) {
  for (const [name, { abi, metadata, evm }] of Object.entries(output.contracts[source])) {
    const path = join(target, source.includes("/test/") ? "test" : "", `${name}.json`);
    const artifact = {
      contract: name,
      solc: solc.version(),
      abi,
      bytecode: `0x${evm.bytecode.object}`,
      deployedBytecode: `0x${evm.deployedBytecode.object}`,
      immutableReferences: evm.deployedBytecode.immutableReferences ?? {},
      metadata,
    };
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(artifact, null, 1)}\n`);
    console.log(`${name} ${evm.deployedBytecode.object.length / 2} bytes`);
  }
}
